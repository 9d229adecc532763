"""fully_connected and conv2d with masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.arguments import add_arg_scope
from tfmagic.tf.contrib.layers.common import ZEROS, collect_variable, renaming
from tfmagic.tf.contrib.layers.dense import finished
from tfmagic.tf.contrib.layers.scaled import xavier_initializer
from tfmagic.tf.contrib.model_pruning.masks import masked
from tfmagic.tf.initializers.kinds import Ones, Zeros
from tfmagic.tf.layers import convolutional, core
from tfmagic.tf.variable.scope import variable_scope

_xavier = xavier_initializer()


class MaskedDense(core.Dense):
    """`tf.layers.Dense` whose kernel has a mask."""

    def add_weight(self, name: str, shape: Any, **options: Any) -> Any:  # type: ignore[override]
        found = super().add_weight(name, shape=shape, **options)
        if name == "kernel":
            mask = super().add_weight("mask", shape=shape, initializer=Ones(), dtype=self.dtype, trainable=False)
            threshold = super().add_weight("threshold", shape=[], initializer=Zeros(), dtype=self.dtype,
                                           trainable=False)
            self.masked_kernel = masked(found, mask, threshold)
        return found

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        kernel, self.kernel = self.kernel, self.masked_kernel
        try:
            return super().call(inputs)
        finally:
            self.kernel = kernel


class MaskedConv2D(convolutional.Conv2D):
    """`tf.layers.Conv2D` whose kernel has a mask."""

    def build(self, input_shape: Any) -> None:
        shape = (*self.kernel_size, self._channels(input_shape), self.filters)
        mask = self.add_weight("mask", shape=shape, initializer=Ones(), dtype=self.dtype, trainable=False)
        self.kernel = self.add_weight("kernel", shape=shape, initializer=self.kernel_initializer,
                                      regularizer=self.kernel_regularizer, trainable=True, dtype=self.dtype)
        threshold = self.add_weight("threshold", shape=[], initializer=Zeros(), dtype=self.dtype, trainable=False)
        self.masked_kernel = masked(self.kernel, mask, threshold)
        self._make_bias()
        self.built = True

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        layout = "NCHW" if self.data_format == "channels_first" else "NHWC"
        outputs = api.nn.convolution(input=inputs, filter=self.masked_kernel, dilation_rate=self.dilation_rate,
                                     strides=self.strides, padding=self.padding.upper(), data_format=layout)
        if self.bias is not None:
            outputs = api.nn.bias_add(outputs, self.bias, data_format=layout)
        return outputs


def _applied(kind: Callable[[int | None], Callable[..., Any]], default_scope: str, inputs: Any, scope: Any, reuse: Any,
             activation_fn: Any, normalizer_fn: Any, normalizer_params: Any, variables_collections: Any,
             outputs_collections: Any, options: dict[str, Any]) -> Any:
    """Call a layer in a scope of its own, collect its variables, normalize and activate.

    Args:
      kind: gives the class of layer for the rank of the inputs.
      options: the arguments of the class; `use_bias` counts only without a normalizer.
    """
    with variable_scope(scope, default_scope, [inputs], reuse=reuse,
                        custom_getter=renaming(bias="biases", kernel="weights")) as own:
        inputs = convert_to_tensor(inputs)
        options["use_bias"] = not normalizer_fn and bool(options["bias_initializer"])
        layer = kind(inputs.shape.ndims)(activation=None, name=own.name, dtype=inputs.dtype.base_dtype, _scope=own,
                                         _reuse=reuse, **options)
        outputs = layer(inputs)
        collect_variable(layer.kernel, variables_collections, "weights")
        collect_variable(layer.bias, variables_collections, "biases")
        return finished(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, own.name)


@export("contrib.model_pruning.masked_fully_connected")
@add_arg_scope
def masked_fully_connected(inputs: Any, num_outputs: int, activation_fn: Any = api.nn.relu, normalizer_fn: Any = None,
                           normalizer_params: Any = None, weights_initializer: Any = _xavier,
                           weights_regularizer: Any = None, biases_initializer: Any = ZEROS,
                           biases_regularizer: Any = None, reuse: Any = None, variables_collections: Any = None,
                           outputs_collections: Any = None, trainable: bool = True, scope: Any = None) -> Any:
    """`tf.contrib.layers.fully_connected` with a mask of the weights.

    Raises:
      ValueError: `num_outputs` is no integer.
    """
    if not isinstance(num_outputs, int):
        raise ValueError(f"num_outputs should be int or long, got {num_outputs}.")
    return _applied(lambda rank: MaskedDense, "fully_connected", inputs, scope, reuse, activation_fn, normalizer_fn,
                    normalizer_params, variables_collections, outputs_collections, {
                        "units": num_outputs, "kernel_initializer": weights_initializer,
                        "bias_initializer": biases_initializer, "kernel_regularizer": weights_regularizer,
                        "bias_regularizer": biases_regularizer, "trainable": trainable})


@export("contrib.model_pruning.masked_conv2d")
@add_arg_scope
def masked_convolution(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1, padding: str = "SAME",
                       data_format: str | None = None, rate: Any = 1, activation_fn: Any = api.nn.relu,
                       normalizer_fn: Any = None, normalizer_params: Any = None, weights_initializer: Any = _xavier,
                       weights_regularizer: Any = None, biases_initializer: Any = ZEROS,
                       biases_regularizer: Any = None, reuse: Any = None, variables_collections: Any = None,
                       outputs_collections: Any = None, trainable: bool = True, scope: Any = None) -> Any:
    """`tf.contrib.layers.conv2d` with a mask of the weights.

    Raises:
      ValueError: the format is unknown, or the inputs are no [batch, height, width, channels].
    """
    if data_format not in (None, "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW"):
        raise ValueError(f"Invalid data_format: {data_format!r}")

    def kind(rank: int | None) -> type[MaskedConv2D]:
        if rank != 4:
            raise ValueError("Sparse Convolution not supported for input with rank", rank)
        return MaskedConv2D

    return _applied(kind, "Conv", inputs, scope, reuse, activation_fn, normalizer_fn, normalizer_params,
                    variables_collections, outputs_collections, {
                        "filters": num_outputs, "kernel_size": kernel_size, "strides": stride, "padding": padding,
                        "data_format": "channels_first" if (data_format or "").startswith("NC") else "channels_last",
                        "dilation_rate": rate, "kernel_initializer": weights_initializer,
                        "bias_initializer": biases_initializer, "kernel_regularizer": weights_regularizer,
                        "bias_regularizer": biases_regularizer, "trainable": trainable})
