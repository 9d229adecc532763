"""Data sets that change how elements come, not what they are: sleep, thread pools, choice of the fastest, rebatch."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.formats.databases import entries
from tfmagic.ops.array.rules import single
from tfmagic.ops.data.datasets import UNKNOWN, Dataset, Derived, Element, Following, Iteration, dataset_of, dims_of
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register


class Sleeping(Derived):
    """The elements, each after a time.

    Args:
      microseconds: how long.
    """

    def __init__(self, source: Dataset, microseconds: int):
        super().__init__(source)
        self.seconds = microseconds / 1e6

    class Pass(Following):
        def __init__(self, dataset: Sleeping, source: Iteration):
            super().__init__(dataset, source)
            self._seconds = dataset.seconds

        def __next__(self) -> Element:
            time.sleep(self._seconds)
            return next(self.source)


class ThreadPool:
    """Threads that data sets may share. Ours take their own as they need them, so it is a name alone."""

    is_handle = True

    def close(self) -> None:
        """There is nothing to stop."""


class Rebatched(Derived):
    """Batches in so many parts each, one after the other: what each of some replicas gets.

    Args:
      replicas: how many parts.
    """

    def __init__(self, source: Dataset, replicas: int):
        if replicas <= 0:
            raise errors.InvalidArgumentError(None, None, "num_replicas must be greater than zero.")
        super().__init__(source)
        self.replicas = replicas

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __init__(self, dataset: Rebatched, source: Iteration):
            super().__init__(dataset, source)
            self._replicas = dataset.replicas
            self._parts: deque[Element] = deque()

        def __next__(self) -> Element:
            if not self._parts:
                element = next(self.source)
                if any(not dims_of(value) for value in element):
                    raise errors.InvalidArgumentError(
                        None, None, "Cannot use rebatching fallback when elements have components of rank 0: they are "
                        "no batches.")
                size = -(-len(element[0]) // self._replicas)
                self._parts.extend(tuple(value[size * part:size * (part + 1)] for value in element)
                                   for part in range(self._replicas))
            return self._parts.popleft()

        def state(self) -> Any:
            return list(self._parts), self.source.state()

        def restore(self, state: Any) -> None:
            self._parts = deque(state[0])
            self.source.restore(state[1])


class Databases(Dataset):
    """The entries of LMDB data bases in the order of their keys, each its key and its value."""

    def __init__(self, filenames: Any):
        self.filenames = [name.decode(errors="surrogateescape") for name in np.asarray(filenames, object).ravel()]

    def iterator(self) -> Iteration:
        return _OfDatabases(self.filenames)


class _OfDatabases(Iteration):
    def __init__(self, filenames: list[str]):
        self._left = deque(filenames)
        self._entries: Any = iter(())

    def __next__(self) -> Element:
        while True:
            try:
                return tuple([single(part) for part in next(self._entries)])
            except StopIteration:
                if not self._left:
                    raise
            try:
                self._entries = entries(self._left.popleft())
            except errors.NotFoundError:
                raise errors.InvalidArgumentError(None, None, "No such file or directory") from None

    def close(self) -> None:
        self._entries = iter(())


for _name in ("SleepDataset", "ExperimentalSleepDataset"):
    register(_name, handle("sleep_microseconds"), lambda op, source, microseconds: op.call(
        Sleeping, source, microseconds), host="sleep_microseconds", objects=True)
for _name in ("RebatchDataset", "ExperimentalRebatchDataset"):
    register(_name, handle("num_replicas"), lambda op, source, replicas: op.call(Rebatched, source, replicas),
             host="num_replicas", objects=True)
for _name in ("ThreadPoolHandle", "ExperimentalThreadPoolHandle"):
    register(_name, handle(), lambda op: op.constant(op.named.of(
        op.op, ThreadPool, lambda container, name: ThreadPool())), objects=True, effect="reads")
for _name in ("ThreadPoolDataset", "ExperimentalThreadPoolDataset"):
    register(_name, handle(), lambda op, source, pool: source, objects=True)
for _name in ("ChooseFastestDataset", "ExperimentalChooseFastestDataset"):  # all of them give the same elements
    register(_name, handle(), lambda op, sources: sources[0], objects=True)
# So do the branches of this one: the first is taken.
register("ChooseFastestBranchDataset", handle("ratio_numerator", "ratio_denominator"),
         lambda op, source, numerator, denominator, branch: dataset_of(branch, (source,), "Every branch"),
         functions={"other_arguments": "branches"})
for _name in ("LMDBDataset", "ExperimentalLMDBDataset"):
    register(_name, handle(), lambda op, filenames: op.call(Databases, filenames), objects=True)
