"""Ragged tensors with other dimensions, and repeated: tf.expand_dims, tf.squeeze, tf.tile and their like."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated_argument_lookup
from tfmagic.graph import convert
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.select import repeat
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.tf.ragged.segments import int_tensor
from tfmagic.tf.ragged.tensor import (
    RaggedTensor,
    convert_to_tensor_or_ragged_tensor,
    positive_axis,
)


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Any:
    """A tensor or ragged tensor with one dimension of size 1 more.

    Raises:
      TypeError: `axis` is no integer.
      ValueError: there is no such dimension.
    """
    with name_scope(name, "RaggedExpandDims", [input]):
        input = convert_to_tensor_or_ragged_tensor(input, name="input")
        if isinstance(input, Tensor):
            return shape_ops.expand_dims(input, axis)
        rank = input.shape.ndims
        axis = positive_axis(axis, None if rank is None else rank + 1)
        if axis == 0:
            return RaggedTensor.from_row_splits(input, api.stack([0, input.nrows()]), validate=False)
        if axis == 1:
            return RaggedTensor.from_row_splits(input, api.range(input.nrows() + 1), validate=False)
        return input.with_values(expand_dims(input.values, axis - 1))


def expand_dims_v1(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Any:
    """`expand_dims` with the arguments of `tf.expand_dims`."""
    return expand_dims(input, deprecated_argument_lookup("axis", axis, "dim", dim), name)


def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """How many innermost values there are."""
    return shape_ops.size(input.flat_values, name=name, out_type=out_type)


def rank(input: Any, name: str | None = None) -> Tensor:
    """How many dimensions there are."""
    with name_scope(name, "RaggedRank", [input]):
        return input.ragged_rank + shape_ops.rank(input.flat_values)


def one_hot(indices: Any, depth: Any, on_value: Any = None, off_value: Any = None, axis: Any = None, dtype: Any = None,
            name: str | None = None) -> RaggedTensor:
    """A vector for each index, with one place on."""
    with name_scope(name, "RaggedOneHot", [indices]):
        return indices.with_flat_values(api.one_hot(indices.flat_values, depth, on_value, off_value, axis, dtype))


def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Any:
    """A ragged tensor without some of its dimensions, which must be of size 1.

    Raises:
      ValueError: no axis is given.
    """
    axis = deprecated_argument_lookup("axis", axis, "squeeze_dims", squeeze_dims)
    with name_scope(name, "RaggedSqueeze", [input]):
        if axis is None:
            raise ValueError("Ragged.squeeze must have an axis argument.")
        axes = [axis] if isinstance(axis, int) else axis
        axes = [positive_axis(each, input.shape.ndims) for each in axes]
        ragged = sorted({each for each in axes if each <= input.ragged_rank})
        dense = [each - input.ragged_rank for each in axes if each > input.ragged_rank]
        one = convert.constant(1, input.row_splits.dtype)
        checks = []
        for number, lengths in enumerate(input.nested_row_lengths(), 1):
            if number in ragged:
                checks.append(api.Assert(api.reduce_all(raw.equal(lengths, one)), [
                    f"the given axis (axis = {number}) is not squeezable!"]))
        if 0 in ragged:
            two = convert.constant(2)
            checks.append(api.Assert(raw.equal(shape_ops.size(input.row_splits), two), [
                "the given axis (axis = 0) is not squeezable!"]))
        flat = with_dependencies(checks, input.flat_values)
        if dense:
            flat = shape_ops.squeeze(flat, dense)
        splits = list(input.nested_row_splits)
        for each in reversed(ragged):
            del splits[max(each - 1, 0)]
        return RaggedTensor.from_nested_row_splits(flat, splits) if splits else flat


# --- repetition -------------------------------------------------------------------------------------------------


def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """A ragged tensor repeated along each dimension."""
    with name_scope(name, "RaggedTile", [input, multiples]):
        input = convert_to_tensor_or_ragged_tensor(input, name="input")
        multiples = int_tensor(multiples, "multiples", input.row_splits.dtype)
        multiples.shape.assert_has_rank(1)
        known = constant_value(multiples)
        return RaggedTensor.from_nested_row_splits(_tiled_values(input, multiples, known),
                                                   _tiled_splits(input, multiples, known), validate=False)


def _tiled_values(ragged: Any, multiples: Tensor, known: Any) -> Tensor:
    nested = ragged.nested_row_splits
    numbers, before = api.range(nested[-1][-1]), None
    for axis in range(ragged.ragged_rank, 0, -1):
        splits = nested[axis - 1]
        if before is not None:
            splits = api.gather(before * multiples[axis + 1], splits)
        if known is None or known[axis] != 1:
            numbers = repeat_ranges(numbers, splits, multiples[axis])
        before = splits
    values = api.gather(ragged.flat_values, numbers)
    inner = api.concat([multiples[:1], multiples[ragged.ragged_rank + 1:]], axis=0)
    return api.tile(values, inner)


def _tiled_splits(ragged: Any, multiples: Tensor, known: Any) -> list[Tensor]:
    nested, made = ragged.nested_row_splits, []
    for axis in range(ragged.ragged_rank):
        splits = nested[axis]
        lengths = (splits[1:] - splits[:-1]) * multiples[axis + 1]
        repeats: Any = 1
        for outer in range(axis - 1, -1, -1):
            if known is None or known[outer + 1] != 1:
                lengths = repeat_ranges(lengths, nested[outer] * repeats, multiples[outer + 1])
            repeats = repeats * multiples[outer + 1]
        made.append(ends_of(api.tile(lengths, multiples[:1])))
    return made


def repeat_ranges(values: Tensor, splits: Tensor, repeats: Tensor) -> Tensor:
    """Each row of `values` repeated as a whole: all as often, or each as often as its own number says."""
    if repeats.shape.ndims == 0:
        repeated = repeat(splits, repeats, axis=0)
        count = shape_ops.shape(repeated, out_type=repeats.dtype)[0]
        starts, limits = repeated[:count - repeats], repeated[repeats:]
    else:
        starts, limits = repeat(splits[:-1], repeats, axis=0), repeat(splits[1:], repeats, axis=0)
    one = constants.ones((), dtype=starts.dtype)
    return api.gather(values, raw.ragged_range(starts, limits, one).rt_dense_values)


def ends_of(lengths: Tensor) -> Tensor:
    """Where rows begin and end, by their lengths."""
    return api.concat([[0], api.cumsum(lengths)], axis=-1)
