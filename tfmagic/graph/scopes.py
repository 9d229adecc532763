"""tf.name_scope, and the graph in which the inputs of a function live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.graph import context
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor


class name_scope:
    """Open a name scope around the operations of a function (`tf.name_scope`).

    Args:
      name: the name that the caller gave, or None.
      default_name: the name when `name` is None.
      values: inputs of the function, which say in which graph to work.
    """

    __slots__ = ("_name", "_default_name", "_values", "_graph", "_old", "_pushed")

    def __init__(self, name: str | None, default_name: str | None = None, values: Sequence[Any] | None = None):
        self._name = default_name if name is None else name
        if not (default_name is None or isinstance(default_name, str)):
            raise TypeError(f"`default_name` type ({type(default_name)}) is not a string type. You likely meant to "
                            "pass this into the `values` kwarg.")
        if self._name is None and values is not None:
            raise ValueError("At least one of name (None) and default_name (None) must be provided.")
        self._values = values

    @property
    def name(self) -> str | None:
        return self._name

    def __enter__(self) -> str:
        graph = get_default_graph()
        self._pushed = False
        if self._values:
            own = graph_of(self._values)
            if own is not None and own is not graph:
                graph = own
                context.push_graph(graph)
                self._pushed = True
        self._graph = graph
        self._old = graph._stacks.names
        return graph.enter_name_scope(self._name)

    def __exit__(self, *exc_info: Any) -> None:
        self._graph._stacks.names = self._old
        if self._pushed:
            context.pop_graph(self._graph)


def graph_of(values: Sequence[Any]) -> Graph | None:
    """The graph that the tensors among `values` belong to, or None when there are none.

    While a function is built it is the function's: what is of another graph will be captured.

    Raises:
      ValueError: they belong to several graphs.
    """
    default = get_default_graph()
    if default.building_function:
        return default
    found: Graph | None = None
    first: Any = None
    for value in values:
        graph: Any = None
        if isinstance(value, (Tensor, Operation)) or hasattr(value, "_as_graph_element"):
            graph = getattr(value, "graph", None)
        if not isinstance(graph, Graph):
            continue
        if found is None:
            found, first = graph, value
        elif found is not graph:
            raise ValueError(f"{_element(value)} must be from the same graph as {_element(first)}.")
    return found


def _element(value: Any) -> Any:
    """What messages show for an input: for a variable its tensor."""
    return value if isinstance(value, (Tensor, Operation)) else value._as_graph_element()
