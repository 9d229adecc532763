"""Switch, Merge, Enter, Exit, NextIteration, LoopCond, NoOp: shapes, and the helpers that make these nodes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from tfmagic.base import nest, shapes
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices, as_tensor_or_slices
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import register


def _switch_shape(op: Any, data: Dims, pred: Dims) -> tuple[Dims, Dims]:
    shape_rules.with_rank(pred, 0)
    return data, data


def _no_scalar(op: Any, data: Dims, pred: Any) -> str | None:
    return f"The second input must be a scalar, but it has shape {shapes.brackets(pred)}" if pred else None


def _known_side(op: Any, data: Any, pred: Any) -> tuple[Any, Any]:
    """What a switch whose condition is known sends on; nothing is known of the side that is not taken."""
    return (None, data) if pred else (data, None)


def _merge_shape(op: Any, inputs: list[Dims]) -> tuple[Dims, Dims]:
    """What all inputs have in common."""
    first = inputs[0]
    if first is None:
        return None, ()
    for dims in inputs[1:]:
        if dims is None or len(dims) != len(first):
            return None, ()
        first = tuple([a if a == b else None for a, b in zip(first, dims)])
    return first, ()


def _select_shape(op: Any, index: Dims, inputs: list[Dims]) -> Dims:
    shape_rules.with_rank(index, 0)
    return inputs[0] if all(dims == inputs[0] for dims in inputs) else None


def _select(op: Any, index: Any, inputs: list[Any]) -> Any:
    index = index.cpu() if index.is_cuda else index
    torch._assert_async(index >= 0)  # Python would count from the end
    return op.call(operator.getitem, inputs, index)


def _out_of_range(op: Any, index: Any, inputs: list[Any]) -> str:
    return f"Index must be in the range [0, {len(inputs)}) but got {int(index)}"


def _no_index(op: Any, index: Any, inputs: list[Dims]) -> str:
    return f"Index must be a scalar, but it has shape {shapes.brackets(index)}" if index else ""


def _enter_shape(op: Any, data: Dims) -> Dims:
    """A loop variable may change its shape from one iteration to the next; an invariant keeps it."""
    return data if op.is_constant else None


def _bool_scalar(op: Any, condition: Dims) -> Dims:
    shape_rules.with_rank(condition, 0)
    return ()


def declare_routing(switch: Any, merge: Any, enter: Any, leave: Any, next_iteration: Any) -> None:
    """Declare the nodes that route values, with the gradient rules that `gradient_rules` offers."""
    for prefix in ("", "Ref"):
        register(prefix + "Switch", _switch_shape, gradient=switch, static=_known_side, check=_no_scalar)
        register(prefix + "Merge", _merge_shape, gradient=merge)
        register(prefix + "Enter", shape_rules.same if prefix else _enter_shape, gradient=enter)
        register(prefix + "Exit", shape_rules.same, gradient=leave)
        register(prefix + "NextIteration", shape_rules.same, gradient=next_iteration)
    register("LoopCond", _bool_scalar, lambda op, condition: condition, lambda op, dc: None)


register("RefSelect", _select_shape, _select, check=_no_index, explain=_out_of_range)
register("NoOp", kernel=lambda op: None)
register("ControlTrigger", kernel=lambda op: None)


def switch(data: Any, pred: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Send `data` to output 0 when `pred` is False and to output 1 when it is True.

    Args:
      data: a tensor, slices, a sparse tensor, or a value that becomes a tensor of type `dtype`.
      pred: a bool scalar.

    Returns:
      The pair (false output, true output), each of the kind of `data`.
    """
    with name_scope(name, "Switch", [data, pred]) as scope:
        data = (as_tensor_or_slices(data, "data", as_ref=True) if dtype is None
                else to_tensor(data, as_dtype(dtype), "data"))
        pred = to_tensor(pred, None, "pred")
        if isinstance(data, Tensor):
            return raw.switch(data, pred, name=scope)
        pairs = [raw.switch(part, pred) for part in data._composite_parts()]
        return tuple(data._from_composite_parts([pair[side] for pair in pairs]) for side in (0, 1))


def switch_ref_or_tensor(data: Any, pred: Tensor, name: str = "Switch") -> Any:
    """`switch` on the device of `data`; a variable's reference stays one."""
    data = as_tensor_or_slices(data, "data")
    with get_default_graph().colocate_with(data, ignore_existing=True):
        if isinstance(data, Tensor) and data._dtype._is_ref_dtype:
            return raw.ref_switch(data, pred, name=name)
        return switch(data, pred, name=name)


def merge(inputs: Sequence[Any], name: str | None = None) -> Any:
    """The one of `inputs` that is alive, and its number.

    Raises:
      ValueError: one of the inputs is None.
    """
    if any(item is None for item in inputs):
        raise ValueError(f"At least one of the merge inputs is None: {inputs}")
    with name_scope(name, "Merge", list(inputs)) as scope:
        inputs = [as_tensor_or_slices(item, as_ref=True) for item in inputs]
        if all(isinstance(item, Tensor) for item in inputs):
            function = raw.ref_merge if all(item._dtype._is_ref_dtype for item in inputs) else raw.merge
            return function(inputs, name=scope)
        if all(isinstance(item, (Tensor, IndexedSlices)) for item in inputs):
            from tfmagic.ops.control_flow.nodes import as_slices

            inputs = as_slices(inputs)
        columns = [item._composite_parts() for item in inputs]
        for parts in columns[1:]:
            nest.assert_same_structure(list(columns[0]), list(parts))
        merged = [raw.merge(list(parts)) for parts in zip(*columns)]
        return inputs[0]._from_composite_parts([item[0] for item in merged]), merged[0][1]


def enter(data: Any, frame_name: str, is_constant: bool = False, parallel_iterations: int = 10, use_ref: bool = True,
          use_input_shape: bool = True, name: str | None = None) -> Any:
    """Bring `data` into the loop `frame_name`."""
    data = as_tensor_or_slices(data, as_ref=True)
    if not isinstance(data, Tensor):
        return data._from_composite_parts([
            enter(part, frame_name, is_constant, parallel_iterations, use_ref, use_input_shape, name)
            for part in data._composite_parts()])
    function = raw.ref_enter if data._dtype._is_ref_dtype and use_ref else raw.enter
    result = function(data, frame_name, is_constant, parallel_iterations, name=name)
    if use_input_shape:
        result.set_shape(data.shape)
    return result


def leave(data: Any, name: str | None = None) -> Any:
    """Bring `data` out of its loop (an Exit node)."""
    data = as_tensor_or_slices(data, as_ref=True)
    if not isinstance(data, Tensor):
        return data._from_composite_parts([leave(part) for part in data._composite_parts()])
    return (raw.ref_exit if data._dtype._is_ref_dtype else raw.exit)(data, name=name)


def next_iteration(data: Any, name: str | None = None) -> Any:
    """Hand `data` to the next iteration of its loop."""
    data = as_tensor_or_slices(data, as_ref=True)
    if not isinstance(data, Tensor):
        return data._from_composite_parts([next_iteration(part) for part in data._composite_parts()])
    return (raw.ref_next_iteration if data._dtype._is_ref_dtype else raw.next_iteration)(data, name=name)


def identity(data: Any, name: str | None = None) -> Any:
    """A copy of `data`; a variable's reference stays one."""
    data = as_tensor_or_slices(data, as_ref=True)
    if not isinstance(data, Tensor):
        return data._from_composite_parts([identity(part) for part in data._composite_parts()])
    return (raw.ref_identity if data._dtype._is_ref_dtype else raw.identity)(data, name=name)


def close_loop(merge_op: Operation, next_value: Tensor) -> None:
    """Complete a loop: the second input of its Merge becomes what NextIteration hands on."""
    merge_op._update_input(1, next_value)
