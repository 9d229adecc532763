"""Operators that stand as blocks on the diagonal of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.broadcasting import broadcast_matrix_batch_dims
from tfmagic.tf.linalg.operators.combined import implied, one_type


@export("linalg.LinearOperatorBlockDiag")
class LinearOperatorBlockDiag(LinearOperator):
    """Square operators on the diagonal (see `LinearOperator` for the hints).

    Args:
      operators: the blocks.
      name: of the scopes; their names with `_ds_` between them.

    Raises:
      ValueError: there are none, or one is not square.
      TypeError: they are of several types.
    """

    def __init__(self, operators: Sequence[LinearOperator], is_non_singular: bool | None = None,
                 is_self_adjoint: bool | None = None, is_positive_definite: bool | None = None,
                 is_square: bool | None = True, name: str | None = None):
        dtype = one_type(operators)
        self._operators = list(operators)
        is_non_singular = implied(is_non_singular, [operator.is_non_singular for operator in operators],
                                  "The direct sum of non-singular operators is always non-singular.")
        is_self_adjoint = implied(is_self_adjoint, [operator.is_self_adjoint for operator in operators],
                                  "The direct sum of self-adjoint operators is always self-adjoint.")
        is_positive_definite = implied(is_positive_definite, [operator.is_positive_definite for operator in operators],
                                       "The direct sum of positive definite operators is always positive definite.")
        if not (is_square and all(operator.is_square for operator in operators)):
            raise ValueError("Can only represent a block diagonal of square matrices.")
        parents = [parent for operator in operators for parent in operator.graph_parents]
        name = "_ds_".join(operator.name for operator in operators) if name is None else name
        with name_scope(name, values=parents):
            super().__init__(dtype, parents, is_non_singular, is_self_adjoint, is_positive_definite, True, name)

    @property
    def operators(self) -> list[LinearOperator]:
        """The blocks."""
        return self._operators

    def _shape(self) -> TensorShape:
        sizes = [sum((getattr(one, which) for one in self.operators[1:]), getattr(self.operators[0], which))
                 for which in ("domain_dimension", "range_dimension")]
        batch = self.operators[0].batch_shape
        for operator in self.operators[1:]:
            batch = api.broadcast_static_shape(batch, operator.batch_shape)
        return batch.concatenate(TensorShape(sizes))

    def _shape_tensor(self) -> Tensor:
        first = self.operators[0]
        domain, rows = first.domain_dimension_tensor(), first.range_dimension_tensor()
        for operator in self.operators[1:]:
            domain += operator.domain_dimension_tensor()
            rows += operator.range_dimension_tensor()
        matrix = api.stack([domain, rows])
        zeros = api.zeros(shape=first.batch_shape_tensor())
        for operator in self.operators[1:]:
            zeros += api.zeros(shape=operator.batch_shape_tensor())
        return api.concat((api.shape(zeros), matrix), 0)

    def _split(self, x: Tensor, axis: int) -> list[Tensor]:
        """The parts of a matrix that belong to the blocks."""
        if self.shape.is_fully_defined():
            return api.split(x, [operator.domain_dimension.value for operator in self.operators], axis=axis)
        return api.split(x, [operator.domain_dimension_tensor() for operator in self.operators], axis=axis)

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        parts = self._split(x, -1 if adjoint_arg else -2)
        found = [operator.matmul(part, adjoint=adjoint, adjoint_arg=adjoint_arg)
                 for operator, part in zip(self.operators, parts)]
        return api.concat(broadcast_matrix_batch_dims(found), axis=-2)

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        parts = self._split(rhs, -1 if adjoint_arg else -2)
        found = [operator.solve(part, adjoint=adjoint, adjoint_arg=adjoint_arg)
                 for operator, part in zip(self.operators, parts)]
        return api.concat(broadcast_matrix_batch_dims(found), axis=-2)

    def _determinant(self) -> Tensor:
        result = self.operators[0].determinant()
        for operator in self.operators[1:]:
            result *= operator.determinant()
        return result

    def _log_abs_determinant(self) -> Tensor:
        result = self.operators[0].log_abs_determinant()
        for operator in self.operators[1:]:
            result += operator.log_abs_determinant()
        return result

    def _diag_part(self) -> Tensor:
        columns = [operator.diag_part()[..., None] for operator in self.operators]
        return api.squeeze(api.concat(broadcast_matrix_batch_dims(columns), axis=-2), axis=-1)

    def _trace(self) -> Tensor:
        result = self.operators[0].trace()
        for operator in self.operators[1:]:
            result += operator.trace()
        return result

    def _to_dense(self) -> Tensor:
        used: Any = 0
        rows = []
        for block in broadcast_matrix_batch_dims([operator.to_dense() for operator in self.operators]):
            shape = api.shape(block)[:-1]
            before = api.zeros(shape=api.concat([shape, [used]], axis=-1), dtype=block.dtype)
            used = used + api.shape(block)[-1]
            left = self.domain_dimension_tensor() - used
            after = api.zeros(shape=api.concat([shape, [left]], axis=-1), dtype=block.dtype)
            rows.append(api.concat([before, block, after], axis=-1))
        whole = api.concat(rows, axis=-2)
        whole.set_shape(self.shape)
        return whole

    def _assert_non_singular(self) -> Operation:
        return api.group([operator.assert_non_singular() for operator in self.operators])

    def _assert_positive_definite(self) -> Operation:
        return api.group([operator.assert_positive_definite() for operator in self.operators])

    def _assert_self_adjoint(self) -> Operation:
        return api.group([operator.assert_self_adjoint() for operator in self.operators])
