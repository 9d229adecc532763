"""Named objects: what a session keeps by container and name beside variables: iterators over data sets, queues."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from tfmagic.graph.operation import Operation
from tfmagic.session.resources.keys import held_by, key_of, resource_key, shown
from tfmagic.session.running import check_deadline, current


class Named(Protocol):
    """An object that nodes share by its name."""

    def close(self) -> None:
        """End waits for it and free what it holds."""


class NamedObjects:
    """The objects of one session by their kinds and keys. They are changed by methods of their own, as runs go."""

    def __init__(self) -> None:
        self._objects: dict[tuple[Any, str], Any] = {}
        self._lock = threading.RLock()

    def of(self, op: Operation, kind: type, make: Callable[[str, str], Any]) -> Any:
        """The object that a node names by its attrs.

        Args:
          kind: what it is: things of two kinds may have the same name.
          make: makes it, from its container and name.
        """
        key = key_of(op)
        with self._lock:
            found = self._objects.get((kind, key))
            if found is None:
                found = self._objects[kind, key] = make(*shown(key))
            return found

    def single(self, kind: type) -> Any:
        """The one object of a kind that no node names, made when it is first asked for."""
        with self._lock:
            found = self._objects.get((kind, ""))
            if found is None:
                found = self._objects[kind, ""] = kind()
            return found

    def keep(self, kind: type, container: str, name: str, thing: Any) -> None:
        """Keep an object that no node names, so that it can be found."""
        with self._lock:
            self._objects[kind, resource_key(container, name, "")] = thing

    def forget(self, thing: Any) -> None:
        """End the waits for an object and keep it no longer."""
        with self._lock:
            self._objects = {key: found for key, found in self._objects.items() if found is not thing}
        thing.close()

    def find(self, kind: type, container: str, name: str) -> Any:
        """The object of this kind and name, or None."""
        with self._lock:
            return next((found for (of, key), found in self._objects.items()
                         if of is kind and shown(key) == (container, name)), None)

    def cancel(self) -> None:
        """End all waits."""
        with self._lock:
            objects = list(self._objects.values())
        for found in objects:
            found.close()

    def close(self) -> None:
        """Forget all of them."""
        self.cancel()
        with self._lock:
            self._objects.clear()

    def drop(self, containers: frozenset[str] | None) -> None:
        """End waits for the objects in some containers and forget them; None stands for all."""
        with self._lock:
            gone = [name for name in self._objects if held_by(name[1], containers)]
            objects = [self._objects.pop(name) for name in gone]
        for found in objects:
            found.close()

    def look(self) -> None:
        """Called now and then by what waits for an object.

        Raises:
          DeadlineExceededError: the run's time is over.
        """
        check_deadline(current.deadline)

    def pause(self, condition: threading.Condition, seconds: float | None = None) -> None:
        """Wait until a condition, which the thread holds, is notified, or for so long.

        Raises:
          DeadlineExceededError: the run's time is over.
        """
        if current.deadline is None:
            condition.wait(seconds)
            return
        left = max(0.0, current.deadline - time.monotonic())
        if not condition.wait(left if seconds is None else min(left, seconds)):
            check_deadline(current.deadline)

    def acquire(self, lock: Any) -> None:
        """Take a lock that runs hold while they wait.

        Raises:
          DeadlineExceededError: the run's time is over.
        """
        while not lock.acquire(timeout=-1 if current.deadline is None else max(
                0.0, current.deadline - time.monotonic())):
            check_deadline(current.deadline)
