"""Slices of ragged tensors by their numbers: what tf.gather, tf.gather_nd and tf.batch_gather do with them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.shapes import dimension_value
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.array.select import repeat
from tfmagic.ops.math.cast import cast
from tfmagic.tf.ragged.arrays import expand_dims, tile
from tfmagic.tf.ragged.flat import of_one_splits_type, same_splits
from tfmagic.tf.ragged.tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor, is_ragged


def gather(params: Any, indices: Any, validate_indices: Any = None, name: str | None = None, axis: Any = None,
           batch_dims: Any = 0) -> Any:
    """Slices of `params` at `indices`, one or both of which are ragged.

    Raises:
      ValueError: another axis than the first is asked for.
    """
    if not isinstance(axis or 0, int) or axis:
        raise ValueError("axis != 0 is not supported for ragged gather yet.")
    if not isinstance(batch_dims, int) or batch_dims != 0:
        raise ValueError("batch_dims != 0 is not supported for ragged gather yet.")
    with name_scope(name, "RaggedGather", [params, indices]):
        params = convert_to_tensor_or_ragged_tensor(params, name="params")
        indices = convert_to_tensor_or_ragged_tensor(indices, name="indices")
        params, indices = of_one_splits_type(params, indices)
        if is_ragged(indices):
            return indices.with_values(gather(params, indices.values))
        if not is_ragged(params):
            return api.gather(params, indices)
        rank = indices.shape.ndims
        if rank is None:
            raise ValueError("indices.shape.ndims must be known statically")
        found = raw.ragged_gather(list(params.nested_row_splits), params.flat_values, indices,
                                  OUTPUT_RAGGED_RANK=rank + params.ragged_rank - 1)
        return RaggedTensor.from_nested_row_splits(found.output_dense_values, found.output_nested_splits,
                                                   validate=False)


def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: Any = 0) -> Any:
    """Slices of `params` at the coordinates in the rows of `indices`, one or both of which are ragged.

    Raises:
      ValueError: it is not known how long a coordinate is, or it may differ.
    """
    if not isinstance(batch_dims, int) or batch_dims != 0:
        raise ValueError("batch_dims != 0 is not supported for ragged gather yet.")
    if not (is_ragged(params) or is_ragged(indices)):
        return api.gather_nd(params, indices, name)
    with name_scope(name, "RaggedGatherNd", [params, indices]):
        params = convert_to_tensor_or_ragged_tensor(params, name="params")
        indices = convert_to_tensor_or_ragged_tensor(indices, name="indices")
        params, indices = of_one_splits_type(params, indices)
        rank = indices.shape.ndims
        if rank is None:
            raise ValueError("indices.rank be statically known.")
        if rank == 0:
            raise ValueError("indices.rank must be at least 1.")
        if is_ragged(indices) and rank == indices.ragged_rank + 1:
            raise ValueError("The innermost dimension of indices may not be ragged")
        size = dimension_value(indices.shape[-1])
        if size is None:
            raise ValueError("indices.shape[-1] must be statically known.")
        if rank > 2:
            return _gather_of_many(params, indices, rank)
        if size == 0:
            return _repeated(params, indices, rank)
        if size == 1:
            return gather(params, shape_ops.reshape(indices, [-1]))
        indices = cast(indices, params.row_splits.dtype)
        places = api.gather(params.row_splits, indices[..., 0])
        places = places + indices[..., 1]
        values = params.values
        for axis in range(2, size):
            if not is_ragged(values):
                rest = shape_ops.expand_dims(places, axis=1)
                return api.gather_nd(values, api.concat([rest, indices[..., axis:]], axis=1))
            places = api.gather(values.row_starts(), places)
            places = places + indices[..., axis]
            values = values.values
        return gather(values, places)


def _gather_of_many(params: Any, indices: Any, rank: int) -> Any:
    """Coordinates in a tensor of more than two dimensions: they are found as one list."""
    dense = not is_ragged(indices)
    if dense:
        indices = RaggedTensor.from_tensor(indices, ragged_rank=rank - 2, row_splits_dtype=params.row_splits.dtype)
    result = indices.with_flat_values(gather_nd(params, indices.flat_values))
    if dense and not is_ragged(result.flat_values):
        return result.to_tensor()
    return result


def _repeated(params: Any, indices: Any, rank: int) -> Any:
    """Coordinates of no numbers: the whole once for each."""
    dims = params.ragged_rank + shape_ops.rank(params.flat_values)
    for _ in range(rank - 1):
        params = expand_dims(params, axis=0)
    return tile(params, api.concat([shape_ops.shape(indices)[:-1], api.ones([dims], dtype=dtypes.int32)], axis=0))


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Any:
    """Slices of the rows of `params` at the numbers in the same rows of `indices`, one or both of which are ragged.

    Raises:
      ValueError: rank or batch dimensions do not fit.
    """
    if not (is_ragged(params) or is_ragged(indices)):
        return api.batch_gather(params, indices, name)
    with name_scope(name, "RaggedBatchGather", [params, indices]):
        params = convert_to_tensor_or_ragged_tensor(params, name="params")
        indices = convert_to_tensor_or_ragged_tensor(indices, name="indices")
        params, indices = of_one_splits_type(params, indices)
        rank = indices.shape.ndims
        if rank is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        if rank == 0:
            raise ValueError("indices.rank must be at least 1.")
        if is_ragged(indices):
            if not is_ragged(params):
                params = RaggedTensor.from_tensor(params, row_splits_dtype=indices.row_splits.dtype)
            if is_ragged(indices.values):
                message = "batch shape from indices does not match params shape"
                checks = same_splits([[params.row_splits], [indices.row_splits]], message)
                if not is_ragged(params.values):
                    raise ValueError(message)
                with api.control_dependencies(checks):
                    return indices.with_values(batch_gather(params.values, indices.values))
            starts = _starts(params, indices)
            places = cast(indices.values, params.row_splits.dtype) + starts
            return indices.with_values(gather(params.values, places))
        if rank == 1:
            return gather(params, indices)
        if rank > 2:
            raise ValueError("batch shape from indices does not match params shape")
        starts = shape_ops.expand_dims(params.row_starts(), 1)
        return gather(params.values, cast(indices, params.row_splits.dtype) + starts)


def _starts(params: Any, indices: Any) -> Any:
    """Where the row of each index begins in the values of `params`."""
    lengths = indices.row_lengths()
    starts = params.row_starts()
    return repeat(starts, lengths, axis=0)
