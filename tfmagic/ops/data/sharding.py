"""AutoShardDataset: a data set rewritten so that each worker reads some of the files, or else some of the elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.graph.function_calls import operations_within
from tfmagic.ops.data.batching import Batch, PaddedBatch
from tfmagic.ops.data.counting import Repeat, Shard, Skip, Take
from tfmagic.ops.data.datasets import Dataset
from tfmagic.ops.data.elementwise import Filter, FlatMap, Map, TakeWhile
from tfmagic.ops.data.file_cache import FileCache
from tfmagic.ops.data.interleaving import Interleave
from tfmagic.ops.data.joining import Concatenate, Zip
from tfmagic.ops.data.parallel import ParallelMap, StaggeredInterleave
from tfmagic.ops.data.prefetching import Prefetch
from tfmagic.ops.data.rules import OF_STRINGS, handle
from tfmagic.ops.data.settings import Cache
from tfmagic.ops.data.shuffling import Shuffle
from tfmagic.ops.data.windows import Window
from tfmagic.ops.declare import register

# Through these the look for files goes on; `TakeWhile` is a `Filter` only here.
_THROUGH = (Map, ParallelMap, Filter, Batch, PaddedBatch, Window, Cache, FileCache, Prefetch, Repeat, Shuffle, Skip,
            Take, Shard)
_OPENING = (FlatMap, Interleave, StaggeredInterleave)


def sharded(dataset: Dataset, num_workers: int, index: int) -> Dataset:
    """A data set as one of several workers reads it.

    Raises:
      InvalidArgumentError: there is no such worker.
    """
    if num_workers <= 0:
        raise errors.InvalidArgumentError(None, None, "num_workers must be greater than zero.")
    if not 0 <= index < num_workers:
        raise errors.InvalidArgumentError(None, None, f"index must be between 0 and {num_workers - 1}")
    if num_workers == 1:
        return dataset
    made, complete = _by_files(dataset, lambda source, whole: Shard(source, num_workers, index, whole))
    return made if complete else Shard(made, num_workers, index, False)


def _by_files(dataset: Dataset, shard: Callable[[Dataset, bool], Dataset]) -> tuple[Dataset, bool]:
    """A data set with its files shared out.

    Returns:
      The data set, and whether all files behind it are: where one input has none, those before it stay shared out, as
      TensorFlow leaves them.
    """
    if isinstance(dataset, (Concatenate, Zip)):
        inputs = list(dataset.inputs)
        for place, source in enumerate(inputs):
            inputs[place], complete = _by_files(source, shard)
            if not complete:
                return dataset.with_inputs(inputs), False
        return dataset.with_inputs(inputs), True
    if isinstance(dataset, _OPENING) and _reads_files(dataset.function):
        source, shuffle = _without_shuffle(dataset.inputs[0])
        part = shard(source, True)
        return dataset.with_inputs([part if shuffle is None else shuffle.with_inputs([part])]), True
    if isinstance(dataset, _THROUGH) and not isinstance(dataset, TakeWhile):
        source, complete = _by_files(dataset.inputs[0], shard)
        return dataset.with_inputs([source]), complete
    return dataset, False


def _without_shuffle(dataset: Dataset) -> tuple[Dataset, Shuffle | None]:
    """A data set of names without the shuffles in it, and the first of these: it comes after names are shared out."""
    if isinstance(dataset, Shuffle):
        made, first = _without_shuffle(dataset.inputs[0])
        return made, first or dataset
    for place, source in enumerate(dataset.inputs):
        made, shuffle = _without_shuffle(source)
        if shuffle is not None:
            return dataset.with_inputs([*dataset.inputs[:place], made, *dataset.inputs[place + 1:]]), shuffle
    return dataset, None


def _reads_files(function: Any) -> bool:
    """Whether a function, or one that it calls, makes a data set of files."""
    return any(op.type in OF_STRINGS for op in operations_within(function.body))


for _name in ("AutoShardDataset", "ExperimentalAutoShardDataset"):
    register(_name, handle("num_workers", "index"), lambda op, source, workers, index: op.call(
        sharded, source, workers, index), host=("num_workers", "index"), objects=True)
