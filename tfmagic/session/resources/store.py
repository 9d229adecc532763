"""ResourceStore: the state of one session: variables' values and the objects that nodes keep between runs."""

from __future__ import annotations

import collections
import operator
import threading
from collections.abc import Callable, Sequence
from typing import Any

if hasattr(operator, "call"):
    _call = operator.call
else:  # Python 3.10
    _call = operator.methodcaller("__call__")


class ResourceStore:
    """The state of one session.

    Attributes:
      variables: torch tensors (or NumPy arrays of bytes) by the variables' names; absent = not initialised.
      lock: held by runs that change variables, so that updates from several threads do not get lost.
    """

    def __init__(self) -> None:
        self.variables: dict[str, Any] = {}
        self.lock = threading.RLock()
        self._states: dict[Any, Any] = {}
        self._states_lock = threading.Lock()

    def state(self, key: Any, make: Callable[[], Any]) -> Any:
        """The object kept under `key`, made on first use."""
        try:
            return self._states[key]
        except KeyError:
            with self._states_lock:
                return self._states.setdefault(key, make())

    def commit(self, calls: Sequence[Callable[[], Any]]) -> None:
        """Carry out prepared changes in one go.

        The calls are partials of C functions run by C code: no bytecode runs in between, so that Ctrl-C comes either
        before all of them or after, never in the middle.
        """
        collections.deque(map(_call, calls), maxlen=0)

    def clear(self) -> None:
        """Forget everything (the session is closed or reset)."""
        self.variables.clear()
        self._states.clear()
