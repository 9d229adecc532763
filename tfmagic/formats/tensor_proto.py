"""TensorProto to and from NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, messages, shapes, tensor_values
from tfmagic.base.dtypes import DType
from tfmagic.base.export import export

_FILLED_IN = 1 << 20  # elements: beyond it one value is not written out for each element

# The repeated field of a TensorProto that holds the values of each type.
_FIELDS = {"float32": "float_val", "float64": "double_val", "int32": "int_val", "uint8": "int_val",
           "int16": "int_val", "int8": "int_val", "uint16": "int_val", "qint8": "int_val", "quint8": "int_val",
           "qint16": "int_val", "quint16": "int_val", "qint32": "int_val", "int64": "int64_val",
           "uint32": "uint32_val", "uint64": "uint64_val", "bool": "bool_val", "string": "string_val",
           "float16": "half_val", "bfloat16": "half_val", "complex64": "scomplex_val", "complex128": "dcomplex_val"}
# The types whose arrays are written as bytes; all other types as a list of values.
_AS_BYTES = frozenset({"float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "qint8",
                       "quint8", "qint16", "quint16", "qint32"})


@export("make_tensor_proto")
def make_tensor_proto(values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False,
                      allow_broadcast: bool = False) -> Any:
    """A `TensorProto` with `values`.

    Args:
      values: a Python scalar, nested list or NumPy array.
      dtype: the element type; by default as `tf.constant` chooses it.
      shape: the shape; by default that of `values`.
      allow_broadcast: taken for TensorFlow's sake; one value, or the last one, is repeated anyway.

    Raises:
      TypeError, ValueError: as `tf.constant`.
    """
    if is_tensor_proto(values):
        return values
    dtype = None if dtype is None else dtypes.as_dtype(dtype)
    array = tensor_values.to_array(values, dtype, shape, verify_shape)
    return from_array(array, dtype or dtypes.as_dtype(array.dtype))


def of_content(content: bytes, dtype: DType, shape: Sequence[int]) -> Any:
    """Numbers as a `TensorProto` that holds their bytes, as kernels write one."""
    result = messages.module("tensor_pb2").TensorProto(dtype=dtype.as_datatype_enum, tensor_content=content)
    result.tensor_shape.SetInParent()
    for size in shape:
        result.tensor_shape.dim.add(size=size)
    return result


def is_tensor_proto(value: Any) -> bool:
    return type(value).__name__ == "TensorProto"


def from_array(array: np.ndarray, dtype: DType) -> Any:
    """A `TensorProto` of type `dtype` with the elements of `array`."""
    TensorProto = messages.module("tensor_pb2").TensorProto

    dtype = dtype.base_dtype
    proto = TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=shapes.TensorShape(array.shape).as_proto())
    field = _FIELDS.get(dtype.name)
    if field is None:
        raise TypeError(f"A TensorProto cannot hold elements of type {dtype.name}.")
    given = getattr(array, "given", array.size)
    if array.size > 1 and not any(array.strides):  # one value in all places, as `tensor_values.spread` makes it
        given = 1
    if array.size > 1 and given == array.size and dtype.name in _AS_BYTES:
        proto.tensor_content = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")
                                                                 if array.dtype.kind in "iufc" else array.dtype,
                                                                 copy=False).tobytes()
        return proto
    flat = (array[(slice(1),) * array.ndim] if given == 1 < array.size else array).ravel()[:given]
    values: Any
    if dtype.is_complex:
        values = [part for item in flat.tolist() for part in (item.real, item.imag)]
    elif field == "half_val":
        values = flat.view(np.uint16).tolist()
    else:
        values = flat.tolist()
    getattr(proto, field).extend(values)
    return proto


def _spread(values: list[Any], count: int, shape: list[int], dtype: DType) -> np.ndarray:
    """A large array of one value, as a view: what a few bytes of a file say takes no memory before a run needs it."""
    if len(values) > 1 or count >= 2**62:
        raise ValueError(f"A tensor of shape {tuple(shape)} with {len(values)} values: only one value fills that much.")
    if dtype is dtypes.string:
        one = np.empty((), object)
        one[()] = values[0] if values else b""
    else:
        numpy_type = np.dtype(dtype.as_numpy_dtype)
        one = np.zeros((), numpy_type)
        if values:
            one = np.array(values, np.uint16).view(numpy_type)[0] if _FIELDS[dtype.name] == "half_val" else \
                np.array(values[0]).astype(numpy_type)
    return tensor_values.spread(one, shape)


@export("make_ndarray")
def make_ndarray(tensor: Any) -> np.ndarray:
    """The NumPy array of a `TensorProto` (object array of bytes for strings).

    Raises:
      TypeError: its element type has no array.
      ValueError: its content does not fit its shape.
    """
    try:
        dtype = dtypes.as_dtype(int(tensor.dtype))
    except TypeError:
        raise TypeError(f"Unsupported tensor type: {tensor.dtype}") from None
    field = _FIELDS.get(dtype.name)
    if field is None:
        raise TypeError(f"Unsupported tensor type: {dtype.name}")
    shape = [d.size for d in tensor.tensor_shape.dim]
    if tensor.tensor_shape.unknown_rank or any(d < 0 for d in shape):
        raise ValueError(f"A tensor's shape must be fully defined, got {shapes.TensorShape(tensor.tensor_shape)}.")
    count = 1
    for d in shape:
        count *= d
    numpy_type = np.dtype(dtype.as_numpy_dtype)
    if tensor.tensor_content:
        if len(tensor.tensor_content) != count * numpy_type.itemsize or numpy_type.kind == "O":
            raise ValueError(f"A tensor of shape {tuple(shape)} and type {dtype.name} needs "
                             f"{count * numpy_type.itemsize} bytes, its content has {len(tensor.tensor_content)}.")
        return np.frombuffer(tensor.tensor_content, numpy_type).copy().reshape(shape)
    values: Any = list(getattr(tensor, field))
    if dtype.is_complex:
        values = [complex(a, b) for a, b in zip(values[0::2], values[1::2])]
    if len(values) > max(count, 1):
        raise ValueError(f"A tensor of shape {tuple(shape)} cannot hold {len(values)} values.")
    if count > _FILLED_IN and count > 4 * len(values):
        return _spread(values, count, shape, dtype)
    if dtype is dtypes.string:
        given = np.full(len(values), b"", object)
        given[:] = values
    else:
        given = np.array(values, np.uint16).view(numpy_type) if field == "half_val" else \
            np.array(values).astype(numpy_type)
    given = given[:count]
    return given.reshape(shape) if len(given) == count else tensor_values.padded(given, shape, count)


def as_values(array: np.ndarray, dtype: DType) -> Any:
    """A `TensorProto` with the elements of `array` one by one, and without type and shape: as old checkpoints hold it.

    Raises:
      TypeError: there is no field for the type.
    """
    proto = messages.module("tensor_pb2").TensorProto()
    field = _FIELDS.get(dtype.base_dtype.name)
    if field is None:
        raise TypeError(f"A TensorProto cannot hold elements of type {dtype.name}.")
    flat = array.ravel()
    flat = flat.view(array.dtype[0]) if array.dtype.names else flat
    if dtype.is_complex:
        flat = flat.view(flat.real.dtype)
    elif field == "half_val":
        flat = flat.view(np.uint16)
    getattr(proto, field).extend(flat.tolist())
    return proto


def values_of(proto: Any, dtype: DType) -> np.ndarray | list[bytes]:
    """The elements that `as_values` has put into a proto.

    Raises:
      ValueError: a number is too large for the type.
    """
    field = _FIELDS[dtype.name]
    values = getattr(proto, field)
    if field == "string_val":
        return list(values)
    numpy_type = np.dtype(dtype.as_numpy_dtype)
    numpy_type = numpy_type[0] if numpy_type.names else numpy_type
    if dtype.is_complex:
        return np.array(values, numpy_type.type(0).real.dtype).view(numpy_type)
    try:
        if field == "half_val":
            return np.array(values, np.uint16).view(numpy_type)
        return np.array(values, numpy_type)
    except OverflowError as error:
        raise ValueError(str(error)) from None
