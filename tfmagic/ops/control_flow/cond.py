"""tf.cond as Switch and Merge nodes: the context of a branch, and the function that builds both branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import messages, nest
from tfmagic.base.deprecation import deprecated_args
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow import branch_functions, toggles, util
from tfmagic.ops.control_flow.context import ControlFlowContext
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.ops.control_flow.nodes import widened
from tfmagic.ops.control_flow.routing import merge, switch, switch_ref_or_tensor
from tfmagic.ops.control_flow.tensor_array import array_to_flow, flows_to_arrays

COLLECTION = "cond_context"


class CondContext(ControlFlowContext):
    """One branch of a cond.

    Attributes:
      pred: the condition.
      pivot: a tensor that is alive only in this branch.
      branch: 1 for the true branch, 0 for the false one.
    """

    is_cond = True

    def __init__(self, pred: Tensor, pivot: Tensor, branch: int):
        super().__init__(get_default_graph().unique_name("cond_text"))
        self.pred, self.pivot, self.branch = pred, pivot, branch
        self.values.update((pred.name, pivot.name))
        self.external[pred.name] = pred
        pivot.op._control_flow_context = self

    def GetControlPivot(self) -> Tensor:
        return self.pivot

    @property
    def grad_state(self) -> Any:
        """The gradient loop around this branch, or None."""
        loop = self.while_context()
        return None if loop is None else loop.grad_state

    @property
    def back_prop(self) -> bool:
        loop = self.while_context()
        return loop is not None and loop.back_prop

    def _own_proto(self, named: Callable[[Tensor], str]) -> Any:
        return messages.module("control_flow_pb2").CondContextDef(
            pred_name=named(self.pred), pivot_name=named(self.pivot), branch=self.branch)

    def add_value(self, value: Tensor) -> Tensor:
        """`value` behind a Switch, so that only this branch waits for it."""
        name = value.name
        if name in self.values:
            return self.external.get(name, value)
        self.values.add(name)
        result = self._from_outside(value)
        graph = result.graph
        with graph.control_dependencies(None):
            result = switch_ref_or_tensor(result, self.pred)[self.branch]
        graph.prevent_fetching(result.op)
        result.op._control_flow_context = self
        self._seen([result])
        self.external[name] = result
        return result

    def _from_outside(self, value: Tensor) -> Tensor:
        """What the context around this one has for `value`."""
        if self.outer_context is None:
            return value
        result = self.outer_context.add_value(value)
        self.values.add(result.name)
        self.external[result.name] = result
        return result

    def _seen(self, tensors: Any) -> None:
        names = [tensor.name for tensor in tensors]
        ctx: ControlFlowContext | None = self
        while ctx is not None:
            ctx.values.update(names)
            ctx = ctx.outer_context

    def adopt(self, op: Operation) -> None:
        if not op._inputs:
            self.drop_external_controls(op)
            if not any(util.op_in_context(control, self) for control in op._control_inputs):
                op._add_control_input(self.pivot.op)
        else:
            for index, tensor in enumerate(op._inputs):
                if op.type == "Merge" and tensor.op.type == "NextIteration":
                    continue  # the back edge of a loop
                inside = self.add_value(tensor)
                if inside is not tensor:
                    op._update_input(index, inside)
            self.drop_external_controls(op)
            if util.runs_functions(op):
                op._add_control_input(self.pivot.op)
        self._seen(op._outputs)
        self.close_to_user(op)

    def result(self, value: Any) -> Tensor:
        """A branch function's return value as a tensor of this branch."""
        if isinstance(value, Operation):
            return with_dependencies([value], self.pivot)
        value = to_tensor(array_to_flow(value))
        name = value.name
        if name in self.values:
            return self.external.get(name, value)
        self.values.add(name)
        inside = switch_ref_or_tensor(self._from_outside(value), self.pred)[self.branch]
        self.external[name] = inside
        return inside

    def build(self, function: Callable[[], Any]) -> tuple[Any, Any]:
        """Call a branch function in this context.

        Returns:
          What it returned, and the same structure with tensors of this branch; (None, None) when it returned None.
        """
        original = function()
        summaries = self.take_summaries()
        if summaries:
            with self.graph.control_dependencies(summaries):
                if original is None:
                    return raw.no_op(), None
                original = nest.map_structure(raw.identity, original)
        if original is None:
            return None, None
        result = nest.map_structure(self.result, original, expand_composites=True)
        return original, result if isinstance(result, (list, tuple)) else [result]


def _unpack_if_singleton(res: Any) -> Any:
    if isinstance(res, (list, tuple)) and not hasattr(res, "_fields") and len(res) == 1:
        return res[0]
    return res


@export("cond")
@deprecated_args(None, "fn1/fn2 are deprecated in favor of the true_fn/false_fn arguments.", "fn1", "fn2")
def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, strict: bool = False, name: str | None = None,
         fn1: Any = None, fn2: Any = None) -> Any:
    """Build both branches of a condition; a run computes the one that `pred` chooses.

    Args:
      pred: bool scalar tensor.
      true_fn: function without arguments that builds the branch for True and returns (a structure of) tensors.
      false_fn: the same for False; its result has the same structure and types.
      strict: whether lists of one tensor stay lists.
      name: the name scope of the nodes.

    Returns:
      The structure that the functions return.

    Raises:
      TypeError: `pred` is a Python bool, a branch is no function, or the structures have different types.
      ValueError: the branches return nothing, or differing structures or dtypes.
    """
    true_fn = _branch_argument(true_fn, fn1, "true_fn", "fn1")
    false_fn = _branch_argument(false_fn, fn2, "false_fn", "fn2")
    if toggles.functional():
        return branch_functions.cond(pred, true_fn, false_fn, name)
    with name_scope(name, "cond", [pred]):
        if isinstance(pred, bool):
            raise TypeError("pred must not be a Python bool")
        false_side, true_side = switch(pred, pred)
        pivot_true = raw.identity(true_side, name="switch_t")
        pivot_false = raw.identity(false_side, name="switch_f")
        pred = raw.identity(pred, name="pred_id")
        for tensor in (true_side, false_side, pivot_true, pivot_false, pred):
            tensor.graph.prevent_fetching(tensor.op)
        context_true, original_true, result_true = _build(pred, pivot_true, 1, true_fn, "true_fn")
        context_false, original_false, result_false = _build(pred, pivot_false, 0, false_fn, "false_fn")
        if not strict:
            original_true, original_false = _unpack_if_singleton(original_true), _unpack_if_singleton(original_false)
        nest.assert_same_structure(original_true, original_false)
        original_true, original_false = widened(original_true, original_false), widened(original_false, original_true)
        result_true, result_false = widened(result_true, result_false), widened(result_false, result_true)
        try:
            nest.assert_same_structure(original_true, original_false, expand_composites=True)
        except (ValueError, TypeError) as error:
            raise type(error)(f"Incompatible return values of true_fn and false_fn: {error}") from None
        if not result_true:
            raise ValueError("true_fn and false_fn must return at least one result.")
        flat_true = nest.flatten(result_true, expand_composites=True)
        flat_false = nest.flatten(result_false, expand_composites=True)
        for x, y in zip(flat_true, flat_false):
            if x._dtype.base_dtype is not y._dtype.base_dtype:
                raise ValueError("Outputs of true_fn and false_fn must have the same type: "
                                 f"{x.dtype.name}, {y.dtype.name}")
        merges = [merge(pair)[0] for pair in zip(flat_false, flat_true)]
        merges = flows_to_arrays(nest.flatten(original_true, expand_composites=True), merges)
        if context_true.outer_context is None:
            graph = get_default_graph()
            graph.add_to_collection(COLLECTION, context_true)
            graph.add_to_collection(COLLECTION, context_false)
        packed = nest.pack_sequence_as(original_true, merges, expand_composites=True)
        return packed if strict else _unpack_if_singleton(packed)


def _branch_argument(given: Any, old: Any, name: str, old_name: str) -> Any:
    if old is not None:
        if given is not None:
            raise TypeError(f"cond(): {name} and {old_name} may not be set simultaneously.")
        given = old
    elif given is None:
        raise TypeError(f"cond(): {name} argument required")
    if not callable(given):
        raise TypeError(f"{name} must be callable.")
    return given


def _build(pred: Tensor, pivot: Tensor, branch: int, function: Any, name: str) -> tuple[CondContext, Any, Any]:
    ctx = CondContext(pred, pivot, branch)
    with ctx:
        original, result = ctx.build(function)
        if original is None:
            raise ValueError(f"{name} must have a return value.")
        ctx.export_results(result)
    return ctx, original, result


def smart_constant_value(pred: Any) -> bool | None:
    """The value of a condition if it is known already.

    Raises:
      TypeError: `pred` is neither a bool, a number that is 0 or 1, nor a tensor.
    """
    if isinstance(pred, (bool, int, float, np.generic)) and pred in (0, 1):
        return bool(pred)
    if isinstance(pred, Tensor):
        from tfmagic.graph.static_value import constant_value, static_value

        value = constant_value(pred)
        if value is None:
            value = static_value(pred)
        return None if value is None else bool(value)
    raise TypeError(f"`pred` must be a Tensor, or a Python bool, or 1 or 0. Found instead: {type(pred)}")


def smart_cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None) -> Any:
    """`cond`, or just the one branch when the value of `pred` is known already.

    Raises:
      TypeError: a branch is no function, or `pred` no condition.
    """
    for function, argument in ((true_fn, "true_fn"), (false_fn, "false_fn")):
        if not callable(function):
            raise TypeError(f"`{argument}` must be callable.")
    known = smart_constant_value(pred)
    if known is None:
        return cond(pred, true_fn=true_fn, false_fn=false_fn, name=name)
    return true_fn() if known else false_fn()

