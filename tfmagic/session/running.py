"""What a thread's present run carries along: its deadline, and what to take back should it fail."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, Protocol

from tfmagic.base import errors


class Undoable(Protocol):
    """An object kept between runs that a run moves on (a random counter)."""

    def mark(self) -> Any:
        """Where it stands."""

    def rollback(self, before: Any, after: Any) -> None:
        """Go back to `before`, unless another run has moved it on from `after` since."""


class Journal:
    """What one run has moved on, so that it can be taken back."""

    __slots__ = ("_marks",)

    def __init__(self) -> None:
        self._marks: dict[Undoable, tuple[Any, Any]] = {}

    def note(self, state: Undoable, before: Any) -> None:
        """Note that the run has moved `state` on from `before`."""
        known = self._marks.get(state)
        self._marks[state] = before if known is None else known[0], state.mark()

    def rollback(self) -> None:
        """Take everything back."""
        for state, (before, after) in self._marks.items():
            state.rollback(before, after)
        self._marks.clear()


class _Current(threading.local):
    """The run of this thread.

    Attributes:
      deadline: when it must be over, on the monotonic clock, or None.
      journal: what it has moved on, or None where its plan moves nothing.
      copies: of a run that only looks: copies that stand for the states of nodes, by key. None: it takes the states.
    """

    deadline: float | None = None
    journal: Journal | None = None
    copies: dict[Any, Any] | None = None


current = _Current()


@contextlib.contextmanager
def limited(milliseconds: int) -> Iterator[None]:
    """Give what runs inside a time limit; an outer one that ends earlier stays."""
    outer = current.deadline
    own = time.monotonic() + milliseconds / 1000
    current.deadline = own if outer is None else min(own, outer)
    try:
        yield
    finally:
        current.deadline = outer


def check_deadline(deadline: float | None) -> None:
    """Stop the run when its time is over.

    Raises:
      DeadlineExceededError: it is.
    """
    if deadline is not None and time.monotonic() > deadline:
        raise errors.DeadlineExceededError(None, None, "Timed out waiting for notification")
