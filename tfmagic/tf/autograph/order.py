"""The order of names in TensorFlow 1.15: that of a set under Python 2.7, whose hashes are the same in every process.

Loop variables and results of branches come in this order, so numbers in node names follow from it.
"""

from __future__ import annotations

from collections.abc import Iterable

_BITS = 64
_MASK = (1 << _BITS) - 1


def in_order(names: Iterable[str]) -> list[str]:
    """Names such as `x` and `self.x` in TensorFlow 1.15's order.

    Args:
      names: the names, each once, in the order in which the set was filled.
    """
    table: list[str | None] = [None] * 8
    for used, name in enumerate(names, 1):
        _insert(table, name)
        if used * 3 >= len(table) * 2:
            size = 8
            while size <= used * 4:
                size *= 2
            old, table = table, [None] * size
            for kept in old:
                if kept is not None:
                    _insert(table, kept)
    return [name for name in table if name is not None]


def _insert(table: list[str | None], name: str) -> None:
    mask = len(table) - 1
    place = perturb = _hash_of_name(name) & _MASK
    while table[place & mask] is not None:
        place = (place << 2) + place + perturb + 1
        perturb >>= 5
    table[place & mask] = name


def _hash_of_name(name: str) -> int:
    """The hash of a name: of its parts, whether it ends with an attribute, whether with an index."""
    first, *attributes = name.split(".")
    value = _hash_of_tuple([_hash_of_text(first), 0, 0])
    for attribute in attributes:
        value = _hash_of_tuple([value, _hash_of_text(attribute), 1, 0])
    return value


def _signed(value: int) -> int:
    value &= _MASK
    value = value - (1 << _BITS) if value >> (_BITS - 1) else value
    return -2 if value == -1 else value


def _hash_of_text(text: str) -> int:
    value = ord(text[0]) << 7
    for character in text:
        value = (1000003 * value & _MASK) ^ ord(character)
    return _signed(value ^ len(text))


def _hash_of_tuple(hashes: list[int]) -> int:
    value, factor = 0x345678, 1000003
    for left, part in zip(range(len(hashes) - 1, -1, -1), hashes):
        value = (value ^ (part & _MASK)) * factor & _MASK
        factor += 82520 + 2 * left
    return _signed(value + 97531)
