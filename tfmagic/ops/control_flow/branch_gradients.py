"""Gradients of branches that are functions: a choice between the gradients of the functions.

The gradient of a branch is a function of its own. What it needs of the branch beside arguments and results, the branch
gives as further results: the node gets other functions, which wrap these values as optionals, since only the branch
that was taken has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.function import Body, Function
from tfmagic.graph.function_def import function_from_graph
from tfmagic.graph.function_effects import order_effects
from tfmagic.graph.gradients import gradients, is_trainable
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import Func
from tfmagic.ops import raw
from tfmagic.ops.control_flow import nodes
from tfmagic.ops.control_flow.branch_functions import GradientGraph, gradient_name, let_inline, merged_shapes
from tfmagic.ops.state.variables import handle_data


def gradient(op: Any, *output_gradients: Any) -> list[Any]:
    """The gradient rule of If and Case."""
    node: Operation = op.op
    grads = output_gradients[0] if output_gradients and isinstance(output_gradients[0], list) else output_gradients
    is_case = node.type == "Case"
    names = ["branches"] if is_case else ["then_branch", "else_branch"]
    functions = [func for name in names for func in (node._attrs[name] if is_case else [node._attrs[name]])]
    graph = get_default_graph()
    branches = [_BranchGradient(graph, node.graph._functions[func.name], func, node._inputs[1:], grads)
                for func in functions]
    if any(branch.wanted for branch in branches):
        _rewrite(node, names, branches)
    outer = list(dict.fromkeys(tensor for branch in branches for tensor in branch.arguments(node)))
    made = [branch.finish(node, outer) for branch in branches]
    for function in made:
        function.add_to_graph(graph)
    merged = merged_shapes([[tensor._dims for tensor in branch.results] for branch in branches])
    stateful = is_case or any("stateful" in function.op_def.flags for function in made)
    chosen = [Func(function.name) for function in made]
    make = raw.case if is_case else getattr(raw, "if") if stateful else raw.stateless_if
    results = make(node._inputs[0], outer, [t.dtype.base_dtype for t in branches[0].results],
                   *([chosen] if is_case else chosen), output_shapes=merged, name="gradient" if is_case else None)
    let_inline(results)
    return [None, *(raw.identity(result) for result in results)]


class _BranchGradient(GradientGraph):
    """The gradient of one branch while it is built.

    Attributes:
      forward: the body of the branch, in a graph of its own.
      wanted: the tensors in it, neither arguments nor results, that the gradient needs, each with an optional of it.
      results: the gradients of the branch's arguments.
    """

    def __init__(self, outer_graph: Graph, function: Function, func: Func, arguments: Sequence[Tensor],
                 output_gradients: Sequence[Any]):
        super().__init__(outer_graph)
        self.function = function
        self.forward: Body = function.fresh_body(func.attrs, [t._dims for t in arguments])
        for inside, around in zip(self.forward.inputs, arguments):
            if inside._dtype.base_dtype is dtypes.resource:
                inside._handle_data = handle_data(around)
        self.wanted: dict[Tensor, Tensor] = {}
        self._handed = {*self.forward.inputs, *self.forward.outputs}
        self._unwrapped: dict[Tensor, Tensor] = {}
        self.results: list[Tensor] = []
        with self.as_default():
            flowing = [(y, dy) for y, dy in zip(self.forward.outputs, output_gradients)
                       if is_trainable(y) and dy is not None]
            found = gradients([y for y, _ in flowing], list(self.forward.inputs), [dy for _, dy in flowing]) \
                if flowing else [None] * len(self.forward.inputs)
            found = [nodes.no_gradient_of(x) if dx is None else dx for x, dx in zip(self.forward.inputs, found)]
            self.results = [raw.identity(convert_to_tensor(dx)) for dx in found]
            self._effects = order_effects(self, [tensor.op for tensor in self.results])

    def capture(self, tensor: Tensor, name: str | None = None) -> Tensor:
        if tensor.op.graph is not self.forward.graph or tensor in self._handed:
            return super().capture(tensor, name)
        value = self._unwrapped.get(tensor)
        if value is None:
            optional = next((result for result in self.forward.outputs if result.op.type == "OptionalFromValue"
                             and result.op._inputs == (tensor,)), None)  # an earlier gradient wanted it too
            if optional is None:
                with self.forward.graph.as_default():
                    optional = self.wanted[tensor] = raw.optional_from_value([tensor])
            placeholder = self.captures[optional] = self.placeholder(optional, tensor.op.name)
            value, = raw.optional_get_value(placeholder, [tensor.dtype.base_dtype], [tensor.shape])
            self._unwrapped[tensor] = value
        return value

    def arguments(self, node: Operation) -> list[Tensor]:
        """What the gradient takes, as tensors around the branches' node."""
        return [self._around(tensor, node) for tensor in self.captures]

    def _around(self, tensor: Tensor, node: Operation) -> Tensor:
        if tensor.op.graph is not self.forward.graph:
            return tensor
        if tensor in self.forward.inputs:
            return node._inputs[1 + self.forward.inputs.index(tensor)]
        return node._outputs[self.forward.outputs.index(tensor)]

    def finish(self, node: Operation, outer: Sequence[Tensor]) -> Function:
        """The gradient as a function of `outer`, the arguments of all branches' gradients."""
        own = {self._around(tensor, node): inside for tensor, inside in self.captures.items()}
        with self.as_default():
            inputs = [own[tensor] if tensor in own else self.placeholder(tensor, "Placeholder") for tensor in outer]
        return function_from_graph(gradient_name(self.function.name), self, inputs, self.results,
                                   controls=self._effects)


def _rewrite(node: Operation, names: Sequence[str], branches: Sequence[_BranchGradient]) -> None:
    """Let each branch give what its gradient wants as further results; None where another branch has more of them."""
    graph = node.graph
    count = max(len(branch.wanted) for branch in branches)
    functions = []
    for branch in branches:
        forward = branch.forward
        with forward.graph.as_default():
            missing = [raw.optional_none() for _ in range(count - len(branch.wanted))]
        forward.outputs = (*forward.outputs, *branch.wanted.values(), *missing)
        function = function_from_graph(f"{branch.function.name}_rewritten", forward.graph, forward.inputs,
                                       forward.outputs, controls=forward.controls)
        function.add_to_graph(graph)
        functions.append(Func(function.name))
    for _ in range(count):
        optional = Tensor(node, len(node._outputs), dtypes.variant)
        optional._dims = ()
        node._outputs = (*node._outputs, optional)
    chosen: list[Any] = [functions] if names == ["branches"] else functions
    node._attrs.update(zip(names, chosen))
    node._attrs.update(Tout=[t.dtype.base_dtype for t in node._outputs], output_shapes=merged_shapes(
        [[tensor._dims for tensor in branch.forward.outputs] for branch in branches]))
    graph._changed(node)
