"""Tridiagonal: machine code that solves systems of three diagonals line by line, so in time that grows with these."""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.functions import INTRINSICS, Real

# Microseconds that other ways take longer, for each line.
_LINE = 50
# What is solved: upper, main and lower diagonals [systems, 3, n], right sides and solutions [systems, n, columns]; room
# for three numbers a line; where it is noted that a pivot is zero; sizes; whether lines are exchanged.
_PARAMETERS = ("ptr noalias %diagonals", "ptr noalias %right", "ptr noalias %out", "ptr noalias %room",
               "ptr noalias %singular", "i64 %systems", "i64 %n", "i64 %columns", "i64 %exchanges")


def solved(diagonals: Any, right: Any, exchanges: bool) -> tuple[Any, bool] | None:
    """The solutions of systems on the CPU, and whether a pivot is zero, so that they are none.

    None where machine code is not there yet, or knows no such numbers.

    Args:
      diagonals: [..., 3, n]: the upper diagonal, whose last number counts for nothing, the main one, and the lower one,
        whose first number counts for nothing.
      right: [..., n, columns].
      exchanges: whether two lines are exchanged where the pivot is larger then.
    """
    *_, n, columns = right.shape
    soon = _soon(right.dtype)
    made = None if soon is None or not right.numel() else soon.asked(_LINE * n)
    if made is None:
        return None
    diagonals, right = diagonals.contiguous(), right.contiguous()
    out, room, singular = torch.empty_like(right), right.new_empty(3 * n), ctypes.c_int64()
    made(struct.pack("5P4q", diagonals.data_ptr(), right.data_ptr(), out.data_ptr(), room.data_ptr(),
                     ctypes.addressof(singular), right.numel() // (n * columns), n, columns, exchanges))
    return out, bool(singular.value)


@functools.cache
def _soon(dtype: Any) -> compiler.Soon | None:
    return compiler.soon_of_floats(dtype, _made)


def _made(kind: str) -> Any:
    """A function of the address of its parameters."""
    code = Code()
    real = Real(code, kind)

    def times(a: str, b: str | int) -> str:
        return code.let(f"mul nsw i64 {a}, {b}")

    def plus(a: str, b: str | int) -> str:
        return code.let(f"add nsw i64 {a}, {b}")

    def is_zero(value: str) -> None:
        found = code.let(f"zext i1 {real.compare('oeq', value, 0.0)} to i64")
        code.store(code.let(f"or i64 {code.load('%singular', 'i64', '0')}, {found}"), "%singular", "i64", "0")

    def minus_product(value: str, a: str, b: str) -> str:
        return real.do("fsub", value, real.do("fmul", a, b))

    def system(index: str) -> None:
        upper = code.at("%diagonals", kind, times(times(index, 3), "%n"))
        main, lower = code.at(upper, kind, "%n"), code.at(upper, kind, times("%n", 2))
        start = times(times(index, "%n"), "%columns")
        right, out = code.at("%right", kind, start), code.at("%out", kind, start)
        # What is left of each line: the pivot and up to two numbers behind it.
        pivots = "%room"
        second, third = code.at(pivots, kind, "%n"), code.at(pivots, kind, times("%n", 2))
        code.store(code.load(main, kind, "0"), pivots, kind, "0")
        code.store(code.load(upper, kind, "0"), second, kind, "0")
        code.loop("0", "%columns", lambda at: code.store(code.load(right, kind, at), out, kind, at))
        last = plus("%n", -1)

        def eliminate(line: str) -> None:
            following = plus(line, 1)
            pivot, beside = code.load(pivots, kind, line), code.load(second, kind, line)
            low, diagonal, high = (code.load(each, kind, following) for each in (lower, main, upper))
            larger = real.compare("oge", real.call("fabs", pivot), real.call("fabs", low))
            wanted = code.let("icmp ne i64 %exchanges, 0")
            changed = code.let(f"and i1 {wanted}, {code.let(f'xor i1 {larger}, true')}")
            chosen = real.choose(changed, low, pivot)
            is_zero(chosen)
            factor = real.do("fdiv", real.choose(changed, pivot, low), chosen)
            code.store(chosen, pivots, kind, line)
            code.store(real.choose(changed, diagonal, beside), second, kind, line)
            code.store(real.choose(changed, high, 0.0), third, kind, line)
            rest = minus_product(real.choose(changed, beside, diagonal), factor, real.choose(changed, diagonal, beside))
            code.store(rest, pivots, kind, following)
            code.store(real.choose(changed, real.do("fsub", 0.0, real.do("fmul", factor, high)), high), second, kind,
                       following)
            here, there = (times(each, "%columns") for each in (line, following))

            def in_column(column: str) -> None:
                at, behind = plus(here, column), plus(there, column)
                own, other = code.load(out, kind, at), code.load(right, kind, behind)
                kept = real.choose(changed, other, own)
                code.store(kept, out, kind, at)
                code.store(minus_product(real.choose(changed, own, other), factor, kept), out, kind, behind)

            code.loop("0", "%columns", in_column)

        def back(turn: str) -> None:
            line = code.let(f"sub i64 {last}, {turn}")
            pivot, beside, beyond = (code.load(each, kind, line) for each in (pivots, second, third))
            here = times(line, "%columns")

            def in_column(column: str) -> None:
                at = plus(here, column)
                value = code.load(out, kind, at)
                for number, factor in enumerate((beside, beyond), 1):
                    there = code.let(f"icmp sge i64 {turn}, {number}")
                    place = code.let(f"select i1 {there}, i64 {times('%columns', number)}, i64 0")
                    other = code.load(out, kind, plus(at, place))
                    value = real.choose(there, minus_product(value, factor, other), value)
                code.store(real.do("fdiv", value, pivot), out, kind, at)

            code.loop("0", "%columns", in_column)

        code.loop("0", last, eliminate)
        is_zero(code.load(pivots, kind, last))
        code.loop("0", "%n", back)

    code.loop("0", "%systems", system)
    title = "tridiagonal"
    return compiler.compiled(code.packed(title, _PARAMETERS) + INTRINSICS, title, [compiler.POINTER])
