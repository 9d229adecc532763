"""The largest value of each window, as TensorFlow's kernels on a CPU find it: by comparisons that NaN loses.

torch hands on a NaN that it meets; on a CUDA device TensorFlow does too. Values are in torch's layout, channels first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.ops.nn.windows import Geometry, counted, padded, unpadded
from tfmagic.ops.tensor_function import tensor_function

# What MaxPool3DGrad takes for the same number.
_ALIKE = 1e-5


def rounds_up(geometry: Geometry) -> bool | None:
    """Whether torch gives this padding by rounding its output size up (None: no padding of its own does it).

    One more element of padding at the end than at the beginning is what a window that overhangs gives.
    """
    uneven = [a - b for b, a in zip(geometry.before, geometry.after)]
    if not any(uneven):
        return False
    if all(u == 0 or (u == 1 and s > 1) for u, s in zip(uneven, geometry.stride)):
        return True
    return None


def _as_torch_has_it(x: Any, *geometry: Any) -> Any:
    function = torch.ops.aten.max_pool2d_with_indices if x.dim() == 4 else torch.ops.aten.max_pool3d_with_indices
    return function(x, *geometry)


def meta(
    x: Any, size: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], up: bool
) -> Any:
    """The shapes of what `largest_of_windows` gives, as meta tensors."""
    numbers = zip(x.shape[2:], size, stride, padding, dilation, strict=True)
    dims = [*x.shape[:2], *(counted(*each, up) for each in numbers)]
    return x.new_empty(dims), x.new_empty(dims, dtype=torch.int64)


@tensor_function(meta=meta)
def largest_of_windows(
    x: Any, size: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], up: bool
) -> Any:
    """The largest values, and where they stand in the plane (or the volume).

    A plane's values are at least the type's lowest finite number, and its place is the first of a window where that is
    NaN. For windows of finite numbers this is what torch says.

    Args:
      x: [batch, channels, ...].
      size, stride, padding, dilation: numbers per spatial dimension.
      up: whether the count of windows is rounded up.
    """
    geometry = (size, stride, padding, dilation, up)
    values, places = _as_torch_has_it(x, *geometry)
    if x.is_cuda or math.isfinite(torch.sum(values, dtype=torch.float64).item()):
        return values, places
    number = torch.where(torch.isnan(x), -math.inf, x)
    values, places = _as_torch_has_it(number, *geometry)
    if x.dim() != 4:
        return values, places
    first = _as_torch_has_it(torch.zeros_like(x), *geometry)[1]
    begins_so = torch.isnan(_at(x, first))
    return values.clamp(min=torch.finfo(x.dtype).min), torch.where(begins_so, first, places)


def _at(x: Any, places: Any) -> Any:
    """The values of `x` at places in its planes."""
    return torch.gather(x.flatten(2), 2, places.flatten(2)).reshape(places.shape)


def largest(x: Any, geometry: Geometry) -> tuple[Any, Any]:
    """The largest values, and where they stand in the (perhaps padded) plane."""
    up = rounds_up(geometry)
    before = geometry.before
    if up is None:
        x, before, up = padded(x, geometry, -math.inf), [0] * len(geometry.size), False
    values, places = largest_of_windows(x, geometry.size, geometry.stride, before, geometry.dilation, up)
    return values, places


def chosen(x: Any, places: Any, geometry: Geometry) -> Any:
    """The values at the places of `largest`."""
    return _at(padded(x, geometry, -math.inf) if rounds_up(geometry) is None else x, places)


def taken(x: Any, y: Any, other: Any, geometry: Geometry) -> Any:
    """Of another tensor of the shape of `x` what stands where `x` is first the largest of its window, if that is `y`;
    else zero."""
    number = torch.where(torch.isnan(x), -math.inf, x)
    places = largest(number, geometry)[1]
    if rounds_up(geometry) is None:
        x, other = padded(x, geometry, -math.inf), padded(other, geometry)
    return torch.where(_at(x, places) == y, _at(other, places), 0)


@tensor_function(meta=lambda x, *others: x)
def _whole_to_each(x: Any, y: Any, dy: Any, size: Sequence[int], stride: Sequence[int]) -> Any:
    total = torch.zeros_like(x)
    for corner in itertools.product(*map(range, size)):
        where = (
            ...,
            *(slice(at, at + step * (count - 1) + 1, step) for at, step, count in zip(corner, stride, y.shape[2:])),
        )
        total[where] += torch.where((x[where] - y).abs() < _ALIKE, dy, 0)
    return total


def spread_over_volumes(x: Any, y: Any, dy: Any, geometry: Geometry) -> Any:
    """The gradient of the largest of each window of volumes: all that are as large get it whole."""
    total = _whole_to_each(padded(x, geometry, math.nan), y, dy, geometry.size, geometry.stride)
    return unpadded(total, geometry)
