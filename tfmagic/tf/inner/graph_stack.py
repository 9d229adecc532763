"""`framework.ops._default_graph_stack`: the default graphs of this thread as one object."""

from __future__ import annotations

import contextlib
from typing import Any

from tfmagic.graph import context
from tfmagic.graph.graph import Graph


class _DefaultGraphStack:
    """The graphs of this thread's `as_default` scopes, and the graph that stands below them."""

    @property
    def stack(self) -> list[Graph]:
        """The graphs of the open scopes, the innermost last."""
        return context.default_graphs()

    def get_default(self) -> Graph:
        """The graph into which operations go."""
        return context.get_default_graph()

    def is_cleared(self) -> bool:
        """Whether no scope is open."""
        return not self.stack

    def reset(self) -> None:
        """Close all scopes, and put an empty graph below."""
        self.stack.clear()
        context.reset_default_graph()

    @contextlib.contextmanager
    def get_controller(self, default: Graph) -> Any:
        """A `with` block in which operations go into `default`.

        Raises:
          AssertionError: it ends while a scope within it is still open.
        """
        context.push_graph(default)
        try:
            yield default
        finally:
            if self.stack:  # a reset within the block has closed it
                if self.stack[-1] is not default:
                    raise AssertionError(f"Nesting violated for default stack of {type(default)} objects")
                self.stack.pop()


stack = _DefaultGraphStack()
