"""tf.contrib.layers: gradients clipped where their norm is far from what it usually is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.train import moving_averages
from tfmagic.tf.variable.scope import get_variable, variable_scope


def _adaptive_max_norm(norm: Tensor, std_factor: float, decay: float, global_step: Any, epsilon: float,
                       name: str | None) -> tuple[Tensor, Tensor]:
    """The norm from which on gradients are clipped, and the logarithm of the usual one."""
    with variable_scope(name, "AdaptiveMaxNorm", [norm]):
        log_norm = api.log(norm + epsilon)

        def moving_average(name: str, value: Tensor, decay: Any) -> Tensor:
            average = get_variable(name, shape=value.get_shape(), dtype=value.dtype, initializer=Zeros(),
                                   trainable=False)
            return moving_averages.assign_moving_average(average, value, decay, zero_debias=False)

        if global_step is not None:
            # What has hardly begun forgets fast.
            steps = api.cast(global_step, dtypes.float32)
            decay = api.minimum(decay, steps / (steps + 1.0))
        mean = moving_average("mean", log_norm, decay)
        mean_of_squares = moving_average("sq_mean", api.square(log_norm), decay)
        deviation = api.sqrt(api.maximum(epsilon, mean_of_squares - api.square(mean)))
        return api.exp(mean + std_factor * deviation), mean


@export("contrib.slim.adaptive_clipping_fn")
def adaptive_clipping_fn(std_factor: float = 2.0, decay: float = 0.95, static_max_norm: float | None = None,
                         global_step: Any = None, report_summary: bool = False, epsilon: float = 1e-8,
                         name: str | None = None) -> Callable[[Any], list[tuple[Any, Any]]]:
    """A function for `clip_gradients` that scales gradients whose norm is unusually large to the usual norm.

    Args:
      std_factor: how many deviations above the mean of the norm's logarithm are unusual.
      decay: of the moving averages of mean and square.
      static_max_norm: a norm that is never exceeded, if any.
      global_step: a step counter; with it averages forget faster in the beginning.
      report_summary: whether the largest usual norm is a summary.
      epsilon: keeps logarithm and root away from zero.
      name: of the scope, in place of "AdaptiveMaxNorm".

    Returns:
      A function from pairs of gradients and variables to such pairs.
    """

    def gradient_clipping(grads_and_vars: Any) -> list[tuple[Any, Any]]:
        """The same pairs with the gradients scaled."""
        gradients, variables = zip(*grads_and_vars)
        norm = api.global_norm(gradients)
        most, log_mean = _adaptive_max_norm(norm, std_factor, decay, global_step, epsilon, name)
        if report_summary:
            api.summary.scalar("global_norm/adaptive_max_gradient_norm", most)
        factor = api.where(norm < most, api.ones_like(norm), api.exp(log_mean) / norm)
        if static_max_norm is not None:
            factor = api.minimum(static_max_norm / norm, factor)
        return list(zip([_scaled(gradient, factor) for gradient in gradients], variables))

    return gradient_clipping


def _scaled(gradient: Any, factor: Tensor) -> Any:
    if gradient is None:
        return None
    if isinstance(gradient, IndexedSlices):
        return IndexedSlices(gradient.values * factor, gradient.indices, gradient.dense_shape)
    return gradient * factor
