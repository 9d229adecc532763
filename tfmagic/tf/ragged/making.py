"""tf.ragged.constant, placeholder and range."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array import constants
from tfmagic.ops.math.cast import cast
from tfmagic.tf.ragged.tensor import RaggedTensor, from_parts
from tfmagic.tf.ragged.value import RaggedTensorValue


@export("ragged.constant")
def constant(pylist: Any, dtype: Any = None, ragged_rank: int | None = None, inner_shape: Any = None,
             name: str | None = None, row_splits_dtype: Any = dtypes.int64) -> Any:
    """A constant ragged tensor of nested lists.

    Args:
      pylist: a nested list or tuple, or a scalar.
      dtype: the type of the values.
      ragged_rank: how many dimensions are ragged; by default all but the last.
      inner_shape: the shape of the values in the ragged dimensions.
      name: a scope for the nodes.
      row_splits_dtype: int32 or int64.

    Returns:
      A `RaggedTensor`, or a tensor when no dimension is ragged.

    Raises:
      ValueError: scalars stand at different depths, or the arguments do not fit.
    """

    def splits(positions: list[int]) -> Any:
        return constants.constant(positions, row_splits_dtype)

    def made(values: Any, row_splits: Any) -> Any:
        return RaggedTensor.from_row_splits(values, row_splits, validate=False)

    with name_scope(name, "RaggedConstant"):
        return _nested(splits, made, constants.constant, pylist, dtype, ragged_rank, inner_shape)


@export("ragged.constant_value")
def constant_value(pylist: Any, dtype: Any = None, ragged_rank: int | None = None, inner_shape: Any = None,
                   row_splits_dtype: Any = "int64") -> Any:
    """The value of a ragged tensor from nested lists.

    Args:
      pylist, dtype, ragged_rank, inner_shape, row_splits_dtype: as for `tf.ragged.constant`; types are NumPy's.

    Returns:
      A `RaggedTensorValue`, or a NumPy array when no dimension is ragged.

    Raises:
      ValueError: scalars stand at different depths, or the arguments do not fit.
    """
    splits_type = dtypes.as_dtype(row_splits_dtype).as_numpy_dtype

    def splits(positions: list[int]) -> Any:
        return np.array(positions, dtype=splits_type)

    def inner(values: Any, dtype: Any = None, shape: Any = (), name: str | None = None) -> Any:
        return np.reshape(np.array(values, dtype=dtype), shape)

    if isinstance(dtype, dtypes.DType):
        dtype = dtype.as_numpy_dtype
    return _nested(splits, RaggedTensorValue, inner, pylist, dtype, ragged_rank, inner_shape)


def _nested(splits: Any, made: Any, inner: Any, pylist: Any, dtype: Any, ragged_rank: int | None,
            inner_shape: Any) -> Any:
    """The ragged value of nested lists, made of parts by the functions given."""
    if isinstance(pylist, np.ndarray) and pylist.ndim == 0:
        pylist = pylist.item()
    if not isinstance(pylist, (list, tuple, np.ndarray)):
        if ragged_rank is not None and ragged_rank != 0:
            raise ValueError(f"Invalid pylist={pylist!r}: incompatible with ragged_rank={ragged_rank}")
        if inner_shape is not None and inner_shape != ():
            raise ValueError(f"Invalid pylist={pylist!r}: incompatible with dim(inner_shape)={len(inner_shape)}")
        return inner(pylist, dtype, ())
    if ragged_rank is not None and ragged_rank < 0:
        raise ValueError(f"Invalid ragged_rank={ragged_rank}: must be nonnegative")
    scalar_depth, most = _depths(pylist)
    if scalar_depth is not None and most > scalar_depth:
        raise ValueError(f"Invalid pylist={pylist!r}: empty list nesting is greater than scalar value nesting")
    if inner_shape is not None and ragged_rank is not None:
        wanted = ragged_rank + len(inner_shape) + 1
        if (scalar_depth is not None and wanted != scalar_depth) or (scalar_depth is None and wanted < most):
            raise ValueError(f"Invalid pylist={pylist!r}: incompatible with ragged_rank={ragged_rank} and "
                             f"dim(inner_shape)={len(inner_shape)}")
    if ragged_rank == 0 or (ragged_rank is None and (most < 2 or (inner_shape is not None
                                                                 and most - len(inner_shape) < 2))):
        shape = inner_shape if inner_shape is not None else ()
        return inner(pylist, dtype, (len(pylist), *shape) if inner_shape is not None else _inner_shape(pylist))
    if ragged_rank is None:
        ragged_rank = max(1, most - 1) if inner_shape is None else max(1, most - 1 - len(inner_shape))
    if inner_shape is None:
        inner_shape = _default_inner_shape(pylist, ragged_rank)
    nested_splits: list[list[int]] = []
    values: Any = pylist
    for axis in range(ragged_rank):
        nested_splits.append([0])
        for row in values:
            if not isinstance(row, (list, tuple, np.ndarray)):
                raise ValueError(f"pylist has scalar values depth {axis + 1}, but ragged_rank={ragged_rank} requires "
                                 f"scalar value depth greater than {ragged_rank}")
            nested_splits[-1].append(nested_splits[-1][-1] + len(row))
        values = [item for row in values for item in row]
    values = inner(values, dtype=dtype, shape=(len(values), *inner_shape), name="values")
    for positions in reversed(nested_splits):
        values = made(values, splits(positions))
    return values


def _depths(value: Any) -> tuple[int | None, int]:
    """The depth at which scalars stand (None: there are none), and the greatest depth of lists.

    Raises:
      ValueError: scalars stand at different depths.
    """
    if not isinstance(value, (list, tuple, np.ndarray)):
        return 0, 0
    scalar_depth, most = None, 1
    for item in value:
        depth, deepest = _depths(item)
        if depth is not None:
            if scalar_depth is not None and scalar_depth != depth + 1:
                raise ValueError("all scalar values must have the same nesting depth")
            scalar_depth = depth + 1
        most = max(most, deepest + 1)
    return scalar_depth, most


def _inner_shape(item: Any) -> tuple[int, ...]:
    """The shape of nested lists.

    Raises:
      ValueError: lists beside each other differ.
    """
    if not isinstance(item, (list, tuple, np.ndarray)):
        return ()
    if len(item) > 0:
        shapes = {_inner_shape(each) for each in item}
        if len(shapes) > 1:
            raise ValueError("inner values have inconsistent shape")
        return (len(item), *shapes.pop())
    return (0,)


def _default_inner_shape(pylist: Any, ragged_rank: int) -> tuple[int, ...]:
    """The shape of the values that lie below the ragged dimensions."""

    def flat(item: Any, depth: int) -> list[Any]:
        return [item] if depth == 0 else [each for part in item for each in flat(part, depth - 1)] \
            if isinstance(item, (list, tuple, np.ndarray)) else [item]

    shape: tuple[int, ...] = ()
    for index, item in enumerate(flat(pylist, ragged_rank + 1)):
        found = _inner_shape(item)
        if index and found != shape:
            raise ValueError("inner values have inconsistent shape")
        shape = found
    return shape


@export("ragged.placeholder")
def placeholder(dtype: Any, ragged_rank: int, value_shape: Any = None, name: str | None = None) -> Any:
    """A ragged tensor whose value is given by `feed_dict` in each run.

    Args:
      dtype: the type of the values.
      ragged_rank: how many dimensions are ragged.
      value_shape: the shape of the values in the ragged dimensions.
      name: a scope for the placeholders.
    """
    if ragged_rank == 0:
        return constants.placeholder(dtype, value_shape, name)
    with name_scope(name, "RaggedPlaceholder", []):
        shape = TensorShape([None]).concatenate(value_shape)
        parts = [constants.placeholder(dtype, shape, "flat_values")]
        splits = [constants.placeholder(dtypes.int64, [None], f"row_splits_{axis}")
                  for axis in reversed(range(ragged_rank))]
        return from_parts([*parts, *reversed(splits)])


@export("ragged.range")
def range_(starts: Any, limits: Any = None, deltas: Any = 1, dtype: Any = None, name: str | None = None,
           row_splits_dtype: Any = dtypes.int64) -> RaggedTensor:
    """Rows that count.

    Args:
      starts: where each row begins, a vector, or a scalar for all; the limits when it is the only one.
      limits: where each row ends (without it).
      deltas: the steps.
      dtype: the type of the values.
      row_splits_dtype: int32 or int64.

    Raises:
      TypeError: the arguments are not numbers of one type.
    """
    row_splits_dtype = dtypes.as_dtype(row_splits_dtype)
    if limits is None:
        starts, limits = 0, starts
    with name_scope(name, "RaggedRange", [starts, limits, deltas]) as scope:
        starts = convert_to_tensor(starts, dtype=dtype, name="starts")
        limits = convert_to_tensor(limits, dtype=dtype, name="limits")
        deltas = convert_to_tensor(deltas, dtype=dtype, name="deltas")
        if dtype is None:
            starts, limits, deltas = _one_type([starts, limits, deltas])
        found = raw.ragged_range(starts, limits, deltas, Tsplits=row_splits_dtype, name=scope)
        return RaggedTensor.from_row_splits(found.rt_dense_values, found.rt_nested_splits, validate=False)


def _one_type(tensors: list[Any]) -> list[Any]:
    """Numbers of the widest of their types."""
    order = [dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64]
    widest = max((tensor.dtype for tensor in tensors), key=order.index)
    return [cast(tensor, widest) for tensor in tensors]
