"""PoissonLogNormalQuadratureCompound: counts whose expected number is itself the exponential of a normal one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.counts import Poisson
from tfmagic.tf.contrib.distributions.quadrature import quadrature_scheme_lognormal_quantiles
from tfmagic.tf.contrib.distributions.shapes import joined_vectors
from tfmagic.tf.distributions.categorical import Categorical
from tfmagic.tf.distributions.choices import pick_vector
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.new_seed import new_seed


@export("contrib.distributions.PoissonLogNormalQuadratureCompound")
class PoissonLogNormalQuadratureCompound(Distribution):
    """Counts of a Poisson distribution whose rate is the exponential of a normal number, as a mixture of a few rates.

    Args:
      loc: the mean of that number, floating.
      scale: its standard deviation, of the same type.
      quadrature_size: how many rates there are, an int.
      quadrature_fn: takes `loc`, `scale`, `quadrature_size` and `validate_args` and gives logarithms of rates
        [..., quadrature_size] and their weights.
      validate_args: whether values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      TypeError: the points and the weights have several types.
      ValueError: `loc` and `scale` do not broadcast, or are not floating.
    """

    @moved_from_contrib("poisson_lognormal")
    def __init__(self, loc: Any, scale: Any, quadrature_size: int = 8,
                 quadrature_fn: Callable[..., Any] = quadrature_scheme_lognormal_quantiles, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "PoissonLogNormalQuadratureCompound"):
        parameters = dict(locals())
        with name_scope(name, values=[loc, scale]) as scope:
            if loc is not None:
                loc = convert_to_tensor(loc, name="loc")
            if scale is not None:
                scale = convert_to_tensor(scale, dtype=None if loc is None else loc.dtype, name="scale")
            self._loc, self._scale = loc, scale
            self._quadrature_grid, self._quadrature_probs = tuple(
                quadrature_fn(loc, scale, quadrature_size, validate_args))
            dtype = self._quadrature_grid.dtype
            if dtype.base_dtype != self._quadrature_probs.dtype.base_dtype:
                raise TypeError(f"Quadrature grid dtype ({dtype.name}) does not match quadrature probs dtype "
                                f"({self._quadrature_probs.dtype.name}).")
            self._distribution = Poisson(log_rate=self._quadrature_grid, validate_args=validate_args,
                                         allow_nan_stats=allow_nan_stats)
            self._mixture_distribution = Categorical(
                logits=api.log(self._quadrature_probs), validate_args=validate_args, allow_nan_stats=allow_nan_stats)
            self._quadrature_size = quadrature_size
        super().__init__(
            dtype=dtype, reparameterization_type=NOT_REPARAMETERIZED, validate_args=validate_args,
            allow_nan_stats=allow_nan_stats, parameters=parameters, graph_parents=[loc, scale], name=scope)

    @property
    def mixture_distribution(self) -> Categorical:
        """What draws the rate."""
        return self._mixture_distribution

    @property
    def distribution(self) -> Poisson:
        """The counts of each rate."""
        return self._distribution

    @property
    def loc(self) -> Tensor:
        """The mean of the logarithm of the rate."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The standard deviation of the logarithm of the rate."""
        return self._scale

    @property
    def quadrature_size(self) -> int:
        """How many rates there are."""
        return self._quadrature_size

    def _batch_shape_tensor(self) -> Tensor:
        return api.broadcast_dynamic_shape(
            self.distribution.batch_shape_tensor(), api.shape(self.mixture_distribution.logits))[:-1]

    def _batch_shape(self) -> TensorShape:
        return api.broadcast_static_shape(self.distribution.batch_shape, self.mixture_distribution.logits.shape)[:-1]

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        batch: Any = self.batch_shape.num_elements()
        if batch is None:
            batch = api.reduce_prod(self.batch_shape_tensor())
        # One rate is drawn for each element of the batch, unless each has probabilities of its own.
        each = pick_vector(self.mixture_distribution.is_scalar_batch(), [batch], np.array([], np.int32))
        drawn = self.mixture_distribution.sample(
            sample_shape=joined_vectors([n], each), seed=new_seed(seed, "poisson_lognormal_quadrature_compound"))
        flat = pick_vector(self.is_scalar_batch(), np.array([], np.int32), np.array([-1], np.int32))
        drawn = api.reshape(drawn, shape=joined_vectors([n], flat))
        drawn += api.range(start=0, limit=batch * self._quadrature_size, delta=self._quadrature_size,
                           dtype=drawn.dtype)
        rates = api.gather(api.reshape(self.distribution.rate, shape=[-1]), drawn)
        rates = api.reshape(rates, shape=joined_vectors([n], self.batch_shape_tensor()))
        return api.random.poisson(lam=rates, shape=[], dtype=self.dtype, seed=seed)

    def _log_prob(self, x: Tensor) -> Tensor:
        return api.reduce_logsumexp(self.mixture_distribution.logits + self.distribution.log_prob(x[..., None]),
                                    axis=-1)

    def _mean(self) -> Tensor:
        return api.exp(api.reduce_logsumexp(self.mixture_distribution.logits + self.distribution.log_rate, axis=-1))

    def _variance(self) -> Tensor:
        return api.exp(self._log_variance())

    def _stddev(self) -> Tensor:
        return api.exp(0.5 * self._log_variance())

    def _log_variance(self) -> Tensor:
        # The mean of the variances, which are the rates, and the variance of the rates: both as one sum of logarithms.
        away = 2.0 * api.log(api.abs(self.distribution.mean() - self._mean()[..., None]))
        both = api.stack([self.distribution.log_rate, away], axis=-1)
        return api.reduce_logsumexp(self.mixture_distribution.logits[..., None] + both, axis=[-2, -1])
