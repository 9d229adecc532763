"""Tensors that are longer along one axis by a value before or behind."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api


def pad(x: Tensor, axis: int, front: bool = False, back: bool = False, value: Any = 0, count: Any = 1) -> Tensor:
    """`x` with a value before or behind along an axis.

    Args:
      x: the tensor.
      axis: along which, counted from the end.
      front: whether one comes before.
      back: whether one comes behind.
      value: the value.
      count: how many times it comes.
    """
    with name_scope("pad", values=[x, value]):
        value = convert_to_tensor(value, dtype=x.dtype, name="value")
        count = convert_to_tensor(count, dtype=dtypes.int32, name="count")
        rank = x.get_shape().ndims
        ndims: Any = api.rank(x, name="ndims") if rank is None else rank
        convert_to_tensor(axis, name="axis")
        axis = ndims + axis
        on = [axis if front else -1, axis if back else -1]
        paddings = api.one_hot(api.stack(on, axis=0), depth=ndims, axis=0, on_value=count,
                               dtype=dtypes.int32)
        return api.pad(x, paddings=paddings, constant_values=value)
