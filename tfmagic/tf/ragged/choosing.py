"""Ragged tensors by masks and numbers: tf.where, tf.ragged.boolean_mask, tf.ragged.stack_dynamic_partitions."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dispatch, dtypes
from tfmagic.base.export import export
from tfmagic.graph import convert
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.array import shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.tf.ragged.arrays import ends_of
from tfmagic.tf.ragged.flat import map_flat_values, of_one_splits_type, same_splits
from tfmagic.tf.ragged.gathering import gather
from tfmagic.tf.ragged.segments import row_splits_to_segment_ids
from tfmagic.tf.ragged.tensor import (
    RaggedTensor,
    convert_to_tensor_or_ragged_tensor,
    is_ragged,
)

# --- where and masks --------------------------------------------------------------------------------------------


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """The coordinates at which a ragged condition holds, or values of `x` and `y` by it.

    Raises:
      ValueError: only one of `x` and `y` is given, or the shapes do not fit.
    """
    if (x is None) != (y is None):
        raise ValueError("x and y must be either both None or both non-None")
    with name_scope(name, "RaggedWhere", [condition, x, y]):
        condition = convert_to_tensor_or_ragged_tensor(condition, name="condition")
        if x is None:
            return _coordinates(condition)
        x = convert_to_tensor_or_ragged_tensor(x, name="x")
        y = convert_to_tensor_or_ragged_tensor(y, name="y")
        condition, x, y = of_one_splits_type(condition, x, y)
        ragged = [is_ragged(value) for value in (condition, x, y)]
        if not any(ragged):
            return api.where(condition, x, y)
        if all(ragged):
            return map_flat_values(api.where, condition, x, y)
        if ragged[0]:
            raise ValueError("Input shapes do not match.")
        condition.shape.assert_has_rank(1)
        both = api.concat([x, y], 0)
        kind = both.row_splits.dtype
        of_x, of_y = _count(x, kind), _count(y, kind)
        chosen = api.where(condition, api.range(of_x), of_x + api.range(of_y))
        return gather(both, chosen)


def _count(value: Any, out_type: Any) -> Tensor:
    return value.nrows(out_type=out_type) if is_ragged(value) else shape_ops.shape(value, out_type=out_type)[0]


def _coordinates(condition: Any) -> Tensor:
    if not is_ragged(condition):
        return api.where(condition)
    found = _coordinates(condition.values)
    condition = condition.with_row_splits_dtype(found.dtype)
    first = found[:, 0]
    rows = api.gather(condition.value_rowids(), first)
    columns = first - api.gather(condition.row_splits, rows)
    return api.concat([shape_ops.expand_dims(rows, 1), shape_ops.expand_dims(columns, 1), found[:, 1:]], axis=1)


@export("ragged.boolean_mask")
def boolean_mask(data: Any, mask: Any, name: str | None = None) -> Any:
    """The values at which a mask holds, in rows as the mask's.

    Args:
      data: a tensor or ragged tensor.
      mask: a boolean one whose dimensions are the first of `data`'s.

    Returns:
      A ragged tensor, or a tensor if the mask has one dimension.

    Raises:
      ValueError: the mask is a scalar or of unknown rank, or does not fit.
    """
    with name_scope(name, "RaggedMask", [data, mask]):
        data = convert_to_tensor_or_ragged_tensor(data, name="data")
        mask = convert_to_tensor_or_ragged_tensor(mask, dtypes.bool_, name="mask")
        of_one_splits_type(data, mask)
        kind = next((value.row_splits.dtype for value in (data, mask) if is_ragged(value)), dtypes.int64)
        rank = mask.shape.ndims
        if rank is None:
            raise ValueError("mask.shape.ndims must be known statically.")
        if rank == 0:
            raise ValueError("mask cannot be scalar.")
        if is_ragged(mask):
            if not is_ragged(data):
                data = RaggedTensor.from_tensor(data, ragged_rank=mask.ragged_rank, row_splits_dtype=kind)
            return _by_ragged(data, mask, kind)
        if is_ragged(data) and rank == 1:
            lengths = api.boolean_mask(data.row_lengths(), mask)
            ends = ends_of(lengths)
            inner = api.gather(mask, row_splits_to_segment_ids(data.row_splits))
            return RaggedTensor.from_row_splits(boolean_mask(data.values, inner), ends, validate=False)
        if is_ragged(data):
            mask = RaggedTensor.from_tensor(mask, ragged_rank=min(data.ragged_rank, rank - 1), row_splits_dtype=kind)
            return boolean_mask(data, mask)
        chosen = api.boolean_mask(data, mask)
        return _in_rows(chosen, mask, rank) if rank >= 2 else chosen


def _by_ragged(data: Any, mask: Any, kind: Any) -> Any:
    """The values of ragged data at which a ragged mask holds."""
    outer = []
    checks = same_splits([mask.nested_row_splits, data.nested_row_splits[:mask.ragged_rank]])
    while is_ragged(mask.values):
        outer.append(mask.row_splits)
        data, mask = data.values, mask.values
    with api.control_dependencies(checks):
        ends = ends_of(api.reduce_sum(map_flat_values(cast, mask, kind), 1))
        chosen = RaggedTensor.from_row_splits(boolean_mask(data.values, mask.values), ends, validate=False)
        return RaggedTensor.from_nested_row_splits(chosen, outer, validate=False)


def _in_rows(chosen: Tensor, mask: Tensor, rank: int) -> RaggedTensor:
    """The chosen values in rows as long as a dense mask has true places."""
    lengths = api.count_nonzero(mask, axis=-1)
    result = RaggedTensor.from_row_lengths(chosen, shape_ops.reshape(lengths, [-1]), validate=False)
    if rank == 2:
        return result
    sizes = shape_ops.shape(mask, out_type=dtypes.int64)
    counts = api.cumprod(sizes) + 1
    for axis in range(rank - 3, -1, -1):
        size = sizes[axis + 1]
        result = RaggedTensor.from_row_splits(result, api.range(counts[axis]) * size, validate=False)
    return result


# --- parts ------------------------------------------------------------------------------------------------------


@export("ragged.stack_dynamic_partitions")
def stack_dynamic_partitions(data: Any, partitions: Any, num_partitions: Any, name: str | None = None) -> RaggedTensor:
    """The slices of `data` with the same number, a row for each number.

    Args:
      data: a tensor or ragged tensor.
      partitions: the number of each slice, in `[0, num_partitions)`; its dimensions are the first of `data`'s.
      num_partitions: how many rows there are.

    Raises:
      ValueError: the rank of `partitions` is not known, or shapes do not fit.
    """
    with name_scope(name, "SegmentStack", [data, partitions, num_partitions]):
        data = convert_to_tensor_or_ragged_tensor(data, name="data")
        kind = data.row_splits.dtype if is_ragged(data) else None
        partitions = convert_to_tensor_or_ragged_tensor(partitions, name="partitions", preferred_dtype=kind)
        num_partitions = convert.convert_to_tensor(num_partitions, name="num_partitions",
                                                   preferred_dtype=partitions.dtype)
        if kind is not None:
            partitions = cast(partitions, kind)
            num_partitions = cast(num_partitions, kind)
        rank = partitions.shape.ndims
        if rank is None:
            raise ValueError("partitions must have known rank.")
        num_partitions.shape.assert_has_rank(0)
        partitions.shape.assert_is_compatible_with(data.shape[:rank])
        if rank == 0:
            return RaggedTensor.from_value_rowids(api.stack([data]), api.stack([partitions]), nrows=num_partitions,
                                                  validate=False)
        if rank == 1:
            order = api.argsort(partitions, stable=True)
            rows = api.gather(partitions, order)
            values = api.gather(data, order) if isinstance(data, Tensor) else gather(data, order)
            check = api.debugging.assert_less(rows[-1:], num_partitions,
                                              message="partitions must be less than num_partitions")
            with api.control_dependencies([check]):
                return RaggedTensor.from_value_rowids(values, rows, nrows=num_partitions, validate=False)
        if not is_ragged(data):
            data = RaggedTensor.from_tensor(data, row_splits_dtype=partitions.dtype, ragged_rank=rank - 1)
        if not is_ragged(partitions):
            partitions = RaggedTensor.from_tensor(partitions, row_splits_dtype=partitions.dtype, ragged_rank=max(
                data.ragged_rank, rank - 1))
        checks = [api.debugging.assert_equal(one, two, message="data and partitions have incompatible ragged shapes")
                  for one, two in zip(data.nested_row_splits, partitions.nested_row_splits)]
        with api.control_dependencies(checks):
            return stack_dynamic_partitions(data.flat_values, partitions.flat_values, num_partitions)


def dynamic_partition(data: Any, partitions: Any, num_partitions: Any, name: str | None = None) -> Any:
    """The slices of `data` with each number; the op itself refuses what is no number of partitions."""
    if not isinstance(num_partitions, int) or num_partitions < 0:
        return dispatch.NOT_SUPPORTED
    rows = stack_dynamic_partitions(data, partitions, num_partitions, name)
    return [rows[number] for number in range(num_partitions)]
