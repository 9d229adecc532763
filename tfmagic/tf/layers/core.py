"""Dense, Dropout and Flatten layers."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape, dimension_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.control_flow.cond import smart_cond
from tfmagic.ops.math.cast import cast
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.layers import named
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.nn import activations as nn


@export("layers.Dense")
class Dense(Layer):
    """A product with a matrix of weights, a bias, an activation: activation(inputs . kernel + bias).

    Args:
      units: the size of the output's last axis.
      activation: a function of the output, or None.
      use_bias: whether to add a bias.
      kernel_initializer, bias_initializer: initializers; None takes the variable scope's or Glorot's.
      kernel_regularizer, bias_regularizer, activity_regularizer: functions that give a loss.
      kernel_constraint, bias_constraint: functions that optimizers apply after an update.
    """

    kernel: Any
    bias: Any

    def __init__(self, units: int, activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
                 bias_initializer: Any = Zeros(), kernel_regularizer: Any = None,  # noqa: B008  # TensorFlow's default
                 bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None, **kwargs: Any):
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.units = int(units)
        self.activation = named.activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = named.initializer(kernel_initializer)
        self.bias_initializer = named.initializer(bias_initializer)
        self.kernel_regularizer = named.regularizer(kernel_regularizer)
        self.bias_regularizer = named.regularizer(bias_regularizer)
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        dtype = dtypes.as_dtype(self.dtype or dtypes.float32)
        if not (dtype.is_floating or dtype.is_complex):
            raise TypeError(f"Unable to build `Dense` layer with non-floating point dtype {dtype}")
        last = dimension_value(as_shape(input_shape)[-1])
        if last is None:
            raise ValueError("The last dimension of the inputs to `Dense` should be defined. Found `None`.")
        self.input_spec = InputSpec(min_ndim=2, axes={-1: last})
        self.kernel = self.add_weight("kernel", shape=[last, self.units], initializer=self.kernel_initializer,
                                      regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
                                      dtype=self.dtype, trainable=True)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight("bias", shape=[self.units], initializer=self.bias_initializer,
                                        regularizer=self.bias_regularizer, constraint=self.bias_constraint,
                                        dtype=self.dtype, trainable=True)
        self.built = True

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        rank = inputs.shape.ndims
        if rank > 2:
            outputs = api.linalg.tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape([*inputs.shape.as_list()[:-1], self.units])
        else:
            outputs = raw.mat_mul(cast(inputs, self.dtype), self.kernel)
        if self.use_bias:
            outputs = nn.bias_add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        shape = as_shape(input_shape).with_rank_at_least(2)
        if dimension_value(shape[-1]) is None:
            raise ValueError(f"The innermost dimension of input_shape must be defined, but saw: {input_shape}")
        return shape[:-1].concatenate(self.units)


@export("layers.dense")
@deprecated(None, "Use keras.layers.Dense instead.")
def dense(inputs: Any, units: int, activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
          bias_initializer: Any = Zeros(), kernel_regularizer: Any = None,  # noqa: B008  # TensorFlow's default
          bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
          bias_constraint: Any = None, trainable: bool = True, name: str | None = None, reuse: Any = None) -> Any:
    """A dense layer (see `tf.layers.Dense`): activation(inputs . kernel + bias).

    Args:
      inputs: a tensor of shape [..., n] and a floating type.
      units: the size of the output's last axis.
      name: the name of the variable scope; by default "dense", made unique.
      reuse: whether to share the variables of a layer of that name.

    Returns:
      A tensor of shape [..., units].
    """
    layer = Dense(units, activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
                  bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
                  bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
                  kernel_constraint=kernel_constraint, bias_constraint=bias_constraint, trainable=trainable,
                  name=name, _scope=name, _reuse=reuse)
    return layer(inputs)


@export("layers.Dropout")
class Dropout(Layer):
    """Sets a part of the inputs to zero while training, and scales the rest up.

    Args:
      rate: the part that is dropped.
      noise_shape: the shape of the mask; axes of size 1 are dropped as a whole.
      seed: of the random numbers.
    """

    def __init__(self, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None, name: Any = None,
                 **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def call(self, inputs: Any, training: Any = False) -> Any:  # type: ignore[override]
        return smart_cond(
            False if training is None else training,
            lambda: nn.dropout(inputs, noise_shape=self._mask_shape(inputs), seed=self.seed, rate=self.rate),
            lambda: raw.identity(inputs))

    def _mask_shape(self, inputs: Any) -> Any:
        if self.noise_shape is None or not isinstance(self.noise_shape, (list, tuple)):
            return self.noise_shape
        sizes = shape_ops.shape(inputs)
        return convert_to_tensor([sizes[axis] if size is None else size for axis, size in enumerate(self.noise_shape)])

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@export("layers.dropout")
@deprecated(None, "Use keras.layers.dropout instead.")
def dropout(inputs: Any, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None, training: Any = False,
            name: str | None = None) -> Any:
    """Sets a part of the inputs to zero while training, and scales the rest up.

    Args:
      inputs: a tensor of a floating type.
      rate: the part that is dropped.
      noise_shape: the shape of the mask; axes of size 1 are dropped as a whole.
      seed: of the random numbers.
      training: a bool, or a bool tensor; without training the inputs stay as they are.

    Returns:
      A tensor like `inputs`.
    """
    return Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)(inputs, training=training)


@export("layers.Flatten")
class Flatten(Layer):
    """Makes a matrix: all axes but the first become one.

    Args:
      data_format: "channels_last", or "channels_first" to bring the channels last before.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = _data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        rank = inputs.shape.ndims
        if self.data_format == "channels_first" and rank is not None and rank > 1:
            inputs = api.transpose(inputs, perm=[0, *range(2, rank), 1])
        outputs = raw.reshape(inputs, (dimension_value(inputs.shape[0]) or api.shape(inputs)[0], -1))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        dims = as_shape(input_shape).as_list()
        if not dims:
            return TensorShape([1])
        rest = dims[1:]
        return TensorShape([dims[0], math.prod(rest) if None not in rest else None])


def _data_format(value: str | None) -> str:
    value = "channels_last" if value is None else value.lower()
    if value not in {"channels_first", "channels_last"}:
        raise ValueError('The `data_format` argument must be one of "channels_first", "channels_last". Received: '
                         f"{value}")
    return value


@export("layers.flatten")
@deprecated(None, "Use keras.layers.flatten instead.")
def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Any:
    """Makes a matrix: all axes but the first become one.

    Args:
      inputs: a tensor with the batch first.

    Returns:
      A tensor of shape [batch, n].
    """
    return Flatten(name=name, data_format=data_format)(inputs)
