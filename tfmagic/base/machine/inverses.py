"""Inverses: machine code that inverts small matrices in place, by elimination with the largest pivot of a column."""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.functions import INTRINSICS, Real

# Of larger matrices not all stays near the processor: others are quicker.
_LARGEST = 200
# Microseconds that torch takes longer, for a call, and for a matrix by the third power of its size.
_CALL, _NUMBER = 15, 0.0002
_PARAMETERS = ("ptr noalias %numbers", "ptr noalias %pivots", "ptr noalias %singular", "i64 %matrices", "i64 %size")
_packed = struct.Struct("5q").pack


def inverses(x: Any) -> Any:
    """The inverses of matrices on the CPU, [..., n, n].

    None where machine code is not there yet, where one is singular, or where another way is as quick.
    """
    size = x.shape[-1]
    if not 0 < size <= _LARGEST or not x.numel():
        return None
    matrices, soon = x.numel() // size ** 2, _soon(x.dtype)
    made = None if soon is None else soon.asked(_CALL + _NUMBER * matrices * size ** 3)
    if made is None:
        return None
    found = x.clone(memory_format=torch.contiguous_format)
    pivots, singular = (ctypes.c_int64 * size)(), ctypes.c_int64()
    made(_packed(found.data_ptr(), ctypes.addressof(pivots), ctypes.addressof(singular), matrices, size))
    return None if singular.value else found


@functools.cache
def _soon(dtype: Any) -> compiler.Soon | None:
    return compiler.soon_of_floats(dtype, _made)


def _made(kind: str) -> Any:
    """A function of the address of its parameters."""
    code = Code()
    real = Real(code, kind)
    largest, where = code.room(kind), code.room("i64")

    def one(matrix: str) -> None:
        start = code.at("%numbers", kind, code.let(f"mul i64 {matrix}, {code.let('mul i64 %size, %size')}"))

        def line(row: str) -> str:
            return code.at(start, kind, code.let(f"mul i64 {row}, %size"))

        def exchange(a: str, b: str, kind: str) -> None:
            """Exchange what stands at two addresses."""
            first, second = code.load(a, kind, "0"), code.load(b, kind, "0")
            code.store(second, a, kind, "0")
            code.store(first, b, kind, "0")

        def step(k: str) -> None:
            code.store(real.const(-1.0), largest, kind, "0")
            code.store(k, where, "i64", "0")

            def look(row: str) -> None:
                value = real.call("fabs", code.load(line(row), kind, k))
                best, so_far = code.load(largest, kind, "0"), code.load(where, "i64", "0")
                further = real.compare("ogt", value, best)
                code.store(real.choose(further, value, best), largest, kind, "0")
                code.store(code.let(f"select i1 {further}, i64 {row}, i64 {so_far}"), where, "i64", "0")

            code.loop(k, "%size", look)
            pivot, chosen = code.load(where, "i64", "0"), line(k)
            code.store(pivot, "%pivots", "i64", k)
            other = line(pivot)
            code.when(code.let(f"icmp ne i64 {pivot}, {k}"), lambda: code.loop(
                "0", "%size", lambda at: exchange(code.at(chosen, kind, at), code.at(other, kind, at), kind)))
            value = code.load(chosen, kind, k)
            is_zero = code.let(f"zext i1 {real.compare('oeq', value, 0.0)} to i64")
            code.store(code.let(f"or i64 {code.load('%singular', 'i64', '0')}, {is_zero}"), "%singular", "i64", "0")
            code.store(real.const(1.0), chosen, kind, k)

            def eliminate(row: str) -> None:
                target = line(row)
                factor = real.do("fdiv", code.load(target, kind, k), value)
                code.store(real.const(0.0), target, kind, k)

                def subtract(at: str) -> None:
                    product = real.do("fmul", factor, code.load(chosen, kind, at))
                    code.store(real.do("fsub", code.load(target, kind, at), product), target, kind, at)

                code.loop("0", "%size", subtract)

            code.loop("0", k, eliminate)
            code.loop(code.let(f"add i64 {k}, 1"), "%size", eliminate)
            code.loop("0", "%size", lambda at: code.store(real.do("fdiv", code.load(chosen, kind, at), value), chosen,
                                                          kind, at))

        def back(turn: str) -> None:
            """Columns are where rows were."""
            k = code.let(f"sub i64 {code.let('sub i64 %size, 1')}, {turn}")
            pivot = code.load("%pivots", "i64", k)

            def in_row(row: str) -> None:
                target = line(row)
                exchange(code.at(target, kind, k), code.at(target, kind, pivot), kind)

            code.when(code.let(f"icmp ne i64 {pivot}, {k}"), lambda: code.loop("0", "%size", in_row))

        code.loop("0", "%size", step)
        code.loop("0", "%size", back)

    code.loop("0", "%matrices", one)
    title = "inverses"
    return compiler.compiled(code.packed(title, _PARAMETERS) + INTRINSICS, title, [compiler.POINTER])
