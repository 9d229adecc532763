"""Matrices of three diagonals: products and solvers."""

from __future__ import annotations

from typing import Any

from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.machine import tridiagonal
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.declare import register
from tfmagic.ops.math.matrix_rules import refused
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.ops.math.rules import conjugate
from tfmagic.ops.shape_rules import merge, merge_dim, with_rank_at_least
from tfmagic.ops.tensor_function import tensor_function

# Lines up to which a matrix with all its zeros is quicker than a loop over them in Python.
_FULL = 512


@tensor_function(meta=lambda diagonals, right, exchanges: right)
def linalg_tridiagonal_solution(diagonals: Any, right: Any, exchanges: bool) -> Any:
    """The solutions of systems of three diagonals.

    Raises:
      ValueError: the shapes do not fit.
      InvalidArgumentError: a pivot is zero.
    """
    *systems, n, _ = right.shape
    if diagonals.shape != (*systems, 3, n):
        raise ValueError(f"diagonals {tuple(diagonals.shape)} do not fit {tuple(right.shape)}")
    found = None if right.is_cuda else tridiagonal.solved(diagonals, right, exchanges)
    if found is None:
        found = (_in_full if exchanges and n <= _FULL else _line_by_line)(diagonals, right, exchanges)
    out, singular = found
    if not singular:
        return out
    if right.shape[-2] == 1:
        raise invalid("The matrix is not invertible: it is a scalar with value zero.")
    raise invalid("The matrix is not invertible." if exchanges else
                  "The matrix is either not invertible, or requires pivoting. Try setting partial_pivoting = True.")


def _in_full(diagonals: Any, right: Any, exchanges: bool) -> tuple[Any, bool]:
    """The same by matrices with all their zeros."""
    upper, main, lower = diagonals[..., 0, :-1], diagonals[..., 1, :], diagonals[..., 2, 1:]
    try:
        return torch.linalg.solve(torch.diag_embed(main) + torch.diag_embed(upper, 1) + torch.diag_embed(lower, -1),
                                  right), False
    except torch.linalg.LinAlgError:
        return right, True


def _line_by_line(diagonals: Any, right: Any, exchanges: bool) -> tuple[Any, bool]:
    """The solutions, and whether a pivot is zero, by elimination in all systems at once."""
    if not right.numel():
        return torch.empty_like(right), False
    upper, main, lower = (row.unsqueeze(-1) for row in diagonals.unbind(-2))
    pivot, beside, kept = main[..., :1, :], upper[..., :1, :], right[..., :1, :]
    lines = []
    for at in range(1, right.shape[-2]):
        low, diagonal, high, other = (each[..., at:at + 1, :] for each in (lower, main, upper, right))
        changed = ~(pivot.abs() >= low.abs()) & exchanges
        chosen, behind = torch.where(changed, low, pivot), torch.where(changed, diagonal, beside)
        factor = torch.where(changed, pivot, low) / chosen
        own = torch.where(changed, other, kept)
        lines.append((chosen, behind, torch.where(changed, high, 0), own))
        pivot = torch.where(changed, beside, diagonal) - factor * behind
        beside = torch.where(changed, -factor * high, high)
        kept = torch.where(changed, kept, other) - factor * own
    lines.append((pivot, torch.zeros_like(pivot), torch.zeros_like(pivot), kept))
    found: list[Any] = []
    for place, (chosen, behind, beyond, own) in enumerate(reversed(lines)):
        if place:
            own = own - behind * found[-1]
        if place > 1:
            own = own - beyond * found[-2]
        found.append(own / chosen)
    return torch.cat(found[::-1], -2), bool((torch.stack([line[0] for line in lines]) == 0).any())


def _tridiagonal(op: Any, diagonals: Any, rhs: Any) -> Any:
    return linalg_tridiagonal_solution(diagonals, rhs, op.partial_pivoting)


def _tridiagonal_solve_gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
    """Solves with the transpose (TensorFlow conjugates nothing), whose diagonals are the same in another order."""
    diagonals, x = op.diagonals, op.output
    concat = api.concat
    upper, main, lower = (diagonals[..., i, :] for i in range(3))
    end, start = constants.zeros_like(upper[..., :1]), constants.zeros_like(lower[..., :1])
    parts = [concat([lower[..., 1:], end], -1), main, concat([start, upper[..., :-1]], -1)]
    transposed = api.stack(parts, axis=-2)
    drhs = raw.tridiagonal_solve(transposed, dy, partial_pivoting=op.partial_pivoting)
    below, above = _neighbours(x)
    parts = [-reduce_sum(drhs * other, axis=-1) for other in (below, x, above)]
    return api.stack(parts, axis=-2), drhs


def _neighbours(x: Tensor) -> tuple[Tensor, Tensor]:
    """The rows after and before each row, with zeros beyond the ends."""
    concat = api.concat
    zero = constants.zeros_like(x[..., :1, :])
    return concat([x[..., 1:, :], zero], -2), concat([zero, x[..., :-1, :]], -2)


def _tridiagonal_shape(op: Any, diagonals: Dims, rhs: Dims) -> Dims:
    diagonals, rhs = with_rank_at_least(diagonals, 2), with_rank_at_least(rhs, 2)
    if diagonals is None or rhs is None:
        return rhs
    merge(diagonals[:-2], rhs[:-2])
    merge_dim(diagonals[-1], rhs[-2])
    if diagonals[-2] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {diagonals[-2]}")
    return rhs


def _unfit_diagonals(op: Any, diagonals: Any, rhs: Any) -> str | None:
    if diagonals[-2] != 3:
        return f"Expected diagonals to be provided as a matrix with 3 rows, got {diagonals[-2]} rows."
    return None if diagonals[-1] == rhs[-2] else (
        f"Expected the same number of left-hand sides and right-hand sides, got {diagonals[-1]} and {rhs[-2]}.")


register("TridiagonalSolve", _tridiagonal_shape, _tridiagonal, _tridiagonal_solve_gradient,
         check=refused(_unfit_diagonals))


def _tridiagonal_product(op: Any, upper: Any, main: Any, lower: Any, rhs: Any) -> Any:
    upper, main, lower = upper.mT, main.mT, lower.mT
    pad = torch.nn.functional.pad
    below = pad(rhs[..., 1:, :], (0, 0, 0, 1))
    above = pad(rhs[..., :-1, :], (0, 0, 1, 0))
    return main * rhs + upper * below + lower * above


def _moved(x: Tensor, up: bool) -> Tensor:
    """The row after (or before) each row, with zeros beyond the end."""
    outer = constants.zeros([shape_ops.rank(x) - 2, 2], "int32")
    paddings = api.concat([outer, api.constant([[0, 1], [0, 0]] if up else [[1, 0], [0, 0]])], 0)
    return api.pad(x[..., 1:, :] if up else x[..., :-1, :], paddings)


def _tridiagonal_product_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    transpose = api.linalg.matrix_transpose
    upper, main, lower = (transpose(conjugate(t)) for t in (op.superdiag, op.maindiag, op.subdiag))
    rhs = conjugate(op.rhs)
    parts = [reduce_sum(_moved(rhs, True) * dy, -1), reduce_sum(rhs * dy, -1), reduce_sum(_moved(rhs, False) * dy, -1)]
    # A row's upper neighbour reads it by the upper diagonal, its lower one by the lower diagonal.
    drhs = _moved(upper * dy, False) + main * dy + _moved(lower * dy, True)
    return [*(shape_ops.expand_dims(part, -2) for part in parts), drhs]


def _tridiagonal_product_shape(op: Any, upper: Dims, main: Dims, lower: Dims, rhs: Dims) -> Dims:
    upper, main, lower, rhs = (with_rank_at_least(dims, 2) for dims in (upper, main, lower, rhs))
    part = merge(upper, main)
    merge(lower and lower[:-2], rhs and rhs[:-2])
    part = merge(lower, part)
    if part is not None and rhs is not None:
        merge_dim(part[-1], rhs[-2])
    return rhs


def _unfit_product(op: Any, *dims: Any) -> str | None:
    for name, given in zip(("superdiagonal", "main diagonal", "subdiagonal"), dims):
        if given[-2:] != (1, dims[-1][-2]):
            return f"Invalid {name} shape."
    return None


register("TridiagonalMatMul", _tridiagonal_product_shape, _tridiagonal_product, _tridiagonal_product_gradient,
         check=refused(_unfit_product))
