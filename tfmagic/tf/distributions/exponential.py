"""The exponential distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED
from tfmagic.tf.distributions.gamma import Gamma
from tfmagic.tf.distributions.moving import moved


@export("distributions.Exponential")
class Exponential(Gamma):
    """The waiting time until one event.

    Args:
      rate: how many events in a unit of time, positive.
      validate_args: whether that is checked in each run.
      allow_nan_stats: see `Distribution`.
      name: of the scopes.
    """

    @moved("exponential")
    def __init__(self, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Exponential"):
        parameters = dict(locals())
        # Its concentration is 1 and no parameter of one's own.
        with name_scope(name, values=[rate]) as scope:
            self._rate = convert_to_tensor(rate, name="rate")
        super().__init__(concentration=api.ones([], dtype=self._rate.dtype), rate=self._rate,
                         allow_nan_stats=allow_nan_stats, validate_args=validate_args, name=scope)
        self._reparameterization_type = FULLY_REPARAMETERIZED
        self._parameters = parameters
        self._graph_parents += [self._rate]

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return {"rate": convert_to_tensor(sample_shape, dtype=dtypes.int32)}

    @property
    def rate(self) -> Tensor:
        """How many events in a unit of time."""
        return self._rate

    def _log_survival_function(self, value: Tensor) -> Tensor:
        return self._log_prob(value) - api.log(self._rate)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        shape = api.concat([[n], api.shape(self._rate)], 0)
        # Never 0, of which there is no logarithm.
        drawn = api.random.uniform(shape, minval=np.finfo(self.dtype.as_numpy_dtype).tiny, maxval=1.0, seed=seed,
                                   dtype=self.dtype)
        return -api.log(drawn) / self._rate


@export("contrib.distributions.ExponentialWithSoftplusRate")
class ExponentialWithSoftplusRate(Exponential):
    """`Exponential` whose rate is given before softplus."""

    @moved("exponential")
    def __init__(self, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "ExponentialWithSoftplusRate"):
        parameters = dict(locals())
        with name_scope(name, values=[rate]) as scope:
            super().__init__(rate=api.nn.softplus(rate, name="softplus_rate"), validate_args=validate_args,
                             allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters
