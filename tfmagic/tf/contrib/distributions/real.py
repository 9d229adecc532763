"""Distributions of one real number: Cauchy's, the logistic one, half a bell, a bell with its scale before softplus."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import positive
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.normal import Normal
from tfmagic.tf.distributions.scalar_events import LocationScale, ScalarEvent
from tfmagic.tf.distributions.special import erfinv


class _Standardized(LocationScale):
    """A distribution with a location and a scale, computed from the number that these standardize."""

    def _z(self, x: Tensor) -> Tensor:
        with name_scope("standardize", values=[x]):
            return (x - self.loc) / self.scale


@export("contrib.distributions.NormalWithSoftplusScale")
class NormalWithSoftplusScale(Normal):
    """`Normal` whose scale is given before softplus."""

    @moved_from_contrib("normal", home="tensorflow.python.ops.distributions")
    def __init__(self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "NormalWithSoftplusScale"):
        parameters = dict(locals())
        with name_scope(name, values=[scale]) as scope:
            super().__init__(loc=loc, scale=api.nn.softplus(scale, name="softplus_scale"),
                             validate_args=validate_args, allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters


@export("contrib.distributions.Cauchy")
class Cauchy(_Standardized):
    """So heavy tails that it has no mean.

    Args:
      loc: the middle.
      scale: how far it spreads, positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: whether mean and variance, which do not exist, are NaN; else they are errors.
      name: of the scopes.
    """

    @moved_from_contrib("cauchy")
    def __init__(self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Cauchy"):
        parameters = dict(locals())
        self._set_up(loc, scale, validate_args, allow_nan_stats, parameters, name)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = api.random.uniform(shape=self._draw_shape(n), dtype=self.dtype, seed=seed)
        return self._quantile(drawn)

    def _log_prob(self, x: Tensor) -> Tensor:
        return -api.math.log1p(api.square(self._z(x))) - (np.log(np.pi) + api.log(self.scale))

    def _cdf(self, x: Tensor) -> Tensor:
        return api.atan(self._z(x)) / np.pi + 0.5

    def _log_cdf(self, x: Tensor) -> Tensor:
        return api.math.log1p(2 / np.pi * api.atan(self._z(x))) - np.log(2)

    def _entropy(self) -> Tensor:
        return (np.log(4 * np.pi) + api.log(self.scale)) * api.ones_like(self.loc)

    def _quantile(self, p: Tensor) -> Tensor:
        return self.loc + self.scale * api.tan(np.pi * (p - 0.5))

    def _mode(self) -> Tensor:
        return self.loc * api.ones_like(self.scale)

    def _undefined(self, what: str) -> Tensor:
        if self.allow_nan_stats:
            return api.fill(self.batch_shape_tensor(), self.dtype.as_numpy_dtype(np.nan))
        raise ValueError(f"`{what}` is undefined for Cauchy distribution.")

    def _mean(self) -> Tensor:
        return self._undefined("mean")

    def _stddev(self) -> Tensor:
        return self._undefined("stddev")


@export("contrib.distributions.Logistic")
class Logistic(_Standardized):
    """A bell whose cdf is the sigmoid.

    Args:
      loc: the mean.
      scale: how far it spreads, positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("logistic")
    def __init__(self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Logistic"):
        parameters = dict(locals())
        self._set_up(loc, scale, validate_args, allow_nan_stats, parameters, name)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        # Never 0, of which there is no logarithm.
        drawn = api.random.uniform(shape=self._draw_shape(n), minval=np.finfo(self.dtype.as_numpy_dtype).tiny,
                                   maxval=1.0, dtype=self.dtype, seed=seed)
        return (api.log(drawn) - api.math.log1p(-1.0 * drawn)) * self.scale + self.loc

    def _log_prob(self, x: Tensor) -> Tensor:
        z = self._z(x)
        return -z - 2.0 * api.nn.softplus(-z) - api.log(self.scale)

    def _prob(self, x: Tensor) -> Tensor:
        return api.exp(self._log_prob(x))

    def _log_cdf(self, x: Tensor) -> Tensor:
        return -api.nn.softplus(-self._z(x))

    def _cdf(self, x: Tensor) -> Tensor:
        return api.sigmoid(self._z(x))

    def _log_survival_function(self, x: Tensor) -> Tensor:
        return -api.nn.softplus(self._z(x))

    def _survival_function(self, x: Tensor) -> Tensor:
        return api.sigmoid(-self._z(x))

    def _entropy(self) -> Tensor:
        scale = self.scale * api.ones_like(self.loc)  # broadcast
        return 2 + api.log(scale)

    def _mean(self) -> Tensor:
        return self.loc * api.ones_like(self.scale)

    def _stddev(self) -> Tensor:
        return self.scale * api.ones_like(self.loc) * math.pi / math.sqrt(3)

    def _mode(self) -> Tensor:
        return self._mean()


@export("contrib.distributions.HalfNormal")
class HalfNormal(ScalarEvent):
    """The size of a normal number with mean 0.

    Args:
      scale: the standard deviation of that number, positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("half_normal")
    def __init__(self, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "HalfNormal"):
        parameters = dict(locals())
        with name_scope(name, values=[scale]) as scope, positive(scale, validate=validate_args):
            self._scale = api.identity(scale, name="scale")
        Distribution.__init__(self, dtype=self._scale.dtype, reparameterization_type=FULLY_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._scale], name=scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return {"scale": convert_to_tensor(sample_shape, dtype=dtypes.int32)}

    @property
    def scale(self) -> Tensor:
        """The standard deviation of the number whose size it is."""
        return self._scale

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self.scale)

    def _batch_shape(self) -> TensorShape:
        return self.scale.get_shape()

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        shape = api.concat([[n], self.batch_shape_tensor()], 0)
        drawn = api.random.normal(shape=shape, mean=0.0, stddev=1.0, dtype=self.dtype, seed=seed)
        return api.abs(drawn * self.scale)

    def _prob(self, x: Tensor) -> Tensor:
        height = np.sqrt(2) / self.scale / np.sqrt(np.pi)
        density = height * api.exp(-0.5 * (x / self.scale) ** 2)
        return density * api.cast(x >= 0, self.dtype)

    def _cdf(self, x: Tensor) -> Tensor:
        return api.math.erf(api.nn.relu(x) / self.scale / np.sqrt(2.0))

    def _entropy(self) -> Tensor:
        return 0.5 * api.log(np.pi * self.scale ** 2.0 / 2.0) + 0.5

    def _mean(self) -> Tensor:
        return self.scale * np.sqrt(2.0) / np.sqrt(np.pi)

    def _quantile(self, p: Tensor) -> Tensor:
        return np.sqrt(2.0) * self.scale * erfinv(p)

    def _mode(self) -> Tensor:
        return api.zeros(self.batch_shape_tensor())

    def _variance(self) -> Tensor:
        return self.scale ** 2.0 * (1.0 - 2.0 / np.pi)
