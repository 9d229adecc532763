"""Distances: machine code for how many insertions, deletions and replacements turn one sequence into another."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable

import numpy as np

from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# Microseconds that Python takes for two numbers that are compared.
_PAIR = 0.2
_PARAMETERS = ("ptr noalias %first", "ptr noalias %first_starts", "ptr noalias %second", "ptr noalias %second_starts",
               "ptr noalias %out", "ptr noalias %row", "i64 %count")
_packed = struct.Struct("6Pq").pack


def distances(first: np.ndarray, first_starts: np.ndarray, second: np.ndarray,
              second_starts: np.ndarray) -> np.ndarray:
    """The Levenshtein distances of sequences, one of the first ones and one of the second ones each: int64 [count].

    Args:
      first, second: the numbers of all sequences in a row, int64.
      first_starts, second_starts: where each of them begins and the last one ends, int64 [count + 1].
    """
    lengths = np.diff(first_starts), np.diff(second_starts)
    soon = _soon()
    made = None if soon is None else soon.asked(_PAIR * float((lengths[0] * lengths[1]).sum()))
    if made is None:
        return np.array([_distance(first[a:b].tolist(), second[c:d].tolist()) for a, b, c, d in zip(
            first_starts, first_starts[1:], second_starts, second_starts[1:])], np.int64)
    given = [np.ascontiguousarray(part, np.int64) for part in (first, first_starts, second, second_starts)]
    out, row = np.empty(len(lengths[0]), np.int64), np.empty(int(lengths[1].max(initial=0)) + 1, np.int64)
    made(_packed(*(part.ctypes.data for part in (*given, out, row)), len(out)))
    return out


def _distance(a: list[int], b: list[int]) -> int:
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (x != y)))
        previous = row
    return previous[-1]


@functools.cache
def _soon() -> compiler.Soon | None:
    return compiler.Soon(_made) if compiler.available() else None


def _made() -> Callable[..., None]:
    """A function of the address of its parameters."""
    code = Code()
    diagonal, left = code.room("i64"), code.room("i64")

    def plus(a: str, b: str | int) -> str:
        return code.let(f"add nsw i64 {a}, {b}")

    def least(a: str, b: str) -> str:
        return code.let(f"select i1 {code.let(f'icmp slt i64 {a}, {b}')}, i64 {a}, i64 {b}")

    def pair(index: str) -> None:
        sequences = []
        for name in ("first", "second"):
            start, stop = (code.load(f"%{name}_starts", "i64", at) for at in (index, plus(index, 1)))
            sequences.append((code.at(f"%{name}", "i64", start), code.let(f"sub i64 {stop}, {start}")))
        (a, a_length), (b, b_length) = sequences
        code.loop("0", plus(b_length, 1), lambda at: code.store(at, "%row", "i64", at))

        def line(i: str) -> None:
            number, begin = code.load(a, "i64", i), plus(i, 1)
            code.store(code.load("%row", "i64", "0"), diagonal, "i64", "0")
            code.store(begin, "%row", "i64", "0")
            code.store(begin, left, "i64", "0")

            def column(j: str) -> None:
                other = code.let(f"icmp ne i64 {number}, {code.load(b, 'i64', j)}")
                replaced = plus(code.load(diagonal, "i64", "0"), code.let(f"zext i1 {other} to i64"))
                place = plus(j, 1)
                above = code.load("%row", "i64", place)
                best = least(least(plus(above, 1), plus(code.load(left, "i64", "0"), 1)), replaced)
                code.store(above, diagonal, "i64", "0")
                code.store(best, left, "i64", "0")
                code.store(best, "%row", "i64", place)

            code.loop("0", b_length, column)

        code.loop("0", a_length, line)
        code.store(code.load("%row", "i64", b_length), "%out", "i64", index)

    code.loop("0", "%count", pair)
    title = "distances"
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER], vectors=False)
