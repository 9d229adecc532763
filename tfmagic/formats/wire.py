"""The wire format of protocol buffers, read and written field by field: what a message's class would not tell.

A field is `(number, wire type, content)`: an int of a varint, the bytes of everything else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from tfmagic.formats import sstable

VARINT, FIXED64, BYTES, START, END, FIXED32 = range(6)
_WORD = (1 << 64) - 1


class Malformed(ValueError):
    """Bytes that are no field; `number` and `wire` are those of its tag, 0 where the tag itself is none."""

    def __init__(self, number: int = 0, wire: int = 0):
        super().__init__(number, wire)
        self.number, self.wire = number, wire


def varint(content: bytes, at: int) -> tuple[int, int]:
    """The number at a place, of 64 bits, and where it ends.

    Raises:
      Malformed: it does not end.
    """
    try:
        value, at = sstable.read_varint(content, at)
    except ValueError:
        raise Malformed from None
    return value & _WORD, at


def fields(content: bytes) -> Iterator[tuple[int, int, Any]]:
    """The fields of a message in their order. Groups are left out.

    Raises:
      Malformed: what follows is no field.
    """
    at = 0
    while at < len(content):
        number, wire, value, at = _field(content, at)
        if wire != START:
            yield number, wire, value


def _field(content: bytes, at: int) -> tuple[int, int, Any, int]:
    tag, at = varint(content, at)
    number, wire = tag >> 3, tag & 7
    if not number or tag >> 32 or wire == END:
        raise Malformed
    try:
        if wire == VARINT:
            value, at = varint(content, at)
            return number, wire, value, at
        if wire == START:
            return number, wire, None, _group_end(content, at, number)
        size = {FIXED64: 8, FIXED32: 4}.get(wire)
        if size is None:
            if wire != BYTES:
                raise Malformed
            size, at = varint(content, at)
        if at + size > len(content):
            raise Malformed
    except Malformed:
        raise Malformed(number, wire) from None
    return number, wire, content[at:at + size], at + size


def _group_end(content: bytes, at: int, number: int) -> int:
    """Where the group of a number ends that begins here; those in it may be nested as deep as they like."""
    opened = [number]
    while opened:
        tag, after = varint(content, at)
        if tag & 7 == START:
            opened.append(tag >> 3)
        elif tag & 7 != END:
            after = _field(content, at)[3]
        elif opened.pop() != tag >> 3:
            raise Malformed
        at = after
    return at


def varint_bytes(value: int) -> bytes:
    """A number, of which 64 bits count, as bytes."""
    return sstable.varint(value & _WORD)


def tag_bytes(number: int, wire: int) -> bytes:
    """What stands before a field's content."""
    return varint_bytes(number << 3 | wire)


# By the type of a field, as descriptors count them: its wire type and how a number looks there.
_FIXED = {1: (FIXED64, "<d"), 2: (FIXED32, "<f"), 6: (FIXED64, "<Q"), 7: (FIXED32, "<I"), 15: (FIXED32, "<i"),
          16: (FIXED64, "<q")}
_TEXTS = (9, 11, 12)
_BITS = {4: 64, 13: 32}  # unsigned varints
_ZIGZAG = (17, 18)
BOOL = 8


def wire_of(kind: int) -> int:
    """The wire type of a field's type."""
    return _FIXED[kind][0] if kind in _FIXED else BYTES if kind in _TEXTS else VARINT


def decoded(kind: int, content: Any) -> Any:
    """What the content of a field of a type says: a number, a bool, or bytes."""
    if kind in _FIXED:
        return struct.unpack(_FIXED[kind][1], content)[0]
    if kind in _TEXTS:
        return content
    if kind == BOOL:
        return bool(content)
    if kind in _ZIGZAG:
        return _signed(content >> 1 ^ -(content & 1), 32 if kind == 17 else 64)
    if kind in _BITS:
        return content & (1 << _BITS[kind]) - 1
    return _signed(content, 64 if kind == 3 else 32)


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def unpacked(kind: int, content: bytes) -> Iterator[Any]:
    """What a packed field says.

    Raises:
      Malformed: it ends within a number.
    """
    at = 0
    size = struct.calcsize(_FIXED[kind][1]) if kind in _FIXED else 0
    while at < len(content):
        if size:
            if at + size > len(content):
                raise Malformed
            value: Any = content[at:at + size]
            at += size
        else:
            value, at = varint(content, at)
        yield decoded(kind, value)


def encoded(kind: int, value: Any) -> bytes:
    """A value as the content of a field of a type, the length of bytes included."""
    if kind in _FIXED:
        form = _FIXED[kind][1]
        bits = 8 * struct.calcsize(form)
        if form[1] in "df":
            return struct.pack(form, value)
        return struct.pack(form, _signed(int(value), bits) if form[1].islower() else int(value) & (1 << bits) - 1)
    if kind in _TEXTS:
        return varint_bytes(len(value)) + value
    value = int(value)
    if kind in _ZIGZAG:
        bits = 32 if kind == 17 else 64
        value = _signed(value, bits)
        return varint_bytes((value << 1 ^ value >> bits - 1) & (1 << bits) - 1)
    if kind in _BITS:
        return varint_bytes(value & (1 << _BITS[kind]) - 1)
    return varint_bytes(value if kind in (3, BOOL) else _signed(value, 32))
