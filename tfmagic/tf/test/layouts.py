"""Layouts of images with vectors of four channels, as `test_util` has them."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.ops.array import shape_ops


def nhwc_to_nchw_vect_c(input_shape_or_tensor: Any) -> Any:
    """A shape, or a tensor, of images with the channels last as one with vectors of four channels last.

    Raises:
      ValueError: four does not divide the channels.
    """
    is_tensor = isinstance(input_shape_or_tensor, Tensor)
    shape = input_shape_or_tensor.shape.as_list() if is_tensor else list(input_shape_or_tensor)
    if shape[-1] % 4:
        raise ValueError("Last dimension of input must be evenly divisible by 4 to convert to NCHW_VECT_C.")
    rank = len(shape) - 2
    order = [0, rank + 1, *range(1, rank + 1), rank + 2]
    split = [*shape[:-1], shape[-1] // 4, 4]
    if is_tensor:
        return api.transpose(shape_ops.reshape(input_shape_or_tensor, split), order)
    return [split[axis] for axis in order]


def nchw_vect_c_to_nhwc(input_shape_or_tensor: Any) -> Any:
    """The inverse of `nhwc_to_nchw_vect_c`.

    Raises:
      ValueError: the last dimension is not four.
    """
    is_tensor = isinstance(input_shape_or_tensor, Tensor)
    shape = input_shape_or_tensor.shape.as_list() if is_tensor else list(input_shape_or_tensor)
    if shape[-1] != 4:
        raise ValueError("Last dimension of NCHW_VECT_C must be 4.")
    rank = len(shape) - 3
    order = [0, *range(2, rank + 2), 1, rank + 2]
    joined = [shape[0], *shape[2:-1], shape[1] * shape[-1]]
    return shape_ops.reshape(api.transpose(input_shape_or_tensor, order), joined) if is_tensor else joined
