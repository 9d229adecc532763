"""Streams of quantiles that a session keeps: the boundaries of buckets that they hold."""

from __future__ import annotations

import threading
from typing import Any

from tfmagic.base import errors
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import kept, unwrapped
from tfmagic.ops.shape_rules import with_rank
from tfmagic.ops.trees.held import READS, WRITES, calling, is_made


class QuantileStreams:
    """The boundaries of buckets of several features, once the streams are made.

    Args:
      name: what the op that makes them calls them.
    """

    is_handle = True

    def __init__(self, name: str):
        self._name = name
        self.lock = threading.RLock()
        self._boundaries: list[Any] | None = None

    @property
    def is_made(self) -> bool:
        """Whether the streams are made."""
        return self._boundaries is not None

    @property
    def boundaries(self) -> list[Any]:
        """The boundaries of each feature.

        Raises:
          NotFoundError: no streams are made yet.
        """
        if self._boundaries is None:
            raise errors.NotFoundError(None, None, f"Resource localhost/{self._name}/"
                                       "N10tensorflow34BoostedTreesQuantileStreamResourceE does not exist.")
        return self._boundaries

    def make(self, count: int) -> None:
        """Make so many streams, unless there are some."""
        if self._boundaries is None:
            self._boundaries = [torch.zeros(0)] * count

    def close(self) -> None:
        """The session is closed; there is nothing to free."""


def create(handle: Any, epsilon: Any, count: Any) -> None:
    """Make streams, unless there are some.

    Raises:
      InvalidArgumentError: the error that they may make is none.
    """
    if not 0 < float(epsilon) < 1:
        raise invalid(f"An epsilon between 0 and 1 is required, got {float(epsilon)}")
    streams = unwrapped(handle)
    with streams.lock:
        streams.make(int(count))


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
    if len(streams.boundaries) != count:
        raise invalid(f"There are {len(streams.boundaries)} streams, not {count}")


def _created(op: Any, handle: Any, epsilon: Any, count: Any) -> Any:
    with_rank(epsilon, 0)
    with_rank(count, 0)
    return ()


def _given(op: Any, handle: Any, boundaries: Any) -> Any:
    for dims in boundaries:  # so says TensorFlow, though vectors are taken
        with_rank(dims, 0)
    return ()


register("BoostedTreesQuantileStreamResourceHandleOp", shape_rules.scalar, lambda op: op.constant(op.named.of(
    op.op, lambda container, name: QuantileStreams(name))), **READS)
register("IsBoostedTreesQuantileStreamResourceInitialized", shape_rules.scalar, calling(is_made), **READS)
register("BoostedTreesCreateQuantileStreamResource", _created, calling(create), **WRITES)
register("BoostedTreesQuantileStreamResourceDeserialize", _given, calling(deserialize), check=lambda op, *dims: "",
         **WRITES)
register("BoostedTreesQuantileStreamResourceGetBucketBoundaries", lambda op, handle: [(None,)] * op.num_features,
         calling(boundaries_of, "num_features"), **READS)
