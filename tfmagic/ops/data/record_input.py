"""RecordInput: batches of the records of files, epoch after epoch, each in an order of its own."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from typing import Any

from tfmagic.base import errors
from tfmagic.formats.gfile import glob
from tfmagic.formats.records import RecordReader
from tfmagic.ops.data.datasets import strings
from tfmagic.ops.declare import register


class RecordSource:
    """The records of files without end: each once in an epoch.

    Args:
      op: the node: its attrs say which files, in which order and how many records at a time.
    """

    def __init__(self, op: Any):
        attrs = op._attrs
        self._pattern, self._compression = attrs["file_pattern"], attrs["compression_type"]
        self._size, self._held = attrs["batch_size"], attrs["file_buffer_size"]
        self._shift = attrs["file_shuffle_shift_ratio"]
        self._random = random.Random(attrs["file_random_seed"])
        self._records = self._all()
        self._lock = threading.Lock()

    def batch(self) -> Any:
        """The next records as a vector of strings."""
        with self._lock:
            return strings([next(self._records) for _ in range(self._size)])[0]

    def _all(self) -> Iterator[bytes]:
        number = 0
        while True:
            names = sorted(glob(self._pattern.decode() if isinstance(self._pattern, bytes) else self._pattern))
            if not names:
                self._records = self._all()
                raise errors.NotFoundError(None, None, f"Found no files at {self._pattern}")
            self._random.shuffle(names)
            first = int(number * self._shift * len(names)) % len(names)
            yield from self._epoch(names[first:] + names[:first])
            number += 1

    def _epoch(self, names: list[str]) -> Iterator[bytes]:
        """The records of files, each time one of those that are held."""
        held: list[bytes] = []
        for name in names:
            with RecordReader(name, self._compression) as reader:
                while (record := reader.read()) is not None:
                    held.append(record)
                    if len(held) >= self._held:
                        yield self._one_of(held)
        while held:
            yield self._one_of(held)

    def _one_of(self, held: list[bytes]) -> bytes:
        place = self._random.randrange(len(held))
        held[place], held[-1] = held[-1], held[place]
        return held.pop()

    def close(self) -> None:
        """Nothing waits for it."""


register("RecordInput", lambda op: None, lambda op: op.constant(op.named.of(
    op.op, RecordSource, lambda *names: RecordSource(op.op))).batch(), objects=True, effect="waits")
