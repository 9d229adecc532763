"""Bijectors of single numbers: powers and exp, sigmoid, softplus."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.bijector import Bijector
from tfmagic.tf.distributions.moving import moved_bijector
from tfmagic.tf.distributions.special import softplus_inverse


@export("contrib.distributions.bijectors.PowerTransform")
class PowerTransform(Bijector):
    """`(1 + x * power) ** (1 / power)`, and exp where the power is 0.

    Args:
      power: a Python number from 0 on.
      validate_args: whether arguments are checked in each run.
      name: of the scopes.

    Raises:
      ValueError: `power` is negative, or not known.
    """

    @moved_bijector("power_transform")
    def __init__(self, power: Any = 0.0, validate_args: bool = False, name: str = "power_transform"):
        self._graph_parents, self._name, self._validate_args = [], name, validate_args
        with self._name_scope("init"):
            known = constant_value(convert_to_tensor(power, name="power"))
            if known is None or known < 0:
                raise ValueError("`power` must be a non-negative TF constant.")
            self._power = known
        super().__init__(forward_min_event_ndims=0, validate_args=validate_args, name=name)

    @property
    def power(self) -> Any:
        """The power."""
        return self._power

    def _forward(self, x: Tensor) -> Tensor:
        x = self._checked_x(x)
        return api.exp(x) if self.power == 0.0 else api.exp(api.math.log1p(x * self.power) / self.power)

    def _inverse(self, y: Tensor) -> Tensor:
        y = self._checked_y(y)
        return api.log(y) if self.power == 0.0 else api.math.expm1(api.log(y) * self.power) / self.power

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        y = self._checked_y(y)
        return (self.power - 1.0) * api.log(y)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        x = self._checked_x(x)
        return x if self.power == 0.0 else (1.0 / self.power - 1.0) * api.math.log1p(x * self.power)

    def _checked_x(self, x: Tensor) -> Tensor:
        if not self.validate_args or self.power == 0.0:
            return x
        return after([api.debugging.assert_non_negative(
            1.0 + self.power * x, message=f"Forward transformation input must be at least {-1.0 / self.power}.")], x)

    def _checked_y(self, y: Tensor) -> Tensor:
        if not self.validate_args:
            return y
        return after([api.debugging.assert_positive(
            y, message="Inverse transformation input must be greater than 0.")], y)


@export("contrib.distributions.bijectors.Exp")
class Exp(PowerTransform):
    """`exp(x)`."""

    @moved_bijector("exp")
    def __init__(self, validate_args: bool = False, name: str = "exp"):
        super().__init__(validate_args=validate_args, name=name)


@export("contrib.distributions.bijectors.Sigmoid")
class Sigmoid(Bijector):
    """`1 / (1 + exp(-x))`."""

    @moved_bijector("sigmoid")
    def __init__(self, validate_args: bool = False, name: str = "sigmoid"):
        super().__init__(forward_min_event_ndims=0, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        return api.sigmoid(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return api.log(y) - api.math.log1p(-y)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return -api.log(y) - api.math.log1p(-y)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return -api.nn.softplus(-x) - api.nn.softplus(x)


@export("contrib.distributions.bijectors.Softplus")
class Softplus(Bijector):
    """`hinge_softness * log(1 + exp(x / hinge_softness))`.

    Args:
      hinge_softness: how soft the bend is, not 0; 1.
      validate_args: whether that is checked in each run.
      name: of the scopes.
    """

    @moved_bijector("softplus")
    def __init__(self, hinge_softness: Any = None, validate_args: bool = False, name: str = "softplus"):
        with name_scope(name):
            softness = None if hinge_softness is None else convert_to_tensor(hinge_softness, name="hinge_softness")
            if softness is not None and validate_args:
                softness = after([api.debugging.assert_none_equal(
                    softness, api.constant(0, dtype=softness.dtype),
                    message="hinge_softness must be non-zero")], softness)
            self._hinge_softness = softness
        super().__init__(forward_min_event_ndims=0, validate_args=validate_args, name=name,
                         graph_parents=None if softness is None else [softness])

    @property
    def hinge_softness(self) -> Any:
        """How soft the bend is, or None."""
        return self._hinge_softness

    def _forward(self, x: Tensor) -> Tensor:
        if self.hinge_softness is None:
            return api.nn.softplus(x)
        softness = api.cast(self.hinge_softness, x.dtype)
        return softness * api.nn.softplus(x / softness)

    def _inverse(self, y: Tensor) -> Tensor:
        if self.hinge_softness is None:
            return softplus_inverse(y)
        softness = api.cast(self.hinge_softness, y.dtype)
        return softness * softplus_inverse(y / softness)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        if self.hinge_softness is not None:
            y = y / api.cast(self.hinge_softness, y.dtype)
        return -api.log(-api.math.expm1(-y))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        if self.hinge_softness is not None:
            x = x / api.cast(self.hinge_softness, x.dtype)
        return -api.nn.softplus(-x)
