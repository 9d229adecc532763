"""Bodies of functions, as graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfmagic.base.shapes import Dims
from tfmagic.graph.function import Body, Function
from tfmagic.graph.graph import Graph
from tfmagic.graphdef.function_nodes import FunctionNodes
from tfmagic.graphdef.importer import import_into


def body(function: Function, attrs: Mapping[str, Any], dims: Sequence[Dims] = ()) -> Body:
    """The body of a function, in a graph of its own; the functions that it may call are those of its library.

    Args:
      dims: the static shapes of the arguments; by default they are unknown.

    Raises:
      ValueError: the definition is malformed.
      NotFoundError: it holds an op that TensorFlow 1.15 does not have.
    """
    parts = FunctionNodes(function, attrs)
    graph = Graph()
    graph._functions = function.library  # type: ignore[assignment]  # it is read only
    made = import_into(graph, parts.graph_def(dims), [*parts.inputs(), *parts.outputs(), *parts.controls()])
    for op in graph._operations:
        op._frames = ()  # nobody's line made it: errors show those of the call
    inputs, outputs = len(parts.inputs()), len(parts.outputs())
    return Body(function.name, graph, tuple(made[:inputs]), tuple(made[inputs:inputs + outputs]),
                tuple(made[inputs + outputs:]))
