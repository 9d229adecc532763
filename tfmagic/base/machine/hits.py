"""Hits: machine code that finds numbers of one vector in another, each at the last place where it stands."""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# So many calls save what the compiler takes.
_CALLS = 300
# More comparisons take longer than another way.
_MOST = 1 << 14
_PARAMETERS = ("ptr noalias %wanted", "i64 %count", "ptr noalias %numbers", "i64 %length", "i64 %columns",
               "ptr noalias %rows", "ptr noalias %places", "ptr noalias %found")
_packed = struct.Struct("8q").pack


@functools.cache
def _later() -> compiler.Later | None:
    return compiler.Later(_made, _CALLS) if compiler.available() else None


def _made() -> Any:
    """A function of the address of its parameters."""
    code = Code()
    last = code.let("alloca i64")

    def one(index: str) -> None:
        wanted = code.load("%wanted", "i64", index)
        code.store("-1", last, "i64", "0")

        def compare(place: str) -> None:
            same = code.let(f"icmp eq i64 {code.load('%numbers', 'i64', place)}, {wanted}")
            code.store(code.let(f"select i1 {same}, i64 {place}, i64 {code.load(last, 'i64', '0')}"), last, "i64", "0")

        code.loop("0", "%length", compare)
        place, so_far = code.load(last, "i64", "0"), code.load("%found", "i64", "0")
        row = code.let(f"trunc i64 {code.let(f'udiv i64 {index}, %columns')} to i32")
        code.store(row, "%rows", "i32", so_far)  # what is none is written over by the next, or left off
        code.store(place, "%places", "i64", so_far)
        is_one = code.let(f"zext i1 {code.let(f'icmp sge i64 {place}, 0')} to i64")
        code.store(code.let(f"add i64 {so_far}, {is_one}"), "%found", "i64", "0")

    code.loop("0", "%count", one)
    title = "hits"
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER], releases=False)


def hits(wanted: Any, numbers: Any) -> tuple[Any, Any] | None:
    """The rows [k], int32, of an int64 matrix in which numbers of a vector are, and the last place of each, int64 [k].

    None where machine code is not there yet, or another way is as quick.
    """
    count, length = wanted.numel(), numbers.numel()
    later = _later() if 0 < count * length <= _MOST else None
    made = None if later is None else later.asked()
    if made is None:
        return None
    wanted, numbers, found = wanted.contiguous(), numbers.contiguous(), ctypes.c_int64()
    rows, places = (torch.empty(count, dtype=kind, device="cpu") for kind in (torch.int32, torch.int64))
    made(_packed(wanted.data_ptr(), count, numbers.data_ptr(), length, wanted.shape[1], rows.data_ptr(),
                 places.data_ptr(), ctypes.addressof(found)))
    return rows[:found.value], places[:found.value]
