"""Variables: the values that runs read and change, each run in one step, so that nobody sees the middle of another.

A run *begins* by taking the values that it reads, all at the same time, and *commits* all its changes at once; both
happen under `lock`, everything else outside of it. A run whose new values come from present ones (`assign_add`, an
optimiser's step) first *claims* the variables that it changes: until its end nobody else changes them, so that no
update is lost. Claims are taken all together, so that runs cannot block each other in a circle. A run that only
overwrites claims nothing; it waits at its commit for those that do.

Some changes are carried out in place. As long as another run has the values in its hands they are changed in a copy.
"""

from __future__ import annotations

import collections
import operator
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import errors
from tfmagic.session.changes import changes
from tfmagic.session.resources.keys import held_by
from tfmagic.session.running import check_deadline, current

if hasattr(operator, "call"):
    _call = operator.call
else:  # Python 3.10
    _call = operator.methodcaller("__call__")

# How long a wait lasts before the deadline and a close are looked at again.
_PATIENCE = 0.1


class Tally:
    """How often runs of one plan changed variables starting from the present values (optimisers' steps, `assign_add`).

    Attributes:
      count: it; raised under the lock.
    """

    __slots__ = ("count", "_keys", "_told", "__weakref__")

    def __init__(self, keys: frozenset[str], told: dict[str, int]):
        self.count = 0
        self._keys = keys
        self._told = told

    def of(self, key: str) -> int:
        """How often it was that variable."""
        return self.count if key in self._keys else 0

    def __del__(self) -> None:
        for key in self._keys if self.count else ():
            self._told[key] = self._told.get(key, 0) + self.count


class Variables:
    """The variables of one session.

    Attributes:
      values: torch tensors (or NumPy arrays of bytes) by key; absent = not initialised.
      lock: held while values are taken, and while changes are carried out.
      readers: a token for every run that has values in its hands.
      claims: by such tokens, the thread of the run and the variables that it has claimed.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.lock = threading.RLock()
        self.readers: dict[object, None] = {}
        self._tallies: weakref.WeakSet[Tally] = weakref.WeakSet()
        self._told: dict[str, int] = {}  # by variable, what tallies counted that are gone
        self._untold: dict[str, int] = {}
        self.claims: dict[object, tuple[int, frozenset[str]]] = {}
        self._released = threading.Condition(self.lock)
        self._cancelled = 0

    def wait_for(self, keys: frozenset[str]) -> None:
        """Wait until no other thread's run has a claim on any of these; hold the lock.

        Raises:
          DeadlineExceededError: the run's time ended before.
          CancelledError: the session was closed meanwhile.
        """
        own, cancelled = threading.get_ident(), self._cancelled
        while any(thread != own and not keys.isdisjoint(claimed) for thread, claimed in self.claims.values()):
            self._released.wait(_PATIENCE)
            check_deadline(current.deadline)
            if self._cancelled != cancelled:
                raise errors.CancelledError(None, None, "Session has been closed.")

    def commit(self, calls: Sequence[Callable[[], Any]]) -> None:
        """Carry out prepared changes in one go; hold the lock.

        The calls are partials of C functions run by C code: no bytecode runs in between, so that Ctrl-C comes either
        before all of them or after, never in the middle.
        """
        changes.in_place += 1
        collections.deque(map(_call, calls), maxlen=0)

    def tally(self, keys: frozenset[str]) -> Tally:
        """A tally for a plan that changes these variables."""
        made = Tally(keys, self._told)
        self._tallies.add(made)
        return made

    def updates(self, key: str) -> int:
        """How often runs changed a variable since it got its first value."""
        return self._counted(key) - self._untold.get(key, 0)

    def start(self, keys: frozenset[str]) -> None:
        """Note that variables have first values: their updates count from here."""
        self._untold.update((key, count) for key in keys if (count := self._counted(key)))

    def _counted(self, key: str) -> int:
        return self._told.get(key, 0) + sum(tally.of(key) for tally in list(self._tallies))

    def release(self, token: object) -> None:
        """End the claim of the run `token`."""
        with self.lock:
            self.claims.pop(token, None)
            self._released.notify_all()

    def rollback(self) -> None:
        """Nothing: a run that does not come to its commit has changed nothing."""

    def cancel(self) -> None:
        """Make runs that wait for a claim give up."""
        with self.lock:
            self._cancelled += 1
            self._released.notify_all()

    def close(self) -> None:
        """Forget all values."""
        self.cancel()
        with self.lock:
            self.values.clear()

    def drop(self, containers: frozenset[str] | None) -> None:
        """Forget the values in some containers; None stands for all."""
        with self.lock:
            for key in [key for key in self.values if held_by(key, containers)]:
                del self.values[key]
