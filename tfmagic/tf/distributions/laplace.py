"""The Laplace distribution: two exponential ones, back to back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.moving import moved
from tfmagic.tf.distributions.scalar_events import LocationScale
from tfmagic.tf.distributions.special import log_cdf_laplace


@export("distributions.Laplace")
class Laplace(LocationScale):
    """Exponential to both sides of a location.

    Args:
      loc: the middle.
      scale: how far it spreads, positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: see `Distribution`.
      name: of the scopes.

    Raises:
      TypeError: the parameters are not of one type.
    """

    @moved("laplace")
    def __init__(self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Laplace"):
        parameters = dict(locals())
        self._set_up(loc, scale, validate_args, allow_nan_stats, parameters, name)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        # From (-1, 1) without the ends: -1 + epsilon is the smallest number that is drawn.
        dtype = self.dtype.as_numpy_dtype
        drawn = api.random.uniform(shape=self._draw_shape(n), minval=np.nextafter(dtype(-1.0), dtype(0.0)), maxval=1.0,
                                   dtype=self.dtype, seed=seed)
        return self.loc - self.scale * api.sign(drawn) * api.math.log1p(-api.abs(drawn))

    def _log_prob(self, x: Tensor) -> Tensor:
        return -api.abs(self._z(x)) - (math.log(2.0) + api.log(self.scale))

    def _prob(self, x: Tensor) -> Tensor:
        return api.exp(self._log_prob(x))

    def _log_cdf(self, x: Tensor) -> Tensor:
        return log_cdf_laplace(self._z(x))

    def _log_survival_function(self, x: Tensor) -> Tensor:
        return log_cdf_laplace(-self._z(x))

    def _cdf(self, x: Tensor) -> Tensor:
        z = self._z(x)
        return 0.5 + 0.5 * api.sign(z) * (1.0 - api.exp(-api.abs(z)))

    def _entropy(self) -> Tensor:
        scale = self.scale + api.zeros_like(self.loc)  # broadcast
        return math.log(2.0) + 1 + api.log(scale)

    def _mean(self) -> Tensor:
        return self.loc + api.zeros_like(self.scale)

    def _stddev(self) -> Tensor:
        return math.sqrt(2.0) * self.scale + api.zeros_like(self.loc)

    def _mode(self) -> Tensor:
        return self._mean()

    def _z(self, x: Tensor) -> Tensor:
        return (x - self.loc) / self.scale


@export("contrib.distributions.LaplaceWithSoftplusScale")
class LaplaceWithSoftplusScale(Laplace):
    """`Laplace` whose scale is given before softplus."""

    @moved("laplace")
    def __init__(self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "LaplaceWithSoftplusScale"):
        parameters = dict(locals())
        with name_scope(name, values=[loc, scale]) as scope:
            super().__init__(loc=loc, scale=api.nn.softplus(scale, name="softplus_scale"), validate_args=validate_args,
                             allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters
