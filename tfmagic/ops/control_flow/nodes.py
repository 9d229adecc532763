"""The few array nodes that control flow and its gradients add."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.dtypes import DType
from tfmagic.graph.convert import constant
from tfmagic.graph.indexed_slices import IndexedSlices, unify_index_types
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, join
from tfmagic.ops.math import cast
from tfmagic.ops.state.variables import handle_data


def dynamic_shape(value: Tensor) -> Tensor:
    """The shape of `value` in the run, also where it is known statically."""
    return raw.shape(value)


def zeros(shape: Any, dtype: DType) -> Tensor:
    return constants.zeros(shape, dtype.base_dtype)


def concat(tensors: list[Any]) -> Tensor:
    return join.concat(tensors, 0)


def numbers_below(stop: Any) -> Tensor:
    """0, 1, ... up to `stop`."""
    return api.range(0, stop)


def resource_dtype(handle: Tensor) -> Any:
    """The type of the variable behind a resource handle."""
    return handle_data(handle)[1]


def resource_zeros(handle: Tensor) -> Tensor:
    """Zeros of the shape of the variable behind a resource handle."""
    dims, dtype = handle_data(handle)
    known = dims is not None and None not in dims
    shape = constant(list(dims), dtype=dtypes.int32) if known else raw.variable_shape(handle)  # type: ignore[arg-type]
    return zeros(shape, dtype)  # type: ignore[arg-type]


def zeros_of_variable(handle: Tensor) -> Tensor:
    """The same, of the shape that it has in the run."""
    return zeros(raw.variable_shape(handle), resource_dtype(handle) or dtypes.float32)


def no_gradient_of(x: Tensor) -> Tensor:
    """Zeros as the gradient of a tensor on which nothing depends; that of a handle is like the variable behind it."""
    return zeros_of_variable(x) if x._dtype.base_dtype is dtypes.resource else constants.zeros_like(x)


def widened(structure: Any, other: Any) -> Any:
    """The results of a branch: its slices have int64 indices where those of the other branch's results have them."""
    def wide(value: Any, beside: Any) -> Any:
        if isinstance(value, IndexedSlices) and isinstance(beside, IndexedSlices) \
                and beside.indices.dtype.base_dtype is not dtypes.int32:
            return unify_index_types([value, beside], cast.cast)[0]
        return value

    flat, beside = nest.flatten(structure), nest.flatten(other)
    if not any(isinstance(value, IndexedSlices) for value in flat):
        return structure
    return nest.pack_sequence_as(structure, [wide(a, b) for a, b in zip(flat, beside)])


def as_slices(values: list[Any]) -> list[IndexedSlices]:
    """Tensors as slices that hold all of their rows, with indices of one type."""
    slices = []
    for value in values:
        if isinstance(value, Tensor):
            shape = raw.shape(value)
            rows = numbers_below(shape[0])
            value = IndexedSlices(value, rows, shape)
        slices.append(value)
    return unify_index_types(slices, cast.cast)
