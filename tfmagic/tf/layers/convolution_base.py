"""What the convolution layers have in common: arguments, variables, bias and activation."""

from __future__ import annotations

import inspect
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.shapes import TensorShape, as_shape, dimension_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.ops import api, raw
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.layers import named
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.layers.sizes import format_name, output_size, padding_name, per_axis, tensor_format
from tfmagic.tf.nn import activations as nn
from tfmagic.tf.nn.convolutions import conv1d
from tfmagic.tf.nn.dilations import check_steps, spread


def per_axis_defaults(cls: type) -> type:
    """Class decorator: show one number per axis where the shared `__init__` says 1 for all (as `help` does)."""
    signature = inspect.signature(cls)
    ones = (1,) * cls._rank  # type: ignore[attr-defined]
    shown = [parameter.replace(default=ones) if parameter.name in ("strides", "dilation_rate") else parameter
             for parameter in signature.parameters.values()]
    cls.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
    return cls


class Convolution(Layer):
    """A convolution with filters that are learned, a bias, an activation.

    Args:
      filters: the number of output channels.
      kernel_size, strides, dilation_rate: an integer, or one per spatial axis.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first".
      activation: a function of the output, or None.
      use_bias: whether to add a bias.
      kernel_initializer, bias_initializer: initializers; None takes the variable scope's or Glorot's.
      kernel_regularizer, bias_regularizer, activity_regularizer: functions that give a loss.
      kernel_constraint, bias_constraint: functions that optimizers apply after an update.
    """

    _rank: int
    _pads_causally = False
    kernel: Any
    bias: Any

    _no_channels = "The channel dimension of the inputs should be defined. Found `None`."

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str = "channels_last", dilation_rate: Any = 1, activation: Any = None,
                 use_bias: bool = True, kernel_initializer: Any = None,
                 bias_initializer: Any = Zeros(),  # noqa: B008  # TensorFlow's default
                 kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                 name: Any = None, **kwargs: Any):
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.filters = filters if filters is None else int(filters)
        self.kernel_size = per_axis(kernel_size, self._rank, "kernel_size")
        self.strides = per_axis(strides, self._rank, "strides")
        self.padding = padding_name(padding, causal=True)
        if self.padding == "causal" and not self._pads_causally:
            raise ValueError("Causal padding is only supported for `Conv1D`and ``SeparableConv1D`.")
        self.data_format = format_name(data_format)
        self.dilation_rate = per_axis(dilation_rate, self._rank, "dilation_rate")
        self.activation = named.activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = named.initializer(kernel_initializer)
        self.bias_initializer = named.initializer(bias_initializer)
        self.kernel_regularizer = named.regularizer(kernel_regularizer)
        self.bias_regularizer = named.regularizer(bias_regularizer)
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(ndim=self._rank + 2)
        self._rate: Any = None

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1

    def _channels(self, input_shape: Any) -> int:
        """The number of input channels.

        Raises:
          ValueError: it is unknown.
        """
        channels = dimension_value(as_shape(input_shape)[self._channel_axis])
        if channels is None:
            raise ValueError(self._no_channels.format(input_shape))
        self.input_spec = InputSpec(ndim=self._rank + 2, axes={self._channel_axis: channels})
        return channels

    def _make_bias(self) -> None:
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight("bias", shape=(self.filters,), initializer=self.bias_initializer,
                                        regularizer=self.bias_regularizer, constraint=self.bias_constraint,
                                        trainable=True, dtype=self.dtype)

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.kernel = self.add_weight("kernel", shape=(*self.kernel_size, channels, self.filters),
                                      initializer=self.kernel_initializer, regularizer=self.kernel_regularizer,
                                      constraint=self.kernel_constraint, trainable=True, dtype=self.dtype)
        self._make_bias()
        check_steps(self.strides, self.dilation_rate)
        self._rate = convert_to_tensor(list(self.dilation_rate), dtypes.int32, name="dilation_rate")
        self.built = True

    @property
    def rank(self) -> int:
        """The number of axes."""
        return self._rank

    def _padded(self, inputs: Any) -> tuple[Any, str]:
        """The inputs, and how they are padded: causally means with zeros before the first step."""
        if self.padding != "causal":
            return inputs, self.padding.upper()
        before = [self.dilation_rate[0] * (self.kernel_size[0] - 1), 0]
        return api.pad(inputs, [[0, 0], [0, 0], before] if self.data_format == "channels_first" else
                       [[0, 0], before, [0, 0]]), "VALID"

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        sizes = [dimension_value(inputs.shape[axis]) for axis in self._spatial_axes()]
        inputs, padding = self._padded(inputs)  # by multiples of the rate, so that the sizes before tell as much
        outputs = spread(inputs, self._rate, padding, self._convolved, self.kernel.shape.as_list(), None,
                         tensor_format(self.data_format, self._rank), sizes)
        return self._finished(outputs)

    def _convolved(self, inputs: Any, dims: int, padding: str) -> Any:
        """The convolution itself, without dilation."""
        data_format = tensor_format(self.data_format, self._rank)
        if self._rank == 1:
            return conv1d(inputs, self.kernel, self.strides[0], padding, data_format=data_format)
        op = raw.conv2d if self._rank == 2 else raw.conv3d
        return op(inputs, self.kernel, self._over_channels(self.strides), padding, data_format=data_format)

    def _over_channels(self, values: Any) -> list[int]:
        return [1, 1, *values] if self.data_format == "channels_first" else [1, *values, 1]

    def _finished(self, outputs: Any) -> Any:
        """The outputs with bias and activation."""
        if self.use_bias:
            if self.data_format == "channels_first" and self._rank == 1:
                outputs = outputs + raw.reshape(self.bias, (1, self.filters, 1))
            else:
                outputs = nn.bias_add(outputs, self.bias,
                                      data_format="NCHW" if self.data_format == "channels_first" else "NHWC")
        return outputs if self.activation is None else self.activation(outputs)

    def _spatial_axes(self) -> range:
        first = 2 if self.data_format == "channels_first" else 1
        return range(first, first + self._rank)

    def _with_sizes(self, input_shape: Any, size: Any) -> TensorShape:
        """The output's shape, where `size(input size, axis number)` gives the size of a spatial axis."""
        dims = as_shape(input_shape).as_list()
        for number, axis in enumerate(self._spatial_axes()):
            dims[axis] = size(dims[axis], number)
        dims[self._channel_axis] = self.filters
        return TensorShape(dims)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return self._with_sizes(input_shape, lambda size, axis: output_size(
            size, self.kernel_size[axis], self.padding, self.strides[axis], self.dilation_rate[axis]))
