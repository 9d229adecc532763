"""Sizes of states and outputs: shapes with a batch in front, tensors of zeros, and what sequences have in common."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api


def with_batch(batch: Any, size: Any) -> Tensor:
    """The shape [*batch, *size] as a tensor.

    Args:
      batch, size: each an int, a shape, or an int tensor (scalar or vector).

    Raises:
      ValueError: one of them is not known.
    """
    front, back = _as_vector(batch, "prefix")[0], _as_vector(size, "suffix")[0]
    if front is None or back is None:
        raise ValueError(f"Provided a prefix or suffix of None: {batch} and {size}")
    return api.concat((front, back), 0)


def static_with_batch(batch: Any, size: Any) -> list[int | None] | None:
    """The shape [*batch, *size] as far as it is known while the graph is built."""
    front, back = _as_vector(batch, "prefix")[1], _as_vector(size, "suffix")[1]
    shape = TensorShape(front).concatenate(back)
    return shape.as_list() if shape.ndims is not None else None


def _as_vector(size: Any, name: str) -> tuple[Tensor | None, Any]:
    """An int vector tensor (None: unknown), and the same as far as it is known statically."""
    if isinstance(size, Tensor):
        known = constant_value(size)
        if size.shape.ndims == 0:
            return api.expand_dims(size, 0), [known if known is None else int(known)]
        if size.shape.ndims != 1:
            raise ValueError(f"{name} tensor must be either a scalar or vector, but saw tensor: {size}")
        return size, known
    shape = as_shape(size)
    known = shape.as_list() if shape.ndims is not None else None
    return constant(known, dtype=dtypes.int32) if shape.is_fully_defined() else None, known


def zeros_like_sizes(state_size: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros of shape [batch, *size] for each size of a structure."""

    def zeros(size: Any) -> Tensor:
        result = api.zeros(with_batch(batch_size, size), dtype=dtype)
        result.set_shape(static_with_batch(batch_size, size))
        return result

    return nest.map_structure(zeros, state_size)


@export("contrib.rnn.best_effort_input_batch_size")
def _best_effort_input_batch_size(flat_input: Any) -> Any:
    """The batch size of time-major inputs: an int where one of them knows it, else a scalar tensor."""
    for tensor in flat_input:
        shape = tensor.shape
        if shape.rank is None:
            continue
        if shape.rank < 2:
            raise ValueError(f"Expected input tensor {tensor} to have rank at least 2")
        if shape.dims[1].value is not None:
            return shape.dims[1].value
    return api.shape(flat_input[0])[1]


best_effort_input_batch_size = _best_effort_input_batch_size


@export("contrib.rnn.transpose_batch_time")
def _transpose_batch_time(x: Any) -> Tensor:
    """[batch, time, ...] as [time, batch, ...], and the other way round; what has less than two axes stays."""
    shape = x.get_shape()
    if shape.rank is not None and shape.rank < 2:
        return x
    result = api.transpose(x, api.concat(([1, 0], api.range(2, api.rank(x))), axis=0))
    if shape.rank is not None:
        result.set_shape(TensorShape([shape.dims[1].value, shape.dims[0].value]).concatenate(shape[2:]))
    return result


transpose_batch_time = _transpose_batch_time


def common_dtype(explicit_dtype: Any, state: Any) -> Any:
    """The type given, else the one type of all tensors of a state.

    Raises:
      ValueError: they have several.
    """
    if explicit_dtype is not None:
        return explicit_dtype
    if not nest.is_nested(state):
        return state.dtype
    found = [element.dtype for element in nest.flatten(state)]
    if not found:
        raise ValueError("Unable to infer dtype from empty state.")
    if any(other != found[0] for other in found):
        raise ValueError("State has tensors of different inferred_dtypes. Unable to infer a single representative "
                         "dtype.")
    return found[0]


def static_size(shape: Any) -> Any:
    """A size as far as it is known while the graph is built."""
    return as_shape(constant_value(shape)) if isinstance(shape, Tensor) else shape
