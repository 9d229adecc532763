"""Where along an axis the largest or smallest numbers stand, as ArgMax and ArgMin find them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.base.machine.extremes import place_of_extreme
from tfmagic.ops.tensor_function import tensor_function

# From so many numbers on NumPy finds them in less time than torch.
_MANY = 1 << 11


def _meta(x: Any, axis: int, highest: bool, kind: Any) -> Any:
    """A meta tensor of the result; torch tells what is wrong with an axis."""
    rank = x.dim()
    if not -rank <= axis < rank or not x.shape[axis]:
        return torch.argmax(x, axis).to(kind)
    axis %= rank
    return x.new_empty((*x.shape[:axis], *x.shape[axis + 1:]), dtype=kind)


@tensor_function(meta=_meta)
def place_along(x: Any, axis: int, highest: bool, kind: Any) -> Any:
    """The places along an axis at which the largest numbers stand (else the smallest), the first of equal ones.

    Comparisons begin at the last finite number: what is not further, as NaN never is, is like it.
    """
    rank = x.dim()
    if x.is_cuda or not -rank <= axis < rank or not x.shape[axis]:
        return _by_torch(x, axis, highest, kind)
    axis %= rank
    found = place_of_extreme(x, axis, highest, kind)
    if found is None:
        found = _by_numpy(x, axis, highest)
    return _by_torch(x, axis, highest, kind) if found is None else found.to(kind)


def _by_numpy(x: Any, axis: int, highest: bool) -> Any:
    """The same where that is quicker than torch, and all that is found is beyond where comparisons begin; else None."""
    if x.numel() < _MANY or x.dtype not in (torch.float32, torch.float64):
        return None
    numbers, last = x.numpy(), torch.finfo(x.dtype).max
    places = np.asarray((numbers.argmax if highest else numbers.argmin)(axis))  # of a vector it is no array
    found = np.take_along_axis(numbers, np.expand_dims(places, axis), axis)
    return torch.from_numpy(places) if ((found > -last) if highest else (found < last)).all() else None


def _by_torch(x: Any, axis: int, highest: bool, kind: Any) -> Any:
    if x.is_floating_point():
        last = torch.finfo(x.dtype).max
        x = torch.nan_to_num(x, -last if highest else last)
    return (torch.argmax if highest else torch.argmin)(x, axis).to(kind)
