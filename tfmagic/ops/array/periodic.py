"""A tensor's elements dealt out over another shape, in turns along the axes that grow (an op of tf.contrib)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base.errors import invalid
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import raw
from tfmagic.ops.declare import op


def _wanted(shape: Any) -> list[int]:
    """The shape asked for, -1 for the axis that takes what is left."""
    return [-1 if size is None else size for size in shape.as_list()]


def _places(given: tuple[int, ...], wanted: list[int]) -> np.ndarray:
    """For each element of the result, the number of the element that it is.

    Raises:
      InvalidArgumentError: another rank, an axis that becomes shorter, or not exactly one axis left open.
    """
    if len(given) != len(wanted):
        raise invalid(f"periodic_resample expects the rank of the input tensor, {len(given)}, to be the same as the "
                      f"length of the desired shape, {len(wanted)}.")
    for axis, (before, after) in enumerate(zip(given, wanted)):
        if after != -1 and after < before:
            raise invalid("periodic_resample expects the size of non-adjustable dimensions be at least as large as "
                          f"size of input tensor. Dimension {axis} input tensor has size {before}, desired shape has "
                          f"size {after}.")
    if wanted.count(-1) > 1:
        raise invalid("periodic_resample expects only one index to be marked as adjustable.")
    if -1 not in wanted:
        raise invalid("periodic_resample expects at least one index to be marked as adjustable.")
    open_axis = wanted.index(-1)
    left = math.prod(given) // math.prod(size for size in wanted if size != -1)
    if left < 1:
        raise invalid(f"periodic_resample found that the adjustable dimension, {open_axis}, isn't greater than zero, "
                      f"{left}.")
    shape = [left if size == -1 else size for size in wanted]
    strides = [math.prod(given[axis + 1:]) for axis in range(len(given))]
    places = np.zeros(shape, np.int64)
    turns = 1
    for axis, size in enumerate(shape):
        number = np.arange(size).reshape([-1 if other == axis else 1 for other in range(len(shape))])
        if axis == open_axis:
            places = places + number * strides[axis]
            continue
        share = -(-size // given[axis])
        places = places + number // share * strides[axis] + number % share * turns * left * strides[open_axis]
        turns *= share
    if places.size and places.max() >= math.prod(given):
        # TensorFlow reads what lies in memory behind the tensor.
        raise invalid(f"periodic_resample of {list(given)} to {wanted} needs more elements than there are.")
    return places


@op("PeriodicResample")
class PeriodicResample:
    """Elements dealt out over another shape; the axis marked as open takes what the others leave."""

    def shape(op: Any, values: Dims) -> Dims:
        wanted = _wanted(op.shape)
        if values is None or None in values or len(values) != len(wanted):
            return tuple(None if size == -1 else size for size in wanted)
        left = math.prod(values) // max(1, math.prod(size for size in wanted if size != -1))  # type: ignore[arg-type]
        return tuple(left if size == -1 else size for size in wanted)

    def kernel(op: Any, values: Any) -> Any:
        places = torch.as_tensor(_places(tuple(values.shape), _wanted(op.shape)), device=values.device)
        return values.reshape(-1)[places]

    def gradient(op: Any, dy: Any) -> Any:
        return raw.periodic_resample_op_grad(dy, original_shape=op.values.shape, desired_shape=op.shape)


@op("PeriodicResampleOpGrad")
class PeriodicResampleOpGrad:
    """The gradient of `PeriodicResample`; of an element that is there twice, that of its last place."""

    def shape(op: Any, grad: Dims) -> Dims:
        return tuple(op.original_shape.as_list())

    def kernel(op: Any, grad: Any) -> Any:
        given = tuple(op.original_shape.as_list())
        places = _places(given, _wanted(op.desired_shape)).reshape(-1)
        last = {place: number for number, place in enumerate(places.tolist())}
        flat = grad.reshape(-1)
        index = torch.tensor(list(last), dtype=torch.int64, device=grad.device)
        source = torch.tensor(list(last.values()), dtype=torch.int64, device=grad.device)
        return grad.new_zeros(math.prod(given)).index_copy(0, index, flat[source]).reshape(given)


@export("contrib.periodic_resample.periodic_resample")
def periodic_resample(values: Any, shape: Any, name: str | None = None) -> Any:
    """Elements of a tensor dealt out over another shape, as a deconvolution by sub-pixels needs it.

    Args:
      values: a tensor of numbers.
      shape: as many sizes as it has axes, none smaller; one is None and takes what the others leave.

    Raises:
      tf.errors.InvalidArgumentError: when run: another shape.
    """
    return raw.periodic_resample(values, shape=shape, name=name)
