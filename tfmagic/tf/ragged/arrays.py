"""Ragged tensors cut, joined and turned around: what array functions do with them."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.array import shape_ops
from tfmagic.tf.ragged.tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor, positive_axis


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Any:
    """A tensor or ragged tensor with one dimension of size 1 more.

    Raises:
      TypeError: `axis` is no integer.
      ValueError: there is no such dimension.
    """
    with name_scope(name, "RaggedExpandDims", [input]):
        input = convert_to_tensor_or_ragged_tensor(input, name="input")
        if isinstance(input, Tensor):
            return shape_ops.expand_dims(input, axis)
        rank = input.shape.ndims
        if rank is None and isinstance(axis, int) and axis < 0:
            raise ValueError("axis may only be negative if ndims is statically known.")
        axis = positive_axis(axis, None if rank is None else rank + 1)
        if axis == 0:
            return RaggedTensor.from_row_splits(input, api.stack([0, input.nrows()]), validate=False)
        if axis == 1:
            return RaggedTensor.from_row_splits(input, api.range(input.nrows() + 1), validate=False)
        return input.with_values(expand_dims(input.values, axis - 1))
