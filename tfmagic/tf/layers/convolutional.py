"""Convolution layers: plain, transposed and separable, in one to three dimensions."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.array.join import stack
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.layers import named
from tfmagic.tf.layers.convolution_base import Convolution, per_axis_defaults
from tfmagic.tf.layers.sizes import tensor_format, transposed_size
from tfmagic.tf.nn.convolutions import conv2d_transpose as nn_conv2d_transpose
from tfmagic.tf.nn.convolutions import conv3d_transpose as nn_conv3d_transpose
from tfmagic.tf.nn.dilations import separable_conv2d as nn_separable_conv2d

_zeros = Zeros()


@export("layers.Conv1D")
class Conv1D(Convolution):
    """A convolution over sequences: [batch, length, channels]."""

    _rank = 1
    _pads_causally = True


@export("layers.Conv2D")
@per_axis_defaults
class Conv2D(Convolution):
    """A convolution over images: [batch, height, width, channels]."""

    _rank = 2


@export("layers.Conv3D")
@per_axis_defaults
class Conv3D(Convolution):
    """A convolution over volumes: [batch, depth, height, width, channels]."""

    _rank = 3


class _Transposed(Convolution):
    """The transpose of a convolution: its gradient as a layer."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str = "channels_last", activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = None, bias_initializer: Any = _zeros, kernel_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None, **kwargs: Any):
        super().__init__(filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
                         activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
                         bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
                         bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
                         kernel_constraint=kernel_constraint, bias_constraint=bias_constraint, trainable=trainable,
                         name=name, **kwargs)

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.kernel = self.add_weight("kernel", shape=(*self.kernel_size, self.filters, channels),
                                      initializer=self.kernel_initializer, regularizer=self.kernel_regularizer,
                                      constraint=self.kernel_constraint, trainable=True, dtype=self.dtype)
        self._make_bias()
        self.built = True

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        sizes = shape_ops.shape(inputs)
        batch = sizes[0]
        spatial = [sizes[axis] for axis in self._spatial_axes()]
        spatial = [transposed_size(size, window, self.padding, stride)
                   for size, window, stride in zip(spatial, self.kernel_size, self.strides)]
        shape = [batch, self.filters, *spatial] if self.data_format == "channels_first" else \
            [batch, *spatial, self.filters]
        transpose, output_shape = nn_conv2d_transpose if self._rank == 2 else nn_conv3d_transpose, stack(shape)
        if self._rank == 2:
            _ = output_shape[0]  # TensorFlow 1.15 looks whether the batch's size is known: its nodes count
        outputs = transpose(inputs, self.kernel, output_shape, self._over_channels(self.strides),
                            padding=self.padding.upper(), data_format=tensor_format(self.data_format, self._rank))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return self._finished(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return self._with_sizes(input_shape, lambda size, axis: transposed_size(
            size, self.kernel_size[axis], self.padding, self.strides[axis]))

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "output_padding": None}
        return config if self._rank == 3 else {**config, "dilation_rate": self.dilation_rate}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        kept = {name: value for name, value in config.items() if name not in ("output_padding", "dilation_rate")}
        return cls(**kept)


@export("layers.Conv2DTranspose")
@per_axis_defaults
class Conv2DTranspose(_Transposed):
    """The transpose of a convolution over images."""

    _rank = 2


@export("layers.Conv3DTranspose")
@per_axis_defaults
class Conv3DTranspose(_Transposed):
    """The transpose of a convolution over volumes."""

    _rank = 3
    _no_channels = "The channel dimension of the inputs should be defined, found None: {}"


class _Separable(Convolution):
    """A convolution of each channel by itself, followed by one with filters of one element.

    Args:
      depth_multiplier: how many outputs each channel has in between.
      depthwise_*, pointwise_*: initializers, regularizers and constraints of the two kernels.
    """

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str = "channels_last", dilation_rate: Any = 1, depth_multiplier: int = 1,
                 activation: Any = None, use_bias: bool = True, depthwise_initializer: Any = None,
                 pointwise_initializer: Any = None, bias_initializer: Any = _zeros, depthwise_regularizer: Any = None,
                 pointwise_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
                 depthwise_constraint: Any = None, pointwise_constraint: Any = None, bias_constraint: Any = None,
                 trainable: bool = True, name: Any = None, **kwargs: Any):
        super().__init__(filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
                         dilation_rate=dilation_rate, activation=activation, use_bias=use_bias,
                         bias_initializer=bias_initializer, bias_regularizer=bias_regularizer,
                         activity_regularizer=activity_regularizer, bias_constraint=bias_constraint,
                         trainable=trainable, name=name, **kwargs)
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = named.initializer(depthwise_initializer)
        self.pointwise_initializer = named.initializer(pointwise_initializer)
        self.depthwise_regularizer = named.regularizer(depthwise_regularizer)
        self.pointwise_regularizer = named.regularizer(pointwise_regularizer)
        self.depthwise_constraint = depthwise_constraint
        self.pointwise_constraint = pointwise_constraint

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel", shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer, regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint, trainable=True, dtype=self.dtype)
        self.pointwise_kernel = self.add_weight(
            "pointwise_kernel", shape=(*(1,) * self._rank, self.depth_multiplier * channels, self.filters),
            initializer=self.pointwise_initializer, regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint, trainable=True, dtype=self.dtype)
        self._make_bias()
        self.built = True

    def get_config(self) -> dict[str, Any]:
        whole = named.config("kernel_initializer", named.initializer("glorot_uniform"))
        return {**super().get_config(), "kernel_initializer": whole, "kernel_regularizer": None,
                "kernel_constraint": None}


@export("layers.SeparableConv2D")
@per_axis_defaults
class SeparableConv2D(_Separable):
    """A separable convolution over images."""

    _rank = 2

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        outputs = nn_separable_conv2d(
            inputs, self.depthwise_kernel, self.pointwise_kernel, strides=self._over_channels(self.strides),
            padding=self.padding.upper(), rate=list(self.dilation_rate),
            data_format=tensor_format(self.data_format, 2))
        return self._finished(outputs)


@export("layers.SeparableConv1D")
class SeparableConv1D(_Separable):
    """A separable convolution over sequences: over images of one row."""

    _rank = 1
    _pads_causally = True

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        axis = 2 if self.data_format == "channels_first" else 1
        inputs, padding = self._padded(inputs)
        image = raw.expand_dims(inputs, axis)
        outputs = nn_separable_conv2d(
            image, raw.expand_dims(self.depthwise_kernel, 0), raw.expand_dims(self.pointwise_kernel, 0),
            strides=self._over_channels(self.strides * 2), padding=padding,
            rate=[1, *self.dilation_rate], data_format=tensor_format(self.data_format, 2))
        if self.use_bias:
            from tfmagic.tf.nn import activations as nn

            outputs = nn.bias_add(outputs, self.bias,
                                  data_format="NCHW" if self.data_format == "channels_first" else "NHWC")
        outputs = raw.squeeze(outputs, [axis])
        return outputs if self.activation is None else self.activation(outputs)


# --- functions ------------------------------------------------------------------------------------------------------


@export("layers.conv1d")
@deprecated(None, "Use `tf.keras.layers.Conv1D` instead.")
def conv1d(inputs: Any, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
           data_format: str = "channels_last", dilation_rate: Any = 1, activation: Any = None, use_bias: bool = True,
           kernel_initializer: Any = None, bias_initializer: Any = _zeros, kernel_regularizer: Any = None,
           bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
           bias_constraint: Any = None, trainable: bool = True, name: str | None = None, reuse: Any = None) -> Any:
    """A convolution over sequences (see `tf.layers.Conv1D`).

    Args:
      inputs: a tensor of shape [batch, length, channels].

    Returns:
      A tensor of shape [batch, new length, filters].
    """
    return Conv1D(filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                  kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
                  kernel_constraint, bias_constraint, trainable, name, _reuse=reuse, _scope=name)(inputs)


@export("layers.conv2d")
@deprecated(None, "Use `tf.keras.layers.Conv2D` instead.")
def conv2d(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1), padding: str = "valid",
           data_format: str = "channels_last", dilation_rate: Any = (1, 1), activation: Any = None,
           use_bias: bool = True, kernel_initializer: Any = None, bias_initializer: Any = _zeros,
           kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
           kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
           name: str | None = None, reuse: Any = None) -> Any:
    """A convolution over images (see `tf.layers.Conv2D`).

    Args:
      inputs: a tensor of shape [batch, height, width, channels].

    Returns:
      A tensor of shape [batch, new height, new width, filters].
    """
    return Conv2D(filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                  kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
                  kernel_constraint, bias_constraint, trainable, name, _reuse=reuse, _scope=name)(inputs)


@export("layers.conv3d")
@deprecated(None, "Use `tf.keras.layers.Conv3D` instead.")
def conv3d(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1, 1), padding: str = "valid",
           data_format: str = "channels_last", dilation_rate: Any = (1, 1, 1), activation: Any = None,
           use_bias: bool = True, kernel_initializer: Any = None, bias_initializer: Any = _zeros,
           kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
           kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
           name: str | None = None, reuse: Any = None) -> Any:
    """A convolution over volumes (see `tf.layers.Conv3D`).

    Args:
      inputs: a tensor of shape [batch, depth, height, width, channels].

    Returns:
      A tensor of shape [batch, new depth, new height, new width, filters].
    """
    return Conv3D(filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                  kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
                  kernel_constraint, bias_constraint, trainable, name, _reuse=reuse, _scope=name)(inputs)


@export("layers.conv2d_transpose")
@deprecated(None, "Use `tf.keras.layers.Conv2DTranspose` instead.")
def conv2d_transpose(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1), padding: str = "valid",
                     data_format: str = "channels_last", activation: Any = None, use_bias: bool = True,
                     kernel_initializer: Any = None, bias_initializer: Any = _zeros, kernel_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
                     bias_constraint: Any = None, trainable: bool = True, name: str | None = None,
                     reuse: Any = None) -> Any:
    """The transpose of a convolution over images (see `tf.layers.Conv2DTranspose`).

    Args:
      inputs: a tensor of shape [batch, height, width, channels].

    Returns:
      A tensor of shape [batch, new height, new width, filters].
    """
    return Conv2DTranspose(filters, kernel_size, strides, padding, data_format, activation, use_bias,
                           kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
                           activity_regularizer, kernel_constraint, bias_constraint, trainable, name, _reuse=reuse,
                           _scope=name)(inputs)


@export("layers.conv3d_transpose")
@deprecated(None, "Use `tf.keras.layers.Conv3DTranspose` instead.")
def conv3d_transpose(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1, 1), padding: str = "valid",
                     data_format: str = "channels_last", activation: Any = None, use_bias: bool = True,
                     kernel_initializer: Any = None, bias_initializer: Any = _zeros, kernel_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
                     bias_constraint: Any = None, trainable: bool = True, name: str | None = None,
                     reuse: Any = None) -> Any:
    """The transpose of a convolution over volumes (see `tf.layers.Conv3DTranspose`).

    Args:
      inputs: a tensor of shape [batch, depth, height, width, channels].

    Returns:
      A tensor of shape [batch, new depth, new height, new width, filters].
    """
    return Conv3DTranspose(filters, kernel_size, strides, padding, data_format, activation, use_bias,
                           kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
                           activity_regularizer, kernel_constraint, bias_constraint, trainable, name, _reuse=reuse,
                           _scope=name)(inputs)


@export("layers.separable_conv1d")
@deprecated(None, "Use `tf.keras.layers.SeparableConv1D` instead.")
def separable_conv1d(inputs: Any, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                     data_format: str = "channels_last", dilation_rate: Any = 1, depth_multiplier: int = 1,
                     activation: Any = None, use_bias: bool = True, depthwise_initializer: Any = None,
                     pointwise_initializer: Any = None, bias_initializer: Any = _zeros,
                     depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None, depthwise_constraint: Any = None,
                     pointwise_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                     name: str | None = None, reuse: Any = None) -> Any:
    """A separable convolution over sequences (see `tf.layers.SeparableConv1D`).

    Args:
      inputs: a tensor of shape [batch, length, channels].

    Returns:
      A tensor of shape [batch, new length, filters].
    """
    return SeparableConv1D(filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
                           activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
                           depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
                           depthwise_constraint, pointwise_constraint, bias_constraint, trainable, name,
                           _reuse=reuse, _scope=name)(inputs)


@export("layers.separable_conv2d")
@deprecated(None, "Use `tf.keras.layers.SeparableConv2D` instead.")
def separable_conv2d(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1), padding: str = "valid",
                     data_format: str = "channels_last", dilation_rate: Any = (1, 1), depth_multiplier: int = 1,
                     activation: Any = None, use_bias: bool = True, depthwise_initializer: Any = None,
                     pointwise_initializer: Any = None, bias_initializer: Any = _zeros,
                     depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None, depthwise_constraint: Any = None,
                     pointwise_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                     name: str | None = None, reuse: Any = None) -> Any:
    """A separable convolution over images (see `tf.layers.SeparableConv2D`).

    Args:
      inputs: a tensor of shape [batch, height, width, channels].

    Returns:
      A tensor of shape [batch, new height, new width, filters].
    """
    return SeparableConv2D(filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier,
                           activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer,
                           depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer,
                           depthwise_constraint, pointwise_constraint, bias_constraint, trainable, name,
                           _reuse=reuse, _scope=name)(inputs)
