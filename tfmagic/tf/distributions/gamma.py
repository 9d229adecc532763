"""The gamma distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED
from tfmagic.tf.distributions.kullback_leibler import divergence
from tfmagic.tf.distributions.moving import moved
from tfmagic.tf.distributions.scalar_events import ConcentrationRate


@export("distributions.Gamma")
class Gamma(ConcentrationRate):
    """Waiting times until several events.

    Args:
      concentration: how many events, positive.
      rate: how many in a unit of time, positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: whether a mode that does not exist is NaN; else it is an error.
      name: of the scopes.

    Raises:
      TypeError: the parameters are of two types.
    """

    @moved("gamma")
    def __init__(self, concentration: Any, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Gamma"):
        parameters = dict(locals())
        self._set_up(concentration, rate, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, name)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return api.random.gamma(shape=[n], alpha=self.concentration, beta=self.rate, dtype=self.dtype, seed=seed)

    def _cdf(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        # The op knows no broadcasting; a zero rate would make NaNs of infinities elsewhere.
        return api.math.igamma(self.concentration, self.rate * x)

    def _log_unnormalized_prob(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        return api.math.xlogy(self.concentration - 1.0, x) - self.rate * x

    def _entropy(self) -> Tensor:
        return (self.concentration - api.log(self.rate) + api.math.lgamma(self.concentration)
                + (1.0 - self.concentration) * api.math.digamma(self.concentration))

    def _mean(self) -> Tensor:
        return self.concentration / self.rate

    def _variance(self) -> Tensor:
        return self.concentration / api.square(self.rate)

    def _stddev(self) -> Tensor:
        return api.sqrt(self.concentration) / self.rate

    def _mode(self) -> Tensor:
        mode = (self.concentration - 1.0) / self.rate
        if self.allow_nan_stats:
            nan = api.fill(self.batch_shape_tensor(), np.array(np.nan, dtype=self.dtype.as_numpy_dtype), name="nan")
            return api.where_v2(self.concentration > 1.0, mode, nan)
        return after([api.debugging.assert_less(
            api.ones([], self.dtype), self.concentration,
            message="mode not defined when any concentration <= 1")], mode)

    def _checked(self, x: Tensor) -> Tensor:
        api.debugging.assert_same_float_dtype(tensors=[x], dtype=self.dtype)
        return after([api.debugging.assert_positive(x)], x) if self.validate_args else x


@export("contrib.distributions.GammaWithSoftplusConcentrationRate")
class GammaWithSoftplusConcentrationRate(Gamma):
    """`Gamma` whose parameters are given before softplus."""

    @moved("gamma")
    def __init__(self, concentration: Any, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "GammaWithSoftplusConcentrationRate"):
        parameters = dict(locals())
        with name_scope(name, values=[concentration, rate]) as scope:
            super().__init__(concentration=api.nn.softplus(concentration, name="softplus_concentration"),
                             rate=api.nn.softplus(rate, name="softplus_rate"), validate_args=validate_args,
                             allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters


@divergence(Gamma, Gamma)
def _kl(a: Gamma, b: Gamma, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_gamma_gamma", values=[a.concentration, a.rate, b.concentration, b.rate]):
        lgamma = api.math.lgamma
        return ((a.concentration - b.concentration) * api.math.digamma(a.concentration)
                + lgamma(b.concentration) - lgamma(a.concentration)
                + b.concentration * api.log(a.rate) - b.concentration * api.log(b.rate)
                + a.concentration * (b.rate / a.rate - 1.0))
