"""Node states: the objects that single nodes keep between runs, such as the counter of a random op."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any

from tfmagic.session.running import Undoable


class NodeStates:
    """What single nodes keep. A run moves it on as it goes; its `Journal` takes that back for a failed one."""

    def __init__(self) -> None:
        self._states: dict[Hashable, Undoable] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Undoable]) -> Any:
        """The state kept under `key`, made on first use."""
        try:
            return self._states[key]
        except KeyError:
            with self._lock:
                return self._states.setdefault(key, make())

    def cancel(self) -> None:
        """Nothing: nobody waits for a state."""

    def close(self) -> None:
        """Forget all states."""
        self._states.clear()
