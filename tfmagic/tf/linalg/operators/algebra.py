"""What operators make of operators: a table by their classes, asked for the nearest pair of base classes."""

from __future__ import annotations

import itertools
from typing import Any

from tfmagic.base.slots import Slot
from tfmagic.graph.scopes import name_scope

_rules = Slot("linear operator rules")  # they make operators of every class


def _apply(what: str, *operators: Any) -> Any:
    bases = [type(operator).__mro__ for operator in operators]
    rules = _rules.load()[what]
    best = None
    for places in itertools.product(*(range(len(base)) for base in bases)):
        function = rules.get(tuple(base[place] for base, place in zip(bases, places)))
        if function is not None and (best is None or sum(places) < best[0]):
            best = (sum(places), function)
    if best is None:
        names = " and ".join(type(operator).__name__ for operator in operators)
        raise ValueError(f"No {what} registered for {names}")
    with name_scope(what):
        return best[1](*operators)


def adjoint(a: Any) -> Any:
    """The adjoint of an operator."""
    return _apply("Adjoint", a)


def cholesky(a: Any) -> Any:
    """Cholesky's factor of an operator."""
    return _apply("Cholesky", a)


def inverse(a: Any) -> Any:
    """The inverse of an operator."""
    return _apply("Inverse", a)


def matmul(a: Any, b: Any) -> Any:
    """The product of two operators."""
    return _apply("Matmul", a, b)


def solve(a: Any, b: Any) -> Any:
    """The inverse of one operator times another."""
    return _apply("Solve", a, b)


def non_singular(a: Any, b: Any) -> bool | None:
    """Whether a product surely has an inverse."""
    if a.is_non_singular is False or b.is_non_singular is False:
        return False
    return True if a.is_non_singular and b.is_non_singular else None


def commuting_self_adjoint(a: Any, b: Any) -> bool | None:
    """Whether a product of operators that commute is self-adjoint."""
    return True if a.is_self_adjoint and b.is_self_adjoint else None


def commuting_positive_definite(a: Any, b: Any) -> bool | None:
    """Whether a product of operators that commute is positive definite."""
    return True if (a.is_positive_definite is True and a.is_self_adjoint is True
                    and b.is_positive_definite is True and b.is_self_adjoint is True) else None


def square(a: Any, b: Any) -> bool | None:
    """Whether a product is square."""
    if a.is_square and b.is_square:
        return True
    if (a.range_dimension.value is not None and b.domain_dimension.value is not None):
        return a.range_dimension == b.domain_dimension
    return None
