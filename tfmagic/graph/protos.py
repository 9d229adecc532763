"""Attrs and op definitions as protos, and back (the protobuf classes are imported on first use)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfmagic.base import dtypes, messages
from tfmagic.base.dtypes import DType
from tfmagic.base.shapes import TensorShape
from tfmagic.formats import tensor_proto
from tfmagic.graph.opdefs import AttrDef, OpDef

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
    AttrValue = messages.module("attr_value_pb2").AttrValue

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
        NameAttrList = messages.module("attr_value_pb2").NameAttrList

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


@dataclass(frozen=True)
class Versions:
    """Which programs may have written a graph, and which may read it."""

    producer: int = PRODUCER
    min_consumer: int = 0
    bad_consumers: tuple[int, ...] = ()

    def with_imported(self, proto: Any) -> Versions:
        """Those of a graph that takes in another with the given `VersionDef`: the oldest writer of both counts."""
        return Versions(min(self.producer, proto.producer), max(self.min_consumer, proto.min_consumer),
                        tuple(sorted({*self.bad_consumers, *proto.bad_consumers})))

    def with_functions(self) -> Versions:
        """Those of a graph with a library: readers before version 12 know of no functions."""
        return self if self.min_consumer >= 12 else Versions(self.producer, 12, self.bad_consumers)

    def proto(self) -> Any:
        """They as a `VersionDef`."""
        VersionDef = messages.module("versions_pb2").VersionDef

        return VersionDef(producer=self.producer, min_consumer=self.min_consumer, bad_consumers=self.bad_consumers)


OWN_VERSIONS = Versions()


def op_def_proto(definition: OpDef) -> Any:
    """The signature of an op as an `OpDef` proto."""
    OpDefProto = messages.module("op_def_pb2").OpDef

    proto = OpDefProto(name=definition.name, is_stateful=definition.is_stateful,
                       is_commutative="commutative" in definition.flags, is_aggregate="aggregate" in definition.flags,
                       allows_uninitialized_input="allows_uninitialized_input" in definition.flags)
    for args, repeated in ((definition.inputs, proto.input_arg), (definition.outputs, proto.output_arg)):
        for arg in args:
            repeated.add(name=arg.name, type=0 if arg.dtype is None else arg.dtype.as_datatype_enum,
                         type_attr=arg.type_attr or "", number_attr=arg.number_attr or "",
                         type_list_attr=arg.type_list_attr or "", is_ref=arg.is_ref)
    for name in definition.defined:
        attr = definition.attrs[name]
        item = proto.attr.add(name=name, type=attr.type)
        if attr.minimum is not None:
            item.has_minimum, item.minimum = True, attr.minimum
        if attr.allowed is not None:
            item.allowed_values.CopyFrom(attr_value(list(attr.allowed)))
        if attr.has_default:
            if attr.type == "tensor":
                item.default_value.tensor.CopyFrom(attr.default)  # the table has it as a proto already
            else:
                item.default_value.CopyFrom(attr_value(attr.default, attr.type))
    if definition.deprecation is not None:
        proto.deprecation.version, proto.deprecation.explanation = definition.deprecation
    return proto
