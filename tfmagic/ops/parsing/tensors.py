"""Tensors as bytes of TensorProto and back; examples from JSON."""

from __future__ import annotations

import numpy as np

from tfmagic.base import dtypes, messages, shapes
from tfmagic.base.errors import invalid
from tfmagic.formats import tensor_proto
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import op
from tfmagic.ops.denormals import kept
from tfmagic.ops.sparse.serialized import proto_bytes
from tfmagic.ops.strings.rules import HOST_STRINGS, strings
from tfmagic.ops.torch_types import as_torch


@op("SerializeTensor", **HOST_STRINGS)
class SerializeTensor:
    """Any tensor -> the bytes of its TensorProto."""

    shape = shape_rules.scalar

    def kernel(op, tensor):
        return objects([proto_bytes(tensor)], ())


@op("ParseTensor", **HOST_STRINGS)
class ParseTensor:
    """The bytes of a TensorProto -> the tensor."""

    def shape(op, serialized):
        return shape_rules.unknown(op)

    @kept
    def kernel(op, serialized):
        from google.protobuf.message import DecodeError

        given = as_array(serialized)
        if given.ndim:
            raise invalid(f"Expected `serialized` to be a scalar, got shape: {shapes.brackets(given.shape)}")
        text = given.item()
        try:
            proto = messages.module("tensor_pb2").TensorProto.FromString(text)
        except DecodeError:
            raise invalid(f"Could not parse `serialized` as TensorProto: '{text.decode(errors='replace')}'") from None
        try:
            array = tensor_proto.make_ndarray(proto)
        except Exception:  # no type, or sizes and contents that contradict each other
            raise invalid(f"Cannot parse tensor from proto: {proto}") from None
        found = dtypes.as_dtype(proto.dtype)
        if found != op.out_type:
            raise invalid(
                f"Type mismatch between parsed tensor ({found.proto_name}) and dtype ({op.out_type.proto_name})")
        return array if array.dtype == object else as_torch(np.array(array), op.out_type)


def _binary(text: bytes) -> bytes:
    from google.protobuf import json_format

    try:
        return json_format.Parse(text, messages.module("example_pb2").Example()).SerializeToString(deterministic=True)
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise invalid(f"Error while parsing JSON: {error}") from None


@op("DecodeJSONExample", **HOST_STRINGS)
class DecodeJSONExample:
    """Examples in JSON -> serialized examples."""

    shape = shape_rules.same

    def kernel(op, json_examples):
        return strings(json_examples, _binary)
