"""`ragged[...]`: rows and ranges of rows of a ragged tensor."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.gather import gather
from tfmagic.ops.math.cast import cast


def item(ragged: Any, key: Any) -> Any:
    """`ragged[key]`: see `RaggedTensor.__getitem__`."""
    keys = list(key) if isinstance(key, (list, tuple)) else [key]
    with name_scope(None, "RaggedGetItem", [ragged]):
        return _rows(ragged, keys)


def _rows(ragged: Any, keys: list[Any]) -> Any:
    """A ragged tensor indexed from its first dimension on."""
    if not keys:
        return ragged
    first, others = keys[0], keys[1:]
    if first is Ellipsis:
        return _rows(ragged, _without_leading_ellipsis(keys, ragged.shape.ndims))
    if first is None:
        inner = _rows(ragged, others)
        ends = api.stack([0, _splits(inner) - 1])
        return ragged.from_row_splits(inner, ends, validate=False)
    if isinstance(first, slice):
        return _inner(_some_rows(ragged, first), others)
    splits = ragged.row_splits
    starts, limits = splits[:-1], splits[1:]
    start = starts[first]
    return ragged.values[start:limits[first]][tuple(others)]


def _splits(inner: Any) -> Tensor:
    return shape_ops.shape(inner.row_splits, out_type=inner.row_splits.dtype)[0]


def _without_leading_ellipsis(keys: list[Any], rank: int | None) -> list[Any]:
    """Keys whose ellipsis has given its place to a full slice, or to nothing where it stands for no dimension.

    Raises:
      ValueError: the rank is unknown.
    """
    if rank is None:
        raise ValueError("Ellipsis not supported for unknown shape RaggedTensors")
    count = sum(key is not None for key in keys)
    return keys[1:] if count > rank else [slice(None), *keys]


def _is_all(key: slice) -> bool:
    return key.start is None and key.stop is None and key.step is None


def _some_rows(ragged: Any, key: slice) -> Any:
    """A range of rows."""
    if _is_all(key):
        return ragged
    splits = ragged.row_splits
    starts = splits[:-1][key]
    limits = splits[1:][key]
    zero = constants.zeros([1], splits.dtype)
    if key.step is not None and not (isinstance(key.step, int) and key.step == 1):
        return _of_ranges(ragged, starts, limits, 1)
    ends = api.concat([zero[shape_ops.size(starts):], starts[:1], limits], axis=0)
    first, last = ends[0], ends[-1]
    values = ragged.values[first:last]
    return ragged.from_row_splits(values, ends - first, validate=False)


def _of_ranges(ragged: Any, starts: Tensor, limits: Tensor, step: Any) -> Any:
    """The ragged tensor whose rows are ranges of the values of another one."""
    step = cast(convert_to_tensor(step, name="step"), ragged.row_splits.dtype)
    ends, numbers = raw.ragged_range(starts, limits, step, Tsplits=ragged.row_splits.dtype)
    return ragged.from_row_splits(values_at(ragged.values, numbers), ends, validate=False)


def values_at(values: Any, numbers: Tensor) -> Any:
    """Rows of a tensor or ragged tensor by their numbers, a vector."""
    if isinstance(values, Tensor):
        return gather(values, numbers)
    with name_scope(None, "RaggedGather"):
        found = raw.ragged_gather(list(values.nested_row_splits), values.flat_values, numbers,
                                  OUTPUT_RAGGED_RANK=values.ragged_rank)
        return values.from_nested_row_splits(found.output_dense_values, found.output_nested_splits, validate=False)


def _inner(ragged: Any, keys: list[Any]) -> Any:
    """A tensor or ragged tensor indexed within its rows.

    Raises:
      ValueError: one element of each row is asked for: not every row may have it.
    """
    if not keys:
        return ragged
    if isinstance(ragged, Tensor):
        key = (slice(None), *keys)
        return ragged[key]
    first, others = keys[0], keys[1:]
    if first is Ellipsis:
        rank = ragged.shape.ndims
        return _inner(ragged, _without_leading_ellipsis(keys, None if rank is None else rank - 1))
    if first is None:
        inner = _inner(ragged, others)
        return ragged.from_row_splits(inner, api.range(_splits(inner)), validate=False)
    if not isinstance(first, slice):
        raise ValueError("Cannot index into an inner ragged dimension.")
    columns = ragged if _is_all(first) else _some_columns(ragged, first)
    return columns.with_values(_inner(columns.values, others))


def _some_columns(ragged: Any, key: slice) -> Any:
    """A range of each row."""
    splits = ragged.row_splits
    starts, limits = splits[:-1], splits[1:]
    start = starts if _is_none(key.start) else _moved(splits, key.start)
    limit = limits if _is_none(key.stop) else _moved(splits, key.stop)
    return _of_ranges(ragged, start, limit, 1 if key.step is None else key.step)


def _is_none(offset: Any) -> bool:
    return offset is None or (not isinstance(offset, Tensor) and offset == 0)


def _moved(splits: Tensor, offset: Any) -> Tensor:
    """The places in the values of an offset in each row.

    Raises:
      TypeError: the offset is no integer.
    """
    starts, limits = splits[:-1], splits[1:]
    if isinstance(offset, Tensor):
        offset = cast(offset, splits.dtype)
        return api.cond(offset >= 0, lambda: raw.minimum(starts + offset, limits),
                        lambda: raw.maximum(limits + offset, starts))
    if not isinstance(offset, int):
        raise TypeError("slice offsets must be integers or None")
    return raw.minimum(starts + offset, limits) if offset > 0 else raw.maximum(limits + offset, starts)
