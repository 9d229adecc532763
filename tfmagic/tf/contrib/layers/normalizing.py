"""batch_norm, layer_norm, instance_norm and group_norm."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.cond import smart_cond, smart_constant_value
from tfmagic.tf.contrib.framework.arguments import add_arg_scope
from tfmagic.tf.contrib.layers.common import (
    check_format,
    collect_variable,
    model_parameter,
    renaming,
)
from tfmagic.tf.contrib.layers.dense import activated
from tfmagic.tf.initializers.kinds import Ones, Zeros
from tfmagic.tf.layers import normalization
from tfmagic.tf.nn.normalizations import batch_normalization, fused_batch_norm, moments, weighted_moments
from tfmagic.tf.train.moving_averages import assign_moving_average
from tfmagic.tf.variable.scope import get_variable_scope, variable_scope


@export("contrib.layers.batch_norm")
@add_arg_scope
def batch_norm(inputs: Any, decay: float = 0.999, center: bool = True, scale: bool = False, epsilon: float = 0.001,
               activation_fn: Any = None, param_initializers: Any = None, param_regularizers: Any = None,
               updates_collections: Any = GraphKeys.UPDATE_OPS, is_training: Any = True, reuse: Any = None,
               variables_collections: Any = None, outputs_collections: Any = None, trainable: bool = True,
               batch_weights: Any = None, fused: bool | None = None, data_format: str = "NHWC",
               zero_debias_moving_mean: bool = False, scope: Any = None, renorm: bool = False,
               renorm_clipping: Any = None, renorm_decay: float = 0.99, adjustment: Any = None) -> Any:
    """Brings each feature to mean 0 and variance 1 over the batch, and shifts it by a learned amount.

    Args:
      decay: how much of the moving mean and variance stays with each step.
      center, scale: whether there is a learned shift (beta) and scale (gamma).
      param_initializers, param_regularizers: dicts for "beta", "gamma", "moving_mean", "moving_variance".
      updates_collections: where the updates of the moving values go; None makes the output depend on them.
      is_training: a bool, or a bool tensor: whether the batch's own mean and variance are used.
      batch_weights: a weight for each example.
      fused: whether to use the fused op; by default where it can be used.
      zero_debias_moving_mean: whether to correct the moving mean for its beginning with zeros.
      renorm, renorm_clipping, renorm_decay, adjustment: as of `tf.layers.batch_normalization`.

    Raises:
      ValueError: the rank or the number of channels is unknown, or arguments contradict each other.
    """
    fused = fused is None or fused
    channels = check_format(data_format)
    inputs = convert_to_tensor(inputs)
    rank = inputs.shape.ndims
    possible = batch_weights is None and not renorm and rank in (2, 4) and adjustment is None
    if fused and possible and (zero_debias_moving_mean or rank == 2 or updates_collections is not GraphKeys.UPDATE_OPS):
        return _fused(inputs, decay, center, scale, epsilon, activation_fn, param_initializers, param_regularizers,
                      updates_collections, is_training, reuse, variables_collections, outputs_collections, trainable,
                      data_format, zero_debias_moving_mean, scope)
    with variable_scope(scope, "BatchNorm", [inputs], reuse=reuse, custom_getter=renaming()) as own:
        if batch_weights is None and updates_collections is GraphKeys.UPDATE_OPS and not zero_debias_moving_mean:
            return _by_layer(inputs, decay, center, scale, epsilon, activation_fn, param_initializers,
                             param_regularizers, is_training, reuse, variables_collections, outputs_collections,
                             trainable, fused, channels, own, renorm, renorm_clipping, renorm_decay, adjustment)
        if renorm:
            raise ValueError("renorm is not supported with batch_weights, updates_collections or "
                             "zero_debias_moving_mean")
        if rank is None:
            raise ValueError(f"Inputs {inputs.name} has undefined rank.")
        axis = 1 if data_format == "NCHW" else rank - 1
        axes = [each for each in range(rank) if each != axis]
        size = inputs.shape[axis].value
        if size is None:
            raise ValueError(f"Inputs {inputs.name} has undefined channels dimension {inputs.shape}.")
        if batch_weights is not None:
            batch_weights = raw.reshape(convert_to_tensor(batch_weights), [-1] + [1] * (rank - 1))
        parameters = _Parameters(size, inputs, param_initializers, param_regularizers, variables_collections, trainable)
        beta = parameters.learned("beta", Zeros()) if center else None
        gamma = parameters.learned("gamma", Ones()) if scale else None
        with variable_scope(own):  # as TensorFlow, whose node names tell
            mean, variance = parameters.moving()
        trains = smart_constant_value(is_training)
        if trains is not False:
            if batch_weights is None:
                own_mean, own_variance = moments(inputs, axes)
            else:
                own_mean, own_variance = weighted_moments(inputs, axes, batch_weights)
            stay = lambda moving=(mean, variance): moving  # noqa: E731
            move = lambda: (  # noqa: E731
                assign_moving_average(stay()[0], own_mean, decay, zero_debias=zero_debias_moving_mean),
                assign_moving_average(stay()[1], own_variance, decay, zero_debias=False))
            if updates_collections is None:

                def forced() -> Any:
                    with get_default_graph().control_dependencies(list(move())):
                        return raw.identity(own_mean), raw.identity(own_variance)

                mean, variance = smart_cond(is_training, forced, stay)
            else:
                for update in smart_cond(is_training, move, stay):
                    get_default_graph().add_to_collections(updates_collections, update)
                mean, variance = smart_cond(is_training, lambda: (own_mean, own_variance), stay)
        if data_format == "NCHW":
            shape = [1, size] + [1] * (rank - 2)
            mean, variance = raw.reshape(mean, shape), raw.reshape(variance, shape)
            beta = None if beta is None else raw.reshape(beta, shape)
            gamma = None if gamma is None else raw.reshape(gamma, shape)
        outputs = batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        outputs.set_shape(inputs.shape)
        return activated(outputs, activation_fn, outputs_collections, own.name)


def _by_layer(inputs: Any, decay: float, center: bool, scale: bool, epsilon: float, activation_fn: Any,
              initializers: Any, regularizers: Any, is_training: Any, reuse: Any, variables_collections: Any,
              outputs_collections: Any, trainable: bool, fused: bool, channels: str, own: Any, renorm: bool,
              renorm_clipping: Any, renorm_decay: float, adjustment: Any) -> Any:
    """Batch normalization by the layer of `tf.layers`."""
    initializers, regularizers = initializers or {}, regularizers or {}
    layer = normalization.BatchNormalization(
        axis=1 if channels == "channels_first" else -1, momentum=decay, epsilon=epsilon, center=center, scale=scale,
        beta_initializer=initializers.get("beta", Zeros()), gamma_initializer=initializers.get("gamma", Ones()),
        moving_mean_initializer=initializers.get("moving_mean", Zeros()),
        moving_variance_initializer=initializers.get("moving_variance", Ones()),
        beta_regularizer=regularizers.get("beta"), gamma_regularizer=regularizers.get("gamma"), trainable=trainable,
        renorm=renorm, renorm_clipping=renorm_clipping, renorm_momentum=renorm_decay, adjustment=adjustment,
        name=own.name, _scope=own, _reuse=reuse, fused=fused)
    outputs = layer(inputs, training=is_training)
    collect_variable(layer.moving_mean, variables_collections, "moving_mean")
    collect_variable(layer.moving_variance, variables_collections, "moving_variance")
    collect_variable(layer.beta if center else None, variables_collections, "beta")
    collect_variable(layer.gamma if scale else None, variables_collections, "gamma")
    return activated(outputs, activation_fn, outputs_collections, own.name)


class _Parameters:
    """The variables of a normalization, one number per channel each."""

    def __init__(self, size: int, inputs: Any, initializers: Any, regularizers: Any, collections: Any,
                 trainable: bool):
        dtype = inputs.dtype.base_dtype
        self.dtype = dtypes.float32 if dtype in (dtypes.float16, dtypes.bfloat16) else dtype
        self.size = size
        self.initializers = initializers or {}
        self.regularizers = regularizers or {}
        self.collections = collections
        self.trainable = trainable

    def learned(self, name: str, initializer: Any) -> Any:
        return self._made(name, self.initializers.get(name, initializer), trainable=self.trainable,
                          regularizer=self.regularizers.get(name))

    def moving(self) -> tuple[Any, Any]:
        """The moving mean and variance, which are never cut into parts."""
        scope = get_variable_scope()
        partitioner = scope.partitioner
        scope.set_partitioner(None)
        try:
            return (self._made("moving_mean", self.initializers.get("moving_mean", Zeros()), trainable=False),
                    self._made("moving_variance", self.initializers.get("moving_variance", Ones()), trainable=False))
        finally:
            scope.set_partitioner(partitioner)

    def _made(self, name: str, initializer: Any, **options: Any) -> Any:
        return model_parameter(name, [self.size], self.dtype, self.collections, initializer=initializer, **options)


def _fused(inputs: Any, decay: float, center: bool, scale: bool, epsilon: float, activation_fn: Any,
           initializers: Any, regularizers: Any, updates_collections: Any, is_training: Any, reuse: Any,
           variables_collections: Any, outputs_collections: Any, trainable: bool, data_format: str,
           zero_debias: bool, scope: Any) -> Any:
    """Batch normalization by the fused op, a matrix as images of one pixel."""
    with variable_scope(scope, "BatchNorm", [inputs], reuse=reuse) as own:
        rank, original = inputs.shape.ndims, inputs
        first = data_format == "NCHW"
        size = inputs.shape[1 if first or rank == 2 else -1].value
        if size is None:
            raise ValueError("`C` dimension must be known but is None")
        if rank == 2:
            inputs = raw.reshape(inputs, [-1, size, 1, 1] if first else [-1, 1, 1, size])
        parameters = _Parameters(size, inputs, initializers, regularizers, variables_collections, trainable)
        beta = parameters.learned("beta", Zeros()) if center else constant(0.0, dtype=parameters.dtype, shape=[size])
        gamma = parameters.learned("gamma", Ones()) if scale else constant(1.0, dtype=parameters.dtype, shape=[size])
        moving_mean, moving_variance = parameters.moving()
        options: dict[str, Any] = {"epsilon": epsilon, "data_format": data_format}
        outputs, mean, variance = smart_cond(
            is_training, lambda: fused_batch_norm(inputs, gamma, beta, **options),
            lambda: fused_batch_norm(inputs, gamma, beta, mean=moving_mean, variance=moving_variance,
                                     is_training=False, **options))
        trains = smart_constant_value(is_training)
        if trains is not False:

            def move() -> Any:
                return (assign_moving_average(moving_mean, mean, decay, zero_debias=zero_debias),
                        assign_moving_average(moving_variance, variance, decay, zero_debias=False))

            if updates_collections is None:

                def forced() -> Any:
                    with get_default_graph().control_dependencies(list(move())):
                        return raw.identity(outputs)

                outputs = smart_cond(is_training, forced, lambda: outputs)
            else:
                for update in smart_cond(is_training, move, lambda: (moving_mean, moving_variance)):
                    get_default_graph().add_to_collections(updates_collections, update)
        outputs.set_shape(inputs.shape)
        if rank == 2:
            outputs = raw.reshape(outputs, api.shape(original))
        return activated(outputs, activation_fn, outputs_collections, own.name)


@export("contrib.layers.layer_norm")
@add_arg_scope
def layer_norm(inputs: Any, center: bool = True, scale: bool = True, activation_fn: Any = None, reuse: Any = None,
               variables_collections: Any = None, outputs_collections: Any = None, trainable: bool = True,
               begin_norm_axis: int = 1, begin_params_axis: int = -1, scope: Any = None) -> Any:
    """Brings each example to mean 0 and variance 1, then scales and shifts it by learned amounts.

    Args:
      begin_norm_axis: the first of the axes over which mean and variance are taken.
      begin_params_axis: the first of the axes along which the learned amounts differ.

    Raises:
      ValueError: the rank is unknown or too small, or a size along the parameters' axes is unknown.
    """
    with variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as own:
        inputs = convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if rank is None:
            raise ValueError(f"Inputs {inputs.name} has undefined rank.")
        begin = begin_norm_axis + rank if begin_norm_axis < 0 else begin_norm_axis
        if begin_params_axis >= rank or begin >= rank:
            raise ValueError(f"begin_params_axis ({begin_params_axis}) and begin_norm_axis ({begin}) must be < "
                             f"rank(inputs) ({rank})")
        shape = inputs.shape[begin_params_axis:]
        if not shape.is_fully_defined():
            raise ValueError(f"Inputs {inputs.name}: shape(inputs)[{begin_params_axis}:] is not fully defined: "
                             f"{inputs.shape}")
        dtype = inputs.dtype.base_dtype
        beta = gamma = None
        if center:
            beta = model_parameter("beta", shape, dtype, variables_collections, initializer=Zeros(),
                                   trainable=trainable)
        if scale:
            gamma = model_parameter("gamma", shape, dtype, variables_collections, initializer=Ones(),
                                    trainable=trainable)
        mean, variance = moments(inputs, list(range(begin, rank)), keep_dims=True)
        outputs = batch_normalization(inputs, mean, variance, offset=beta, scale=gamma,
                                      variance_epsilon=1e-3 if dtype == dtypes.float16 else 1e-12)
        outputs.set_shape(inputs.shape)
        return activated(outputs, activation_fn, outputs_collections, own.name)


@export("contrib.layers.instance_norm")
@add_arg_scope
def instance_norm(inputs: Any, center: bool = True, scale: bool = True, epsilon: float = 1e-6,
                  activation_fn: Any = None, param_initializers: Any = None, reuse: Any = None,
                  variables_collections: Any = None, outputs_collections: Any = None, trainable: bool = True,
                  data_format: str = "NHWC", scope: Any = None) -> Any:
    """Brings each channel of each example to mean 0 and variance 1, then scales and shifts it.

    Raises:
      ValueError: the rank or the number of channels is unknown.
    """
    inputs = convert_to_tensor(inputs)
    rank = inputs.shape.ndims
    if rank is None:
        raise ValueError(f"Inputs {inputs.name} has undefined rank.")
    check_format(data_format)
    with variable_scope(scope, "InstanceNorm", [inputs], reuse=reuse) as own:
        axis = 1 if data_format == "NCHW" else rank - 1
        axes = [each for each in range(1, rank) if each != axis]
        size = inputs.shape[axis].value
        if size is None:
            raise ValueError(f"Inputs {inputs.name} has undefined channels dimension {inputs.shape[axis:axis + 1]}.")
        spread = [1 if each != axis else size for each in range(rank)]
        learned = {}
        for name, initializer, wanted in (("beta", Zeros(), center), ("gamma", Ones(), scale)):
            if wanted:
                variable = model_parameter(
                    name, [size], inputs.dtype.base_dtype, variables_collections,
                    initializer=(param_initializers or {}).get(name, initializer), trainable=trainable)
                learned[name] = raw.reshape(variable, spread) if data_format == "NCHW" else variable
        mean, variance = moments(inputs, axes, keep_dims=True)
        outputs = batch_normalization(inputs, mean, variance, learned.get("beta"), learned.get("gamma"), epsilon,
                                      name="instancenorm")
        outputs.set_shape(inputs.shape)
        return activated(outputs, activation_fn, outputs_collections, own.name)


@export("contrib.layers.group_norm")
@add_arg_scope
def group_norm(inputs: Any, groups: int = 32, channels_axis: int = -1, reduction_axes: Any = (-3, -2),
               center: bool = True, scale: bool = True, epsilon: float = 1e-6, activation_fn: Any = None,
               param_initializers: Any = None, reuse: Any = None, variables_collections: Any = None,
               outputs_collections: Any = None, trainable: bool = True, scope: Any = None,
               mean_close_to_zero: bool = False) -> Any:
    """Brings groups of channels of each example to mean 0 and variance 1, then scales and shifts each channel.

    Args:
      groups: how many groups there are.
      channels_axis, reduction_axes: the axis of the channels, and those over which means are taken besides.
      mean_close_to_zero: whether to compute the variance as the mean of squares less the squared mean.

    Raises:
      ValueError: the axes or the number of groups do not fit the inputs.
    """
    inputs = convert_to_tensor(inputs)
    rank = inputs.shape.ndims
    if rank is None:
        raise ValueError(f"Inputs {inputs.name} has undefined rank.")
    sizes = api.shape(inputs)
    original = [sizes[place] if known is None else known for place, known in enumerate(inputs.shape.as_list())]
    if channels_axis > rank - 1:
        raise ValueError("Axis is out of bounds.")
    channels_axis %= rank
    axes = [each % rank for each in reduction_axes]
    if any(each > rank for each in axes):
        raise ValueError("Axis is out of bounds.")
    if channels_axis in axes:
        raise ValueError("reduction_axis must be mutually exclusive with channels_axis")
    channels = inputs.shape[channels_axis].value
    if channels is None:
        raise ValueError(f"Inputs {inputs.name} has undefined channel dimension: {channels_axis}.")
    if groups > channels:
        raise ValueError(f"Invalid groups {groups} for {channels} channels.")
    if channels % groups:
        raise ValueError(f"{channels} channels is not commensurate with {groups} groups.")
    for axis in axes:
        if inputs.shape[axis].value is None:
            raise ValueError(f"Inputs {inputs.name} has undefined dimensions {axis}.")
    split = [groups, channels // groups]
    grouped = raw.reshape(inputs, [*original[:channels_axis], *split, *original[channels_axis + 1:]])
    spread = [1] * (rank + 1)
    spread[channels_axis:channels_axis + 2] = split
    with variable_scope(scope, "GroupNorm", [inputs], reuse=reuse) as own:
        learned: dict[str, Any] = {}
        for name, initializer, wanted in (("beta", Zeros(), center), ("gamma", Ones(), scale)):
            if wanted:
                learned[name] = raw.reshape(model_parameter(
                    name, [channels], inputs.dtype.base_dtype, variables_collections,
                    initializer=(param_initializers or {}).get(name, initializer), trainable=trainable), spread)
        over = [channels_axis + 1, *(each + (each > channels_axis) for each in axes)]
        if mean_close_to_zero:
            counts, total, squares, _ = api.nn.sufficient_statistics(grouped, over, keep_dims=True)
            mean, variance = api.nn.normalize_moments(counts, total, squares, shift=None)
        else:
            mean, variance = moments(grouped, over, keep_dims=True)
        factor = raw.rsqrt(variance + epsilon)
        shift = -mean * factor
        if scale:
            factor, shift = factor * learned["gamma"], shift * learned["gamma"]
        if center:
            shift = shift + learned["beta"]
        outputs = raw.reshape(grouped * factor + shift, original)
        outputs.set_shape(inputs.shape)
        return activated(outputs, activation_fn, outputs_collections, own.name)
