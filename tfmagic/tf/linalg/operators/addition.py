"""Sums of linear operators: the simplest operator that a sum is, found tier by tier."""

from __future__ import annotations

import abc
from typing import Any

from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.identity import LinearOperatorIdentity, LinearOperatorScaledIdentity
from tfmagic.tf.linalg.operators.stored import (
    LinearOperatorDiag,
    LinearOperatorFullMatrix,
    LinearOperatorLowerTriangular,
)

IDENTITY, SCALED_IDENTITY, DIAG, TRIL, MATRIX = "identity", "scaled_identity", "diag", "tril", "matrix"
IDENTITY_FAMILY = {IDENTITY, SCALED_IDENTITY}
DIAG_LIKE = {DIAG, IDENTITY, SCALED_IDENTITY}
# Those that add themselves to a matrix without becoming one.
EFFICIENT_ADD_TO_TENSOR = {DIAG, IDENTITY, SCALED_IDENTITY}

_KINDS = ((LinearOperatorDiag, DIAG), (LinearOperatorLowerTriangular, TRIL), (LinearOperatorFullMatrix, MATRIX),
          (LinearOperatorIdentity, IDENTITY), (LinearOperatorScaledIdentity, SCALED_IDENTITY))


def kind_of(operator: Any) -> str:
    """Which of the kinds above an operator is.

    Raises:
      TypeError: none of them.
    """
    for cls, kind in _KINDS:
        if isinstance(operator, cls):
            return kind
    raise TypeError(f"Operator type unknown: {operator}")


class Hints:
    """What is known of an operator."""

    def __init__(self, is_non_singular: bool | None = None, is_positive_definite: bool | None = None,
                 is_self_adjoint: bool | None = None):
        self.is_non_singular = is_non_singular
        self.is_positive_definite = is_positive_definite
        self.is_self_adjoint = is_self_adjoint


def hints_of_sum(op1: Any, op2: Any, hints: Hints | None) -> Hints:
    """What is known of the sum of two operators, or said of it."""
    hints = hints or Hints()
    self_adjoint, definite, regular = hints.is_self_adjoint, hints.is_positive_definite, hints.is_non_singular
    if self_adjoint is None:
        self_adjoint = True if op1.is_self_adjoint and op2.is_self_adjoint else None
    if definite is None:
        definite = True if op1.is_positive_definite and op2.is_positive_definite else None
    if regular is None:
        regular = True if definite else None
    return Hints(regular, definite, self_adjoint)


class Adder(metaclass=abc.ABCMeta):
    """Adds two operators of certain kinds, and gives one of a certain class."""

    @property
    def name(self) -> str:
        """The name of its class, as TensorFlow has it."""
        return "_" + type(self).__name__

    @abc.abstractmethod
    def can_add(self, op1: Any, op2: Any) -> bool:
        """Whether it adds operators such as these."""

    @abc.abstractmethod
    def _add(self, op1: Any, op2: Any, operator_name: str, hints: Hints) -> Any:
        """The sum."""

    def add(self, op1: Any, op2: Any, operator_name: str | None, hints: Hints | None = None) -> Any:
        """The sum of two operators.

        Args:
          op1, op2: operators for which `can_add` holds.
          operator_name: of the sum; by default made of theirs.
          hints: what is known of the sum.
        """
        known = hints_of_sum(op1, op2, hints)
        name = f"Add/{op1.name}__{op2.name}/" if operator_name is None else operator_name
        with name_scope(type(self).__name__):
            return self._add(op1, op2, name, known)


class AddAndReturnScaledIdentity(Adder):
    """Adds multiples of the identity."""

    def can_add(self, op1: Any, op2: Any) -> bool:
        """Whether both are multiples of the identity."""
        return {kind_of(op1), kind_of(op2)} <= IDENTITY_FAMILY

    def _add(self, op1: Any, op2: Any, operator_name: str, hints: Hints) -> Any:
        def factor(operator: Any) -> Any:
            if kind_of(operator) == SCALED_IDENTITY:
                return operator.multiplier
            return api.ones(operator.batch_shape_tensor(), dtype=operator.dtype)

        return LinearOperatorScaledIdentity(num_rows=op1.range_dimension_tensor(), multiplier=factor(op1) + factor(op2),
                                            name=operator_name, **vars(hints))


class AddAndReturnDiag(Adder):
    """Adds diagonal operators."""

    def can_add(self, op1: Any, op2: Any) -> bool:
        """Whether both are diagonal."""
        return {kind_of(op1), kind_of(op2)} <= DIAG_LIKE

    def _add(self, op1: Any, op2: Any, operator_name: str, hints: Hints) -> Any:
        return LinearOperatorDiag(diag=op1.diag_part() + op2.diag_part(), name=operator_name, **vars(hints))


def _dense_sum(a: Any, b: Any) -> Any:
    """The sum of two operators as a matrix, of which but one becomes a matrix for it where that is possible."""
    if kind_of(a) in EFFICIENT_ADD_TO_TENSOR:
        return a.add_to_tensor(b.to_dense())
    return b.add_to_tensor(a.to_dense())


class AddAndReturnTriL(Adder):
    """Adds lower triangles and diagonal operators."""

    def can_add(self, op1: Any, op2: Any) -> bool:
        """Whether both are lower triangles or diagonal."""
        return {kind_of(op1), kind_of(op2)} <= DIAG_LIKE | {TRIL}

    def _add(self, op1: Any, op2: Any, operator_name: str, hints: Hints) -> Any:
        return LinearOperatorLowerTriangular(tril=_dense_sum(op1, op2), name=operator_name, **vars(hints))


class AddAndReturnMatrix(Adder):
    """Adds any two operators."""

    def can_add(self, op1: Any, op2: Any) -> bool:
        """Whether both are operators."""
        return isinstance(op1, LinearOperator) and isinstance(op2, LinearOperator)

    def _add(self, op1: Any, op2: Any, operator_name: str, hints: Hints) -> Any:
        return LinearOperatorFullMatrix(matrix=_dense_sum(op1, op2), name=operator_name, **vars(hints))


DEFAULT_ADDITION_TIERS: list[list[Adder]] = [[AddAndReturnScaledIdentity()], [AddAndReturnDiag()],
                                             [AddAndReturnTriL()], [AddAndReturnMatrix()]]


def _refuse_other_dimensions(operators: list[Any]) -> None:
    for which in ("domain", "range"):
        known = [(op.name, getattr(op, f"{which}_dimension").value) for op in operators]
        known = [(name, size) for name, size in known if size is not None]
        if len({size for _, size in known}) > 1:
            raise ValueError(f"Operators must have the same {which} dimension. Found: {known}")


def _refuse_other_batches(operators: list[Any]) -> None:
    batch = operators[0].batch_shape
    for operator in operators[1:]:
        batch = api.broadcast_static_shape(batch, operator.batch_shape)


def pop_a_match_at_tier(op1: Any, operator_list: list[Any], tier: list[Adder]) -> tuple[Any, Any]:
    """Take the last operator out of a list that an adder of a tier can add to `op1`.

    Returns:
      The operator and the adder, or twice None.
    """
    for place in reversed(range(len(operator_list))):
        for adder in tier:
            if adder.can_add(op1, operator_list[place]):
                return operator_list.pop(place), adder
    return None, None


def add_operators(operators: Any, operator_name: str | None = None, addition_tiers: Any = None,
                  name: str | None = None) -> list[Any]:
    """Add operators as far as the adders of the tiers can, those of the first tier first.

    Args:
      operators: linear operators of one shape, save for batches that broadcast.
      operator_name: of the sums.
      addition_tiers: lists of adders; by default such that one operator is left.
      name: of the scope.

    Returns:
      The operators that are left.

    Raises:
      TypeError: `operators` is no sequence, or not all in it are operators.
      ValueError: there are none, or their shapes do not fit.
    """
    tiers = DEFAULT_ADDITION_TIERS if addition_tiers is None else addition_tiers
    api.debugging.assert_proper_iterable(operators)
    given = list(operators)
    operators = list(reversed(given))  # added to each other from the first on
    if not operators:
        raise ValueError(f"Argument 'operators' must contain at least one operator.  Found: {operators}")
    if not all(isinstance(operator, LinearOperator) for operator in operators):
        raise TypeError(f"Argument 'operators' must contain only LinearOperator instances.  Found: {operators}")
    _refuse_other_dimensions(operators)
    _refuse_other_batches(operators)
    with name_scope(name or "add_operators"):
        following = operators
        for tier in tiers:
            present, following = following, []
            while present:
                op1 = present.pop()
                op2, adder = pop_a_match_at_tier(op1, present, tier)
                if adder is None:
                    following.append(op1)
                else:
                    present.append(adder.add(op1, op2, operator_name))
        return following
