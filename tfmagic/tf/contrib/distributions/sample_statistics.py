"""Statistics of samples: percentiles, and how a series correlates with itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.padding import pad
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.linalg.operators.broadcasting import rotate_transpose

_NEAREST = {"nearest": api.math.round, "lower": api.math.ceil, "higher": api.math.floor}


@export("contrib.distributions.auto_correlation")
def auto_correlation(x: Any, axis: int = -1, max_lags: Any = None, center: bool = True, normalize: bool = True,
                     name: str = "auto_correlation") -> Tensor:
    """The means of products of a series with itself, shifted.

    Args:
      x: a floating or complex tensor.
      axis: along which the series run.
      max_lags: by how many places they are shifted at most; by all.
      center: whether their mean is subtracted first.
      normalize: whether all is divided by what stands for no shift.
      name: of the scope.

    Returns:
      A tensor that has `max_lags + 1` elements along the axis.

    Raises:
      TypeError: `x` is neither floating nor complex.
    """
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        rank: Any = api.rank(x)
        known = constant_value(rank)
        rank = rank if known is None else np.int64(known)
        axis = rank + axis if axis < 0 else axis
        shift = rank - 1 - axis
        series = rotate_transpose(x, shift)
        if center:
            series -= api.reduce_mean(series, axis=-1, keep_dims=True)
        size: Any = api.shape(series)
        known = constant_value(size)
        size = size[-1] if known is None else known[-1]
        dtype = x.dtype
        # As many zeros that no product goes round from the end to the start.
        real_size = api.cast(size, dtypes.float64)
        padded_size = api.pow(np.float64(2.0), api.ceil(api.log(real_size * 2) / np.log(2.0)))
        series_padded = pad(series, axis=-1, back=True, count=api.cast(padded_size - real_size, dtypes.int32))
        if not dtype.is_complex:
            if not dtype.is_floating:
                raise TypeError(f"Argument x must have either float or complex dtype found: {dtype}")
            series_padded = api.complex(series_padded, dtype.real_dtype.as_numpy_dtype(0.0))
        spectrum = api.fft(series_padded)
        products = api.cast(api.ifft(spectrum * api.conj(spectrum)), dtype)
        lags = _lags(size, max_lags, series.get_shape().is_fully_defined())
        products = products[..., :lags + 1]
        counts: Any = (api.cast(size, dtype.real_dtype)
                       - api.range(0.0, api.cast(lags, dtype.real_dtype) + 1.0))
        if dtype.is_complex:
            counts = api.cast(counts, dtype)
        means = products / counts
        if normalize:
            means /= means[..., :1]
        return rotate_transpose(means, -shift)


def _lags(size: Any, max_lags: Any, is_known: bool) -> Any:
    if max_lags is None:
        return size - 1 if isinstance(size, Tensor) else np.int64(size) - 1
    tensor = convert_to_tensor(max_lags, name="max_lags")
    known = constant_value(tensor)
    if known is None or not is_known:
        return api.minimum(size - 1, tensor)
    found = min(np.int64(size) - 1, known)
    return float(found) if np.issubdtype(found.dtype, np.floating) else found


@export("contrib.distributions.percentile")
def percentile(x: Any, q: Any, axis: Any = None, interpolation: str | None = None, keep_dims: bool = False,
               validate_args: bool = False, name: str | None = None) -> Tensor:
    """The number below which some percent of the others lie.

    Args:
      x: a numeric tensor.
      q: the percentage, a scalar.
      axis: an int or a list of ints: over which dimensions; over all.
      interpolation: which number is taken of the two next to it: "nearest", "lower" or "higher".
      keep_dims: whether the dimensions stay, with size 1.
      validate_args: whether `q` is found to be between 0 and 100 in each run.
      name: of the scope.

    Raises:
      ValueError: an unknown `interpolation`, a `q` that is no scalar, an axis that is not there or not known.
    """
    interpolation = "nearest" if interpolation is None else interpolation
    if interpolation not in _NEAREST:
        raise ValueError("Argument 'interpolation' must be in set(['nearest', 'lower', 'higher']).  Found "
                         f"{interpolation}")
    with name_scope(name or "percentile", values=[x, q]):
        x = convert_to_tensor(x, name="x")
        q = api.cast(q, dtypes.float64, name="q")
        _known_rank(q, exactly=0, required=False)
        if validate_args:
            q = after([api.debugging.assert_rank(q, 0),
                       api.debugging.assert_greater_equal(q, api.cast(0.0, dtypes.float64)),
                       api.debugging.assert_less_equal(q, api.cast(100.0, dtypes.float64))], q)
        axes: list[int] | None = None
        if axis is None:
            y = api.reshape(x, [-1])
        else:
            axes = _known_axes(axis, x)
            y = _flat_at_the_end(x, axes)
        above = 1.0 - q / 100.0
        place = _NEAREST[interpolation]((api.cast(api.shape(y)[-1], dtypes.float64) - 1.0) * above)
        size = api.shape(y)[-1]
        index = api.clip_by_value(api.cast(place, dtypes.int32), 0, size - 1)
        found = api.nn.top_k(y, k=api.shape(y)[-1], sorted=True)[0][..., index]
        if keep_dims and axes is None:
            return api.reshape(found, api.ones(shape=[api.rank(x) if x.get_shape().ndims is None
                                                      else x.get_shape().ndims], dtype=dtypes.int32))
        for place in sorted(axes or []) if keep_dims else []:
            found = api.expand_dims(found, axis=place)
        return found


def _known_rank(x: Tensor, exactly: int | None = None, at_most: int | None = None, required: bool = True) -> int:
    rank = x.get_shape().ndims
    if rank is None:
        shape = constant_value(api.shape(x))
        rank = None if shape is None else len(shape)
    if rank is None:
        if required:
            raise ValueError(f"Expected argument 'x' to have statically defined 'ndims'.  Found: \n{x}")
        return 0
    if exactly is not None and rank != exactly:
        raise ValueError(f"Expected argument 'x' to have ndims {exactly}.  Found tensor {x}")
    if at_most is not None and rank > at_most:
        raise ValueError(f"Expected argument 'x' to have ndims <= {at_most}.  Found tensor {x}")
    return rank


def _known_axes(axis: Any, x: Tensor) -> list[int]:
    tensor = convert_to_tensor(axis, name="axis")
    api.debugging.assert_integer(tensor)
    rank = _known_rank(tensor, at_most=1)
    known = constant_value(tensor)
    if known is None:
        raise ValueError(f"Expected argument 'axis' to be statically available.  Found: {tensor}")
    axes = [int(known)] if rank == 0 else [int(place) for place in known]
    ndims = _known_rank(x)
    for place in axes:
        if not -ndims <= place < ndims:
            raise ValueError(f"dim {place} not in the interval [0, {ndims - 1}].")
    return [ndims + place if place < 0 else place for place in axes]


def _flat_at_the_end(x: Tensor, axes: list[int]) -> Tensor:
    """`x` with the dimensions in `axes` as one, the last."""
    rank = x.get_shape().ndims or 0
    front = sorted(set(range(rank)) - set(axes))
    turned = api.transpose(x, perm=front + axes)
    if x.get_shape().is_fully_defined():
        dims: list[Any] = x.get_shape().as_list()
        return api.reshape(turned, [dims[place] for place in front] + [int(np.prod([dims[place] for place in axes]))])
    return api.reshape(turned, api.concat([api.shape(turned)[:len(front)], [-1]], axis=0))
