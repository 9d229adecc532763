"""Attempts that wait for one another: what all shared objects that block have in common."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops.array.rules import single

_counter = itertools.count()


def own_name(op: Any) -> str:
    """The name that an object has in messages: its shared name, else one that no other object of the process has."""
    shared = op._attrs.get("shared_name") or ""
    return shared or f"_{next(_counter)}_{op.name}"


def kept(value: Any) -> Any:
    """A value in memory of its own, to be kept beyond the run."""
    return value.clone() if isinstance(value, torch.Tensor) else value.copy()


class Attempt:
    """Something that a run wants of an object, and may have to wait for.

    Attributes:
      done: whether it ended.
      result: what it gives.
      error: why it failed, or None.
    """

    __slots__ = ("step", "done", "result", "error", "changed", "taken")

    def __init__(self, step: Callable[[Attempt], bool | None]):
        self.step = step
        self.done = False
        self.result: Any = None
        self.error: errors.OpError | None = None
        self.changed: threading.Condition | None = None
        self.taken: list[Any] = []

    def end(self, result: Any = None, error: errors.OpError | None = None) -> None:
        """Note how it ended."""
        self.done, self.result, self.error = True, result, error


class Waiting:
    """An object for whose state runs wait; handles of such objects may be stacked and chosen like strings.

    Attempts of a kind are tried in the order in which they came. A step of an attempt returns whether it changed
    anything, and calls `end` when it is through.

    Args:
      pause: waits on a condition until it is notified; it raises where the run is to end.
      lines: how many kinds of attempts there are.
    """

    is_handle = True

    def __init__(self, pause: Callable[[threading.Condition], None], lines: int = 2):
        self._pause = pause
        self._lock = threading.RLock()
        self._lines: list[deque[Attempt]] = [deque() for _ in range(lines)]
        self._ended = False

    def _attempt(self, line: int, step: Callable[[Attempt], bool | None], cancelled: str) -> Any:
        """Do something, waiting for it if need be.

        Args:
          line: its kind.
          step: tries it.
          cancelled: what the error says where the session is closed meanwhile.
        """
        attempt = Attempt(step)
        with self._lock:
            if self._ended:
                raise errors.CancelledError(None, None, cancelled)
            self._lines[line].append(attempt)
            self._flush()
            if not attempt.done:
                attempt.changed = threading.Condition(self._lock)
                try:
                    while not attempt.done:
                        self._pause(attempt.changed)
                except BaseException:
                    self._withdraw(line, attempt)
                    raise
                if self._ended and attempt.error is None and attempt.result is None:
                    attempt.error = errors.CancelledError(None, None, cancelled)
        if attempt.error is not None:
            raise attempt.error
        return attempt.result

    def _flush(self) -> None:
        """Let attempts go on as far as they get."""
        lines = [line for line in self._lines if line]
        while sum([self._advance(line) for line in lines]) and len(lines) > 1:
            pass

    def _advance(self, line: deque[Attempt]) -> bool:
        """Let the attempts of a kind go on as far as they get by themselves; say whether that was anywhere."""
        changed = False
        while line:
            first = line[0]
            changed = bool(first.step(first)) or changed
            if not first.done:
                break
            line.popleft()
            changed = True
            self._wake(first)
        return changed

    def _wake(self, attempt: Attempt) -> None:
        if attempt.changed is not None:
            attempt.changed.notify_all()

    def _withdraw(self, line: int, attempt: Attempt) -> None:
        """Take an attempt back whose run was interrupted; what it had taken goes back too."""
        if attempt in self._lines[line]:
            self._lines[line].remove(attempt)
        self._give_back(attempt)
        self._flush()

    def _give_back(self, attempt: Attempt) -> None:
        """Undo what an interrupted attempt has taken."""

    def close(self) -> None:
        """End all waits: the session is closed."""
        with self._lock:
            self._ended = True
            for line in self._lines:
                for attempt in line:
                    self._give_back(attempt)
                    attempt.end()
                    self._wake(attempt)
                line.clear()


def stacked(values: list[Any], like: Any) -> Any:
    """Values of one shape as one tensor.

    Args:
      values: tensors or arrays of strings.
      like: (dtype, shape) of one, for an empty list; the dtype is None for strings.
    """
    if not values:
        dtype, shape = like
        return np.empty((0, *shape), object) if dtype is None else torch.empty((0, *shape), dtype=dtype)
    if isinstance(values[0], torch.Tensor):
        return torch.stack(values)
    made = np.empty((len(values), *values[0].shape), object)
    for index, value in enumerate(values):
        made[index] = value if value.ndim else value.item()
    return made


def rows_of(value: Any) -> list[Any]:
    """The rows of a tensor, or of an array of strings."""
    if isinstance(value, torch.Tensor):
        return list(value.unbind(0))
    return [row if isinstance(row, np.ndarray) else single(row) for row in value]


def unwrapped(handle: Any) -> Any:
    """The object of a handle that may have been chosen among several."""
    return handle.item() if isinstance(handle, np.ndarray) else handle
