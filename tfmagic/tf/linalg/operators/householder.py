"""Reflections as operators."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.broadcasting import diagonal_shape, diagonal_shape_tensor
from tfmagic.tf.linalg.operators.references import convert_nonref_to_tensor


@export("linalg.LinearOperatorHouseholder")
class LinearOperatorHouseholder(LinearOperator):
    """The reflection at the plane across a vector [..., n] (see `LinearOperator` for the hints)."""

    def __init__(self, reflection_axis: Any, is_non_singular: bool | None = None, is_self_adjoint: bool | None = None,
                 is_positive_definite: bool | None = None, is_square: bool | None = None,
                 name: str = "LinearOperatorHouseholder"):
        with name_scope(name, values=[reflection_axis]):
            self._reflection_axis = convert_nonref_to_tensor(reflection_axis, name="reflection_axis")
            if self._reflection_axis.get_shape().ndims == 0:
                raise ValueError(f"Argument reflection_axis must have at least 1 dimension.  Found: "
                                 f"{self._reflection_axis}")
            if not self._reflection_axis.dtype.is_complex:
                if is_self_adjoint is False:
                    raise ValueError("A real Householder operator is always self adjoint.")
                is_self_adjoint = True
            if is_positive_definite is True:
                raise ValueError("A Householder operator is always non-positive definite.")
            if is_square is False:
                raise ValueError("A Householder operator is always square.")
            super().__init__(self._reflection_axis.dtype, [self._reflection_axis], is_non_singular, is_self_adjoint,
                             False, True, name)

    @property
    def reflection_axis(self) -> Tensor:
        """The vector that is turned round."""
        return self._reflection_axis

    def _shape(self) -> TensorShape:
        return diagonal_shape(self._reflection_axis)

    def _shape_tensor(self) -> Tensor:
        return diagonal_shape_tensor(self._reflection_axis)

    def _assert_non_singular(self) -> Operation:
        return api.no_op("assert_non_singular")

    def _assert_positive_definite(self) -> Operation:
        raise errors.InvalidArgumentError(None, None, "Householder operators are always non-positive definite.")

    def _assert_self_adjoint(self) -> Operation:
        return api.no_op("assert_self_adjoint")

    def _unit(self) -> Tensor:
        return self.reflection_axis / api.norm(self.reflection_axis, axis=-1, keepdims=True)

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        x = api.linalg.adjoint(x) if adjoint_arg else x
        column = self._unit()[..., None]
        along = api.matmul(column, x, transpose_a=True)
        return x - 2 * column * along

    def _trace(self) -> Tensor:
        size = api.cast(self.domain_dimension_tensor() - 2, self.dtype)
        return size * api.ones(shape=self.batch_shape_tensor(), dtype=self.dtype)

    def _determinant(self) -> Tensor:
        return -api.ones(shape=self.batch_shape_tensor(), dtype=self.dtype)

    def _log_abs_determinant(self) -> Tensor:
        return api.zeros(shape=self.batch_shape_tensor(), dtype=self.dtype)

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._matmul(rhs, adjoint, adjoint_arg)

    def _to_dense(self) -> Tensor:
        column = self._unit()[..., None]
        matrix = -2 * api.matmul(column, column, transpose_b=True)
        return api.linalg.set_diag(matrix, 1.0 + api.linalg.diag_part(matrix))

    def _diag_part(self) -> Tensor:
        unit = self._unit()
        return 1.0 - 2 * unit * unit
