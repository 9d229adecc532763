"""What distributions of single numbers share: two parameters that broadcast, a location and a scale."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import positive
from tfmagic.tf.distributions.choices import broadcast_shape, broadcast_static_shape
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED, Distribution


class ScalarEvent(Distribution):
    """A distribution whose samples are single numbers."""

    def _event_shape_tensor(self) -> Tensor:
        return api.constant([], dtype=dtypes.int32)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])


class TwoParameters(ScalarEvent):
    """A distribution of single numbers with two parameters that broadcast."""

    def _pair(self) -> tuple[Tensor, Tensor]:
        raise NotImplementedError

    def _batch_shape_tensor(self) -> Tensor:
        return broadcast_shape(*self._pair())

    def _batch_shape(self) -> TensorShape:
        return broadcast_static_shape(*self._pair())

    def _draw_shape(self, n: Any) -> Tensor:
        return api.concat([[n], self.batch_shape_tensor()], 0)


class LocationScale(TwoParameters):
    """A distribution of single numbers with a location and a scale."""

    def _set_up(self, loc: Any, scale: Any, validate_args: bool, allow_nan_stats: bool, parameters: dict[str, Any],
                name: str) -> None:
        """Make the parameters' nodes, check them, and say what it is."""
        with name_scope(name, values=[loc, scale]) as scope, positive(scale, validate=validate_args):
            self._loc = api.identity(loc, name="loc")
            self._scale = api.identity(scale, name="scale")
            api.debugging.assert_same_float_dtype([self._loc, self._scale])
        Distribution.__init__(self, dtype=self._scale.dtype, reparameterization_type=FULLY_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._loc, self._scale], name=scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return dict.fromkeys(("loc", "scale"), convert_to_tensor(sample_shape, dtype=dtypes.int32))

    @property
    def loc(self) -> Tensor:
        """The location."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The scale."""
        return self._scale

    def _pair(self) -> tuple[Tensor, Tensor]:
        return self._loc, self._scale


class ConcentrationRate(TwoParameters):
    """A distribution of positive numbers with a concentration and a rate, which divides its density by one number."""

    def _set_up(self, concentration: Any, rate: Any, kind: Any, validate_args: bool, allow_nan_stats: bool,
                parameters: dict[str, Any], name: str) -> None:
        """Make the parameters' nodes, check them, and say what it is.

        Args:
          kind: whether its samples are differentiable in the parameters.
        """
        with (name_scope(name, values=[concentration, rate]) as scope,
              positive(concentration, rate, validate=validate_args)):
            self._concentration = api.identity(concentration, name="concentration")
            self._rate = api.identity(rate, name="rate")
            api.debugging.assert_same_float_dtype([self._concentration, self._rate])
        Distribution.__init__(self, dtype=self._concentration.dtype, validate_args=validate_args,
                              allow_nan_stats=allow_nan_stats, reparameterization_type=kind, parameters=parameters,
                              graph_parents=[self._concentration, self._rate], name=scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return dict.fromkeys(("concentration", "rate"), convert_to_tensor(sample_shape, dtype=dtypes.int32))

    @property
    def concentration(self) -> Tensor:
        """The concentration."""
        return self._concentration

    @property
    def rate(self) -> Tensor:
        """The rate."""
        return self._rate

    def _pair(self) -> tuple[Tensor, Tensor]:
        return self.concentration, self.rate

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _log_normalization(self) -> Tensor:
        return api.math.lgamma(self.concentration) - self.concentration * api.log(self.rate)
