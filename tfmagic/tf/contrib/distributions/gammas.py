"""Relatives of the gamma distribution: chi-squared and the inverse."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after, positive
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED
from tfmagic.tf.distributions.gamma import Gamma
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.scalar_events import ConcentrationRate


@export("contrib.distributions.Chi2")
class Chi2(Gamma):
    """The sum of the squares of normal numbers.

    Args:
      df: of how many, positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("chi2")
    def __init__(self, df: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Chi2"):
        parameters = dict(locals())
        with name_scope(name, values=[df]) as scope:
            with positive(df, validate=validate_args):
                self._df = api.identity(df, name="df")
            super().__init__(concentration=0.5 * self._df, rate=api.constant(0.5, dtype=self._df.dtype),
                             validate_args=validate_args, allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return {"df": convert_to_tensor(sample_shape, dtype=dtypes.int32)}

    @property
    def df(self) -> Tensor:
        """How many squares it sums up."""
        return self._df


@export("contrib.distributions.Chi2WithAbsDf")
class Chi2WithAbsDf(Chi2):
    """`Chi2` with `floor(abs(df))` squares."""

    @moved_from_contrib("chi2")
    def __init__(self, df: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Chi2WithAbsDf"):
        parameters = dict(locals())
        with name_scope(name, values=[df]) as scope:
            super().__init__(df=api.floor(api.abs(df, name="abs_df"), name="floor_abs_df"),
                             validate_args=validate_args, allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters


@export("contrib.distributions.InverseGamma")
class InverseGamma(ConcentrationRate):
    """One over a number with a gamma distribution.

    Args:
      concentration: positive.
      rate: positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: whether moments that do not exist are NaN; else they are errors.
      name: of the scopes.
    """

    @moved_from_contrib("inverse_gamma")
    def __init__(self, concentration: Any, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "InverseGamma"):
        parameters = dict(locals())
        self._set_up(concentration, rate, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, name)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return 1.0 / api.random.gamma(shape=[n], alpha=self.concentration, beta=self.rate, dtype=self.dtype,
                                      seed=seed)

    def _cdf(self, x: Tensor) -> Tensor:
        return api.math.igammac(self.concentration, self.rate / self._checked(x))

    def _log_unnormalized_prob(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        return -(1.0 + self.concentration) * api.log(x) - self.rate / x

    def _entropy(self) -> Tensor:
        return (self.concentration + api.log(self.rate) + api.math.lgamma(self.concentration)
                - (1.0 + self.concentration) * api.math.digamma(self.concentration))

    def _defined_above(self, least: float, value: Tensor, message: str) -> Tensor:
        if self.allow_nan_stats:
            nan = api.fill(self.batch_shape_tensor(), np.array(np.nan, dtype=self.dtype.as_numpy_dtype), name="nan")
            return api.where_v2(self.concentration > least, value, nan)
        return after([api.debugging.assert_less(
            api.ones([], self.dtype) if least == 1.0 else api.constant(least, dtype=self.dtype), self.concentration,
            message=message)], value)

    def _mean(self) -> Tensor:
        return self._defined_above(1.0, self.rate / (self.concentration - 1.0),
                                   "mean undefined when any concentration <= 1")

    def _variance(self) -> Tensor:
        variance = (api.square(self.rate) / api.math.squared_difference(self.concentration, 1.0)
                    / (self.concentration - 2.0))
        return self._defined_above(2.0, variance, "variance undefined when any concentration <= 2")

    def _mode(self) -> Tensor:
        return self.rate / (1.0 + self.concentration)

    def _checked(self, x: Tensor) -> Tensor:
        api.debugging.assert_same_float_dtype(tensors=[x], dtype=self.dtype)
        return after([api.debugging.assert_positive(x)], x) if self.validate_args else x


@export("contrib.distributions.InverseGammaWithSoftplusConcentrationRate")
class InverseGammaWithSoftplusConcentrationRate(InverseGamma):
    """`InverseGamma` whose parameters are given before softplus."""

    @moved_from_contrib("inverse_gamma")
    def __init__(self, concentration: Any, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "InverseGammaWithSoftplusConcentrationRate"):
        parameters = dict(locals())
        with name_scope(name, values=[concentration, rate]) as scope:
            super().__init__(concentration=api.nn.softplus(concentration, name="softplus_concentration"),
                             rate=api.nn.softplus(rate, name="softplus_rate"), validate_args=validate_args,
                             allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters
