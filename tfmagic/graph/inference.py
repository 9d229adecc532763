"""Static shapes: applies an op's shape rule to a new operation."""

from __future__ import annotations

from typing import Any

from tfmagic.base import shapes
from tfmagic.graph import registry
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.registry import Node
from tfmagic.graph.static_value import noting_questions, static_dims, static_value


def infer_shapes(op: Operation, declaration: registry.OpDeclaration) -> None:
    """Set the static shapes of an operation's outputs by its shape rule.

    Raises:
      ValueError: the rule refuses the inputs; the message names the node, op and shapes.
    """
    inputs = op._inputs
    dims: Any = [tensor._dims for tensor in inputs]
    op_def = op._op_def
    if op_def.takes_lists or len(op_def.inputs) != len(dims):
        dims = registry.grouped(op_def.inputs, op._attrs, dims)
    try:
        result = declaration.shape(Node(op), *dims)  # type: ignore[misc]
    except ValueError as error:
        raise ValueError(_refusal(op, declaration, dims, error)) from None
    outputs = op._outputs
    if op_def.single_output is not None:
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


def _refusal(op: Operation, declaration: registry.OpDeclaration, dims: Any, error: ValueError) -> str:
    """What a rule refuses, in TensorFlow's words: with the node, its inputs, and their values as far as they counted.

    TensorFlow applies a rule without the values first, then again with those that it asked for, until it asks for no
    more or refuses.
    """
    told: dict[Tensor, str] = {}
    while True:
        with noting_questions(told) as asked:
            try:
                declaration.shape(Node(op), *dims)  # type: ignore[misc]
            except ValueError as refused:
                error = refused
                break
        if asked.keys() <= told.keys():
            break
        told = {**asked, **told}
    if isinstance(error, shapes.NoShape):
        return str(error)
    return (f"{error} for '{op.name}' (op: '{op.type}') with input shapes: "
            f"{', '.join(shapes.brackets(t._dims) for t in op._inputs)}{_known_inputs(op, told)}.")


def _known_inputs(op: Operation, asked: dict[Tensor, str]) -> str:
    """The end of a refusal: the inputs whose values the rule asked for and got."""
    values, partial = [], []
    for index, tensor in enumerate(op._inputs):
        if asked.get(tensor) == "value":
            value = static_value(tensor)
            if value is not None:
                values.append(f"input[{index}] = <{_summary(value.tolist())}>")
        elif asked.get(tensor) == "shape":
            known = _dims_of(tensor)
            if known is not None:
                partial.append(f"input[{index}] = {shapes.brackets(known)}")
    return ((f" and with computed input tensors: {', '.join(values)}" if values else "")
            + (f" and with input tensors computed as partial shapes: {','.join(partial)}" if partial else ""))


def _dims_of(tensor: Tensor) -> shapes.Dims:
    try:
        return static_dims(tensor)
    except ValueError:  # it holds no shape: that is what was refused
        return None


def _summary(value: Any) -> str:
    """Nested lists as TensorFlow writes a tensor in one line: `0 1`, `[0 0][0 1]`."""
    if not isinstance(value, list):
        return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    if value and isinstance(value[0], list):
        return "".join(f"[{_summary(item)}]" for item in value)
    return " ".join(_summary(item) for item in value)
