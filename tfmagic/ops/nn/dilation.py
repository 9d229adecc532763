"""Grey dilation: the largest sum of a window's pixels and a filter's numbers; and its gradients."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.machine.dilation import Windows, dilated, largest_at
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


class _How(NamedTuple):
    """How a window moves."""

    padding: str
    strides: tuple[int, ...]
    rates: tuple[int, ...]


def _how(padding: str, strides: Sequence[int], rates: Sequence[int]) -> _How:
    return _How(padding, (1, *strides, 1), (1, *rates, 1))


def _dilated_like(x: Any, kernel: Any, *how: Any) -> Any:
    return x.new_empty(_shape(_how(*how), tuple(x.shape), tuple(kernel.shape)))


def _windows(how: Any, x: Any, kernel: Any) -> Windows:
    sizes, taps = tuple(x.shape[1:3]), tuple(kernel.shape[:2])
    strides, rates = how.strides[1:3], how.rates[1:3]
    counts = [_count(how, *each) for each in zip(sizes, taps, strides, rates)]
    return Windows(counts, windows.paddings(how, sizes, taps, strides, rates)[0], strides, rates)


def _sums(x: Any, kernel: Any, lie: Windows) -> Any:
    """The sums of pixels and filter for each offset in a window: [offsets, batch, rows, columns, channels].

    What is no number, or not in the picture, is never more than the least.
    """
    rows, columns, _ = tuple(kernel.shape)
    pads: list[Any] = []
    for size, taps, count, before, stride, rate in zip(x.shape[1:3], (rows, columns), *lie):
        pads = [before, max(0, (count - 1) * stride + (taps - 1) * rate + 1 - before - size), *pads]
    places = [[slice(tap * rate, tap * rate + (count - 1) * stride + 1, stride) for tap in range(taps)]
              for taps, count, stride, rate in zip((rows, columns), lie.sizes, lie.strides, lie.rates)]
    least = torch.finfo(x.dtype).min if x.dtype.is_floating_point else torch.iinfo(x.dtype).min
    wide = torch.nn.functional.pad(x, [0, 0, *pads])
    inside = torch.nn.functional.pad(torch.ones_like(x[:1, :, :, :1], dtype=torch.bool), [0, 0, *pads])
    flat = kernel.flatten(0, 1)
    sums = torch.stack([torch.where(inside[:, r, c], wide[:, r, c] + flat[tap], least)
                        for tap, (r, c) in enumerate(itertools.product(*places))])
    return torch.where(sums > least, sums, least)


def _largest_at(found: str, x: Any, kernel: Any, lie: Windows) -> Any:
    """Where the largest sums stand, the first of equal ones: in memory of the pictures ("pixels") or filter ("taps").

    Where no sum is a number it is the first pixel of the window that lies in the picture, or the filter's first number.
    """
    taps = _sums(x, kernel, lie).argmax(0)
    batch, height, width, channels = tuple(x.shape)
    channel = torch.arange(channels, device=x.device)
    if found == "taps":
        return taps * channels + channel
    columns = kernel.shape[1]
    row, column = ((torch.arange(count, device=x.device) * stride - before).reshape(at) + rate * offset
                   for at, offset, count, before, stride, rate
                   in zip(((-1, 1, 1), (-1, 1)), (taps // columns, taps % columns), *lie))
    row = torch.arange(batch, device=x.device).reshape(-1, 1, 1, 1) * height + row.clamp(min=0)
    return (row * width + column.clamp(min=0)) * channels + channel


def _spread(found: str, x: Any, kernel: Any, dy: Any, places: Any) -> Any:
    """The gradients added up at these places, one window after the other."""
    of = x if found == "pixels" else kernel
    total = of.new_zeros(math.prod(of.shape))
    return total.scatter_add(0, places.reshape(-1), dy.reshape(-1)).reshape(of.shape)


@tensor_function(meta=_dilated_like)
def dilation(x: Any, kernel: Any, padding: str, strides: Sequence[int], rates: Sequence[int]) -> Any:
    """The largest sums of float32 pictures and a filter, on the CPU."""
    lie = _windows(_how(padding, strides, rates), x, kernel)
    made = dilated(x, kernel, lie)
    return _sums(x, kernel, lie).amax(0) if made is None else made


@tensor_function(meta=lambda x, kernel, dy, found, *how: x if found == "pixels" else kernel)
def dilation_gradient(x: Any, kernel: Any, dy: Any, found: str, padding: str, strides: Sequence[int],
                      rates: Sequence[int]) -> Any:
    """The gradient of pictures ("pixels"), or of the filter ("taps")."""
    lie = _windows(_how(padding, strides, rates), x, kernel)
    places = largest_at(found, x, kernel, lie) if x.dtype == torch.float32 else None
    return _spread(found, x, kernel, dy, _largest_at(found, x, kernel, lie) if places is None else places.long())


def _gradient(op: Any, x: Any, kernel: Any, dy: Any, found: str) -> Any:
    if _empty(op, x, kernel):
        return torch.zeros_like(x if found == "pixels" else kernel)
    return dilation_gradient(x, kernel, dy, found, op.padding, op.strides[1:3], op.rates[1:3])


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
        return _sums(x, kernel, _windows(op, x, kernel)).amax(0)

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
        return _gradient(op, x, kernel, dy, "pixels")


@op("Dilation2DBackpropFilter", traced="shapes", check=_refused)
class Dilation2DBackpropFilter:
    """Gradients given to the filter's numbers that made the largest sums."""

    def shape(op, x, kernel, *others):
        return kernel

    def kernel(op, x, kernel, dy):
        return _gradient(op, x, kernel, dy, "taps")
