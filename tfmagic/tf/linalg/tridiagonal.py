"""Matrices with three diagonals: systems of equations with them, and products."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import dimension_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw


def _size_of(matrix: Tensor) -> int:
    """How many rows a matrix has."""
    rows, columns = (dim.value for dim in matrix.get_shape()[-2:])
    if rows is None or columns is None:
        raise ValueError("The size of the matrix must be known for `matrix` diagonals format")
    if rows != columns:
        raise ValueError(f"Expected last two dimensions of diagonals to be same, got {rows} and {columns}")
    return rows


def _above(size: int) -> list[list[int]]:
    """Where the numbers above the diagonal stand in the transposed matrix; the last place is empty."""
    return [[i + 1, i] for i in range(size - 1)] + [[0, 0]]


def _below(size: int) -> list[list[int]]:
    return [[0, 0]] + [[i - 1, i] for i in range(1, size)]


@export("linalg.tridiagonal_solve")
def tridiagonal_solve(diagonals: Any, rhs: Any, diagonals_format: str = "compact", transpose_rhs: bool = False,
                      conjugate_rhs: bool = False, name: str | None = None, partial_pivoting: bool = True) -> Tensor:
    """Solves systems of equations of which each has three unknowns that are neighbours.

    Args:
      diagonals: [..., 3, n]: above the diagonal, the diagonal, below it.
      rhs: [..., n, systems], or [..., n] for one.
      diagonals_format: "compact"; "sequence": a tuple of three; "matrix": the whole matrix [..., n, n].
      transpose_rhs: whether `rhs`, and what comes out, is [..., systems, n].
      conjugate_rhs: whether `rhs` is conjugated.
      name: of the node.
      partial_pivoting: whether rows are exchanged for precision.

    Raises:
      ValueError: another format, or sizes that do not fit.
    """
    if diagonals_format == "compact":
        return _solved(diagonals, rhs, transpose_rhs, conjugate_rhs, partial_pivoting, name)
    if diagonals_format == "sequence":
        if not isinstance(diagonals, (tuple, list)) or len(diagonals) != 3:
            raise ValueError("Expected diagonals to be a sequence of length 3.")
        above, main, below = (convert_to_tensor(part) for part in diagonals)
        size = dimension_value(main.get_shape()[-1])

        def padded(part: Tensor, before: int, after: int) -> Tensor:
            if part.get_shape()[-1].value == size:
                return part
            return api.pad(part, [[0, 0]] * (len(part.get_shape()) - 1) + [[before, after]])

        below = padded(below, 1, 0)
        above = padded(above, 0, 1)
        return _solved(api.stack((above, main, below), axis=-2), rhs, transpose_rhs, conjugate_rhs, partial_pivoting,
                       name)
    if diagonals_format == "matrix":
        matrix = convert_to_tensor(diagonals)
        size = _size_of(matrix)
        places = [[above, [i, i], below] for i, (above, below) in enumerate(zip(_above(size), _below(size)))]
        found = api.transpose(api.gather_nd(api.transpose(matrix), places))
        return _solved(found, rhs, transpose_rhs, conjugate_rhs, partial_pivoting, name)
    raise ValueError(f"Unrecognized diagonals_format: {diagonals_format}")


def _solved(diagonals: Any, rhs: Any, transposed: bool, conjugated: bool, pivoting: bool, name: str | None) -> Tensor:
    diagonals, rhs = convert_to_tensor(diagonals), convert_to_tensor(rhs)
    rank = diagonals.get_shape().ndims
    one = rank is not None and rhs.get_shape().ndims == rank - 1
    if one:
        if transposed:
            raise ValueError("transpose_rhs is not supported for a vector of right-hand sides")
        rhs = api.expand_dims(api.conj(rhs) if conjugated else rhs, -1)
    elif transposed:
        rhs = api.linalg.matrix_transpose(rhs, conjugate=conjugated)
    elif conjugated:
        rhs = api.conj(rhs)
    given, wanted = (dimension_value(tensor.get_shape()[axis]) if tensor.get_shape().ndims else None
                     for tensor, axis in ((diagonals, -1), (rhs, -2)))
    if given is not None and wanted is not None and given != wanted:
        raise ValueError("Expected number of left-hand sided and right-hand sides to be equal, got "
                         f"{given} and {wanted}")
    solved = raw.tridiagonal_solve(diagonals, rhs, pivoting, name)
    if one:
        return api.squeeze(solved, -1)
    return api.linalg.matrix_transpose(solved) if transposed else solved


@export("linalg.tridiagonal_matmul")
def tridiagonal_matmul(diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None) -> Tensor:
    """The product of a matrix with three diagonals and another one.

    Args:
      diagonals: [..., 3, n]: above the diagonal, the diagonal, below it.
      rhs: [..., n, columns].
      diagonals_format: "compact"; "sequence": a tuple of three; "matrix": the whole matrix [..., n, n].
      name: of the node.

    Raises:
      ValueError: another format.
    """
    if diagonals_format == "compact":
        diagonals = convert_to_tensor(diagonals)
        above, main, below = (diagonals[..., i, :] for i in range(3))
    elif diagonals_format == "sequence":
        above, main, below = (convert_to_tensor(part) for part in diagonals)
    elif diagonals_format == "matrix":
        matrix = convert_to_tensor(diagonals)
        main = api.linalg.diag_part(matrix)
        size = _size_of(matrix)
        turned = api.transpose(matrix)
        above = api.transpose(api.gather_nd(turned, _above(size)))
        below = api.transpose(api.gather_nd(turned, _below(size)))
    else:
        raise ValueError(f"Unrecognized diagonals_format: {diagonals_format}")
    return raw.tridiagonal_mat_mul(*(api.expand_dims(part, -2) for part in (above, main, below)), rhs, name)
