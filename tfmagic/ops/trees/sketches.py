"""Sketches of weighted numbers: as many entries as an error allows, from which quantiles and buckets are read.

An entry is a number, its weight, and the least and the most weight that may lie below it and up to it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

MOST = 1 << 40  # elements that a stream is laid out for
Single = np.float32


class Entry(NamedTuple):
    """A number in a sketch; weights are single precision, as in TensorFlow, where sums depend on it."""

    value: Any
    weight: Any
    least: Any
    most: Any

    @property
    def least_behind(self) -> Any:
        """The least weight below the next number."""
        return self.least + self.weight

    @property
    def most_before(self) -> Any:
        """The most weight up to the number before."""
        return self.most - self.weight


def sketch(values: Any, weights: Any) -> list[Entry]:
    """The exact sketch of numbers: each once, in order, with all its weight."""
    totals: dict[Any, Any] = {}
    for place in sorted(range(len(values)), key=lambda place: values[place]):
        totals[values[place]] = totals.get(values[place], Single(0)) + weights[place]
    entries, below = [], Single(0)
    for value, weight in totals.items():
        entries.append(Entry(value, weight, below, below + weight))
        below = below + weight
    return entries


def merged(one: list[Entry], other: list[Entry]) -> list[Entry]:
    """The sketch of the numbers of two."""
    if not one or not other:
        return one or other
    result: list[Entry] = []
    i = j = 0
    low_one = low_other = Single(0)  # the least weight in each that is surely below what comes next
    while i < len(one) and j < len(other):
        a, b = one[i], other[j]
        if a.value < b.value:
            result.append(Entry(a.value, a.weight, a.least + low_other, a.most + b.most_before))
            low_one, i = a.least_behind, i + 1
        elif b.value < a.value:
            result.append(Entry(b.value, b.weight, b.least + low_one, b.most + a.most_before))
            low_other, j = b.least_behind, j + 1
        else:
            result.append(Entry(a.value, a.weight + b.weight, a.least + b.least, a.most + b.most))
            low_one, low_other, i, j = a.least_behind, b.least_behind, i + 1, j + 1
    for entry in one[i:]:
        result.append(Entry(entry.value, entry.weight, entry.least + low_other, entry.most + other[-1].most))
    for entry in other[j:]:
        result.append(Entry(entry.value, entry.weight, entry.least + low_one, entry.most + one[-1].most))
    return result


def compressed(entries: list[Entry], size: int, error: float = 0.0) -> list[Entry]:
    """A sketch of about `size` entries, the ends among them, that are spread evenly and whose gaps stay small."""
    size = max(size, 2)
    if len(entries) <= size:
        return entries
    widest = float(entries[-1].most) * max(1.0 / size, error)
    kept, debt, place, step = [entries[0]], 0, 0, len(entries)
    while place + 1 < len(entries):
        following = place + 1
        while following < len(entries) and debt < step and (
                entries[following].most_before - entries[place].least_behind <= widest):
            debt += size
            following += 1
        place = place + 1 if following == place + 1 else following - 1
        kept.append(entries[place])
        debt -= step
    if kept[-1] is not entries[-1]:
        kept.append(entries[-1])
    return kept


def buckets(entries: list[Entry], count: int) -> list[Any]:
    """The boundaries of so many buckets of about equal weight."""
    if not entries:
        return []
    total = entries[-1].most
    error = max((max(after.most_before - entry.least_behind, 0) for entry, after in zip(entries, entries[1:])),
                default=0) / total
    return [entry.value for entry in compressed(entries, count, float(error) + 1.0 / count)]


def quantiles(entries: list[Entry], count: int) -> list[Any]:
    """The numbers at `count` + 1 ranks, the ends among them, evenly spread over all weight."""
    if not entries:
        return []
    count = max(count, 2)
    found, place = [], 0
    for rank in range(count + 1):
        twice = 2 * (Single(rank) * entries[-1].most / Single(count))
        while place + 1 < len(entries) and twice >= entries[place + 1].least + entries[place + 1].most:
            place += 1
        following = place + 1
        if following == len(entries) or twice < entries[place].least_behind + entries[following].most_before:
            found.append(entries[place].value)
        else:
            found.append(entries[following].value)
    return found


class Stream:
    """A sketch of numbers that come one after the other, in blocks whose sketches are merged in pairs.

    Args:
      error: the part of all weight that a rank may be wrong by.
      elements: how many numbers are awaited at the most.
    """

    def __init__(self, error: float, elements: int = MOST):
        self._error = error
        level, self._block = 1, 2
        while (1 << level) * self._block < elements:
            self._block = math.ceil(level / error) + 1
            level += 1
        self._room = min(self._block * 2, elements)
        self._values: list[Any] = []
        self._weights: list[Any] = []
        self._levels: list[list[Entry]] = []

    def add(self, value: Any, weight: Any) -> None:
        """Take a number, where it has weight."""
        if weight <= 0:
            return
        self._values.append(value)
        self._weights.append(weight)
        if len(self._values) >= self._room:
            self._settle()

    def add_sketch(self, entries: list[Entry]) -> None:
        """Take the numbers that a sketch stands for."""
        self._carry(compressed(entries, self._block, self._error))

    def _settle(self) -> None:
        part = sketch(self._values, self._weights)
        self._values, self._weights = [], []
        self.add_sketch(part)

    def _carry(self, part: list[Entry]) -> None:
        """Put a sketch on the lowest level, and on the next what does not fit there."""
        level = 0
        while part:
            if level == len(self._levels):
                self._levels.append([])
            there = self._levels[level]
            part = merged(part, there)
            if not there or len(part) <= self._block + 1:
                self._levels[level] = part
                return
            part, self._levels[level] = compressed(part, self._block, self._error), []
            level += 1

    def whole(self) -> list[Entry]:
        """The sketch of all."""
        self._settle()
        result: list[Entry] = []
        for part in self._levels:
            result = merged(result, part)
        return result
