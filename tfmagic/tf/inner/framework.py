"""Small functions of `tensorflow.python.framework` and `ops` that were never public: shapes, gradients, checks."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import devices
from tfmagic.base.deprecation import deprecated
from tfmagic.base.dtypes import ALL, DType, string
from tfmagic.base.shapes import TensorShape
from tfmagic.graph import gradients as _gradients
from tfmagic.graph import opdefs
from tfmagic.graph.protos import op_def_proto
from tfmagic.graph.sparse_tensor import SparseTensor, SparseTensorValue
from tfmagic.ops import api, raw, shape_rules

_OF_SHAPES = "tensorflow.python.framework.tensor_shape"
_numbers = itertools.count(1)
# The element type of each NumPy type, also of those that only strings have.
NP_TO_TF: dict[Any, DType] = {
    **{t.as_numpy_dtype: t for t in ALL if t.is_numpy_compatible and not t.is_quantized}, np.bytes_: string,
    np.str_: string}


def uid() -> int:
    """A number that no call before gave."""
    return next(_numbers)


@deprecated(None, "Use tf.TensorShape([]).", module=_OF_SHAPES)
def scalar() -> TensorShape:
    """The shape of a scalar."""
    return TensorShape([])


@deprecated(None, "Use tf.TensorShape([length]).", module=_OF_SHAPES)
def vector(length: int | None) -> TensorShape:
    """The shape of a vector."""
    return TensorShape([length])


@deprecated(None, "Use tf.TensorShape([rows, cols]).", module=_OF_SHAPES)
def matrix(rows: int | None, cols: int | None) -> TensorShape:
    """The shape of a matrix."""
    return TensorShape([rows, cols])


def broadcast_shape(shape_x: TensorShape, shape_y: TensorShape) -> TensorShape:
    """The shape of an element-wise function of two tensors.

    Raises:
      ValueError: they do not fit.
    """
    if shape_x.ndims is None or shape_y.ndims is None:
        return TensorShape(None)
    try:
        return TensorShape(shape_rules.broadcast_dims(tuple(shape_x.as_list()), tuple(shape_y.as_list())))
    except ValueError:
        raise ValueError(f"Incompatible shapes for broadcasting: {shape_x} and {shape_y}") from None


def is_broadcast_compatible(shape_x: TensorShape, shape_y: TensorShape) -> bool:
    """Whether two shapes of known rank can be broadcast to one."""
    if shape_x.ndims is None or shape_y.ndims is None:
        return False
    try:
        broadcast_shape(shape_x, shape_y)
    except ValueError:
        return False
    return True


def get_gradient_function(op: Any) -> Any:
    """What builds the gradient of a node, or None where it has none.

    Raises:
      LookupError: none is known.
    """
    return _gradients.gradient_function(op) if op.inputs else None


def hessian_vector_product(ys: Sequence[Any], xs: Sequence[Any], v: Sequence[Any]) -> list[Any]:
    """The product of the second derivatives of the sum of `ys` with a vector.

    Args:
      ys, xs: lists of tensors.
      v: a list of tensors with the shapes of `xs`.

    Raises:
      ValueError: there are not as many of `v` as of `xs`.
    """
    if len(v) != len(xs):
        raise ValueError("xs and v must have the same length.")
    products = [raw.mul(grad, raw.stop_gradient(part)) for grad, part in zip(api.gradients(ys, xs), v)
                if grad is not None]
    return api.gradients(products, xs)


def has_inf_or_nan(datum: Any, tensor: Any) -> bool:
    """Whether an array holds an infinity or no number: the filter that a debugger stops at.

    Args:
      datum: what is known of the tensor; not looked at.
      tensor: an array, or None.
    """
    if not isinstance(tensor, np.ndarray | np.generic) or np.asarray(tensor).dtype.kind not in "fc":
        return False
    return not bool(np.all(np.isfinite(tensor)))


def is_sparse(x: Any) -> bool:
    """Whether something is a sparse tensor, or the value of one."""
    return isinstance(x, SparseTensor | SparseTensorValue)


def shape_equals(tensor_proto: Any, shape: Any) -> bool:
    """Whether a `TensorProto` has a shape.

    Args:
      tensor_proto: the message.
      shape: a `TensorShapeProto`, a list or a tuple.

    Raises:
      TypeError: they are other things.
    """
    if type(tensor_proto).__name__ != "TensorProto":
        raise TypeError("tensor_proto is not a tensor_pb2.TensorProto object")
    if type(shape).__name__ == "TensorShapeProto":
        shape = [dim.size for dim in shape.dim]
    elif not isinstance(shape, list | tuple):
        raise TypeError("shape is not a list or tuple")
    return [dim.size for dim in tensor_proto.tensor_shape.dim] == list(shape)


def is_constant(tensor_or_op: Any) -> bool:
    """Whether a tensor comes from a `Const`, or an operation is one."""
    return getattr(tensor_or_op, "op", tensor_or_op).type == "Const"


def check_valid(spec: str) -> None:
    """Refuse a malformed device name.

    Raises:
      ValueError: it is malformed.
    """
    devices.canonical(spec)


def is_device_spec(obj: Any) -> bool:
    """Whether something is a `tf.DeviceSpec`."""
    return isinstance(obj, devices.DeviceSpecV2)


def canonical_name(device: Any) -> str:
    """The canonical name of a device ("/cpu:0" -> "/device:CPU:0"); "" for None."""
    return "" if device is None else devices.canonical(device if isinstance(device, str) else device.to_string())


class MergeDevice:
    """A function for `tf.device` that adds a device's fields to what a node has of them already.

    Args:
      spec: a device's name, a `tf.DeviceSpec`, or None.
    """

    __module__ = "tensorflow.python.framework.device"

    def __init__(self, spec: Any):
        self._spec = (devices.DeviceSpec(*spec._values()) if isinstance(spec, devices.DeviceSpecV2)
                      else devices.DeviceSpec.from_string(spec))

    def __call__(self, node_def: Any) -> devices.DeviceSpec:
        return self._spec.make_merged_spec(devices.DeviceSpec.from_string(node_def.device or ""))

    def shortcut_string_merge(self, node_def: Any) -> str:
        """The merged device's name."""
        return self(node_def).to_string()

    def __repr__(self) -> str:
        return f"{object.__repr__(self)} (spec: {self._spec.to_string()})"


@functools.cache
def _merger(name: str) -> MergeDevice:
    return MergeDevice(name)


def merge_device(spec: Any) -> MergeDevice:
    """The `MergeDevice` of a device, the same one for the same name.

    Args:
      spec: a device's name, a `tf.DeviceSpec`, a `MergeDevice`, or None.
    """
    return spec if isinstance(spec, MergeDevice) else _merger(canonical_name(spec))


def get_registered_ops() -> dict[str, Any]:
    """The definitions of all ops by name, `OpDef`s."""
    return {name: op_def_proto(definition) for name in opdefs.names() if (definition := opdefs.get(name)) is not None}
