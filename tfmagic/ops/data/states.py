"""What an iterator carries along while a thread computes for it: the states of the ops in the functions that it calls.

They begin anew with each iterator, as TensorFlow's do: a random op in a mapped function starts its stream again when
its iterator is initialised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any


class States:
    """The states of the ops in functions, of one iterator.

    Attributes:
      closed: whether nobody asks the iterator any more.
    """

    def __init__(self) -> None:
        self._states: dict[Hashable, Any] = {}
        self._lock = threading.Lock()
        self.closed = False

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The state kept under `key`, made on first use."""
        try:
            return self._states[key]
        except KeyError:
            with self._lock:
                return self._states.setdefault(key, make())


class _Current(threading.local):
    """What this thread computes for.

    Attributes:
      states: of the iterator, or None.
      look: called now and then by what waits; it raises where the run is to end.
      statistics: what collects statistics of the iterations that begin now, or None.
      guard: keeps a worker thread in torch's mode of inference.
    """

    states: States | None = None
    look: Callable[[], None] | None = None
    statistics: Any = None
    guard: Any = None


current = _Current()


def look_around() -> None:
    """End the wait of a run whose time is over."""
    if current.look is not None:
        current.look()
