"""What operators make of operators: a table by their classes, asked for the nearest pair of base classes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

from tfmagic.base.slots import Slot
from tfmagic.graph.scopes import name_scope

_rules = Slot("linear operator rules")  # they make operators of every class


# How TensorFlow calls what is not registered.
_LONG = {"Cholesky": "cholesky decomposition"}


def registered(what: str, *classes: type) -> Callable[..., Any] | None:
    """The function that does `what` to operators of these classes, the nearest one; or None."""
    rules = _rules.load()[what]
    best = None
    bases = [cls.__mro__ for cls in classes]
    for places in itertools.product(*(range(len(base)) for base in bases)):
        function = rules.get(tuple(base[place] for base, place in zip(bases, places)))
        if function is not None and (best is None or sum(places) < best[0]):
            best = (sum(places), function)
    return None if best is None else best[1]


def _apply(what: str, operators: tuple[Any, ...], name: str | None) -> Any:
    classes = [type(operator) for operator in operators]
    function = registered(what, *classes)
    if function is None:
        first = f"No {_LONG.get(what, what.lower())} registered for {classes[0]}"
        raise ValueError(first if len(classes) == 1 else f"{first}.{what.lower()}({classes[1]})")
    with name_scope(name, what):
        return function(*operators)


def adjoint(lin_op_a: Any, name: str | None = None) -> Any:
    """The adjoint of an operator."""
    return _apply("Adjoint", (lin_op_a,), name)


def cholesky(lin_op_a: Any, name: str | None = None) -> Any:
    """Cholesky's factor of an operator."""
    return _apply("Cholesky", (lin_op_a,), name)


def inverse(lin_op_a: Any, name: str | None = None) -> Any:
    """The inverse of an operator."""
    return _apply("Inverse", (lin_op_a,), name)


def matmul(lin_op_a: Any, lin_op_b: Any, name: str | None = None) -> Any:
    """The product of two operators."""
    return _apply("Matmul", (lin_op_a, lin_op_b), name)


def solve(lin_op_a: Any, lin_op_b: Any, name: str | None = None) -> Any:
    """The inverse of one operator times another."""
    return _apply("Solve", (lin_op_a, lin_op_b), name)


class _Register:
    """Decorator: the function that does something to operators of a class, or of two classes.

    Raises:
      TypeError: it decorates no function.
      ValueError: there is one already.
    """

    what = ""

    def __init__(self, *classes: type):
        self._key = classes

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(function):
            raise TypeError(f"{self.what.lower()}_fn must be callable, received: {function}")
        rules = _rules.load()[self.what]
        if self._key in rules:
            names = ", ".join(cls.__name__ for cls in self._key)
            to = f" to: {rules[self._key]}" if len(self._key) == 1 else "."
            raise ValueError(f"{self.what}({names}) has already been registered{to}")
        rules[self._key] = function
        return function


class RegisterAdjoint(_Register):
    """Decorator: the function that makes the adjoint of operators of a class."""

    what = "Adjoint"

    def __init__(self, lin_op_cls_a: type):
        super().__init__(lin_op_cls_a)


class RegisterCholesky(RegisterAdjoint):
    """Decorator: the function that makes Cholesky's factor of operators of a class."""

    what = "Cholesky"


class RegisterInverse(RegisterAdjoint):
    """Decorator: the function that makes the inverse of operators of a class."""

    what = "Inverse"


class RegisterMatmul(_Register):
    """Decorator: the function that multiplies operators of two classes."""

    what = "Matmul"

    def __init__(self, lin_op_cls_a: type, lin_op_cls_b: type):
        super().__init__(lin_op_cls_a, lin_op_cls_b)


class RegisterSolve(RegisterMatmul):
    """Decorator: the function that solves an operator of one class for one of another."""

    what = "Solve"


# What TensorFlow's module has beside these.
registered_adjoint = functools.partial(registered, "Adjoint")
registered_cholesky = functools.partial(registered, "Cholesky")
registered_inverse = functools.partial(registered, "Inverse")
registered_matmul = functools.partial(registered, "Matmul")
registered_solve = functools.partial(registered, "Solve")


def _table(what: str) -> dict[tuple[type, ...], Callable[..., Any]]:
    """All functions that do `what`, by the classes of the operators."""
    return _rules.load()[what]


adjoints = functools.partial(_table, "Adjoint")
cholesky_factors = functools.partial(_table, "Cholesky")
inverses = functools.partial(_table, "Inverse")
products = functools.partial(_table, "Matmul")
solutions = functools.partial(_table, "Solve")


def non_singular(operator_a: Any, operator_b: Any) -> bool | None:
    """Whether a product surely has an inverse."""
    if operator_a.is_non_singular is False or operator_b.is_non_singular is False:
        return False
    return True if operator_a.is_non_singular and operator_b.is_non_singular else None


def commuting_self_adjoint(operator_a: Any, operator_b: Any) -> bool | None:
    """Whether a product of operators that commute is self-adjoint."""
    return True if operator_a.is_self_adjoint and operator_b.is_self_adjoint else None


def commuting_positive_definite(operator_a: Any, operator_b: Any) -> bool | None:
    """Whether a product of operators that commute is positive definite."""
    return True if (operator_a.is_positive_definite is True and operator_a.is_self_adjoint is True
                    and operator_b.is_positive_definite is True and operator_b.is_self_adjoint is True) else None


def square(operator_a: Any, operator_b: Any) -> bool | None:
    """Whether a product is square."""
    if operator_a.is_square and operator_b.is_square:
        return True
    if (operator_a.range_dimension.value is not None and operator_b.domain_dimension.value is not None):
        return operator_a.range_dimension == operator_b.domain_dimension
    return None
