"""Threads that compute elements, and when they pay.

Threads pay where an element takes its time: a file, a Python function that waits, torch on large tensors. To hand over
an element from one thread to another costs more than to compute a small one. So an iteration begins in the thread that
asks, looks at the clock, and goes on with threads once elements take longer than handing over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops.data import states

# Seconds that elements must take before threads compute them: so many in a row, or a single one.
_WORTH_A_THREAD, _IN_A_ROW, _SINGLE = 2e-4, 4, 2e-2
# A thread goes when so many elements more took less than that than took longer, each of which counts so often:
# the first one may have filled a buffer, and others the machine may have kept waiting.
_QUICK, _SLOW_COUNTS = 32, 2
# How long a wait lasts before it is looked whether the iterator was closed.
PATIENCE = 0.05


class Clock:
    """Tells when elements take so long that threads pay, and when they do so no more."""

    def __init__(self) -> None:
        self._slow = self._quick = 0

    def pays(self, start: float) -> bool:
        """Whether threads pay, after an element whose computation began at `start`."""
        took = time.perf_counter() - start
        self._slow = self._slow + 1 if took > _WORTH_A_THREAD else 0
        return self._slow >= _IN_A_ROW or took > _SINGLE

    def rests(self, start: float) -> bool:
        """Whether a thread pays no more, after an element that it computed since `start`."""
        if time.perf_counter() - start < _WORTH_A_THREAD:
            self._quick += 1
        else:
            self._quick = max(0, self._quick - _SLOW_COUNTS)
        if self._quick < _QUICK:
            return False
        self._slow = self._quick = 0
        return True


class Workers:
    """Threads that compute for the iterator of the thread that made them."""

    def __init__(self, count: int):
        self._states = states.current.states
        self._pool = ThreadPoolExecutor(count, "tfmagic-data", self._begin)

    def _begin(self) -> None:
        states.current.states = self._states
        states.current.guard = torch._C._InferenceMode(True)

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Have a function called."""
        try:
            return self._pool.submit(outcome, function, args)
        except RuntimeError:  # the pool was shut down
            raise cancelled() from None

    def result(self, future: Future[Any]) -> Any:
        """What the function gave.

        Raises:
          CancelledError: the iterator was closed meanwhile.
        """
        while True:
            try:
                value, failure = future.result(PATIENCE)
            except TimeoutError:
                states.look_around()
                if self._states is not None and self._states.closed:
                    raise cancelled() from None
                continue
            if failure is not None:
                raise failure
            return value

    def close(self) -> None:
        """End the threads as soon as they have computed what they are at."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    """What a call gave or raised: a Future would not take a StopIteration."""
    try:
        return function(*args), None
    except BaseException as failure:  # noqa: B036  # it is raised where the value is asked for
        return None, failure


def cancelled() -> errors.OpError:
    """The error of a wait for an iterator that was closed."""
    return errors.CancelledError(None, None, "Iterator was cancelled")
