"""What is open on a thread: default graphs and sessions, and the scopes of a graph."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class Defaults(threading.local):
    """What `as_default` pushed on this thread."""

    def __init__(self) -> None:
        self.graphs: list[Any] = []
        self.sessions: list[Any] = []


class GraphStacks(threading.local):
    """The scopes of one graph that are open on this thread.

    Attributes:
      names: the current name scope without a trailing "/" ("" at the root).
      devices: device names or functions, outermost first; None ends the search outwards.
      controllers: open `control_dependencies` scopes, outermost first.
      colocations: ops of open `colocate_with` scopes, outermost first.
      control_flow: the innermost `cond` or `while_loop` under construction.
      node_scopes: what attr, gradient, kernel and container scopes write into nodes (None: none is open).
      others: scopes of higher floors, each under a key of its own.
    """

    def __init__(self) -> None:
        self.names = ""
        self.devices: tuple[Any, ...] = ()
        self.controllers: tuple[Any, ...] = ()
        self.colocations: tuple[Any, ...] = ()
        self.control_flow: Any = None
        self.node_scopes: Any = None
        self.others: dict[str, Any] = {}


defaults = Defaults()


@contextlib.contextmanager
def pushed(stack: list[Any], item: T) -> Iterator[T]:
    """Make `item` the innermost of a stack within a `with` block."""
    stack.append(item)
    try:
        yield item
    finally:
        pop(stack, item)


def pop(stack: list[Any], item: Any) -> None:
    """Take the innermost `item` off: an InteractiveSession may close out of order."""
    for index in range(len(stack) - 1, -1, -1):
        if stack[index] is item:
            del stack[index]
            return
