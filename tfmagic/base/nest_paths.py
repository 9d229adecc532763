"""Structures that are followed only as deep as a shallow one goes, and leaves with the way that leads to them."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import nest

Path = tuple[Any, ...]


def _named_children(value: Any, expand_composites: bool) -> list[tuple[Any, Any]]:
    """The parts of a structure in order, each with its key, field or number."""
    parts = list(nest.children(value, expand_composites))
    if isinstance(value, collections.abc.Mapping):
        return list(zip(nest.sorted_keys(value), parts))
    fields = getattr(value, "_fields", None) if isinstance(value, tuple) else None
    if nest.is_attrs(value):
        fields = [attribute.name for attribute in type(value).__attrs_attrs__]
    return list(zip(fields or range(len(parts)), parts))


def _walk_up_to(shallow: Any, tree: Any, expand: bool, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if not nest.opens(shallow, expand):
        yield path, tree
        return
    found = dict(_named_children(tree, expand))
    own = _named_children(shallow, expand)
    if not isinstance(shallow, collections.abc.Mapping):
        found = {name: part for (name, _), part in zip(own, found.values())}
    for name, part in own:
        yield from _walk_up_to(part, found[name], expand, (*path, name))


def assert_shallow_structure(shallow_tree: Any, input_tree: Any, check_types: bool = True,
                             expand_composites: bool = False, check_subtrees_length: bool = True) -> None:
    """Check that a structure nests at least as a shallow one does.

    Args:
      check_types: whether sequences have to be of the same types.
      expand_composites: whether sparse tensors and the like come apart.
      check_subtrees_length: whether the sequences have to be as long; else a dict may hold more.

    Raises:
      TypeError: there is no sequence where the shallow one has one, or one of another type.
      ValueError: one is of another length, or lacks a key.
    """
    if not nest.opens(shallow_tree, expand_composites):
        return
    if not nest.opens(input_tree, expand_composites):
        raise TypeError("If shallow structure is a sequence, input must also be a sequence. Input has type: "
                        f"{type(input_tree)}.")
    mappings = [isinstance(tree, collections.abc.Mapping) for tree in (shallow_tree, input_tree)]
    if check_types and not all(mappings) and not nest.same_kind(shallow_tree, input_tree):
        raise TypeError("The two structures don't have the same sequence type. Input structure has type "
                        f"{type(input_tree)}, while shallow structure has type {type(shallow_tree)}.")
    own, other = (_named_children(tree, expand_composites) for tree in (shallow_tree, input_tree))
    if all(mappings):
        lacking = [key for key, _ in own if key not in input_tree]
        if lacking:
            raise ValueError("The shallow_tree's keys are not a subset of the input_tree's keys. The shallow_tree has "
                             f"the following keys that are not in the input_tree: {lacking}.")
    if check_subtrees_length and len(own) != len(other):
        raise ValueError("The two structures don't have the same sequence length. Input structure has length "
                         f"{len(other)}, while shallow structure has length {len(own)}.")
    found = dict(other) if all(mappings) else {name: part for (name, _), (_, part) in zip(own, other)}
    for name, part in own:
        if name in found:
            assert_shallow_structure(part, found[name], check_types, expand_composites, check_subtrees_length)


def flatten_with_tuple_paths_up_to(shallow_tree: Any, input_tree: Any, check_types: bool = True,
                                   expand_composites: bool = False,
                                   check_subtrees_length: bool = True) -> list[tuple[Path, Any]]:
    """What stands in the places of a shallow structure's leaves, each with the keys that lead to it.

    Raises:
      TypeError, ValueError: the structure does not nest as the shallow one (`assert_shallow_structure`).
    """
    assert_shallow_structure(shallow_tree, input_tree, check_types, expand_composites, check_subtrees_length)
    return list(_walk_up_to(shallow_tree, input_tree, expand_composites))


def flatten_up_to(shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False,
                  check_subtrees_length: bool = True) -> list[Any]:
    """What stands in the places of a shallow structure's leaves.

    Raises:
      TypeError, ValueError: the structure does not nest as the shallow one (`assert_shallow_structure`).
    """
    return [part for _, part in flatten_with_tuple_paths_up_to(shallow_tree, input_tree, check_types,
                                                               expand_composites, check_subtrees_length)]


def map_structure_with_tuple_paths_up_to(shallow_tree: Any, func: Callable[..., Any], *inputs: Any,
                                         **kwargs: Any) -> Any:
    """Apply `func(path, *parts)` in the places of a shallow structure's leaves; the results nest as that does.

    Raises:
      TypeError, ValueError: there is no structure, or one that does not nest as the shallow one.
    """
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    check_types, expand = kwargs.pop("check_types", True), kwargs.pop("expand_composites", False)
    check_length = kwargs.pop("check_subtrees_length", True)
    rows = [flatten_with_tuple_paths_up_to(shallow_tree, tree, check_types, expand, check_length) for tree in inputs]
    paths = [path for path, _ in _walk_up_to(shallow_tree, shallow_tree, expand)]
    columns = [[part for _, part in row] for row in rows]
    return nest.pack_sequence_as(shallow_tree, [func(*items, **kwargs) for items in zip(paths, *columns)], expand)


def map_structure_up_to(shallow_tree: Any, func: Callable[..., Any], *inputs: Any, **kwargs: Any) -> Any:
    """Apply `func(*parts)` in the places of a shallow structure's leaves; the results nest as that does.

    Raises:
      TypeError, ValueError: there is no structure, or one that does not nest as the shallow one.
    """
    return map_structure_with_tuple_paths_up_to(shallow_tree, lambda _, *parts, **more: func(*parts, **more), *inputs,
                                                **kwargs)


def flatten_with_tuple_paths(structure: Any, expand_composites: bool = False) -> list[tuple[Path, Any]]:
    """The leaves of a structure in order, each with the keys that lead to it."""
    return list(_walk_up_to(structure, structure, expand_composites))


def yield_flat_paths(nest: Any, expand_composites: bool = False) -> Iterator[Path]:
    """The path to each value, in the order of `nest.flatten`."""
    return (path for path, _ in flatten_with_tuple_paths(nest, expand_composites))


def flatten_with_joined_string_paths(structure: Any, separator: str = "/",
                                     expand_composites: bool = False) -> list[tuple[str, Any]]:
    """The leaves of a structure in order, each with the keys that lead to it as one text."""
    return [(_joined(path, separator), leaf) for path, leaf in flatten_with_tuple_paths(structure, expand_composites)]


def _joined(path: Path, separator: str = "/") -> str:
    return separator.join(map(str, path))


def map_structure_with_tuple_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Apply `func(path, *leaves)` to the leaves of structures that are alike.

    Raises:
      IndexError: there is no structure.
      TypeError, ValueError: they are not alike.
    """
    return map_structure_with_tuple_paths_up_to(structure[0], func, *structure, **kwargs)


def map_structure_with_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Apply `func("path/to", *leaves)` to the leaves of structures that are alike.

    Raises:
      IndexError: there is no structure.
      TypeError, ValueError: they are not alike.
    """
    return map_structure_with_tuple_paths_up_to(
        structure[0], lambda path, *leaves, **more: func(_joined(path), *leaves, **more), *structure, **kwargs)


def get_traverse_shallow_structure(traverse_fn: Callable[[Any], Any], structure: Any,
                                   expand_composites: bool = False) -> Any:
    """A shallow structure of bools that says how deep a structure is to be followed.

    Args:
      traverse_fn: of a part it gives a bool, or a structure of bools for what is in it.

    Raises:
      TypeError: it gives something else.
      ValueError: it gives a structure of another length.
    """
    into = traverse_fn(structure)
    if not nest.opens(structure, expand_composites):
        if not isinstance(into, bool):
            raise TypeError(f"traverse_fn returned structure: {into} for non-structure: {structure}")
        return into
    if not nest.is_nested(into):
        if not isinstance(into, bool):
            raise TypeError(f"traverse_fn returned a non-bool scalar: {into} for input: {structure}")
        if not into:
            return False
        return nest.like(structure, [get_traverse_shallow_structure(traverse_fn, part, expand_composites)
                                     for part in nest.children(structure, expand_composites)])
    assert_shallow_structure(into, structure, expand_composites=expand_composites)
    below = []
    for wanted, part in zip(nest.children(into, expand_composites), nest.children(structure, expand_composites)):
        if not isinstance(wanted, bool):
            raise TypeError(f"traverse_fn didn't return a depth=1 structure of bools.  saw: {into}  for structure: "
                            f"{structure}")
        below.append(get_traverse_shallow_structure(traverse_fn, part, expand_composites) if wanted else False)
    return nest.like(structure, below)


def is_sequence(o: Any) -> bool:
    """Whether a value nests (`tf.nest.is_nested`)."""
    return nest.is_nested(o)


def sorted_keys(dict_: Any) -> list[Any]:
    """The keys of a dictionary in order.

    Raises:
      TypeError: they have none.
    """
    return nest.sorted_keys(dict_)


def sequence_like(instance: Any, args: list[Any]) -> Any:
    """A structure of the kind of `instance` around values."""
    return nest.like(instance, args)


def is_sequence_or_composite(o: Any) -> bool:
    """Whether a value nests, or consists of several tensors."""
    return nest.opens(o, True)


def yield_value(iterable: Any) -> Iterator[Any]:
    """The parts of a structure in order."""
    return nest.children(iterable, False)
