"""tf.contrib.bayesflow.monte_carlo: means of functions over samples, and over samples of another distribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api


@export("contrib.bayesflow.monte_carlo.expectation")
@deprecated("2018-10-01", "The tf.contrib.bayesflow library has moved to TensorFlow Probability "
            "(https://github.com/tensorflow/probability). Use `tfp.monte_carlo.expectation` instead.",
            module="tensorflow.contrib.bayesflow.python.ops.monte_carlo_impl")
def expectation(f: Callable[[Any], Any], samples: Any, log_prob: Callable[[Any], Any] | None = None,
                use_reparametrization: bool = True, axis: Any = 0, keep_dims: bool = False,
                name: str | None = None) -> Tensor:
    """The mean of a function over samples, with a gradient that is right for the distribution's parameters.

    Args:
      f: a function of samples.
      samples: a tensor of samples.
      log_prob: the logarithm of their density; needed where they have no gradient.
      use_reparametrization: whether the gradient goes through the samples; else it goes through `log_prob`.
      axis: over which is averaged.
      keep_dims: whether these stay, with size 1.
      name: of the scope.

    Raises:
      ValueError: what should be a function is none.
    """
    with name_scope(name, "expectation", [samples]):
        if not callable(f):
            raise ValueError("`f` must be a callable function.")
        if use_reparametrization:
            return api.reduce_mean(f(samples), axis=axis, keep_dims=keep_dims)
        if not callable(log_prob):
            raise ValueError("`log_prob` must be a callable function.")
        x = api.stop_gradient(samples)
        log_density = log_prob(x)
        values = f(x)
        # What is added is 0, and its gradient that of the densities, weighted.
        values += api.stop_gradient(values) * (log_density - api.stop_gradient(log_density))
        return api.reduce_mean(values, axis=axis, keep_dims=keep_dims)


def _samples(distribution: Any, z: Any, n: Any, seed: int | None) -> Any:
    if (n is None) == (z is None):
        raise ValueError(f'Must specify exactly one of arguments "n" and "z".  Found: n = {n}, z = {z}')
    return distribution.sample(n, seed=seed) if z is None else z


def _log_of_mean(logarithms: Tensor) -> Tensor:
    """The logarithm of a mean over the first dimension, without overflow."""
    most = api.stop_gradient(api.reduce_max(logarithms, axis=[0]))
    return api.log(api.reduce_mean(api.exp(logarithms - most), axis=[0])) + most


@export("contrib.bayesflow.monte_carlo.expectation_importance_sampler")
def expectation_importance_sampler(f: Callable[[Any], Any], log_p: Callable[[Any], Any], sampling_dist_q: Any,
                                   z: Any = None, n: Any = None, seed: int | None = None,
                                   name: str = "expectation_importance_sampler") -> Tensor:
    """The mean of a function, by samples of another distribution.

    Args:
      f: a function of samples.
      log_p: the logarithm of the density under which the mean is wanted.
      sampling_dist_q: the other distribution.
      z: samples of it,
      n: or how many are drawn.
      seed: for the samples.
      name: of the scope.

    Raises:
      ValueError: `z` and `n` are both given, or none.
    """
    with name_scope(name, values=[z, n]):
        z = _samples(sampling_dist_q, z, n, seed)
        log_p_z = log_p(z)
        log_q_z = sampling_dist_q.log_prob(z)
        values = f(z)
        # Both parts of the function are moved away from 0, of which there is no logarithm.
        positive = api.log(api.nn.relu(values) + 1.0)
        negative = api.log(api.nn.relu(-1.0 * values) + 1.0)
        above = _log_of_mean(positive + log_p_z - log_q_z)
        below = _log_of_mean(negative + log_p_z - log_q_z)
    return api.exp(above) - api.exp(below)


@export("contrib.bayesflow.monte_carlo.expectation_importance_sampler_logspace")
def expectation_importance_sampler_logspace(log_f: Callable[[Any], Any], log_p: Callable[[Any], Any],
                                            sampling_dist_q: Any, z: Any = None, n: Any = None,
                                            seed: int | None = None,
                                            name: str = "expectation_importance_sampler_logspace") -> Tensor:
    """The logarithm of the mean of a positive function, by samples of another distribution.

    Args:
      log_f: the logarithm of the function.
      log_p: the logarithm of the density under which the mean is wanted.
      sampling_dist_q: the other distribution.
      z: samples of it,
      n: or how many are drawn.
      seed: for the samples.
      name: of the scope.

    Raises:
      ValueError: `z` and `n` are both given, or none.
    """
    with name_scope(name, values=[z, n]):
        z = _samples(sampling_dist_q, z, n, seed)
        return _log_of_mean(log_f(z) + log_p(z) - sampling_dist_q.log_prob(z))
