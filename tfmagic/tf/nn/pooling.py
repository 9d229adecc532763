"""tf.nn's pools: max_pool, avg_pool in one to three dimensions, and with the place of each maximum."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops


def per_dimension(value: Any, spatial: int, channel_axis: int, name: str) -> Any:
    """One number per dimension from one number in all, or one per spatial dimension.

    Raises:
      ValueError: another count of numbers.
    """
    if value is None:
        value = [1]
    elif not isinstance(value, Sized):
        value = [value]
    count = len(value)
    if count == spatial + 2:
        return value
    if count == 1:
        value = [value[0]] * spatial
    elif count != spatial:
        raise ValueError(f"{name} should be of length 1, {spatial} or {spatial + 2} but was {count}")
    return [1, 1, *value] if channel_axis == 1 else [1, *value, 1]


def _pool(op: Callable[..., Tensor], scope_name: str, value: Any, ksize: Any, strides: Any, padding: str,
          data_format: str | None, default_format: str, name: str | None, refuses_zero: bool = False) -> Tensor:
    with name_scope(name, scope_name, [value]) as scope:
        data_format = default_format if data_format is None else data_format
        rank = len(default_format)
        axis = 1 if data_format.startswith("NC") else rank - 1
        ksize = per_dimension(ksize, rank - 2, axis, "ksize")
        strides = per_dimension(strides, rank - 2, axis, "strides")
        if refuses_zero and 0 in ksize:
            raise ValueError("ksize cannot be zero.")
        return op(value, ksize=ksize, strides=strides, padding=padding, data_format=data_format, name=scope)


@export("nn.max_pool")
def max_pool(value: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", name: str | None = None,
             input: Any = None) -> Tensor:
    """The largest value of each window of images.

    Args:
      value: a tensor of shape [batch, height, width, channels] (also called `input`).
      ksize: the window's size: an int, or a list of 1, 2 or 4.
      strides: the windows' distance: an int, or a list of 1, 2 or 4.
      padding: "SAME" or "VALID".
      data_format: "NHWC" or "NCHW".

    Returns:
      A tensor of the same type.
    """
    value = deprecated_argument_lookup("input", input, "value", value)
    return _pool(raw.max_pool, "MaxPool", value, ksize, strides, padding, data_format, "NHWC", name, True)


@export("nn.avg_pool")
def avg_pool(value: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", name: str | None = None,
             input: Any = None) -> Tensor:
    """The mean of each window of images; padding does not count.

    Args:
      value: a tensor of shape [batch, height, width, channels] and a floating type (also called `input`).
      ksize: the window's size: an int, or a list of 1, 2 or 4.
      strides: the windows' distance: an int, or a list of 1, 2 or 4.
      padding: "SAME" or "VALID".
      data_format: "NHWC" or "NCHW".

    Returns:
      A tensor of the same type.
    """
    value = deprecated_argument_lookup("input", input, "value", value)
    return _pool(raw.avg_pool, "AvgPool", value, ksize, strides, padding, data_format, "NHWC", name)


@export("nn.max_pool2d")
def max_pool2d(input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC",
               name: str | None = None) -> Tensor:
    """The largest value of each window of images; as `max_pool`.

    Args:
      input: a tensor of shape [batch, height, width, channels].
      ksize, strides, padding, data_format: as for `max_pool`.

    Returns:
      A tensor of the same type.
    """
    return _pool(raw.max_pool, "MaxPool2d", input, ksize, strides, padding, data_format, "NHWC", name)


@export("nn.max_pool3d")
def max_pool3d(input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NDHWC",
               name: str | None = None) -> Tensor:
    """The largest value of each window of volumes.

    Args:
      input: a tensor of shape [batch, depth, height, width, channels] and a floating type.
      ksize, strides: an int, or a list of 1, 3 or 5.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".

    Returns:
      A tensor of the same type.
    """
    return _pool(raw.max_pool3d, "MaxPool3D", input, ksize, strides, padding, data_format, "NDHWC", name)


@export("nn.avg_pool3d")
def avg_pool3d(input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NDHWC",
               name: str | None = None) -> Tensor:
    """The mean of each window of volumes; padding does not count.

    Args:
      input: a tensor of shape [batch, depth, height, width, channels] and a floating type.
      ksize, strides: an int, or a list of 1, 3 or 5.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".

    Returns:
      A tensor of the same type.
    """
    return _pool(raw.avg_pool3d, "AvgPool3D", input, ksize, strides, padding, data_format, "NDHWC", name)


def _pool_1d(op: Callable[..., Tensor], scope_name: str, value: Any, ksize: Any, strides: Any, padding: str,
             data_format: str | None, name: str | None) -> Tensor:
    """A pool of sequences: images that are one pixel high."""
    with name_scope(name, scope_name, [value]) as scope:
        first = data_format not in (None, "NWC")
        axis = 1 if data_format is not None and data_format.startswith("NC") else 2
        sizes = [1, *per_dimension(ksize, 1, axis, "ksize")]
        steps = [1, *per_dimension(strides, 1, axis, "strides")]
        expanded = 2 if first else 1
        value = shape_ops.expand_dims(value, expanded)
        result = op(value, ksize=sizes, strides=steps, padding=padding, data_format="NCHW" if first else "NHWC",
                    name=scope)
        return shape_ops.squeeze(result, expanded)


@export("nn.max_pool1d")
def max_pool1d(input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NWC",
               name: str | None = None) -> Tensor:
    """The largest value of each window of sequences.

    Args:
      input: a tensor of shape [batch, width, channels].
      ksize, strides: an int, or a list of 1 or 3.
      padding: "SAME" or "VALID".
      data_format: "NWC" or "NCW".

    Returns:
      A tensor of the same type.
    """
    return _pool_1d(raw.max_pool, "MaxPool1d", input, ksize, strides, padding, data_format, name)


@export("nn.avg_pool1d")
def avg_pool1d(input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NWC",
               name: str | None = None) -> Tensor:
    """The mean of each window of sequences.

    Args:
      input: a tensor of shape [batch, width, channels] and a floating type.
      ksize, strides: an int, or a list of 1 or 3.
      padding: "SAME" or "VALID".
      data_format: "NWC" or "NCW".

    Returns:
      A tensor of the same type.
    """
    return _pool_1d(raw.avg_pool, "AvgPool1D", input, ksize, strides, padding, data_format, name)


def _by_rank(functions: tuple[Callable[..., Tensor], ...], input: Any, ksize: Any, strides: Any,
             padding: str, data_format: str | None, name: str | None) -> Tensor:
    """The pool for the rank of the input, a tensor or an array."""
    rank = len(input.shape)
    formats = {3: "NWC", 4: "NHWC", 5: "NDHWC"}
    if rank not in formats:
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {rank}.")
    return functions[rank - 3](input, ksize, strides, padding, data_format or formats[rank], name)


def _plain_max_pool(value: Any, ksize: Any, strides: Any, padding: str, data_format: str, name: str | None) -> Tensor:
    return _pool(raw.max_pool, "MaxPool", value, ksize, strides, padding, data_format, "NHWC", name)


@export("nn.max_pool_v2")
def max_pool_v2(input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = None,
                name: str | None = None) -> Tensor:
    """The largest value of each window, in one to three dimensions.

    Args:
      input: a tensor or an array of shape [batch, spatial dimensions ..., channels].
      ksize, strides: an int, or a list.
      padding: "SAME" or "VALID".
      data_format: channels last (the default), or first when it starts with "NC".

    Returns:
      A tensor of the same type.
    """
    return _by_rank((max_pool1d, _plain_max_pool, max_pool3d), input, ksize, strides, padding, data_format, name)


@export("nn.avg_pool_v2")
def avg_pool_v2(input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = None,
                name: str | None = None) -> Tensor:
    """The mean of each window, in one to three dimensions; padding does not count.

    Args:
      input: a tensor or an array of shape [batch, spatial dimensions ..., channels] and a floating type.
      ksize, strides: an int, or a list.
      padding: "SAME" or "VALID".
      data_format: channels last (the default), or first when it starts with "NC".

    Returns:
      A tensor of the same type.
    """
    return _by_rank((avg_pool1d, avg_pool, avg_pool3d), input, ksize, strides, padding, data_format, name)


@export("nn.max_pool_with_argmax")
def max_pool_with_argmax(input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC",
                         Targmax: Any = None, name: str | None = None, output_dtype: Any = None,
                         include_batch_in_index: bool = False) -> Any:
    """The largest value of each window, and its place in the flattened image.

    Args:
      input: a tensor of shape [batch, height, width, channels].
      ksize, strides: lists of 4.
      padding: "SAME" or "VALID".
      data_format: "NHWC".
      Targmax: int32 or int64, the type of the places (also called `output_dtype`).
      include_batch_in_index: whether places count through the whole batch.

    Returns:
      A named tuple: output, argmax.

    Raises:
      ValueError: another data format.
    """
    if data_format != "NHWC":
        raise ValueError("Data formats other than 'NHWC' are not yet supported")
    kind = deprecated_argument_lookup("output_dtype", output_dtype, "Targmax", Targmax)
    return raw.max_pool_with_argmax(input, ksize, strides, padding, dtypes.int64 if kind is None else kind,
                                    include_batch_in_index, name=name)
