"""Constants, placeholders, identities, and arrays filled with one value."""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import TensorShape
from tfmagic.graph import convert
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_dims, static_ints
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array.rules import array_op
from tfmagic.ops.array.shape_ops import shape_internal
from tfmagic.ops.declare import op, register
from tfmagic.ops.torch_types import as_torch, torch_dtype

_FILL_FROM = 1000  # elements: from here on zeros and ones are Fill nodes, so that graphs stay small


@op("Const")
class Const:
    """A value that the graph holds."""

    def shape(op):
        return op.value.shape

    def kernel(op):
        given = as_dtype(op.value.dtype)
        if given is not op.dtype and not op.dtype.is_quantized and (given.kind in "OSU") + (op.dtype.kind in "OSU") < 2:
            raise errors.InvalidArgumentError(None, None, f"Type mismatch between value ({given.proto_name}) and dtype "
                                                          f"({op.dtype.proto_name})")
        return as_torch(op.value, op.dtype)

    def static(op):
        return op.value


@op("Placeholder", "PlaceholderV2")
class Placeholder:
    """A tensor that is fed."""

    shape = shape_rules.from_attr

    def kernel(op):
        dims = op.op._attrs["shape"]._dims
        shape = "" if not dims else f" and shape {shapes.brackets(dims)}"
        raise errors.InvalidArgumentError(None, op.op, f"You must feed a value for placeholder tensor '{op.op.name}' "
                                                       f"with dtype {op.dtype.proto_name}{shape}")


@op("PlaceholderWithDefault")
class PlaceholderWithDefault:
    """A tensor that may be fed, and is its input otherwise."""

    def shape(op, x):
        dims = op.op._attrs["shape"]._dims
        shape_rules.merge(x, dims)
        return dims

    def kernel(op, x):
        return x

    def gradient(op, dy):
        return dy


def _pass_through(op: Any, x: Any) -> Any:
    return x


register("Identity", shape_rules.same, _pass_through, lambda op, dy: dy, _pass_through)
register("RefIdentity", shape_rules.same, _pass_through, lambda op, dy: dy)
register("StopGradient", shape_rules.same, _pass_through, static=_pass_through)
for _name in ("Snapshot", "DeepCopy", "GuaranteeConst", "DebugGradientIdentity",
              "DebugGradientRefIdentity"):
    register(_name, shape_rules.same, _pass_through)


@op("PreventGradient")
class PreventGradient:
    """The input; to ask for a gradient through it is an error."""

    shape = shape_rules.same
    kernel = _pass_through

    def gradient(op, dy):
        raise LookupError(f"Gradient explicitly disabled. Reason: {op.message}")


@op("IdentityN")
class IdentityN:
    """The inputs."""

    def shape(op, inputs):
        return inputs

    def kernel(op, *inputs):
        values = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], (list, tuple)) else inputs
        return tuple(values)

    def gradient(op, *grads):
        return list(grads)


def _refused_fill(op: Any, dims: Any, value: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(dims) != 1:
        return f"dims must be a vector, got shape {shapes.brackets(dims)}"
    return f"value must be a scalar, got shape {shapes.brackets(value)}" if value else None


@array_op("Fill", host="dims", check=_refused_fill)
class Fill:
    """A tensor of shape `dims` with one value everywhere."""

    def shape(op, dims, value):
        shape_rules.with_rank(dims, 1)
        shape_rules.with_rank(value, 0)
        known = static_dims(op.dims)
        sizes = None if known is None or None not in known else static_ints(op.dims)
        if sizes is not None and any(size < 0 for size in sizes):
            raise ValueError("Fill dimensions must be >= 0")
        return known

    def kernel(op, dims, value):
        refuse_negative(dims)
        return value.expand(tuple(dims)).contiguous()

    def gradient(op, dy):
        return None, api.math.reduce_sum(dy)

    def static(op, dims, value):
        return np.full([int(d) for d in dims], value[()] if value.dtype == object else value, value.dtype)




def _refused_empty(op: Any, shape: Any) -> str | None:
    return None if len(shape) == 1 else f"shape must be a vector of int32, got shape {shapes.brackets(shape)}"


def refuse_negative(sizes: Any) -> None:
    """Refuse a shape with a negative size.

    Raises:
      InvalidArgumentError: there is one.
    """
    for size in sizes:
        if size < 0:
            raise errors.InvalidArgumentError(None, None, f"Dimension {size} must be >= 0")


@op("Empty", host="shape", check=_refused_empty)
class Empty:
    """A tensor of zeros (TensorFlow leaves the values open unless `init`)."""

    def shape(op, shape):
        return static_dims(op.op._inputs[0])

    def kernel(op, shape):
        refuse_negative(shape)
        if op.dtype.kind == "O":
            return np.full(tuple(shape), b"", object)
        return torch.zeros(tuple(shape), dtype=torch_dtype(op.dtype))


def _like(op: Any, x: Any, value: int, maker: str) -> Any:
    if op.T.kind == "O":
        return x.zeros() if op.T.name == "variant" else np.full(np.shape(x), b"", object)
    return getattr(torch, maker)(x)


register("ZerosLike", shape_rules.same, lambda op, x: _like(op, x, 0, "zeros_like"),
         static=lambda op, x: np.zeros_like(x) if x.dtype != object else np.full(x.shape, b"", object))
register("OnesLike", shape_rules.same, lambda op, x: _like(op, x, 1, "ones_like"),
         static=lambda op, x: np.ones_like(x))


# --- public functions -------------------------------------------------------------------------------------------


register("HostConst", shape_rules.unknown, Const.kernel)


def _any_value(op: Any) -> Any:
    """A value for what nobody reads; nothing along the axes that are not known."""
    sizes = [size or 0 for size in op.op._attrs["shape"]._dims or ()]
    if op.dtype.kind == "O":
        return np.full(sizes, b"", object)
    return torch.zeros(sizes, dtype=torch_dtype(op.dtype))


register("FakeParam", shape_rules.from_attr, _any_value)


def _from_file(op: Any) -> Any:
    """The numbers that a file holds, byte for byte.

    Raises:
      NotFoundError: there is no such file.
      InternalError: it is shorter than that.
      UnimplementedError: strings are asked for.
      InvalidArgumentError: the shape is not known in full.
    """
    shape = op.op._attrs["shape"]
    if op.dtype.kind == "O":
        raise errors.UnimplementedError(None, None, "A file's bytes are numbers here. tf.decode_raw and tf.read_file "
                                                    "read strings.")
    if not shape.is_fully_defined():
        raise errors.InvalidArgumentError(None, None, f"The shape {shape} is not fully defined.")
    size = shape.num_elements() * op.dtype.size
    try:
        with open(op.memory_region_name, "rb") as file:
            data = file.read(size)
    except OSError as error:
        raise errors.NotFoundError(None, None, f"{op.memory_region_name}; {error.strerror}") from error
    if len(data) < size:
        raise errors.InternalError(
            None, None, f"Readonly memory region has wrong length ({len(data)}) when allocating {size}")
    return as_torch(np.frombuffer(data, op.dtype.as_numpy_dtype).reshape(shape.as_list()).copy(), op.dtype)


register("ImmutableConst", shape_rules.from_attr, _from_file, traced=False, because="reads a file", effect="reads")


@export("constant")
def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const",
             verify_shape: bool = False) -> Tensor:
    """A constant tensor.

    Args:
      value: a scalar, nested list or NumPy array.
      dtype: the type of the elements; by default it follows from `value`.
      shape: the shape; a scalar fills it, and the last element of a shorter list what the list leaves open.
      verify_shape: whether `value` must have `shape` as it stands.

    Returns:
      A tensor of `dtype` and `shape`.

    Raises:
      TypeError: `shape` is wrong when `verify_shape` is set, or `value` is not of `dtype`.
      ValueError: `value` has more elements than `shape`, or is None.
    """
    return convert.constant(value, dtype, shape, name, verify_shape)


@export("placeholder")
def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor whose value is given by `feed_dict` in each run.

    Args:
      dtype: the type of the elements.
      shape: the shape that a value must have; None for any.
    """
    return raw.placeholder(dtype=dtype, shape=shape, name=name)


@export("placeholder_with_default")
def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """A tensor that passes `input` on unless a value is fed.

    Args:
      input: the default value.
      shape: the shape that a value must have; dimensions may be None.
    """
    return raw.placeholder_with_default(input, shape, name)


@export("identity")
def identity(input: Any, name: str | None = None) -> Tensor:
    """A tensor with the same shape and value as `input`."""
    result = raw.identity(input, name=name)
    if isinstance(input, Tensor):
        result._handle_data = input._handle_data
    return result


@export("fill")
def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A tensor of shape `dims` filled with a scalar.

    Args:
      dims: int32 or int64, rank 1.
      value: a scalar of any type.
    """
    return raw.fill(dims, value, name=name)


@export("zeros")
def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor of zeros (False, empty strings).

    Args:
      shape: a list of integers, a `TensorShape`, or an int32 tensor of rank 1.
      dtype: the type of the elements.
    """
    dtype = as_dtype(dtype).base_dtype
    return _filled(shape, False if dtype.is_bool else "" if dtype is dtypes.string else 0, dtype, name, "zeros")


@export("ones")
def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor of ones (True).

    Args:
      shape: a list of integers, a `TensorShape`, or an int32 tensor of rank 1.
      dtype: the type of the elements.
    """
    dtype = as_dtype(dtype).base_dtype
    return _filled(shape, True if dtype.is_bool else 1, dtype, name, "ones")


def _filled(shape: Any, value: Any, dtype: dtypes.DType, name: str | None, default_name: str) -> Tensor:
    """A small constant, or a `Fill` node where the shape is large or computed."""
    with name_scope(name, default_name, [shape]) as scope:
        if not isinstance(shape, Tensor):
            try:
                dims = _small_sizes(shape)
                if dims is not None:
                    return convert.constant(value, dtype, dims, scope)
                shape = convert_to_tensor(TensorShape(shape))
            except (TypeError, ValueError):
                shape = convert_to_tensor(shape, dtypes.int32)
        if not shape._dims:
            shape = raw.reshape(shape, [-1])  # a scalar or a shape of unknown rank
        return raw.fill(shape, convert.constant(value, dtype), name=scope)


def _small_sizes(shape: Any) -> tuple[int, ...] | None:
    """A list of integers of which few elements follow; None for a single number, unknown and computed sizes."""
    # TensorFlow asks all but tensors whether they are small: for computed sizes the question itself makes nodes.
    if hasattr(shape, "_as_graph_element"):
        shape < _FILL_FROM  # noqa: B015
        return None
    if isinstance(shape, (list, tuple)):
        if any(isinstance(item, Tensor) or hasattr(item, "_as_graph_element") for item in shape):
            functools.reduce(operator.mul, shape) < _FILL_FROM  # noqa: B015
            return None
    elif not hasattr(shape, "__len__") or np.ndim(shape) == 0 and not isinstance(shape, TensorShape):
        return None
    dims = shapes.as_shape(shape)._dims
    small = dims is not None and None not in dims and shapes.num_elements(dims) < _FILL_FROM  # type: ignore[operator]
    return dims if small else None  # type: ignore[return-value]


@export("zeros_like")
def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """A tensor of zeros in the shape of another.

    Args:
      tensor: any tensor.
      dtype: the type of the elements; by default that of `tensor`.
      optimize: whether a static shape makes this a constant.
    """
    with name_scope(name, "zeros_like", [tensor]) as scope:
        if not isinstance(tensor, Tensor):
            tensor = convert_to_tensor(tensor, name="tensor")
        own = tensor.dtype.base_dtype
        wanted = own if dtype is None else as_dtype(dtype).base_dtype
        if optimize and tensor.shape.is_fully_defined() and own is not dtypes.variant:
            return zeros(tensor.shape, wanted, scope)
        if wanted is not own and wanted is not dtypes.variant:
            return zeros(shape_internal(tensor, optimize=optimize), wanted, scope)
        return raw.zeros_like(tensor, name=scope)


@export("ones_like")
def ones_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """A tensor of ones in the shape of another.

    Args:
      tensor: any tensor.
      dtype: the type of the elements; by default that of `tensor`.
      optimize: whether a static shape makes the shape a constant.
    """
    with name_scope(name, "ones_like", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name="tensor")
        result = ones(shape_internal(tensor, optimize=optimize), tensor.dtype if dtype is None else dtype, scope)
        result.set_shape(tensor.shape)
        return result


# --- shapes as values -------------------------------------------------------------------------------------------


def shape_to_tensor(value: TensorShape, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    """How a `TensorShape` becomes a tensor: a constant of its sizes."""
    if not value.is_fully_defined():
        raise ValueError(f"Cannot convert a partially known TensorShape to a Tensor: {value}")
    sizes: Any = value.as_list()
    if dtype is None:
        dtype = dtypes.int64 if any(size >= 2**31 for size in sizes) else dtypes.int32
    elif dtype not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert a TensorShape to dtype: {dtype}")
    elif dtype is dtypes.int32 and any(size >= 2**31 for size in sizes):
        raise ValueError(f"Cannot convert a TensorShape to dtype int32; a dimension is too large ({max(sizes)})")
    return convert.constant(sizes, dtype, name=name or "shape_as_tensor")


def dimension_to_tensor(value: shapes.Dimension, dtype: Any = None, name: str | None = None,
                        as_ref: bool = False) -> Tensor:
    """How a `Dimension` becomes a tensor: a constant of its size."""
    if value.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {value}")
    if dtype is None:
        dtype = dtypes.int64 if value.value >= 2**31 else dtypes.int32
    elif dtype not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert a Dimension to dtype: {dtype}")
    return convert.constant(value.value, dtype, name=name or "shape_as_tensor")
