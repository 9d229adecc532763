"""If, Case, While and calls of functions, and gradients of functions: shapes and gradients."""

from __future__ import annotations

from typing import Any

from tfmagic.base.shapes import Dims
from tfmagic.ops.control_flow import branch_gradients
from tfmagic.ops.declare import register
from tfmagic.ops.state.variables import handle_data


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
    register(_name, _given_shapes_or_inputs)
register("SymbolicGradient", _shapes_of_arguments)
for _name in ("PartitionedCall", "StatefulPartitionedCall"):
    register(_name, lambda op, args: [None] * len(op.Tout))
