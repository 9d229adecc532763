"""Ragged tensors one after another, or stacked: tf.ragged.stack, and what tf.concat and tf.stack do with them."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.array import shape_ops
from tfmagic.tf.ragged.arrays import expand_dims
from tfmagic.tf.ragged.flat import of_one_splits_type, same_splits
from tfmagic.tf.ragged.gathering import gather
from tfmagic.tf.ragged.tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor, is_ragged, positive_axis


def concat(values: Any, axis: Any, name: str | None = None) -> Any:
    """Ragged tensors joined along a dimension.

    Raises:
      ValueError: there are none, or their ranks differ.
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    with name_scope(name, "RaggedConcat", list(values)):
        return _joined(values, axis, False)


@export("ragged.stack")
def stack(values: Any, axis: Any = 0, name: str | None = None) -> Any:
    """Ragged or dense tensors stacked along a new dimension, before which rows may have different lengths.

    Args:
      values: tensors or ragged tensors of one rank and type.
      axis: the place of the new dimension.

    Returns:
      A ragged tensor of one more dimension; a tensor where nothing can be ragged.

    Raises:
      ValueError: there are none, or their ranks differ.
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    with name_scope(name, "RaggedConcat", list(values)):
        return _joined(values, axis, True)


def _joined(values: Any, axis: Any, stacks: bool) -> Any:
    if not values:
        raise ValueError("rt_inputs may not be empty.")
    values = [convert_to_tensor_or_ragged_tensor(value, name="rt_input") for value in values]
    values = list(of_one_splits_type(*values))
    splits_type = next((value.row_splits.dtype for value in values if is_ragged(value)), None)
    if len(values) == 1 and stacks:
        return expand_dims(values[0], axis)
    rank = None
    for value in values:
        if rank is None:
            rank = value.shape.ndims
        else:
            value.shape.assert_has_rank(rank)
    out_rank = rank + 1 if stacks and rank is not None else rank
    axis = positive_axis(axis, out_rank)
    if all(isinstance(value, Tensor) for value in values) and out_rank is not None and axis in (
            out_rank - 1, (rank or 0) - 1):
        return api.stack(values, axis) if stacks else api.concat(values, axis)
    kind = {} if splits_type is None else {"row_splits_dtype": splits_type}
    values = [value if is_ragged(value) else RaggedTensor.from_tensor(value, ragged_rank=1, **kind)
              for value in values]
    most = max(value.ragged_rank for value in values)
    values = [_of_ragged_rank(value, most) for value in values]
    if axis == 0:
        return _along_0(values, stacks)
    if axis == 1:
        return _along_1(values, stacks)
    splits = [[value.row_splits] for value in values]
    with api.control_dependencies(same_splits(splits)):
        return RaggedTensor.from_row_splits(_joined([value.values for value in values], axis - 1, stacks),
                                            splits[0][0], validate=False)


def _of_ragged_rank(value: Any, ragged_rank: int) -> Any:
    """A value divided into rows as often as is asked for, at least."""
    if ragged_rank == 0:
        return value
    if not is_ragged(value):
        value = RaggedTensor.from_tensor(value)
    return value.with_values(_of_ragged_rank(value.values, ragged_rank - 1))


def _along_0(values: list[Any], stacks: bool) -> Any:
    flat = api.concat([value.flat_values for value in values], axis=0)
    nested = [_joined_splits(splits) for splits in zip(*(value.nested_row_splits for value in values))]
    if stacks:
        counts = [value.nrows(out_type=values[0].row_splits.dtype) for value in values]
        nested = [api.concat([[0], api.cumsum(api.stack(counts))], axis=-1), *nested]
    return RaggedTensor.from_nested_row_splits(flat, nested, validate=False)


def _joined_splits(splits: tuple[Tensor, ...]) -> Tensor:
    """Where rows end when the values of several partitions stand one after another."""
    pieces, offset = [splits[0]], splits[0][-1]
    for part in splits[1:]:
        pieces.append(part[1:] + offset)
        offset = offset + part[-1]
    return api.concat(pieces, axis=0)


def _as_long(splits: Tensor, values: list[Any]) -> Tensor:
    """`splits`, of which there are as many as `values` have."""
    for value in values:
        splits.set_shape(value.row_splits.shape)
    return splits


def _along_1(values: list[Any], stacks: bool) -> Any:
    """Rows of each in turn: all rows one after another, and those that belong together picked."""
    count = len(values)
    rows = values[0].nrows()
    checks = [api.debugging.assert_equal(value.nrows(), rows, message="Input tensors have incompatible shapes.")
              for value in values[1:]]
    with api.control_dependencies(checks):
        joined = _along_0(values, False)
        numbers = shape_ops.reshape(api.range(rows * count), [count, -1])
        numbers = shape_ops.reshape(api.transpose(numbers), [-1])
        turned = gather(joined, numbers)
        if stacks:
            splits = _as_long(api.range(0, rows * count + 1, count), values)
            return RaggedTensor.from_row_splits(turned, splits, validate=False)
        splits = _as_long(turned.row_splits[::count], values)
        return RaggedTensor.from_row_splits(turned.values, splits, validate=False)
