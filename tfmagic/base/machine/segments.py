"""Segments: machine code that sums the rows of a matrix by the segments to which they belong, row by row."""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# So many calls save what the compiler takes.
_CALLS = 300
# Of more numbers torch's own sum takes as long.
_MOST = 1 << 16
_KINDS = {"torch.float32": "float", "torch.float64": "double"}
_INDICES = {"torch.int32": "i32", "torch.int64": "i64"}
# The parameters of the function: sums, rows, to which segment each belongs, where to note a bad one, counts.
_PARAMETERS = ("ptr noalias %out", "ptr noalias %rows", "ptr noalias %ids", "ptr noalias %bad", "i64 %count",
               "i64 %segments", "i64 %width")
_packed = struct.Struct("7q").pack


@functools.cache
def _later(dtype: Any, of_ids: Any) -> compiler.Later | None:
    kind, ids = _KINDS.get(str(dtype)), _INDICES.get(str(of_ids))
    if kind is None or ids is None or not compiler.available():
        return None
    return compiler.Later(lambda: _made(kind, ids), _CALLS)


def _made(kind: str, ids: str) -> Any:
    """A function of the address of its parameters; 1 is stored where a row belongs to a segment that is not there."""
    code = Code()

    def clear(at: str) -> None:
        code.store("0.0", "%out", kind, at)

    def one(index: str) -> None:
        number = code.load("%ids", ids, index)
        segment = number if ids == "i64" else code.let(f"sext {ids} {number} to i64")
        above = code.let(f"icmp sge i64 {segment}, %segments")
        code.store(code.let(f"or i64 {code.load('%bad', 'i64', '0')}, {code.let(f'zext i1 {above} to i64')}"), "%bad",
                   "i64", "0")
        left_out = code.let(f"or i1 {above}, {code.let(f'icmp slt i64 {segment}, 0')}")
        width = code.let(f"select i1 {left_out}, i64 0, i64 %width")
        first, own = (code.let(f"mul i64 {each}, %width") for each in (segment, index))

        def add(at: str) -> None:
            here = code.let(f"add i64 {first}, {at}")
            value = code.load("%rows", kind, code.let(f"add i64 {own}, {at}"))
            code.store(code.let(f"fadd {kind} {code.load('%out', kind, here)}, {value}"), "%out", kind, here)

        code.loop("0", width, add)

    code.loop("0", code.let("mul i64 %segments, %width"), clear)
    code.loop("0", "%count", one)
    title = compiler.unique("segment_sums")
    outer = Code()
    given = [f"{parameter.split()[0]} {outer.load('%packed', parameter.split()[0], str(at))}"
             for at, parameter in enumerate(_PARAMETERS)]
    outer.do(f"call void @{title}_inner({', '.join(given)})")
    text = code.function(f"{title}_inner", _PARAMETERS, "alwaysinline") + outer.function(title, ["ptr %packed"])
    return compiler.compiled(text, title, [compiler.POINTER], releases=False)


def segment_sums(rows: Any, ids: Any, count: int) -> Any:
    """The sums [count, n] of those rows of a float matrix [m, n] that share an int32 or int64 number in `ids` [m].

    Rows with a negative number belong to no segment. None where machine code is not there yet, another way is as
    quick, or a number is not below `count`.
    """
    later = None if rows.numel() > _MOST or len(rows) != len(ids) else _later(rows.dtype, ids.dtype)
    if later is None:
        return None
    if later.waits:
        later.count()
    if later.made is None:
        return None
    rows, ids, bad = rows.contiguous(), ids.contiguous(), ctypes.c_int64()
    width = rows.shape[1]
    out = rows.new_empty((count, width))
    later.made(_packed(out.data_ptr(), rows.data_ptr(), ids.data_ptr(), ctypes.addressof(bad), len(ids), count,
                       width))
    return None if bad.value else out
