"""Segments: machine code that sums the rows of a matrix by the segments to which they belong, row by row.

What is summed are all rows in order, or rows that indices name.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# So many calls save what the compiler takes; fewer of so many numbers.
_CALLS, _MANY, _CALLS_OF_MANY = 300, 1 << 15, 8
_KINDS = {"torch.float32": "float", "torch.float64": "double"}
_INDICES = {"torch.int32": "i32", "torch.int64": "i64"}
# The parameters of the function: sums, rows, to which segment each belongs, the indices of rows, where to note that one
# is bad and what segment came last, counts.
_PARAMETERS = ("ptr noalias %out", "ptr noalias %rows", "ptr noalias %ids", "ptr noalias %at", "ptr noalias %noted",
               "i64 %count", "i64 %segments", "i64 %width", "i64 %height")
_Noted = ctypes.c_int64 * 2
_packed = struct.Struct("9q").pack


@functools.cache
def _later(calls: int, ordered: bool, *dtypes: Any) -> compiler.Later | None:
    kinds: list[Any] = [_KINDS.get(str(dtypes[0])), *(_INDICES.get(str(dtype)) for dtype in dtypes[1:])]
    if None in kinds or not compiler.available():
        return None
    return compiler.Later(lambda: _made(ordered, *kinds), calls)


@functools.cache
def _made(ordered: bool, kind: str, ids: str, at: str | None = None) -> Any:
    """A function of the address of its parameters; 1 is stored where an index or the number of a segment is bad.

    Args:
      ordered: whether it is bad, too, where a segment comes after a later one.
      kind, ids, at: the types of rows, numbers of segments, and of indices where rows are named by them.
    """
    code = Code()

    def whole(pointer: str, of: str, index: str) -> str:
        number = code.load(pointer, of, index)
        return number if of == "i64" else code.let(f"sext {of} {number} to i64")

    def clear(number: str) -> None:
        code.store("0.0", "%out", kind, number)

    def one(index: str) -> None:
        segment = whole("%ids", ids, index)
        if at is None:
            row, bad = index, code.let(f"icmp sge i64 {segment}, %segments")
            left_out = code.let(f"or i1 {bad}, {code.let(f'icmp slt i64 {segment}, 0')}")
        else:
            row = whole("%at", at, index)
            outside = code.let(f"or i1 {code.let(f'icmp uge i64 {row}, %height')}, "
                               f"{code.let(f'icmp uge i64 {segment}, %segments')}")
            bad = outside
            if ordered:
                falls = code.let(f"icmp slt i64 {segment}, {code.load('%noted', 'i64', '1')}")
                bad = code.let(f"or i1 {outside}, {falls}")
                code.store(segment, "%noted", "i64", "1")
            left_out = bad
        code.store(code.let(f"or i64 {code.load('%noted', 'i64', '0')}, {code.let(f'zext i1 {bad} to i64')}"),
                   "%noted", "i64", "0")
        width = code.let(f"select i1 {left_out}, i64 0, i64 %width")
        add_row(code, kind, "%out", segment, "%rows", row, width)

    code.loop("0", code.let("mul i64 %segments, %width"), clear)
    code.loop("0", "%count", one)
    title = "segment_sums"
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER], releases=False)


def add_row(code: Code, kind: str, sums: str, segment: str, rows: str, row: str, width: str) -> None:
    """Code that adds so much of a row of one matrix to a row of another, whose rows are both `%width` numbers."""
    first, own = (code.let(f"mul i64 {each}, %width") for each in (segment, row))

    def add(column: str) -> None:
        here = code.let(f"add i64 {first}, {column}")
        value = code.load(rows, kind, code.let(f"add i64 {own}, {column}"))
        code.store(code.let(f"fadd {kind} {code.load(sums, kind, here)}, {value}"), sums, kind, here)

    code.loop("0", width, add)


def segment_sums(rows: Any, ids: Any, count: int, at: Any = None, ordered: bool = False) -> Any:
    """The sums [count, n] of those rows of a float matrix that share an int32 or int64 number in the vector `ids`.

    None where machine code is not there yet, a number is bad, or the rows are on a GPU.

    Args:
      rows: the matrix, [any, n].
      ids: to which segment each row belongs, below `count`; a negative number: to none.
      at: where given, the indices of the rows to sum, in [0, any); then none of `ids` may be negative.
      ordered: whether the `ids` of rows at indices must be in order.
    """
    named = ids if at is None else at
    height, width = rows.shape
    count_of_rows = named.numel()
    if rows.is_cuda or ids.numel() != (height if at is None else count_of_rows):
        return None
    calls = _CALLS if count_of_rows * width < _MANY else _CALLS_OF_MANY
    later = _later(calls, ordered and at is not None, rows.dtype, ids.dtype, *(() if at is None else (at.dtype,)))
    made = None if later is None else later.asked()
    if made is None:
        return None
    rows, ids, named, noted = rows.contiguous(), ids.contiguous(), named.contiguous(), _Noted()
    out = rows.new_empty((count, width))
    made(_packed(out.data_ptr(), rows.data_ptr(), ids.data_ptr(), named.data_ptr(), ctypes.addressof(noted),
                 count_of_rows, count, width, height))
    return None if noted[0] else out
