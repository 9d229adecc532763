"""tf.while_loop, as Enter, Merge, LoopCond, Switch, NextIteration and Exit nodes where it is no While node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import errors, messages, nest
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, to_tensor
from tfmagic.graph.indexed_slices import as_tensor_or_slices
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow import loop_functions, toggles, util
from tfmagic.ops.control_flow.context import ControlFlowContext
from tfmagic.ops.control_flow.routing import (
    close_loop,
    enter,
    identity,
    leave,
    merge,
    next_iteration,
    switch_ref_or_tensor,
)
from tfmagic.ops.control_flow.shape_invariants import at_most, flat_shapes, refuse_invariants
from tfmagic.ops.control_flow.tensor_array import TensorArray, array_to_flow, flows_to_arrays

COLLECTION = "while_context"
# What a gradient loop needs of a value from the forward loop is only the shape: it is taken there, and kept instead.
_REDUCTIONS = frozenset({"Shape", "Size", "Rank"})


class WhileContext(ControlFlowContext):
    """A loop while it is being built, and afterwards what its gradient needs to know of it.

    Attributes:
      grad_state: when this is the gradient of a loop, how values come over from that loop.
      pivot: the LoopCond.
      loop_enters, loop_exits: the Enter tensors of the loop variables, and the Exit tensors.
    """

    is_while = True

    def __init__(self, maximum_iterations: Any = None, parallel_iterations: int = 10, back_prop: bool = True,
                 swap_memory: bool = False, name: str = "while_context", grad_state: Any = None):
        if not isinstance(parallel_iterations, int) or parallel_iterations <= 0:
            raise ValueError("`parallel_iterations` must be a positive integer: "
                             f"{parallel_iterations}")
        super().__init__(get_default_graph().unique_name(name))
        self.maximum_iterations = maximum_iterations
        self.parallel_iterations = parallel_iterations
        self.back_prop = back_prop
        self.swap_memory = swap_memory
        self.grad_state = grad_state
        self.pivot: Tensor | None = None
        self.pivot_for_pred: Tensor | None = None
        self.pivot_for_body: Tensor | None = None
        self.loop_enters: list[Tensor] = []
        self.loop_exits: list[Tensor] = []

    def _own_proto(self, named: Callable[[Tensor], str]) -> Any:
        proto = messages.module("control_flow_pb2").WhileContextDef(
            parallel_iterations=self.parallel_iterations, back_prop=self.back_prop, swap_memory=self.swap_memory,
            loop_exit_names=map(named, self.loop_exits), loop_enter_names=map(named, self.loop_enters))
        for field, tensor in (("maximum_iterations_name", self.maximum_iterations), ("pivot_name", self.pivot),
                              ("pivot_for_pred_name", self.pivot_for_pred),
                              ("pivot_for_body_name", self.pivot_for_body)):
            if tensor is not None:
                setattr(proto, field, named(tensor))
        return proto

    def control_pivot(self) -> Tensor | None:
        return self.pivot_for_body if self.pivot_for_body is not None else self.pivot_for_pred

    def enter_value(self, value: Any, is_constant: bool = False, use_input_shape: bool = True,
                    name: str | None = None) -> Tensor:
        """An Enter node of this loop."""
        return enter(value, self.name, is_constant, self.parallel_iterations, use_input_shape=use_input_shape,
                     name=name)

    def add_value(self, value: Tensor) -> Tensor:
        """`value` behind an Enter that makes it a loop invariant."""
        name = value.name
        if name in self.values or value.op._control_flow_context is self:
            return self.external.get(name, value)
        self.values.add(name)
        current = get_default_graph()._stacks.control_flow
        loop = None if current is None else current.while_context()
        if loop is not None and loop.grad_state is not None:
            forward = util.while_context(value.op)
            if util.is_loop_exit(value.op):
                forward = forward.outer_context
                forward = None if forward is None else forward.while_context()
            if forward is loop.grad_state.forward_context:
                real = self.external[name] = loop.grad_state.real_value(value)
                return real
        result = value if self.outer_context is None else self.outer_context.add_value(value)
        graph = value.graph
        with graph.control_dependencies(None):
            inside = self.enter_value(result, is_constant=True)
        graph.prevent_feeding(inside)
        self._place_enters([inside])
        self.values.add(inside.name)
        self.external[name] = inside
        return inside

    def adopt(self, op: Operation) -> None:
        if op.type in _REDUCTIONS and self._moved_to_forward(op):
            return
        self.adopt_here(op)

    def _moved_to_forward(self, op: Operation) -> bool:
        """Let a shape that the gradient asks for be taken in the forward loop."""
        current = get_default_graph()._stacks.control_flow
        loop = None if current is None else current.while_context()
        if loop is None or loop.grad_state is None:
            return False
        source = op._inputs[0].op
        if util.while_context(source) is not loop.grad_state.forward_context:
            return False
        ctx = source._control_flow_context
        op._control_flow_context = ctx
        (ctx.adopt_here if ctx.is_while else ctx.adopt)(op)
        return True

    def adopt_here(self, op: Operation) -> None:
        """Route what `op` reads from outside through this loop."""
        if not op._inputs:
            inside, outside = self.drop_external_controls(op)
            pivot = self.control_pivot()
            if not inside and pivot is not None:
                op._add_control_input(pivot.op)
        else:
            for index, tensor in enumerate(op._inputs):
                value = self.add_value(tensor)
                if value is not tensor:
                    op._update_input(index, value)
            _, outside = self.drop_external_controls(op)
            pivot = self.control_pivot()
            if pivot is not None and not op._control_inputs and (
                    all(util.is_loop_constant_enter(t.op) for t in op._inputs)  # it would run once more than the loop
                    or util.runs_functions(op)):
                op._add_control_input(pivot.op)
        self.values.update(tensor.name for tensor in op._outputs)
        if outside:
            with op.graph.control_dependencies(None), self:
                op._add_control_inputs([raw.identity(control._outputs[0]).op for control in outside
                                        if control._outputs])
        self.close_to_user(op)

    def _place_enters(self, enters: Sequence[Tensor]) -> None:
        """Put Enter nodes into this context; they keep the control inputs of the contexts around it."""
        graph = get_default_graph()
        for tensor in enters:
            op = tensor.op
            kept = []
            for control in graph._controls_for(op._inputs):
                given, outer = control._output_context(), self.outer_context
                outer_loop = None if outer is None else outer.while_context()
                while outer is not given and outer is not None and outer is not outer_loop:
                    outer = outer.outer_context
                if outer is given:
                    kept.append(control)
            op._control_flow_context = self
            op._add_control_inputs(kept)
            for controller in graph._stacks.controllers:
                controller.op_seen(op)

    # --- building ---------------------------------------------------------------------------------------------

    def build(self, cond: Any, body: Any, loop_vars: Any, shape_invariants: Any, return_same_structure: bool) -> Any:
        """Build the nodes of the loop and give its results."""
        original = loop_vars
        values = [as_tensor_or_slices(array_to_flow(value)) for value in nest.flatten(loop_vars)]
        given_shapes = None if shape_invariants is None else flat_shapes(values, nest.flatten(shape_invariants))
        tensors = nest.flatten(values, expand_composites=True)
        if given_shapes is None:
            given_shapes = flat_shapes(values, [None] * len(values))
        with self:
            body_result, exits = self._build(cond, body, original, tensors, given_shapes)
        flat = nest.flatten(body_result, expand_composites=True)
        packed = nest.pack_sequence_as(body_result, flows_to_arrays(flat, exits), expand_composites=True)
        if return_same_structure:
            return packed
        return packed[0] if len(exits) == 1 else packed

    def _build(self, cond: Any, body: Any, loop_vars: Any, tensors: list[Tensor],
               given_shapes: list[TensorShape]) -> tuple[Any, list[Tensor]]:
        graph = get_default_graph()
        flat_vars = nest.flatten(loop_vars, expand_composites=True)
        self.values = {tensor.name for tensor in tensors}
        outer = self.outer_context
        real = tensors if outer is None else [outer.add_value(tensor) for tensor in tensors]
        with graph.control_dependencies(None):
            enters = [self.enter_value(tensor, use_input_shape=False) for tensor in real]
            for tensor in enters:
                graph.prevent_feeding(tensor)
        self._guard_invariants(enters)
        _set_shapes(real, enters, given_shapes)
        self._place_enters(enters)
        self.values = {tensor.name for tensor in enters}
        self.loop_enters = enters
        merges = [merge([tensor, tensor])[0] for tensor in enters]
        self.pivot_for_pred = merges[0]

        packed = nest.pack_sequence_as(loop_vars, flows_to_arrays(flat_vars, merges), expand_composites=True)
        condition = to_tensor(cond(*packed))
        self.pivot = raw.loop_cond(condition, name="LoopCond")
        switches = [switch_ref_or_tensor(tensor, self.pivot) for tensor in merges]

        inside = [identity(pair[1]) for pair in switches]
        self.pivot_for_body = inside[0]
        packed = nest.pack_sequence_as(loop_vars, flows_to_arrays(flat_vars, inside), expand_composites=True)
        body_result = self._call_body(body, packed)
        nest.assert_same_structure(list(packed), list(body_result), expand_composites=True)
        results = [to_tensor(array_to_flow(value)) for value in nest.flatten(body_result, expand_composites=True)]
        if len(merges) != len(results):
            raise ValueError(f"Number of inputs and outputs of body must match loop_vars: {len(merges)}, "
                             f"{len(results)}")
        for merged, result in zip(merges, results):
            add_back_edge(merged, result)
        exits = [leave(pair[0]) for pair in switches]
        self.loop_exits = exits
        self.export_results(exits)
        return body_result, exits

    def _guard_invariants(self, enters: list[Tensor]) -> None:
        """Let loop variables that start with an invariant of an outer loop wait for that loop's iteration."""
        pivot, outer = None, self.outer_context
        while outer is not None and pivot is None:
            pivot, outer = outer.control_pivot(), outer.outer_context
        if pivot is not None:
            for tensor in enters:
                if util.is_loop_constant_enter(tensor.op._inputs[0].op):
                    tensor.op._add_control_input(pivot.op)

    def _call_body(self, body: Any, arguments: Any) -> Any:
        result = body(*arguments)
        summaries = self.take_summaries()
        if not nest.is_nested(result) and not nest.is_composite(result):
            result = [result]
        if summaries:
            with self.graph.control_dependencies(summaries):
                result = nest.map_structure(lambda x: x if isinstance(x, TensorArray) else raw.identity(x), result,
                                            expand_composites=True)
        return result


def _set_shapes(inputs: list[Tensor], enters: list[Tensor], given: list[TensorShape]) -> None:
    for source, tensor, shape in zip(inputs, enters, given):
        if not at_most(source.shape, shape):
            raise ValueError(f"The shape invariant specified for {source.name} is not compatible with the initial "
                             f"shape of the loop variable. It enters the loop with shape {source.shape}, but the "
                             f"specified shape invariant is {shape}.")
        tensor.set_shape(shape)


def add_back_edge(merged: Tensor, value: Any, enforce_shape: bool = True) -> Any:
    """Hand `value` to the next iteration's `merged`.

    Raises:
      ValueError: the shape of `value` says less than that of the loop variable.
      InvalidArgumentError: its type is another.
    """
    if not isinstance(merged, Tensor):
        value = as_tensor_or_slices(value)
        following = next_iteration(value)
        for part, next_part in zip(merged._composite_parts(), following._composite_parts()):
            part.op._update_input(1, next_part)
        return following
    value = next_iteration(to_tensor(value))
    if enforce_shape and not at_most(value.shape, merged.shape):
        entered = merged.op._inputs[0].op._inputs[0]
        raise ValueError(f"Input tensor '{entered.name}' enters the loop with shape {entered.shape}, but has shape "
                         f"{value.shape} after one iteration. To allow the shape to vary across iterations, use the "
                         "`shape_invariants` argument of tf.while_loop to specify a less-specific shape.")
    wanted, given = merged._dtype.base_dtype, value._dtype.base_dtype
    if wanted is not given:
        raise errors.InvalidArgumentError(
            None, merged.op, f"Input 1 of node {merged.op.name} was passed {given.proto_name} from {value.name} "
            f"incompatible with expected {wanted.proto_name}. The body of a loop has to return each loop variable "
            "with the type that it has on entry.")
    close_loop(merged.op, value)
    return value


@export("while_loop")
def while_loop(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, shape_invariants: Any = None,
               parallel_iterations: int = 10, back_prop: bool = True, swap_memory: bool = False,
               name: str | None = None, maximum_iterations: Any = None, return_same_structure: bool = False) -> Any:
    """Repeat `body` while `cond` holds.

    Args:
      cond: function of the loop variables that returns a bool scalar tensor.
      body: function of the loop variables that returns their next values.
      loop_vars: (nested) list of tensors, `TensorArray`s or values: the loop variables at the start.
      shape_invariants: shapes that hold in every iteration, nested like `loop_vars`.
      parallel_iterations: how many iterations may overlap.
      back_prop: whether gradients flow through the loop.
      swap_memory: whether values that the gradient needs may leave the device's memory.
      name: the name scope of the nodes.
      maximum_iterations: int scalar, an upper bound of the number of iterations.
      return_same_structure: whether the result nests exactly as `loop_vars`, also when it is a single tensor.

    Returns:
      The loop variables after the loop.

    Raises:
      TypeError: `cond` or `body` is no function, or `parallel_iterations` less than 1.
      ValueError: no loop variables, or `body` returns another structure or shape.
    """
    if not callable(cond):
        raise TypeError("cond must be callable.")
    if not callable(body):
        raise TypeError("body must be callable.")
    if parallel_iterations is None or isinstance(parallel_iterations, int) and parallel_iterations < 1:
        raise TypeError("parallel_iterations must be a positive integer.")
    if toggles.functional():
        return loop_functions.while_loop(cond, body, loop_vars, shape_invariants, parallel_iterations,
                                         maximum_iterations, name, return_same_structure)
    with name_scope(name, "while", loop_vars):
        if not loop_vars:
            raise ValueError("No loop variables provided")
        single = len(loop_vars) == 1 and not return_same_structure
        if maximum_iterations is not None:
            maximum_iterations = to_tensor(maximum_iterations, None, "maximum_iterations")
            if maximum_iterations.shape.ndims != 0:
                raise ValueError(f"maximum_iterations must be a scalar, saw shape: {maximum_iterations.shape}")
            cond, body, loop_vars = _counted(cond, body, loop_vars, maximum_iterations, single)
        if shape_invariants is not None:
            if maximum_iterations is not None:
                shape_invariants = (TensorShape([]), shape_invariants[0] if single and isinstance(
                    shape_invariants, (list, tuple)) and len(shape_invariants) == 1 else shape_invariants)
            nest.assert_same_structure(loop_vars, shape_invariants)
            pairs = zip(nest.flatten(loop_vars), nest.flatten(shape_invariants))
            refuse_invariants([(value, shape) for value, shape in pairs if nest.is_composite(value)])
        ctx = WhileContext(maximum_iterations, parallel_iterations, back_prop, swap_memory)
        if ctx.outer_context is None:
            get_default_graph().add_to_collection(COLLECTION, ctx)
        result = ctx.build(cond, body, loop_vars, shape_invariants,
                           return_same_structure or maximum_iterations is not None)
        return result if maximum_iterations is None else result[1]


def _counted(cond: Any, body: Any, loop_vars: Any, limit: Tensor, single: bool) -> tuple[Any, Any, Any]:
    """A loop with an iteration counter as its first variable."""
    counter = constant(0, dtype=limit.dtype, name="iteration_counter")
    if single:
        return (lambda i, value: raw.logical_and(i < limit, cond(value)),
                lambda i, value: (i + 1, body(value)), (counter, loop_vars[0]))
    return (lambda i, values: raw.logical_and(i < limit, cond(*values)),
            lambda i, values: (i + 1, body(*values)), (counter, loop_vars))

