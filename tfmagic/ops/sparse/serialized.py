"""Sparse tensors as one tensor: a vector of three for one of them, rows of such vectors for several."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from tfmagic.base import dtypes, messages, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims, TensorShape
from tfmagic.formats import tensor_proto
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.sparse import parts
from tfmagic.ops.sparse.to_dense import out_of_order
from tfmagic.ops.torch_types import as_torch, content_of, tensorflow_dtype


def _vector(indices: Any, values: Any, dense_shape: Any, as_text: bool) -> np.ndarray:
    made = np.empty(3, object)
    for place, part in enumerate((indices, values, dense_shape)):
        made[place] = proto_bytes(part) if as_text else part
    return made


def proto_bytes(part: Any) -> bytes:
    """A value of a run as the bytes of its TensorProto."""
    if isinstance(part, np.ndarray):
        proto = tensor_proto.from_array(part, dtypes.string)
        proto.tensor_shape.SetInParent()
        return proto.SerializeToString()
    return tensor_proto.of_content(content_of(part), tensorflow_dtype(part), part.shape).SerializeToString()


def _value(item: Any) -> Any:
    if not isinstance(item, bytes):
        return item
    try:
        proto = messages.module("tensor_pb2").TensorProto.FromString(item)
        array = tensor_proto.make_ndarray(proto)
    except Exception:
        raise invalid("Could not parse serialized proto") from None
    return as_torch(array, dtypes.as_dtype(int(proto.dtype)))


def serialize(indices: Any, values: Any, dense_shape: Any, as_text: bool) -> np.ndarray:
    """A sparse tensor as a vector of three."""
    _check(indices, values, dense_shape)
    return _vector(indices, values, dense_shape, as_text)


def serialize_rows(indices: Any, values: Any, dense_shape: Any, as_text: bool) -> np.ndarray:
    """The rows of a sparse tensor as vectors of three."""
    _check(indices, values, dense_shape)
    if len(dense_shape) < 2:
        raise invalid("Rank of input SparseTensor should be > 1, but saw rank: "
                                          f"{len(dense_shape)}")
    words = out_of_order(indices.tolist(), dense_shape.tolist())
    if words is not None:
        raise invalid(words)
    count = int(dense_shape[0])
    first = indices[:, 0].contiguous()
    starts = torch.searchsorted(first, torch.arange(count + 1)).tolist()
    made = np.empty((count, 3), object)
    for row in range(count):
        part = slice(starts[row], starts[row + 1])
        made[row] = _vector(indices[part, 1:], values[part], dense_shape[1:], as_text)
    return made


def _check(indices: Any, values: Any, dense_shape: Any) -> None:
    for part, rank, name in ((indices, 2, "indices should be a matrix"), (values, 1, "values should be a vector"),
                             (dense_shape, 1, "shape should be a vector")):
        if part.ndim != rank:
            raise invalid(f"Input {name} but received shape {list(part.shape)}")


def deserialize(serialized: Any, dtype: str) -> tuple[Any, Any, Any]:
    """The sparse tensor of a vector of three; of an array of such vectors one with these axes in front.

    Raises:
      InvalidArgumentError: they are none, their ranks differ, or their values are not of the type of that name.
    """
    if not serialized.ndim or serialized.shape[-1] != 3:
        what = "3 as the last dimension" if serialized.ndim else "non-zero rank"
        raise invalid(f"Serialized sparse should have {what} {shapes.brackets(tuple(serialized.shape))}")
    outer = serialized.shape[:-1]
    if 0 in outer:
        raise invalid("Serialized sparse should have at least 1 serialized tensor, but has a zero dimension "
                      f"{shapes.brackets(serialized.shape)}")
    rows = [tuple(_value(item) for item in row) for row in serialized.reshape(-1, 3)]
    for number, (_, given, _) in enumerate(rows):
        found = dtypes.string if isinstance(given, np.ndarray) else tensorflow_dtype(given)
        if found.name != dtype:
            raise invalid(f"Requested SparseTensor of type {dtypes.as_dtype(dtype).proto_name} but "
                          f"SparseTensor[{number}].values.dtype() == {found.proto_name}")
    if not outer:
        return rows[0]
    rank = len(rows[0][2])
    for number, (_, _, dense_shape) in enumerate(rows):
        if len(dense_shape) != rank:
            raise invalid(f"Inconsistent shape across SparseTensors: rank prior to "
                                              f"SparseTensor[{number}] was: {rank} but rank of SparseTensor[{number}] "
                                              f"is: {len(dense_shape)}")
    places = np.indices(outer).reshape(len(outer), -1).T
    indices = [torch.cat([torch.from_numpy(np.tile(place, (len(row[0]), 1)).astype(np.int64)), row[0]], 1)
               for place, row in zip(places, rows)]
    values: Any = np.concatenate([row[1] for row in rows]) if isinstance(rows[0][1], np.ndarray) else torch.cat(
        [row[1] for row in rows])
    inner = torch.stack([row[2] for row in rows]).amax(0)
    return torch.cat(indices), values, torch.cat([torch.tensor(outer, dtype=torch.int64), inner])


def _refused_parts(op: Any, *dims: Dims) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    for name, kind, rank, given in zip(("indices", "values", "shape"), ("matrix", "vector", "vector"), (2, 1, 1), dims):
        if given is not None and len(given) != rank:
            return f"Input {name} should be a {kind} but received shape {shapes.brackets(given)}"
    return None


def _serialized_rule(*sizes: int | None) -> Any:
    def shape(op: Any, indices: Dims, values: Dims, dense_shape: Dims) -> Dims:
        for dims, rank in ((indices, 2), (values, 1), (dense_shape, 1)):
            shape_rules.with_rank(dims, rank)
        return sizes

    return shape


def _sparse_rule(op: Any, serialized: Dims) -> list[Dims]:
    if op.op.type == "DeserializeManySparse":
        serialized = shape_rules.with_rank(serialized, 2)
    if serialized and serialized[-1] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {serialized[-1]}")
    return [(None, None), (None,), (None,)]


def _is_text(op: Any) -> bool:
    return op.out_type is dtypes.string


register("SerializeSparse", _serialized_rule(3), lambda op, *parts: op.call(serialize, *parts, _is_text(op)),
         objects=True, check=_refused_parts)
register("SerializeManySparse", _serialized_rule(None, 3),
         lambda op, *parts: op.call(serialize_rows, *parts, _is_text(op)), objects=True,
         check=lambda op, *dims: _refused_parts(op, *dims) or parts.refused(*dims))
for _name in ("DeserializeSparse", "DeserializeManySparse"):
    register(_name, _sparse_rule, lambda op, serialized: op.call(deserialize, serialized, op.dtype.name), objects=True)


def serialized(value: SparseTensor, many: bool) -> Tensor:
    """The node that makes one variant tensor of a sparse tensor, or with `many` one row of each of its rows."""
    make = raw.serialize_many_sparse if many else raw.serialize_sparse
    return make(value.indices, value.values, value.dense_shape, out_type=dtypes.variant)


def restored(tensor: Tensor, dtype: DType, shape: TensorShape) -> SparseTensor:
    """The sparse tensor of a variant tensor.

    Args:
      dtype: the type of its elements.
      shape: what is known of its shape.
    """
    indices, values, dense_shape = raw.deserialize_sparse(tensor, dtype)
    if shape.ndims is not None:
        indices.set_shape([None, shape.ndims])
        dense_shape.set_shape([shape.ndims])
    return SparseTensor(indices, values, dense_shape)


AS_ELEMENTS = SimpleNamespace(serialized=serialized, restored=restored)
