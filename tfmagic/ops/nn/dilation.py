"""Grey dilation: the largest sum of a window's pixels and a filter's numbers; and its gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.machine.dilation import dilated
from tfmagic.base.shapes import Dims
from tfmagic.ops import raw
from tfmagic.ops.declare import op
from tfmagic.ops.nn import windows
from tfmagic.ops.shape_rules import check_length, merge_dim, with_rank
from tfmagic.ops.tensor_function import tensor_function


def _shape(op: Any, x: Dims, kernel: Dims, *_: Any) -> Dims:
    batch, *sizes, depth = with_rank(x, 4)
    *kernel_sizes, kernel_depth = with_rank(kernel, 3)
    check_length("Dilation2D requires the stride", 4, op.strides)
    check_length("Dilation2D requires the rates", 4, op.rates)
    merge_dim(depth, kernel_depth)
    depth = kernel_depth
    for stride in op.strides[1:3]:
        if stride <= 0:
            raise ValueError(f"Stride must be > 0, but got {stride}")
    if None in (*sizes, *kernel_sizes):
        return batch, None, None, depth
    found = []
    axes: Any = zip(sizes, kernel_sizes, op.strides[1:3], op.rates[1:3])  # the sizes are known here
    for size, window, stride, rate in axes:
        reach = (window - 1) * rate + 1
        count = windows.outputs(size, reach, stride)
        if op.padding == "VALID" and count < 0:
            raise ValueError(f"Computed output size would be negative: {count} [input_size: {size}, "
                             f"effective_filter_size: {reach}, stride: {stride}]")
        found.append(_count(op, size, window, stride, rate))
    return batch, *found, depth


def _count(op: Any, size: Any, window: Any, stride: int, rate: int) -> int:
    """How many windows fit: none where they are larger than the picture."""
    return -(-size // stride) if op.padding == "SAME" else max(0, (size - (window - 1) * rate - 1 + stride) // stride)


def _refused(op: Any, x: Any, kernel: Any, dy: Any = None) -> Any:
    for name, given in (("Stride", op.strides), ("Rate", op.rates)):
        if given[0] != 1 or given[3] != 1:
            return errors.UnimplementedError(None, None, f"{name} is only supported across spatial dimensions.")
        if min(given) < (1 if name == "Stride" else 0):
            return errors.OutOfRangeError(None, None, f"{name} is out of range.")
    if len(x) != 4:
        return f"input must be 4-dimensional{shapes.brackets(x)}"
    if len(kernel) != 3:
        return f"filter must be 3-dimensional: {shapes.brackets(kernel)}"
    if x[3] != kernel[2]:
        return f"input and filter must have the same depth: {x[3]} vs {kernel[2]}"
    if dy is not None:
        wanted = _shape(op, x, kernel)
        if len(dy) != 4:
            return f"out_backprop must be 4-dimensional{shapes.brackets(dy)}"
        if dy != wanted:
            return "out_backprop has incompatible size."
    return None


class _Sums:
    """The sums of pixels and filter for each offset in a window: [offsets, batch, rows, columns, channels]."""

    def __init__(self, op: Any, x: Any, kernel: Any):
        rows, columns, _ = self.kernel_sizes = tuple(kernel.shape)
        sizes = tuple(x.shape[1:3])
        strides, rates = op.strides[1:3], op.rates[1:3]
        before, after = windows.paddings(op, sizes, [rows, columns], strides, rates)
        self.pads = [0, 0, before[1], after[1], before[0], after[0]]
        height, width = (_count(op, *given) for given in zip(sizes, (rows, columns), strides, rates))
        self.places = [(slice(i * rates[0], i * rates[0] + (height - 1) * strides[0] + 1, strides[0]),
                        slice(j * rates[1], j * rates[1] + (width - 1) * strides[1] + 1, strides[1]))
                       for i in range(rows) for j in range(columns)]
        least = torch.finfo(x.dtype).min if x.dtype.is_floating_point else torch.iinfo(x.dtype).min
        wide = torch.nn.functional.pad(x, self.pads)
        inside = torch.nn.functional.pad(torch.ones_like(x[:1, :, :, :1], dtype=torch.bool), self.pads)
        flat = kernel.flatten(0, 1)
        sums = torch.stack([torch.where(inside[:, r, c], wide[:, r, c] + flat[k], least)
                            for k, (r, c) in enumerate(self.places)])
        self.values = torch.where(sums > least, sums, least)  # what is no number is never the largest
        self.wide = wide

    def chosen(self, dy: Any) -> Any:
        """The gradients, each at the offset of its largest sum (the first of equal ones)."""
        return torch.zeros_like(self.values).scatter_(0, self.values.argmax(0, keepdim=True), dy.unsqueeze(0))


class _How(NamedTuple):
    """How a window moves."""

    padding: str
    strides: tuple[int, ...]
    rates: tuple[int, ...]


def _how(padding: str, strides: Sequence[int], rates: Sequence[int]) -> _How:
    return _How(padding, (1, *strides, 1), (1, *rates, 1))


def _dilated_like(x: Any, kernel: Any, *how: Any) -> Any:
    return x.new_empty(_shape(_how(*how), tuple(x.shape), tuple(kernel.shape)))


@tensor_function(meta=_dilated_like)
def dilation(x: Any, kernel: Any, padding: str, strides: Sequence[int], rates: Sequence[int]) -> Any:
    """The largest sums of float32 pictures and a filter, on the CPU."""
    how, sizes, taps = _how(padding, strides, rates), x.shape[1:3], kernel.shape[:2]
    counts = [_count(how, *each) for each in zip(sizes, taps, strides, rates)]
    before, _ = windows.paddings(how, sizes, taps, strides, rates)
    made = dilated(x, kernel, counts, before, strides, rates)
    return _Sums(how, x, kernel).values.amax(0) if made is None else made


def _empty(op: Any, x: Any, kernel: Any) -> bool:
    dims = tuple(x.shape), tuple(kernel.shape)
    return windows.nothing(*dims, _shape(op, *dims))


@op("Dilation2D", traced="shapes", check=_refused)
class Dilation2D:
    """The largest sum of each window's pixels and the filter's numbers, channel by channel."""

    shape = _shape

    def kernel(op, x, kernel):
        if _empty(op, x, kernel):
            return x.new_zeros(_shape(op, tuple(x.shape), tuple(kernel.shape)))
        if x.dtype == torch.float32 and not x.is_cuda:
            return dilation(x, kernel, op.padding, op.strides[1:3], op.rates[1:3])
        return _Sums(op, x, kernel).values.amax(0)

    def gradient(op, dy):
        x, kernel = op.op._inputs
        attrs = (op.strides, op.rates, op.padding)
        return (raw.dilation2d_backprop_input(x, kernel, dy, *attrs),
                raw.dilation2d_backprop_filter(x, kernel, dy, *attrs))


@op("Dilation2DBackpropInput", traced="shapes", check=_refused)
class Dilation2DBackpropInput:
    """Gradients given to the pixels that made the largest sums."""

    def shape(op, x, *others):
        return x

    def kernel(op, x, kernel, dy):
        if _empty(op, x, kernel):
            return torch.zeros_like(x)
        sums = _Sums(op, x, kernel)
        batch, height, width, channels = sums.wide.shape
        total = torch.zeros_like(sums.wide).flatten(1, 2)
        chosen, numbers = sums.chosen(dy), torch.arange(height * width).reshape(height, width)
        for k, (rows, columns) in enumerate(sums.places):
            total = total.index_add(1, numbers[rows, columns].reshape(-1), chosen[k].flatten(1, 2))
        total = total.reshape(batch, height, width, channels)
        _, _, left, right, above, below = sums.pads
        return total[:, above:height - below, left:width - right]


@op("Dilation2DBackpropFilter", traced="shapes", check=_refused)
class Dilation2DBackpropFilter:
    """Gradients given to the filter's numbers that made the largest sums."""

    def shape(op, x, kernel, *others):
        return kernel

    def kernel(op, x, kernel, dy):
        if _empty(op, x, kernel):
            return torch.zeros_like(kernel)
        sums = _Sums(op, x, kernel)
        return sums.chosen(dy).sum((1, 2, 3)).to(kernel.dtype).reshape(kernel.shape)
