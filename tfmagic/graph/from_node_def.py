"""Operations from a `NodeDef`, as the constructor of TensorFlow's `Operation` makes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tfmagic.base import messages
from tfmagic.base.dtypes import as_dtype
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor

_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\\-/]*")


def node_def(op_type: str, name: str, device: Any = None, attrs: dict[str, Any] | None = None) -> Any:
    """A `NodeDef` of an op's name, the node's name, its device and its attrs (`AttrValue` protos), without inputs."""
    proto = messages.module("node_def_pb2").NodeDef(op=op_type, name=name)
    for key, value in (attrs or {}).items():
        proto.attr[key].CopyFrom(value)
    if device:
        proto.device = device(proto) if callable(device) else getattr(device, "to_string", lambda: device)()
    return proto


def operation(node_def: Any, g: Graph, inputs: Any = None, output_types: Sequence[Any] | None = None,
              control_inputs: Any = None, input_types: Any = None, original_op: Operation | None = None,
              op_def: Any = None) -> Operation:
    """The operation that a `NodeDef` describes, made in a graph.

    Args:
      node_def: its op, name, device and attrs; its inputs are not looked at.
      g: the graph.
      inputs: a list of tensors.
      output_types: the types of its outputs, by default those that the op's definition gives.
      control_inputs: operations, tensors or slices that it must follow.
      input_types, op_def: taken for TensorFlow's sake; the tensors and the op's name say what they say.
      original_op: the operation that it stands for.

    Raises:
      TypeError: an argument is of another kind.
      ValueError: the name is malformed, or the op refuses its attrs or inputs.
    """
    if type(node_def).__name__ != "NodeDef":
        raise TypeError(f"node_def needs to be a NodeDef: {node_def}")
    if not _NAME.fullmatch(node_def.name):
        raise ValueError(f"'{node_def.name}' is not a valid node name")
    if not isinstance(g, Graph):
        raise TypeError(f"g needs to be a Graph: {g}")
    if inputs is not None and not isinstance(inputs, list):
        raise TypeError(f"inputs needs to be a list of Tensors: {inputs}")
    for tensor in inputs or ():
        if not isinstance(tensor, Tensor):
            raise TypeError(f"input needs to be a Tensor: {tensor}")
    controls: list[Operation] = []
    for item in control_inputs or ():
        found = item if isinstance(item, Operation) else getattr(item, "op", None)
        if not isinstance(found, Operation):
            raise TypeError(f"Control input must be an Operation, a Tensor, or IndexedSlices: {item}")
        controls.append(found)
    types = None if output_types is None else [as_dtype(dtype) for dtype in output_types]
    op = g.create_op(node_def.op, inputs or [], types, name=node_def.name + "/", attrs=dict(node_def.attr),
                     compute_device=False)
    op._add_control_inputs(controls)
    if node_def.device:
        op._set_device(node_def.device)
    if original_op is not None:
        op._original_op = original_op
    return op
