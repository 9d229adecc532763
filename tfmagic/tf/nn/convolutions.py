"""tf.nn's convolutions: plain and transposed, in one, two and three dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.deprecation import deprecated_arg_values, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.base.shapes import dimension_value
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.tf.nn.pooling import per_dimension

_WITHOUT_DILATION = (1, 1, 1, 1)


def explicit_padding(padding: Any) -> tuple[str, list[int]]:
    """The op's two padding attrs from "SAME", "VALID" or a list of pairs."""
    if isinstance(padding, (list, tuple)):
        for i, pair in enumerate(padding):
            if not isinstance(pair, (list, tuple)):
                raise ValueError("When padding is a list, each element of padding must be a list/tuple of size 2. "
                                 f"Element with index {i} of padding is not a list/tuple")
            if len(pair) != 2:
                raise ValueError("When padding is a list, each element of padding must be a list/tuple of size 2. "
                                 f"Element with index {i} of padding has size {len(pair)}")
        if len(padding) != 4:
            raise ValueError(f"When padding is a list, it must be of size 4. Got padding of size: {len(padding)}")
        return "EXPLICIT", [int(p) for pair in padding for p in pair]
    if padding == "EXPLICIT":
        raise ValueError('"EXPLICIT" is not a valid value for the padding parameter. To use explicit padding, the '
                         "padding parameter must be a list.")
    return padding, []


def given(new_name: str, new: Any, old_name: str, old: Any) -> Any:
    """The one of two names of an argument that was given."""
    return deprecated_argument_lookup(new_name, new, old_name, old)


# --- two dimensions --------------------------------------------------------------------------------------------


@export("nn.conv2d")
def conv2d(input: Any, filter: Any = None, strides: Any = None, padding: Any = None, use_cudnn_on_gpu: bool = True,
           data_format: str | None = "NHWC", dilations: Any = _WITHOUT_DILATION, name: str | None = None,
           filters: Any = None) -> Tensor:
    """Convolves images with filters (cross-correlation).

    Args:
      input: a tensor of shape [batch, height, width, channels] and a floating type.
      filter: a tensor of shape [height, width, channels, out channels] (also called `filters`).
      strides: an int, or a list of 1, 2 or 4.
      padding: "SAME", "VALID", or a list of one (before, after) pair per dimension.
      use_cudnn_on_gpu: of no consequence here.
      data_format: "NHWC" or "NCHW".
      dilations: an int, or a list of 1, 2 or 4: the distance of a filter's elements.

    Returns:
      A tensor of the same type.

    Raises:
      ValueError: the shapes do not fit.
    """
    filter = given("filters", filters, "filter", filter)
    padding, explicit = explicit_padding(padding)
    data_format = "NHWC" if data_format is None else data_format
    axis = 1 if data_format.startswith("NC") else 3
    return raw.conv2d(input, filter, strides=per_dimension(strides, 2, axis, "strides"), padding=padding,
                      use_cudnn_on_gpu=use_cudnn_on_gpu, explicit_paddings=explicit, data_format=data_format,
                      dilations=per_dimension(dilations, 2, axis, "dilations"), name=name)


@export("nn.conv2d_backprop_filter")
def conv2d_backprop_filter(input: Any, filter_sizes: Any, out_backprop: Any, strides: Any, padding: Any,
                           use_cudnn_on_gpu: bool = True, data_format: str = "NHWC",
                           dilations: Any = _WITHOUT_DILATION, name: str | None = None) -> Tensor:
    """The gradient of `conv2d` by its filter.

    Args:
      input: the images.
      filter_sizes: the filter's shape, int32 of shape [4].
      out_backprop: the gradient of the output.
      strides, padding, use_cudnn_on_gpu, data_format, dilations: as for `conv2d`, lists of 4.

    Returns:
      A tensor of the filter's shape.
    """
    padding, explicit = explicit_padding(padding)
    return raw.conv2d_backprop_filter(input, filter_sizes, out_backprop, strides, padding, use_cudnn_on_gpu, explicit,
                                      data_format, list(dilations), name=name)


@export("nn.conv2d_backprop_input")
def conv2d_backprop_input(input_sizes: Any, filter: Any = None, out_backprop: Any = None, strides: Any = None,
                          padding: Any = None, use_cudnn_on_gpu: bool = True, data_format: str = "NHWC",
                          dilations: Any = _WITHOUT_DILATION, name: str | None = None, filters: Any = None) -> Tensor:
    """The gradient of `conv2d` by its input.

    Args:
      input_sizes: the input's shape, int32 of shape [4].
      filter: the filter (also called `filters`).
      out_backprop: the gradient of the output.
      strides, padding, use_cudnn_on_gpu, data_format, dilations: as for `conv2d`, lists of 4.

    Returns:
      A tensor of the input's shape.
    """
    filter = given("filters", filters, "filter", filter)
    padding, explicit = explicit_padding(padding)
    return raw.conv2d_backprop_input(input_sizes, filter, out_backprop, strides, padding, use_cudnn_on_gpu, explicit,
                                     data_format, list(dilations), name=name)


@export("nn.conv2d_transpose")
def conv2d_transpose(value: Any = None, filter: Any = None, output_shape: Any = None, strides: Any = None,
                     padding: Any = "SAME", data_format: str | None = "NHWC", name: str | None = None,
                     input: Any = None, filters: Any = None, dilations: Any = None) -> Tensor:
    """The transpose of `conv2d`: its gradient as a layer.

    Args:
      value: a tensor of shape [batch, height, width, channels] (also called `input`).
      filter: a tensor of shape [height, width, out channels, channels] (also called `filters`).
      output_shape: the shape of the result, int32 of shape [4].
      strides: an int, or a list of 1, 2 or 4.
      padding: "SAME" or "VALID".
      data_format: "NHWC" or "NCHW".
      dilations: an int, or a list of 1, 2 or 4.

    Returns:
      A tensor of the same type.

    Raises:
      ValueError: the shapes do not fit.
    """
    value = given("input", input, "value", value)
    filter = given("filters", filters, "filter", filter)
    with name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as scope:
        data_format = "NHWC" if data_format is None else data_format
        axis = 1 if data_format.startswith("NC") else 3
        return raw.conv2d_backprop_input(
            output_shape, filter, value, strides=per_dimension(strides, 2, axis, "strides"), padding=padding,
            data_format=data_format,
            dilations=per_dimension(dilations, 2, axis, "dilations"), name=scope)


# --- one dimension ---------------------------------------------------------------------------------------------


def _sequence_format(data_format: str | None) -> tuple[str, int, int]:
    """The image format, the axis of the pixel's height, and the channels' axis of a sequence format."""
    if data_format is None or data_format in ("NHWC", "NWC"):
        return "NHWC", 1, 2
    if data_format in ("NCHW", "NCW"):
        return "NCHW", 2, 1
    raise ValueError("data_format must be \"NWC\" or \"NCW\".")


@export("nn.conv1d")
@deprecated_arg_values(None, "`NCHW` for data_format is deprecated, use `NCW` instead", data_format="NCHW")
@deprecated_arg_values(None, "`NHWC` for data_format is deprecated, use `NWC` instead", data_format="NHWC")
def conv1d(value: Any = None, filters: Any = None, stride: Any = None, padding: Any = None,
           use_cudnn_on_gpu: bool | None = None, data_format: str | None = None, name: str | None = None,
           input: Any = None, dilations: Any = None) -> Tensor:
    """Convolves sequences with filters.

    Args:
      value: a tensor of shape [batch, width, channels] (also called `input`).
      filters: a tensor of shape [width, channels, out channels].
      stride: an int, or a list of 1 or 3.
      padding: "SAME" or "VALID".
      use_cudnn_on_gpu: of no consequence here.
      data_format: "NWC" or "NCW".
      dilations: an int, or a list of 1 or 3.

    Returns:
      A tensor of the same type.

    Raises:
      ValueError: no such format, or the shapes do not fit.
    """
    value = given("input", input, "value", value)
    with name_scope(name, "conv1d", [value, filters]) as scope:
        image_format, height_axis, axis = _sequence_format(data_format)
        strides = [1, *per_dimension(stride, 1, axis, "stride")]
        steps = [1, *per_dimension(dilations, 1, axis, "dilations")]
        value = shape_ops.expand_dims(value, height_axis)
        filters = shape_ops.expand_dims(filters, 0)
        if image_format == "NCHW":
            strides, steps = [strides[1], strides[2], 1, strides[3]], [steps[1], steps[2], 1, steps[3]]
        result = raw.conv2d(value, filters, strides, padding, use_cudnn_on_gpu=use_cudnn_on_gpu is not False,
                            data_format=image_format, dilations=steps, name=scope)
        return shape_ops.squeeze(result, [height_axis])


@export("nn.conv1d_transpose")
def conv1d_transpose(input: Any, filters: Any, output_shape: Any, strides: Any, padding: str = "SAME",
                     data_format: str = "NWC", dilations: Any = None, name: str | None = None) -> Tensor:
    """The transpose of `conv1d`.

    Args:
      input: a tensor of shape [batch, width, channels].
      filters: a tensor of shape [width, out channels, channels].
      output_shape: the shape of the result, int32 of shape [3].
      strides, dilations: an int, or a list of 1 or 3.
      padding: "SAME" or "VALID".
      data_format: "NWC" or "NCW".

    Returns:
      A tensor of the same type.
    """
    with name_scope(name, "conv1d_transpose", [input, filters, output_shape]) as scope:
        image_format, height_axis, axis = _sequence_format(data_format)
        steps = per_dimension(strides, 1, axis, "strides")
        spread = per_dimension(dilations, 1, axis, "dilations")
        at = 2 if image_format == "NCHW" else 1
        steps, spread = [*steps[:at], 1, *steps[at:]], [*spread[:at], 1, *spread[at:]]
        input = shape_ops.expand_dims(input, height_axis)
        filters = shape_ops.expand_dims(filters, 0)
        output_shape = list(output_shape) if isinstance(output_shape, tuple) else output_shape
        output_shape = api.concat([output_shape[:height_axis], [1], output_shape[height_axis:]], 0)
        result = raw.conv2d_backprop_input(output_shape, filters, input, steps, padding, data_format=image_format,
                                           dilations=spread, name=scope)
        return shape_ops.squeeze(result, height_axis)


# --- three dimensions ------------------------------------------------------------------------------------------


@export("nn.conv3d")
def conv3d(input: Any, filter: Any = None, strides: Any = None, padding: Any = None, data_format: str = "NDHWC",
           dilations: Any = (1, 1, 1, 1, 1), name: str | None = None, filters: Any = None) -> Tensor:
    """Convolves volumes with filters.

    Args:
      input: a tensor of shape [batch, depth, height, width, channels] and a floating type.
      filter: a tensor of shape [depth, height, width, channels, out channels] (also called `filters`).
      strides, dilations: lists of 5.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".

    Returns:
      A tensor of the same type.

    Raises:
      ValueError: the shapes do not fit.
    """
    filter = given("filters", filters, "filter", filter)
    return raw.conv3d(input, filter, strides, padding, data_format, list(dilations), name=name)


@export("nn.conv3d_transpose")
def conv3d_transpose(value: Any, filter: Any = None, output_shape: Any = None, strides: Any = None,
                     padding: str = "SAME", data_format: str = "NDHWC", name: str | None = None, input: Any = None,
                     filters: Any = None, dilations: Any = None) -> Tensor:
    """The transpose of `conv3d`.

    Args:
      value: a tensor of shape [batch, depth, height, width, channels] (also called `input`).
      filter: a tensor of shape [depth, height, width, out channels, channels] (also called `filters`).
      output_shape: the shape of the result, int32 of shape [5].
      strides, dilations: an int, or a list of 1, 3 or 5.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".

    Returns:
      A tensor of the same type.
    """
    filter = given("filters", filters, "filter", filter)
    value = given("input", input, "value", value)
    with name_scope(name, "conv3d_transpose", [value, filter, output_shape]) as scope:
        axis = 1 if data_format.startswith("NC") else 4
        return raw.conv3d_backprop_input_v2(
            output_shape, filter, value, strides=per_dimension(strides, 3, axis, "strides"), padding=padding,
            data_format=data_format, dilations=per_dimension(dilations, 3, axis, "dilations"), name=scope)


@export("nn.conv_transpose")
def conv_transpose(input: Any, filters: Any, output_shape: Any, strides: Any, padding: str = "SAME",
                   data_format: str | None = None, dilations: Any = None, name: str | None = None) -> Tensor:
    """The transpose of a convolution in one to three dimensions.

    Args:
      input: a tensor of shape [batch, spatial dimensions ..., channels].
      filters: a tensor of shape [spatial dimensions ..., out channels, channels].
      output_shape: the shape of the result.
      strides, dilations: an int, or a list.
      padding: "SAME" or "VALID".
      data_format: channels last (the default), or first when it starts with "NC".

    Returns:
      A tensor of the same type.

    Raises:
      ValueError: the result has another number of spatial dimensions than one to three.
    """
    with name_scope(name, "conv_transpose", [input, filters, output_shape]) as scope:
        rank = dimension_value(output_shape.get_shape()[0]) if isinstance(output_shape, Tensor) else len(output_shape)
        functions: dict[int, Callable[..., Tensor]] = {3: conv1d_transpose, 4: conv2d_transpose, 5: conv3d_transpose}
        if rank not in functions:
            raise ValueError(f"output_shape must have between 3 and 5 elements, got {rank}")
        default = {3: "NWC", 4: "NHWC", 5: "NDHWC"}[rank]
        return functions[rank](input, filters, output_shape, strides, padding=padding,
                               data_format=data_format or default, dilations=dilations, name=scope)
