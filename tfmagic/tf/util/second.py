"""Functions in their TensorFlow 2 form, which internal modules of 1.15 have beside the public ones (`conv2d_v2`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.ops import api, raw


def _form(public: str, arguments: str, **renamed: str) -> Callable[..., Any]:
    """A function that calls a public one by names.

    Args:
      public: the public function ("nn.conv2d").
      arguments: the arguments in TensorFlow 2's order, with their defaults, as Python writes them.
      renamed: the public function's names of arguments where they are others.
    """
    names = [part.partition("=")[0].strip() for part in arguments.split(", ")]
    given = ", ".join(f"{renamed.get(name, name)}={name}" for name in names)
    function = eval(f"lambda {arguments}: find({public!r})({given})", {"find": _find, "dtypes": dtypes})
    function.__name__, function.__module__ = public.rpartition(".")[2], __name__
    function.__doc__ = f"`tf.{public}` with its arguments in the order of TensorFlow 2."
    return function


def _find(name: str) -> Any:
    thing: Any = api
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


# tensorflow.python.ops.nn_ops
conv2d_v2 = _form("nn.conv2d", "input, filters, strides, padding, data_format='NHWC', dilations=None, name=None",
                  filters="filter")
dropout_v2 = _form("nn.dropout", "x, rate, noise_shape=None, seed=None, name=None")
softmax_cross_entropy_with_logits_v2 = _form("nn.softmax_cross_entropy_with_logits_v2",
                                             "labels, logits, axis=-1, name=None")
in_top_k_v2 = _form("nn.in_top_k", "targets, predictions, k, name=None")
# tensorflow.python.ops.array_ops
boolean_mask_v2 = _form("boolean_mask", "tensor, mask, axis=None, name='boolean_mask'")
depth_to_space_v2 = _form("nn.depth_to_space", "input, block_size, data_format='NHWC', name=None")
gather_nd_v2 = _form("gather_nd", "params, indices, batch_dims=0, name=None")
gather_v2 = _form("gather", "params, indices, validate_indices=None, axis=None, batch_dims=0, name=None")
pad_v2 = _form("pad", "tensor, paddings, mode='CONSTANT', constant_values=0, name=None")
shape_v2 = _form("shape", "input, out_type=dtypes.int32, name=None")
size_v2 = _form("size", "input, out_type=dtypes.int32, name=None")
space_to_batch_v2 = _form("space_to_batch_nd", "input, block_shape, paddings, name=None")
space_to_depth_v2 = _form("nn.space_to_depth", "input, block_size, data_format='NHWC', name=None")
transpose_v2 = _form("transpose", "a, perm=None, conjugate=False, name='transpose'")
# tensorflow.python.ops.math_ops
count_nonzero_v2 = _form("math.count_nonzero", "input, axis=None, keepdims=None, dtype=dtypes.int64, name=None",
                         input="input_tensor")
# tensorflow.python.ops.string_ops
reduce_join_v2 = _form("strings.reduce_join", "inputs, axis=None, keepdims=False, separator='', name=None",
                       keepdims="keep_dims")
string_length_v2 = _form("strings.length", "input, unit='BYTE', name=None")
string_to_hash_bucket = _form("strings.to_hash_bucket", "input, num_buckets, name=None")
string_to_number = _form("strings.to_number", "input, out_type=dtypes.float32, name=None")
substr_v2 = _form("strings.substr", "input, pos, len, unit='BYTE', name=None")
# tensorflow.python.framework.ops
convert_to_tensor_v2 = _form("convert_to_tensor", "value, dtype=None, dtype_hint=None, name=None",
                             dtype_hint="preferred_dtype")


def argmax_v2(input: Any, axis: Any = None, output_type: Any = dtypes.int64, name: str | None = None) -> Any:
    """`tf.argmax`, along the first axis by default."""
    return raw.arg_max(input, 0 if axis is None else axis, output_type=output_type, name=name)


def argmin_v2(input: Any, axis: Any = None, output_type: Any = dtypes.int64, name: str | None = None) -> Any:
    """`tf.argmin`, along the first axis by default."""
    return raw.arg_min(input, 0 if axis is None else axis, output_type=output_type, name=name)


def batch_to_space_v2(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Any:
    """`tf.batch_to_space_nd`; one number stands for both sides of a block."""
    if isinstance(block_shape, int):
        block_shape = np.array([block_shape, block_shape], np.int64)
    return api.batch_to_space_nd(input, block_shape, crops, name=name)


def gradients_v2(ys: Any, xs: Any, grad_ys: Any = None, name: str = "gradients", gate_gradients: bool = False,
                 aggregation_method: Any = None, stop_gradients: Any = None,
                 unconnected_gradients: Any = "none") -> Any:
    """`tf.gradients`, each on the device of the operation whose gradient it is."""
    return api.gradients(ys, xs, grad_ys, name, True, gate_gradients, aggregation_method, stop_gradients,
                         unconnected_gradients)


def listdiff(x: Any, y: Any, out_idx: Any = None, name: str | None = None) -> Any:
    """`tf.setdiff1d`."""
    return api.setdiff1d(x, y, dtypes.int32 if out_idx is None else out_idx, name)


def ones_like_v2(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """`tf.ones_like`."""
    return api.ones_like(input, dtype=dtype, name=name)


def zeros_like_v2(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """`tf.zeros_like`."""
    return api.zeros_like(input, dtype=dtype, name=name)
