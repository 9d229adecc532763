"""Layers of images and their places: spatial_softmax, images as sequences and back, pool, poincare_normalize, GDN."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.framework.arguments import add_arg_scope
from tfmagic.tf.contrib.framework.model_variables import model_variable
from tfmagic.tf.contrib.layers.common import collect_named_outputs, get_variable_collections, n_positive_integers
from tfmagic.tf.framework.scopes import RegisterGradient
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.nn import activations as nn
from tfmagic.tf.variable.scope import variable_scope


@export("contrib.layers.spatial_softmax")
@add_arg_scope
def spatial_softmax(features: Any, temperature: float | None = None, name: str | None = None,
                    variables_collections: Any = None, trainable: bool = True, data_format: str = "NHWC") -> Tensor:
    """Where in an image each channel is strong: the mean place, each pixel weighing as the softmax over all says.

    Args:
      features: a batch of images.
      temperature: what the features are divided by; None: a variable that begins with 1.
      name: the scope of the nodes.
      variables_collections: the collections of the variable.
      trainable: whether it is trained.
      data_format: "NHWC" or "NCHW".

    Returns:
      A matrix of two numbers from -1 to 1 per channel.

    Raises:
      ValueError: the format is another, or the number of channels unknown.
    """
    with variable_scope(name, "spatial_softmax"):
        shape = api.shape(features)
        if data_format not in ("NHWC", "NCHW"):
            raise ValueError("data_format has to be either NCHW or NHWC.")
        first = data_format == "NCHW"
        height, width = (shape[2], shape[3]) if first else (shape[1], shape[2])
        channels = features.shape[1 if first else 3].value
        if channels is None:
            raise ValueError("The num_channels dimension of the inputs to `spatial_softmax` should be defined. Found "
                             "`None`.")
        with name_scope("spatial_softmax_op"):
            rows, columns = api.meshgrid(api.lin_space(-1.0, 1.0, num=height), api.lin_space(-1.0, 1.0, num=width),
                                         indexing="ij")
            rows = api.reshape(rows, [height * width])
            columns = api.reshape(columns, [height * width])
            begin = api.ones_initializer() if temperature is None else api.constant_initializer(temperature)
            divisor = model_variable("temperature", shape=(), dtype=api.float32, initializer=begin,
                                     collections=get_variable_collections(variables_collections, "temperature"),
                                     trainable=trainable)
            if not first:
                features = api.transpose(features, [0, 3, 1, 2])
            weights = nn.softmax(api.reshape(features, [-1, height * width]) / divisor)
            row = api.reduce_sum(rows * weights, [1], keepdims=True)
            column = api.reduce_sum(columns * weights, [1], keepdims=True)
            places = api.reshape(api.concat([row, column], 1), [-1, channels * 2])
            places.set_shape([None, channels * 2])
            return places


@export("contrib.layers.images_to_sequence")
@add_arg_scope
def images_to_sequence(inputs: Any, data_format: str = "NHWC", outputs_collections: Any = None,
                       scope: Any = None) -> Tensor:
    """Images as sequences of their columns: [batch, height, width, channels] -> [width, batch * height, channels].

    Raises:
      ValueError: the format is another, or these are no images.
    """
    if data_format not in ("NCHW", "NHWC"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    with name_scope(scope, "ImagesToSequence", [inputs]) as own:
        inputs = convert_to_tensor(inputs)
        if data_format == "NCHW":
            inputs = api.transpose(inputs, [0, 2, 3, 1])
        _, _, width, channels = inputs.shape.as_list()
        shape = api.shape(inputs)
        batch, height = shape[0], shape[1]
        columns = api.transpose(inputs, [2, 0, 1, 3])
        return collect_named_outputs(outputs_collections, own,
                                     api.reshape(columns, [width, batch * height, channels]))


@export("contrib.layers.sequence_to_images")
@add_arg_scope
def sequence_to_images(inputs: Any, height: int, output_data_format: str = "channels_last",
                       outputs_collections: Any = None, scope: Any = None) -> Tensor:
    """What `images_to_sequence` made, as images again.

    Raises:
      ValueError: these are no such sequences.
    """
    with name_scope(scope, "SequenceToImages", [inputs]) as own:
        inputs = convert_to_tensor(inputs)
        width, rows, channels = inputs.shape.as_list()
        batch = -1 if rows is None else rows // height
        columns = api.reshape(inputs, [width, batch, height, channels])
        images = api.transpose(columns, [1, 3, 2, 0] if output_data_format == "channels_first" else [1, 2, 0, 3])
        return collect_named_outputs(outputs_collections, own, images)


@export("contrib.slim.pool")
@add_arg_scope
def pool(inputs: Any, kernel_size: Any, pooling_type: str, padding: str = "VALID", data_format: str | None = None,
         dilation_rate: Any = 1, stride: Any = 1, outputs_collections: Any = None, scope: Any = None) -> Tensor:
    """`tf.nn.pool` over all axes but those of the batch and the channels.

    Args:
      inputs: a batch of images, volumes or sequences.
      kernel_size, dilation_rate, stride: an integer, or one per axis.
      pooling_type: "AVG" or "MAX".

    Raises:
      ValueError: the rank is unknown, or an argument does not go.
    """
    with name_scope(scope, f"{pooling_type.lower()}_pool", [inputs]) as own:
        inputs = convert_to_tensor(inputs)
        if inputs.shape.ndims is None:
            raise ValueError("Rank of inputs must be known")
        if inputs.shape.ndims < 3:
            raise ValueError("Rank of inputs must be >= 3")
        axes = inputs.shape.ndims - 2
        if pooling_type.upper() not in ("AVG", "MAX"):
            raise ValueError(f"{axes}-D {pooling_type} pooling is not supported.")
        outputs = api.nn.pool(input=inputs, window_shape=n_positive_integers(axes, kernel_size),
                              pooling_type=pooling_type, padding=padding, data_format=data_format,
                              dilation_rate=n_positive_integers(axes, dilation_rate),
                              strides=n_positive_integers(axes, stride), name=own)
        return collect_named_outputs(outputs_collections, own, outputs)


@export("contrib.slim.layers.poincare_normalize")
def poincare_normalize(x: Any, axis: int = 1, epsilon: float = 1e-5, name: str | None = None) -> Tensor:
    """What is outside of the unit ball, brought into it: vectors no longer than `1 - epsilon`."""
    with name_scope(name, "poincare_normalize") as own:
        x = convert_to_tensor(x, name="x")
        scale = raw.rsqrt(api.reduce_sum(raw.square(x), axis, keepdims=True))
        return raw.mul(x, raw.minimum((1.0 - epsilon) * scale, 1.0), name=own)


@RegisterGradient("GDNLowerBound")
def _lower_bound_gradient(op: Any, grad: Any) -> tuple[Any, None]:
    """What is below the bound may still grow."""
    inputs, bound = op.inputs
    passed = api.logical_or(raw.greater_equal(inputs, bound), raw.less(grad, 0))
    return api.cast(passed, grad.dtype) * grad, None


@export("contrib.layers.GDN")
class GDN(Layer):
    """Generalized divisive normalization: each channel divided by a learned mixture of the channels' strengths.

    Args:
      inverse: whether to multiply instead.
      beta_min: the smallest addend under the root.
      gamma_init: what the mixture begins with, on its diagonal.
      reparam_offset: what keeps gradients at zero finite.
      data_format: "channels_last" or "channels_first".
    """

    def __init__(self, inverse: bool = False, beta_min: float = 1e-6, gamma_init: float = 0.1,
                 reparam_offset: float = 2 ** -18, data_format: str = "channels_last",
                 activity_regularizer: Any = None, trainable: bool = True, name: str | None = None, **kwargs: Any):
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.inverse = inverse
        self._beta_min = beta_min
        self._gamma_init = gamma_init
        self._reparam_offset = reparam_offset
        self.data_format = data_format
        self._channel_axis()
        self.input_spec = InputSpec(min_ndim=3, max_ndim=5)

    def _channel_axis(self) -> int:
        if self.data_format not in ("channels_first", "channels_last"):
            raise ValueError(f"Unsupported `data_format` for GDN layer: {self.data_format}.")
        return 1 if self.data_format == "channels_first" else -1

    def build(self, input_shape: Any) -> None:
        axis = self._channel_axis()
        channels = input_shape[axis].value
        if channels is None:
            raise ValueError("The channel dimension of the inputs to `GDN` must be defined.")
        self._input_rank = input_shape.ndims
        self.input_spec = InputSpec(ndim=input_shape.ndims, axes={axis: channels})
        offset = self._reparam_offset
        pedestal, beta_bound, gamma_bound = (api.constant(value, dtype=self.dtype) for value in (
            offset ** 2, (self._beta_min + offset ** 2) ** 0.5, offset))

        def beta(shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
            own = api.constant(offset ** 2, dtype=self.dtype)
            return raw.sqrt(api.ones(shape, dtype=dtype) + own)

        def gamma(shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
            identity = api.eye(channels, dtype=dtype)
            own = api.constant(offset ** 2, dtype=self.dtype)
            return raw.sqrt(self._gamma_init * identity + own)

        def parameter(name: str, shape: Any, begin: Any, bound: Tensor) -> Any:
            variable = self.add_variable(f"reparam_{name}", shape=shape, initializer=begin, dtype=self.dtype,
                                         trainable=True)
            with get_default_graph().gradient_override_map({"Maximum": "GDNLowerBound"}):
                bounded = raw.maximum(variable, bound, name="GDNLowerBound")
            return raw.square(bounded) - pedestal

        self.beta = parameter("beta", [channels], beta, beta_bound)
        self.gamma = parameter("gamma", [channels, channels], gamma, gamma_bound)
        self.built = True

    def call(self, inputs: Any) -> Tensor:  # type: ignore[override]
        inputs = convert_to_tensor(inputs, dtype=self.dtype)
        rank = self._input_rank
        channels = self.gamma.shape[0].value
        gamma = api.reshape(self.gamma, [1] * (rank - 2) + [channels, channels])
        last = {3: "NWC", 4: "NHWC", 5: "NDHWC"}[rank]
        first = self.data_format == "channels_first"
        layout = f"NC{last[1:-1]}" if first else last
        norm = api.nn.convolution(raw.square(inputs), gamma, "VALID", data_format=layout)
        if first and rank == 3:
            norm = api.squeeze(nn.bias_add(api.expand_dims(norm, 2), self.beta, data_format="NCHW"), [2])
        elif first and rank == 5:
            shape = api.shape(norm)
            norm = api.reshape(norm, api.concat([shape[:3], [-1]], 0))
            norm = api.reshape(nn.bias_add(norm, self.beta, data_format="NCHW"), shape)
        else:
            norm = nn.bias_add(norm, self.beta, data_format="NCHW" if first else "NHWC")
        norm = raw.sqrt(norm)
        outputs = inputs * norm if self.inverse else inputs / norm
        outputs.set_shape(inputs.shape)
        return outputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@export("contrib.layers.gdn")
def gdn(inputs: Any, inverse: bool = False, beta_min: float = 1e-6, gamma_init: float = 0.1,
        reparam_offset: float = 2 ** -18, data_format: str = "channels_last", activity_regularizer: Any = None,
        trainable: bool = True, name: str | None = None, reuse: Any = None) -> Tensor:
    """`GDN` as a function.

    Args:
      inputs: a tensor of three to five axes.
      inverse, beta_min, gamma_init, reparam_offset, data_format: as of `GDN`.

    Raises:
      ValueError: the rank or the format does not go, or the number of channels is unknown.
    """
    layer = GDN(inverse=inverse, beta_min=beta_min, gamma_init=gamma_init, reparam_offset=reparam_offset,
                data_format=data_format, activity_regularizer=activity_regularizer, trainable=trainable, name=name,
                dtype=inputs.dtype.base_dtype, _scope=name, _reuse=reuse)
    return layer.apply(inputs)
