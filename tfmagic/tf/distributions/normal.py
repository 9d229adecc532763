"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.kullback_leibler import divergence
from tfmagic.tf.distributions.moving import moved
from tfmagic.tf.distributions.scalar_events import LocationScale
from tfmagic.tf.distributions.special import log_ndtr, ndtr, ndtri

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@export("distributions.Normal")
class Normal(LocationScale):
    """Gauss's bell.

    Args:
      loc: the mean.
      scale: the standard deviation, positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: see `Distribution`.
      name: of the scopes.

    Raises:
      ValueError: the parameters are not of one floating type.
    """

    @moved("normal")
    def __init__(self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Normal"):
        parameters = dict(locals())
        self._set_up(loc, scale, validate_args, allow_nan_stats, parameters, name)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = api.random.normal(shape=self._draw_shape(n), mean=0.0, stddev=1.0, dtype=self.loc.dtype, seed=seed)
        return drawn * self.scale + self.loc

    def _log_prob(self, x: Tensor) -> Tensor:
        return -0.5 * api.square(self._z(x)) - (_HALF_LOG_TWO_PI + api.log(self.scale))

    def _log_cdf(self, x: Tensor) -> Tensor:
        return log_ndtr(self._z(x))

    def _cdf(self, x: Tensor) -> Tensor:
        return ndtr(self._z(x))

    def _log_survival_function(self, x: Tensor) -> Tensor:
        return log_ndtr(-self._z(x))

    def _survival_function(self, x: Tensor) -> Tensor:
        return ndtr(-self._z(x))

    def _entropy(self) -> Tensor:
        scale = self.scale * api.ones_like(self.loc)  # broadcast
        return 0.5 * math.log(2.0 * math.pi * math.e) + api.log(scale)

    def _mean(self) -> Tensor:
        return self.loc * api.ones_like(self.scale)

    def _quantile(self, p: Tensor) -> Tensor:
        z = ndtri(p)
        with name_scope("reconstruct", values=[z]):
            return z * self.scale + self.loc

    def _stddev(self) -> Tensor:
        return self.scale * api.ones_like(self.loc)

    def _mode(self) -> Tensor:
        return self._mean()

    def _z(self, x: Tensor) -> Tensor:
        with name_scope("standardize", values=[x]):
            return (x - self.loc) / self.scale


@divergence(Normal, Normal)
def _kl(a: Normal, b: Normal, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_normal_normal", [a.loc, b.loc]):
        one, two, half = (api.constant(number, dtype=a.dtype) for number in (1, 2, 0.5))
        a2, b2 = api.square(a.scale), api.square(b.scale)
        ratio = a2 / b2
        return api.math.squared_difference(a.loc, b.loc) / (two * b2) + half * (ratio - one - api.log(ratio))
