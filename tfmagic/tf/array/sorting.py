"""tf.sort and tf.argsort, made of top_k along the last axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.ops.array import shape_ops
from tfmagic.ops.nn.top_k import top_k


def _descending(values: Tensor, axis: Any, wants_places: bool) -> Tensor:
    count = shape_ops.shape(values)[axis]
    ranks = shape_ops.rank(values)
    rank = values.get_shape().ndims
    transpose = api.transpose
    order: Any = None
    if not (axis == -1 or (rank is not None and axis + 1 == rank)):
        if axis < 0:
            axis += rank if rank is not None else ranks
        if rank is not None:
            order = constant(np.r_[np.arange(axis), [rank - 1], np.arange(axis + 1, rank - 1), [axis]],
                             name="transposition")
        else:
            every = api.range
            order = api.concat([every(axis), [ranks - 1], every(axis + 1, ranks - 1), [axis]], axis=0)
    found = top_k(values if order is None else transpose(values, order), count)
    result = found.indices if wants_places else found.values
    return result if order is None else transpose(result, order)


def _sorted(values: Any, axis: Any, direction: str, wants_places: bool) -> Tensor:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"{direction} should be one of ASCENDING, DESCENDING")
    axis = convert_to_tensor(axis, name="axis")
    known = constant_value(axis)
    if axis.get_shape().ndims != 0 or known is None:
        raise ValueError("axis must be a constant scalar")
    values = convert_to_tensor(values, name="values")
    if direction == "DESCENDING":
        return _descending(values, int(known), wants_places)
    result = _descending(-values, int(known), wants_places)
    return result if wants_places else -result


@export("sort")
def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """Sorts along an axis.

    Args:
      values: a tensor of real numbers.
      axis: the axis.
      direction: "ASCENDING" or "DESCENDING".

    Returns:
      A tensor of the same shape and type.

    Raises:
      ValueError: the axis is no constant, or there is no such direction.
    """
    with name_scope(name, "sort"):
        return _sorted(values, axis, direction, False)


@export("argsort")
def argsort(values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False,
            name: str | None = None) -> Tensor:
    """Finds the places of elements in sorted order along an axis.

    Args:
      values: a tensor of real numbers.
      axis: the axis.
      direction: "ASCENDING" or "DESCENDING".
      stable: equal elements keep their order in any case.

    Returns:
      An int32 tensor of the same shape.

    Raises:
      ValueError: the axis is no constant, or there is no such direction.
    """
    with name_scope(name, "argsort"):
        return _sorted(values, axis, direction, True)
