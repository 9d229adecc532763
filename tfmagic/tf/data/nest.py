"""Structures of elements of data sets: tuples, named tuples and dicts nest; lists do not, they become tensors."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import nest
from tfmagic.graph.sparse_tensor import SparseTensorValue


def is_nested(value: Any) -> bool:
    """Whether a value nests."""
    if isinstance(value, SparseTensorValue):
        return False
    return isinstance(value, (tuple, collections.abc.Mapping)) or hasattr(type(value), "__attrs_attrs__")


def _children(value: Any) -> list[Any]:
    if isinstance(value, collections.abc.Mapping):
        return [value[key] for key in sorted(value)]
    if isinstance(value, tuple):
        return list(value)
    return [getattr(value, attribute.name) for attribute in type(value).__attrs_attrs__]


def flatten(structure: Any) -> list[Any]:
    """The leaves of a structure in order."""
    if not is_nested(structure):
        return [structure]
    return [leaf for child in _children(structure) for leaf in flatten(child)]


def pack_as(structure: Any, leaves: list[Any]) -> Any:
    """A structure like `structure` with these leaves."""
    given = iter(leaves)
    packed = _pack(structure, given)
    if next(given, given) is not given:
        raise ValueError(f"Structure had {len(flatten(structure))} elements, but flat_sequence had {len(leaves)} "
                         f"elements.  Structure: {structure}, flat_sequence: {leaves}.")
    return packed


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_nested(structure):
        return next(leaves)
    return nest.like(structure, [_pack(child, leaves) for child in _children(structure)])


def map_structure(function: Callable[..., Any], *structures: Any) -> Any:
    """A function of the leaves of structures that are alike."""
    for other in structures[1:]:
        assert_same(structures[0], other)
    return pack_as(structures[0], [function(*leaves) for leaves in zip(*map(flatten, structures))])


def assert_same(first: Any, second: Any) -> None:
    """Check that two structures nest alike.

    Raises:
      ValueError: they do not.
      TypeError: they do, but in different types.
    """
    problem = _difference(first, second)
    if problem is not None:
        kind, text = problem
        raise kind("The two structures don't have the same nested structure.\n\n"
                   f"First structure: {_shown(first)}\n\nSecond structure: {_shown(second)}\n\n"
                   f"More specifically: {text}")


def _shown(value: Any) -> str:
    return f"type={type(value).__name__} str={value}"


def _difference(a: Any, b: Any) -> tuple[type[Exception], str] | None:
    if is_nested(a) != is_nested(b):
        one, other = (a, b) if is_nested(a) else (b, a)
        return ValueError, f'Substructure "{_shown(one)}" is a sequence, while substructure "{_shown(other)}" is not'
    if not is_nested(a):
        return None
    if type(a) is not type(b) and not (isinstance(a, collections.abc.Mapping)
                                       and isinstance(b, collections.abc.Mapping)):
        return TypeError, ("The two structures don't have the same sequence type. First structure has type "
                           f"{type(a)}, while second structure has type {type(b)}.")
    if isinstance(a, collections.abc.Mapping) and set(a) != set(b):
        return ValueError, ("The two dictionaries don't have the same set of keys. First structure has keys "
                            f"{_shown(list(a))}, while second structure has keys {_shown(list(b))}")
    left, right = _children(a), _children(b)
    if len(left) != len(right):
        return ValueError, ("The two structures don't have the same number of elements. First structure: "
                            f"{_shown(a)}. Second structure: {_shown(b)}")
    return next((problem for pair in zip(left, right) if (problem := _difference(*pair)) is not None), None)
