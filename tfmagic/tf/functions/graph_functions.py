"""GraphFunction: a function of the library whose body Python built, its calls, and the functions of its gradient.

A call that is differentiated calls another function from there on, which gives what the gradient needs as further
results; the gradient is a call too.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.function import Function
from tfmagic.graph.function_def import function_from_graph
from tfmagic.graph.function_effects import order_effects
from tfmagic.graph.gradients import gradients, is_trainable
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import Func
from tfmagic.ops import raw
from tfmagic.ops.control_flow import nodes
from tfmagic.ops.state.variables import handle_data
from tfmagic.tf.functions.body import BodyGraph

numbers = itertools.count(1)


class GraphFunction:
    """A function of the library.

    Attributes:
      function: the function that a call names.

    Args:
      title: what it computes, the middle of its name.
      graph: its body.
      arguments: placeholders in it; what it captures are further ones.
      results: tensors in it.
      effects: operations that run though no result needs them.
      number: the end of its name.
      attrs: attrs of the definition.
    """

    def __init__(self, title: str, graph: BodyGraph, arguments: Sequence[Tensor], results: Sequence[Tensor],
                 effects: Sequence[Operation], number: int | None = None, attrs: Any = None):
        self._title, self._graph, self._arguments, self._effects = title, graph, list(arguments), list(effects)
        self._results = list(results)  # and, once calls were differentiated, what their gradients need
        self._stateful = any(op._op_def.is_stateful for op in graph._operations)
        self._gradients: dict[int, tuple[Function, _Backward]] = {}
        self.function = self._defined("inference", next(numbers) if number is None else number, attrs)

    def _defined(self, kind: str, number: int, attrs: Any = None) -> Function:
        made = function_from_graph(f"__{kind}_{self._title}_{number}", self._graph, self.inputs, self._results,
                                   controls=self._effects, attrs=attrs)
        made.python_gradient = self._gradient
        return made

    @property
    def inputs(self) -> list[Tensor]:
        """The placeholders of all that a call passes."""
        return [*self._arguments, *self._graph.captures.values()]

    def call(self, tensors: Sequence[Tensor]) -> Operation:
        """Add a node that calls it.

        Args:
          tensors: the arguments, and what it captures.
        """
        graph = get_default_graph()
        self.function.add_to_graph(graph)
        body = self.function.own
        assert body is not None
        made = graph.create_op(
            "StatefulPartitionedCall" if self._stateful else "PartitionedCall", list(tensors),
            name=None if body.outputs else "PartitionedFunctionCall",
            attrs={"Tin": [tensor.dtype.base_dtype for tensor in tensors],
                   "Tout": [tensor.dtype.base_dtype for tensor in body.outputs], "f": Func(self.function.name)})
        inside = body.outputs
        given = [tensor._dims for tensor in tensors]
        if inside and given != [tensor._dims for tensor in body.inputs]:  # more is known than when it was traced
            inside = self.function.fresh_body({}, given).outputs
        for tensor, result, own in zip(made.outputs, inside, body.outputs):
            tensor.set_shape(own.shape)
            tensor.set_shape(result.shape)
            tensor._handle_data = own._handle_data
        return made

    # --- gradients ------------------------------------------------------------------------------------------------

    def _gradient(self, op: Operation, *output_gradients: Tensor | None) -> list[Any]:
        """The gradients of a call's inputs; the call gives further results from here on."""
        forward, backward = self._differentiated(len(output_gradients))
        forward.add_to_graph(op.graph)
        assert forward.own is not None
        results = forward.own.outputs
        first = len(op._outputs)
        op._outputs = (*op._outputs, *(Tensor(op, first + place, result._dtype.base_dtype)
                                       for place, result in enumerate(results[first:])))
        for tensor, result in zip(op._outputs[first:], results[first:]):
            tensor._dims, tensor._handle_data = result._dims, result._handle_data
        op._attrs.update(f=Func(forward.name), Tout=[result._dtype.base_dtype for result in results])
        op.graph._changed(op)
        given = [nodes.no_gradient_of(tensor) if dy is None else dy
                 for tensor, result, dy in zip(op._outputs, results, output_gradients) if is_trainable(result)]
        return backward.called(given, dict(zip(results, op._outputs)))

    def _differentiated(self, count: int) -> tuple[Function, _Backward]:
        """The function that gives what the gradient of the first `count` results needs, and that gradient."""
        made = self._gradients.get(count)
        if made is None:
            title, forward, backward = f"__backward_{self._title}_{next(numbers)}", next(numbers), next(numbers)
            function = _Backward(title, self._graph, self._results[:count], self.inputs, backward,
                                 {"forward_function_name": f"__forward_{self._title}_{forward}"})
            self._results += [tensor for tensor in function.taken if tensor.op.graph is self._graph
                              and tensor not in self._results]
            made = self._gradients[count] = (self._defined("forward", forward, {
                "backward_function_name": function.function.name}), function)
        return made


class _Backward(GraphFunction):
    """The gradient of a function: of the gradients of its results it makes those of its inputs.

    Attributes:
      taken: what it captures: tensors in the function, or around it.
    """

    def __init__(self, title: str, outer: BodyGraph, ys: Sequence[Tensor], xs: Sequence[Tensor], number: int,
                 attrs: Any):
        graph = BodyGraph(outer)
        ys = [y for y in ys if is_trainable(y)]
        with graph.as_default():
            given = [_placeholder(graph, y) for y in ys]
            found = gradients(ys, list(xs), given) if ys else [None] * len(xs)
            self._found = nest.map_structure(lambda dx: None if dx is None else raw.identity(convert_to_tensor(dx)),
                                             found, expand_composites=True)
        results = [dx for dx in nest.flatten(self._found, expand_composites=True) if dx is not None]
        super().__init__(title, graph, given, results, order_effects(graph, [dx.op for dx in results]), number, attrs)
        self.taken = list(graph.captures)

    def called(self, given: Sequence[Tensor], around: dict[Tensor, Tensor]) -> list[Any]:
        """The gradients of the inputs of a call.

        Args:
          given: the gradients of its results.
          around: by a result in the function, that of the call.
        """
        if not nest.flatten(self._found) or all(dx is None for dx in self._found):
            return list(self._found)
        made = self.call([*given, *(around.get(tensor, tensor) for tensor in self.taken)])
        results = iter(made._outputs)
        flat = [None if dx is None else next(results) for dx in nest.flatten(self._found, expand_composites=True)]
        return list(nest.pack_sequence_as(self._found, flat, expand_composites=True))


def _placeholder(graph: BodyGraph, y: Tensor) -> Tensor:
    """A placeholder for the gradient of a tensor: that of a handle is like the variable behind it."""
    if y._dtype.base_dtype is not dtypes.resource:
        return graph.placeholder(y, "Placeholder")
    dims, dtype = handle_data(y)
    return graph.create_op("Placeholder", [], name="Placeholder", attrs={
        "dtype": dtype or dtypes.float32, "shape": TensorShape(dims)}).outputs[0]
