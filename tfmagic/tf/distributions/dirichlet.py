"""The Dirichlet distribution of several probabilities that sum up to 1."""

from __future__ import annotations

from typing import Any

import numpy as np

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


class Weighted(Distribution):
    """A distribution over the events that have weights [..., events]."""

    _concentration: Tensor
    _total_concentration: Tensor

    @property
    def concentration(self) -> Tensor:
        """The weights [..., events]."""
        return self._concentration

    @property
    def total_concentration(self) -> Tensor:
        """Their sums [...]."""
        return self._total_concentration

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self.total_concentration)

    def _batch_shape(self) -> TensorShape:
        return self.total_concentration.get_shape()

    def _event_shape_tensor(self) -> Tensor:
        return api.shape(self.concentration)[-1:]

    def _event_shape(self) -> TensorShape:
        return self.concentration.get_shape().with_rank_at_least(1)[-1:]


def _checked_weights(weights: Tensor, validate_args: bool) -> Tensor:
    if not validate_args:
        return weights
    return after([
        api.debugging.assert_positive(weights, message="Concentration parameter must be positive."),
        api.debugging.assert_rank_at_least(weights, 1, message="Concentration parameter must have >=1 dimensions."),
        api.debugging.assert_less(1, api.shape(weights)[-1],
                                  message="Concentration parameter must have event_size >= 2."),
    ], weights)


@export("distributions.Dirichlet")
class Dirichlet(Weighted):
    """Several probabilities that sum up to 1.

    Args:
      concentration: the weights [..., events], positive.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: whether a mode that does not exist is NaN; else it is an error.
      name: of the scopes.
    """

    @moved("dirichlet")
    def __init__(self, concentration: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Dirichlet"):
        parameters = dict(locals())
        with name_scope(name, values=[concentration]) as scope:
            self._concentration = _checked_weights(
                convert_to_tensor(concentration, name="concentration"), validate_args)
            self._total_concentration = api.reduce_sum(self._concentration, -1)
        super().__init__(dtype=self._concentration.dtype, validate_args=validate_args,
                         allow_nan_stats=allow_nan_stats, reparameterization_type=FULLY_REPARAMETERIZED,
                         parameters=parameters, graph_parents=[self._concentration, self._total_concentration],
                         name=scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = api.random.gamma(shape=[n], alpha=self.concentration, dtype=self.dtype, seed=seed)
        return drawn / api.reduce_sum(drawn, -1, keepdims=True)

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _prob(self, x: Tensor) -> Tensor:
        return api.exp(self._log_prob(x))

    def _log_unnormalized_prob(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        return api.reduce_sum(api.math.xlogy(self.concentration - 1.0, x), -1)

    def _log_normalization(self) -> Tensor:
        return api.math.lbeta(self.concentration)

    def _entropy(self) -> Tensor:
        k = api.cast(self.event_shape_tensor()[0], self.dtype)
        return (self._log_normalization() + (self.total_concentration - k) * api.math.digamma(self.total_concentration)
                - api.reduce_sum((self.concentration - 1.0) * api.math.digamma(self.concentration), axis=-1))

    def _mean(self) -> Tensor:
        return self.concentration / self.total_concentration[..., None]

    def _covariance(self) -> Tensor:
        x = self._variance_scale_term() * self._mean()
        return api.linalg.set_diag(-api.matmul(x[..., None], x[..., None, :]), self._variance())

    def _variance(self) -> Tensor:
        scale = self._variance_scale_term()
        x = scale * self._mean()
        return x * (scale - x)

    def _variance_scale_term(self) -> Tensor:
        return api.rsqrt(1.0 + self.total_concentration[..., None])

    def _mode(self) -> Tensor:
        k = api.cast(self.event_shape_tensor()[0], self.dtype)
        mode = (self.concentration - 1.0) / (self.total_concentration[..., None] - k)
        if self.allow_nan_stats:
            nan = api.fill(api.shape(mode), np.array(np.nan, dtype=self.dtype.as_numpy_dtype), name="nan")
            return api.where_v2(api.reduce_all(self.concentration > 1.0, axis=-1), mode, nan)
        return after([api.debugging.assert_less(api.ones([], self.dtype), self.concentration,
                                                message="Mode undefined when any concentration <= 1")], mode)

    def _checked(self, x: Tensor) -> Tensor:
        if not self.validate_args:
            return x
        return after([api.debugging.assert_positive(x, message="samples must be positive"),
                      api.debugging.assert_near(api.ones([], dtype=self.dtype), api.reduce_sum(x, -1),
                                                message="sample last-dimension must sum to `1`")], x)


@divergence(Dirichlet, Dirichlet)
def _kl(a: Dirichlet, b: Dirichlet, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_dirichlet_dirichlet", values=[a.concentration, b.concentration]):
        # The same formula as for normalised counts: each digamma less that of the sum.
        of_sum = api.math.digamma(api.reduce_sum(a.concentration, axis=-1, keepdims=True))
        digammas = api.math.digamma(a.concentration) - of_sum
        difference = a.concentration - b.concentration
        return (api.reduce_sum(difference * digammas, axis=-1) - api.math.lbeta(a.concentration)
                + api.math.lbeta(b.concentration))
