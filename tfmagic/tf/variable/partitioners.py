"""Partitioners: how `tf.get_variable` cuts a variable into parts, and the old function that makes the parts itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.tf.variable.scope import variable_scope
from tfmagic.tf.variable.store import variable_store

Partitioner = Callable[..., list[int]]


@export("fixed_size_partitioner")
def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """A partitioner that cuts an axis into a fixed number of parts (fewer where the axis is shorter)."""

    def partitioner(shape: TensorShape, **unused: Any) -> list[int]:
        partitions = [1] * len(shape)
        partitions[axis] = min(num_shards, int(shape.as_list()[axis] or 0))
        return partitions

    return partitioner


@export("variable_axis_size_partitioner")
def variable_axis_size_partitioner(max_shard_bytes: int, axis: int = 0, bytes_per_string_element: int = 16,
                                   max_shards: int | None = None) -> Partitioner:
    """A partitioner that cuts an axis so that no part is larger than `max_shard_bytes`.

    Raises:
      ValueError: a limit is not positive.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError("Both max_shard_bytes and bytes_per_string_element must be positive.")
    if max_shards and max_shards < 1:
        raise ValueError("max_shards must be positive.")

    def partitioner(shape: TensorShape, dtype: Any) -> list[int]:
        if not isinstance(shape, TensorShape):
            raise ValueError(f"shape is not a TensorShape: {shape}")
        if not shape.is_fully_defined():
            raise ValueError(f"shape is not fully defined: {shape}")
        dtype = as_dtype(dtype)
        item = bytes_per_string_element if dtype.base_dtype.name == "string" else dtype.size
        dims: list[Any] = shape.as_list()
        per_row = max(math.prod(dims) // max(dims[axis], 1), 1) * item
        rows = max(1, math.floor(1.0 * max_shard_bytes / per_row))
        count = math.ceil(1.0 * dims[axis] / rows)
        partitions = [1] * len(dims)
        partitions[axis] = int(min(max_shards, count) if max_shards else count)
        return partitions

    return partitioner


@export("min_max_variable_partitioner")
def min_max_variable_partitioner(max_partitions: int = 1, axis: int = 0, min_slice_size: int = 256 << 10,
                                 bytes_per_string_element: int = 16) -> Partitioner:
    """A partitioner that cuts an axis into at most `max_partitions` parts of at least `min_slice_size` bytes."""

    def partitioner(shape: TensorShape, dtype: Any) -> list[int]:
        if axis >= len(shape):
            raise ValueError(f"Cannot partition variable along axis {axis} when shape is only {shape}")
        dtype = as_dtype(dtype)
        item = bytes_per_string_element if dtype.base_dtype.name == "string" else dtype.size
        dims: list[Any] = shape.as_list()
        total = math.prod(dims) * item
        wanted = max(1, min(max_partitions, math.ceil(total / min_slice_size)))
        partitions = [1] * len(shape)
        partitions[axis] = min(wanted, dims[axis])
        return partitions

    return partitioner


@export("create_partitioned_variables")
@deprecated(None, "Use `tf.get_variable` with a partitioner set.")
def create_partitioned_variables(shape: Any, slicing: list[int], initializer: Any, dtype: Any = dtypes.float32,
                                 trainable: bool = True, collections: Any = None, name: str | None = None,
                                 reuse: Any = None) -> list[Any]:
    """An old form of `tf.get_variable` with a partitioner: gives the list of parts.

    Args:
      shape: the shape of the whole.
      slicing: how many parts each axis is cut into; at most one axis is cut.
      initializer: an initializer or a tensor of the whole's shape.

    Raises:
      ValueError: `slicing` does not fit `shape`.
    """
    if len(shape) != len(slicing):
        raise ValueError("The 'shape' and 'slicing' of a partitioned Variable must have the length: shape: "
                         f"{shape}, slicing: {slicing}")
    if len(shape) < 1:
        raise ValueError(f"A partitioned Variable must have rank at least 1: shape: {shape}")
    with variable_scope(name, "PartitionedVariable", reuse=reuse) as scope:
        return list(scope.get_variable(variable_store(), None, shape=shape, dtype=dtype, initializer=initializer,
                                       trainable=trainable, partitioner=lambda **unused: list(slicing),
                                       collections=collections))
