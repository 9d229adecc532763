"""The uniform distribution."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved
from tfmagic.tf.distributions.scalar_events import TwoParameters


@export("distributions.Uniform")
class Uniform(TwoParameters):
    """The same density between two bounds.

    Args:
      low: the lower bound, which can be drawn.
      high: the upper bound, which cannot.
      validate_args: whether `low` < `high` is checked in each run.
      allow_nan_stats: see `Distribution`.
      name: of the scopes.
    """

    @moved("uniform")
    def __init__(self, low: Any = 0.0, high: Any = 1.0, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Uniform"):
        parameters = dict(locals())
        with name_scope(name, values=[low, high]) as scope:
            checks = [api.debugging.assert_less(
                low, high, message="uniform not defined when low >= high.")] if validate_args else []
            with get_default_graph().control_dependencies(checks):
                self._low = api.identity(low, name="low")
                self._high = api.identity(high, name="high")
                api.debugging.assert_same_float_dtype([self._low, self._high])
        Distribution.__init__(self, dtype=self._low.dtype, reparameterization_type=FULLY_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._low, self._high], name=scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return dict.fromkeys(("low", "high"), convert_to_tensor(sample_shape, dtype=dtypes.int32))

    @property
    def low(self) -> Tensor:
        """The lower bound."""
        return self._low

    @property
    def high(self) -> Tensor:
        """The upper bound."""
        return self._high

    def _pair(self) -> tuple[Tensor, Tensor]:
        return self.low, self.high

    def range(self, name: str = "range") -> Tensor:
        """`high - low`."""
        with self._name_scope(name):
            return self.high - self.low

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = api.random.uniform(shape=self._draw_shape(n), dtype=self.dtype, seed=seed)
        return self.low + self.range() * drawn

    def _prob(self, x: Tensor) -> Tensor:
        x = x * api.ones(self.batch_shape_tensor(), dtype=x.dtype)  # broadcast
        return api.where_v2(
            api.is_nan(x), x,
            api.where_v2(api.logical_or(x < self.low, x >= self.high), api.zeros_like(x),
                         api.ones_like(x) / self.range()))

    def _cdf(self, x: Tensor) -> Tensor:
        shape = api.broadcast_dynamic_shape(api.shape(x), self.batch_shape_tensor())
        zeros, ones = api.zeros(shape, dtype=self.dtype), api.ones(shape, dtype=self.dtype)
        broadcast = x * ones
        inside = api.where_v2(x < self.low, zeros, (broadcast - self.low) / self.range())
        return api.where_v2(x >= self.high, ones, inside)

    def _entropy(self) -> Tensor:
        return api.log(self.range())

    def _mean(self) -> Tensor:
        return (self.low + self.high) / 2.0

    def _variance(self) -> Tensor:
        return api.square(self.range()) / 12.0

    def _stddev(self) -> Tensor:
        return self.range() / 12.0 ** 0.5
