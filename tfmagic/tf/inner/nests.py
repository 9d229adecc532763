"""`nest` beyond the public `tf.nest`: paths, and structures opened as far as another one goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tfmagic.base import nest


def _children(structure: Any, expand: bool = False) -> list[tuple[Any, Any]]:
    """The keys and values one floor down, in the order of `nest.flatten`."""
    if isinstance(structure, Mapping):
        return [(key, structure[key]) for key in sorted(structure)]
    if hasattr(structure, "_fields"):
        return [(name, getattr(structure, name)) for name in structure._fields]
    return list(enumerate(structure._composite_parts() if expand and nest.is_composite(structure) else structure))


def _opens(structure: Any, expand: bool) -> bool:
    return nest.is_nested(structure) or (expand and nest.is_composite(structure))


def _paths(structure: Any, expand: bool) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if not _opens(structure, expand):
        yield (), structure
        return
    for key, child in _children(structure, expand):
        for path, value in _paths(child, expand):
            yield (key, *path), value


def _joined(path: tuple[Any, ...], separator: str = "/") -> str:
    return separator.join(str(key) for key in path)


def _named(kwargs: dict[str, Any], *names: str) -> dict[str, Any]:
    """Named arguments behind a list of structures.

    Raises:
      ValueError: there is one of another name.
    """
    unknown = sorted(set(kwargs) - set(names))
    if unknown:
        raise ValueError(f"Only valid keyword arguments are {', '.join(names)}, not: `{'`, `'.join(unknown)}`")
    return kwargs


def yield_flat_paths(nest: Any, expand_composites: bool = False) -> Iterator[tuple[Any, ...]]:
    """The path of keys to each value, in the order of `nest.flatten`."""
    return (path for path, _ in _paths(nest, expand_composites))


def flatten_with_tuple_paths(structure: Any, expand_composites: bool = False) -> list[tuple[tuple[Any, ...], Any]]:
    """Pairs of a path and the value that it leads to."""
    return list(_paths(structure, expand_composites))


def flatten_with_joined_string_paths(structure: Any, separator: str = "/",
                                     expand_composites: bool = False) -> list[tuple[str, Any]]:
    """Pairs of a path, written as one string, and the value that it leads to."""
    return [(_joined(path, separator), value) for path, value in flatten_with_tuple_paths(structure, expand_composites)]


def map_structure_with_tuple_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """`nest.map_structure` of a function that takes the path first, as a tuple."""
    given = _named(kwargs, "check_types", "expand_composites")
    expand = given.get("expand_composites", False)
    for other in structure[1:]:
        nest.assert_same_structure(structure[0], other, **given)
    flat = zip(yield_flat_paths(structure[0], expand), *(nest.flatten(s, expand) for s in structure))
    return nest.pack_sequence_as(structure[0], [func(*values) for values in flat], expand)


def map_structure_with_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """`nest.map_structure` of a function that takes the path first, as a string with slashes."""
    return map_structure_with_tuple_paths(lambda path, *values: func(_joined(path), *values), *structure, **kwargs)


def assert_shallow_structure(shallow_tree: Any, input_tree: Any, check_types: bool = True,
                             expand_composites: bool = False, check_subtrees_length: bool = True) -> None:
    """Check that a structure goes at least as deep as another one, in the same form.

    Raises:
      TypeError: one has no values where the other has, or they are of other types.
      ValueError: other lengths or keys.
    """
    if not _opens(shallow_tree, expand_composites):
        return
    if not _opens(input_tree, expand_composites):
        raise TypeError("If shallow structure is a sequence, input must also be a sequence. Input has type: "
                        f"{type(input_tree)}.")
    both_mappings = isinstance(shallow_tree, Mapping) and isinstance(input_tree, Mapping)
    if check_types and type(shallow_tree) is not type(input_tree) and not both_mappings:
        raise TypeError("The two structures don't have the same sequence type. Input structure has type "
                        f"{type(input_tree)}, while shallow structure has type {type(shallow_tree)}.")
    if both_mappings:
        unknown = [key for key in shallow_tree if key not in input_tree]
        if unknown:
            raise ValueError("The shallow_tree's keys are not a subset of the input_tree's keys. The shallow_tree has "
                             f"the following keys that are not in the input_tree: {unknown}.")
    elif check_subtrees_length and len(shallow_tree) != len(input_tree):
        raise ValueError("The two structures don't have the same sequence length. Input structure has length "
                         f"{len(input_tree)}, while shallow structure has length {len(shallow_tree)}.")
    inputs = dict(_children(input_tree, expand_composites))
    for key, child in _children(shallow_tree, expand_composites):
        assert_shallow_structure(child, inputs[key], check_types, expand_composites, check_subtrees_length)


def _up_to(shallow_tree: Any, input_tree: Any, expand: bool) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if not _opens(shallow_tree, expand):
        yield (), input_tree
        return
    inputs = dict(_children(input_tree, expand))
    for key, child in _children(shallow_tree, expand):
        for path, value in _up_to(child, inputs[key], expand):
            yield (key, *path), value


def flatten_with_tuple_paths_up_to(shallow_tree: Any, input_tree: Any, check_types: bool = True,
                                   expand_composites: bool = False,
                                   check_subtrees_length: bool = True) -> list[tuple[tuple[Any, ...], Any]]:
    """Pairs of a path and what stands there in `input_tree`, as deep as `shallow_tree` goes."""
    assert_shallow_structure(shallow_tree, input_tree, check_types, expand_composites, check_subtrees_length)
    return list(_up_to(shallow_tree, input_tree, expand_composites))


def flatten_up_to(shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False,
                  check_subtrees_length: bool = True) -> list[Any]:
    """What stands in `input_tree` where `shallow_tree` has its values."""
    return [value for _, value in flatten_with_tuple_paths_up_to(
        shallow_tree, input_tree, check_types, expand_composites, check_subtrees_length)]


def map_structure_with_tuple_paths_up_to(shallow_tree: Any, func: Callable[..., Any], *inputs: Any,
                                         **kwargs: Any) -> Any:
    """`map_structure_up_to` of a function that takes the path first, as a tuple.

    Raises:
      ValueError: no structures are given.
    """
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    given = _named(kwargs, "check_types", "expand_composites", "check_subtrees_length")
    flat = [flatten_with_tuple_paths_up_to(shallow_tree, tree, **given) for tree in inputs]
    results = [func(row[0][0], *(value for _, value in row)) for row in zip(*flat)]
    return nest.pack_sequence_as(shallow_tree, results, given.get("expand_composites", False))


def map_structure_up_to(shallow_tree: Any, func: Callable[..., Any], *inputs: Any, **kwargs: Any) -> Any:
    """Calls a function with what stands in structures where `shallow_tree` has its values, and packs the results."""
    return map_structure_with_tuple_paths_up_to(shallow_tree, lambda _, *values: func(*values), *inputs, **kwargs)


def get_traverse_shallow_structure(traverse_fn: Callable[[Any], Any], structure: Any,
                                   expand_composites: bool = False) -> Any:
    """The shallow structure that goes down wherever `traverse_fn` says so: a bool, or a structure of them.

    Raises:
      TypeError: it says something else.
    """
    wanted = traverse_fn(structure)
    if not _opens(structure, expand_composites):
        if not isinstance(wanted, bool):
            raise TypeError(f"traverse_fn returned structure: {wanted} for non-structure: {structure}")
        return wanted
    if isinstance(wanted, bool):
        if not wanted:
            return False
        parts = [get_traverse_shallow_structure(traverse_fn, child, expand_composites)
                 for _, child in _children(structure, expand_composites)]
    else:
        assert_shallow_structure(wanted, structure, expand_composites=expand_composites)
        inputs = dict(_children(structure, expand_composites))
        parts = [get_traverse_shallow_structure(traverse_fn, inputs[key], expand_composites) if go else False
                 for key, go in _children(wanted)]
    if isinstance(structure, Mapping):
        return type(structure)(zip(sorted(structure), parts))  # type: ignore[call-arg]
    return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
