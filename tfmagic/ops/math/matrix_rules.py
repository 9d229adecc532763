"""What the ops of linear algebra share: shapes of square matrices, checks, what a singular matrix says."""

from __future__ import annotations

from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.array.indices import require
from tfmagic.ops.shape_rules import merge_dim, with_rank_at_least


def square_dims(op: Any, x: Dims, *_: Dims) -> Dims:
    """A batch of square matrices."""
    x = with_rank_at_least(x, 2)
    if x is None:
        return None
    size = merge_dim(x[-2], x[-1])
    return (*x[:-2], size, size)


def batch_of(x: Dims) -> Dims:
    return None if x is None else x[:-2]


def adjoint_of(op: Any, x: Any) -> Any:
    return x.mH if op.T.is_complex else x.mT


def in_full(op: Any, x: Any) -> Any:
    """Half precision, for which LAPACK has nothing, is computed in single precision."""
    return x.to(torch.float32) if op.T.name == "float16" else x


def require_number(x: Any) -> None:
    """Stop where a matrix begins with NaN, which TensorFlow takes for a pivot that is zero; it lets others through."""
    require(x, lambda: x[..., :1, :1] == x[..., :1, :1])


def finite_or_zero(x: Any) -> tuple[Any, Any]:
    """Which matrices are finite (one value for each, of the same rank); those, with zeros for what torch refuses."""
    finite = (x * 0).sum((-2, -1), keepdim=True) == 0  # infinity times 0 is NaN
    return finite, torch.where(finite, x, 0)


def when_singular(rule: Any, message: str) -> Any:
    """The contract of a kernel that fails, the shapes being right, where a matrix is singular or not positive."""

    def explain(op: Any, *values: Any) -> str | None:
        try:
            rule(op, *[tuple(value.shape) for value in values])
        except ValueError:
            return None
        return message

    return {"explain": explain}


def refused(words: Any = None) -> Any:
    """The check of a run: inputs are matrices of the same batch, and `words(op, *dims)` refuses nothing of them."""

    def check(op: Any, *inputs: Dims) -> str | None:
        dims: list[Any] = list(inputs)
        if len(dims[0]) < 2:
            return f"Input tensor 0 must have rank >= 2, got {len(dims[0])}"
        if any(len(other) != len(dims[0]) for other in dims):
            return "All input tensors must have the same rank."
        if any(other[:-2] != dims[0][:-2] for other in dims):
            return "All input tensors must have the same outer dimensions."
        return words(op, *dims) if words else None

    return check


def not_square(op: Any, x: Any, *_: Any) -> str | None:
    return None if x[-2] == x[-1] else "Input matrix must be square."


def unfit_rhs(op: Any, matrix: Any, rhs: Any) -> str | None:
    if "Ls" not in op.op.type and matrix[-2] != matrix[-1]:
        return "First input (lhs) must be a square matrix."
    return None if matrix[-2] == rhs[-2] else "Input matrix and rhs are incompatible."


SQUARE = refused(not_square)
