"""Shape functions as TensorFlow once wrote them in Python: `(operation) -> shapes of its outputs`.

What the graph knows of an operation's outputs is what these functions say; `framework.common_shapes` is their module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.shapes import Dimension, TensorShape
from tfmagic.graph.operation import Operation
from tfmagic.tf.inner.framework import broadcast_shape


def scalar_shape(unused_op: Any) -> list[TensorShape]:
    """One output, a scalar."""
    return [TensorShape([])]


def no_outputs(unused_op: Any) -> list[TensorShape]:
    """No output."""
    return []


def unknown_shape(op: Operation) -> list[TensorShape]:
    """Nothing is known of any output."""
    return [TensorShape(None) for _ in op.outputs]


def unchanged_shape(op: Operation) -> list[TensorShape]:
    """The shape of the first input."""
    return [op.inputs[0].get_shape()]


def unchanged_shape_with_rank(rank: int) -> Callable[[Operation], list[TensorShape]]:
    """A shape function: the shape of the first input, which must have a rank."""
    return lambda op: [op.inputs[0].get_shape().with_rank(rank)]


def unchanged_shape_with_rank_at_least(rank: int) -> Callable[[Operation], list[TensorShape]]:
    """A shape function: the shape of the first input, which must have a rank or more."""
    return lambda op: [op.inputs[0].get_shape().with_rank_at_least(rank)]


def unchanged_shape_with_rank_at_most(rank: int) -> Callable[[Operation], list[TensorShape]]:
    """A shape function: the shape of the first input, which must have a rank or less."""
    return lambda op: [op.inputs[0].get_shape().with_rank_at_most(rank)]


def matmul_shape(op: Operation) -> list[TensorShape]:
    """The shape of a product of matrices."""
    return [op.outputs[0].get_shape().with_rank(2)]


def _of_pictures(op: Operation) -> list[TensorShape]:
    return [op.outputs[0].get_shape().with_rank(4)]


def conv2d_shape(op: Operation) -> list[TensorShape]:
    """The shape of a `Conv2D`."""
    channels = op.inputs[1].get_shape().with_rank(4)[3]
    shape = op.outputs[0].get_shape()
    if shape.ndims is None:  # the filter still tells the channels
        shape = TensorShape([None, None, None, channels])
    return [shape]


def depthwise_conv2d_native_shape(op: Operation) -> list[TensorShape]:
    """The shape of a `DepthwiseConv2dNative`."""
    filters = op.inputs[1].get_shape().with_rank(4)
    shape = op.outputs[0].get_shape()
    if shape.ndims is None:
        shape = TensorShape([None, None, None, filters[2] * filters[3]])
    return [shape]


def avg_pool_shape(op: Operation) -> list[TensorShape]:
    """The shape of an `AvgPool`."""
    return _of_pictures(op)


def max_pool_shape(op: Operation) -> list[TensorShape]:
    """The shape of a `MaxPool`."""
    return _of_pictures(op)


def get_conv_output_size(input_size: Sequence[Any], filter_size: Sequence[Any], strides: Sequence[int],
                         padding_type: Any) -> tuple[int | None, ...]:
    """How many places a window has along each dimension.

    Args:
      input_size, filter_size: sizes; None is unknown.
      strides: the steps.
      padding_type: "SAME" or "VALID", as a text or as bytes.

    Raises:
      ValueError: a window is larger than the input, or there is no such padding.
    """
    sizes = [Dimension(size).value for size in input_size]
    windows = [Dimension(size).value for size in filter_size]
    if any(window is not None and size is not None and window > size for window, size in zip(windows, sizes)):
        raise ValueError(f"Filter must not be larger than the input: Filter: {tuple(filter_size)!r} "
                         f"Input: {tuple(input_size)!r}")
    if padding_type in ("VALID", b"VALID"):
        return tuple(None if size is None or window is None else (size - window + step) // step
                     for size, window, step in zip(sizes, windows, strides))
    if padding_type in ("SAME", b"SAME"):
        return tuple(None if size is None else -(-size // step)
                     for size, _, step in zip(sizes, windows, strides))
    raise ValueError(f"Invalid padding: {padding_type!r}")


def get2d_conv_output_size(input_height: Any, input_width: Any, filter_height: Any, filter_width: Any,
                           row_stride: int, col_stride: int, padding_type: Any) -> tuple[int | None, ...]:
    """`get_conv_output_size` of two dimensions."""
    return get_conv_output_size((input_height, input_width), (filter_height, filter_width), (row_stride, col_stride),
                                padding_type)


def broadcast_helper(shape_x: TensorShape, shape_y: TensorShape) -> list[Dimension] | None:
    """The dimensions of what two shapes of known rank broadcast to, or None where they do not fit."""
    try:
        dims = broadcast_shape(shape_x, shape_y).dims
    except ValueError:
        return None
    return None if dims is None else list(dims)
