"""Normalizing flows: real NVP and masked autoregressive flows, with the networks that drive them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.control_flow.while_loop import while_loop
from tfmagic.tf.distributions.bijector import Bijector
from tfmagic.tf.distributions.moving import moved_bijector
from tfmagic.tf.initializers.kinds import GlorotNormal
from tfmagic.tf.layers.core import Dense, dense
from tfmagic.tf.variable.template import make_template


@export("contrib.distributions.bijectors.RealNVP")
class RealNVP(Bijector):
    """Some elements of vectors are scaled and shifted by what a network makes of the others.

    Args:
      num_masked: how many elements at the beginning stay.
      shift_and_log_scale_fn: `fn(x, size)` of those elements and of how many others there are: what is added, and the
        logarithm of what is multiplied with.
      is_constant_jacobian: whether the second is None.
      validate_args: whether arguments are checked in each run.
      name: of the scopes.

    Raises:
      ValueError: `num_masked` is not positive.
    """

    @moved_bijector("real_nvp")
    def __init__(self, num_masked: int, shift_and_log_scale_fn: Callable[..., Any], is_constant_jacobian: bool = False,
                 validate_args: bool = False, name: str | None = None):
        name = name or "real_nvp"
        if num_masked <= 0:
            raise ValueError("num_masked must be a positive integer.")
        self._num_masked = num_masked
        self._input_depth: int | None = None
        self._shift_and_log_scale_fn = shift_and_log_scale_fn
        super().__init__(forward_min_event_ndims=1, is_constant_jacobian=is_constant_jacobian,
                         validate_args=validate_args, name=name)

    def _note_size(self, x: Tensor) -> None:
        if self._input_depth is None:
            self._input_depth = x.get_shape().with_rank_at_least(1)[-1].value
            if self._input_depth is None:
                raise NotImplementedError("Rightmost dimension must be known prior to graph execution.")
            if self._num_masked >= self._input_depth:
                raise ValueError("Number of masked units must be smaller than the event size.")

    def _network(self, kept: Tensor) -> Any:
        assert self._input_depth is not None
        return self._shift_and_log_scale_fn(kept, self._input_depth - self._num_masked)

    def _forward(self, x: Tensor) -> Tensor:
        self._note_size(x)
        kept, changed = x[:, :self._num_masked], x[:, self._num_masked:]
        shift, log_scale = self._network(kept)
        if log_scale is not None:
            changed *= api.exp(log_scale)
        if shift is not None:
            changed += shift
        return api.concat([kept, changed], axis=-1)

    def _inverse(self, y: Tensor) -> Tensor:
        self._note_size(y)
        kept, changed = y[:, :self._num_masked], y[:, self._num_masked:]
        shift, log_scale = self._network(kept)
        if shift is not None:
            changed -= shift
        if log_scale is not None:
            changed *= api.exp(-log_scale)
        return api.concat([kept, changed], axis=-1)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        self._note_size(y)
        _, log_scale = self._network(y[:, :self._num_masked])
        if log_scale is None:
            return api.constant(0.0, dtype=y.dtype, name="ildj")
        return -api.reduce_sum(log_scale, axis=-1)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        self._note_size(x)
        _, log_scale = self._network(x[:, :self._num_masked])
        if log_scale is None:
            return api.constant(0.0, dtype=x.dtype, name="fldj")
        return api.reduce_sum(log_scale, axis=-1)


@export("contrib.distributions.bijectors.real_nvp_default_template")
@moved_bijector("real_nvp", None)
def real_nvp_default_template(hidden_layers: Any, shift_only: bool = False, activation: Any = api.nn.relu,
                              name: str | None = None, *args: Any, **kwargs: Any) -> Any:
    """A network of dense layers for `RealNVP`.

    Args:
      hidden_layers: the sizes of the hidden layers.
      shift_only: whether it makes but what is added.
      activation: of the hidden layers; `tf.nn.relu`.
      name: of the template.
      *args: for each `tf.layers.dense`.
      **kwargs: for each `tf.layers.dense`.

    Returns:
      A template `fn(x, output_units)`.
    """
    with name_scope(name, "real_nvp_default_template"):

        def network(x: Tensor, output_units: int) -> tuple[Tensor, Tensor | None]:
            for units in hidden_layers:
                x = dense(x, units, activation, *args, **kwargs)
            x = dense(x, (1 if shift_only else 2) * output_units, None, *args, **kwargs)
            if shift_only:
                return x, None
            shift, log_scale = api.split(x, 2, axis=-1)
            return shift, log_scale

        return make_template("real_nvp_default_template", network)


# --- masked autoregressive flows ------------------------------------------------------------------------------------


@export("contrib.distributions.bijectors.MaskedAutoregressiveFlow")
class MaskedAutoregressiveFlow(Bijector):
    """Each element of vectors is scaled and shifted by what a network makes of those before it.

    Args:
      shift_and_log_scale_fn: `fn(y)`: what is added to each element, and the logarithm of what is multiplied with,
        where an element of them depends on those before it alone.
      is_constant_jacobian: whether the second is None.
      validate_args: whether arguments are checked in each run.
      unroll_loop: whether the steps of `forward` stand in the graph one after the other, in place of a loop.
      name: of the scopes.
    """

    @moved_bijector("masked_autoregressive")
    def __init__(self, shift_and_log_scale_fn: Callable[..., Any], is_constant_jacobian: bool = False,
                 validate_args: bool = False, unroll_loop: bool = False, name: str | None = None):
        name = name or "masked_autoregressive_flow"
        self._shift_and_log_scale_fn = shift_and_log_scale_fn
        self._unroll_loop = unroll_loop
        super().__init__(forward_min_event_ndims=1, is_constant_jacobian=is_constant_jacobian,
                         validate_args=validate_args, name=name)

    def _step(self, x: Tensor, y: Tensor) -> Tensor:
        shift, log_scale = self._shift_and_log_scale_fn(y)
        found = x
        if log_scale is not None:
            found *= api.exp(log_scale)
        return found if shift is None else found + shift

    def _forward(self, x: Tensor) -> Tensor:
        if self._unroll_loop:
            size = x.get_shape().with_rank_at_least(1)[-1].value
            if size is None:
                raise ValueError("The final dimension of `x` must be known at graph construction time if "
                                 f"`unroll_loop=True`. `x.shape: {x.get_shape()}`")
            y = api.zeros_like(x, name="y0")
            for _ in range(size):
                y = self._step(x, y)
            return y
        size = api.shape(x)[-1]
        y = api.zeros_like(x, name="y0")
        # Variables of the network are made outside of the loop.
        self._shift_and_log_scale_fn(y)
        known = x.get_shape()[-1].value if x.get_shape().ndims is not None else None
        _, y = while_loop(lambda index, _: index < size, lambda index, y: self._turn(index, x, y),
                             (0, y), maximum_iterations=known)
        return y

    def _turn(self, index: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        y = self._step(x, y)
        return index + 1, y

    def _inverse(self, y: Tensor) -> Tensor:
        shift, log_scale = self._shift_and_log_scale_fn(y)
        x = y
        if shift is not None:
            x -= shift
        return x if log_scale is None else x * api.exp(-log_scale)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        _, log_scale = self._shift_and_log_scale_fn(y)
        if log_scale is None:
            return api.constant(0.0, dtype=y.dtype, name="ildj")
        return -api.reduce_sum(log_scale, axis=-1)


def _slices(num_blocks: int, n_in: int, n_out: int, exclusive: bool) -> Any:
    """Which part of the weights each block has: rows from 0, and columns."""
    rows, columns = n_in // num_blocks, n_out // num_blocks
    offset = columns if exclusive else 0
    for block in range(num_blocks):
        yield slice(block * rows, (block + 1) * rows), slice(block * columns + offset, None)


def _mask(num_blocks: int, n_in: int, n_out: int, exclusive: bool, dtype: Any) -> np.ndarray:
    mask = np.zeros([n_out, n_in], dtype=dtype.as_numpy_dtype)
    for rows, columns in _slices(num_blocks, n_in, n_out, exclusive):
        mask[columns, rows] = 1
    return mask.T


@export("contrib.distributions.bijectors.masked_dense")
@moved_bijector("masked_autoregressive", None)
def masked_dense(inputs: Any, units: int, num_blocks: int | None = None, exclusive: bool = False,
                 kernel_initializer: Any = None, reuse: Any = None, name: str | None = None, *args: Any,
                 **kwargs: Any) -> Tensor:
    """A dense layer in which a unit sees the inputs of its own and of earlier blocks alone.

    Args:
      inputs: [..., size].
      units: how many units.
      num_blocks: how many blocks inputs and units divide into.
      exclusive: whether a unit does not see its own block.
      kernel_initializer: of the weights, before they are masked; `tf.glorot_normal_initializer()`.
      reuse: whether variables are those of an earlier layer of the name.
      name: of the layer.
      *args: for the layer.
      **kwargs: for the layer.

    Raises:
      NotImplementedError: the size of `inputs` is not known.
    """
    size = inputs.get_shape().with_rank_at_least(1)[-1].value
    if size is None:
        raise NotImplementedError("Rightmost dimension must be known prior to graph execution.")
    mask = _mask(num_blocks or 0, size, units, exclusive, inputs.dtype)
    if kernel_initializer is None:
        kernel_initializer = GlorotNormal()

    def masked(shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return mask * kernel_initializer(shape, dtype, partition_info)

    with name_scope(name, "masked_dense", values=[inputs, units, num_blocks]):
        layer: Any = Dense(units, *args, **dict(
            kwargs, kernel_initializer=masked, kernel_constraint=lambda kernel: mask * kernel, name=name,
            dtype=inputs.dtype.base_dtype, _scope=name, _reuse=reuse))
        return layer.apply(inputs)


@export("contrib.distributions.bijectors.masked_autoregressive_default_template")
@moved_bijector("masked_autoregressive", None)
def masked_autoregressive_default_template(hidden_layers: Any, shift_only: bool = False, activation: Any = api.nn.relu,
                                           log_scale_min_clip: Any = -5.0, log_scale_max_clip: Any = 3.0,
                                           log_scale_clip_gradient: bool = False, name: str | None = None, *args: Any,
                                           **kwargs: Any) -> Any:
    """A network of masked dense layers for `MaskedAutoregressiveFlow`.

    Args:
      hidden_layers: the sizes of the hidden layers.
      shift_only: whether it makes but what is added.
      activation: of the hidden layers; `tf.nn.relu`.
      log_scale_min_clip: what the logarithm is at least.
      log_scale_max_clip: what the logarithm is at most.
      log_scale_clip_gradient: whether gradients are cut off there too.
      name: of the template.
      *args: for each layer.
      **kwargs: for each layer.

    Returns:
      A template `fn(x)`.
    """
    name = name or "masked_autoregressive_default_template"
    with name_scope(name, values=[log_scale_min_clip, log_scale_max_clip]):

        def network(x: Tensor) -> tuple[Tensor, Tensor | None]:
            size = x.get_shape().with_rank_at_least(1)[-1].value
            if size is None:
                raise NotImplementedError("Rightmost dimension must be known prior to graph execution.")
            known = x.get_shape()
            shape: Any = known.as_list() if known.is_fully_defined() else api.shape(x)
            for place, units in enumerate(hidden_layers):
                x = masked_dense(*args, inputs=x, units=units, num_blocks=size, exclusive=place == 0,
                                 activation=activation, **kwargs)
            x = masked_dense(*args, inputs=x, units=(1 if shift_only else 2) * size, num_blocks=size, activation=None,
                             **kwargs)
            if shift_only:
                return api.reshape(x, shape), None
            x = api.reshape(x, api.concat([shape, [2]], axis=0))
            shift, log_scale = api.unstack(x, num=2, axis=-1)
            clip = api.clip_by_value if log_scale_clip_gradient else _clip_preserving_gradient
            return shift, clip(log_scale, log_scale_min_clip, log_scale_max_clip)

        return make_template(name, network)


def _clip_preserving_gradient(value: Tensor, least: Any, most: Any, name: str | None = None) -> Tensor:
    """`tf.clip_by_value` whose gradient is 1 everywhere."""
    with name_scope(name, "clip_by_value_preserve_grad", values=[value]):
        clipped = api.clip_by_value(value, least, most)
        return value + api.stop_gradient(clipped - value)
