"""What options put around a data set: rewriting, models of performance, thread pools, statistics; and caches."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.ops.data.batching import Batch
from tfmagic.ops.data.counting import Repeat
from tfmagic.ops.data.datasets import Dataset, Derived, Element, Following, Iteration
from tfmagic.ops.data.elementwise import Filter, Map
from tfmagic.ops.data.parallel import ParallelMap
from tfmagic.ops.data.rules import handle
from tfmagic.ops.data.shuffling import Shuffle
from tfmagic.ops.data.windows import Elements
from tfmagic.ops.declare import register


def optimized(dataset: Dataset, names: Any) -> Dataset:
    """A data set rewritten as TensorFlow's optimisers would.

    Only what changes the order of elements matters here: a shuffle that is repeated becomes one of both, whose buffer
    goes over from one pass to the next. And statistics count under the names of the rewritten nodes.
    """
    wanted = {name.decode() for name in np.asarray(names, object).ravel()}
    return _rewritten(dataset, "shuffle_and_repeat_fusion" in wanted, "map_and_batch_fusion" in wanted)


def _rewritten(dataset: Dataset, fuse: bool, fuse_maps: bool) -> Dataset:
    made: dict[Dataset, Dataset] = {}
    stack = [dataset]
    while stack:
        current = stack[-1]
        waiting = [source for source in current.inputs if source not in made]
        if waiting:
            stack += waiting
            continue
        stack.pop()
        if current in made:
            continue
        inputs = [made[source] for source in current.inputs]
        first = inputs[0] if inputs else None
        if fuse and isinstance(current, Repeat) and isinstance(first, Shuffle) and first.count == 1 \
                and first.reshuffle and not first.drawing:
            made[current] = Shuffle(first.inputs[0], first.buffer_size, first.own_seeds, False, current.count)
        elif fuse_maps and isinstance(current, Batch) and isinstance(first, (Map, ParallelMap)):
            made[current] = Batch(first, current.size, current.drop_remainder, fused=True)
        elif isinstance(current, Filter):
            made[current] = filtered = current.with_inputs(inputs)
            filtered.name = f"FilterDataset/_{current.place}"  # type: ignore[attr-defined]
        else:
            made[current] = current if inputs == list(current.inputs) else current.with_inputs(inputs)
    return made[dataset]


def as_it_is(dataset: Dataset, *settings: Any) -> Dataset:
    """The data set itself: what is set changes neither elements nor their order."""
    return dataset


class Memory:
    """Where caches keep elements.

    Attributes:
      kept: the elements of a whole pass, or None.
    """

    def __init__(self) -> None:
        self.kept: list[Element] | None = None


class Cache(Derived):
    """Elements kept in memory from the first pass on.

    Args:
      memory: where.
    """

    def __init__(self, source: Dataset, memory: Memory):
        super().__init__(source)
        self.memory = memory

    def iterator(self) -> Iteration:
        if self.memory.kept is not None:
            return Elements(self.memory.kept).iterator()
        return _Keeping(self, self.source.iterator())


class _Keeping(Following):
    def __init__(self, dataset: Cache, source: Iteration):
        super().__init__(dataset, source)
        self._dataset = dataset
        self._elements: list[Element] = []

    def __next__(self) -> Element:
        try:
            element = next(self.source)
        except StopIteration:
            self._dataset.memory.kept = self._elements
            raise
        self._elements.append(element)
        return element

    def state(self) -> Any:
        return list(self._elements), self.source.state()

    def restore(self, state: Any) -> None:
        self._elements = list(state[0])
        self.source.restore(state[1])


def cached(dataset: Dataset, filename: Any, memory: Callable[[], Memory] = Memory) -> Dataset:
    """A data set whose elements are kept: in memory, or in a file where there is a name.

    Args:
      memory: gives the memory.
    """
    name = filename.item().decode() if isinstance(filename, np.ndarray) else str(filename)
    if not name:
        return Cache(dataset, memory())
    from tfmagic.ops.data.file_cache import FileCache

    folder = os.path.dirname(name)
    if folder and not os.path.isdir(folder):
        raise errors.NotFoundError(None, None, f"{name}; No such file or directory")
    return FileCache(dataset, name)


def _of_own_threads(dataset: Dataset, count: Any) -> Dataset:
    if int(count) < 1:
        raise errors.InvalidArgumentError(None, None, "`num_threads` must be >= 1")
    return dataset


register("OptimizeDataset", handle(), lambda op, source, names: op.call(optimized, source, names), objects=True,
         effect="reads")
for _name in ("ModelDataset", "NonSerializableDataset", "ExperimentalNonSerializableDataset",
              "MaxIntraOpParallelismDataset", "ExperimentalMaxIntraOpParallelismDataset", "WrapDatasetVariant",
              "UnwrapDatasetVariant", "AssertNextDataset",
              "ExperimentalAssertNextDataset"):
    register(_name, handle(), lambda op, source, *settings: source, objects=True)
for _name in ("PrivateThreadPoolDataset", "ExperimentalPrivateThreadPoolDataset"):
    register(_name, handle(), lambda op, source, count: op.call(_of_own_threads, source, count), objects=True)
register("CacheDataset", handle("filename"), lambda op, source, filename: op.call(cached, source, filename),
         objects=True, effect="reads")
