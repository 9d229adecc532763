"""Extremes: machine code that finds where the largest or smallest number of each line of an array stands.

It is the first of equal ones. NaN is never found, and what is no further than the type's last finite number is not
either: a line of nothing else has it in the first place, as TensorFlow says.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import blocks, compiler
from tfmagic.base.machine.code import BITS, Code, number

# Microseconds that torch takes longer, for a call and for a number.
_CALL, _NUMBER = 8, 0.004
_PARAMETERS = ("ptr noalias %out", "ptr noalias %numbers", "i64 %lines", "i64 %length", "i64 %side")
_packed = struct.Struct("5q").pack


def place_of_extreme(x: Any, axis: int, highest: bool, kind: Any) -> Any:
    """The places along an axis at which the largest (else the smallest) numbers of a tensor on the CPU stand.

    None where machine code is not there yet, or knows no such numbers.

    Args:
      axis: in [-rank, rank), one that is not empty.
      kind: the torch dtype of the places, int32 or int64.
    """
    later = _later(x.dtype, kind, highest, axis in (-1, x.dim() - 1)) if x.numel() else None
    made = None if later is None else later.asked(_CALL + _NUMBER * x.numel())
    if made is None:
        return None
    x = x.contiguous()
    before, length, after = x.shape[:axis], x.shape[axis], x.shape[axis:][1:]
    places = torch.empty((*before, *after), dtype=kind, device="cpu")
    made(_packed(places.data_ptr(), x.data_ptr(), math.prod(before), length, math.prod(after)))
    return places


@functools.cache
def _later(dtype: Any, places: Any, highest: bool, last: bool) -> compiler.Soon | None:
    kind = {torch.float32: "float", torch.float64: "double", torch.int32: "i32", torch.int64: "i64"}.get(dtype)
    if kind is None or not compiler.available():
        return None
    write = _along if last else _side_by_side
    return compiler.Soon(lambda: _made(write, Numbers(kind, highest), "i32" if places == torch.int32 else "i64"))


class Numbers:
    """Numbers of a type, and which of them is further.

    Attributes:
      kind: the type.
      whole: the integer type that is as wide, in which places are counted.
      start: what is not further than any.

    Args:
      highest: whether the largest are looked for.
    """

    def __init__(self, kind: str, highest: bool):
        self.kind, self.whole = kind, BITS.get(kind, kind)
        if kind in BITS:
            last = torch.finfo(torch.float32 if kind == "float" else torch.float64).max
            self.start, self._further = number(-last if highest else last, kind), "fcmp ogt" if highest else "fcmp olt"
        else:
            last = 1 << int(kind[1:]) - 1
            self.start, self._further = str(-last if highest else last - 1), "icmp sgt" if highest else "icmp slt"

    def further(self, code: Code, value: str, best: str, width: int = 1) -> str:
        """Whether numbers are further than others (of vectors, one by one)."""
        return code.let(f"{self._further} {_vector(self.kind, width)} {value}, {best}")

    def taken(self, code: Code, value: str, place: str, best: str, where: str, width: int = 1) -> None:
        """Note a number and its place, where it is further than the one that is noted at these addresses."""
        numbers, places = _vector(self.kind, width), _vector(self.whole, width)
        before, there = code.load(best, numbers, "0"), code.load(where, places, "0")
        further = self.further(code, value, before, width)
        flags = _vector("i1", width)
        code.store(code.let(f"select {flags} {further}, {numbers} {value}, {numbers} {before}"), best, numbers, "0")
        code.store(code.let(f"select {flags} {further}, {places} {place}, {places} {there}"), where, places, "0")


def _vector(kind: str, width: int) -> str:
    return kind if width == 1 else f"<{width} x {kind}>"


def _spread(value: str, kind: str, width: int) -> str:
    return "<" + ", ".join([f"{kind} {value}"] * width) + ">"


def _steps(kind: str, width: int) -> str:
    """The numbers of the lanes."""
    return "<" + ", ".join(f"{kind} {lane}" for lane in range(width)) + ">"


def _lanes(whole: str) -> int:
    return blocks.vectors_of("double" if whole == "i64" else "float")[0]


def _suffix(kind: str, width: int) -> str:
    """A type of vectors in the names of LLVM's functions."""
    return f"v{width}" + {"float": "f32", "double": "f64"}.get(kind, kind)


def _narrow(code: Code, index: str, kind: str) -> str:
    return index if kind == "i64" else code.let(f"trunc i64 {index} to {kind}")


def _fitted(code: Code, place: str, kind: str, wanted: str) -> str:
    """A place of one type as one of another."""
    if kind == wanted:
        return place
    return code.let(f"{'trunc' if kind == 'i64' else 'sext'} {kind} {place} to {wanted}")


def _made(write: Callable[[Code, Numbers, str], None], numbers: Numbers, places: str) -> Any:
    """A function of the address of its parameters."""
    code = Code()
    write(code, numbers, places)
    title, width = "extremes", _lanes(numbers.whole)
    vector = _vector(numbers.kind, width)
    masked = f"@llvm.masked.load.{_suffix(numbers.kind, width)}.p0(ptr, i32, <{width} x i1>, {vector})"
    text = code.packed(title, _PARAMETERS) + f"declare {vector} {masked}\n"
    return compiler.compiled(text, title, [compiler.POINTER])


def _along(code: Code, numbers: Numbers, places: str) -> None:
    """Along lines whose numbers lie one after the other: two vectors at a time, then number by number."""
    kind, whole = numbers.kind, numbers.whole
    width = 2 * _lanes(whole)
    bests, wheres = code.room(_vector(kind, width)), code.room(_vector(whole, width))
    best, where = code.room(kind), code.room(whole)
    vectors = code.let(f"sdiv i64 %length, {width}")
    rest = code.let(f"mul i64 {vectors}, {width}")

    def line(index: str) -> None:
        start = code.at("%numbers", kind, code.let(f"mul i64 {index}, %length"))
        code.store(numbers.start, best, kind, "0")
        code.store("0", where, whole, "0")

        def by_vectors(_: str) -> None:
            code.store(_spread(numbers.start, kind, width), bests, _vector(kind, width), "0")
            code.store("zeroinitializer", wheres, _vector(whole, width), "0")

            def one(turn: str) -> None:
                at = code.let(f"mul i64 {turn}, {width}")
                value = code.let(f"load {_vector(kind, width)}, ptr {code.at(start, kind, at)}, align 4")
                first = blocks.spread(code, whole, width, _narrow(code, at, whole))
                place = code.let(f"add {_vector(whole, width)} {first}, {_steps(whole, width)}")
                numbers.taken(code, value, place, bests, wheres, width)

            code.loop("0", vectors, one)
            values, found = code.load(bests, _vector(kind, width), "0"), code.load(wheres, _vector(whole, width), "0")
            for lane in range(width):
                value = code.let(f"extractelement {_vector(kind, width)} {values}, i64 {lane}")
                place = code.let(f"extractelement {_vector(whole, width)} {found}, i64 {lane}")
                so_far, there = code.load(best, kind, "0"), code.load(where, whole, "0")
                # Of equal numbers the one in front stands in any of the lanes.
                is_further, is_less = (numbers.further(code, *pair) for pair in ((value, so_far), (so_far, value)))
                in_front = code.let(f"icmp slt {whole} {place}, {there}")
                first = code.let(f"select i1 {is_less}, i1 false, i1 {in_front}")
                chosen = code.let(f"or i1 {is_further}, {first}")
                code.store(code.let(f"select i1 {chosen}, {kind} {value}, {kind} {so_far}"), best, kind, "0")
                code.store(code.let(f"select i1 {chosen}, {whole} {place}, {whole} {there}"), where, whole, "0")

        some = code.let(f"zext i1 {code.let(f'icmp sgt i64 {vectors}, 0')} to i64")
        code.loop("0", some, by_vectors)
        code.loop(rest, "%length", lambda at: numbers.taken(
            code, code.load(start, kind, at), _narrow(code, at, whole), best, where))
        code.store(_fitted(code, code.load(where, whole, "0"), whole, places), "%out", places, index)

    code.loop("0", "%lines", line)


def _side_by_side(code: Code, numbers: Numbers, places: str) -> None:
    """Along lines that lie side by side: four vectors of them at a time, then one, of which some may be left."""
    kind, whole = numbers.kind, numbers.whole
    lanes = _lanes(whole)

    def group(plane: str, first: str, width: int, left: str | None) -> None:
        vector, wheres = _vector(kind, width), _vector(whole, width)
        best, where = code.room(vector), code.room(wheres)
        code.store(_spread(numbers.start, kind, width), best, vector, "0")
        code.store("zeroinitializer", where, wheres, "0")
        mask = None
        if left is not None:
            count = blocks.spread(code, whole, width, _narrow(code, left, whole))
            mask = code.let(f"icmp slt {wheres} {_steps(whole, width)}, {count}")

        def step(row: str) -> None:
            line = code.let(f"add i64 {code.let(f'mul i64 {plane}, %length')}, {row}")
            at = code.at("%numbers", kind, code.let(f"add i64 {code.let(f'mul i64 {line}, %side')}, {first}"))
            value = code.let(f"load {vector}, ptr {at}, align 4") if mask is None else code.let(
                f"call {vector} @llvm.masked.load.{_suffix(kind, width)}.p0(ptr {at}, i32 4, <{width} x i1> {mask}, "
                f"{vector} zeroinitializer)")
            numbers.taken(code, value, blocks.spread(code, whole, width, _narrow(code, row, whole)), best, where, width)

        def end(lane: str) -> None:
            column = code.let(f"add i64 {first}, {lane}")
            code.store(_fitted(code, code.load(where, whole, lane), whole, places), "%out", places,
                       code.let(f"add i64 {code.let(f'mul i64 {plane}, %side')}, {column}"))

        code.loop("0", "%length", step)
        code.loop("0", left or str(width), end)

    wide = 4 * lanes
    groups = code.let(f"sdiv i64 %side, {wide}")
    start = code.let(f"mul i64 {groups}, {wide}")
    rest = code.let(f"sub i64 %side, {start}")
    more = code.let(f"sdiv i64 {code.let(f'add i64 {rest}, {lanes - 1}')}, {lanes}")

    def plane(index: str) -> None:
        def last(turn: str) -> None:
            first = code.let(f"add i64 {start}, {code.let(f'mul i64 {turn}, {lanes}')}")
            left = code.let(f"sub i64 %side, {first}")
            group(index, first, lanes, code.let(f"select i1 {code.let(f'icmp slt i64 {left}, {lanes}')}, i64 {left}, "
                                                f"i64 {lanes}"))

        code.loop("0", groups, lambda turn: group(index, code.let(f"mul i64 {turn}, {wide}"), wide, None))
        code.loop("0", more, last)

    code.loop("0", "%lines", plane)
