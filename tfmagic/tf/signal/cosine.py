"""Discrete cosine transforms, and shifts of the zero frequency to the middle and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import dimension_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api


def _check(x: Tensor, kind: int, n: Any, axis: int, norm: str | None) -> None:
    if axis != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    if n is not None and n < 1:
        raise ValueError("n should be a positive integer or None")
    if kind not in (1, 2, 3):
        raise ValueError("Only Types I, II and III (I)DCT are supported.")
    if kind == 1:
        if norm == "ortho":
            raise ValueError("Normalization is not supported for the Type-I DCT.")
        size = dimension_value(x.get_shape()[-1])
        if size is not None and size < 2:
            raise ValueError("Type-I DCT requires the dimension to be greater than one.")
    if norm not in (None, "ortho"):
        raise ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}")


def _of_length(x: Tensor, n: int | None) -> Tensor:
    """`x` cut or filled with zeros to `n` numbers in each row."""
    size = dimension_value(x.get_shape()[-1]) or api.shape(x)[-1]
    if n is None:
        return x
    if n <= size:
        return x[..., 0:n]
    return api.pad(x, api.constant([[0, 0]] * (len(x.get_shape()) - 1) + [[0, n - size]]))


def _weights(first: Tensor, others: Tensor, size: Any) -> Tensor:
    return api.pad(api.expand_dims(first, 0), [[0, size - 1]], constant_values=others)


@export("signal.dct")
def dct(input: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None,
        name: str | None = None) -> Tensor:
    """The discrete cosine transform of each row of numbers.

    Args:
      input: float32 [..., samples].
      type: 1, 2 or 3.
      n: how many samples are taken; rows are cut or filled with zeros.
      axis: -1, the only one there is.
      norm: None, or "ortho" for a transform that keeps lengths.
      name: of the scope.

    Returns:
      float32 of the input's shape.

    Raises:
      NotImplementedError: another axis.
      ValueError: another type or norm, or `n` is below 1.
    """
    with name_scope(name, "dct", [input]):
        x = convert_to_tensor(input, dtype=dtypes.float32)
        _check(x, type, n, axis, norm)
        x = _of_length(x, n)
        size = dimension_value(x.get_shape()[-1]) or api.shape(x)[-1]
        count = api.cast(size, dtypes.float32)
        if type == 1:
            return api.real(api.signal.rfft(api.concat([x, x[..., -2:0:-1]], axis=-1)))
        if type == 2:
            turn = 2.0 * api.exp(api.complex(0.0, -api.range(count) * math.pi * 0.5 / count))
            found = api.real(api.signal.rfft(x, fft_length=[2 * size])[..., :size] * turn)
            if norm == "ortho":
                first = 0.5 * api.rsqrt(count)
                found *= _weights(first, first * api.sqrt(2.0), size)
            return found
        if norm == "ortho":
            first = api.sqrt(count)
            x *= _weights(first, first * api.sqrt(0.5), size)
        else:
            x *= count
        turn = 2.0 * api.exp(api.complex(0.0, api.range(count) * math.pi * 0.5 / count))
        return api.signal.irfft(turn * api.complex(x, 0.0), fft_length=[2 * size])[..., :size]


@export("signal.idct")
def idct(input: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None,
         name: str | None = None) -> Tensor:
    """The inverse of `tf.signal.dct`, but for a factor where `norm` is None (see there)."""
    inverse = {1: 1, 2: 3, 3: 2}.get(type, type)
    return dct(input, type=inverse, n=n, axis=axis, norm=norm, name=name)


# --- shifts ---------------------------------------------------------------------------------------------------------


def _shifted(x: Any, axes: int | Sequence[int] | None, name: str | None, scope_name: str, sign: int) -> Tensor:
    with name_scope(name, scope_name) as scope:
        x = convert_to_tensor(x)
        dims = x.get_shape()

        def half(axis: int) -> int:
            return sign * int(dims[axis] // 2)

        shift: Any
        if axes is None:
            axes = tuple(range(dims.ndims))
            shift = [half(axis) for axis in axes]
        elif isinstance(axes, int):
            shift = half(axes)
        else:
            shift = [half(axis) for axis in axes]
        return api.roll(x, shift, axes, name=scope)


@export("signal.fftshift")
def fftshift(x: Any, axes: int | Sequence[int] | None = None, name: str | None = None) -> Tensor:
    """Spectra with the zero frequency in the middle.

    Args:
      x: of a static shape.
      axes: one axis or several; None: all.
      name: of the node.
    """
    return _shifted(x, axes, name, "fftshift", 1)


@export("signal.ifftshift")
def ifftshift(x: Any, axes: int | Sequence[int] | None = None, name: str | None = None) -> Tensor:
    """Spectra with the zero frequency back at the beginning (see `fftshift`)."""
    return _shifted(x, axes, name, "ifftshift", -1)
