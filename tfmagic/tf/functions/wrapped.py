"""tf.compat.v1.wrap_function: a Python function of the graph style as a function of the library, and parts of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import nest
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import Func
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.tf.functions.body import BodyGraph
from tfmagic.tf.functions.traced import ConcreteFunction


class UnliftableError(Exception):
    """A part of a function depends on an argument that the part does not take."""


class _Body(BodyGraph):
    """The body of a wrapped function; variables that it makes are the graph's around it."""

    def _share_collections(self) -> None:
        for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES):
            self._collections[key] = self.outer_graph.get_collection_ref(key)


class WrappedFunction(ConcreteFunction):
    """What `wrap_function` makes: built as a graph is, without conversion and automatic order."""

    _body = _Body
    _orders_effects = False

    def _result(self, function: Callable[..., Any], value: Any) -> Tensor | None:
        if value is None:
            return None
        if isinstance(value, Operation):
            raise TypeError("To be compatible with tf.contrib.eager.defun, Python functions must return zero or more "
                            f"Tensors; in compilation of {function}, found return value of type {type(value)}, which "
                            "is not a Tensor.\nReturn a tensor that waits for it: tf.control_dependencies.")
        graph: Any = get_default_graph()
        return graph.capture(convert_to_tensor(value))

    def prune(self, feeds: Any, fetches: Any, name: str | None = None) -> PrunedFunction:
        """The part of the function that computes some of its tensors from others.

        Args:
          feeds: tensors in its graph, or their names: the arguments of the part.
          fetches: a nest of such tensors: its results.
          name: a name for the function.

        Raises:
          UnliftableError: the fetches need an argument that is not fed.
        """
        taken = [self._tensor(feed) for feed in nest.flatten(feeds)]
        return PrunedFunction(self, taken, nest.map_structure(self._tensor, fetches), name)

    def _tensor(self, given: Any) -> Tensor:
        return given if isinstance(given, Tensor) else self.graph.get_tensor_by_name(given)


class PrunedFunction(WrappedFunction):
    """A part of a wrapped function: its own copy of the nodes that the results need."""

    def __init__(self, whole: WrappedFunction, feeds: Sequence[Tensor], fetches: Any, name: str | None):
        graph = _Body(get_default_graph())
        graph.orders_effects = False
        copies: dict[Tensor, Tensor] = {}
        with graph.as_default():
            for feed in feeds:
                copies[feed] = graph.placeholder(feed, feed.op.name)
            self._placeholders = [copies[feed] for feed in feeds]
            for outer, inside in whole.graph.captures.items():
                if inside not in copies:
                    copies[inside] = graph.captures[outer] = graph.placeholder(inside, inside.op.name)
            results = nest.flatten(fetches)
            for op in _needed(results, copies):
                _copy(op, graph, copies)
        self.structured_input_signature = (tuple(TensorSpec.from_tensor(feed) for feed in feeds), {})
        self._finish(graph, "pruned" if name is None else f"pruned_{name}",
                     nest.pack_sequence_as(fetches, [copies[tensor] for tensor in results]))


def _needed(tensors: Sequence[Tensor], given: dict[Tensor, Tensor]) -> list[Operation]:
    """The operations that tensors need beside those given, in the order of their graph."""
    found: set[Operation] = set()
    stack = [tensor.op for tensor in tensors if tensor not in given]
    while stack:
        op = stack.pop()
        if op in found:
            continue
        if op.type == "Placeholder":
            fetched = next(tensor for tensor in tensors if tensor not in given)
            raise UnliftableError(f"Unable to lift tensor {fetched!r} because it depends transitively on placeholder "
                                  f"{op!r}\nFeed it, or fetch what does not need it.")
        found.add(op)
        stack += [tensor.op for tensor in op._inputs if tensor not in given]
        stack += op._control_inputs
    return [op for op in tensors[0].graph.get_operations() if op in found]


def _copy(op: Operation, graph: BodyGraph, copies: dict[Tensor, Tensor]) -> None:
    for value in op._attrs.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Func):
                op.graph._functions[part.name].add_to_graph(graph)
    controls = [graph.get_operation_by_name(control.name) for control in op._control_inputs]
    with graph.control_dependencies(controls):
        made = graph.create_op(op.type, [copies[tensor] for tensor in op._inputs], name=op.name, attrs=dict(op._attrs))
    copies.update(zip(op._outputs, made._outputs))


@export("wrap_function")
def wrap_function(fn: Callable[..., Any], signature: Any, name: str | None = None) -> WrappedFunction:
    """Build a function of the graph's library by calling a Python function once.

    Args:
      fn: the Python function; variables that it makes belong to the graph around it.
      signature: `tf.TensorSpec`s of its arguments.
      name: a part of the function's name.

    Returns:
      A function of tensors, with `prune` for parts of it.

    Raises:
      TypeError: it returns something that is no tensor.
    """
    title = "wrapped_function" if name is None else f"wrapped_function_{name}"
    return WrappedFunction(fn, title, ["placeholder"] * len(signature), (tuple(signature), {}))
