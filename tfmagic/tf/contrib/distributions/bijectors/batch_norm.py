"""Batch normalization as a bijector."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.bijector import Bijector
from tfmagic.tf.distributions.moving import moved_bijector
from tfmagic.tf.layers.normalization import BatchNormalization as Layer
from tfmagic.tf.nn.normalizations import moments


def _undo_batch_normalization(x: Tensor, mean: Tensor, variance: Tensor, offset: Any, scale: Any, epsilon: float,
                              name: str | None = None) -> Tensor:
    with name_scope(name, "undo_batchnorm", [x, mean, variance, scale, offset]):
        stretch = api.sqrt(variance + epsilon)
        if scale is not None:
            stretch /= scale
        return x * stretch + (mean - offset * stretch if offset is not None else mean)


@export("contrib.distributions.bijectors.BatchNormalization")
class BatchNormalization(Bijector):
    """The inverse of batch normalization: `inverse` normalizes, `forward` undoes it with the moving averages.

    Args:
      batchnorm_layer: a `tf.layers.BatchNormalization`; one whose scale stays positive.
      training: whether `inverse` takes mean and variance of the batch.
      validate_args: whether arguments are checked in each run.
      name: of the scopes.

    Raises:
      ValueError: a layer of another class, or one with renormalization or virtual batches.
    """

    @moved_bijector("batch_normalization")
    def __init__(self, batchnorm_layer: Any = None, training: bool = True, validate_args: bool = False,
                 name: str = "batch_normalization"):
        self.batchnorm = batchnorm_layer or Layer(
            gamma_constraint=lambda gamma: api.nn.relu(gamma) + 1e-6)
        self._refuse_layer(self.batchnorm)
        self._training = training
        if isinstance(self.batchnorm.axis, int):
            forward_min_event_ndims = 1
        else:
            forward_min_event_ndims = len(self.batchnorm.axis)
        super().__init__(forward_min_event_ndims=forward_min_event_ndims, validate_args=validate_args, name=name)

    @staticmethod
    def _refuse_layer(layer: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError("batchnorm_layer must be an instance of BatchNormalization layer.")
        if layer.renorm:
            raise ValueError("BatchNorm Bijector does not support renormalization.")
        if layer.virtual_batch_size:
            raise ValueError("BatchNorm Bijector does not support virtual batch sizes.")

    def _forward(self, y: Tensor) -> Tensor:
        if not self.batchnorm.built:
            self.batchnorm.build(y.get_shape())
        if not y.get_shape().is_fully_defined():
            raise ValueError("Input must have shape known at graph construction.")
        layer = self.batchnorm
        parameters = [layer.moving_mean, layer.moving_variance, layer.beta if layer.center else None,
                      layer.gamma if layer.scale else None]
        axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
        rank = y.get_shape().ndims
        kept = {axis % rank for axis in axes} if rank is not None else set()
        if rank is not None and kept != {rank - 1}:
            shape = [y.get_shape()[axis].value if axis in kept else 1 for axis in range(rank)]
            parameters = [None if one is None else api.reshape(one, shape) for one in parameters]
        mean, variance, offset, scale = parameters
        return _undo_batch_normalization(y, mean, variance, offset, scale, layer.epsilon)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.batchnorm.apply(y, training=self._training)

    def _stretch(self, y: Tensor, moving: bool) -> Tensor:
        if not self.batchnorm.built:
            self.batchnorm.build(y.get_shape())
        layer = self.batchnorm
        rank = len(y.get_shape().as_list())
        axes = [axis % rank for axis in (layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis])]
        batch_axes = [axis for axis in range(rank) if axis not in axes]
        if self._training and not moving:
            _, variance = moments(y, axes=batch_axes, keep_dims=True)
        else:
            variance = layer.moving_variance
        logarithm = api.log(variance + layer.epsilon)
        if layer.gamma is None:
            return -0.5 * api.reduce_sum(logarithm)
        return api.reduce_sum(api.log(layer.gamma)) - 0.5 * api.reduce_sum(logarithm)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return self._stretch(y, moving=False)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return -self._stretch(x, moving=True)
