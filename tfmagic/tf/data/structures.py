"""Former names of the specs of elements, with the type in front of the shape."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.type_spec import SparseTensorSpec, TensorSpec
from tfmagic.ops.control_flow.tensor_array_spec import TensorArraySpec
from tfmagic.tf.ragged.spec import RaggedTensorSpec


@export("data.experimental.TensorStructure")
@deprecated(None, "Use `tf.TensorSpec` instead.")
def tensor_structure(dtype: Any, shape: Any) -> TensorSpec:
    """The spec of a tensor; see `tf.TensorSpec`."""
    return TensorSpec(shape, dtype)


@export("data.experimental.SparseTensorStructure")
@deprecated(None, "Use `tf.SparseTensorSpec` instead.")
def sparse_tensor_structure(dtype: Any, shape: Any) -> SparseTensorSpec:
    """The spec of a sparse tensor; see `tf.SparseTensorSpec`."""
    return SparseTensorSpec(shape, dtype)


@export("data.experimental.TensorArrayStructure")
@deprecated(None, "Use `tf.TensorArraySpec` instead.")
def tensor_array_structure(dtype: Any, element_shape: Any, dynamic_size: Any, infer_shape: Any) -> TensorArraySpec:
    """The spec of a TensorArray; see `tf.TensorArraySpec`."""
    return TensorArraySpec(element_shape, dtype, dynamic_size, infer_shape)


@export("data.experimental.RaggedTensorStructure")
@deprecated(None, "Use `tf.RaggedTensorSpec` instead.")
def ragged_tensor_structure(dtype: Any, shape: Any, ragged_rank: Any) -> RaggedTensorSpec:
    """The spec of a ragged tensor; see `tf.RaggedTensorSpec`."""
    return RaggedTensorSpec(shape, dtype, ragged_rank)
