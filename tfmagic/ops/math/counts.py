"""Counting values: Bincount, HistogramFixedWidth, Bucketize, `tf.bincount`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_int
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.array.indices import require
from tfmagic.ops.declare import op, register
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_max, reduce_prod
from tfmagic.ops.shape_rules import same, with_rank
from tfmagic.ops.tensor_function import tensor_function
from tfmagic.ops.torch_types import torch_dtype


def _explain_bincount(op: Any, arr: Any, size: Any, weights: Any) -> str | None:
    return "Input arr must be non-negative!" if bool((arr < 0).any()) else None


@op("Bincount", host="size", traced="shapes", explain=_explain_bincount)
class Bincount:
    """How often each number below `size` occurs, or the sum of the weights there."""

    def shape(op: Any, arr: Dims, size: Dims, weights: Dims) -> Dims:
        with_rank(size, 0)
        known = static_int(op.size)
        if known is not None and known < 0:
            raise ValueError(f"size ({known}) must be non-negative")
        return (known,)

    def kernel(op: Any, arr: Any, size: int, weights: Any) -> Any:
        if size < 0:
            raise errors.InvalidArgumentError(None, op.op, f"size ({size}) must be non-negative")
        flat = arr.reshape(-1).to(torch.int64)
        require(flat, lambda: flat >= 0)
        if not weights.numel():
            return how_often(torch.clamp(flat, max=size), size + 1)[:size].to(torch_dtype(op.T))
        known = flat < size
        values = weights.reshape(-1)
        return torch.zeros(size, dtype=torch_dtype(op.T), device=arr.device).index_add(0, flat[known], values[known])

    def static(op: Any, arr: Any, size: Any, weights: Any) -> Any:
        if weights.size or arr.size and arr.min() < 0 or int(size) < 0:
            return None
        return np.bincount(arr[arr < int(size)].ravel(), minlength=int(size)).astype(op.T.as_numpy_dtype)


@tensor_function(meta=lambda places, size: places.new_empty((size,)))
def how_often(places: Any, size: int) -> Any:
    """How often each number below `size` occurs among some that are all in [0, size), int64 [any] -> [size]."""
    if places.is_cuda:  # which would be waited for
        return places.new_zeros((size,)).index_add(0, places, torch.ones_like(places))
    return torch.bincount(places, minlength=size)


def _explain_histogram(op: Any, values: Any, value_range: Any, nbins: Any) -> str | None:
    low, high = value_range.tolist()
    return None if low < high else ("value_range should satisfy value_range[0] < value_range[1], but got "
                                    f"'[{low:g}, {high:g}]'")


def _refused_histogram(op: Any, values: Any, value_range: Any, nbins: Any) -> str | None:
    if len(value_range) != 1:
        return "value_range should be a vector."
    if value_range != (2,):
        return "value_range should be a vector of 2 elements."
    return "nbins should be a scalar." if nbins else None


@op("HistogramFixedWidth", host="nbins", traced="shapes", check=_refused_histogram, explain=_explain_histogram)
class HistogramFixedWidth:
    """How many values fall into each of `nbins` bins of equal width; those outside count in the outermost ones."""

    def shape(op: Any, values: Dims, value_range: Dims, nbins: Dims) -> Dims:
        (size,) = with_rank(value_range, 1)
        if size not in (None, 2):
            raise ValueError(f"Dimension must be 2 but is {size}")
        with_rank(nbins, 0)
        known = static_int(op.nbins)
        if known is not None and known <= 0:
            raise ValueError(f"Requires nbins > 0: {known}")
        return (known,)

    def kernel(op: Any, values: Any, value_range: Any, nbins: int) -> Any:
        low, high = value_range[0].to(torch.float64), value_range[1].to(torch.float64)
        require(low, lambda: low < high)
        if nbins <= 0:
            raise errors.InvalidArgumentError(None, op.op, f"nbins should be a positive number, but got '{nbins}'")
        step = (high - low) / nbins
        place = torch.floor((values.reshape(-1).to(torch.float64) - low) / step).clamp(0, nbins - 1).to(torch.int64)
        return how_often(place, nbins).to(torch_dtype(op.dtype))


def _bucketize(op: Any, x: Any) -> Any:
    if sorted(op.boundaries) != list(op.boundaries):
        raise errors.InvalidArgumentError(None, op.op, "Expected sorted boundaries")
    borders = torch.tensor(op.boundaries, dtype=torch.float32).to(torch.float64)  # a constant of the plan
    return torch.bucketize(x.to(torch.float64), borders, right=True, out_int32=True)


register("Bucketize", same, _bucketize)


# --- public functions ------------------------------------------------------------------------------------------


@export("math.bincount")
def bincount(arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None,
             dtype: Any = dtypes.int32) -> Tensor:
    """Counts how often each number occurs.

    Args:
      arr: an int32 tensor of numbers that are not negative.
      weights: a tensor of the shape of `arr`: what each occurrence counts.
      minlength: the least length of the result.
      maxlength: its largest length; greater numbers are not counted.
      dtype: the type of the result without weights.

    Returns:
      A vector: entry i says how often i occurs.
    """
    return bincount_v2(arr, weights, minlength, maxlength, dtype)


def bincount_v2(arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None,
                dtype: Any = dtypes.int32, name: str | None = None) -> Tensor:
    """`tf.math.bincount`, under a name."""
    with name_scope("bincount" if name is None else name):
        arr = convert_to_tensor(arr, name="arr", dtype=dtypes.int32)
        not_empty = reduce_prod(shape_ops.shape(arr)) > 0
        size = cast(not_empty, dtypes.int32) * (reduce_max(arr) + 1)
        if minlength is not None:
            minlength = convert_to_tensor(minlength, name="minlength", dtype=dtypes.int32)
            size = raw.maximum(minlength, size)
        if maxlength is not None:
            maxlength = convert_to_tensor(maxlength, name="maxlength", dtype=dtypes.int32)
            size = raw.minimum(maxlength, size)
        if weights is not None:
            return raw.unsorted_segment_sum(convert_to_tensor(weights, name="weights"), arr, size)
        return raw.bincount(arr, size, api.constant([], dtypes.as_dtype(dtype)))


@export("histogram_fixed_width")
def histogram_fixed_width(values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32,
                          name: str | None = None) -> Tensor:
    """How many values fall into each of `nbins` bins of equal width.

    Args:
      values: a tensor of numbers.
      value_range: two numbers of the same type: where the first bin begins and the last one ends. Values outside count
        in these two.
      nbins: how many bins there are.
      dtype: the type of the counts.
    """
    with name_scope(name, "histogram_fixed_width", [values, value_range, nbins]) as scope:
        return raw.histogram_fixed_width(values, value_range, nbins, dtype=dtype, name=scope)
