"""Numbers that transformations take, as tensors, and what is known of them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.shapes import as_shape
from tfmagic.graph import static_value
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor


def int64(value: Any, name: str) -> Tensor:
    """A number as an int64 tensor."""
    return convert_to_tensor(value, dtypes.int64, name)


def fixed_size(size: Tensor, drop: Tensor) -> int | None:
    """The size of every batch, where it is known and the last is not smaller."""
    dropped, known = static_value.constant_value(drop), static_value.constant_value(size)
    return int(known) if dropped is not None and bool(dropped) and known is not None else None


def optional_param_to_tensor(argument_name: str, argument_value: Any, argument_default: Any = 0,
                             argument_dtype: Any = dtypes.int64) -> Tensor:
    """An argument as a tensor; where it is None, its default as a constant."""
    if argument_value is None:
        return constant(argument_default, argument_dtype, name=argument_name)
    return convert_to_tensor(argument_value, argument_dtype, argument_name)


def partial_shape_to_tensor(shape_like: Any) -> Tensor:
    """A shape as an int64 vector; -1 where a size is open.

    Args:
      shape_like: a shape, a list of sizes, or an int64 vector.

    Raises:
      ValueError: its rank is unknown, or it is no vector.
      TypeError: it is a tensor of another type.
    """
    return shape_vector(shape_like, "The given shape", "the ")


def shape_vector(shape_like: Any, what: str, whose: str) -> Tensor:
    """The same; `what` and `whose` are the words of its messages."""
    try:
        shape = as_shape(shape_like)
        return convert_to_tensor([-1 if size is None else size for size in shape.as_list()] if shape.ndims is not None
                                 else shape, dtypes.int64)
    except (TypeError, ValueError):
        tensor = convert_to_tensor(shape_like, preferred_dtype=dtypes.int64)
        if tensor.shape.ndims is not None and tensor.shape.ndims != 1:
            raise ValueError(f"{what} {shape_like} must be a 1-D tensor of tf.int64 values, but {whose}shape was "
                             f"{tensor.shape}.") from None
        if tensor.dtype is not dtypes.int64:
            raise TypeError(f"{what} {shape_like} must be a 1-D tensor of tf.int64 values, but {whose}element type was "
                            f"{tensor.dtype.name}.") from None
        return tensor
