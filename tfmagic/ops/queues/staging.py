"""Staging areas: what a session keeps between the step that computes something and the step that uses it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import Attempt, Waiting, kept

_PUT, _GET, _PEEK = range(3)
_CANCELLED = "The staging area's session was closed"


class StagingArea(Waiting):
    """First in, first out; it may be limited by number or by bytes.

    Args:
      op: a node that works with it: all of them say the limits.
      pause: see `Waiting`.
    """

    def __init__(self, op: Any, pause: Callable[[Any], None]):
        super().__init__(pause, lines=3)
        self._capacity = op._attrs["capacity"]
        self._limit = op._attrs["memory_limit"]
        self._held: deque[tuple[Any, ...]] = deque()
        self._bytes = 0

    def put(self, values: list[Any]) -> None:
        """Add something, when there is room.

        Raises:
          ResourceExhaustedError: it is larger than all that may be there.
        """
        size = bytes_of(values)
        if self._limit and size > self._limit:
            raise errors.ResourceExhaustedError(
                None, None, f"Attempted to insert tensors with combined size of '{size}' bytes into Staging Area with "
                f"a memory limit of '{self._limit}'.")
        element = tuple(kept(value) for value in values)

        def step(attempt: Attempt) -> bool:
            if self._capacity and len(self._held) >= self._capacity or self._limit and self._bytes + size > self._limit:
                return False
            self._held.append(element)
            self._bytes += size
            attempt.end(True)
            return True

        self._attempt(_PUT, step, _CANCELLED)

    def get(self) -> Any:
        """Take what came first, when there is something."""

        def step(attempt: Attempt) -> bool:
            if not self._held:
                return False
            element = self._held.popleft()
            self._bytes -= bytes_of(element)
            attempt.taken.append(element)
            attempt.end(element)
            return True

        return self._attempt(_GET, step, _CANCELLED)

    def peek(self, index: Any) -> Any:
        """What is at a place, when there is something."""
        place = int(index)

        def step(attempt: Attempt) -> bool:
            if place >= len(self._held):
                return False
            attempt.end(self._held[place])
            return True

        return self._attempt(_PEEK, step, _CANCELLED)

    def _give_back(self, attempt: Attempt) -> None:
        for element in attempt.taken:
            self._held.appendleft(element)
            self._bytes += bytes_of(element)
        attempt.taken = []

    def count(self) -> Any:
        """How much is there, as a tensor."""
        return torch.tensor(len(self._held), dtype=torch.int32)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._held.clear()
            self._bytes = 0
            self._flush()


def bytes_of(values: Any) -> int:
    """How many bytes values take: of strings, their letters."""
    return sum(value.nbytes if isinstance(value, torch.Tensor) else sum(map(len, value.ravel())) for value in values)


def _area(op: Any) -> Any:
    return op.constant(op.named.of(op.op, StagingArea, lambda *names: StagingArea(op.op, op.named.pause)))


def _unknown(op: Any, *dims: Any) -> list[Dims]:
    return [None] * len(op.dtypes)


def _nothing(op: Any, *dims: Any) -> tuple[()]:
    return ()


register("Stage", _nothing, lambda op, values: _area(op).put(values), objects=True, effect="waits")
register("Unstage", _unknown, lambda op: _area(op).get(), objects=True, effect="waits")
register("StagePeek", _unknown, lambda op, index: _area(op).peek(index), objects=True, effect="waits")
register("StageSize", shape_rules.scalar, lambda op: _area(op).count(), objects=True, effect="reads")
register("StageClear", _nothing, lambda op: _area(op).clear(), objects=True, effect="writes")
