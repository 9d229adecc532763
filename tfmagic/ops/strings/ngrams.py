"""N-grams of strings, and the scripts of characters."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import op
from tfmagic.ops.strings.rules import HOST_STRINGS, raw_bytes


@op("StringNGrams", **HOST_STRINGS)
class StringNGrams:
    """Runs of neighbouring strings of each row, joined: their strings, and where each row's end."""

    def shape(op, data, splits):
        shape_rules.with_rank(data, 1)
        return (None,), shape_rules.with_rank(splits, 1)

    def kernel(op, data, data_splits):
        words, splits = data.tolist(), as_array(data_splits).tolist()
        if splits and (splits[0] < 0 or splits[-1] > len(words)):  # TensorFlow reads what is not there
            raise invalid(f"data_splits must lie between 0 and {len(words)}, the number of strings")
        left, right, separator = (raw_bytes(text) for text in (op.left_pad, op.right_pad, op.separator))
        found: list[bytes] = []
        ends = [0] * min(len(splits), 1)
        for start, stop in zip(splits, splits[1:]):
            before = len(found)
            for width in op.ngram_widths:
                pad = width - 1 if op.pad_width < 0 else min(op.pad_width, width - 1)
                found += (separator.join(run) for run in _runs(words, start, stop, width, pad, left, right))
            if op.preserve_short_sequences and len(found) == before and stop > start:
                pad = max(op.pad_width, 0)
                found.append(separator.join([left] * pad + words[start:stop] + [right] * pad))
            ends.append(len(found))
        kind = op.Tsplits.as_numpy_dtype
        return objects(found, (len(found),)), torch.from_numpy(np.array(ends, kind))


def _runs(words: list[bytes], start: int, stop: int, width: int, pad: int, left: bytes,
          right: bytes) -> Iterator[list[bytes]]:
    """The runs of a row; one that is of padding alone also has the word before the row, as in TensorFlow."""
    count = stop - start + 2 * pad - width + 1
    for place in range(count):
        before, after = max(0, pad - place), max(0, pad - (count - place - 1))
        first = start + max(0, place - pad)
        last = first + width - before - after
        yield [left] * before + words[first if last > first else max(0, first - 1):last] + [right] * after


@functools.cache
def _scripts() -> tuple[Any, Any]:
    """Where runs of characters of one script begin, and the numbers of the scripts."""
    with open(os.path.join(os.path.dirname(__file__), "scripts.txt"), encoding="utf-8") as file:
        pairs = [line.split() for line in file if line[0] != "#"]
    return np.array([int(start, 16) for start, _ in pairs]), np.array([int(script) for _, script in pairs], np.int32)


@op("UnicodeScript", traced=False, because="looked up in a table of Unicode")
class UnicodeScript:
    """The script of each code point, as ICU numbers them; -1 for what is no code point."""

    shape = shape_rules.same

    def kernel(op, x):
        starts, scripts = _scripts()
        points = as_array(x)
        found = scripts[np.searchsorted(starts, points.clip(0), side="right") - 1]
        return torch.from_numpy(np.where((points < 0) | (points > 0x10FFFF), np.int32(-1), found))
