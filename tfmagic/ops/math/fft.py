"""Fourier transforms in one to three dimensions, of complex and of real numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import static_ints
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.declare import register
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.reduce import reduce_prod
from tfmagic.ops.shape_rules import with_rank, with_rank_at_least


def _axes(rank: int) -> list[int]:
    """The last dimensions, which are transformed."""
    return list(range(-rank, 0))


def _scale(x: Tensor, rank: int, dtype: Any) -> Tensor:
    """How many numbers one transform takes, in the type of its gradient."""
    return cast(reduce_prod(shape_ops.shape(x)[-rank:]), dtype)


def _refused(rank: int, half: bool = False) -> Any:
    """The check of a run: enough axes, a size for each that is transformed, and no size above what is there.

    Args:
      half: whether the last axis needs only half of the numbers.
    """

    def check(op: Any, x: Any, length: Any = None) -> str | None:
        if len(x) < rank:
            return f"Input must have rank of at least {rank} but got: {shapes.brackets(x)}"
        if length is None:
            return None
        if length != (rank,):
            return f"fft_length must have shape [{rank}]"
        sizes = static_ints(op.fft_length)
        return None if sizes is None else _too_short(x, sizes, half)

    return check


def _too_short(x: Any, sizes: Any, half: bool) -> str | None:
    """The words for an axis with fewer numbers than are to be transformed."""
    for axis, size in enumerate(sizes, len(x) - len(sizes)):
        needed = size % (1 << 64)  # TensorFlow reads a negative size so
        if half and axis == len(x) - 1 and needed:
            needed = needed // 2 + 1
        if 0 < x[axis] < needed:
            return f"Input dimension {axis} must have length of at least {needed} but got: {x[axis]}"
    return None


def _complex_pair(suffix: str, rank: int) -> None:
    """The transform and its inverse: each is the other's gradient, up to the count of numbers."""
    name = f"fft{suffix.lower()}"
    forward, inverse = getattr(raw, name), getattr(raw, f"i{name}")

    def kernel(function: str) -> Any:
        return lambda op, x: x if 0 in x.shape else getattr(torch.fft, function)(x, dim=_axes(rank)).to(x.dtype)

    def forward_gradient(op: Any, dy: Tensor) -> Tensor:
        scale = _scale(dy, rank, dy.dtype)
        return inverse(dy) * scale

    def inverse_gradient(op: Any, dy: Tensor) -> Tensor:
        scale = cast(1.0 / _scale(dy, rank, dy.dtype.real_dtype), dy.dtype)
        return forward(dy) * scale

    def shape(op: Any, x: Dims) -> Dims:
        return with_rank_at_least(x, rank)

    register(f"FFT{suffix}", shape, kernel("fftn"), forward_gradient, traced="shapes", check=_refused(rank))
    register(f"IFFT{suffix}", shape, kernel("ifftn"), inverse_gradient, traced="shapes", check=_refused(rank))
    register(f"BatchFFT{suffix}", shape, kernel("fftn"), traced="shapes")
    register(f"BatchIFFT{suffix}", shape, kernel("ifftn"), traced="shapes")


def _alternating(size: Any) -> Tensor:
    """1, -1, 1, ...: what the middle of an even number of frequencies takes from each number."""
    return cast(1 - 2 * (api.range(size) % 2), "complex64")


def _single_columns(dy: Tensor, dims: Tensor, is_even: Tensor) -> Tensor:
    """The gradient through the first frequency and, for an even length, the last."""
    first = dy[..., 0:1]
    last = is_even * dy[..., -1:]
    return first + last * _alternating(dims[-1])


def _single_columns_of_matrices(dy: Tensor, dims: Tensor, is_even: Tensor) -> Tensor:
    """The same for transforms of matrices: each of these columns is transformed along the other axis."""
    first = dy[..., 0:1]
    size = dims[-2]
    rows = raw.tile(shape_ops.expand_dims(api.range(size), 0), [size, 1])
    waves = raw.exp(-2j * np.pi * cast(rows * api.transpose(rows), "complex64") / cast(size, "complex64"))
    waves = raw.reshape(waves, api.concat([constants.ones([shape_ops.rank(first) - 2], "int32"),
                                           shape_ops.shape(waves)], 0))
    waves = raw.tile(waves, api.concat([shape_ops.shape(first)[:-2], [1, 1]], 0))
    first = matmul(waves, raw.conj(first))
    last = matmul(waves, raw.conj(dy[..., -1:]))
    columns = dims[-1]
    last = raw.tile(last, api.concat([constants.ones([shape_ops.rank(dy) - 1], "int32"), [columns]], 0))
    return first + is_even * (last * _alternating(columns))


def _real_pair(suffix: str, rank: int) -> None:
    """The transform of real numbers, whose other half is the mirror image, and its inverse."""
    name = f"fft{suffix.lower()}"

    def shape(half: bool) -> Any:
        def rule(op: Any, x: Dims, length: Dims) -> Dims:
            x = with_rank_at_least(x, rank)
            (count,) = with_rank(length, 1)
            if count not in (None, rank):
                raise ValueError(f"Dimension must be {rank} but is {count}")
            sizes: Any = static_ints(op.fft_length)
            if x is None:
                return None
            sizes = [None] * rank if sizes is None else sizes
            if half and sizes[-1] is not None:
                sizes = [*sizes[:-1], int(sizes[-1] / 2) + 1 if sizes[-1] else 0]
            return (*x[:-rank], *(None if size == -1 else size for size in sizes))

        return rule

    def forward_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
        """Half of the inverse, and half of what the columns without a mirror image give."""
        length, dims = op.fft_length, shape_ops.shape(op.input)
        is_even = cast(1 - length[-1] % 2, "complex64")
        single = _single_columns(dy, dims, is_even) if rank == 1 else _single_columns_of_matrices(dy, dims, is_even)
        scale = _scale(op.input, rank, "float32")
        whole = getattr(api.signal, f"ir{name}")(dy, length) * scale
        return 0.5 * (whole + raw.real(single, op.input.dtype.base_dtype)), None

    def inverse_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
        """Entries with a mirror image count twice."""
        length = op.fft_length
        odd = raw.floor_mod(length[-1], 2)
        middle = shape_ops.shape(op.input)[-1] - 2 + odd
        mask = api.concat([[1.0], 2.0 * constants.ones([middle]), constants.ones([1 - odd])], 0)
        scale = raw.reciprocal(_scale(dy, rank, "float32"))
        forward = getattr(api.signal, f"r{name}")(dy, length)
        return forward * cast(scale * mask, "complex64"), None

    def kernel(function: str, half: bool) -> Any:
        def transform(op: Any, x: Any, length: Any) -> Any:
            refused = _too_short(x.shape, length, not half)
            if refused is not None:  # of sizes that only the run knows
                raise invalid(refused)
            sizes = (*length[:-1], length[-1] // 2 + 1 if length[-1] else 0) if half else tuple(length)
            if 0 in x.shape or 0 in sizes:  # torch refuses to transform nothing
                return torch.zeros((*x.shape[:-rank], *sizes), device=x.device,
                                   dtype=torch.complex64 if half else torch.float32)
            return getattr(torch.fft, function)(x, s=list(length), dim=_axes(rank))

        return transform

    register(f"RFFT{suffix}", shape(True), kernel("rfftn", True), forward_gradient if rank < 3 else None,
             host="fft_length", traced="shapes", check=_refused(rank))
    register(f"IRFFT{suffix}", shape(False), kernel("irfftn", False), inverse_gradient if rank < 3 else None,
             host="fft_length", traced="shapes", check=_refused(rank, half=True))


for _suffix, _rank in (("", 1), ("2D", 2), ("3D", 3)):
    _complex_pair(_suffix, _rank)
    _real_pair(_suffix, _rank)
