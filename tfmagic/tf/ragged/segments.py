"""Rows as segments: row numbers from where rows end, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.array.select import repeat


def int_tensor(tensor: Any, name: str, dtype: Any = dtypes.int32) -> Tensor:
    """An integer tensor, cast to `dtype`.

    Raises:
      TypeError: it holds no integers.
    """
    tensor = convert_to_tensor(tensor, name=name, preferred_dtype=dtype)
    if not tensor.dtype.is_integer:
        raise TypeError(f"{name} must be an integer tensor; dtype=<dtype: '{tensor.dtype.name}'>")
    return raw.cast(tensor, dtype)


@export("ragged.row_splits_to_segment_ids")
def row_splits_to_segment_ids(splits: Any, name: str | None = None, out_type: Any = None) -> Tensor:
    """The number of the row of each value: [0, 2, 2, 5] -> [0, 0, 2, 2, 2].

    Args:
      splits: int vector: where rows begin and end.
      out_type: int32 or int64; that of the splits by default.

    Raises:
      ValueError: the splits are of another type, or no vector.
    """
    with name_scope(name, "RaggedSplitsToSegmentIds", [splits]):
        splits = convert_to_tensor(
            splits, name="splits",
            preferred_dtype=dtypes.int64 if not isinstance(splits, np.ndarray) else None)
        if splits.dtype not in (dtypes.int32, dtypes.int64):
            raise ValueError("splits must have dtype int32 or int64")
        splits.shape.assert_has_rank(1)
        if splits._dims == (0,):
            raise ValueError("Invalid row_splits: []")
        out_type = splits.dtype if out_type is None else dtypes.as_dtype(out_type)
        lengths = splits[1:] - splits[:-1]
        rows = shape_ops.shape(splits, out_type=out_type)[-1] - 1
        return repeat(api.range(rows), repeats=lengths, axis=0)


@export("ragged.segment_ids_to_row_splits")
def segment_ids_to_row_splits(segment_ids: Any, num_segments: Any = None, out_type: Any = None,
                              name: str | None = None) -> Tensor:
    """Where rows begin and end, from the number of the row of each value: [0, 0, 2] -> [0, 2, 2, 3].

    Args:
      segment_ids: int vector in ascending order.
      num_segments: how many rows there are; by default the last number tells.
      out_type: int32 or int64.
    """
    if out_type is None:
        out_type = next((value.dtype for value in (segment_ids, num_segments) if isinstance(value, Tensor)),
                        dtypes.int64)
    out_type = dtypes.as_dtype(out_type)
    with name_scope(name, "SegmentIdsToRaggedSplits", [segment_ids]):
        segment_ids = int_tensor(segment_ids, "segment_ids")
        segment_ids.shape.assert_has_rank(1)
        if num_segments is not None:
            num_segments = int_tensor(num_segments, "num_segments")
            num_segments.shape.assert_has_rank(0)
        lengths = api.math.bincount(segment_ids, minlength=num_segments, maxlength=num_segments, dtype=out_type)
        splits = api.concat([[0], api.cumsum(lengths)], axis=0)
        known = None if num_segments is None else constant_value(num_segments)
        if known is not None:
            splits.set_shape([known + 1])
        return splits
