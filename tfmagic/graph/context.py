"""The default graph and session of each thread, and the stacks that a graph keeps per thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from tfmagic.base.slots import Slot

Graph = Any  # the class stands above this module, which only hands graphs on

class _Defaults(threading.local):
    """What `as_default` pushed on this thread."""

    def __init__(self) -> None:
        self.graphs: list[Graph] = []
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


_defaults = _Defaults()
_global_graph: Graph | None = None
_lock = threading.Lock()
_new_graph = Slot("default graph")


def get_default_graph() -> Graph:
    """The innermost graph of this thread's `as_default` scopes, else the process-wide default graph."""
    global _global_graph
    graphs = _defaults.graphs
    if graphs:
        return graphs[-1]
    graph = _global_graph
    if graph is None:
        with _lock:
            graph = _global_graph
            if graph is None:
                graph = _global_graph = _new_graph()
    return graph


def reset_default_graph() -> None:
    """Replace the process-wide default graph by an empty one.

    Raises:
      AssertionError: a graph is the default by `with graph.as_default()`.
    """
    global _global_graph
    if _defaults.graphs:
        raise AssertionError("Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared "
                             "graph, exit the nesting and create a new graph.")
    _global_graph = None


@contextlib.contextmanager
def default_graph(graph: Graph) -> Iterator[Graph]:
    """Make `graph` the default of this thread within a `with` block."""
    _defaults.graphs.append(graph)
    try:
        yield graph
    finally:
        _pop(_defaults.graphs, graph)


def get_default_session() -> Any:
    """The innermost default session of this thread, or None."""
    sessions = _defaults.sessions
    return sessions[-1] if sessions else None


def push_session(session: Any) -> None:
    _defaults.sessions.append(session)


def pop_session(session: Any) -> None:
    _pop(_defaults.sessions, session)


def push_graph(graph: Graph) -> None:
    _defaults.graphs.append(graph)


def pop_graph(graph: Graph) -> None:
    _pop(_defaults.graphs, graph)


def _pop(stack: list[Any], item: Any) -> None:
    """Take the innermost `item` off: an InteractiveSession may close out of order."""
    for index in range(len(stack) - 1, -1, -1):
        if stack[index] is item:
            del stack[index]
            return
