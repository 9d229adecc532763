"""Cache: what a session keeps for later runs; what was not used lately goes first."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Entry(Protocol):
    """What can be kept.

    Attributes:
      recent: set by whoever uses it; the cache clears it when it looks for something to drop.
    """

    recent: bool


E = TypeVar("E", bound=Entry)


class Cache(Generic[E]):
    """At most `size` entries. Where one must go, it is the oldest that was not used since the last search.

    Attributes:
      entries: by key; reading it needs no lock. Whoever uses an entry sets its `recent`.
    """

    def __init__(self, size: int):
        self.size = size
        self.entries: dict[Hashable, E] = {}
        self._lock = threading.Lock()

    def put(self, key: Hashable, entry: E) -> None:
        """Keep an entry, instead of what is kept under the key now."""
        with self._lock:
            entries = self.entries
            entries.pop(key, None)
            while len(entries) >= self.size:
                oldest = next(iter(entries))
                found = entries.pop(oldest)
                if found.recent:  # another chance, as the newest
                    found.recent = False
                    entries[oldest] = found
            entries[key] = entry

    def drop(self, key: Hashable, entry: E) -> None:
        """Keep `entry` no longer."""
        with self._lock:
            if self.entries.get(key) is entry:
                del self.entries[key]

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self.entries.clear()
