"""Initial values that depend on other variables: rebuilt so that they work whatever is initialised first."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
# Nodes that are safe to run while a variable below them is not initialised, or that must stay as they are.
_STOPS = ("IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp")


def without_uninitialized(name: str, initial_value: Tensor) -> Tensor:
    """The initial value of a variable, safe against variables it depends on that hold no value yet.

    The nodes between such a variable and the initial value are made a second time, upon "its value, or its initial
    value".

    Args:
      name: the new variable's name scope, which the names of the rebuilt nodes end with.
      initial_value: the tensor to make safe.

    Returns:
      `initial_value` itself when it depends on no variable.
    """
    order = _ancestors(initial_value.op)
    if order is None or not any(op.type in _VARIABLES for op in order):
        return initial_value
    rebuilt: dict[Operation, Operation] = {}
    for op in order:
        rebuilt[op] = _safe(name, op, rebuilt)
    return rebuilt[initial_value.op]._outputs[initial_value.value_index]


def _ancestors(op: Operation) -> list[Operation] | None:
    """What `op` depends on and `op` itself, inputs first; None when there is a loop among them."""
    order: list[Operation] = []
    done: set[Operation] = set()
    open_ops: set[Operation] = set()
    stack: list[tuple[Operation, int]] = [(op, 0)]
    while stack:
        current, position = stack.pop()
        if position == 0:
            if current in done:
                continue
            open_ops.add(current)
        inputs = () if current.type in _STOPS else current._inputs
        if position < len(inputs):
            stack.append((current, position + 1))
            source = inputs[position].op
            if source in open_ops:
                return None
            if source not in done:
                stack.append((source, 0))
            continue
        open_ops.discard(current)
        done.add(current)
        order.append(current)
    return order


def _safe(name: str, op: Operation, rebuilt: dict[Operation, Operation]) -> Operation:
    if op.type in _STOPS:
        return op
    if op.type in _VARIABLES:
        variable = _variable_of(op)
        return op if variable is None else variable._initialized_value().op
    inputs = [rebuilt[tensor.op]._outputs[tensor.value_index] for tensor in op._inputs]
    if all(new is old for new, old in zip(inputs, op._inputs)):
        return op
    op_type = "Switch" if op.type == "RefSwitch" else op.type
    return op.graph.create_op(op_type, inputs, [t.dtype.base_dtype for t in op._outputs],
                              name=f"{op.name}_{name}".replace(":", "_"), attrs=dict(op._attrs))


def _variable_of(op: Operation) -> Any:
    names = (op.name, f"{op.name}:0")
    for collection in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for variable in op.graph.get_collection(collection):
            if variable.name in names:
                return variable
    return None
