"""Lookups: machine code that goes once over the elements of a sparse matrix of numbers whose rows are looked up.

Elements with a negative number fall out, a row without any gets one with a number that stands for it, and the different
numbers are listed in the order in which they appear (see `distinct`). Rows of another matrix at the numbers may be
summed besides.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.distinct import Places, table
from tfmagic.base.machine.segments import add_row

# So many calls save what the compiler takes; above so many elements a table would not stay in a processor's cache.
_CALLS, _MOST = 300, 1 << 15
# The parameters of the function: of each element that stays its row and the place of its number, the different numbers,
# which rows had none; the elements given, what is noted (see `_Noted`), and the table of places; then how many are
# given, their axes, how many rows there are, what stands for a missing number, and how many elements there is room for;
# sums, the matrix whose rows they are of, its lines and columns.
_PARAMETERS = ("ptr noalias %rows", "ptr noalias %places", "ptr noalias %values", "ptr noalias %empty",
               "ptr noalias %indices", "ptr noalias %numbers", "ptr noalias %noted", "ptr noalias %table", "i64 %bits",
               "i64 %given", "i64 %rank", "i64 %count", "i64 %default", "i64 %room", "ptr noalias %sums",
               "ptr noalias %matrix", "i64 %height", "i64 %width")
_KINDS = {"torch.float32": "float", "torch.float64": "double"}
_packed = struct.Struct("18q").pack
# What is noted: whether a row is outside or out of order, or a number outside of the matrix, elements that stay,
# different numbers, those given that were not negative, the next row without an element.
_Noted = ctypes.c_int64 * 5
_BAD, _STAY, _DIFFERENT, _KEPT, _NEXT = map(str, range(5))


@functools.cache
def _later(dtype: Any, of: Any) -> compiler.Later | None:
    kind, summed = {torch.int32: "i32", torch.int64: "i64"}.get(dtype), _KINDS.get(str(of))
    if kind is None or of is not None and summed is None or not compiler.available():
        return None
    return compiler.Later(lambda: _made(kind, summed), _CALLS)


def _made(kind: str, summed: str | None) -> Any:
    """A function of the address of its parameters.

    Args:
      kind: the type of the numbers.
      summed: that of the matrix whose rows are summed; None: none are.
    """
    code = Code()
    known = Places(code, "%table", "%bits", "%values", kind, code.let("add i64 %given, %count"))
    last = code.let("sub i64 %room, 1")
    default = "%default" if kind == "i64" else code.let(f"trunc i64 %default to {kind}")

    def noted(what: str) -> str:
        return code.load("%noted", "i64", what)

    def count(what: str, by: str) -> None:
        code.store(code.let(f"add i64 {noted(what)}, {by}"), "%noted", "i64", what)

    def stay(number: str, row: str) -> None:
        here, different = noted(_STAY), noted(_DIFFERENT)
        here = code.let(f"select i1 {code.let(f'icmp slt i64 {here}, {last}')}, i64 {here}, i64 {last}")
        wide = number if kind == "i64" else code.let(f"sext {kind} {number} to i64")
        place, new = known.find(number, wide, different)
        code.store(code.let(f"trunc i64 {place} to i32"), "%places", "i32", here)
        code.store(code.let(f"trunc i64 {row} to i32"), "%rows", "i32", here)
        code.store(number, "%values", kind, different)  # one that is known is written over by the next, or left off
        count(_DIFFERENT, code.let(f"zext i1 {new} to i64"))
        count(_STAY, "1")
        if summed is not None:
            add(wide, row, summed)

    def add(number: str, row: str, of: str) -> None:
        outside = code.let(f"icmp uge i64 {number}, %height")
        note_bad(outside)
        width = code.let(f"select i1 {outside}, i64 0, i64 %width")
        add_row(code, of, "%sums", row, "%matrix", number, width)

    def note_bad(bad: str) -> None:
        code.store(code.let(f"or i64 {noted(_BAD)}, {code.let(f'zext i1 {bad} to i64')}"), "%noted", "i64", _BAD)

    def without(row: str) -> None:
        code.store("1", "%empty", "i8", row)
        stay(default, row)

    def one(index: str) -> None:
        number, following = code.load("%numbers", kind, index), noted(_NEXT)
        row = code.load("%indices", "i64", code.let(f"mul i64 {index}, %rank"))
        after = code.let(f"add i64 {row}, 1")
        keep = code.let(f"icmp sge {kind} {number}, 0")
        outside = code.let(f"icmp uge i64 {row}, %count")
        wrong = code.let(f"or i1 {outside}, {code.let(f'icmp slt i64 {after}, {following}')}")
        take = code.let(f"and i1 {keep}, {code.let(f'xor i1 {wrong}, true')}")
        note_bad(code.let(f"and i1 {keep}, {wrong}"))
        count(_KEPT, code.let(f"zext i1 {keep} to i64"))
        code.store(code.let(f"select i1 {take}, i64 {after}, i64 {following}"), "%noted", "i64", _NEXT)
        code.loop(following, code.let(f"select i1 {take}, i64 {row}, i64 {following}"), without)
        code.loop("0", code.let(f"zext i1 {take} to i64"), lambda _: stay(number, row))

    code.loop("0", "%count", lambda row: code.store("0", "%empty", "i8", row))
    if summed is not None:
        code.loop("0", code.let("mul i64 %count, %width"), lambda at: code.store("0.0", "%sums", summed, at))
    code.loop("0", "%given", one)
    code.loop(noted(_NEXT), "%count", without)
    title = "lookups"
    # No other thread of Python runs meanwhile: the table is this call's alone.
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER], vectors=False, releases=False)


def lookups(indices: Any, numbers: Any, count: int, default: int, room: int,
            matrix: Any = None) -> tuple[Any, ...] | None:
    """What is looked up for the elements of a sparse matrix of `count` rows.

    None where machine code is not there yet, rows are outside or out of order, other than `room` elements stay, or the
    other matrix has no row for a number.

    Args:
      indices: int64 [n, axes], on the CPU.
      numbers: int32 or int64 [n]: an element with a negative one falls out.
      default: the number of a row without an element.
      matrix: where given, a float matrix whose rows at the numbers are to be summed.

    Returns:
      bool [count]: which rows had none; int32 [room]: the rows of the elements; the different numbers; int32 [room]:
      the place of each number among them; those of `numbers` that are not negative, as many of them as there are; then
      the sums [count, width], if `matrix` is given.
    """
    given = numbers.numel()
    fits = room > 0 and 0 < given + count <= _MOST
    later = _later(numbers.dtype, None if matrix is None else matrix.dtype) if fits else None
    made = None if later is None else later.asked()
    if made is None:
        return None
    indices, numbers, noted = indices.contiguous(), numbers.contiguous(), _Noted()
    bits = max((given + count).bit_length() + 1, 10)
    rows, places = (torch.empty(room, dtype=torch.int32, device="cpu") for _ in range(2))
    values, empty = numbers.new_empty(given + count + 1), torch.empty(count, dtype=torch.bool, device="cpu")
    sums: tuple[Any, ...] = ()
    summed = 0, 0, 0, 0
    if matrix is not None:
        matrix = matrix.contiguous()
        sums = (matrix.new_empty((count, matrix.shape[1])),)
        summed = sums[0].data_ptr(), matrix.data_ptr(), *matrix.shape
    made(_packed(rows.data_ptr(), places.data_ptr(), values.data_ptr(), empty.data_ptr(), indices.data_ptr(),
                 numbers.data_ptr(), ctypes.addressof(noted), table(bits), bits, given, indices.shape[1], count,
                 default, room, *summed))
    bad, stay, different, kept, _ = noted
    if bad or stay != room:
        return None
    return empty, rows, values[:different], places, numbers if kept == given else numbers[:kept], *sums
