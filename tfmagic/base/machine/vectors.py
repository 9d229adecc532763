"""Vectors: code for LLVM on vectors as wide as this processor's, products of small matrices above all."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from fractions import Fraction

from tfmagic.base.machine import blocks, compiler, team
from tfmagic.base.machine.code import Code, number


class Vectors:
    """Writes the code of one function on vectors.

    Attributes:
      code: what is written.
      single: the type of a number.
      lanes: how many numbers a vector has.
      kind: the type of a vector.

    Args:
      single: "float" or "double".
    """

    def __init__(self, single: str = "float") -> None:
        self.code = Code()
        self.single = single
        self.lanes, _ = blocks.vectors_of(single)
        self.kind = f"<{self.lanes} x {single}>"
        self._spoiled = self.code.room(self.kind)

    def at(self, pointer: str, index: str | int) -> str:
        """The address of a number."""
        return self.code.at(pointer, self.single, str(index))

    def minus(self, a: str, b: str) -> str:
        """The difference of whole numbers."""
        return self.code.let(f"sub i64 {a}, {b}")

    def add(self, *values: str | int) -> str:
        """The sum of whole numbers."""
        return functools.reduce(lambda a, b: self.code.let(f"add i64 {a}, {b}"), map(str, values))

    def times(self, *values: str | int) -> str:
        """The product of whole numbers."""
        return functools.reduce(lambda a, b: self.code.let(f"mul i64 {a}, {b}"), map(str, values))

    def least(self, a: str, b: str) -> str:
        """The smaller of two whole numbers."""
        return self.code.let(f"select i1 {self.code.let(f'icmp slt i64 {a}, {b}')}, i64 {a}, i64 {b}")

    def each(self, stop: str, step: int, body: Callable[[str], None]) -> None:
        """Code for every multiple of `step` from 0, below `stop`."""
        count = self.code.let(f"sdiv i64 {self.add(stop, step - 1)}, {step}")
        self.code.loop("0", count, lambda index: body(self.times(index, step)))

    def load(self, pointer: str, index: str | int = 0) -> str:
        """A vector of an array."""
        return self.code.let(f"load {self.kind}, ptr {self.at(pointer, index)}, align 4")

    def store(self, value: str, pointer: str, index: str | int = 0) -> None:
        """Set a vector of an array."""
        self.code.do(f"store {self.kind} {value}, ptr {self.at(pointer, index)}, align 4")

    def spread(self, value: float) -> str:
        """A vector of equal constants."""
        return "<" + ", ".join([f"{self.single} {number(value, self.single)}"] * self.lanes) + ">"

    def fused(self, a: str, b: str, c: str) -> str:
        """`a * b + c`."""
        return blocks.fused(self.code, self.single, self.lanes, a, b, c)

    def combined(self, factors: Sequence[Fraction], values: Sequence[str]) -> str:
        """The sum of vectors times constants."""
        found = ""
        for factor, value in sorted(((f, v) for f, v in zip(factors, values) if f), key=lambda each: each[0] != 1):
            if not found:
                found = value if factor == 1 else \
                    self.code.let(f"fmul {self.kind} {value}, {self.spread(float(factor))}")
            elif abs(factor) == 1:
                found = self.code.let(f"{'fadd' if factor == 1 else 'fsub'} {self.kind} {found}, {value}")
            else:
                found = self.fused(value, self.spread(float(factor)), found)
        return found

    def product(self, lines: int, first: blocks.Laid, second: blocks.Laid, depth: blocks.Number, out: blocks.Laid,
                wide: int, adds: bool = False, start: str | None = None, again: blocks.Again | None = None) -> None:
        """Code for so many lines of a product, `wide` vectors across (`blocks.block`)."""
        blocks.block(self.code, self.single, lines, [self.lanes] * wide, first, second, depth, out, adds, start, again)

    def panels(self, columns: str, body: Callable[[str, int], None]) -> None:
        """Code for every two vectors of `columns` numbers, and one that is left; `body` gets where, and how many."""
        code, both = self.code, 2 * self.lanes
        whole = code.let(f"sdiv i64 {columns}, {both}")
        code.loop("0", whole, lambda index: body(self.times(index, both), 2))
        start = self.times(whole, both)
        left = code.let(f"zext i1 {code.let(f'icmp slt i64 {start}, {columns}')} to i64")
        code.loop("0", left, lambda _: body(start, 1))

    def spoils(self, value: str) -> None:
        """Note whether a vector has a number that is not finite."""
        self.store(self.fused(value, self.spread(0.0), self.load(self._spoiled)), self._spoiled)

    def sound(self) -> None:
        """All was finite so far."""
        self.store(self.spread(0.0), self._spoiled)

    def noted(self, pointer: str, index: str) -> None:
        """Store whether something was not finite."""
        found = self.load(self._spoiled)
        bits = self.code.let(f"fcmp uno {self.kind} {found}, {found}")
        whole = self.code.let(f"bitcast <{self.lanes} x i1> {bits} to i{self.lanes}")
        self.code.store(self.code.let(f"zext i1 {self.code.let(f'icmp ne i{self.lanes} {whole}, 0')} to i64"),
                        pointer, "i64", index)

    def made(self, name: str, parameters: Sequence[str]) -> Callable[..., None]:
        """The function of the address of its parameters, how often, and on how many threads."""
        text = team.ranged(self.code, name, parameters)
        text += blocks.declared(text) + team.shared(name, aligned=1, there=compiler.has_team())
        return compiler.compiled(text, name, [compiler.POINTER, compiler.INTEGER, compiler.INTEGER], vectors=False)
