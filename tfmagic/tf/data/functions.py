"""Functions of elements: Python functions that transformations call become functions of the graph's library."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable
from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.function import Function
from tfmagic.graph.function_def import function_from_graph
from tfmagic.graph.function_effects import order_effects
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.tf.autograph.api import converted_for_graph
from tfmagic.tf.data import structure
from tfmagic.tf.functions.body import BodyGraph

_numbers = itertools.count(1)


class ElementFunction:
    """A function of elements.

    Attributes:
      captured: the tensors that it captures, in the order in which nodes pass them.
      spec: the structure of what it gives.

    Args:
      function: takes an element (a tuple as several arguments), returns a structure of tensors.
      what: the transformation, as messages name it ("Dataset.map()").
      spec: the structure of the elements that it takes.
      add: whether it comes into the library of the graph at once.
    """

    def __init__(self, function: Callable[..., Any], what: str, spec: Any, add: bool = True):
        if not callable(function):
            raise ValueError("Argument must be callable")
        name = what.removesuffix("()").replace(".", "_")
        self._what = what
        outer = get_default_graph()
        graph = BodyGraph(outer)
        with graph.as_default():
            inputs = [graph.create_op("Placeholder", [], name=f"args_{index}", attrs={
                "dtype": part.dtype, "shape": part.shape, "_user_specified_name": f"args_{index}"}).outputs[0]
                for index, part in enumerate(structure.components(spec))]
            arguments = structure.from_tensors(spec, inputs)
            if type(arguments) is not tuple:
                arguments = (arguments,)
            results = [raw.identity(convert_to_tensor(tensor)) for tensor in self._called(function, arguments)]
            order_effects(graph, [tensor.op for tensor in results])
        self.captured = list(graph.captures)
        self._function: Function = function_from_graph(
            f"__inference_{name}_{_name_of(function)}_{next(_numbers)}", graph, [*inputs, *graph.captures.values()],
            results)
        if add:
            self._function.add_to_graph(outer)
        self.stateful = [op for op in graph._operations if op._op_def.is_stateful]

    @property
    def function(self) -> ElementFunction:
        """What nodes take for it: itself."""
        return self

    @property
    def captured_inputs(self) -> list[Tensor]:
        """The tensors that it captures."""
        return self.captured

    @property
    def name(self) -> str:
        return self._function.name

    def add_to_graph(self, graph: Graph) -> None:
        """Put it into a graph's library."""
        self._function.add_to_graph(graph)

    def _called(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> list[Tensor]:
        result = converted_for_graph(function)(*arguments)
        if isinstance(result, list):
            result = tuple(result)
        try:
            self.spec = structure.spec_of(result)
        except (TypeError, ValueError) as error:
            raise TypeError(f"Unsupported return value from function passed to {self._what}: {result}.") from error
        return structure.to_tensors(self.spec, result)

    def captures_references(self) -> bool:
        """Whether it captures a reference to a variable, or what comes from one."""
        return _from_references(self.captured)


def _name_of(function: Any) -> str:
    """As a function is called, a method with its class; of what has no name, what Python calls its class."""
    if inspect.ismethod(function):
        return f"{type(function.__self__).__name__}.{function.__name__}"
    return getattr(function, "__name__", None) or str(type(function))


def _from_references(tensors: Iterable[Tensor]) -> bool:
    stack, seen = list(tensors), set()
    while stack:
        tensor = stack.pop()
        if tensor._dtype._is_ref_dtype:
            return True
        if tensor not in seen:
            seen.add(tensor)
            stack += tensor.op._inputs
    return False
