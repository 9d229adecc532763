"""Distributions of real numbers rounded up to whole ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after, assert_integer_form
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib


def _log_of_difference(big: Tensor, small: Tensor) -> Tensor:
    """`log(exp(big) - exp(small))`, computed without overflow."""
    with name_scope("logsum_expbig_minus_expsmall", values=[big, small]):
        return api.log(1.0 - api.exp(small - big)) + big


@export("contrib.distributions.QuantizedDistribution")
class QuantizedDistribution(Distribution):
    """The numbers of a distribution, rounded up to whole ones.

    Args:
      distribution: of real numbers.
      low: the least whole number, which stands for all below; none.
      high: the greatest one, which stands for all above; none.
      validate_args: whether values, `low` and `high` are found to be whole numbers in each run.
      name: of the scopes.

    Raises:
      TypeError: `distribution` is no distribution.
      ValueError: `low` or `high` are of another type than samples.
    """

    @moved_from_contrib("quantized_distribution")
    def __init__(self, distribution: Any, low: Any = None, high: Any = None, validate_args: bool = False,
                 name: str = "QuantizedDistribution"):
        parameters = dict(locals())
        with name_scope(name, values=[*distribution._graph_parents, low, high]) as scope:
            self._dist = distribution
            low = None if low is None else convert_to_tensor(low, name="low")
            high = None if high is None else convert_to_tensor(high, name="high")
            api.debugging.assert_same_float_dtype([distribution, *(one for one in (low, high) if one is not None)])
            checks = []
            if validate_args and low is not None and high is not None:
                checks.append(api.debugging.assert_less(low, high, message="low must be strictly less than high."))
            self._validate_args = validate_args
            with get_default_graph().control_dependencies(checks):
                self._low = None if low is None else self._whole(low)
                self._high = None if high is None else self._whole(high)
        super().__init__(dtype=distribution.dtype, reparameterization_type=NOT_REPARAMETERIZED,
                         validate_args=validate_args, allow_nan_stats=distribution.allow_nan_stats,
                         parameters=parameters, name=scope,
                         graph_parents=[*distribution._graph_parents, *(
                             one for one in (self._low, self._high) if one is not None)])

    @property
    def distribution(self) -> Any:
        """Whose numbers are rounded."""
        return self._dist

    @property
    def low(self) -> Any:
        """The least whole number, or None."""
        return self._low

    @property
    def high(self) -> Any:
        """The greatest whole number, or None."""
        return self._high

    def _batch_shape_tensor(self) -> Tensor:
        return self.distribution.batch_shape_tensor()

    def _batch_shape(self) -> TensorShape:
        return self.distribution.batch_shape

    def _event_shape_tensor(self) -> Tensor:
        return self.distribution.event_shape_tensor()

    def _event_shape(self) -> TensorShape:
        return self.distribution.event_shape

    def _whole(self, value: Tensor) -> Tensor:
        with name_scope("check_integer", values=[value]):
            value = convert_to_tensor(value, name="value")
            if not self.validate_args:
                return value
            return after([assert_integer_form(value, message="value has non-integer components.")], value)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        with name_scope("transform"):
            n = convert_to_tensor(n, name="n")
            drawn = self.distribution.sample(n, seed=seed)
            ones = api.ones_like(drawn)
            found = api.ceil(drawn)
            if self.low is not None:
                found = api.where(found < self.low, self.low * ones, found)
            if self.high is not None:
                found = api.where(found > self.high, self.high * ones, found)
            return found

    # A number has the probability of the step between it and the one before: in the tail where the cdf is near 1, that
    # of the survival function, which keeps more digits there.

    def _log_prob(self, y: Tensor) -> Tensor:
        y = self._whole(y) if self.validate_args else y
        above, above_before = self.log_survival_function(y), self.log_survival_function(y - 1.0)
        upto, upto_before = self.log_cdf(y), self.log_cdf(y - 1.0)
        big = api.where(above < upto, above_before, upto)
        small = api.where(above < upto, above, upto_before)
        return _log_of_difference(big, small)

    def _prob(self, y: Tensor) -> Tensor:
        y = self._whole(y) if self.validate_args else y
        above, above_before = self.survival_function(y), self.survival_function(y - 1.0)
        upto, upto_before = self.cdf(y), self.cdf(y - 1.0)
        return api.where(above < upto, above_before - above, upto - upto_before)

    def _cut(self, j: Tensor, found: Tensor, below: Any, above: Any) -> Tensor:
        """`found`, but what stands for all numbers beyond `low` and `high` there."""
        j += api.zeros_like(found)  # broadcast
        for bound, beyond, fill in ((self.low, api.less, below), (self.high, api.greater_equal, above)):
            if bound is None:
                continue
            infinity = fill(found) if fill is _minus_infinity else None  # its nodes come before the condition's
            is_beyond = beyond(j, bound)
            found = api.where(is_beyond, fill(found) if infinity is None else infinity, found)
        return found

    def _log_cdf(self, y: Tensor) -> Tensor:
        j = api.floor(y)
        return self._cut(j, self.distribution.log_cdf(j), _minus_infinity, api.zeros_like)

    def _cdf(self, y: Tensor) -> Tensor:
        j = api.floor(y)
        return self._cut(j, self.distribution.cdf(j), api.zeros_like, api.ones_like)

    def _log_survival_function(self, y: Tensor) -> Tensor:
        j = api.ceil(y)
        return self._cut(j, self.distribution.log_survival_function(j), api.zeros_like, _minus_infinity)

    def _survival_function(self, y: Tensor) -> Tensor:
        j = api.ceil(y)
        return self._cut(j, self.distribution.survival_function(j), api.ones_like, api.zeros_like)


def _minus_infinity(like: Tensor) -> Tensor:
    return -np.inf * api.ones_like(like)
