"""Streams of numbers that a session keeps as sketches, and the boundaries of buckets made of them."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import kept, unwrapped
from tfmagic.ops.shape_rules import with_rank
from tfmagic.ops.trees.held import READS, WRITES, calling, is_made
from tfmagic.ops.trees.sketches import MOST, Entry, Stream, buckets, quantiles


class QuantileStreams:
    """Numbers of several features, and the boundaries of buckets, once the streams are made.

    Args:
      name: what the op that makes them calls them.
    """

    is_handle = True

    def __init__(self, name: str):
        self._name = name
        self.lock = threading.RLock()
        self._streams: list[Stream] | None = None
        self.boundaries: list[Any] = []
        self._layout: tuple[float, int] = (0.5, MOST)

    @property
    def is_made(self) -> bool:
        """Whether the streams are made."""
        return self._streams is not None

    @property
    def streams(self) -> list[Stream]:
        """The streams, one a feature.

        Raises:
          NotFoundError: none are made yet.
        """
        if self._streams is None:
            raise errors.NotFoundError(None, None, f"Resource localhost/{self._name}/"
                                       "N10tensorflow34BoostedTreesQuantileStreamResourceE does not exist.")
        return self._streams

    def make(self, count: int, error: float, elements: int) -> None:
        """Make so many streams, unless there are some."""
        if self._streams is None:
            self._layout = error, elements
            self._streams = [Stream(error, elements) for _ in range(count)]
            self.boundaries = [torch.zeros(0)] * count

    def taken(self) -> list[list[Entry]]:
        """What each stream holds; they are empty afterwards."""
        found = [stream.whole() for stream in self.streams]
        self._streams = [Stream(*self._layout) for _ in found]
        return found

    def close(self) -> None:
        """The session is closed; there is nothing to free."""


def create(handle: Any, epsilon: Any, count: Any, elements: int) -> None:
    """Make streams, unless there are some.

    Raises:
      InvalidArgumentError: the error that they may make is none.
    """
    streams = unwrapped(handle)
    with streams.lock:
        streams.make(int(count), _error(epsilon), elements)


def _error(epsilon: Any) -> float:
    if not 0 < float(epsilon) < 1:  # TensorFlow ends the process
        raise invalid(f"An epsilon between 0 and 1 is required, got {float(epsilon)}")
    return float(epsilon)


def deserialize(handle: Any, boundaries: list[Any]) -> None:
    """Take over the boundaries of each feature."""
    streams = unwrapped(handle)
    with streams.lock:
        _as_many(streams, len(boundaries))
        streams.boundaries[:] = [kept(part.reshape(-1)) for part in boundaries]


def boundaries_of(handle: Any, count: int) -> Any:
    """The boundaries of each feature."""
    streams = unwrapped(handle)
    with streams.lock:
        _as_many(streams, count)
        return tuple(kept(part) for part in streams.boundaries)


def _as_many(streams: QuantileStreams, count: int) -> None:
    if len(streams.streams) != count:
        raise invalid(f"There are {len(streams.streams)} streams, not {count}")


# --- sketches ---------------------------------------------------------------------------------------------------


def _rows(entries: list[Entry]) -> Any:
    """Entries as rows of number, weight, least and most rank."""
    return torch.from_numpy(np.array(entries, np.float32).reshape(-1, 4))


def summaries(values: list[Any], weights: Any, epsilon: Any) -> Any:
    """The sketch of each feature's numbers."""
    weights = as_array(weights)
    found = []
    for part in map(as_array, values):
        if len(weights) not in (1, len(part)):
            raise invalid("Weights should be a single value or same size as features.")
        stream = Stream(_error(epsilon), len(part) + 1)
        for value, weight in zip(part, np.broadcast_to(weights, part.shape)):
            stream.add(value, weight)
        found.append(_rows(stream.whole()))
    return tuple(found)


def add(handle: Any, parts: list[Any]) -> None:
    """Take sketches into the streams."""
    streams = unwrapped(handle)
    with streams.lock:
        _as_many(streams, len(parts))
        for stream, part in zip(streams.streams, parts):
            stream.add_sketch([Entry(*row) for row in as_array(part)])


def flush(handle: Any, count: Any, by_rank: bool) -> None:
    """Make boundaries of what the streams hold, and empty them."""
    streams = unwrapped(handle)
    with streams.lock:
        for place, entries in enumerate(streams.taken()):
            if by_rank and (count < 3 or not entries):  # TensorFlow ends the process
                raise invalid(f"Quantiles are 3 or more, of one number or more; asked for: {int(count)}")
            found = quantiles(entries, int(count) - 1) if by_rank else buckets(entries, int(count))
            streams.boundaries[place] = torch.from_numpy(np.array(found, np.float32))


def flushed(handle: Any, count: int) -> Any:
    """What the streams hold; they are empty afterwards."""
    streams = unwrapped(handle)
    with streams.lock:
        _as_many(streams, count)
        return tuple(map(_rows, streams.taken()))


def _created(op: Any, handle: Any, epsilon: Any, count: Any) -> Any:
    with_rank(epsilon, 0)
    with_rank(count, 0)
    return ()


def _given(op: Any, handle: Any, boundaries: Any) -> Any:
    for dims in boundaries:  # so says TensorFlow, though vectors are taken
        with_rank(dims, 0)
    return ()


def _sketched(op: Any, values: Any, weights: Any, epsilon: Any) -> Any:
    for dims in (weights, *values):
        with_rank(dims, 1)
    with_rank(epsilon, 0)
    return [(None, 4)] * op.num_features


def _added(op: Any, handle: Any, parts: Any) -> Any:
    for dims in parts:
        with_rank(dims, 2)
    return ()


def _flushed(op: Any, handle: Any, count: Any) -> Any:
    with_rank(count, 0)
    return ()


register("BoostedTreesQuantileStreamResourceHandleOp", shape_rules.scalar, lambda op: op.constant(op.named.of(
    op.op, QuantileStreams, lambda container, name: QuantileStreams(name))), **READS)
register("IsBoostedTreesQuantileStreamResourceInitialized", shape_rules.scalar, calling(is_made), **READS)
register("BoostedTreesCreateQuantileStreamResource", _created, calling(create, "max_elements"), **WRITES)
register("BoostedTreesQuantileStreamResourceDeserialize", _given, calling(deserialize), check=lambda op, *dims: "",
         **WRITES)
register("BoostedTreesQuantileStreamResourceGetBucketBoundaries", lambda op, handle: [(None,)] * op.num_features,
         calling(boundaries_of, "num_features"), **READS)
register("BoostedTreesMakeQuantileSummaries", _sketched, lambda op, *inputs: op.call(summaries, *inputs), objects=True,
         traced=False, because="as long as the values say")
register("BoostedTreesQuantileStreamResourceAddSummaries", _added, calling(add), **WRITES)
register("BoostedTreesQuantileStreamResourceFlush", _flushed, calling(flush, "generate_quantiles"), **WRITES)
register("BoostedTreesFlushQuantileSummaries", lambda op, handle: [(None, 4)] * op.num_features, calling(
    flushed, "num_features"), **WRITES)
