"""Blocks: code for products of matrices, as many lines and columns at a time as the processor's vectors hold.

Numbers lie in memory as they are given: a line of the second matrix, or of the product, is read and written by the
vector, numbers of the first one by one. So nothing is copied before, but the second matrix where it lies by columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

Number = str | int
# Vectors side by side in a block, and at most where there are few lines.
_WIDE, _WIDEST = 2, 8


class Laid(NamedTuple):
    """A matrix in memory.

    Attributes:
      pointer: where it starts.
      apart: how many numbers one line is from the next.
      along: how many numbers one column is from the next.
    """

    pointer: str
    apart: Number
    along: Number = 1


class Again(NamedTuple):
    """That the sums of a block go on over other numbers.

    Attributes:
      parts: over how many.
      first, second: how many numbers further on in the two matrices the next part is.
    """

    parts: Number
    first: Number
    second: Number


def vectors_of(kind: str) -> tuple[int, int]:
    """How many numbers of a type are in a vector, and how many lines a block has."""
    lanes, registers = compiler.vectors_of_floats()
    return lanes // (2 if kind == "double" else 1), 8 if registers > 16 else 6


def fused(code: Code, kind: str, width: int, a: str, b: str, c: str) -> str:
    """`a * b + c` of vectors."""
    vector, name = f"<{width} x {kind}>", f"@llvm.fmuladd.v{width}{'f64' if kind == 'double' else 'f32'}"
    return code.let(f"call {vector} {name}({vector} {a}, {vector} {b}, {vector} {c})")


def spread(code: Code, kind: str, width: int, value: str) -> str:
    """A vector of one number."""
    vector = f"<{width} x {kind}>"
    first = code.let(f"insertelement {vector} poison, {kind} {value}, i32 0")
    return code.let(f"shufflevector {vector} {first}, {vector} poison, <{width} x i32> zeroinitializer")


def declared(text: str) -> str:
    """The declarations of what `fused` calls in a text."""
    found: dict[str, None] = {}
    for width, bits in re.findall(r"@llvm\.fmuladd\.v(\d+)f(\d+)\(", text):
        vector = f"<{width} x {'double' if bits == '64' else 'float'}>"
        found[f"declare {vector} @llvm.fmuladd.v{width}f{bits}({vector}, {vector}, {vector})\n"] = None
    return "".join(found)


def _times(code: Code, a: Number, b: Number) -> str:
    if isinstance(a, int) and isinstance(b, int):
        return str(a * b)
    return str(a) if b == 1 else str(b) if a == 1 else code.let(f"mul nsw i64 {a}, {b}")


def block(code: Code, kind: str, lines: int, widths: Sequence[int], first: Laid, second: Laid, depth: Number,
          out: Laid, adds: bool = False, start: str | None = None, again: Again | None = None) -> None:
    """Code for some lines and columns of a product.

    Args:
      kind: the type of the numbers.
      lines: how many.
      widths: how many numbers the vectors side by side have.
      first, second: where these lines of the first matrix, and these columns of the second, start.
      depth: how many products a sum has.
      out: where the product goes; it and the second matrix lie by lines.
      adds: whether it is added to what is there.
      start: where the numbers are with which the sums of every line start, if not with 0.
      again: over which parts the sums go, each of `depth` products, if not over one.
    """
    places = [sum(widths[:column]) for column in range(len(widths))]
    vectors = [f"<{width} x {kind}>" for width in widths]
    sums = [[code.room(vector) for vector in vectors] for _ in range(lines)]

    def load(vector: str, place: int, of: str) -> str:
        return code.let(f"load {vector}, ptr {code.at(of, kind, str(place))}, align 4")

    begins = ["zeroinitializer" if start is None else load(*each, of=start) for each in zip(vectors, places)]
    for line_of_sums in sums:
        for vector, begin, total in zip(vectors, begins, line_of_sums):
            code.do(f"store {vector} {begin}, ptr {total}")

    def part(first_pointer: str, second_pointer: str) -> None:
        given = [code.at(first_pointer, kind, _times(code, first.apart, line)) for line in range(lines)]

        def turn(at: str) -> None:
            line = code.at(second_pointer, kind, _times(code, at, second.apart))
            columns = [load(*each, of=line) for each in zip(vectors, places)]
            along = _times(code, at, first.along)
            for row in range(lines):
                single = code.load(given[row], kind, along)
                for column, (vector, width) in enumerate(zip(vectors, widths)):
                    total = code.let(f"load {vector}, ptr {sums[row][column]}")
                    total = fused(code, kind, width, spread(code, kind, width, single), columns[column], total)
                    code.do(f"store {vector} {total}, ptr {sums[row][column]}")

        code.loop("0", str(depth), turn)

    if again is None:
        part(first.pointer, second.pointer)
    else:
        code.loop("0", str(again.parts), lambda at: part(
            code.at(first.pointer, kind, _times(code, at, again.first)),
            code.at(second.pointer, kind, _times(code, at, again.second))))
    for row in range(lines):
        into = code.at(out.pointer, kind, _times(code, out.apart, row))
        for column, (vector, place) in enumerate(zip(vectors, places)):
            total = code.let(f"load {vector}, ptr {sums[row][column]}")
            if adds:
                total = code.let(f"fadd {vector} {total}, {load(vector, place, of=into)}")
            code.do(f"store {vector} {total}, ptr {code.at(into, kind, str(place))}, align 4")


def product(code: Code, kind: str, sizes: Sequence[int], first: Laid, second: Laid, out: Laid, adds: bool) -> None:
    """Code for the product of matrices [m, k] and [k, n], whose sizes are known.

    Args:
      sizes: m, k, n.
      first: it may lie in any way.
      second, out: they lie by lines.
      adds: whether the product is added to what is there.
    """
    m, k, n = sizes
    lanes, most = vectors_of(kind)
    lines = min(most, m)
    wide = min(_WIDEST, max(_WIDE, _WIDE * most // lines))

    def columns(start: Number, widths: Sequence[int]) -> None:
        matrix = second._replace(pointer=code.at(second.pointer, kind, str(start)))

        def some(line: Number, count: int) -> None:
            given = code.at(first.pointer, kind, _times(code, line, first.apart))
            place = code.at(out.pointer, kind, code.let(f"add i64 {_times(code, line, out.apart)}, {start}"))
            block(code, kind, count, widths, first._replace(pointer=given), matrix, k, out._replace(pointer=place),
                  adds)

        code.loop("0", str(m // lines), lambda index: some(_times(code, index, lines), lines))
        if m % lines:
            some(m - m % lines, m % lines)

    whole = wide * lanes
    code.loop("0", str(n // whole), lambda index: columns(_times(code, index, whole), [lanes] * wide))
    left = n % whole
    if left:
        columns(n - left, [lanes] * (left // lanes) + [left % lanes] * (left % lanes > 0))


def turned(code: Code, kind: str, source: Laid, target: Laid, lines: Number, columns: Number) -> None:
    """Code that copies a matrix [lines, columns], by lines, to where it is to lie by columns."""
    lanes, _ = vectors_of(kind)
    vector = f"<{lanes} x {kind}>"
    low = [number for index in range(lanes // 2) for number in (index, lanes + index)]
    high = [number + lanes // 2 for number in low]

    def place(of: Laid, line: Number, column: Number) -> str:
        return code.at(of.pointer, kind, code.let(f"add i64 {_times(code, line, of.apart)}, {column}"))

    def mixed(a: str, b: str, order: Sequence[int]) -> str:
        chosen = ", ".join(f"i32 {number}" for number in order)
        return code.let(f"shufflevector {vector} {a}, {vector} {b}, <{len(order)} x i32> <{chosen}>")

    def square(line: str, column: str) -> None:
        values = [code.let(f"load {vector}, ptr {place(source, code.let(f'add i64 {line}, {index}'), column)}, align 4")
                  for index in range(lanes)]
        for _ in range(lanes.bit_length() - 1):
            values = [mixed(a, b, order) for a, b in zip(values, values[lanes // 2:]) for order in (low, high)]
        for index, value in enumerate(values):
            at = place(target, code.let(f"add i64 {column}, {index}"), line)
            code.do(f"store {vector} {value}, ptr {at}, align 4")

    def single(line: str, column: str) -> None:
        value = code.let(f"load {kind}, ptr {place(source, line, column)}")
        code.do(f"store {kind} {value}, ptr {place(target, column, line)}")

    def over(start: str, stop: str, body: Callable[[str], None]) -> None:
        code.loop(start, stop, body)

    whole = [code.let(f"sdiv i64 {size}, {lanes}") for size in (lines, columns)]
    done = [code.let(f"mul i64 {count}, {lanes}") for count in whole]
    over("0", whole[0], lambda i: over("0", whole[1], lambda j: square(_times(code, i, lanes), _times(code, j, lanes))))
    over("0", done[0], lambda i: over(done[1], str(columns), lambda j: single(i, j)))
    over(done[0], str(lines), lambda i: over("0", str(columns), lambda j: single(i, j)))
