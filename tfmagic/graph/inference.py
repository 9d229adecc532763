"""Static shapes: applies an op's shape rule to a new operation."""

from __future__ import annotations

from typing import Any

from tfmagic.base import shapes
from tfmagic.graph import registry
from tfmagic.graph.operation import Operation
from tfmagic.graph.registry import Node


def infer_shapes(op: Operation, declaration: registry.OpDeclaration) -> None:
    """Set the static shapes of an operation's outputs by its shape rule.

    Raises:
      ValueError: the rule refuses the inputs; the message names the node, op and shapes.
    """
    inputs = op._inputs
    dims: Any = [tensor._dims for tensor in inputs]
    op_def = op._op_def
    if len(op_def.inputs) != len(dims) or any(arg.is_list for arg in op_def.inputs):
        dims = registry.grouped(op_def.inputs, op._attrs, dims)
    try:
        result = declaration.shape(Node(op), *dims)  # type: ignore[misc]
    except ValueError as error:
        raise ValueError(f"{error} for '{op.name}' (op: '{op.type}') with input shapes: "
                         f"{', '.join(shapes.brackets(t._dims) for t in inputs)}.") from None
    outputs = op._outputs
    if len(op_def.outputs) == 1 and not op_def.outputs[0].is_list:
        outputs[0]._dims = result
        return
    flat: list[Any] = []
    for arg, item in zip(op_def.outputs, result if len(op_def.outputs) > 1 else (result,)):
        if arg.is_list:
            flat.extend(item)
        else:
            flat.append(item)
    for tensor, item in zip(outputs, flat):
        tensor._dims = item
