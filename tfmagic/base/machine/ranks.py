"""Ranks: machine code that says of one number of each row whether few others of the row are larger."""

from __future__ import annotations

import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import BITS, Code

# Microseconds that torch takes longer, for a call and for a number.
_CALL, _NUMBER = 20, 0.0005
# Numbers of a row that are looked at before it is asked whether the row is decided.
_AT_ONCE = 256
_EXPONENTS = {"float": 0x7F800000, "double": 0x7FF << 52}
_PARAMETERS = ("ptr noalias %out", "ptr noalias %numbers", "ptr noalias %chosen", "i64 %rows", "i64 %length",
               "i64 %most")
_packed = struct.Struct("6q").pack


def among_largest(numbers: Any, chosen: Any, most: int) -> Any:
    """Whether in each row fewer than `most` numbers are larger than the chosen one, bool [rows].

    It is none of them where it is no number of the row, and in a row with an infinity or a NaN before that is clear.
    None where machine code is not there yet, or knows no such numbers.

    Args:
      numbers: floats on the CPU, [rows, any].
      chosen: which number of each row is meant, int32 or int64 [rows].
    """
    later = _later(numbers.dtype, chosen.dtype)
    made = None if later is None else later.asked(_CALL + _NUMBER * numbers.numel())
    if made is None:
        return None
    numbers, chosen = numbers.contiguous(), chosen.contiguous()
    out = torch.empty(len(chosen), dtype=torch.bool)
    made(_packed(out.data_ptr(), numbers.data_ptr(), chosen.data_ptr(), *numbers.shape, most))
    return out


@functools.cache
def _later(dtype: Any, chosen: Any) -> compiler.Soon | None:
    kind = {torch.float32: "float", torch.float64: "double"}.get(dtype)
    places = {torch.int32: "i32", torch.int64: "i64"}.get(chosen)
    if kind is None or places is None or not compiler.available():
        return None
    return compiler.Soon(lambda: _made(kind, places))


def _made(kind: str, places: str) -> Any:
    """A function of the address of its parameters."""
    code = Code()
    bits, exponent = BITS[kind], _EXPONENTS[kind]
    larger, odd, result = code.room("i32"), code.room("i32"), code.room("i1")

    def row(index: str) -> None:
        wide = code.load("%chosen", places, index)
        chosen = wide if places == "i64" else code.let(f"sext {places} {wide} to i64")
        inside = code.let(f"icmp ult i64 {chosen}, %length")
        start = code.at("%numbers", kind, code.let(f"mul i64 {index}, %length"))
        own = code.load(start, kind, code.let(f"select i1 {inside}, i64 {chosen}, i64 0"))
        for place in (larger, odd):
            code.store("0", place, "i32", "0")

        def some(first: str) -> tuple[str, str]:
            after = code.let(f"add i64 {first}, {_AT_ONCE}")
            fewer = code.let(f"icmp slt i64 {after}, %length")

            def one(at: str) -> None:
                value = code.load(start, kind, at)
                is_larger = code.let(f"zext i1 {code.let(f'fcmp ogt {kind} {value}, {own}')} to i32")
                highest = code.let(f"and {bits} {code.let(f'bitcast {kind} {value} to {bits}')}, {exponent}")
                is_odd = code.let(f"zext i1 {code.let(f'icmp eq {bits} {highest}, {exponent}')} to i32")
                for place, counted in ((larger, is_larger), (odd, is_odd)):
                    code.store(code.let(f"add i32 {code.load(place, 'i32', '0')}, {counted}"), place, "i32", "0")

            code.loop(first, code.let(f"select i1 {fewer}, i64 {after}, i64 %length"), one)
            count = code.let(f"zext i32 {code.load(larger, 'i32', '0')} to i64")
            is_among = code.let(f"icmp slt i64 {count}, %most")
            is_sound = code.let(f"icmp eq i32 {code.load(odd, 'i32', '0')}, 0")
            both = code.let(f"and i1 {is_among}, {is_sound}")
            code.store(code.let(f"and i1 {both}, {inside}"), result, "i1", "0")
            return code.let(f"and i1 {both}, {fewer}"), after

        code.search("0", some)
        code.store(code.let(f"zext i1 {code.load(result, 'i1', '0')} to i8"), "%out", "i8", index)

    code.loop("0", "%rows", row)
    title = compiler.unique("ranks")
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER])
