"""What the solvers stand on: operators that multiply, products and lengths of vectors."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api

_Operator = namedtuple("LinearOperator", ["shape", "dtype", "apply", "apply_adjoint"])  # type: ignore[name-match]


def _shape(matrix: Tensor) -> Any:
    shape = matrix.get_shape()
    return shape.as_list() if shape.is_fully_defined() else api.shape(matrix)


@export("contrib.solvers.util.create_operator")
def create_operator(matrix: Tensor) -> Any:
    """A matrix as an operator with `shape`, `dtype`, `apply(x)` and `apply_adjoint(x)`.

    Args:
      matrix: [m, n]; what it is multiplied with has two dimensions too.
    """
    return _Operator(shape=_shape(matrix), dtype=matrix.dtype,
                     apply=lambda v: api.matmul(matrix, v, adjoint_a=False),
                     apply_adjoint=lambda v: api.matmul(matrix, v, adjoint_a=True))


@export("contrib.solvers.util.identity_operator")
def identity_operator(matrix: Tensor) -> Any:
    """The identity of the shape and type of a matrix, as an operator."""
    return _Operator(shape=_shape(matrix), dtype=matrix.dtype, apply=lambda v: v, apply_adjoint=lambda v: v)


@export("contrib.solvers.util.dot")
def dot(x: Any, y: Any) -> Tensor:
    """The inner product of two tensors."""
    return api.reduce_sum(api.conj(x) * y)


@export("contrib.solvers.util.l2norm_squared")
def l2norm_squared(v: Tensor) -> Tensor:
    """The sum of the squares of a tensor."""
    return api.constant(2, dtype=v.dtype.base_dtype) * api.nn.l2_loss(v)


@export("contrib.solvers.util.l2norm")
def l2norm(v: Tensor) -> Tensor:
    """The root of the sum of the squares of a tensor."""
    return api.sqrt(l2norm_squared(v))


@export("contrib.solvers.util.l2normalize")
def l2normalize(v: Tensor) -> tuple[Tensor, Tensor]:
    """A tensor divided by its length, and that."""
    norm = l2norm(v)
    return v / norm, norm


def columns_of_zeros(operator: Any, like: Tensor) -> Tensor:
    """A column of zeros as long as an operator's rows."""
    return api.expand_dims(api.zeros(operator.shape[1:], dtype=like.dtype.base_dtype), -1)
