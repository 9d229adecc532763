"""Gradients of While nodes: a While node that goes through the iterations backwards.

Its body is the gradient of the body. What that needs of an iteration, the forward loop keeps: it gets further loop
variables, lists, onto which an iteration pushes the value, and from which the gradient's iteration takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.function import Body, Function
from tfmagic.graph.function_def import function_from_graph
from tfmagic.graph.function_effects import order_effects
from tfmagic.graph.gradients import UnconnectedGradients, gradients, is_trainable, no_gradient
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import raw
from tfmagic.ops.control_flow import nodes
from tfmagic.ops.control_flow.branch_functions import GradientGraph, gradient_name
from tfmagic.ops.control_flow.loop_functions import while_node
from tfmagic.ops.control_flow.tensor_lists import element_shape
from tfmagic.ops.state.variables import handle_data


def gradient(op: Any, *output_gradients: Any) -> list[Any]:
    """The gradient rule of While.

    Raises:
      LookupError: it is not `tf.while_loop` that made the node, so nothing counts its iterations.
    """
    node: Operation = op.op
    if "_lower_using_switch_merge" not in node._attrs:
        raise no_gradient(node)
    grads = output_gradients[0] if output_gradients and isinstance(output_gradients[0], list) else output_gradients
    given = node._attrs["output_shapes"] or [tensor.shape for tensor in node._inputs]
    dims = [shape._dims for shape in given]
    cond, body = (node.graph._functions[node._attrs[what].name] for what in ("cond", "body"))
    forward = body.fresh_body(node._attrs["body"].attrs, dims)
    for inside, tensor in zip(forward.inputs, node._inputs):
        # TensorFlow knows nothing in here of what is behind handles, so graphs depend on no more than the type.
        is_variable = inside._dtype.base_dtype is dtypes.resource
        inside._handle_data = (None, handle_data(tensor)[1]) if is_variable else None
    flowing = {place: dy for place, dy in enumerate(
        _incoming(dy, inside, y) for dy, inside, y in zip(grads, forward.outputs, node._outputs)) if dy is not None}
    graph = get_default_graph()
    counter = constant(0, dtype=node._inputs[1]._dtype.base_dtype, name="grad_counter")
    given_to_each = [counter, node._inputs[1], node._outputs[0], *flowing.values()]
    made = _LoopGradient(graph, gradient_name(body.name), node, forward, given_to_each, list(flowing))
    if made.lists:
        _rewrite(node, cond, body, forward, made.lists, dims)
    arguments = [*given_to_each, *made.around()]
    backward = made.finish()
    goes_on = _condition(graph, gradient_name(node._attrs["cond"].name), arguments)
    for function in (goes_on, backward):
        function.add_to_graph(graph)
    assert backward.own is not None
    results = while_node(arguments, [goes_on, backward], backward.own.outputs, node._attrs["parallel_iterations"],
                         f"{node.name}_grad")
    for tensor, inside in zip(results, backward.own.outputs):
        if tensor._dtype.base_dtype is dtypes.resource:
            tensor._handle_data = inside._handle_data
    after = [raw.identity(tensor) for tensor in results]
    found: list[Any] = [None] * len(node._inputs)
    for place, dx in zip(flowing, after[3:]):
        found[place] = dx
    return found


def _incoming(dy: Any, inside: Tensor, y: Tensor) -> Any:
    """The gradient that goes into the loop for a result, None where none flows."""
    if not is_trainable(inside):
        return None
    if dy is None and y._dtype.base_dtype in (dtypes.resource, dtypes.variant):
        return nodes.no_gradient_of(y)
    return dy


class _LoopGradient(GradientGraph):
    """The body of a gradient's loop while it is built.

    Attributes:
      lists: the lists that the forward loop must get, in its graph.

    Args:
      name: the function's name.
      node: the forward loop.
      forward: the body of that, in a graph of its own, to which pushing onto lists is added.
      given: what every iteration gets: the counter, its limit, the number of iterations, gradients.
      places: which results of the body those gradients are for.
    """

    def __init__(self, outer_graph: Graph, name: str, node: Operation, forward: Body, given: Sequence[Tensor],
                 places: Sequence[int]):
        super().__init__(outer_graph)
        self.name = name
        self.lists: list[Tensor] = []
        self._node, self._forward = node, forward
        self._inside: dict[Tensor, Tensor] = {}
        self._handed_on: dict[Tensor, Tensor] = {}  # by the placeholder of a list: what is left of it
        self._arguments = [self.placeholder(tensor, "Placeholder") for tensor in given]
        with self.as_default():
            counter, limit, total, *incoming = self._arguments
            xs = [forward.inputs[place] for place in places]
            found = gradients([forward.outputs[place] for place in places], xs, incoming,
                              unconnected_gradients=UnconnectedGradients.ZERO) if places else []
            results = [counter + 1, limit, total, *(convert_to_tensor(dx) for dx in found)]
            self._results = [raw.identity(tensor) for tensor in results]
            self._effects = order_effects(self, [tensor.op for tensor in self._results])

    # --- what it takes from the forward loop ------------------------------------------------------------------

    def capture(self, tensor: Tensor, name: str | None = None) -> Tensor:
        if tensor.op.graph is not self._forward.graph:
            return super().capture(tensor, name)
        name = name or tensor.op.name
        while tensor.op.type == "Identity":
            tensor = tensor.op._inputs[0]
        value = self._inside.get(tensor)
        if value is None:
            value = self._inside[tensor] = self._taken(tensor, name)
        return value

    def _taken(self, tensor: Tensor, name: str) -> Tensor:
        """What stands inside for a value of the forward iteration."""
        if tensor._dtype.base_dtype is dtypes.resource:
            tensor = _argument(tensor)
        forward = self._forward
        if tensor in forward.inputs:
            place = forward.inputs.index(tensor)
            if forward.outputs[place] is tensor:  # the same in all iterations
                return super().capture(tensor, name)
        if tensor.op.type == "Const":
            return constant(constant_value(tensor), dtype=tensor.dtype)
        kept = _pushed(forward, tensor)
        left = super().capture(self._push(tensor) if kept is None else kept, name)
        handle, value = raw.tensor_list_pop_back(left, -1, tensor._dtype.base_dtype)
        self._handed_on[left] = handle
        value.set_shape(tensor.shape)
        value._handle_data = tensor._handle_data
        return value

    def _push(self, tensor: Tensor) -> Tensor:
        """Let the forward iteration push a value onto a new list; the list after that."""
        forward = self._forward
        with self._node.graph.as_default():
            made = raw.empty_tensor_list(element_shape(tensor._dims), self._node._inputs[1],
                                         element_dtype=tensor._dtype.base_dtype,
                                         name=f"{tensor.op.name}_{tensor.value_index}/accumulator")
        self.lists.append(made)
        graph = forward.graph
        with graph.as_default():
            scope = graph.unique_name("TensorListPushBack", mark_as_used=False)
            inside = graph.create_op("Placeholder", [], name=f"{scope}/{made.op.name}", attrs={
                "dtype": dtypes.variant, "shape": made.shape}).outputs[0]
            inside._handle_data = made._handle_data
            after = raw.tensor_list_push_back(inside, tensor)
        forward.inputs, forward.outputs = (*forward.inputs, inside), (*forward.outputs, after)
        return after

    # --- the function -----------------------------------------------------------------------------------------

    def around(self) -> list[Tensor]:
        """What it takes, as tensors around the forward loop, which has its lists already."""
        outputs = self._forward.outputs
        return [self._node._outputs[outputs.index(tensor)] if tensor.op.graph is self._forward.graph else tensor
                for tensor in self.captures]

    def finish(self) -> Function:
        further = [self._handed_on.get(inside, inside) for inside in self.captures.values()]
        return function_from_graph(self.name, self, [*self._arguments, *self.captures.values()],
                                   [*self._results, *further], controls=self._effects)


def _argument(handle: Tensor) -> Tensor:
    """The argument of a body through which a handle came, perhaps through a loop or branch inside of it."""
    while handle.op._inputs:
        source = handle.op
        handle = source._inputs[0 if source.type == "Identity" else handle.value_index]
    return handle


def _pushed(forward: Body, tensor: Tensor) -> Tensor | None:
    """The list onto which an iteration pushes a value already, since an earlier gradient needs it; or None."""
    for op in tensor._consumers:
        if op.type == "TensorListPushBack" and op._inputs[1] is tensor and op._inputs[0] in forward.inputs:
            after = forward.outputs[forward.inputs.index(op._inputs[0])]
            if after is op._outputs[0]:
                return after
    return None


def _rewrite(node: Operation, cond: Function, body: Function, forward: Body, lists: Sequence[Tensor],
             dims: Sequence[Any]) -> None:
    """Give a loop the lists as further variables."""
    graph = node.graph
    condition = cond.fresh_body(node._attrs["cond"].attrs, dims)
    with condition.graph.as_default():
        condition.inputs = (*condition.inputs, *(condition.graph.create_op("Placeholder", [], name=made.op.name, attrs={
            "dtype": dtypes.variant, "shape": made.shape}).outputs[0] for made in lists))
    for what, function, own in (("cond", cond, condition), ("body", body, forward)):
        made = function_from_graph(f"{function.name}_rewritten", own.graph, own.inputs, own.outputs,
                                   controls=own.controls)
        made.add_to_graph(graph)
        node._attrs[what] = type(node._attrs[what])(made.name)
    first = len(node._outputs)
    node._add_inputs(lists)
    node._outputs = (*node._outputs, *(Tensor(node, first + place, dtypes.variant) for place in range(len(lists))))
    for tensor in node._outputs[first:]:
        tensor._dims = ()
    node._attrs.update(T=[tensor._dtype.base_dtype for tensor in node._outputs],
                       _num_original_outputs=len(node._outputs),
                       output_shapes=[tensor.shape for tensor in forward.outputs])
    graph._changed(node)


def _condition(outer_graph: Graph, name: str, arguments: Sequence[Tensor]) -> Function:
    """Whether there are iterations left to go through."""
    graph = GradientGraph(outer_graph)
    inputs = [graph.placeholder(tensor, "Placeholder") for tensor in arguments]
    with graph.as_default():
        result = raw.identity(inputs[0] < inputs[2])
    return function_from_graph(name, graph, inputs, [result])
