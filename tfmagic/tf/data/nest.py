"""Structures of elements of data sets: tuples, named tuples and dicts nest; lists do not, they become tensors."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import nest
from tfmagic.graph.sparse_tensor import SparseTensorValue


def is_nested(o: Any) -> bool:
    """Whether a value nests."""
    if isinstance(o, SparseTensorValue):
        return False
    return isinstance(o, (tuple, collections.abc.Mapping)) or hasattr(type(o), "__attrs_attrs__")


def _children(value: Any) -> list[Any]:
    if isinstance(value, collections.abc.Mapping):
        return [value[key] for key in sorted(value)]
    if isinstance(value, tuple):
        return list(value)
    return [getattr(value, attribute.name) for attribute in type(value).__attrs_attrs__]


def flatten(nested: Any) -> list[Any]:
    """The leaves of a structure in order."""
    if not is_nested(nested):
        return [nested]
    return [leaf for child in _children(nested) for leaf in flatten(child)]


def pack_as(structure: Any, leaves: list[Any]) -> Any:
    """A structure like `structure` with these leaves."""
    given = iter(leaves)
    packed = _pack(structure, given)
    if next(given, given) is not given:
        raise ValueError(f"Structure had {len(flatten(structure))} elements, but flat_sequence had {len(leaves)} "
                         f"elements.  Structure: {structure}, flat_sequence: {leaves}.")
    return packed


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """A structure like `structure` whose leaves are those of `flat_sequence`.

    Raises:
      TypeError: `flat_sequence` is no sequence.
      ValueError: the number of leaves is another.
    """
    if not (is_nested(flat_sequence) or isinstance(flat_sequence, list)):
        raise TypeError("flat_sequence must be a sequence")
    if not is_nested(structure):
        if len(flat_sequence) != 1:
            raise ValueError(f"Structure is a scalar but len(flat_sequence) == {len(flat_sequence)} > 1")
        return flat_sequence[0]
    count = len(flatten(structure))
    if count != len(flat_sequence):
        raise ValueError(f"Could not pack sequence. Structure had {count} elements, but flat_sequence had "
                         f"{len(flat_sequence)} elements.  Structure: {structure}, flat_sequence: {flat_sequence}.")
    return pack_as(structure, list(flat_sequence))


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_nested(structure):
        return next(leaves)
    return nest.like(structure, [_pack(child, leaves) for child in _children(structure)])


def map_structure(func: Callable[..., Any], *structure: Any, **check_types_dict: Any) -> Any:
    """A function of the leaves of structures that are alike.

    Args:
      check_types: whether they have to be of the same types.

    Raises:
      TypeError: `func` cannot be called, or the structures are of different types.
      ValueError: there is none, or they nest differently, or there is another keyword.
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types = check_types_dict.pop("check_types", True)
    if check_types_dict:
        raise ValueError("Only valid keyword argument is check_types")
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types)
    return pack_as(structure[0], [func(*leaves) for leaves in zip(*map(flatten, structure))])


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True) -> None:
    """Check that two structures nest alike.

    Args:
      check_types: whether they have to be of the same types.

    Raises:
      ValueError: they do not nest alike.
      TypeError: they do, but in different types.
    """
    problem = _difference(nest1, nest2, check_types)
    if problem is not None:
        kind, text = problem
        raise kind("The two structures don't have the same nested structure.\n\n"
                   f"First structure: {_shown(nest1)}\n\nSecond structure: {_shown(nest2)}\n\n"
                   f"More specifically: {text}")


def assert_shallow_structure(shallow_tree: Any, input_tree: Any, check_types: bool = True) -> None:
    """Check that a structure nests at least as a shallow one does.

    Args:
      check_types: whether sequences have to be of the same types.

    Raises:
      TypeError: there is no sequence where the shallow one has one, or one of another type.
      ValueError: one is of another length, or has other keys.
    """
    if not is_nested(shallow_tree):
        return
    if not is_nested(input_tree):
        raise TypeError("If shallow structure is a sequence, input must also be a sequence. Input has type: "
                        f"{type(input_tree)}.")
    mappings = [isinstance(tree, collections.abc.Mapping) for tree in (shallow_tree, input_tree)]
    if check_types and not all(mappings) and not isinstance(input_tree, type(shallow_tree)):
        raise TypeError("The two structures don't have the same sequence type. Input structure has type "
                        f"{type(input_tree)}, while shallow structure has type {type(shallow_tree)}.")
    if len(_children(input_tree)) != len(_children(shallow_tree)):
        raise ValueError("The two structures don't have the same sequence length. Input structure has length "
                         f"{len(_children(input_tree))}, while shallow structure has length "
                         f"{len(_children(shallow_tree))}.")
    if check_types and all(mappings) and set(input_tree) != set(shallow_tree):
        raise ValueError("The two structures don't have the same keys. Input structure has keys "
                         f"{list(input_tree)}, while shallow structure has keys {list(shallow_tree)}.")
    for own, other in zip(_children(shallow_tree), _children(input_tree)):
        assert_shallow_structure(own, other, check_types)


def flatten_up_to(shallow_tree: Any, input_tree: Any) -> list[Any]:
    """What stands in a structure at the leaves of a shallow one.

    Raises:
      TypeError, ValueError: it does not nest as that does (`assert_shallow_structure`).
    """
    assert_shallow_structure(shallow_tree, input_tree)
    return _up_to(shallow_tree, input_tree)


def _up_to(shallow: Any, tree: Any) -> list[Any]:
    if not is_nested(shallow):
        return [tree]
    return [leaf for own, other in zip(_children(shallow), _children(tree)) for leaf in _up_to(own, other)]


def map_structure_up_to(shallow_tree: Any, func: Callable[..., Any], *inputs: Any) -> Any:
    """A function of what stands in structures at the leaves of a shallow one; the results nest as that does.

    Raises:
      ValueError: there is no structure.
      TypeError, ValueError: one does not nest as the shallow one (`assert_shallow_structure`).
    """
    if not inputs:
        raise ValueError("Argument `inputs` is empty. Cannot map over no sequences.")
    return pack_as(shallow_tree, [func(*parts) for parts in zip(*(flatten_up_to(shallow_tree, tree)
                                                                  for tree in inputs))])


def _shown(value: Any) -> str:
    return f"type={type(value).__name__} str={value}"


def _difference(a: Any, b: Any, check_types: bool) -> tuple[type[Exception], str] | None:
    if is_nested(a) != is_nested(b):
        one, other = (a, b) if is_nested(a) else (b, a)
        return ValueError, f'Substructure "{_shown(one)}" is a sequence, while substructure "{_shown(other)}" is not'
    if not is_nested(a):
        return None
    if check_types and type(a) is not type(b) and not (isinstance(a, collections.abc.Mapping)
                                       and isinstance(b, collections.abc.Mapping)):
        return TypeError, ("The two structures don't have the same sequence type. First structure has type "
                           f"{type(a)}, while second structure has type {type(b)}.")
    if check_types and isinstance(a, collections.abc.Mapping) and set(a) != set(b):
        return ValueError, ("The two dictionaries don't have the same set of keys. First structure has keys "
                            f"{_shown(list(a))}, while second structure has keys {_shown(list(b))}")
    left, right = _children(a), _children(b)
    if len(left) != len(right):
        return ValueError, ("The two structures don't have the same number of elements. First structure: "
                            f"{_shown(a)}. Second structure: {_shown(b)}")
    found = (_difference(one, other, check_types) for one, other in zip(left, right))
    return next((problem for problem in found if problem is not None), None)
