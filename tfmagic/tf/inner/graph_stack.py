"""`framework.ops._DefaultStack`: what `with` blocks make the default, as objects: graphs, sessions, a program's own."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from tfmagic.graph import context
from tfmagic.graph.graph import Graph


class _DefaultStack(threading.local):
    """The defaults of the open `with` blocks of a thread.

    Attributes:
      stack: the innermost is the last.
      enforce_nesting: whether a block that ends before one within it is refused.
    """

    __module__ = "tensorflow.python.framework.ops"

    def __init__(self) -> None:
        self.enforce_nesting = True
        self.stack: list[Any] = []

    def get_default(self) -> Any:
        """The innermost default, or None."""
        return self.stack[-1] if self.stack else None

    def reset(self) -> None:
        """Close all blocks."""
        self.stack.clear()

    def is_cleared(self) -> bool:
        """Whether no block is open."""
        return not self.stack

    @contextlib.contextmanager
    def get_controller(self, default: Any) -> Any:
        """A `with` block in which `default` is the default.

        Raises:
          AssertionError: it ends while a block within it is still open, and nesting is enforced.
        """
        self.stack.append(default)
        try:
            yield default
        finally:
            if self.stack:  # a reset within the block has closed it
                if self.enforce_nesting:
                    if self.stack[-1] is not default:
                        raise AssertionError(f"Nesting violated for default stack of {type(default)} objects")
                    self.stack.pop()
                else:
                    self.stack.remove(default)


class _Defaults(_DefaultStack):
    """The sessions that `as_default` made the default ones of this thread; they may end in any order."""

    def __init__(self) -> None:
        self.enforce_nesting = False

    @property
    def stack(self) -> list[Any]:  # type: ignore[override]
        return context.default_sessions()


class _DefaultGraphStack(_DefaultStack):
    """The graphs of this thread's `as_default` scopes, and the graph that stands below them."""

    def __init__(self) -> None:
        self.enforce_nesting = True

    @property
    def stack(self) -> list[Graph]:  # type: ignore[override]
        return context.default_graphs()

    def get_default(self) -> Graph:
        """The graph into which operations go."""
        return context.get_default_graph()

    def reset(self) -> None:
        """Close all scopes, and put an empty graph below."""
        self.stack.clear()
        context.reset_default_graph()


stack = _DefaultGraphStack()
sessions = _Defaults()
