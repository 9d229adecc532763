"""Matrices from vectors: triangles, three diagonals, a changed diagonal; sums of weighted exponentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api


@export("contrib.distributions.fill_triangular")
def fill_triangular(x: Any, upper: bool = False, name: str | None = None) -> Tensor:
    """A triangle filled with the elements of a vector, in a clockwise spiral.

    Args:
      x: [..., n * (n + 1) / 2].
      upper: whether it is the upper triangle.
      name: of the scope.

    Returns:
      A tensor [..., n, n].

    Raises:
      ValueError: no triangle has as many elements.
    """
    with name_scope(name, "fill_triangular", values=[x]):
        x = convert_to_tensor(x, name="x")
        length = x.get_shape().with_rank_at_least(1)[-1].value
        n: Any
        if length is not None:
            root = np.sqrt(0.25 + 2.0 * length) - 0.5
            if root != np.floor(root):
                raise ValueError(f"Input right-most shape ({length}) does not correspond to a triangular matrix.")
            n = np.int32(root)
            shape = x.get_shape()[:-1].concatenate([int(n), int(n)])
        else:
            length = api.shape(x)[-1]
            n = api.cast(api.sqrt(0.25 + api.cast(2 * length, dtype=dtypes.float32)), dtype=dtypes.int32)
            shape = x.get_shape().with_rank_at_least(1)[:-1].concatenate([None, None])
        # Twice the vector but for its first (or last) n elements, the second time backwards, has n * n elements.
        rank = api.rank(x) if x.get_shape().ndims is None else x.get_shape().ndims
        if isinstance(rank, int):
            api.rank(x)
        if upper:
            parts = [x, api.reverse(x[..., n:], axis=[rank - 1])]
        else:
            parts = [x[..., n:], api.reverse(x, axis=[rank - 1])]
        full: Any = shape.as_list() if shape.is_fully_defined() else api.concat([api.shape(x)[:-1], [n, n]], axis=0)
        square = api.reshape(api.concat(parts, axis=-1), full)
        found = api.linalg.band_part(square, num_lower=0 if upper else -1, num_upper=-1 if upper else 0)
        found.set_shape(shape)
        return found


@export("contrib.distributions.fill_triangular_inverse")
def fill_triangular_inverse(x: Any, upper: bool = False, name: str | None = None) -> Tensor:
    """The vector with which `fill_triangular` fills a triangle.

    Args:
      x: [..., n, n].
      upper: whether its upper triangle is taken.
      name: of the scope.

    Returns:
      A tensor [..., n * (n + 1) / 2].
    """
    with name_scope(name, "fill_triangular_inverse", values=[x]):
        x = convert_to_tensor(x, name="x")
        known = x.get_shape().with_rank_at_least(2)[-1].value
        n: Any
        if known is not None:
            n = np.int32(known)
            m: Any = np.int32((n * (n + 1)) // 2)
            shape = x.get_shape()[:-2].concatenate([int(m)])
        else:
            n = api.shape(x)[-1]
            m = (n * (n + 1)) // 2
            shape = x.get_shape().with_rank_at_least(2)[:-2].concatenate([None])
        rank: Any = api.rank(x)
        rank = rank if x.get_shape().ndims is None else x.get_shape().ndims
        if upper:
            first, triangle = x[..., 0, :], x[..., 1:, :]
        else:
            first, triangle = api.reverse(x[..., -1, :], axis=[rank - 2]), x[..., :-1, :]
        rotated = api.reverse(api.reverse(triangle, axis=[rank - 1]), axis=[rank - 2])
        total = triangle + rotated
        rest = api.reshape(total, api.concat([api.shape(x)[:-2], [n * (n - 1)]], axis=0))
        found = api.concat([first, rest[..., :m - n]], axis=-1)
        found.set_shape(shape)
        return found


@export("contrib.distributions.tridiag")
def tridiag(below: Any = None, diag: Any = None, above: Any = None, name: str | None = None) -> Tensor:
    """A matrix from its main diagonal and its neighbours.

    Args:
      below: [..., n - 1], the diagonal below; zeros.
      diag: [..., n], the main one; zeros.
      above: [..., n - 1], the diagonal above; zeros.
      name: of the scope.

    Returns:
      A tensor [..., n, n].

    Raises:
      ValueError: none is given.
    """

    def padded(x: Tensor) -> Tensor:
        zero = api.zeros(api.concat([api.shape(x)[:-1], [1]], axis=0), dtype=x.dtype)
        return api.concat([zero, x, zero], axis=-1)

    with name_scope(name, "tridiag", values=[below, diag, above]):
        parts = []
        if below is not None:
            below = convert_to_tensor(below, name="below")
            parts.append(api.linalg.diag(padded(below))[..., :-1, 1:])
        if diag is not None:
            diag = convert_to_tensor(diag, name="diag")
            parts.append(api.linalg.diag(diag))
        if above is not None:
            above = convert_to_tensor(above, name="above")
            parts.append(api.linalg.diag(padded(above))[..., 1:, :-1])
        if not parts:
            raise ValueError("Must specify at least one of `below`, `diag`, `above`.")
        total = parts[0]
        for part in parts[1:]:
            total += part
        return total


@export("contrib.distributions.matrix_diag_transform")
def matrix_diag_transform(matrix: Any, transform: Callable[[Tensor], Tensor] | None = None,
                          name: str | None = None) -> Tensor:
    """A matrix whose diagonal is changed by a function.

    Args:
      matrix: [..., n, n].
      transform: a function of the diagonal [..., n]; none: the matrix stays.
      name: of the scope.
    """
    with name_scope(name, "matrix_diag_transform", values=[matrix]):
        matrix = convert_to_tensor(matrix, name="matrix")
        if transform is None:
            return matrix
        return api.linalg.set_diag(matrix, transform(api.linalg.diag_part(matrix)))


@export("contrib.distributions.reduce_weighted_logsumexp")
def reduce_weighted_logsumexp(logx: Any, w: Any = None, axis: Any = None, keep_dims: bool = False,
                              return_sign: bool = False, name: str | None = None) -> Any:
    """`log(abs(sum(w * exp(logx))))`, computed without overflow.

    Args:
      logx: a floating tensor.
      w: weights that broadcast with it; ones.
      axis: over which is summed; all.
      keep_dims: whether these stay, with size 1.
      return_sign: whether the sign of the sum is given too.
      name: of the scope.

    Returns:
      The logarithm, or it and the sign.
    """
    with name_scope(name, "reduce_weighted_logsumexp", values=[logx, w]):
        logx = convert_to_tensor(logx, name="logx")
        if w is None:
            total = api.reduce_logsumexp(logx, axis=axis, keep_dims=keep_dims)
            return (total, api.ones_like(total)) if return_sign else total
        w = convert_to_tensor(w, dtype=logx.dtype, name="w")
        terms = logx + api.log(api.abs(w))
        most = api.reduce_max(terms, axis=axis, keep_dims=True)
        # An infinity less itself would be NaN.
        most = api.where_v2(api.math.is_inf(most), api.zeros_like(most), most)
        scaled = api.sign(w) * api.exp(terms - most)
        total = api.reduce_sum(scaled, axis=axis, keep_dims=keep_dims)
        if not keep_dims:
            most = api.squeeze(most, axis)
        sign = api.sign(total)
        found = most + api.log(sign * total)
        return (found, sign) if return_sign else found


def vector_size_to_square_matrix_size(d: Any, validate_args: bool, name: str | None = None) -> Any:
    """How many rows a triangle with `d` elements has: an int for an int, else a tensor.

    Raises:
      ValueError: no triangle has as many.
    """
    if isinstance(d, (float, int, np.generic, np.ndarray)):
        rows = (-1 + np.sqrt(1 + 8 * np.asarray(d))) / 2.0
        if float(int(rows)) != rows:
            raise ValueError("Vector length is not a triangular number.")
        return int(rows)
    with name_scope(name, "vector_size_to_square_matrix_size", values=[d]):
        rows = (-1.0 + api.sqrt(1 + 8.0 * api.cast(d, dtypes.float32))) / 2.0
        if validate_args:
            with api.control_dependencies([api.debugging.assert_equal(
                    api.cast(api.cast(rows, dtypes.int32), dtypes.float32), rows,
                    message="Vector length is not a triangular number")]):
                rows = api.identity(rows)
        return api.cast(rows, dtypes.int32)


def known_size(shape: TensorShape, place: int) -> int | None:
    """One dimension of a static shape, None where it is not known.

    Raises:
      IndexError: there are not as many.
    """
    return shape.as_list()[place]
