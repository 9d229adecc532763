"""Fourier transforms in one to three dimensions, of complex and of real numbers."""

from __future__ import annotations

from typing import Any

from tfmagic.base import shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import static_ints
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.declare import register
from tfmagic.ops.math.cast import cast
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
        for index, size in enumerate(sizes if sizes is not None else ()):
            axis = len(x) - rank + index
            needed = size % (1 << 64)  # TensorFlow reads a negative size so
            if half and index == rank - 1 and needed:
                needed = needed // 2 + 1
            if 0 < x[axis] < needed:
                return f"Input dimension {axis} must have length of at least {needed} but got: {x[axis]}"
        return None

    return check


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
    if rank < 3:
        register(f"BatchFFT{suffix}", shape, kernel("fftn"), traced="shapes")
        register(f"BatchIFFT{suffix}", shape, kernel("ifftn"), traced="shapes")


def _real_pair(suffix: str, rank: int) -> None:
    """The transform of real numbers, whose other half is the mirror image, and its inverse."""
    name = f"fft{suffix.lower()}"
    complex_inverse = getattr(raw, f"i{name}")

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
                sizes = [*sizes[:-1], sizes[-1] // 2 + 1 if sizes[-1] else 0]
            return (*x[:-rank], *sizes)

        return rule

    def forward_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
        """The half that was computed, spread to the whole with zeros, transformed back."""
        length = op.fft_length
        missing = length[-1] - shape_ops.shape(dy)[-1]
        pads = api.concat([constants.zeros([shape_ops.rank(dy) - 1, 2], "int32"), [[0, missing]]], 0)
        whole = raw.pad(dy, pads)
        count = cast(reduce_prod(length), op.input.dtype)
        return raw.real(complex_inverse(whole), op.input.dtype.base_dtype) * count, None

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
            if 0 in x.shape[:-rank]:  # torch refuses to transform nothing
                sizes = (*length[:-1], length[-1] // 2 + 1) if half else length
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
