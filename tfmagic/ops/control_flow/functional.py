"""If, Case, While and calls of functions, and gradients of functions: shapes and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.devices import DeviceSpec
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.control_flow import branch_gradients, loop_function_gradients
from tfmagic.ops.declare import register
from tfmagic.ops.state.variables import handle_data
from tfmagic.ops.torch_types import torch_dtype


def _given_shapes(op: Any, choice: Dims, inputs: list[Dims]) -> list[Dims]:
    """The shapes that the node's attr says, if it says any."""
    given = [shape._dims for shape in op.output_shapes]
    count = len(op.Tout)
    if given and len(given) != count:
        raise ValueError(f"`output_shapes` must be the same length as num outputs ({len(given)} vs. {count}")
    return given or [None] * count


def _given_shapes_or_inputs(op: Any, inputs: list[Dims]) -> list[Dims]:
    """The shapes that the node's attr says, else those with which the loop begins."""
    given = [shape._dims for shape in op.output_shapes]
    if given and len(given) != len(inputs):
        raise ValueError(f"`output_shapes` must be the same length as num outputs ({len(given)} vs. {len(inputs)}")
    return given or inputs


def _shapes_of_arguments(op: Any, inputs: list[Dims]) -> list[Dims]:
    """A gradient has the shape of its argument; that of a handle has the shape of the variable."""
    count = len(op.Tout)
    if len(inputs) < count:
        raise ValueError("len(inputs) < len(outputs)")
    tensors = op.op._inputs
    return [handle_data(tensor)[0] if tensor.dtype.base_dtype.name == "resource" else dims
            for tensor, dims in zip(tensors[:count], inputs)]


for _name in ("If", "StatelessIf", "Case"):
    register(_name, _given_shapes, gradient=branch_gradients.gradient)
for _name in ("While", "StatelessWhile"):
    register(_name, _given_shapes_or_inputs, gradient=loop_function_gradients.gradient)
register("SymbolicGradient", _shapes_of_arguments)


def _count_up(op: Any, start: Any, limit: Any, delta: Any, inputs: list[Any], body: Any) -> list[Any]:
    """What the inputs have become after the body was called for every number from start to before limit.

    Raises:
      InvalidArgumentError: start, limit and delta are no scalars, or delta does not lead from start to limit.
    """
    for what, value in (("start", start), ("limit", limit), ("delta", delta)):
        if value.dim():
            raise invalid(f"{what} must be a scalar, but {shapes.brackets(tuple(value.shape))}")
    first, last, step = int(start), int(limit), int(delta)
    if first != last and (last - first) * step <= 0:
        raise invalid(f"Invalid start/limit/delta: {first} {last} {step}")
    for number in range(first, last, step or 1):
        inputs = list(body(torch.tensor(number, dtype=torch.int32), *inputs))
    return inputs


def _called_on(op: Any, target: Any, args: list[Any], function: Any) -> list[Any]:
    """The results of a function on the device that `target` names.

    Raises:
      InvalidArgumentError: it names no device.
      InternalError: the device is not this machine's CPU.
    """
    text = target.item().decode("utf-8", "replace")
    try:
        wanted = DeviceSpec.from_string(text)
    except ValueError:
        raise invalid(f"Could not parse {text} into a device specification.") from None
    place = (wanted.job or "localhost", wanted.replica or 0, wanted.task or 0, wanted.device_type or "CPU",
             wanted.device_index or 0)
    if place != ("localhost", 0, 0, "CPU", 0):
        raise errors.InternalError(None, None, "Currently don't support instantiating functions on device: "
                                   "/job:{}/replica:{}/task:{}/device:{}:{}".format(*place))
    return list(function(*args))


def _mapped(op: Any, arguments: list[Any], function: Any) -> list[Any]:
    """The results of a function for the rows of its arguments, as the rows of tensors."""
    count = arguments[0].shape[0]
    rows = [function(*(value[index] for value in arguments)) for index in range(count)]
    columns = []
    for place, (dtype, shape) in enumerate(zip(op.output_types, op.output_shapes)):
        column = [row[place] for row in rows]
        for value in column[:1]:
            if isinstance(value, torch.Tensor) and value.dtype != torch_dtype(dtype):
                raise invalid(f"Mismatch in function return type and expected output type for output: {place}")
        for value in column:
            if not shapes.compatible(shape._dims, tuple(value.shape)):
                raise invalid("Mismatch in function retval shape, "
                              f"{shapes.brackets(tuple(value.shape))}, and expected output shape, "
                              f"{shapes.brackets(shape._dims)}.")
        if dtype.kind == "O":
            values = np.empty((count, *(column[0].shape if column else ())), object)
            for index, value in enumerate(column):
                values[index] = value
            columns.append(values)
        elif column:
            columns.append(torch.stack(column))
        else:
            columns.append(torch.zeros((0, *(size or 0 for size in shape._dims or ())), dtype=torch_dtype(dtype)))
    return columns


def _mapped_shape(op: Any, arguments: list[Dims], captured: list[Dims]) -> list[Dims]:
    count = None
    for index, dims in enumerate(arguments):
        if dims is not None:
            if not dims:
                raise ValueError(f"Arguments must have rank at least 1. Input {index} has rank of 0.")
            if None not in (count, dims[0]) and count != dims[0]:
                raise ValueError("Arguments must have the same dimension 0.")
            count = dims[0] if count is None else count
    return [None if shape._dims is None else (count, *shape._dims) for shape in op.output_shapes]


def _refused_rows(op: Any, arguments: Any, captured: Any) -> str:
    for index, dims in enumerate(arguments):
        if not dims:
            return f"All inputs must have rank at least 1. Input {index} has a rank of 0."
        if dims[0] != arguments[0][0]:
            return (f"All inputs must have the same dimension 0. Input {index} has leading dimension {dims[0]}, while "
                    f"all previous inputs have leading dimension {arguments[0][0]}")
    return ""


register("For", lambda op, start, limit, delta, inputs: [None] * len(inputs), _count_up, functions={"": "body"})
register("RemoteCall", lambda op, target, args: [None] * len(op.Tout),
         _called_on, functions={"": "f"})
register("MapDefun", _mapped_shape, _mapped, functions={"captured_inputs": "f"}, check=_refused_rows)
for _name in ("PartitionedCall", "StatefulPartitionedCall"):
    register(_name, lambda op, args: [None] * len(op.Tout))
