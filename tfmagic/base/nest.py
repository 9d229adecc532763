"""Nested structures of tensors: flatten them, rebuild them, compare them (`tf.nest`).

Lists, tuples, named tuples and dicts (by sorted key) nest. With `expand_composites`, values that consist of several
tensors (`IndexedSlices`, sparse tensors) come apart too: such a class offers `_composite_parts()`, its tensors in
order, and `_from_composite_parts(parts)`, which makes a new value of the same kind.
"""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfmagic.base.export import export


def _is_namedtuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")


def is_attrs(value: Any) -> bool:
    """Whether `value` is of a class of attrs."""
    return hasattr(type(value), "__attrs_attrs__")


def is_composite(value: Any) -> bool:
    """Whether `value` consists of several tensors."""
    return hasattr(value, "_composite_parts")


@export("nest.is_nested")
def is_nested(seq: Any) -> bool:
    """Whether `seq` is a list, tuple, named tuple or dict."""
    if isinstance(seq, (list, tuple, collections.abc.Mapping)) or is_attrs(seq):
        return True
    return isinstance(seq, (collections.abc.Sequence, collections.abc.MappingView)) and not isinstance(
        seq, (str, bytes, bytearray))


def children(value: Any, expand_composites: bool) -> Iterator[Any]:
    """The parts of a structure in order."""
    if isinstance(value, collections.abc.Mapping):
        return iter([value[key] for key in sorted_keys(value)])
    if is_attrs(value):
        return iter([getattr(value, attribute.name) for attribute in type(value).__attrs_attrs__])
    if expand_composites and is_composite(value):
        return iter(value._composite_parts())
    return iter(value)


def sorted_keys(dictionary: Any) -> list[Any]:
    """The keys of a dictionary in order.

    Raises:
      TypeError: they have none.
    """
    try:
        return sorted(dictionary)
    except TypeError:
        raise TypeError("nest only supports dicts with sortable keys.") from None


def opens(value: Any, expand_composites: bool) -> bool:
    """Whether `value` has parts."""
    return is_nested(value) or (expand_composites and is_composite(value))


@export("nest.flatten")
def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves of a structure in order; something that does not nest gives a list of itself.

    Args:
      structure: any nesting of lists, tuples and dicts.
      expand_composites: whether sparse tensors and `IndexedSlices` come apart too.
    """
    if not opens(structure, expand_composites):
        return [structure]
    leaves: list[Any] = []
    stack = [children(structure, expand_composites)]
    while stack:
        for item in stack[-1]:
            if opens(item, expand_composites):
                stack.append(children(item, expand_composites))
                break
            leaves.append(item)
        else:
            stack.pop()
    return leaves


def like(instance: Any, items: list[Any]) -> Any:
    """A structure of the kind of `instance` around `items`."""
    if isinstance(instance, collections.abc.Mapping):
        by_key = dict(zip(sorted_keys(instance), items))
        if isinstance(instance, collections.defaultdict):
            result = type(instance)(instance.default_factory)
            for key in instance:
                result[key] = by_key[key]
            return result
        kind: Any = type(instance)
        return kind((key, by_key[key]) for key in instance)
    if _is_namedtuple(instance) or is_attrs(instance):
        return type(instance)(*items)
    if is_composite(instance):
        return instance._from_composite_parts(items)
    if isinstance(instance, (collections.abc.MappingView, range)):
        return list(items)
    return type(instance)(items)


def _pack(structure: Any, leaves: Iterator[Any], expand_composites: bool) -> Any:
    items = [_pack(item, leaves, expand_composites) if opens(item, expand_composites) else next(leaves)
             for item in children(structure, expand_composites)]
    return like(structure, items)


@export("nest.pack_sequence_as")
def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any], expand_composites: bool = False) -> Any:
    """A structure like `structure` whose leaves are `flat_sequence`.

    Raises:
      ValueError: the number of leaves is another.
      TypeError: `flat_sequence` is no sequence.
    """
    if not is_nested(flat_sequence):
        raise TypeError(f"flat_sequence must be a sequence\nIt is {flat_sequence!r}; put it in a list.")
    flat_sequence = list(flat_sequence)
    if not opens(structure, expand_composites):
        if len(flat_sequence) != 1:
            raise ValueError(f"Structure is a scalar but len(flat_sequence) == {len(flat_sequence)} > 1")
        return flat_sequence[0]
    count = len(flatten(structure, expand_composites))
    if count != len(flat_sequence):
        raise ValueError(f"Could not pack sequence. Structure had {count} elements, but flat_sequence had "
                         f"{len(flat_sequence)} elements.  Structure: {structure}, flat_sequence: {flat_sequence}.")
    return _pack(structure, iter(flat_sequence), expand_composites)


def flatten_dict_items(dictionary: Any) -> dict[Any, Any]:
    """A dictionary in which keys that nest are taken apart, each leaf with the leaf of the value that belongs to it.

    Raises:
      TypeError: `dictionary` is none.
      ValueError: a key and its value have different numbers of leaves, or a leaf comes up twice.
    """
    if not isinstance(dictionary, collections.abc.Mapping):
        raise TypeError("input must be a dictionary")
    flat: dict[Any, Any] = {}
    for key, value in dictionary.items():
        nested = is_nested(key)
        keys, values = (flatten(key), flatten(value)) if nested else ([key], [value])
        if len(keys) != len(values):
            raise ValueError(f"Could not flatten dictionary. Key had {len(keys)} elements, but value had {len(values)} "
                             f"elements. Key: {keys}, value: {values}.")
        for part, item in zip(keys, values, strict=True):
            if part in flat:
                raise ValueError(f"Could not flatten dictionary: key {part} is not unique.")
            flat[part] = item
    return flat


@export("nest.map_structure")
def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Apply `func` to the leaves of structures that are alike; the results nest as the first structure does.

    Raises:
      TypeError: `func` cannot be called, or the types of the structures differ.
      ValueError: no structure, or the structures differ.
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types = kwargs.pop("check_types", True)
    expand_composites = kwargs.pop("expand_composites", False)
    if kwargs:
        raise ValueError(f"Only valid keyword arguments are `check_types` and `expand_composites`, not: "
                         f"`{'`, `'.join(kwargs)}`")
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand_composites)
    columns = [flatten(item, expand_composites) for item in structure]
    return pack_sequence_as(structure[0], [func(*row) for row in zip(*columns)], expand_composites)


@export("nest.assert_same_structure")
def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Check that two structures nest alike.

    Raises:
      ValueError: they do not.
      TypeError: they do, but in sequences of different types, and `check_types` is set.
    """
    problem = _difference(nest1, nest2, bool(check_types), expand_composites)
    if problem is None:
        return
    kind, text = problem
    dots = [map_structure(lambda _: _DOT, item) for item in (nest1, nest2)]
    raise kind("The two structures don't have the same nested structure.\n\n"
               f"First structure: {_shown(nest1)}\n\nSecond structure: {_shown(nest2)}\n\n"
               f"More specifically: {text}\nEntire first structure:\n{dots[0]}\nEntire second structure:\n{dots[1]}")


class _Dot:
    """Stands for a leaf where only the structure is shown."""

    def __repr__(self) -> str:
        return "."


_DOT = _Dot()


def _shown(value: Any) -> str:
    return f"type={type(value).__name__} str={value}"


def _difference(a: Any, b: Any, check_types: bool, expand: bool) -> tuple[type[Exception], str] | None:
    if opens(a, expand) != opens(b, expand):
        nested, leaf = (a, b) if opens(a, expand) else (b, a)
        return ValueError, f'Substructure "{_shown(nested)}" is a sequence, while substructure "{_shown(leaf)}" is not'
    if not opens(a, expand):
        return None
    if check_types and not same_kind(a, b):
        return TypeError, (f"The two namedtuples don't have the same sequence type. First structure {_shown(a)} has "
                           f"type {type(a).__name__}, while second structure {_shown(b)} has type {type(b).__name__}")
    if isinstance(a, collections.abc.Mapping) and isinstance(b, collections.abc.Mapping) and set(a) != set(b):
        return ValueError, (f"The two dictionaries don't have the same set of keys. First structure has keys "
                            f"{_shown(list(a))}, while second structure has keys {_shown(list(b))}")
    left, right = list(children(a, expand)), list(children(b, expand))
    if len(left) != len(right):
        return ValueError, (f"The two structures don't have the same number of elements. First structure: "
                            f"{_shown(a)}. Second structure: {_shown(b)}")
    for x, y in zip(left, right):
        problem = _difference(x, y, check_types, expand)
        if problem is not None:
            return problem
    return None


def same_kind(a: Any, b: Any) -> bool:
    """Whether two structures count as one type: two dicts do, and named tuples of one name and the same fields."""
    if _is_namedtuple(a) and _is_namedtuple(b):
        return type(a) is type(b) or (type(a).__name__ == type(b).__name__ and a._fields == b._fields)
    mappings = isinstance(a, collections.abc.Mapping), isinstance(b, collections.abc.Mapping)
    if all(mappings):
        return True
    return type(a) is type(b)
