"""Batch normalization layer."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import as_shape, dimension_value
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.control_flow.cond import smart_cond, smart_constant_value
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_mean
from tfmagic.ops.state.assign import assign, assign_sub
from tfmagic.tf.initializers.kinds import Ones, Zeros
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.nn.normalizations import batch_normalization as nn_batch_normalization
from tfmagic.tf.nn.normalizations import fused_batch_norm, moments
from tfmagic.tf.variable.variables import VariableAggregation, VariableSynchronization

_zeros, _ones = Zeros(), Ones()
_CLIPPING = ["rmax", "rmin", "dmax"]


@export("layers.BatchNormalization")
class BatchNormalization(Layer):
    """Brings each feature to mean 0 and variance 1, then scales and shifts it by learned amounts.

    Args:
      axis: the axis (or axes) of the features.
      momentum: how much of the moving mean and variance stays with each step.
      epsilon: a small number added to the variance.
      center, scale: whether there is a learned shift (beta) and scale (gamma).
      *_initializer, *_regularizer, *_constraint: of the variables.
      fused: whether to use the fused op where it can be used: four axes, one of features, and none of what follows.
      renorm: whether to correct the batch's mean and deviation to running ones (batch renormalization).
      renorm_clipping: bounds "rmax", "rmin" of the correction of the deviation, "dmax" of that of the mean.
      renorm_momentum: how much of the running mean and deviation stays with each step.
      virtual_batch_size: normalize parts of the batch of this size, each by its own mean and variance.
      adjustment: a function of the input's shape that gives a scale and a shift to apply while training.

    Raises:
      TypeError: `axis` is no int or list.
      ValueError: `renorm_clipping` has other keys.
    """

    def __init__(self, axis: Any = -1, momentum: float = 0.99, epsilon: float = 1e-3, center: bool = True,
                 scale: bool = True, beta_initializer: Any = _zeros, gamma_initializer: Any = _ones,
                 moving_mean_initializer: Any = _zeros, moving_variance_initializer: Any = _ones,
                 beta_regularizer: Any = None, gamma_regularizer: Any = None, beta_constraint: Any = None,
                 gamma_constraint: Any = None, renorm: bool = False, renorm_clipping: Any = None,
                 renorm_momentum: float = 0.99, fused: bool | None = None, trainable: bool = True,
                 virtual_batch_size: int | None = None, adjustment: Any = None, name: Any = None, **kwargs: Any):
        super().__init__(trainable=trainable, name=name, **kwargs)
        if not isinstance(axis, (int, list)):
            raise TypeError(f"axis must be int or list, type given: {type(axis)}")
        if renorm and set(renorm_clipping or ()) - set(_CLIPPING):
            raise ValueError(f"renorm_clipping {renorm_clipping} contains keys not in {_CLIPPING}")
        self.axis: Any = axis if isinstance(axis, int) else list(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = beta_initializer
        self.gamma_initializer = gamma_initializer
        self.moving_mean_initializer = moving_mean_initializer
        self.moving_variance_initializer = moving_variance_initializer
        self.beta_regularizer = beta_regularizer
        self.gamma_regularizer = gamma_regularizer
        self.beta_constraint = beta_constraint
        self.gamma_constraint = gamma_constraint
        self.fused = fused is None or fused
        self.renorm = renorm
        self.renorm_clipping = renorm_clipping or {}
        self.renorm_momentum = renorm_momentum
        self.virtual_batch_size = virtual_batch_size
        self.adjustment = adjustment
        self.gamma: Any = None
        self.beta: Any = None
        self.moving_mean: Any = None
        self.moving_variance: Any = None

    @property
    def _parameter_type(self) -> dtypes.DType:
        """float32 for the narrow types, which lose too much in a running mean."""
        dtype = dtypes.as_dtype(self.dtype or dtypes.float32)
        return dtypes.float32 if dtype in (dtypes.float16, dtypes.bfloat16) else dtype

    def build(self, input_shape: Any) -> None:
        shape = as_shape(input_shape)
        if not shape.ndims:
            raise ValueError("Input has undefined rank:", shape)
        rank = shape.ndims
        self.axis = [self.axis] if isinstance(self.axis, int) else self.axis
        for index, axis in enumerate(self.axis):
            if not -rank <= axis < rank:
                raise ValueError(f"Invalid axis: {axis}")
            self.axis[index] = axis % rank
        if len(self.axis) != len(set(self.axis)):
            raise ValueError(f"Duplicate axis: {self.axis}")
        self._check_virtual_batches()
        self.fused = self.fused and rank == 4 and self.axis in ([1], [3]) and not (
            self.renorm or self.virtual_batch_size is not None or self.adjustment is not None)
        sizes = {axis: dimension_value(shape[axis]) for axis in self.axis}
        if None in sizes.values():
            raise ValueError("Input has undefined `axis` dimension. Input shape: ", shape)
        self.input_spec = InputSpec(ndim=rank, axes=sizes)
        own = tuple(sizes.get(axis, 1) for axis in range(rank))
        if self.virtual_batch_size is not None:
            own = (1, 1, *own[1:])
            self.axis = [axis + 1 for axis in self.axis]
        elif len(self.axis) == 1:
            own = (sizes[self.axis[0]],)
        dtype = self._parameter_type
        if self.scale:
            self.gamma = self.add_weight("gamma", shape=own, dtype=dtype, initializer=self.gamma_initializer,
                                         regularizer=self.gamma_regularizer, constraint=self.gamma_constraint,
                                         trainable=True)
        elif self.fused:
            self.gamma = constant(1.0, dtype=dtype, shape=own)
        if self.center:
            self.beta = self.add_weight("beta", shape=own, dtype=dtype, initializer=self.beta_initializer,
                                        regularizer=self.beta_regularizer, constraint=self.beta_constraint,
                                        trainable=True)
        elif self.fused:
            self.beta = constant(0.0, dtype=dtype, shape=own)
        partitioner = None if self._scope is None else self._scope.partitioner
        if self._scope is not None:
            self._scope.set_partitioner(None)
        running: dict[str, Any] = {"shape": own, "dtype": dtype, "trainable": False,
                   "synchronization": VariableSynchronization.ON_READ, "aggregation": VariableAggregation.MEAN}
        self.moving_mean = self.add_weight("moving_mean", initializer=self.moving_mean_initializer, **running)
        self.moving_variance = self.add_weight("moving_variance", initializer=self.moving_variance_initializer,
                                               **running)
        if self.renorm:
            self._build_renorm(running)
        if self._scope is not None:
            self._scope.set_partitioner(partitioner)
        self.built = True

    def _check_virtual_batches(self) -> None:
        if self.virtual_batch_size is None:
            return
        if self.virtual_batch_size <= 0:
            raise ValueError("virtual_batch_size must be a positive integer that divides the true batch size of the "
                             "input Tensor")
        if 0 in self.axis:
            raise ValueError("When using virtual_batch_size, the batch dimension must be 0 and thus axis cannot "
                             "include 0")
        if self.adjustment is not None:
            raise ValueError("When using virtual_batch_size, adjustment cannot be specified")

    def _build_renorm(self, running: dict[str, Any]) -> None:
        """The running mean and deviation that batches are corrected to, and the moving deviation."""

        def root(*args: Any, **kwargs: Any) -> Any:
            return raw.sqrt(self.moving_variance_initializer(*args, **kwargs))

        colocate_with = get_default_graph().colocate_with
        with colocate_with(self.moving_variance.op):
            self.moving_stddev = self.add_weight("moving_stddev", initializer=root, **running)
        with colocate_with(self.moving_mean.op):
            self.renorm_mean = self.add_weight("renorm_mean", initializer=self.moving_mean_initializer, **running)
        with colocate_with(self.moving_variance.op):
            self.renorm_stddev = self.add_weight("renorm_stddev", initializer=root, **running)

    def call(self, inputs: Any, training: Any = False) -> Any:  # type: ignore[override]
        training = False if training is None else training
        training = bool(training) if isinstance(training, int) else training
        if self.fused:
            return self._fused(inputs, training)
        if self.virtual_batch_size is None:
            return self._plain(inputs, training)
        others = inputs.shape.as_list()[1:]
        outputs = self._plain(raw.reshape(inputs, [self.virtual_batch_size, -1, *others]), training)
        return raw.reshape(outputs, [-1, *others])

    def _fused(self, inputs: Any, training: Any) -> Any:
        options: dict[str, Any] = {"epsilon": self.epsilon, "data_format": "NCHW" if self.axis == [1] else "NHWC"}
        output, mean, variance = smart_cond(
            training, lambda: fused_batch_norm(inputs, self.gamma, self.beta, **options),
            lambda: fused_batch_norm(inputs, self.gamma, self.beta, mean=self.moving_mean,
                                     variance=self.moving_variance, is_training=False, **options))
        known = smart_constant_value(training)
        if known is None:
            momentum = smart_cond(training, lambda: self.momentum, lambda: 1.0)
        else:
            momentum = convert_to_tensor(self.momentum)
        if known or known is None:
            self.add_update(lambda: self._moved(self.moving_mean, mean, momentum))
            self.add_update(lambda: self._moved(self.moving_variance, variance, momentum))
        return output

    def _plain(self, inputs: Any, training: Any) -> Any:
        rank = inputs.shape.ndims
        others = [axis for axis in range(rank) if axis not in self.axis]
        if self.virtual_batch_size is not None:
            del others[1]  # each virtual batch is for itself

        def spread(values: Any) -> Any:
            """Per-feature values in a shape that broadcasts, where the features do not come last."""
            if values is None or values.shape.ndims == rank or others == list(range(rank - 1)):
                return values
            sizes = [1] * rank
            sizes[self.axis[0]] = dimension_value(inputs.shape[self.axis[0]])
            return raw.reshape(values, sizes)

        scale, offset = spread(self.gamma), spread(self.beta)
        if smart_constant_value(training) is False:
            mean, variance = self.moving_mean, self.moving_variance
        else:
            if self.adjustment is not None:
                scale, offset = _composed(*self._adjusted(inputs, training), scale, offset)
            own_mean, own_variance = moments(
                cast(inputs, self._parameter_type), others,
                keep_dims=self.virtual_batch_size is not None or len(self.axis) > 1)
            mean = smart_cond(training, lambda: own_mean, lambda: convert_to_tensor(self.moving_mean))
            variance = smart_cond(training, lambda: own_variance, lambda: convert_to_tensor(self.moving_variance))
            new_mean, new_variance = mean, variance
            if self.virtual_batch_size is not None:
                new_mean = reduce_mean(mean, axis=1, keepdims=True)
                new_variance = reduce_mean(variance, axis=1, keepdims=True)
            if self.renorm:
                ratio, shift, new_mean, new_variance = self._corrections(new_mean, new_variance, training)
                ratio = spread(raw.stop_gradient(ratio, name="renorm_r"))
                shift = spread(raw.stop_gradient(shift, name="renorm_d"))
                scale, offset = _composed(ratio, shift, scale, offset)
            self.add_update(lambda: smart_cond(
                training, lambda: self._moved(self.moving_mean, new_mean, self.momentum), lambda: self.moving_mean))
            self.add_update(lambda: smart_cond(
                training, lambda: self._moved_variance(new_variance), lambda: self.moving_variance))
        mean, variance = cast(mean, inputs.dtype), cast(variance, inputs.dtype)
        offset = None if offset is None else cast(offset, inputs.dtype)
        scale = None if scale is None else cast(scale, inputs.dtype)
        outputs = nn_batch_normalization(inputs, spread(mean), spread(variance), offset, scale, self.epsilon)
        outputs.set_shape(inputs.shape)
        return outputs

    def _adjusted(self, inputs: Any, training: Any) -> tuple[Any, Any]:
        """The user's scale and shift, which do nothing without training."""
        scale, shift = self.adjustment(shape_ops.shape(inputs))
        return (smart_cond(training, lambda: scale, lambda: constants.ones_like(scale)),
                smart_cond(training, lambda: shift, lambda: constants.zeros_like(shift)))

    def _corrections(self, mean: Any, variance: Any, training: Any) -> tuple[Any, Any, Any, Any]:
        """What batch renormalization scales and shifts by; and mean and variance, once the running ones are moved."""
        control_dependencies = get_default_graph().control_dependencies
        deviation = raw.sqrt(variance + self.epsilon)
        running = raw.maximum(self.renorm_stddev, raw.sqrt(self.epsilon))
        ratio = deviation / running
        shift = (mean - self.renorm_mean) / running
        with control_dependencies([ratio, shift]):  # they are of the running values before this step
            mean, deviation = raw.identity(mean), raw.identity(deviation)
        rmax, rmin, dmax = (self.renorm_clipping.get(key) for key in _CLIPPING)
        if rmin is not None:
            ratio = raw.maximum(ratio, rmin)
        if rmax is not None:
            ratio = raw.minimum(ratio, rmax)
        if dmax is not None:
            shift = raw.minimum(raw.maximum(shift, -dmax), dmax)
        used_ratio = smart_cond(training, lambda: ratio, lambda: constants.ones_like(ratio))
        used_shift = smart_cond(training, lambda: shift, lambda: constants.zeros_like(shift))

        def moved(variable: Any, value: Any) -> Any:
            value = raw.identity(value)
            return smart_cond(training, lambda: self._moved(variable, value, self.renorm_momentum),
                              lambda: api.identity(variable))

        with control_dependencies([moved(self.renorm_mean, mean), moved(self.renorm_stddev, deviation)]):
            return used_ratio, used_shift, raw.identity(mean), raw.identity(variance)

    def _moved_variance(self, variance: Any) -> Any:
        """A node that moves the moving variance; of batch renormalization it is the square of a moving deviation."""
        if not self.renorm:
            return self._moved(self.moving_variance, variance, self.momentum)
        deviation = self._moved(self.moving_stddev, raw.sqrt(variance + self.epsilon), self.momentum)
        value = raw.relu(deviation * deviation - self.epsilon)
        with name_scope("AssignNewValue") as scope, get_default_graph().colocate_with(self.moving_variance.op):
            return assign(self.moving_variance, value, name=scope)

    def _moved(self, variable: Any, value: Any, momentum: Any) -> Any:
        """A node that moves a running mean towards a value."""
        with name_scope("AssignMovingAvg") as scope, get_default_graph().colocate_with(variable.op):
            rate = convert_to_tensor(1.0 - momentum, name="decay")
            if rate.dtype != variable.dtype.base_dtype:
                rate = cast(rate, variable.dtype.base_dtype)
            delta = (variable - cast(value, variable.dtype.base_dtype)) * rate
            return assign_sub(variable, delta, name=scope)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        left_out = {"fused", "adjustment"}
        if not self.renorm:
            left_out |= {"renorm", "renorm_clipping", "renorm_momentum"}
        if self.virtual_batch_size is None:
            left_out.add("virtual_batch_size")
        return {name: value for name, value in config.items() if name not in left_out}


def _composed(scale: Any, offset: Any, then_scale: Any, then_offset: Any) -> tuple[Any, Any]:
    """One scale and shift that do what two do, one after the other."""
    if then_scale is not None:
        scale, offset = scale * then_scale, offset * then_scale
    if then_offset is not None:
        offset = offset + then_offset
    return scale, offset


@export("layers.batch_normalization")
@deprecated(None, "Use keras.layers.BatchNormalization instead.  In particular, "
            "`tf.control_dependencies(tf.GraphKeys.UPDATE_OPS)` should not be used (consult the "
            "`tf.keras.layers.batch_normalization` documentation).")
def batch_normalization(inputs: Any, axis: Any = -1, momentum: float = 0.99, epsilon: float = 1e-3,
                        center: bool = True, scale: bool = True, beta_initializer: Any = _zeros,
                        gamma_initializer: Any = _ones, moving_mean_initializer: Any = _zeros,
                        moving_variance_initializer: Any = _ones, beta_regularizer: Any = None,
                        gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None,
                        training: Any = False, trainable: bool = True, name: str | None = None, reuse: Any = None,
                        renorm: bool = False, renorm_clipping: Any = None, renorm_momentum: float = 0.99,
                        fused: bool | None = None, virtual_batch_size: int | None = None,
                        adjustment: Any = None) -> Any:
    """Batch normalization (see `tf.layers.BatchNormalization`).

    While training, run the operations in `tf.GraphKeys.UPDATE_OPS` with each step: they move the mean and variance
    that are used without training.

    Args:
      inputs: a tensor of a floating type.
      training: a bool, or a bool tensor: whether the batch's own mean and variance are used.

    Returns:
      A tensor like `inputs`.
    """
    layer = BatchNormalization(
        axis=axis, momentum=momentum, epsilon=epsilon, center=center, scale=scale, beta_initializer=beta_initializer,
        gamma_initializer=gamma_initializer, moving_mean_initializer=moving_mean_initializer,
        moving_variance_initializer=moving_variance_initializer, beta_regularizer=beta_regularizer,
        gamma_regularizer=gamma_regularizer, beta_constraint=beta_constraint, gamma_constraint=gamma_constraint,
        renorm=renorm, renorm_clipping=renorm_clipping, renorm_momentum=renorm_momentum, fused=fused,
        trainable=trainable, virtual_batch_size=virtual_batch_size, adjustment=adjustment, name=name, _reuse=reuse,
        _scope=name)
    return layer(inputs, training=training)
