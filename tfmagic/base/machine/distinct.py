"""Distinct: machine code that lists the different numbers of a vector in the order in which they appear.

Where a number was found is noted in a table of places, in which it is looked for by its hash. A small one serves all
calls: places are counted on from call to call, so that what a call before has left lies below, and counts as nothing.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# Numbers below which another way is as quick, and bits of a hash from which on a table is of one call alone.
_LEAST, _LARGE = 8, 20
# Microseconds that another way takes longer for a number.
_NUMBER = 0.1
# 2**64 divided by the golden ratio: neighbours get places far apart.
_SPREAD = 0x9E3779B97F4A7C15 - (1 << 64)
_packed = struct.Struct("7q").pack


@functools.cache
def _soon(*dtypes: Any) -> compiler.Soon | None:
    if not compiler.available():
        return None
    kinds = ["i32" if dtype == torch.int32 else "i64" for dtype in dtypes]
    return compiler.Soon(lambda: _made(*kinds))


def _new_table(bits: int) -> Any:
    """A table with so many bits to a hash, after the number from which the next call counts; and its address."""
    table = np.zeros((1 << bits) + 1, np.int64)
    table[0] = 1
    return table, table.ctypes.data


_table = functools.cache(_new_table)


def table(bits: int) -> int:
    """The address of a table with so many bits to a hash, for calls that hold on to Python's lock."""
    return _table(bits)[1]


class Places:
    """Code that looks numbers up in a table.

    Args:
      entries: the address of the table.
      bits: how many bits there are to a hash.
      values: the address of the numbers found so far, at their places.
      kind: their type.
      room: how many places this call may give.
    """

    def __init__(self, code: Code, entries: str, bits: str, values: str, kind: str, room: str):
        self._code, self._values, self._kind = code, values, kind
        self._shift = code.let(f"sub i64 64, {bits}")
        self._mask = code.let(f"sub i64 {code.let(f'shl i64 1, {bits}')}, 1")
        self._base = code.load(entries, "i64", "0")
        self._entries = code.at(entries, "i64", "1")
        code.store(code.let(f"add i64 {self._base}, {room}"), entries, "i64", "0")

    def find(self, number: str, wide: str, free: str) -> tuple[str, str]:
        """The place of a number, and whether it is new; then its place is `free`.

        Args:
          wide: the number as i64.
        """
        code = self._code

        def look(slot: str) -> tuple[str, str]:
            place = code.let(f"sub i64 {code.load(self._entries, 'i64', slot)}, {self._base}")
            taken = code.let(f"icmp sge i64 {place}, 0")
            there = code.load(self._values, self._kind, code.let(f"select i1 {taken}, i64 {place}, i64 0"))
            other = code.let(f"icmp ne {self._kind} {there}, {number}")
            return code.let(f"and i1 {taken}, {other}"), \
                code.let(f"and i64 {code.let(f'add i64 {slot}, 1')}, {self._mask}")

        slot = code.search(code.let(f"lshr i64 {code.let(f'mul i64 {wide}, {_SPREAD}')}, {self._shift}"), look)
        known = code.let(f"sub i64 {code.load(self._entries, 'i64', slot)}, {self._base}")
        new = code.let(f"icmp slt i64 {known}, 0")
        place = code.let(f"select i1 {new}, i64 {free}, i64 {known}")
        code.store(code.let(f"add i64 {place}, {self._base}"), self._entries, "i64", slot)
        return place, new


def _made(kind: str, places_kind: str) -> Any:
    """A function of the address of: the numbers, how many, their table, its bits, results, places, their count."""
    code = Code()
    given, entries, values, places, found = (code.load("%packed", "ptr", str(at)) for at in (0, 2, 4, 5, 6))
    count, bits = code.load("%packed", "i64", "1"), code.load("%packed", "i64", "3")
    known = Places(code, entries, bits, values, kind, count)
    code.store("0", found, "i64", "0")

    def one(index: str) -> None:
        number = code.load(given, kind, index)
        wide = number if kind == "i64" else code.let(f"sext {kind} {number} to i64")
        so_far = code.load(found, "i64", "0")
        place, new = known.find(number, wide, so_far)
        code.store(place if places_kind == "i64" else code.let(f"trunc i64 {place} to i32"), places, places_kind, index)
        code.store(number, values, kind, so_far)  # one that is known is written over by the next, or left off
        code.store(code.let(f"add i64 {so_far}, {code.let(f'zext i1 {new} to i64')}"), found, "i64", "0")

    code.loop("0", count, one)
    title = "distinct"
    # No other thread of Python runs meanwhile: the table is this call's alone.
    return compiler.compiled(code.function(title, ["ptr %packed"]), title, [compiler.POINTER], vectors=False,
                             releases=False)


def distinct(x: Any, kind: Any) -> tuple[Any, Any] | None:
    """The different numbers of an int32 or int64 vector in order, and each one's place among them, of that type.

    None where machine code is not there yet, or another way is as quick.
    """
    count = x.numel()
    soon = _soon(x.dtype, kind) if count >= _LEAST else None
    made = None if soon is None else soon.asked(_NUMBER * count)
    if made is None:
        return None
    bits = max(count.bit_length() + 1, 10)
    entries = (_table if bits < _LARGE else _new_table)(bits)
    x, found = x.contiguous(), ctypes.c_int64()
    values = x.new_empty(count + 1)  # one more, for a known number at the end
    places = torch.empty(count, dtype=kind, device="cpu")
    made(_packed(x.data_ptr(), count, entries[1], bits, values.data_ptr(), places.data_ptr(),
                 ctypes.addressof(found)))
    return values[:found.value], places
