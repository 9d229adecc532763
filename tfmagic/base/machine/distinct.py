"""Distinct: machine code that lists the different numbers of a vector in the order in which they appear."""

from __future__ import annotations

import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# So many calls save what the compiler takes.
_CALLS = 300
# Below, another way is as quick.
_LEAST = 128
# The numbers lie in a range not wider than this, or than so many times their count: each has a place in a table.
_RANGE, _TIMES = 1 << 14, 64


@functools.cache
def _later(kind: str) -> compiler.Later:
    return compiler.Later(lambda: _made(kind), _CALLS)


def _made(kind: str) -> Any:
    """A function of the address of: the numbers, how many, the least, a table of -1, results, places, their count."""
    code = Code()
    given, table, values, places, found = (code.load("%packed", "ptr", str(at)) for at in (0, 3, 4, 5, 6))
    count, least = code.load("%packed", "i64", "1"), code.load("%packed", "i64", "2")
    code.store("0", found, "i64", "0")

    def one(index: str) -> None:
        number = code.load(given, kind, index)
        wide = number if kind == "i64" else code.let(f"sext {kind} {number} to i64")
        at = code.let(f"sub i64 {wide}, {least}")
        known, so_far = code.load(table, "i64", at), code.load(found, "i64", "0")
        new = code.let(f"icmp slt i64 {known}, 0")
        place = code.let(f"select i1 {new}, i64 {so_far}, i64 {known}")
        code.store(place, table, "i64", at)
        code.store(place, places, "i64", index)
        code.store(number, values, kind, so_far)  # one that is known is written over by the next, or left off
        code.store(code.let(f"add i64 {so_far}, {code.let(f'zext i1 {new} to i64')}"), found, "i64", "0")

    code.loop("0", count, one)
    title = compiler.unique("distinct")
    return compiler.compiled(code.function(title, ["ptr %packed"]), title, [compiler.POINTER], vectors=False,
                             releases=False)


def distinct(x: Any) -> tuple[Any, Any] | None:
    """The different numbers of an int32 or int64 vector in order, and each one's place among them, as int64.

    None where machine code is not there yet, or another way is as quick.
    """
    count = len(x)
    if count < _LEAST or not compiler.available():
        return None
    later = _later("i32" if x.dtype == torch.int32 else "i64")
    if later.waits:
        later.count()
    if later.made is None:
        return None
    low, high = (int(bound) for bound in x.aminmax())
    if high - low >= max(_RANGE, _TIMES * count):
        return None
    x, table = x.contiguous(), torch.full((high - low + 1,), -1, dtype=torch.int64)
    values = x.new_empty(count + 1)  # one more, for a known number at the end
    places, found = torch.empty(count, dtype=torch.int64), torch.empty(1, dtype=torch.int64)
    later.made(struct.pack("7q", x.data_ptr(), count, low, table.data_ptr(), values.data_ptr(), places.data_ptr(),
                           found.data_ptr()))
    return values[:int(found)], places
