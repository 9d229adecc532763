"""Layers of matrices: fully_connected and its shorthands, flatten, dropout, bias_add, maxout, unit_norm and others."""

from __future__ import annotations

import functools
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.framework.arguments import add_arg_scope
from tfmagic.tf.contrib.layers.common import (
    ZEROS,
    collect_named_outputs,
    collect_variable,
    model_parameter,
    renaming,
)
from tfmagic.tf.contrib.layers.scaled import xavier_initializer
from tfmagic.tf.layers import core
from tfmagic.tf.nn import activations as nn
from tfmagic.tf.variable.scope import get_variable, variable_scope

_xavier = xavier_initializer()


@export("contrib.layers.fully_connected")
@add_arg_scope
def fully_connected(inputs: Any, num_outputs: int, activation_fn: Any = api.nn.relu, normalizer_fn: Any = None,
                    normalizer_params: Any = None, weights_initializer: Any = _xavier,
                    weights_regularizer: Any = None, biases_initializer: Any = ZEROS, biases_regularizer: Any = None,
                    reuse: Any = None, variables_collections: Any = None, outputs_collections: Any = None,
                    trainable: bool = True, scope: Any = None) -> Any:
    """A layer of which each output sees every input: activation(normalizer(inputs . weights + biases)).

    Args:
      inputs: a tensor of at least two axes, the last of known size.
      num_outputs: the size of the output's last axis.
      activation_fn: a function of the output; None for none.
      normalizer_fn: a function that takes the place of the biases, such as `batch_norm`.
      normalizer_params: its arguments.
      reuse: whether to share the variables of `scope`.
      variables_collections: collections for all variables, or a dict of lists by name.
      outputs_collections: collections for the output.
      scope: the variable scope.

    Returns:
      A tensor.

    Raises:
      ValueError: the rank is less than 2, or `num_outputs` is no integer.
    """
    if not isinstance(num_outputs, int) and not hasattr(num_outputs, "__index__"):
        raise ValueError("num_outputs type should be one of %s, got %s." % ([int], type(num_outputs)))  # noqa: UP031
    with variable_scope(scope, "fully_connected", [inputs], reuse=reuse,
                        custom_getter=renaming(bias="biases", kernel="weights")) as own:
        inputs = convert_to_tensor(inputs)
        layer = core.Dense(
            num_outputs, activation=None, use_bias=not normalizer_fn and bool(biases_initializer),
            kernel_initializer=weights_initializer, bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer, bias_regularizer=biases_regularizer, trainable=trainable,
            name=own.name, dtype=inputs.dtype.base_dtype, _scope=own, _reuse=reuse)
        outputs = layer(inputs)
        collect_variable(layer.kernel, variables_collections, "weights")
        collect_variable(layer.bias, variables_collections, "biases")
        return finished(outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, own.name)


def finished(outputs: Any, normalizer_fn: Any, normalizer_params: Any, activation_fn: Any, collections: Any,
             alias: str) -> Any:
    """Outputs normalized, activated and collected."""
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    return activated(outputs, activation_fn, collections, alias)


def activated(outputs: Any, activation_fn: Any, collections: Any, alias: str) -> Any:
    """Outputs activated and collected."""
    if activation_fn is not None:
        outputs = activation_fn(outputs)
    return collect_named_outputs(collections, alias, outputs)


elu = export("contrib.layers.elu", "contrib.slim.elu")(
    functools.partial(fully_connected, activation_fn=api.nn.elu))
relu = export("contrib.layers.relu", "contrib.slim.relu")(
    functools.partial(fully_connected, activation_fn=api.nn.relu))
relu6 = export("contrib.layers.relu6", "contrib.slim.relu6")(
    functools.partial(fully_connected, activation_fn=api.nn.relu6))
linear = export("contrib.layers.linear", "contrib.slim.linear")(
    functools.partial(fully_connected, activation_fn=None))


@export("contrib.layers.legacy_fully_connected")
def legacy_fully_connected(x: Any, num_output_units: int, activation_fn: Any = None, weight_init: Any = _xavier,
                           bias_init: Any = ZEROS, name: Any = None,
                           weight_collections: Any = (GraphKeys.WEIGHTS,),
                           bias_collections: Any = (GraphKeys.BIASES,),
                           output_collections: Any = (GraphKeys.ACTIVATIONS,), trainable: bool = True,
                           weight_regularizer: Any = None, bias_regularizer: Any = None) -> Any:
    """The former form of `fully_connected`: its variables are called "weights" and "bias".

    Raises:
      ValueError: the rank is unknown or less than 2, or the last size unknown.
    """
    with variable_scope(name, "fully_connected", [x]):
        x = convert_to_tensor(x)
        if x.shape.ndims is None:
            raise ValueError("dims of x must be known but is None")
        if x.shape.ndims < 2:
            raise ValueError(f"rank of x must be at least 2 not: {x.shape.ndims}")
        size = x.shape[-1].value
        if size is None:
            raise ValueError("last dimension of x must be known but is None")
        dtype = x.dtype.base_dtype
        weights = get_variable(
            "weights", shape=[size, num_output_units], dtype=dtype, initializer=weight_init,
            collections=[*(weight_collections or ()), GraphKeys.GLOBAL_VARIABLES], regularizer=weight_regularizer,
            trainable=trainable)
        flat = x if x.shape.ndims <= 2 else raw.reshape(x, [-1, size])
        y = raw.mat_mul(flat, weights)
        if bias_init is not None:
            bias = get_variable(
                "bias", shape=[num_output_units], dtype=dtype, initializer=bias_init,
                collections=[*(bias_collections or ()), GraphKeys.GLOBAL_VARIABLES], regularizer=bias_regularizer,
                trainable=trainable)
            y = nn.bias_add(y, bias)
        if x.shape.ndims > 2:
            shape = api.unstack(api.shape(x))
            y = raw.reshape(y, api.stack([*shape[:-1], num_output_units]))
            y.set_shape([*x.shape.as_list()[:-1], num_output_units])
        if activation_fn is not None:
            y = activation_fn(y)
        get_default_graph().add_to_collections(list(output_collections or ()), y)
        return y


legacy_linear = export("contrib.layers.legacy_linear", "contrib.slim.legacy_linear")(legacy_fully_connected)
legacy_relu = export("contrib.layers.legacy_relu", "contrib.slim.legacy_relu")(
    functools.partial(legacy_fully_connected, activation_fn=api.nn.relu))


@export("contrib.layers.flatten")
@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: Any = None) -> Any:
    """A matrix: all axes but the first become one.

    Raises:
      ValueError: the rank is unknown.
    """
    with name_scope(scope, "Flatten", [inputs]) as own:
        outputs = core.Flatten()(convert_to_tensor(inputs))
        return collect_named_outputs(outputs_collections, own, outputs)


@export("contrib.layers.dropout")
@add_arg_scope
def dropout(inputs: Any, keep_prob: Any = 0.5, noise_shape: Any = None, is_training: Any = True,
            outputs_collections: Any = None, scope: Any = None, seed: int | None = None) -> Any:
    """Sets a part of the inputs to zero while training, and scales the rest up.

    Args:
      keep_prob: the part that stays.
      noise_shape: the shape of the mask.
      is_training: a bool, or a bool tensor.
    """
    with variable_scope(scope, "Dropout", [inputs], custom_getter=renaming()) as own:
        inputs = convert_to_tensor(inputs)
        layer = core.Dropout(rate=1 - keep_prob, noise_shape=noise_shape, seed=seed, name=own.name, _scope=own)
        outputs = layer(inputs, training=is_training)
        return collect_named_outputs(outputs_collections, own.name, outputs)


@export("contrib.layers.bias_add")
@add_arg_scope
def bias_add(inputs: Any, activation_fn: Any = None, initializer: Any = ZEROS, regularizer: Any = None,
             reuse: Any = None, variables_collections: Any = None, outputs_collections: Any = None,
             trainable: bool = True, data_format: str = "NHWC", scope: Any = None) -> Any:
    """The inputs and a bias per channel, activated.

    Raises:
      ValueError: the rank or the number of channels is unknown.
    """
    if data_format not in ("NCHW", "NHWC"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    with variable_scope(scope, "BiasAdd", [inputs], reuse=reuse) as own:
        inputs = convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if rank is None:
            raise ValueError("Dims of shape must be known but is None")
        if rank != 4 and data_format == "NCHW":
            raise ValueError("Data format NCHW only supports 4D Tensor")
        axis = 1 if data_format == "NCHW" else -1
        size = inputs.shape[axis].value
        if size is None:
            raise ValueError("`C` dimension must be known but is None")
        biases = model_parameter("biases", [size], inputs.dtype.base_dtype, variables_collections,
                                 initializer=initializer, regularizer=regularizer, trainable=trainable)
        outputs = nn.bias_add(inputs, biases, data_format=data_format)
        return activated(outputs, activation_fn, outputs_collections, own.name)


@export("contrib.layers.one_hot_encoding")
@add_arg_scope
def one_hot_encoding(labels: Any, num_classes: int, on_value: Any = 1.0, off_value: Any = 0.0,
                     outputs_collections: Any = None, scope: Any = None) -> Any:
    """Labels as rows that have `on_value` at the label and `off_value` elsewhere."""
    with name_scope(scope, "OneHotEncoding", [labels, num_classes]) as own:
        labels = convert_to_tensor(labels)
        if labels.dtype == api.int32:
            labels = api.cast(labels, api.int64, name="ToInt64")
        outputs = api.one_hot(labels, num_classes, on_value=on_value, off_value=off_value)
        return collect_named_outputs(outputs_collections, own, outputs)


@export("contrib.layers.softmax")
@add_arg_scope
def softmax(logits: Any, scope: Any = None) -> Any:
    """The softmax over the last axis of a tensor.

    Raises:
      ValueError: the rank is unknown or less than two.
    """
    with variable_scope(scope, "softmax", [logits]):
        shape = logits.shape
        if shape.ndims is None:
            raise ValueError("dims of shape must be known but is None")
        if shape.ndims < 2:
            raise ValueError(f"rank of shape must be at least 2 not: {shape.ndims}")
        size = shape[-1].value
        rows = raw.reshape(logits, [-1, size])
        outputs = raw.reshape(nn.softmax(rows), api.shape(logits))
        outputs.set_shape(logits.shape)
        return outputs


@export("contrib.layers.unit_norm")
@add_arg_scope
def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Any:
    """The inputs divided by their length along an axis.

    Raises:
      ValueError: the rank is unknown, or there is no such axis.
    """
    with variable_scope(scope, "UnitNorm", [inputs]):
        rank = inputs.shape.ndims
        if rank is None:
            raise ValueError("The input rank must be known.")
        if dim < 0 or dim >= rank:
            raise ValueError("dim must be positive but smaller than the input rank.")
        lengths = raw.sqrt(epsilon + api.reduce_sum(raw.square(inputs), dim, True))
        multiples = []
        if dim > 0:
            multiples.append(api.ones([dim], dtype=api.int32))
        multiples.append(api.strided_slice(api.shape(inputs), [dim], [dim + 1]))
        if dim < rank - 1:
            multiples.append(api.ones([rank - 1 - dim], dtype=api.int32))
        return api.div(inputs, raw.tile(lengths, api.concat(multiples, 0)))


@export("contrib.layers.maxout")
@add_arg_scope
def maxout(inputs: Any, num_units: int, axis: int = -1, scope: Any = None) -> Any:
    """The largest of each group of features: there are `num_units` groups.

    Raises:
      ValueError: the number of features is unknown or not a multiple of `num_units`.
    """
    with variable_scope(scope, "MaxOut", [inputs]):
        inputs = convert_to_tensor(inputs)
        shape: list[Any] = inputs.shape.as_list()
        size = shape[axis]
        if size % num_units:
            raise ValueError(f"number of features({size}) is not a multiple of num_units({num_units})")
        shape[axis] = num_units
        shape = [*shape, size // num_units]
        for place, known in enumerate(shape):
            if known is None:
                shape[place] = api.shape(inputs)[place]
        return api.reduce_max(raw.reshape(inputs, shape), -1)


@export("contrib.layers.repeat")
def repeat(inputs: Any, repetitions: int, layer: Any, *args: Any, **kwargs: Any) -> Any:
    """The same layer several times in a row, each with its own variables: scope/scope_1, scope/scope_2, ..."""
    scope = kwargs.pop("scope", None)
    with variable_scope(scope, "Repeat", [inputs]):
        outputs = inputs = convert_to_tensor(inputs)
        name = scope if scope is not None else _layer_name(layer, "repeat")
        for number in range(1, repetitions + 1):
            outputs = layer(outputs, *args, **{**kwargs, "scope": f"{name}_{number}"})
        return outputs


@export("contrib.layers.stack")
def stack(inputs: Any, layer: Any, stack_args: Any, **kwargs: Any) -> Any:
    """A layer several times in a row, with other arguments each time: scope/scope_1, scope/scope_2, ...

    Raises:
      ValueError: `stack_args` is no list.
    """
    scope = kwargs.pop("scope", None)
    if not isinstance(stack_args, (list, tuple)):
        raise ValueError("stack_args need to be a list or tuple")
    with variable_scope(scope, "Stack", [inputs]):
        outputs = inputs = convert_to_tensor(inputs)
        name = scope if scope is not None else _layer_name(layer, "stack")
        for number, own in enumerate(stack_args, 1):
            own = own if isinstance(own, (list, tuple)) else [own]
            outputs = layer(outputs, *own, **{**kwargs, "scope": f"{name}_{number}"})
        return outputs


def _layer_name(layer: Any, otherwise: str) -> str:
    function = layer if hasattr(layer, "__name__") else getattr(layer, "func", None)
    return str(getattr(function, "__name__", otherwise))
