"""Fractional pooling: windows of two neighbouring sizes in random order, so that sizes shrink by any factor."""

from __future__ import annotations

import math
import secrets
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import static_value
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.declare import op
from tfmagic.ops.random.philox import PhiloxState
from tfmagic.ops.random.sampling import WordReader, permutation
from tfmagic.ops.shape_rules import with_rank

# --- where windows begin ------------------------------------------------------------------------------------------


class _Seeds:
    """The seeds of one node in one session: each run begins anew with them."""

    def __init__(self, op: Any):
        given = (op.seed, op.seed2)
        self._pair = given if any(given) else (secrets.randbits(63) | 1, secrets.randbits(63))

    def stream(self) -> PhiloxState:
        return PhiloxState(*self._pair)

    def mark(self) -> None:
        """Runs leave nothing behind."""

    def rollback(self, before: Any, after: Any) -> None:
        """Runs leave nothing behind."""


def _starts(size: int, count: int, stream: PhiloxState, pseudo_random: bool) -> list[int]:
    """Where each of `count` windows begins in a row of `size`, and where the last one ends."""
    small = size // count
    if pseudo_random:
        if size % count == 0:
            return [i * small for i in range(count + 1)]
        step = size / count
        most = min((small + 2) / step - 1, (size + 1 - small) / step - (count - 1))
        shift = WordReader(stream.reserve_words(2)).unit_double() * most
        return [0, *(math.ceil(step * (i + shift)) - 1 for i in range(1, count)), size]
    larger = size % count
    widths = [small + 1] * larger + [small] * (count - larger)
    order = permutation(stream, count)
    stream.reserve((count + 3) // 4 - (count + 2) // 4)  # a word for each window is set aside
    return [0, *np.cumsum([widths[i] for i in order.tolist()]).tolist()]


class _Windows:
    """The pixels of each window of pictures, laid out evenly: what is missing in a smaller one is masked.

    Args:
      starts: where windows begin in rows and in columns, and where the last ends.
      sizes: height and width of the pictures.
      overlapping: whether a window holds the first pixel of the next.
      device: where the pictures are.
    """

    def __init__(self, starts: Any, sizes: Any, overlapping: bool, device: Any):
        places, masks = [], []
        for begin, size in zip(starts, sizes):
            begin = np.asarray(begin, np.int64)
            ends = np.minimum(begin[1:] + (1 if overlapping else 0), size)
            index = begin[:-1, None] + np.arange(max(int((ends - begin[:-1]).max(initial=1)), 1))
            masks.append(torch.from_numpy(index < ends[:, None]).to(device))
            places.append(torch.from_numpy(np.clip(index, 0, max(size - 1, 0))).to(device))
        (rows, columns), (in_rows, in_columns) = places, masks
        # [rows, columns, height * width of a window]
        self.mask = (in_rows[:, None, :, None] & in_columns[None, :, None, :]).flatten(2)
        self.index = (rows[:, None, :, None] * sizes[1] + columns[None, :, None, :]).flatten(2)
        self.counts = self.mask.sum(2)

    def of(self, x: Any) -> Any:
        """The windows of pictures: [batch, rows, columns, pixels, channels]."""
        return x.flatten(1, 2)[:, self.index]

    def back(self, parts: Any, sizes: Any) -> Any:
        """What each pixel of each window gets, added up in the pictures."""
        batch, height, width, channels = sizes
        total = parts.new_zeros((batch, height * width, channels))
        total.index_add_(1, self.index.reshape(-1), (parts * self.mask[None, ..., None]).flatten(1, 3))
        return total.reshape(batch, height, width, channels)


# --- the ops ------------------------------------------------------------------------------------------------------


def _cut(axis: int, size: int | None, ratio: float) -> int | None:
    if size is not None and not ratio:
        raise ValueError(f"Size computed for dim {axis} is negative: {-1 << 63}")
    return None if size is None else int(size / np.float32(ratio))


def _pooled_shape(op: Any, x: Dims) -> Any:
    x = with_rank(x, 4)
    if len(op.pooling_ratio) != 4:
        raise ValueError("pooling_ratio field must specify 4 dimensions")
    sizes = tuple(_cut(axis, size, ratio) for axis, (size, ratio) in enumerate(zip(x, op.pooling_ratio)))
    return [sizes, (sizes[1],), (sizes[2],)]  # TensorFlow's rule forgets that the sequences have one number more


def _refused(op: Any, x: Any) -> Any:
    if len(op.pooling_ratio) != 4:
        return "pooling_ratio field must specify 4 dimensions"
    if op.pooling_ratio[0] != 1 or op.pooling_ratio[3] != 1:
        kind = "average" if "Avg" in op.op.type else "max"
        return errors.UnimplementedError(None, None, f"Fractional {kind} pooling is not yet supported on the batch nor "
                                                     "channel dimension.")
    if not op.deterministic and (op.seed or op.seed2):
        return "Both seed and seed2 should be 0 if deterministic is false."
    if len(x) != 4:
        return "tensor_in must be 4-dimensional"
    for size, ratio in zip(x[1:3], op.pooling_ratio[1:3]):
        if int(size / np.float32(ratio)) < 1:
            return f"pooling_ratio {ratio:g} leaves nothing of {size} pixels"
    return None


def _sequences(op: Any, seeds: _Seeds, x: Any) -> list[list[int]]:
    stream = seeds.stream()
    return [_starts(size, int(size / np.float32(ratio)), stream, op.pseudo_random)
            for size, ratio in zip(x.shape[1:3], op.pooling_ratio[1:3])]


def _least(x: Any) -> Any:
    return torch.finfo(x.dtype).min if x.dtype.is_floating_point else torch.iinfo(x.dtype).min


def _pooled(op: Any, seeds: _Seeds, x: Any, of_windows: Any) -> Any:
    starts = _sequences(op, seeds, x)
    windows = _Windows(starts, x.shape[1:3], op.overlapping, x.device)
    return (of_windows(windows, windows.of(x)), *(torch.tensor(begin, dtype=torch.int64) for begin in starts))


def _largest(windows: _Windows, pixels: Any) -> Any:
    return torch.where(windows.mask[None, ..., None], pixels, _least(pixels)).amax(3)


def _means(windows: _Windows, pixels: Any) -> Any:
    sums = (pixels * windows.mask[None, ..., None]).sum(3).to(pixels.dtype)
    counts = windows.counts[None, ..., None].to(pixels.dtype)
    return sums / counts if pixels.dtype.is_floating_point else torch.div(sums, counts, rounding_mode="trunc")


@op("FractionalMaxPool", check=_refused, state=_Seeds)
class FractionalMaxPool:
    """The largest value of each window, and where windows begin in rows and columns."""

    shape = _pooled_shape

    def kernel(op, seeds, x):
        return _pooled(op, seeds, x, _largest)

    def gradient(op, dy, *_):
        return raw.fractional_max_pool_grad(op.value, op.output, dy, op.row_pooling_sequence, op.col_pooling_sequence,
                                            op.overlapping)


@op("FractionalAvgPool", check=_refused, state=_Seeds)
class FractionalAvgPool:
    """The mean of each window, and where windows begin in rows and columns."""

    shape = _pooled_shape

    def kernel(op, seeds, x):
        return _pooled(op, seeds, x, _means)

    def gradient(op, dy, *_):
        dims = op.value.get_shape()
        sizes = dims.as_list() if dims.is_fully_defined() else shape_ops.shape(op.value, out_type=dtypes.int64)
        return raw.fractional_avg_pool_grad(sizes, dy, op.row_pooling_sequence, op.col_pooling_sequence, op.overlapping)


_STARTS: dict[str, Any] = {"traced": False, "because": "windows are where the values say"}


def _refused_max_gradient(op: Any, x: Any, y: Any, dy: Any, *starts: Any) -> str | None:
    for name, dims in (("orig_input", x), ("orig_output", y)):
        if len(dims) != 4:
            return f"{name} must be 4-dimensional"
    return None


@op("FractionalMaxPoolGrad", host=("row_pooling_sequence", "col_pooling_sequence"), check=_refused_max_gradient,
    **_STARTS)
class FractionalMaxPoolGrad:
    """Gradients given to the largest value of each window."""

    def shape(op, x, *others):
        return with_rank(x, 4)

    def kernel(op, x, y, dy, rows, columns):
        windows = _Windows((rows, columns), x.shape[1:3], op.overlapping, x.device)
        pixels = torch.where(windows.mask[None, ..., None], windows.of(x), _least(x))
        parts = torch.zeros_like(pixels).scatter_(3, pixels.argmax(3, keepdim=True), dy.unsqueeze(3))
        return windows.back(parts, x.shape)


def _refused_mean_gradient(op: Any, sizes: Any, dy: Any, *starts: Any) -> str | None:
    if sizes != (4,):
        return "original input tensor shape must be1-dimensional and 4 elements"
    return None if len(dy) == 4 else f"out_backprop must be 4-dimensional{shapes.brackets(dy)}"


@op("FractionalAvgPoolGrad", host=("orig_input_tensor_shape", "row_pooling_sequence", "col_pooling_sequence"),
    check=_refused_mean_gradient, **_STARTS)
class FractionalAvgPoolGrad:
    """Gradients given to all pixels of each window in equal parts."""

    def shape(op, *dims):
        known = static_value(op.orig_input_tensor_shape)
        if known is None:
            return (None,) * 4
        with_rank(dims[0], 1)
        return tuple(None if size < 0 else int(size) for size in known)

    def kernel(op, sizes, dy, rows, columns):
        windows = _Windows((rows, columns), sizes[1:3], op.overlapping, dy.device)
        share = dy / windows.counts[None, ..., None]
        parts = share.unsqueeze(3).expand(-1, -1, -1, windows.mask.shape[2], -1)
        return windows.back(parts.to(torch.float64), sizes).to(dy.dtype)
