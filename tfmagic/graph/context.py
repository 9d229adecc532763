"""The default graph and the default session of each thread."""

from __future__ import annotations

import threading
from typing import Any

from tfmagic.graph import stacks
from tfmagic.graph.graph import Graph

_defaults = stacks.defaults
_global_graph: Graph | None = None
_lock = threading.Lock()


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
                graph = _global_graph = Graph()
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


def get_default_session() -> Any:
    """The innermost default session of this thread, or None."""
    sessions = _defaults.sessions
    return sessions[-1] if sessions else None


def default_graphs() -> list[Graph]:
    """The graphs of this thread's `as_default` scopes, the innermost last: the list itself, which goes on to change."""
    return _defaults.graphs


def default_sessions() -> list[Any]:
    """The default sessions of this thread, the innermost last: the list itself, which goes on to change."""
    return _defaults.sessions


def push_session(session: Any) -> None:
    _defaults.sessions.append(session)


def pop_session(session: Any) -> None:
    stacks.pop(_defaults.sessions, session)


def push_graph(graph: Graph) -> None:
    _defaults.graphs.append(graph)


def pop_graph(graph: Graph) -> None:
    stacks.pop(_defaults.graphs, graph)
