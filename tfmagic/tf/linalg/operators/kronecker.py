"""The Kronecker product of operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.combined import implied, one_type


def _columns_joined(x: Tensor) -> Tensor:
    """Matrices as vectors, column after column."""
    turned = api.linalg.matrix_transpose(x)
    return api.reshape(turned, api.concat([api.shape(x)[:-2], [-1]], axis=0))


def _in_columns(y: Tensor, num_col: Tensor) -> Tensor:
    """Vectors as matrices: the transpose of what has so many columns."""
    return api.linalg.matrix_transpose(api.reshape(y, api.concat([api.shape(y)[:-1], [num_col, -1]], axis=0)))


def _last_dim_first(x: Tensor) -> Tensor:
    rank = api.rank(x)
    return api.transpose(x, api.concat([[rank - 1], api.range(0, rank - 1)], axis=0))


def _first_dim_last(x: Tensor) -> Tensor:
    rank = api.rank(x)
    return api.transpose(x, api.concat([api.range(1, rank), [0]], axis=0))


@export("linalg.LinearOperatorKronecker")
class LinearOperatorKronecker(LinearOperator):
    """The matrix of all products of elements of several operators (see `LinearOperator` for the hints).

    Args:
      operators: the factors.
      name: of the scopes; their names with `_x_` between them.

    Raises:
      ValueError: there are none, or the hints contradict theirs.
      TypeError: they are of several types.
    """

    def __init__(self, operators: Sequence[LinearOperator], is_non_singular: bool | None = None,
                 is_self_adjoint: bool | None = None, is_positive_definite: bool | None = None,
                 is_square: bool | None = None, name: str | None = None):
        if not operators:
            raise ValueError(f"Expected a list of >=1 operators. Found: {operators}")
        dtype = one_type(operators)
        self._operators = list(operators)
        is_non_singular = implied(is_non_singular, [operator.is_non_singular for operator in operators],
                                  "The Kronecker product of non-singular operators is always non-singular.")
        is_self_adjoint = implied(is_self_adjoint, [operator.is_self_adjoint for operator in operators],
                                  "The Kronecker product of self-adjoint operators is always self-adjoint.")
        is_positive_definite = implied(
            is_positive_definite, [operator.is_positive_definite for operator in operators],
            "The Kronecker product of positive-definite operators is always positive-definite.")
        parents = [parent for operator in operators for parent in operator.graph_parents]
        name = "_x_".join(operator.name for operator in operators) if name is None else name
        with name_scope(name, values=parents):
            super().__init__(dtype, parents, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    @property
    def operators(self) -> list[LinearOperator]:
        """The factors."""
        return self._operators

    def _shape(self) -> TensorShape:
        rows, columns = self.operators[0].range_dimension, self.operators[0].domain_dimension
        batch = self.operators[0].batch_shape
        for operator in self.operators[1:]:
            rows, columns = rows * operator.range_dimension, columns * operator.domain_dimension
            batch = api.broadcast_static_shape(batch, operator.batch_shape)
        return batch.concatenate(TensorShape([rows, columns]))

    def _shape_tensor(self) -> Tensor:
        columns = self.operators[0].domain_dimension_tensor()
        for operator in self.operators[1:]:
            columns *= operator.domain_dimension_tensor()
        rows = self.operators[0].range_dimension_tensor()
        for operator in self.operators[1:]:
            rows *= operator.range_dimension_tensor()
        batch = self.operators[0].batch_shape_tensor()
        for operator in self.operators[1:]:
            batch = api.broadcast_dynamic_shape(batch, operator.batch_shape_tensor())
        return api.concat((batch, [rows, columns]), 0)

    def _by_turns(self, x: Tensor, adjoint: bool, columns: Callable[[LinearOperator, Tensor], Tensor],
                  vectors: Callable[[LinearOperator, Tensor], Tensor]) -> Tensor:
        """What the factors make of a matrix one after the other: (A x B) vec(X) is vec(B X A^T).

        Args:
          x: [..., n, k].
          adjoint: whether the adjoint factors are meant.
          columns: what a factor makes of a matrix.
          vectors: what the last one makes of a vector.
        """
        ones = api.ones_like(self.batch_shape_tensor())
        x += api.zeros(api.concat([ones, [1, 1]], axis=0), dtype=x.dtype.base_dtype)  # as many dimensions
        found = _last_dim_first(x)[None, ...]
        for operator in self.operators[:-1]:
            size = operator.range_dimension_tensor() if adjoint else operator.domain_dimension_tensor()
            found = _in_columns(found, size)
            found = api.linalg.matrix_transpose(columns(operator, api.linalg.matrix_transpose(found)))
            found = _last_dim_first(_columns_joined(_first_dim_last(found)))
        found = _first_dim_last(vectors(self.operators[-1], found))
        return _first_dim_last(_columns_joined(found))

    def _with_shape(self, found: Tensor, x: Tensor, rows: Any) -> Tensor:
        if x.get_shape().is_fully_defined():
            batch = api.broadcast_static_shape(x.get_shape()[:-2], self.batch_shape)
            found.set_shape(batch.concatenate(TensorShape([rows, x.get_shape()[-1]])))
        return found

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        x = api.linalg.adjoint(x) if adjoint_arg else x
        found = self._by_turns(x, adjoint, lambda operator, t: operator.matmul(t, adjoint=adjoint),
                               lambda operator, t: operator.matvec(t, adjoint=adjoint))
        return self._with_shape(found, x, self.domain_dimension if adjoint else self.range_dimension)

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        rhs = api.linalg.adjoint(rhs) if adjoint_arg else rhs
        found = self._by_turns(rhs, adjoint, lambda operator, t: operator.solve(t, adjoint=adjoint),
                               lambda operator, t: operator.solvevec(t, adjoint=adjoint))
        return self._with_shape(found, rhs, self.range_dimension if adjoint else self.domain_dimension)

    def _power(self, operator: LinearOperator, total: Tensor) -> Tensor:
        """How often the determinant of a factor stands in that of the product."""
        return api.cast(total / operator.domain_dimension_tensor(), dtype=operator.dtype)

    def _determinant(self) -> Tensor:
        total = self.domain_dimension_tensor()
        found: Any = 1.0
        for operator in self.operators:
            determinant = operator.determinant()
            found *= determinant ** self._power(operator, total)
        return found

    def _log_abs_determinant(self) -> Tensor:
        total = self.domain_dimension_tensor()
        found: Any = 0.0
        for operator in self.operators:
            determinant = operator.log_abs_determinant()
            found += determinant * self._power(operator, total)
        return found

    def _trace(self) -> Tensor:
        found: Any = 1.0
        for operator in self.operators:
            found *= operator.trace()
        return found

    def _diag_part(self) -> Tensor:
        found = self.operators[0].diag_part()
        for operator in self.operators[1:]:
            found = found[..., :, None]
            found = found * operator.diag_part()[..., None, :]
            found = api.reshape(found, api.concat([api.shape(found)[:-2], [-1]], axis=0))
        if self.range_dimension.value is not None and self.domain_dimension.value is not None:
            least = min(self.range_dimension.value, self.domain_dimension.value)
            found.set_shape(self.batch_shape.concatenate([least]))
        return found

    def _to_dense(self) -> Tensor:
        found = self.operators[0].to_dense()
        for operator in self.operators[1:]:
            found = found[..., :, None, :, None]
            found = found * operator.to_dense()[..., None, :, None, :]
            found = api.reshape(found, api.concat([
                api.shape(found)[:-4], [api.shape(found)[-4] * api.shape(found)[-3],
                                        api.shape(found)[-2] * api.shape(found)[-1]]], axis=0))
        found.set_shape(self.shape)
        return found

    def _assert_non_singular(self) -> Operation:
        if not all(operator.is_square for operator in self.operators):
            raise ValueError("All Kronecker factors must be square for the product to be invertible. Expected "
                             "hint `is_square` to be True for every operator in argument `operators`.")
        return api.group([operator.assert_non_singular() for operator in self.operators])

    def _assert_self_adjoint(self) -> Operation:
        if not all(operator.is_square for operator in self.operators):
            raise ValueError("All Kronecker factors must be square for the product to be self adjoint. Expected "
                             "hint `is_square` to be True for every operator in argument `operators`.")
        return api.group([operator.assert_self_adjoint() for operator in self.operators])
