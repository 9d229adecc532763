"""Batches of elements that are filled up to one shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph import static_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.type_spec import SparseTensorSpec, TensorSpec
from tfmagic.ops import raw
from tfmagic.tf.data import nest, structure
from tfmagic.tf.data.numbers import fixed_size, int64, shape_vector


def padded_batch(dataset: Tensor, element_spec: Any, batch_size: Any, padded_shapes: Any, padding_values: Any,
                 drop_remainder: Any) -> tuple[Tensor, Any]:
    """The tensor of a padded dataset and its structure; see `tf.data.Dataset.padded_batch`."""
    leaves = nest.flatten(element_spec)
    if any(isinstance(leaf, SparseTensorSpec) for leaf in leaves):
        raise TypeError("Batching of padded sparse tensors is not currently supported")
    size = int64(batch_size, "batch_size")
    types, shapes = (structure.legacy(element_spec, which) for which in (0, 1))
    values = default_values(types) if padding_values is None else padding_values
    wanted = [_as_tensor(given, dims) for given, dims in zip(nest.flatten_up_to(types, padded_shapes),
                                                            nest.flatten(shapes))]
    fillers = [_filler(value, dtype) for value, dtype in zip(nest.flatten_up_to(types, values),
                                                             nest.flatten(types))]
    drop = convert_to_tensor(drop_remainder, dtypes.bool_, "drop_remainder")
    fixed = fixed_size(size, drop)
    specs = [TensorSpec(TensorShape([fixed]).concatenate(_static(dims)), dtype)
             for dims, dtype in zip(wanted, nest.flatten(types))]
    spec = nest.pack_as(element_spec, specs)
    attrs = structure.flat_attrs(spec)
    return raw.padded_batch_dataset_v2(dataset, size, wanted, fillers, drop, attrs["output_shapes"]), spec


def default_values(types: Any) -> Any:
    """What elements of these types are filled up with: zeros and empty texts."""
    def value(dtype: Any) -> Any:
        if dtype.base_dtype is dtypes.string:
            return ""
        if dtype.base_dtype.name in ("variant", "resource"):
            raise TypeError("Unable to create padding for field of type 'variant'")
        return np.zeros_like(dtype.as_numpy_dtype())

    return nest.map_structure(value, types)


def _as_tensor(padded_shape: Any, input_component_shape: TensorShape) -> Tensor:
    """The shape to fill up to, as an int64 vector; -1 where it is open."""
    tensor = shape_vector(padded_shape, "Padded shape", "its ")
    static = _static(tensor)
    if not _may_become(static, input_component_shape):
        raise ValueError(f"The padded shape {static} is not compatible with the corresponding input component shape "
                         f"{input_component_shape}.")
    return tensor


def _static(tensor: Tensor) -> TensorShape:
    return as_shape(static_value.constant_value_as_shape(tensor))


def _may_become(padded_shape: TensorShape, input_component_shape: TensorShape) -> bool:
    if padded_shape.ndims is None or input_component_shape.ndims is None:
        return True
    return padded_shape.ndims == input_component_shape.ndims and all(
        wanted is None or have is None or wanted >= have
        for wanted, have in zip(padded_shape.as_list(), input_component_shape.as_list()))


def _filler(value: Any, output_type: Any) -> Tensor:
    tensor = convert_to_tensor(value, name="padding_value")
    if not tensor.shape.is_compatible_with(TensorShape([])):
        raise ValueError(f"Padding value should be a scalar, but is not: {tensor}")
    if tensor.dtype is not output_type.base_dtype:
        raise TypeError(f"Padding value tensor ({tensor}) does not match output type: {output_type}")
    return tensor
