"""Kumaraswamy's distribution of numbers between 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.bijectors import scalars as bijectors
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.choices import shape_of_broadcast
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.transformed import TransformedDistribution
from tfmagic.tf.distributions.uniform import Uniform


@export("contrib.distributions.Kumaraswamy")
class Kumaraswamy(TransformedDistribution):
    """Numbers between 0 and 1 with cdf `1 - (1 - x ** concentration1) ** concentration0`.

    Args:
      concentration1: near 1, positive.
      concentration0: near 0, positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: whether a mode that does not exist is NaN; else it is an error.
      name: of the scopes.
    """

    @moved_from_contrib("kumaraswamy")
    def __init__(self, concentration1: Any = None, concentration0: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Kumaraswamy"):
        with name_scope(name, values=[concentration1, concentration0]) as scope:
            concentration1 = convert_to_tensor(concentration1, name="concentration1")
            concentration0 = convert_to_tensor(concentration0, name="concentration0")
        dtype = concentration1.dtype
        super().__init__(
            distribution=Uniform(low=api.zeros([], dtype=dtype), high=api.ones([], dtype=dtype),
                                 allow_nan_stats=allow_nan_stats),
            bijector=bijectors.Kumaraswamy(concentration1=concentration1, concentration0=concentration0,
                                           validate_args=validate_args),
            batch_shape=shape_of_broadcast(concentration1, concentration0), name=scope)

    @property
    def concentration1(self) -> Tensor:
        """The concentration near 1."""
        return self.bijector.concentration1

    @property
    def concentration0(self) -> Tensor:
        """The concentration near 0."""
        return self.bijector.concentration0

    def _entropy(self) -> Tensor:
        one = 1.0
        first = one - one / self.concentration1
        second = one - one / self.concentration0
        return (first + second * _harmonic_number(self.concentration0) + api.log(self.concentration1)
                + api.log(self.concentration0))

    def _moment(self, n: int) -> Tensor:
        total = self.concentration1 + self.concentration0
        near_one = api.ones_like(total, dtype=self.dtype) * self.concentration1
        near_zero = api.ones_like(total, dtype=self.dtype) * self.concentration0
        pair = api.stack([1 + n / near_one, near_zero], axis=-1)
        return api.exp(api.log(near_zero) + api.math.lbeta(pair))

    def _mean(self) -> Tensor:
        return self._moment(1)

    def _variance(self) -> Tensor:
        return self._moment(2) - api.square(self._moment(1))

    def _mode(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        mode = ((a - 1) / (a * b - 1)) ** (1.0 / a)
        if self.allow_nan_stats:
            nan = api.fill(self.batch_shape_tensor(), np.array(np.nan, dtype=self.dtype.as_numpy_dtype()), name="nan")
            return api.where_v2((a > 1.0) & (b > 1.0), mode, nan)
        return after([api.debugging.assert_less(api.ones([], dtype=a.dtype), concentration,
                                                message=f"Mode undefined for {name} <= 1.")
                      for concentration, name in ((a, "concentration1"), (b, "concentration0"))], mode)


def _harmonic_number(x: Tensor) -> Tensor:
    """The sum of 1 / n up to `x`, for whole numbers and between them."""
    one = api.ones([], dtype=x.dtype)
    return api.math.digamma(x + one) - api.math.digamma(one)
