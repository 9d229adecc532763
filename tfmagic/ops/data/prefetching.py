"""Prefetch: elements computed by a thread beside the one that asks for them, before it asks."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops.data import states
from tfmagic.ops.data.datasets import Dataset, Derived, Element, Following, Iteration
from tfmagic.ops.data.interleaving import processors
from tfmagic.ops.data.rules import handle
from tfmagic.ops.data.workers import PATIENCE, Clock, cancelled, outcome
from tfmagic.ops.declare import register


class Prefetch(Derived):
    """Elements computed before they are asked for.

    Args:
      buffer_size: how many; -1 for a good number; 0 for none.
    """

    def __init__(self, source: Dataset, buffer_size: int):
        if buffer_size < -1:
            raise errors.InvalidArgumentError(None, None, "buffer_size must be >= 0 or set buffer_size to be "
                                              "-1 for auto-tuning")
        super().__init__(source)
        self.buffer_size = buffer_size

    class Pass(Following):
        def __init__(self, dataset: Prefetch, source: Iteration):
            super().__init__(dataset, source)
            self._size = processors() if dataset.buffer_size == -1 else dataset.buffer_size
            self._ahead: _Ahead | None = None
            self._clock = Clock()
            self._given: deque[Element] = deque()

        def __next__(self) -> Element:
            if self._given:
                return self._given.popleft()
            if self._ahead is not None:
                if not self._ahead.is_done():
                    return self._ahead.take()
                self._ahead = None
            start = time.perf_counter()
            try:
                return next(self.source)
            finally:
                if self._size and self._clock.pays(start):
                    self._ahead = _Ahead(self.source, self._size, self._clock)

        def state(self) -> Any:
            if self._ahead is None:
                return list(self._given), self.source.state()
            with self._ahead.paused():
                return [*self._given, *self._ahead.values()], self.source.state()

        def restore(self, state: Any) -> None:
            if self._ahead is not None:
                self._ahead.stop()
                self._ahead = None
            given, source = state
            self._given = deque(given)
            self.source.restore(source)

        def close(self) -> None:
            if self._ahead is not None:
                self._ahead.stop()
            super().close()

        def __del__(self) -> None:
            if self._ahead is not None:
                self._ahead.stop()


class _Ahead:
    """A thread that takes elements from an iteration into a buffer of limited size, while that pays."""

    def __init__(self, source: Iteration, size: int, clock: Clock):
        self._source, self._size, self._clock = source, size, clock
        self._buffer: deque[tuple[Any, BaseException | None]] = deque()
        self._change = threading.Condition()
        self._at_work = threading.Lock()  # held while an element is computed
        self._stopped = self._ended = self._rests = False
        self._states = states.current.states
        self._thread = threading.Thread(target=self._work, name="tfmagic-data-prefetch", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        states.current.states = self._states
        with torch._C._InferenceMode(True):
            while True:
                with self._change:
                    while len(self._buffer) >= self._size and not self._stopped:
                        self._change.wait()
                    if self._stopped:
                        return
                with self._at_work:
                    start = time.perf_counter()
                    found = outcome(next, (self._source,))
                    if isinstance(found[1], SystemExit):  # the process ends
                        return
                    with self._change:
                        self._ended = isinstance(found[1], StopIteration)
                        self._buffer.append(found)
                        self._rests = not self._ended and self._clock.rests(start)
                        self._change.notify_all()
                        if self._ended or self._rests:
                            return

    def is_done(self) -> bool:
        """Whether the thread has gone before the end, and all that it computed was taken."""
        return self._rests and not self._buffer

    def take(self) -> Element:
        """The next element; waits for it."""
        with self._change:
            while not self._buffer:
                if self._ended:
                    raise StopIteration
                if self._stopped or self._states is not None and self._states.closed:
                    raise cancelled()
                self._change.wait(PATIENCE)
                states.look_around()
            value, failure = self._buffer.popleft()
            self._change.notify_all()
        if failure is not None:
            raise failure
        return value

    def paused(self) -> Any:
        """A context in which nothing is computed."""
        return self._at_work

    def values(self) -> list[Element]:
        """The elements in the buffer."""
        return [value for value, failure in self._buffer if failure is None]

    def stop(self) -> None:
        """End the thread as soon as it has computed what it is at."""
        with self._change:
            self._stopped = True
            self._change.notify_all()


register("PrefetchDataset", handle("buffer_size"), lambda op, source, size: op.call(Prefetch, source, size),
         host="buffer_size", objects=True)
