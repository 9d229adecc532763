"""Rows of a tensor changed in place, or in a copy: `tensorflow.python.ops.inplace_ops`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw


def _changed(change: Callable[..., Tensor], x: Any, i: Any, v: Any) -> Tensor:
    """`x` after `change` of its rows `i` by `v`.

    Args:
      x: the tensor that is changed.
      i: the rows, int32: a vector, one number, or None for all of it.
      v: what each row is changed by; without the first dimension where `i` is one number.
    """
    x = convert_to_tensor(x)
    v = convert_to_tensor(v, x.dtype)
    if i is None:
        whole = change(api.reshape(x, [1, -1]), [0], api.reshape(v, [1, -1]))
        return api.reshape(whole, api.shape(x))
    i = api.cast(i, dtypes.int32)
    if i.get_shape().ndims == 0:
        return change(x, api.reshape(i, [1]), api.expand_dims(v, 0))
    return change(x, i, v)


def alias_inplace_update(x: Any, i: Any, v: Any) -> Tensor:
    """`x` with rows that are those of `v`; `x` itself is changed."""
    return _changed(raw.inplace_update, x, i, v)


def alias_inplace_add(x: Any, i: Any, v: Any) -> Tensor:
    """`x` with rows to which those of `v` are added; `x` itself is changed."""
    return _changed(raw.inplace_add, x, i, v)


def alias_inplace_sub(x: Any, i: Any, v: Any) -> Tensor:
    """`x` with rows from which those of `v` are subtracted; `x` itself is changed."""
    return _changed(raw.inplace_sub, x, i, v)


def inplace_update(x: Any, i: Any, v: Any) -> Tensor:
    """A copy of `x` with rows that are those of `v`."""
    return alias_inplace_update(raw.deep_copy(x), i, v)


def inplace_add(x: Any, i: Any, v: Any) -> Tensor:
    """A copy of `x` with rows to which those of `v` are added."""
    return alias_inplace_add(raw.deep_copy(x), i, v)


def inplace_sub(x: Any, i: Any, v: Any) -> Tensor:
    """A copy of `x` with rows from which those of `v` are subtracted."""
    return alias_inplace_sub(raw.deep_copy(x), i, v)


def empty_like(x: Any, init: Any = None) -> Tensor:
    """A tensor of the shape and type of `x`; with `init`, of zeros."""
    x = convert_to_tensor(x)
    return raw.empty(api.shape(x), x.dtype, init=init)
