"""Distributions of counts: Poisson's, the geometric and the binomial ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import (
    after,
    assert_integer_form,
    logits_and_probs,
    nonnegative_integer_form,
    positive,
)
from tfmagic.tf.distributions.choices import broadcast_shape, broadcast_static_shape
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.new_seed import new_seed
from tfmagic.tf.distributions.scalar_events import ScalarEvent


@export("contrib.distributions.Poisson")
class Poisson(ScalarEvent):
    """How many events there are.

    Args:
      rate: how many are expected, positive.
      log_rate: or its logarithm.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: both are given, or none.
      TypeError: what is given is not floating.
    """

    @moved_from_contrib("poisson")
    def __init__(self, rate: Any = None, log_rate: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Poisson"):
        parameters = dict(locals())
        with name_scope(name, values=[rate]) as scope:
            if (rate is None) == (log_rate is None):
                raise ValueError("Must specify exactly one of `rate` and `log_rate`.")
            if log_rate is None:
                rate = convert_to_tensor(rate, name="rate")
                if not rate.dtype.is_floating:
                    raise TypeError(f"rate.dtype ({rate.dtype.name}) is a not a float-type.")
                with positive(rate, validate=validate_args):
                    self._rate = api.identity(rate, name="rate")
                    self._log_rate = api.log(rate, name="log_rate")
            else:
                log_rate = convert_to_tensor(log_rate, name="log_rate")
                if not log_rate.dtype.is_floating:
                    raise TypeError(f"log_rate.dtype ({log_rate.dtype.name}) is a not a float-type.")
                self._rate = api.exp(log_rate, name="rate")
                self._log_rate = log_rate
        Distribution.__init__(self, dtype=self._rate.dtype, reparameterization_type=NOT_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._rate], name=scope)

    @property
    def rate(self) -> Tensor:
        """How many events are expected."""
        return self._rate

    @property
    def log_rate(self) -> Tensor:
        """The logarithm of that."""
        return self._log_rate

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self.rate)

    def _batch_shape(self) -> TensorShape:
        return self.rate.get_shape()

    def _log_prob(self, x: Tensor) -> Tensor:
        x = nonnegative_integer_form(x) if self.validate_args else x
        return x * self.log_rate - api.math.lgamma(1.0 + x) - self.rate

    def _log_cdf(self, x: Tensor) -> Tensor:
        return api.log(self.cdf(x))

    def _cdf(self, x: Tensor) -> Tensor:
        x = nonnegative_integer_form(x) if self.validate_args else x
        return api.math.igammac(1.0 + x, self.rate)

    def _mean(self) -> Tensor:
        return api.identity(self.rate)

    def _variance(self) -> Tensor:
        return api.identity(self.rate)

    def _mode(self) -> Tensor:
        return api.floor(self.rate)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return api.random.poisson(self.rate, [n], dtype=self.dtype, seed=seed)


class _ByProbability(ScalarEvent):
    """A distribution of counts with log-odds and probabilities."""

    _logits: Tensor | None
    _probs: Tensor

    @property
    def logits(self) -> Any:
        """The log-odds."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probability."""
        return self._probs


@export("contrib.distributions.Geometric")
class Geometric(_ByProbability):
    """How many failures come before the first success.

    Args:
      logits: the log-odds of success.
      probs: or its probability, positive.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("geometric")
    def __init__(self, logits: Any = None, probs: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Geometric"):
        parameters = dict(locals())
        with name_scope(name, values=[logits, probs]) as scope:
            self._logits, self._probs = logits_and_probs(logits, probs, validate_args=validate_args, name=scope)
            with positive(self._probs, validate=validate_args):
                self._probs = api.identity(self._probs, name="probs")
        Distribution.__init__(self, dtype=self._probs.dtype, reparameterization_type=NOT_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._probs, self._logits], name=scope)

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self._probs)

    def _batch_shape(self) -> TensorShape:
        return self._probs.get_shape()

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        # Never 0, of which there is no logarithm.
        drawn = api.random.uniform(api.concat([[n], api.shape(self._probs)], 0),
                                   minval=np.finfo(self.dtype.as_numpy_dtype).tiny, maxval=1.0, seed=seed,
                                   dtype=self.dtype)
        return api.floor(api.log(drawn) / api.math.log1p(-self.probs))

    def _whole(self, x: Tensor) -> Tensor:
        return nonnegative_integer_form(x) if self.validate_args else api.floor(x)

    def _cdf(self, x: Tensor) -> Tensor:
        x = self._whole(x) * api.ones_like(self.probs)
        return api.where(x < 0.0, api.zeros_like(x), -api.math.expm1((1.0 + x) * api.math.log1p(-self.probs)))

    def _log_prob(self, x: Tensor) -> Tensor:
        x = self._whole(x) * api.ones_like(self.probs)
        probs = self.probs * api.ones_like(x)
        safe = api.where(api.equal(x, 0.0), api.zeros_like(probs), probs)  # 0 * log(0) is 0
        return x * api.math.log1p(-safe) + api.log(probs)

    def _entropy(self) -> Tensor:
        probs = self._probs
        if self.validate_args:
            probs = after([api.debugging.assert_less(
                probs, api.constant(1.0, probs.dtype),
                message="Entropy is undefined when logits = inf or probs = 1.")], probs)
        return api.nn.softplus(self.logits) / probs - self.logits

    def _mean(self) -> Tensor:
        return api.exp(-self.logits)

    def _variance(self) -> Tensor:
        return self._mean() / self.probs

    def _mode(self) -> Tensor:
        return api.zeros(self.batch_shape_tensor(), dtype=self.dtype)


class _OfTrials(_ByProbability):
    """A distribution of counts of several trials."""

    _total_count: Tensor

    @property
    def total_count(self) -> Tensor:
        """How many trials, or failures."""
        return self._total_count

    def _batch_shape_tensor(self) -> Tensor:
        return broadcast_shape(self.total_count, self.probs)

    def _batch_shape(self) -> TensorShape:
        return broadcast_static_shape(self.total_count, self.probs)


@export("contrib.distributions.NegativeBinomial")
class NegativeBinomial(_OfTrials):
    """How many successes come before a number of failures.

    Args:
      total_count: how many failures, positive.
      logits: the log-odds of success.
      probs: or its probability.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("negative_binomial")
    def __init__(self, total_count: Any, logits: Any = None, probs: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "NegativeBinomial"):
        parameters = dict(locals())
        with name_scope(name, values=[total_count, logits, probs]) as scope:
            self._logits, self._probs = logits_and_probs(logits, probs, validate_args=validate_args, name=scope)
            with positive(total_count, validate=validate_args):
                self._total_count = api.identity(total_count)
        Distribution.__init__(self, dtype=self._probs.dtype, reparameterization_type=NOT_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._total_count, self._probs, self._logits], name=scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        rate = api.random.gamma(shape=[n], alpha=self.total_count, beta=api.exp(-self.logits), dtype=self.dtype,
                                seed=seed)
        return api.random.poisson(rate, shape=[], dtype=self.dtype, seed=new_seed(seed, "negative_binom"))

    def _cdf(self, x: Tensor) -> Tensor:
        x = nonnegative_integer_form(x) if self.validate_args else x
        return api.math.betainc(self.total_count, 1.0 + x, api.sigmoid(-self.logits))

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._log_unnormalized_prob(x) - self._log_normalization(x)

    def _log_unnormalized_prob(self, x: Tensor) -> Tensor:
        x = nonnegative_integer_form(x) if self.validate_args else x
        return self.total_count * api.log_sigmoid(-self.logits) + x * api.log_sigmoid(self.logits)

    def _log_normalization(self, x: Tensor) -> Tensor:
        x = nonnegative_integer_form(x) if self.validate_args else x
        lgamma = api.math.lgamma
        return -lgamma(self.total_count + x) + lgamma(1.0 + x) + lgamma(self.total_count)

    def _mean(self) -> Tensor:
        return self.total_count * api.exp(self.logits)

    def _mode(self) -> Tensor:
        adjusted = api.where_v2(self.total_count > 1.0, self.total_count - 1.0, api.zeros_like(self.total_count))
        return api.floor(adjusted * api.exp(self.logits))

    def _variance(self) -> Tensor:
        return self._mean() / api.sigmoid(-self.logits)


@export("contrib.distributions.Binomial")
class Binomial(_OfTrials):
    """How many of several trials succeed.

    Args:
      total_count: how many trials.
      logits: the log-odds of success.
      probs: or its probability.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("binomial")
    def __init__(self, total_count: Any, logits: Any = None, probs: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Binomial"):
        parameters = dict(locals())
        with name_scope(name, values=[total_count, logits, probs]) as scope:
            self._total_count = self._checked_total(convert_to_tensor(total_count, name="total_count"),
                                                    validate_args)
            self._logits, self._probs = logits_and_probs(logits=logits, probs=probs, validate_args=validate_args,
                                                         name=scope)
        Distribution.__init__(self, dtype=self._probs.dtype, reparameterization_type=NOT_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._total_count, self._logits, self._probs], name=scope)

    @staticmethod
    def _checked_total(total: Tensor, validate_args: bool) -> Tensor:
        if not validate_args:
            return total
        return after([api.debugging.assert_non_negative(total, message="total_count must be non-negative."),
                      assert_integer_form(total, message="total_count cannot contain fractional components.")], total)

    def _log_prob(self, counts: Tensor) -> Tensor:
        return self._log_unnormalized_prob(counts) - self._log_normalization(counts)

    def _prob(self, counts: Tensor) -> Tensor:
        return api.exp(self._log_prob(counts))

    def _cdf(self, counts: Tensor) -> Tensor:
        counts = self._checked(counts)
        probs = self.probs
        given, own = counts.get_shape(), probs.get_shape()
        if not (given.is_fully_defined() and own.is_fully_defined() and given.is_compatible_with(own)):
            probs = probs + api.zeros_like(counts)  # broadcast
            counts = counts + api.zeros_like(probs)
        # The op knows no first argument 0, where the answer is 1.
        ones = api.ones_like(self.total_count - counts)
        all_of_them = api.equal(counts, self.total_count)
        failures = api.where_v2(all_of_them, ones, self.total_count - counts)
        return api.where_v2(all_of_them, ones, api.math.betainc(failures, counts + 1, 1 - probs))

    def _log_unnormalized_prob(self, counts: Tensor) -> Tensor:
        counts = self._checked(counts)
        return counts * api.log(self.probs) + (self.total_count - counts) * api.math.log1p(-self.probs)

    def _log_normalization(self, counts: Tensor) -> Tensor:
        counts = self._checked(counts)
        lgamma = api.math.lgamma
        return (lgamma(1.0 + self.total_count - counts) + lgamma(1.0 + counts) - lgamma(1.0 + self.total_count))

    def _mean(self) -> Tensor:
        return self.total_count * self.probs

    def _variance(self) -> Tensor:
        return self._mean() * (1.0 - self.probs)

    def _mode(self) -> Tensor:
        return api.floor((1.0 + self.total_count) * self.probs)

    def _checked(self, counts: Tensor) -> Tensor:
        if not self.validate_args:
            return counts
        counts = nonnegative_integer_form(counts)
        return after([api.debugging.assert_less_equal(counts, self.total_count,
                                                      message="counts are not less than or equal to n.")], counts)
