"""Examples that are alike: what differs between them are bytes of values at the same places, taken all at once.

The protobuf library parses the first one. Of the others it is only seen whether they are the same byte by byte where no
values are; where not, or where the first is not as plain as programs write it, nothing is taken this way.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.ops.array.rules import objects, single
from tfmagic.ops.parsing.columns import DenseColumn

_LENGTH_DELIMITED = 2
_FIELDS = {"bytes_list": 1, "float_list": 2, "int64_list": 3}
# Longer ones are dominated by their values.
_LONGEST = 1 << 14


class Alike:
    """The examples that are like one.

    Args:
      example: it; the library has parsed it.
      columns: what is wanted of it.
    """

    def __init__(self, example: bytes, columns: Sequence[DenseColumn]):
        self._places: list[tuple[DenseColumn, list[tuple[int, int]]]] = []
        self._example, self._length = example, len(example)
        self._one_byte: list[int] = []
        fixed = np.ones(len(example), bool)
        self.usable = len(example) <= _LONGEST
        features = _features(example) if self.usable else {}
        for column in columns:
            number, start, stop = features.get(column.key.encode(), (0, 0, 0))
            places = _values(example, number, start, stop)
            count = sum(b - a for a, b in places)
            if number != _FIELDS[column.field] or column.varies or not places:
                self.usable = False
                return
            if number == _FIELDS["bytes_list"]:
                count = len(places)
            elif number == _FIELDS["float_list"]:
                count = count // 4 if count % 4 == 0 else -1
            else:
                self._one_byte += range(*places[0])
            self.usable = self.usable and count == column.stride
            for a, b in places:
                fixed[a:b] = False
            self._places.append((column, places))
        self._mask = fixed
        self._fixed = np.flatnonzero(fixed)
        self._expected = np.frombuffer(example, np.uint8)[self._fixed]

    def pattern(self) -> re.Pattern[bytes]:
        """What matches each of them, and nothing else."""
        example, small, parts = self._example, set(self._one_byte), []
        for place, fixed in enumerate(self._mask.tolist()):
            parts.append(re.escape(example[place:place + 1]) if fixed else b"[\\x00-\\x7f]" if place in small else b".")
        runs = [(part, len(list(equal))) for part, equal in itertools.groupby(parts)]
        return re.compile(b"".join([part if count == 1 else b"%b{%d}" % (part, count) for part, count in runs]), re.S)

    def readers(self) -> list[Callable[[bytes], Any]]:
        """For each column the function that takes its value out of an example that the pattern matches."""
        return [_reader(column, places) for column, places in self._places]

    def values(self, serialized: Sequence[bytes]) -> list[Any] | None:
        """The columns of some examples, or None where they are not alike."""
        if not all(len(example) == self._length for example in serialized):
            return None
        whole = b"".join(serialized)
        size, count = self._length, len(serialized)
        rows = np.frombuffer(whole, np.uint8).reshape(count, size)
        if not (rows[:, self._fixed] == self._expected).all() or (rows[:, self._one_byte] > 127).any():
            return None
        found: list[Any] = []
        for column, places in self._places:
            shape = (count, *column.rest)
            start, stop = places[0]
            if column.kind is None:
                found.append(objects([whole[at + a:at + b] for at in range(0, count * size, size) for a, b in places],
                                     shape))
                continue
            part = np.ascontiguousarray(rows[:, start:stop])
            numbers = part.astype(np.int64) if column.field == "int64_list" else part.view("<f4").astype(np.float32)
            found.append(torch.from_numpy(numbers.reshape(shape)))
        return found


def _reader(column: DenseColumn, places: list[tuple[int, int]]) -> Callable[[bytes], Any]:
    """The function that takes a column's value out of an example, with its bytes at these places."""
    start, stop = places[0]
    numbers = column.numbers
    if column.kind is None:
        if not column.rest:
            return lambda example: single(example[start:stop])
        return lambda example: objects([example[a:b] for a, b in places], column.rest)
    if column.field == "float_list":
        return lambda example: numbers(np.frombuffer(example, "<f4", column.stride, start))
    if column.stride == 1:
        return lambda example: numbers(example[start])
    return lambda example: numbers(list(example[start:stop]))


def _features(example: bytes) -> dict[bytes, tuple[int, int, int]]:
    """By key: the number of the kind of list, and where it begins and ends. Empty where that is not plain to see."""
    found: dict[bytes, tuple[int, int, int]] = {}
    for number, start, stop in (whole := _parts(example, 0, len(example))):
        for entry, a, b in _parts(example, start, stop) if number == 1 and len(whole) == 1 else [(0, 0, 0)]:
            pair = _parts(example, a, b)
            if entry != 1 or [part[0] for part in pair] != [1, 2]:
                return {}
            key, kind = example[pair[0][1]:pair[0][2]], _parts(example, *pair[1][1:])
            if len(kind) != 1 or key in found:
                return {}
            found[key] = kind[0]
    return found


def _values(example: bytes, number: int, start: int, stop: int) -> list[tuple[int, int]]:
    """Where the values of a list are."""
    parts = _parts(example, start, stop)
    if any(part[0] != 1 for part in parts) or number != _FIELDS["bytes_list"] and len(parts) != 1:
        return []
    return [part[1:] for part in parts]


def _parts(data: bytes, start: int, stop: int) -> list[tuple[int, int, int]]:
    """The fields of a message that are of some length: the number of each, where it begins and ends; else none."""
    found: list[tuple[int, int, int]] = []
    while start < stop:
        tag, shift, length = data[start], 0, 0
        if tag & 7 != _LENGTH_DELIMITED or tag > 127:
            return []
        while True:
            start += 1
            if start >= stop or shift > 28:
                return []
            length |= (data[start] & 127) << shift
            shift += 7
            if data[start] < 128:
                break
        start += 1
        if start + length > stop:
            return []
        found.append((tag >> 3, start, start + length))
        start += length
    return found
