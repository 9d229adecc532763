"""The beta distribution of a probability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.kullback_leibler import divergence
from tfmagic.tf.distributions.moving import moved
from tfmagic.tf.distributions.new_seed import new_seed
from tfmagic.tf.distributions.scalar_events import ScalarEvent


@export("distributions.Beta")
class Beta(ScalarEvent):
    """A number between 0 and 1, such as a probability that is not known.

    Args:
      concentration1: the weight of 1, positive.
      concentration0: the weight of 0, positive.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: whether a mode that does not exist is NaN; else it is an error.
      name: of the scopes.
    """

    @moved("beta")
    def __init__(self, concentration1: Any = None, concentration0: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Beta"):
        parameters = dict(locals())
        with name_scope(name, values=[concentration1, concentration0]) as scope:
            self._concentration1 = self._weight(concentration1, "concentration1", validate_args)
            self._concentration0 = self._weight(concentration0, "concentration0", validate_args)
            api.debugging.assert_same_float_dtype([self._concentration1, self._concentration0])
            self._total_concentration = self._concentration1 + self._concentration0
        Distribution.__init__(self, dtype=self._total_concentration.dtype, validate_args=validate_args,
                              allow_nan_stats=allow_nan_stats, reparameterization_type=FULLY_REPARAMETERIZED,
                              parameters=parameters, name=scope,
                              graph_parents=[self._concentration1, self._concentration0, self._total_concentration])

    @staticmethod
    def _weight(concentration: Any, name: str, validate_args: bool) -> Tensor:
        tensor = convert_to_tensor(concentration, name=name)
        if not validate_args:
            return tensor
        return after([api.debugging.assert_positive(
            tensor, message="Concentration parameter must be positive.")], tensor)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return dict.fromkeys(("concentration1", "concentration0"), convert_to_tensor(sample_shape, dtype=dtypes.int32))

    @property
    def concentration1(self) -> Tensor:
        """The weight of 1."""
        return self._concentration1

    @property
    def concentration0(self) -> Tensor:
        """The weight of 0."""
        return self._concentration0

    @property
    def total_concentration(self) -> Tensor:
        """The sum of both."""
        return self._total_concentration

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self.total_concentration)

    def _batch_shape(self) -> TensorShape:
        return self.total_concentration.get_shape()

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        weight1 = api.ones_like(self.total_concentration, dtype=self.dtype) * self.concentration1
        weight0 = api.ones_like(self.total_concentration, dtype=self.dtype) * self.concentration0
        ones = api.random.gamma(shape=[n], alpha=weight1, dtype=self.dtype, seed=seed)
        zeros = api.random.gamma(shape=[n], alpha=weight0, dtype=self.dtype, seed=new_seed(seed, "beta"))
        return ones / (ones + zeros)

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _cdf(self, x: Tensor) -> Tensor:
        return api.math.betainc(self.concentration1, self.concentration0, x)

    def _log_unnormalized_prob(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        return api.math.xlogy(self.concentration1 - 1.0, x) + (self.concentration0 - 1.0) * api.math.log1p(-x)

    def _log_normalization(self) -> Tensor:
        lgamma = api.math.lgamma
        return lgamma(self.concentration1) + lgamma(self.concentration0) - lgamma(self.total_concentration)

    def _entropy(self) -> Tensor:
        digamma = api.math.digamma
        return (self._log_normalization() - (self.concentration1 - 1.0) * digamma(self.concentration1)
                - (self.concentration0 - 1.0) * digamma(self.concentration0)
                + (self.total_concentration - 2.0) * digamma(self.total_concentration))

    def _mean(self) -> Tensor:
        return self._concentration1 / self._total_concentration

    def _variance(self) -> Tensor:
        return self._mean() * (1.0 - self._mean()) / (1.0 + self.total_concentration)

    def _mode(self) -> Tensor:
        mode = (self.concentration1 - 1.0) / (self.total_concentration - 2.0)
        if self.allow_nan_stats:
            nan = api.fill(self.batch_shape_tensor(), np.array(np.nan, dtype=self.dtype.as_numpy_dtype), name="nan")
            exists = api.logical_and(self.concentration1 > 1.0, self.concentration0 > 1.0)
            return api.where_v2(exists, mode, nan)
        return after([api.debugging.assert_less(
            api.ones([], dtype=self.dtype), weight, message=f"Mode undefined for concentration{which} <= 1.")
            for which, weight in ((1, self.concentration1), (0, self.concentration0))], mode)

    def _checked(self, x: Tensor) -> Tensor:
        if not self.validate_args:
            return x
        return after([api.debugging.assert_positive(x, message="sample must be positive"),
                      api.debugging.assert_less(x, api.ones([], self.dtype), message="sample must be less than `1`.")],
                     x)


@export("contrib.distributions.BetaWithSoftplusConcentration")
class BetaWithSoftplusConcentration(Beta):
    """`Beta` whose parameters are given before softplus."""

    @moved("beta")
    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "BetaWithSoftplusConcentration"):
        parameters = dict(locals())
        with name_scope(name, values=[concentration1, concentration0]) as scope:
            super().__init__(concentration1=api.nn.softplus(concentration1, name="softplus_concentration1"),
                             concentration0=api.nn.softplus(concentration0, name="softplus_concentration0"),
                             validate_args=validate_args, allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters


@divergence(Beta, Beta)
def _kl(d1: Beta, d2: Beta, name: str | None = None) -> Tensor:
    def difference(of: Callable[[Beta], Tensor]) -> Tensor:
        return of(d2) - of(d1)

    with name_scope(name, "kl_beta_beta", values=[d1.concentration1, d1.concentration0, d1.total_concentration,
                                                  d2.concentration1, d2.concentration0, d2.total_concentration]):
        digamma = api.math.digamma
        return (difference(lambda d: d._log_normalization())
                - digamma(d1.concentration1) * difference(lambda d: d.concentration1)
                - digamma(d1.concentration0) * difference(lambda d: d.concentration0)
                + digamma(d1.total_concentration) * difference(lambda d: d.total_concentration))
