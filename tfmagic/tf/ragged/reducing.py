"""Sums and other aggregates over dimensions and segments of ragged tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated_argument_lookup
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_max
from tfmagic.tf.ragged.flat import map_flat_values, of_one_splits_type, same_splits
from tfmagic.tf.ragged.making import range_
from tfmagic.tf.ragged.segments import row_splits_to_segment_ids
from tfmagic.tf.ragged.tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor, is_ragged, positive_axis

# --- segments ---------------------------------------------------------------------------------------------------


def _aggregate(op: Callable[..., Any], data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    """An aggregate over the rows that have the same segment number: ragged rows are aggregated place by place."""
    if not (is_ragged(data) or is_ragged(segment_ids)):
        return op(data, segment_ids, num_segments, name=name)
    with name_scope(name, "RaggedSegment", [data, segment_ids, num_segments]):
        data = convert_to_tensor_or_ragged_tensor(data, name="data")
        segment_ids = convert_to_tensor_or_ragged_tensor(segment_ids, name="segment_ids")
        data, segment_ids = of_one_splits_type(data, segment_ids)
        if segment_ids.dtype not in (dtypes.int32, dtypes.int64):
            raise ValueError("segment_ids must have dtype int32 or int64.")
        if is_ragged(segment_ids):
            if not is_ragged(data):
                raise ValueError("when segment_ids is ragged, data must also be ragged.")
            with api.control_dependencies(same_splits([[segment_ids.row_splits], [data.row_splits]],
                                                  "segment_ids.shape must be a prefix of data.shape")):
                return _aggregate(op, data.values, segment_ids.values, num_segments)
        splits = data.row_splits
        lengths = splits[1:] - splits[:-1]
        longest = raw.maximum(raw.unsorted_segment_max(lengths, segment_ids, num_segments), 0)
        ends = api.concat([constants.zeros([1], dtype=splits.dtype), api.cumsum(longest)], axis=0)
        starts = api.gather(ends, segment_ids)
        places = range_(starts, starts + lengths).values
        return RaggedTensor.from_row_splits(_aggregate(op, data.values, places, ends[-1]), ends, validate=False)


def _segments(function: str, scope: str) -> Callable[..., Any]:
    op = getattr(raw, function)

    def answer(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
        return _aggregate(op, data, segment_ids, num_segments, name or scope)

    return answer


segment_max = _segments("unsorted_segment_max", "RaggedSegmentMax")
segment_min = _segments("unsorted_segment_min", "RaggedSegmentMin")
segment_prod = _segments("unsorted_segment_prod", "RaggedSegmentProd")
segment_sum = _segments("unsorted_segment_sum", "RaggedSegmentSum")


def _divided(total: Any, divisor: Any) -> Any:
    if is_ragged(total):
        return total.with_flat_values(total.flat_values / divisor)
    return total / divisor


def _ones(data: Any) -> Any:
    ones = constants.ones_like(data.flat_values)
    return RaggedTensor.from_nested_row_splits(ones, data.nested_row_splits, validate=False)


def _flat(value: Any) -> Any:
    return value.flat_values if is_ragged(value) else value


def segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    """The mean of the rows of each segment."""
    with name_scope(name, "RaggedSegmentMean", [data, segment_ids, num_segments]):
        total = segment_sum(data, segment_ids, num_segments)
        count = segment_sum(_ones(data), segment_ids, num_segments)
        return _divided(total, _flat(count))


def segment_sqrt_n(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    """The sum of the rows of each segment over the square root of their number."""
    with name_scope(name, "RaggedSegmentSqrtN", [data, segment_ids, num_segments]):
        total = segment_sum(data, segment_ids, num_segments)
        count = segment_sum(_ones(data), segment_ids, num_segments)
        return _divided(total, raw.sqrt(_flat(count)))


# --- dimensions -------------------------------------------------------------------------------------------------


def _over(reduce: Callable[..., Any], segments: Callable[..., Any], data: Any, axis: Any, keepdims: Any = None,
          name: str | None = None) -> Any:
    """An aggregate over dimensions, by those of tensors and of segments.

    Raises:
      ValueError: dimensions are to be kept, or the axis is not known while the graph is built.
    """
    if not is_ragged(data):
        return reduce(data, axis, name=name)
    if keepdims:
        raise ValueError("keepdims=True is not supported for RaggedTensors.")
    if isinstance(axis, Tensor):
        axis = constant_value(axis)
        if axis is None:
            raise ValueError("axis must be known at graph construction time.")
    if isinstance(axis, (np.ndarray, np.generic)):
        axis = axis.tolist()
    if axis is None:
        return reduce(data.flat_values, None, name=name)
    with name_scope(name, "RaggedReduce", [data, axis]):
        if isinstance(axis, (list, tuple)):
            if not axis:
                return data
            if len(axis) > 1:
                axis = sorted(positive_axis(each, data.shape.ndims) for each in axis)
                inner = _over(reduce, segments, data, axis[-1])
                return _over(reduce, segments, inner, axis[:-1])
            axis = axis[0]
        data = convert_to_tensor_or_ragged_tensor(data, name="rt_input")
        axis = positive_axis(axis, data.shape.ndims)
        splits = data.row_splits
        if axis == 0:
            lengths = splits[1:] - splits[:-1]
            longest = raw.maximum(reduce_max(lengths), 0)
            places = range_(lengths, row_splits_dtype=splits.dtype).values
            return _aggregate(segments, data.values, places, longest)
        if axis == 1:
            rows = shape_ops.shape(splits)[0] - 1
            return _aggregate(segments, data.values, row_splits_to_segment_ids(splits), rows)
        return data.with_values(_over(reduce, segments, data.values, axis - 1))


def _reduction(reduce: str, segments: str, scope: str) -> Callable[..., Any]:
    def answer(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
               reduction_indices: Any = None, keep_dims: Any = None) -> Any:
        axis = deprecated_argument_lookup("axis", axis, "reduction_indices", reduction_indices)
        keepdims = deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims)
        return _over(getattr(api, reduce), getattr(raw, segments), input_tensor, axis, keepdims, name or scope)

    return answer


reduce_sum = _reduction("reduce_sum", "unsorted_segment_sum", "RaggedReduceSum")
reduce_prod = _reduction("reduce_prod", "unsorted_segment_prod", "RaggedReduceProd")
reduce_min_of = _reduction("reduce_min", "unsorted_segment_min", "RaggedReduceMin")
reduce_max_of = _reduction("reduce_max", "unsorted_segment_max", "RaggedReduceMax")


def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
                reduction_indices: Any = None, keep_dims: Any = None) -> Any:
    """The mean over dimensions."""
    axis = deprecated_argument_lookup("axis", axis, "reduction_indices", reduction_indices)
    keepdims = deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims)
    with name_scope(name, "RaggedReduceMean", [input_tensor, axis]):
        total = reduce_sum(input_tensor, axis, keepdims)
        count = reduce_sum(_ones(input_tensor), axis, keepdims)
        return _divided(total, _flat(count))


def _truth(reduce: Callable[..., Any], scope: str) -> Callable[..., Any]:
    def answer(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
               reduction_indices: Any = None, keep_dims: Any = None) -> Any:
        axis = deprecated_argument_lookup("axis", axis, "reduction_indices", reduction_indices)
        keepdims = deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims)
        with name_scope(name, scope, [input_tensor, axis]):
            numbers = map_flat_values(cast, input_tensor, dtypes.int32)
            return map_flat_values(cast, reduce(numbers, axis, keepdims), dtypes.bool_)

    return answer


reduce_any = _truth(reduce_sum, "RaggedReduceAny")
reduce_all = _truth(reduce_prod, "RaggedReduceAll")


def reduce_join(inputs: Any, axis: Any = None, keep_dims: Any = False, separator: str = "", name: str | None = None,
                reduction_indices: Any = None, keepdims: Any = None) -> Any:
    """Strings joined over dimensions."""
    axis = deprecated_argument_lookup("axis", axis, "reduction_indices", reduction_indices)

    def join(data: Any, axis: Any, name: str | None = None) -> Any:
        return api.strings.reduce_join(data, axis, separator=separator, name=name)

    def join_segments(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
        return raw.unsorted_segment_join(data, segment_ids, num_segments, separator=separator, name=name)

    return _over(join, join_segments, inputs, axis, keepdims or keep_dims, name or "RaggedSegmentJoin")
