"""Ranks: machine code that finds the few largest numbers of rows, or says of one whether few others are larger."""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import BITS, Code

# Microseconds that torch takes longer to compare, for a call and for a number.
_CALL, _NUMBER = 20, 0.0005
# The same to find; more numbers than so many are found in another way.
_FINDING, _FINDING_NUMBER = 40, 0.001
_FEW = 32
# Numbers of a row that are looked at before it is asked whether the row is decided.
_AT_ONCE = 256
_EXPONENTS = {"float": 0x7F800000, "double": 0x7FF << 52}
_PARAMETERS = ("ptr noalias %out", "ptr noalias %numbers", "ptr noalias %chosen", "i64 %rows", "i64 %length",
               "i64 %most")
_packed = struct.Struct("6q").pack
_OF_LARGEST = ("ptr noalias %values", "ptr noalias %places", "ptr noalias %odd", "ptr noalias %numbers", "i64 %rows",
               "i64 %length", "i64 %wanted")
_packed_largest = struct.Struct("7q").pack


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
    out = torch.empty(len(chosen), dtype=torch.bool, device="cpu")
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
    title = "ranks"
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER])


def largest(numbers: Any, wanted: int) -> tuple[Any, Any] | None:
    """The largest numbers of each row, the first of equal ones first, and where they stand, int32.

    None where machine code is not there yet, where another way is as quick, or where one is NaN.

    Args:
      numbers: on the CPU, [..., any].
      wanted: how many, at most the length of a row.
    """
    later = _later_largest(numbers.dtype) if 0 < wanted <= _FEW and numbers.numel() else None
    made = None if later is None else later.asked(_FINDING + _FINDING_NUMBER * numbers.numel())
    if made is None:
        return None
    numbers, odd, length = numbers.contiguous(), ctypes.c_int64(), numbers.shape[-1]
    values = numbers.new_empty((*numbers.shape[:-1], wanted))
    places = torch.empty(values.shape, dtype=torch.int32, device="cpu")
    made(_packed_largest(values.data_ptr(), places.data_ptr(), ctypes.addressof(odd), numbers.data_ptr(),
                         numbers.numel() // length, length, wanted))
    return None if odd.value else (values, places)


@functools.cache
def _later_largest(dtype: Any) -> compiler.Soon | None:
    kind = {torch.float32: "float", torch.float64: "double", torch.int32: "i32", torch.int64: "i64"}.get(dtype)
    return compiler.Soon(lambda: _made_largest(kind)) if kind is not None and compiler.available() else None


def _made_largest(kind: str) -> Any:
    """A function of the address of its parameters."""
    code = Code()
    compared = "fcmp ogt" if kind in BITS else "icmp sgt"

    def row(index: str) -> None:
        start = code.at("%numbers", kind, code.let(f"mul i64 {index}, %length"))
        first = code.let(f"mul i64 {index}, %wanted")
        values, places = code.at("%values", kind, first), code.at("%places", "i32", first)

        def one(at: str) -> None:
            """Put a number before all that are smaller, of those so far; the last one drops out."""
            value = code.load(start, kind, at)
            if kind in BITS:
                is_odd = code.let(f"or i1 {code.load(odd, 'i1', '0')}, {code.let(f'fcmp uno {kind} {value}, {value}')}")
                code.store(is_odd, odd, "i1", "0")
            fits = code.let(f"icmp slt i64 {at}, %wanted")
            end = code.let(f"select i1 {fits}, i64 {at}, i64 {last}")
            further = code.let(f"{compared} {kind} {value}, {code.load(least, kind, '0')}")

            def insert() -> None:
                code.store(end, place, "i64", "0")

                def is_further(before: str) -> str:
                    """Whether the one in front, where there is one, is smaller."""
                    there = code.let(f"icmp sgt i64 {before}, 0")
                    front = code.let(f"select i1 {there}, i64 {code.let(f'sub i64 {before}, 1')}, i64 0")
                    smaller = code.let(f"{compared} {kind} {value}, {code.load(values, kind, front)}")
                    return code.let(f"and i1 {there}, {smaller}")

                def move(here: str) -> tuple[str, str]:
                    front = code.let(f"sub i64 {here}, 1")
                    code.store(code.load(values, kind, front), values, kind, here)
                    code.store(code.load(places, "i32", front), places, "i32", here)
                    code.store(front, place, "i64", "0")
                    return is_further(front), front

                def moving() -> None:
                    code.search(end, move)

                code.when(is_further(end), moving)
                here = code.load(place, "i64", "0")
                code.store(value, values, kind, here)
                code.store(code.let(f"trunc i64 {at} to i32"), places, "i32", here)
                code.store(code.load(values, kind, last), least, kind, "0")

            code.when(code.let(f"or i1 {fits}, {further}"), insert)

        code.loop("0", "%length", one)

    last, place, least, odd = code.let("sub i64 %wanted, 1"), code.room("i64"), code.room(kind), code.room("i1")
    code.store("false", odd, "i1", "0")
    code.store("zeroinitializer", least, kind, "0")
    code.loop("0", "%rows", row)
    code.store(code.let(f"zext i1 {code.load(odd, 'i1', '0')} to i64"), "%odd", "i64", "0")
    title = "largest"
    return compiler.compiled(code.packed(title, _OF_LARGEST), title, [compiler.POINTER], vectors=False)
