"""Ragged tensors from dense and sparse ones, and dense ones from them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.shapes import dimension_value
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.gather import gather
from tfmagic.ops.array.select import boolean_mask, sequence_mask, where
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_all, reduce_any, reduce_max
from tfmagic.tf.ragged.segments import int_tensor


def from_tensor(cls: Any, tensor: Any, lengths: Any, padding: Any, ragged_rank: Any, name: str | None,
                splits_type: dtypes.DType) -> Any:
    """The ragged tensor of a dense one: see `RaggedTensor.from_tensor`."""
    if lengths is not None and padding is not None:
        raise ValueError("Specify lengths or padding, but not both")
    if not isinstance(ragged_rank, int):
        raise TypeError(f"ragged_rank expected int, got {ragged_rank!r}")
    if ragged_rank <= 0:
        raise ValueError(f"ragged_rank must be greater than 0; got {ragged_rank}")
    with name_scope(name, "RaggedFromTensor", [tensor, lengths, padding]):
        tensor = convert_to_tensor(tensor, name="tensor")
        tensor.shape.with_rank_at_least(ragged_rank + 1)
        sizes = shape_ops.shape(tensor, out_type=splits_type)
        columns = sizes[1]
        if ragged_rank > 1:
            return _nested_from_tensor(cls, tensor, sizes, lengths, padding, ragged_rank, splits_type)
        if padding is not None:
            lengths = _unpadded_lengths(tensor, padding, columns, splits_type)
        if lengths is not None:
            lengths = int_tensor(lengths, "lengths", splits_type)
            lengths.shape.assert_has_rank(1)
            lengths = raw.minimum(lengths, columns)
            lengths = raw.maximum(lengths, 0)
            limits = api.cumsum(lengths)
            splits = api.concat([constants.zeros([1], splits_type), limits], axis=0)
            mask = sequence_mask(lengths, maxlen=columns)
            return cls.from_row_splits(boolean_mask(tensor, mask), splits, validate=False)
        rows = sizes[0]
        count = rows * columns
        splits = api.range(rows + 1) * columns
        values = shape_ops.reshape(tensor, api.concat([[count], sizes[2:]], axis=0))
        return cls.from_row_splits(values, splits, validate=False)


def _nested_from_tensor(cls: Any, tensor: Tensor, sizes: Tensor, lengths: Any, padding: Any, ragged_rank: int,
                        splits_type: dtypes.DType) -> Any:
    new_shape = api.concat([constant([-1], splits_type), sizes[ragged_rank:]], axis=0)
    flattened = shape_ops.reshape(tensor, new_shape)
    result = cls.from_tensor(flattened, lengths, padding, row_splits_dtype=splits_type)
    products = api.cumprod(sizes)
    for axis in range(ragged_rank - 1, 0, -1):
        splits = api.range(products[axis - 1] + 1) * sizes[axis]
        result = cls.from_row_splits(result, splits, validate=False)
    return result


def _unpadded_lengths(tensor: Tensor, padding: Any, columns: Tensor, splits_type: dtypes.DType) -> Tensor:
    """The lengths of rows without the padding at their ends."""
    padding = convert_to_tensor(padding, name="padding", dtype=tensor.dtype)
    padding.shape.assert_is_compatible_with(tensor.shape[2:])
    is_padding = raw.equal(padding, tensor)
    rank = shape_ops.rank(tensor)
    axes = api.range(2, rank)
    is_padding = api.cond(rank > 2, lambda: reduce_all(is_padding, axis=axes), lambda: is_padding)
    is_padding.set_shape([None, None])
    kept = cast(raw.logical_not(is_padding), splits_type)
    positions = kept * shape_ops.expand_dims(api.range(1, columns + 1), 0)
    return reduce_max(positions, axis=1)


def from_sparse(cls: Any, st_input: Any, name: str | None, splits_type: dtypes.DType) -> Any:
    """The ragged tensor of a sparse matrix: see `RaggedTensor.from_sparse`."""
    if not isinstance(st_input, SparseTensor):
        raise TypeError(f"Expected SparseTensor, got {type(st_input).__name__}")
    with name_scope(name, "RaggedFromSparse", [st_input]):
        rank = dimension_value(st_input.dense_shape.shape[0])
        if rank is None:
            rank = st_input.indices.shape.with_rank(2)[1].value
        if rank is None:
            raise ValueError("rank(st_input) must be 2")
        if rank != 2:
            raise ValueError("rank(st_input) must be 2")
        with get_default_graph().control_dependencies(_without_gaps(st_input.indices)):
            rows = cast(st_input.indices[:, 0], splits_type)
            count = cast(st_input.dense_shape[0], splits_type)
            return cls.from_value_rowids(st_input.values, rows, count, validate=False)


def _without_gaps(indices: Tensor) -> list[Any]:
    """The check that the elements of each row of a sparse tensor stand side by side, from its first column on."""
    prefix, last = indices[:, :-1], indices[:, -1]
    prefix_changed = reduce_any(raw.not_equal(prefix[1:], prefix[:-1]), axis=1)
    in_place = where(prefix_changed, raw.equal(last[1:], 0), raw.equal(last[1:], last[:-1] + 1))
    first_in_place = raw.equal(last[:1], 0)
    fine = raw.logical_and(reduce_all(first_in_place), reduce_all(in_place))
    message = ["SparseTensor is not right-ragged", "SparseTensor.indices =", indices]
    return [api.debugging.Assert(fine, message)]


def to_tensor(ragged: Any, default_value: Any) -> Tensor:
    """The dense tensor of a ragged one: see `RaggedTensor.to_tensor`."""
    if default_value is not None:
        default_value = convert_to_tensor(default_value, name="default_value", dtype=ragged.dtype)
    splits, values = ragged.row_splits, ragged.values
    if not isinstance(values, Tensor):
        values = values.to_tensor(default_value)
    if default_value is not None:
        default_value = _fitted(default_value, values)
    lengths = splits[1:] - splits[:-1]
    rows = shape_ops.shape(splits, out_type=splits.dtype)[0] - 1
    columns = raw.maximum(reduce_max([lengths]), 0)
    sizes = shape_ops.shape(values, out_type=splits.dtype)
    value_shape, count = sizes[1:], sizes[0]
    if default_value is None:
        default_value = constants.zeros(value_shape, dtype=values.dtype)
    starts = shape_ops.expand_dims(splits[:-1], 1)
    limits = shape_ops.expand_dims(splits[1:], 1)
    column = shape_ops.expand_dims(api.range(0, columns), 0)
    values = api.concat([values, api.stack([default_value])], axis=0)
    indices = starts + column
    inside = indices < limits
    filled = constants.fill(api.stack([rows, columns]), count)
    indices = where(inside, indices, filled)
    return gather(values, indices)


def _fitted(default_value: Tensor, values: Tensor) -> Tensor:
    """The default value in the shape of one of the values."""
    wanted = values.shape[1:]
    if wanted.is_fully_defined() and wanted == default_value.shape:
        return default_value
    return raw.broadcast_to(default_value, shape_ops.shape(values)[1:])
