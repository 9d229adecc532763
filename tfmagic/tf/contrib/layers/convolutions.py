"""Convolutions and pools: conv1d to conv3d, their transposes, separable and in-plane ones, max_pool2d and others."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.framework.arguments import add_arg_scope
from tfmagic.tf.contrib.layers.common import (
    ZEROS,
    check_format,
    collect_named_outputs,
    collect_variable,
    get_variable_collections,
    model_parameter,
    renaming,
    two_element_tuple,
)
from tfmagic.tf.contrib.layers.dense import finished
from tfmagic.tf.contrib.layers.scaled import xavier_initializer
from tfmagic.tf.layers import convolutional, pooling
from tfmagic.tf.nn import activations as nn
from tfmagic.tf.variable.scope import variable_scope

_xavier = xavier_initializer()
_FORMATS = (None, "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW")


def _first(data_format: Any) -> str:
    return "channels_first" if data_format and data_format.startswith("NC") else "channels_last"


@export("contrib.layers.convolution")
@add_arg_scope
def convolution(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1, padding: str = "SAME",
                data_format: str | None = None, rate: Any = 1, activation_fn: Any = api.nn.relu,
                normalizer_fn: Any = None, normalizer_params: Any = None, weights_initializer: Any = _xavier,
                weights_regularizer: Any = None, biases_initializer: Any = ZEROS, biases_regularizer: Any = None,
                reuse: Any = None, variables_collections: Any = None, outputs_collections: Any = None,
                trainable: bool = True, scope: Any = None, conv_dims: int | None = None) -> Any:
    """A convolution over one to three axes, normalized and activated.

    Args:
      inputs: a tensor of the batch, the axes and the channels.
      num_outputs: the number of filters.
      kernel_size, stride, rate: an integer, or one per axis.
      data_format: "NWC", "NCW", "NHWC", "NCHW", "NDHWC" or "NCDHW"; by default the channels come last.
      conv_dims: the number of axes; by default as the inputs have.

    Raises:
      ValueError: the format is another, the rank does not fit, or strides and rates are both above 1.
    """
    if data_format not in _FORMATS:
        raise ValueError(f"Invalid data_format: {data_format!r}")
    with variable_scope(scope, "Conv", [inputs], reuse=reuse,
                        custom_getter=renaming(bias="biases", kernel="weights")) as own:
        inputs = convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if conv_dims is not None and conv_dims + 2 != rank:
            raise ValueError(f"Convolution expects input with rank {conv_dims + 2}, got {rank}")
        kinds = {3: convolutional.Conv1D, 4: convolutional.Conv2D, 5: convolutional.Conv3D}
        if rank not in kinds:
            raise ValueError("Convolution not supported for input with rank", rank)
        layer = kinds[rank](
            filters=num_outputs, kernel_size=kernel_size, strides=stride, padding=padding,
            data_format=_first(data_format), dilation_rate=rate, activation=None,
            use_bias=not normalizer_fn and bool(biases_initializer), kernel_initializer=weights_initializer,
            bias_initializer=biases_initializer, kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer, trainable=trainable, name=own.name,
            dtype=inputs.dtype.base_dtype, _scope=own, _reuse=reuse)
        outputs = layer(inputs)
        collect_variable(layer.kernel, variables_collections, "weights")
        collect_variable(layer.bias, variables_collections, "biases")
        return finished(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, own.name)


def _of_rank(dims: int, name: str, alias: str) -> Any:
    """`convolution` for a fixed number of axes."""

    def conv(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1, padding: str = "SAME",
             data_format: str | None = None, rate: Any = 1, activation_fn: Any = api.nn.relu,
             normalizer_fn: Any = None, normalizer_params: Any = None, weights_initializer: Any = _xavier,
             weights_regularizer: Any = None, biases_initializer: Any = ZEROS, biases_regularizer: Any = None,
             reuse: Any = None, variables_collections: Any = None, outputs_collections: Any = None,
             trainable: bool = True, scope: Any = None) -> Any:
        return convolution(inputs, num_outputs, kernel_size, stride, padding, data_format, rate, activation_fn,
                           normalizer_fn, normalizer_params, weights_initializer, weights_regularizer,
                           biases_initializer, biases_regularizer, reuse, variables_collections,
                           outputs_collections, trainable, scope, conv_dims=dims)

    conv.__name__ = conv.__qualname__ = name
    conv.__doc__ = f"A convolution over {dims} {'axis' if dims == 1 else 'axes'} (see `convolution`)."
    return export(f"contrib.layers.{alias}")(add_arg_scope(conv))


convolution1d = _of_rank(1, "convolution1d", "conv1d")
convolution2d = _of_rank(2, "convolution2d", "conv2d")
convolution3d = _of_rank(3, "convolution3d", "conv3d")


def _transposed(kind: Any, default_scope: str, inputs: Any, num_outputs: int, kernel_size: Any, stride: Any,
                padding: str, channels: str, activation_fn: Any, normalizer_fn: Any, normalizer_params: Any,
                weights_initializer: Any, weights_regularizer: Any, biases_initializer: Any,
                biases_regularizer: Any, reuse: Any, variables_collections: Any, outputs_collections: Any,
                trainable: bool, scope: Any) -> Any:
    with variable_scope(scope, default_scope, [inputs], reuse=reuse,
                        custom_getter=renaming(bias="biases", kernel="weights")) as own:
        inputs = convert_to_tensor(inputs)
        layer = kind(
            filters=num_outputs, kernel_size=kernel_size, strides=stride, padding=padding, data_format=channels,
            activation=None, use_bias=not normalizer_fn and bool(biases_initializer),
            kernel_initializer=weights_initializer, bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer, bias_regularizer=biases_regularizer, trainable=trainable,
            name=own.name, dtype=inputs.dtype.base_dtype, _scope=own, _reuse=reuse)
        outputs = layer(inputs)
        collect_variable(layer.kernel, variables_collections, "weights")
        collect_variable(layer.bias, variables_collections, "biases")
        return finished(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, own.name)


@export("contrib.layers.conv2d_transpose")
@add_arg_scope
def convolution2d_transpose(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1, padding: str = "SAME",
                            data_format: str = "NHWC", activation_fn: Any = api.nn.relu, normalizer_fn: Any = None,
                            normalizer_params: Any = None, weights_initializer: Any = _xavier,
                            weights_regularizer: Any = None, biases_initializer: Any = ZEROS,
                            biases_regularizer: Any = None, reuse: Any = None, variables_collections: Any = None,
                            outputs_collections: Any = None, trainable: bool = True, scope: Any = None) -> Any:
    """The transpose of a convolution over images, normalized and activated (arguments as of `convolution`)."""
    return _transposed(
        convolutional.Conv2DTranspose, "Conv2d_transpose", inputs, num_outputs, kernel_size, stride, padding,
        check_format(data_format), activation_fn, normalizer_fn, normalizer_params, weights_initializer,
        weights_regularizer, biases_initializer, biases_regularizer, reuse, variables_collections,
        outputs_collections, trainable, scope)


@export("contrib.layers.conv3d_transpose")
@add_arg_scope
def convolution3d_transpose(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1, padding: str = "SAME",
                            data_format: str = "NDHWC", activation_fn: Any = api.nn.relu, normalizer_fn: Any = None,
                            normalizer_params: Any = None, weights_initializer: Any = _xavier,
                            weights_regularizer: Any = None, biases_initializer: Any = ZEROS,
                            biases_regularizer: Any = None, reuse: Any = None, variables_collections: Any = None,
                            outputs_collections: Any = None, trainable: bool = True, scope: Any = None) -> Any:
    """The transpose of a convolution over volumes, normalized and activated (arguments as of `convolution`)."""
    return _transposed(
        convolutional.Conv3DTranspose, "Conv3d_transpose", inputs, num_outputs, kernel_size, stride, padding,
        check_format(data_format, "NCDHW", "NDHWC"), activation_fn, normalizer_fn, normalizer_params,
        weights_initializer, weights_regularizer, biases_initializer, biases_regularizer, reuse,
        variables_collections, outputs_collections, trainable, scope)


@export("contrib.layers.separable_conv2d")
@add_arg_scope
def separable_convolution2d(inputs: Any, num_outputs: int | None, kernel_size: Any, depth_multiplier: int = 1,
                            stride: Any = 1, padding: str = "SAME", data_format: str = "NHWC", rate: Any = 1,
                            activation_fn: Any = api.nn.relu, normalizer_fn: Any = None, normalizer_params: Any = None,
                            weights_initializer: Any = _xavier, pointwise_initializer: Any = None,
                            weights_regularizer: Any = None, biases_initializer: Any = ZEROS,
                            biases_regularizer: Any = None, reuse: Any = None, variables_collections: Any = None,
                            outputs_collections: Any = None, trainable: bool = True, scope: Any = None) -> Any:
    """A convolution of each channel by itself, followed by one of single elements.

    Args:
      num_outputs: the number of filters of the second; None leaves it out.
      depth_multiplier: how many outputs each channel has in between.
      pointwise_initializer: of the second's weights; by default as of the first's.
    """
    channels = check_format(data_format)
    with variable_scope(scope, "SeparableConv2d", [inputs], reuse=reuse, custom_getter=renaming(
            bias="biases", depthwise_kernel="depthwise_weights", pointwise_kernel="pointwise_weights")) as own:
        inputs = convert_to_tensor(inputs)
        if num_outputs is not None:
            layer = convolutional.SeparableConv2D(
                filters=num_outputs, kernel_size=kernel_size, strides=stride, padding=padding, data_format=channels,
                dilation_rate=two_element_tuple(rate), activation=None, depth_multiplier=depth_multiplier,
                use_bias=not normalizer_fn and bool(biases_initializer), depthwise_initializer=weights_initializer,
                pointwise_initializer=weights_initializer if pointwise_initializer is None else pointwise_initializer,
                bias_initializer=biases_initializer, depthwise_regularizer=weights_regularizer,
                pointwise_regularizer=weights_regularizer, bias_regularizer=biases_regularizer,
                trainable=trainable, name=own.name, dtype=inputs.dtype.base_dtype, _scope=own, _reuse=reuse)
            outputs = layer(inputs)
            collect_variable(layer.depthwise_kernel, variables_collections, "weights")
            collect_variable(layer.pointwise_kernel, variables_collections, "weights")
            collect_variable(layer.bias, variables_collections, "biases")
            return finished(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, own.name)
        height, width = two_element_tuple(kernel_size)
        stride_h, stride_w = two_element_tuple(stride)
        first = channels == "channels_first"
        size = inputs.shape[1 if first else -1].value
        if size is None:
            raise ValueError("`C` dimension must be known but is None")
        weights = _weights("depthwise_weights", [height, width, size, depth_multiplier], inputs, weights_initializer,
                           weights_regularizer, trainable, variables_collections)
        outputs = api.nn.depthwise_conv2d(
            inputs, weights, [1, 1, stride_h, stride_w] if first else [1, stride_h, stride_w, 1], padding,
            rate=two_element_tuple(rate), data_format=data_format)
        if normalizer_fn is None and biases_initializer is not None:
            biases = model_parameter("biases", [depth_multiplier * size], inputs.dtype.base_dtype,
                                     variables_collections, initializer=biases_initializer,
                                     regularizer=biases_regularizer, trainable=trainable)
            outputs = nn.bias_add(outputs, biases, data_format=data_format)
        return finished(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, own.name)


def _weights(name: str, shape: list[int], inputs: Any, initializer: Any, regularizer: Any, trainable: bool,
             collections: Any) -> Any:
    from tfmagic.tf.contrib.framework.model_variables import model_variable

    return model_variable(name, shape=shape, dtype=inputs.dtype.base_dtype, initializer=initializer,
                          regularizer=regularizer, trainable=trainable,
                          collections=get_variable_collections(collections, "weights"))


@export("contrib.layers.conv2d_in_plane")
@add_arg_scope
def convolution2d_in_plane(inputs: Any, kernel_size: Any, stride: Any = 1, padding: str = "SAME",
                           activation_fn: Any = api.nn.relu, normalizer_fn: Any = None, normalizer_params: Any = None,
                           weights_initializer: Any = _xavier, weights_regularizer: Any = None,
                           biases_initializer: Any = ZEROS, biases_regularizer: Any = None, reuse: Any = None,
                           variables_collections: Any = None, outputs_collections: Any = None,
                           trainable: bool = True, scope: Any = None) -> Any:
    """The same one filter over each channel by itself."""
    with variable_scope(scope, "ConvInPlane", [inputs], reuse=reuse) as own:
        inputs = convert_to_tensor(inputs)
        height, width = two_element_tuple(kernel_size)
        stride_h, stride_w = two_element_tuple(stride)
        size = inputs.shape[-1].value
        weights = _weights("weights", [height, width, 1, 1], inputs, weights_initializer, weights_regularizer,
                           trainable, variables_collections)
        filters = raw.tile(weights, [1, 1, size, 1])
        outputs = api.nn.depthwise_conv2d(inputs, filters, [1, stride_h, stride_w, 1], padding)
        if normalizer_fn is None and biases_initializer is not None:
            biases = model_parameter("biases", [size], inputs.dtype.base_dtype, variables_collections,
                                     initializer=biases_initializer, regularizer=biases_regularizer,
                                     trainable=trainable)
            outputs = nn.bias_add(outputs, biases)
        return finished(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, own.name)


# --- pools ----------------------------------------------------------------------------------------------------------


def _pooled(kind: Any, default_scope: str, inputs: Any, kernel_size: Any, stride: Any, padding: str, channels: str,
            collections: Any, scope: Any) -> Any:
    with name_scope(scope, default_scope, [inputs]) as own:
        inputs = convert_to_tensor(inputs)
        layer = kind(pool_size=kernel_size, strides=stride, padding=padding, data_format=channels, _scope=own)
        return collect_named_outputs(collections, own, layer(inputs))


@export("contrib.layers.max_pool2d")
@add_arg_scope
def max_pool2d(inputs: Any, kernel_size: Any, stride: Any = 2, padding: str = "VALID", data_format: str = "NHWC",
               outputs_collections: Any = None, scope: Any = None) -> Any:
    """The largest value in each window over an image."""
    return _pooled(pooling.MaxPooling2D, "MaxPool2D", inputs, kernel_size, stride, padding, check_format(data_format),
                   outputs_collections, scope)


@export("contrib.layers.avg_pool2d")
@add_arg_scope
def avg_pool2d(inputs: Any, kernel_size: Any, stride: Any = 2, padding: str = "VALID", data_format: str = "NHWC",
               outputs_collections: Any = None, scope: Any = None) -> Any:
    """The mean of each window over an image."""
    return _pooled(pooling.AveragePooling2D, "AvgPool2D", inputs, kernel_size, stride, padding,
                   check_format(data_format), outputs_collections, scope)


@export("contrib.layers.max_pool3d")
@add_arg_scope
def max_pool3d(inputs: Any, kernel_size: Any, stride: Any = 2, padding: str = "VALID", data_format: str = "NDHWC",
               outputs_collections: Any = None, scope: Any = None) -> Any:
    """The largest value in each window over a volume."""
    return _pooled(pooling.MaxPooling3D, "MaxPool3D", inputs, kernel_size, stride, padding,
                   check_format(data_format, "NCDHW", "NDHWC"), outputs_collections, scope)


@export("contrib.layers.avg_pool3d")
@add_arg_scope
def avg_pool3d(inputs: Any, kernel_size: Any, stride: Any = 2, padding: str = "VALID", data_format: str = "NDHWC",
               outputs_collections: Any = None, scope: Any = None) -> Any:
    """The mean of each window over a volume."""
    return _pooled(pooling.AveragePooling3D, "AvgPool3D", inputs, kernel_size, stride, padding,
                   check_format(data_format, "NCDHW", "NDHWC"), outputs_collections, scope)
