"""Operations as NodeDef, attrs as AttrValue, graphs as GraphDef: the proto forms (the protobuf classes are imported
on first use)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.dtypes import DType
from tfmagic.base.shapes import TensorShape
from tfmagic.formats import tensor_proto
from tfmagic.graph.opdefs import AttrDef, OpDef

Operation = Any  # both classes stand above this module
Graph = Any

PRODUCER = 134  # the GraphDef version that TensorFlow 1.15 writes


@dataclass(frozen=True)
class Func:
    """The plain value of a "func" attr: a function of the graph's library, by name, with its attrs."""

    name: str
    attrs: dict[str, Any] = field(default_factory=dict)


def attr_value(value: Any, kind: str | None = None, dtype: DType | None = None) -> Any:
    """A plain attr value as an `AttrValue` proto.

    Args:
      value: the plain value.
      kind: the attr's kind in the op's definition ("int", "list(type)", ...), or None to go by the value.
      dtype: the element type of a tensor, where the array does not say it (quantized types).
    """
    from tensorboard.compat.proto.attr_value_pb2 import AttrValue

    proto = AttrValue()
    if isinstance(value, (list, tuple)):
        proto.list.SetInParent()
        element_kind = kind[5:-1] if kind and kind.startswith("list(") else None
        for item in value:
            field_name = _field(item, element_kind)
            getattr(proto.list, field_name).append(_proto(item, field_name, dtype))
        return proto
    field_name = _field(value, kind)
    plain = _proto(value, field_name, dtype)
    if field_name in ("shape", "tensor", "func"):
        getattr(proto, field_name).CopyFrom(plain)
    else:
        setattr(proto, field_name, plain)
    return proto


_KIND_FIELDS = {"int": "i", "float": "f", "bool": "b", "string": "s", "type": "type", "shape": "shape",
                "tensor": "tensor", "func": "func"}


def _field(value: Any, kind: str | None) -> str:
    if kind in _KIND_FIELDS:
        return _KIND_FIELDS[kind]
    if isinstance(value, (bool, np.bool_)):
        return "b"
    if isinstance(value, (int, np.integer)):
        return "i"
    if isinstance(value, (float, np.floating)):
        return "f"
    if isinstance(value, (str, bytes)):
        return "s"
    if isinstance(value, DType):
        return "type"
    if isinstance(value, TensorShape):
        return "shape"
    if isinstance(value, Func):
        return "func"
    if isinstance(value, np.ndarray) or tensor_proto.is_tensor_proto(value):
        return "tensor"
    raise TypeError(f"An attr cannot hold a {type(value).__name__}: {value!r}")


def _proto(value: Any, field_name: str, dtype: DType | None) -> Any:
    if field_name == "s":
        return value.encode() if isinstance(value, str) else value
    if field_name == "type":
        return value.as_datatype_enum
    if field_name == "shape":
        return value.as_proto()
    if field_name == "tensor":
        if isinstance(value, np.ndarray):
            return tensor_proto.from_array(value, dtype or dtypes.as_dtype(value.dtype))
        return value
    if field_name == "func":
        from tensorboard.compat.proto.attr_value_pb2 import NameAttrList

        return NameAttrList(name=value.name, attr={k: attr_value(v) for k, v in value.attrs.items()})
    return {"i": int, "f": float, "b": bool}[field_name](value)


def plain_attr(value: Any) -> Any:
    """The plain value of an attr given as an `AttrValue` proto; any other value itself."""
    kind = type(value).__name__
    if kind == "AttrValue":
        which = value.WhichOneof("value")
        if which == "list":
            for descriptor, items in value.list.ListFields():
                return [_plain(descriptor.name, item) for item in items]
            return []
        return None if which is None else _plain(which, getattr(value, which))
    if kind == "TensorShapeProto":
        return TensorShape(value)
    if kind == "TensorProto":
        return tensor_proto.make_ndarray(value)
    return value


def _plain(field_name: str, value: Any) -> Any:
    if field_name == "s":
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    if field_name == "type":
        return dtypes.as_dtype(value) if value else None
    if field_name == "shape":
        return TensorShape(value)
    if field_name == "tensor":
        return tensor_proto.make_ndarray(value)
    if field_name == "func":
        return Func(value.name, {k: plain_attr(v) for k, v in value.attr.items()})
    return value


def attr_for_user(value: Any, attr: AttrDef | None) -> Any:
    """An attr as `Operation.get_attr` gives it: bytes for strings, protos for shapes and tensors."""
    if isinstance(value, (list, tuple)):
        return [attr_for_user(item, None) for item in value]
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, TensorShape):
        return value.as_proto()
    if isinstance(value, np.ndarray):
        return tensor_proto.from_array(value, dtypes.as_dtype(value.dtype))
    if isinstance(value, Func):
        return _proto(value, "func", None)
    return value


def node_def(op: Operation, add_shapes: bool = False) -> Any:
    """An operation as a `NodeDef` proto."""
    from tensorboard.compat.proto.node_def_pb2 import NodeDef

    inputs = [tensor._as_node_def_input() for tensor in op._inputs]
    inputs += ["^" + name for name in sorted(control.name for control in op._control_inputs)]
    proto = NodeDef(name=op.name, op=op.type, input=inputs, device=op._device)
    for name, value in op._attrs.items():
        if value is None:
            continue
        attr = op._op_def.attrs.get(name)
        dtype = op._attrs.get("dtype") if attr is not None and attr.type == "tensor" else None
        proto.attr[name].CopyFrom(attr_value(value, None if attr is None else attr.type, dtype))
    if add_shapes and op._outputs:
        proto.attr["_output_shapes"].CopyFrom(attr_value([t.shape for t in op._outputs]))
    return proto


def text(op: Operation) -> str:
    """An operation in protobuf's text format, its attrs in the order of their names."""
    from google.protobuf import text_format

    return text_format.MessageToString(node_def(op))


def versions() -> Any:
    from tensorboard.compat.proto.versions_pb2 import VersionDef

    return VersionDef(producer=PRODUCER)


def graph_def(graph: Graph, from_version: int | None = None, add_shapes: bool = False) -> Any:
    """A graph as a `GraphDef` proto, its nodes in the order of their making.

    Raises:
      ValueError: the graph is larger than a proto can be (2 GB).
    """
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    proto = GraphDef(versions=versions())
    size = 0
    for op in list(graph._operations):
        if from_version is None or op._id > from_version:
            node = node_def(op, add_shapes)
            size += node.ByteSize()
            if size >= 2**31:
                raise ValueError("GraphDef cannot be larger than 2GB. Feed large arrays through placeholders instead "
                                 "of holding them as constants.")
            proto.node.append(node)
    for function in graph._functions.values():
        proto.library.function.append(function.definition)
        if function.gradient_name is not None:
            proto.library.gradient.add(function_name=function.name, gradient_func=function.gradient_name)
    return proto


def op_def_proto(definition: OpDef) -> Any:
    """The signature of an op as an `OpDef` proto."""
    from tensorboard.compat.proto.op_def_pb2 import OpDef as OpDefProto

    proto = OpDefProto(name=definition.name, is_stateful=definition.is_stateful,
                       is_commutative="commutative" in definition.flags, is_aggregate="aggregate" in definition.flags,
                       allows_uninitialized_input="allows_uninitialized_input" in definition.flags)
    for args, repeated in ((definition.inputs, proto.input_arg), (definition.outputs, proto.output_arg)):
        for arg in args:
            repeated.add(name=arg.name, type=0 if arg.dtype is None else arg.dtype.as_datatype_enum,
                         type_attr=arg.type_attr or "", number_attr=arg.number_attr or "",
                         type_list_attr=arg.type_list_attr or "", is_ref=arg.is_ref)
    for attr in definition.attrs.values():
        item = proto.attr.add(name=attr.name, type=attr.type)
        if attr.minimum is not None:
            item.has_minimum, item.minimum = True, attr.minimum
        if attr.allowed is not None:
            item.allowed_values.CopyFrom(attr_value(list(attr.allowed)))
        if attr.has_default:
            item.default_value.CopyFrom(attr_value(attr.default, attr.type) if attr.type != "tensor"
                                        else attr_value(tensor_proto.make_tensor_proto([], dtypes.float32)))
    return proto
