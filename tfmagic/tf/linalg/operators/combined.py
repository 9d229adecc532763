"""Operators made of operators: products, inverses, adjoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.broadcasting import agreed_hint


def implied(hint: bool | None, parts: Sequence[bool | None], words: str) -> bool | None:
    """A hint of a whole: True where it is so of all its parts.

    Raises:
      ValueError: it is so, and the hint denies it.
    """
    if not all(parts):
        return hint
    if hint is False:
        raise ValueError(words)
    return True


def one_type(operators: Sequence[LinearOperator]) -> Any:
    """The type of all operators.

    Raises:
      ValueError: there are none.
      TypeError: they are of several types.
    """
    if not operators:
        raise ValueError(f"Expected a non-empty list of operators. Found: {operators}")
    dtype = operators[0].dtype
    for operator in operators:
        if operator.dtype != dtype:
            found = "   ".join(str((one.name, one.dtype)) for one in operators)
            raise TypeError(f"Expected all operators to have the same dtype.  Found {found}")
    return dtype


@export("linalg.LinearOperatorComposition")
class LinearOperatorComposition(LinearOperator):
    """The product of operators (see `LinearOperator` for the hints).

    Args:
      operators: the factors.
      name: of the scopes; their names with `_o_` between them.

    Raises:
      ValueError: there are none, or their sizes do not fit.
      TypeError: they are of several types.
    """

    def __init__(self, operators: Sequence[LinearOperator], is_non_singular: bool | None = None,
                 is_self_adjoint: bool | None = None, is_positive_definite: bool | None = None,
                 is_square: bool | None = None, name: str | None = None):
        dtype = one_type(operators)
        self._operators = list(operators)
        is_non_singular = implied(is_non_singular, [operator.is_non_singular for operator in operators],
                                  "The composition of non-singular operators is always non-singular.")
        parents = [parent for operator in operators for parent in operator.graph_parents]
        name = "_o_".join(operator.name for operator in operators) if name is None else name
        with name_scope(name, values=parents):
            super().__init__(dtype, parents, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    @property
    def operators(self) -> list[LinearOperator]:
        """The factors."""
        return self._operators

    def _shape(self) -> TensorShape:
        domain = self.operators[0].domain_dimension
        for operator in self.operators[1:]:
            domain.assert_is_compatible_with(operator.range_dimension)
            domain = operator.domain_dimension
        matrix = TensorShape([self.operators[0].range_dimension, self.operators[-1].domain_dimension])
        batch = self.operators[0].batch_shape
        for operator in self.operators[1:]:
            batch = api.broadcast_static_shape(batch, operator.batch_shape)
        return batch.concatenate(matrix)

    def _shape_tensor(self) -> Tensor:
        matrix = api.stack([self.operators[0].range_dimension_tensor(), self.operators[-1].domain_dimension_tensor()])
        zeros = api.zeros(shape=self.operators[0].batch_shape_tensor())
        for operator in self.operators[1:]:
            zeros += api.zeros(shape=operator.batch_shape_tensor())
        return api.concat((api.shape(zeros), matrix), 0)

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        order = self.operators if adjoint else self.operators[::-1]
        result = order[0].matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)
        for operator in order[1:]:
            result = operator.matmul(result, adjoint=adjoint)
        return result

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

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        order = self.operators[::-1] if adjoint else self.operators
        solution = order[0].solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)
        for operator in order[1:]:
            solution = operator.solve(solution, adjoint=adjoint)
        return solution


class _OfOne(LinearOperator):
    """An operator made of another."""

    def _set_up(self, operator: LinearOperator, hints: dict[str, bool | None], suffix: str, name: str | None,
                message: str) -> None:
        self._operator = operator
        agreed = {hint: agreed_hint(operator, hint, given, message) for hint, given in hints.items()}
        name = operator.name + suffix if name is None else name
        with name_scope(name, values=operator.graph_parents):
            LinearOperator.__init__(self, operator.dtype, operator.graph_parents, name=name, **agreed)

    @property
    def operator(self) -> LinearOperator:
        """The other operator."""
        return self._operator


@export("linalg.LinearOperatorInversion")
class LinearOperatorInversion(_OfOne):
    """The inverse of an operator (see `LinearOperator` for the hints).

    Raises:
      ValueError: the operator surely has none.
    """

    def __init__(self, operator: LinearOperator, is_non_singular: bool | None = None,
                 is_self_adjoint: bool | None = None, is_positive_definite: bool | None = None,
                 is_square: bool | None = None, name: str | None = None):
        if operator.is_square is False or is_square is False:
            raise ValueError("Only square operators have an inverse.")
        if operator.is_non_singular is False or is_non_singular is False:
            raise ValueError(f"operator and supplied hints must have is_non_singular=True or None, and is_square=True "
                             f"or None, for it has an inverse. Found: {operator.name}")
        self._set_up(operator, {"is_non_singular": is_non_singular, "is_self_adjoint": is_self_adjoint,
                                "is_positive_definite": is_positive_definite, "is_square": is_square}, "_inv", name,
                     "An operator's inverse has its hints")

    def _assert_non_singular(self) -> Operation:
        return self.operator.assert_non_singular()

    def _assert_positive_definite(self) -> Operation:
        return self.operator.assert_positive_definite()

    def _assert_self_adjoint(self) -> Operation:
        return self.operator.assert_self_adjoint()

    def _shape(self) -> TensorShape:
        return self.operator.shape

    def _shape_tensor(self) -> Tensor:
        return self.operator.shape_tensor()

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self.operator.solve(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _determinant(self) -> Tensor:
        return 1.0 / self.operator.determinant()

    def _log_abs_determinant(self) -> Tensor:
        return -1.0 * self.operator.log_abs_determinant()

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self.operator.matmul(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)


@export("linalg.LinearOperatorAdjoint")
class LinearOperatorAdjoint(_OfOne):
    """The adjoint of an operator (see `LinearOperator` for the hints)."""

    def __init__(self, operator: LinearOperator, is_non_singular: bool | None = None,
                 is_self_adjoint: bool | None = None, is_positive_definite: bool | None = None,
                 is_square: bool | None = None, name: str | None = None):
        self._set_up(operator, {"is_non_singular": is_non_singular, "is_self_adjoint": is_self_adjoint,
                                "is_positive_definite": is_positive_definite, "is_square": is_square}, "_adjoint",
                     name, "An operator's adjoint has its hints")

    def _assert_non_singular(self) -> Operation:
        return self.operator.assert_non_singular()

    def _assert_positive_definite(self) -> Operation:
        return self.operator.assert_positive_definite()

    def _assert_self_adjoint(self) -> Operation:
        return self.operator.assert_self_adjoint()

    def _shape(self) -> TensorShape:
        shape = self.operator.shape
        if shape.ndims is None:
            return shape
        return shape[:-2].concatenate([shape[-1], shape[-2]])

    def _shape_tensor(self) -> Tensor:
        shape = self.operator.shape_tensor()
        return api.concat([shape[:-2], [shape[-1], shape[-2]]], axis=-1)

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self.operator.matmul(x, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _matvec(self, x: Tensor, adjoint: bool = False) -> Tensor:
        return self.operator.matvec(x, adjoint=not adjoint)

    def _determinant(self) -> Tensor:
        found = self.operator.determinant()
        return found if self.is_self_adjoint else api.math.conj(found)

    def _log_abs_determinant(self) -> Tensor:
        return self.operator.log_abs_determinant()

    def _trace(self) -> Tensor:
        found = self.operator.trace()
        return found if self.is_self_adjoint else api.math.conj(found)

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self.operator.solve(rhs, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _solvevec(self, rhs: Tensor, adjoint: bool = False) -> Tensor:
        return self.operator.solvevec(rhs, adjoint=not adjoint)

    def _to_dense(self) -> Tensor:
        if self.is_self_adjoint:
            return self.operator.to_dense()
        return api.linalg.adjoint(self.operator.to_dense())
