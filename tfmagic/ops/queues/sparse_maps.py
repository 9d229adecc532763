"""Maps of sparse tensors: what a session keeps of them while numbers stand for them in a queue."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import kept
from tfmagic.ops.shape_rules import with_rank
from tfmagic.ops.sparse.serialized import deserialize, serialize, serialize_rows


class SparseMap:
    """Sparse tensors by numbers."""

    is_handle = True

    def __init__(self, name: str):
        self._name = name
        self._kept: dict[int, np.ndarray] = {}
        self._next = 0
        self._lock = threading.Lock()

    def add(self, indices: Any, values: Any, dense_shape: Any) -> Any:
        """Keep a sparse tensor; its number, as a tensor."""
        row = serialize(kept(indices), kept(values), kept(dense_shape), False)
        return torch.tensor(self._add(row), dtype=torch.int64)

    def add_many(self, indices: Any, values: Any, dense_shape: Any) -> Any:
        """Keep the rows of a sparse tensor; their numbers, as a tensor."""
        rows = serialize_rows(kept(indices), kept(values), kept(dense_shape), False)
        return torch.tensor([self._add(row) for row in rows], dtype=torch.int64)

    def _add(self, row: np.ndarray) -> int:
        with self._lock:
            self._kept[self._next] = row
            self._next += 1
            return self._next - 1

    def take(self, numbers: Any, dtype: str) -> Any:
        """The sparse tensors of some numbers, one after another along a new first axis; they are not kept any more.

        Raises:
          InvalidArgumentError: there is none for a number.
        """
        wanted = numbers.tolist()
        with self._lock:
            for number in wanted:
                if number not in self._kept:
                    raise errors.InvalidArgumentError(
                        None, None, f"Unable to find SparseTensor: {number} in map: {self._name}")
            rows = [self._kept.pop(number) for number in wanted]
        made = np.empty((len(rows), 3), object)
        for place, row in enumerate(rows):
            made[place] = row
        return deserialize(made, dtype)

    def close(self) -> None:
        """Nothing waits for it."""


def _map(op: Any) -> Any:
    return op.constant(op.named.of(op.op, SparseMap, lambda container, name: SparseMap(name)))


def _added(op: Any, indices: Dims, values: Dims, dense_shape: Dims) -> Dims:
    for dims, rank in ((indices, 2), (values, 1), (dense_shape, 1)):
        with_rank(dims, rank)
    return ()


def _added_many(op: Any, *dims: Dims) -> Dims:
    _added(op, *dims)
    return (None,)


register("AddSparseToTensorsMap", _added, lambda op, *parts: _map(op).add(*parts), objects=True, effect="writes")
register("AddManySparseToTensorsMap", _added_many, lambda op, *parts: _map(op).add_many(*parts), objects=True,
         effect="writes")
def _taken_shape(op: Any, numbers: Dims) -> list[Dims]:
    with_rank(numbers, 1)
    return [(None, None), (None,), (None,)]


register("TakeManySparseFromTensorsMap", _taken_shape,
         lambda op, numbers: _map(op).take(numbers, op.dtype.name), objects=True, effect="writes")
