"""Bijectors of single numbers with parameters of their own: lines, squares, Gumbel's, Kumaraswamy's, sinh-arcsinh."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.bijector import Bijector
from tfmagic.tf.distributions.moving import moved_bijector


@export("contrib.distributions.bijectors.AbsoluteValue")
class AbsoluteValue(Bijector):
    """`abs(x)`, which has two inverses: they and how they stretch are given as pairs."""

    @moved_bijector("absolute_value")
    def __init__(self, validate_args: bool = False, name: str = "absolute_value"):
        self._graph_parents, self._name = [], name
        with self._name_scope("init"):
            super().__init__(forward_min_event_ndims=0, is_constant_jacobian=True, validate_args=validate_args,
                             name=name)

    @property
    def _is_injective(self) -> bool:
        return False

    def _forward(self, x: Tensor) -> Tensor:
        return api.abs(x)

    def _inverse(self, y: Tensor) -> Any:
        y = self._checked(y, y)
        return -y, y

    def _inverse_log_det_jacobian(self, y: Tensor) -> Any:
        zero = self._checked(y, api.constant(0.0, dtype=y.dtype))
        return zero, zero

    def _checked(self, y: Tensor, value: Tensor) -> Tensor:
        if not self.validate_args:
            return value
        return after([api.debugging.assert_non_negative(y, message="Argument y was negative")], value)


@export("contrib.distributions.bijectors.AffineScalar")
class AffineScalar(Bijector):
    """`x * scale + shift`.

    Args:
      shift: a number or tensor, or None.
      scale: a number or tensor, or None.
      validate_args: whether `scale` is found not to be 0 in each run.
      name: of the scopes.
    """

    @moved_bijector("affine_scalar")
    def __init__(self, shift: Any = None, scale: Any = None, validate_args: bool = False, name: str = "affine_scalar"):
        self._graph_parents, self._name, self._validate_args = [], name, validate_args
        with self._name_scope("init", values=[scale, shift]):
            self._shift = None if shift is None else convert_to_tensor(shift, name="shift")
            self._scale = None if scale is None else convert_to_tensor(scale, name="scale")
            if self._scale is not None and validate_args:
                zero = api.zeros([], dtype=self._scale.dtype)
                self._scale = after([api.debugging.assert_none_equal(self._scale, zero)], self._scale)
            super().__init__(forward_min_event_ndims=0, is_constant_jacobian=True, validate_args=validate_args,
                             name=name)

    @property
    def shift(self) -> Any:
        """What is added, or None."""
        return self._shift

    @property
    def scale(self) -> Any:
        """What is multiplied with, or None."""
        return self._scale

    def _forward(self, x: Tensor) -> Tensor:
        y = api.identity(x)
        if self.scale is not None:
            y *= self.scale
        return y if self.shift is None else y + self.shift

    def _inverse(self, y: Tensor) -> Tensor:
        x = api.identity(y)
        if self.shift is not None:
            x -= self.shift
        return x if self.scale is None else x / self.scale

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        if self.scale is None:
            return api.constant(0.0, dtype=x.dtype.base_dtype)
        return api.log(api.abs(self.scale))


@export("contrib.distributions.bijectors.Softsign")
class Softsign(Bijector):
    """`x / (1 + abs(x))`, between -1 and 1."""

    @moved_bijector("softsign")
    def __init__(self, validate_args: bool = False, name: str = "softsign"):
        super().__init__(forward_min_event_ndims=0, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        return x / (1.0 + api.abs(x))

    def _inverse(self, y: Tensor) -> Tensor:
        y = self._checked(y)
        return y / (1.0 - api.abs(y))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return -2.0 * api.math.log1p(api.abs(x))

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        y = self._checked(y)
        return -2.0 * api.math.log1p(-api.abs(y))

    def _checked(self, y: Tensor) -> Tensor:
        if not self.validate_args:
            return y
        dtype = y.dtype.base_dtype
        return after([
            api.debugging.assert_greater(y, api.cast(-1.0, dtype=dtype),
                                         message="Inverse transformation input must be greater than -1."),
            api.debugging.assert_less(y, api.cast(1.0, dtype=dtype),
                                      message="Inverse transformation input must be less than 1.")], y)


@export("contrib.distributions.bijectors.Square")
class Square(Bijector):
    """`x ** 2` of numbers that are not negative."""

    @moved_bijector("square")
    def __init__(self, validate_args: bool = False, name: str = "square"):
        super().__init__(forward_min_event_ndims=0, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        return api.square(self._checked(x))

    def _inverse(self, y: Tensor) -> Tensor:
        return api.sqrt(self._checked(y))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        return np.log(2.0) + api.log(x)

    def _checked(self, t: Tensor) -> Tensor:
        if not self.validate_args:
            return t
        return after([api.debugging.assert_non_negative(t, message="All elements must be non-negative.")], t)


@export("contrib.distributions.bijectors.Gumbel")
class Gumbel(Bijector):
    """`exp(-exp(-(x - loc) / scale))`: the cdf of Gumbel's distribution.

    Args:
      loc: a floating tensor.
      scale: a positive tensor of the same type.
      validate_args: whether parameters and values are checked in each run.
      name: of the scopes.
    """

    @moved_bijector("gumbel")
    def __init__(self, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool = False, name: str = "gumbel"):
        self._graph_parents, self._name, self._validate_args = [], name, validate_args
        with self._name_scope("init", values=[loc, scale]):
            self._loc = convert_to_tensor(loc, name="loc")
            self._scale = convert_to_tensor(scale, name="scale")
            api.debugging.assert_same_float_dtype([self._loc, self._scale])
            if validate_args:
                self._scale = after([api.debugging.assert_positive(
                    self._scale, message="Argument scale was not positive")], self._scale)
        super().__init__(validate_args=validate_args, forward_min_event_ndims=0, name=name)

    @property
    def loc(self) -> Tensor:
        """The location."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The scale."""
        return self._scale

    def _forward(self, x: Tensor) -> Tensor:
        z = (x - self.loc) / self.scale
        return api.exp(-api.exp(-z))

    def _inverse(self, y: Tensor) -> Tensor:
        y = self._checked(y)
        return self.loc - self.scale * api.log(-api.log(y))

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        y = self._checked(y)
        return api.log(self.scale / (-api.log(y) * y))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        z = (x - self.loc) / self.scale
        return -z - api.exp(-z) - api.log(self.scale)

    def _checked(self, y: Tensor) -> Tensor:
        if not self.validate_args:
            return y
        return after([
            api.debugging.assert_non_negative(y, message="Inverse transformation input must be greater than 0."),
            api.debugging.assert_less_equal(
                y, api.constant(1.0, y.dtype),
                message="Inverse transformation input must be less than or equal to 1.")], y)


@export("contrib.distributions.bijectors.Kumaraswamy")
class Kumaraswamy(Bijector):
    """The quantile of Kumaraswamy's distribution: from a probability to the number.

    Args:
      concentration1: positive.
      concentration0: positive.
      validate_args: whether parameters and values are checked in each run.
      name: of the scopes.
    """

    @moved_bijector("kumaraswamy")
    def __init__(self, concentration1: Any = None, concentration0: Any = None, validate_args: bool = False,
                 name: str = "kumaraswamy"):
        self._graph_parents, self._name, self._validate_args = [], name, validate_args
        with self._name_scope("init", values=[concentration1, concentration0]):
            self._concentration1 = self._positive(convert_to_tensor(concentration1, name="concentration1"))
            self._concentration0 = self._positive(convert_to_tensor(concentration0, name="concentration0"))
        super().__init__(forward_min_event_ndims=0, validate_args=validate_args, name=name)

    @property
    def concentration1(self) -> Tensor:
        """The concentration near 1."""
        return self._concentration1

    @property
    def concentration0(self) -> Tensor:
        """The concentration near 0."""
        return self._concentration0

    def _forward(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        return api.exp(api.math.log1p(-api.exp(api.math.log1p(-x) / self.concentration0)) / self.concentration1)

    def _inverse(self, y: Tensor) -> Tensor:
        y = self._checked(y)
        return api.exp(api.math.log1p(-(1 - y ** self.concentration1) ** self.concentration0))

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        y = self._checked(y)
        return (api.log(self.concentration1) + api.log(self.concentration0) + (self.concentration1 - 1) * api.log(y)
                + (self.concentration0 - 1) * api.math.log1p(-y ** self.concentration1))

    def _positive(self, concentration: Tensor) -> Tensor:
        if not self.validate_args:
            return concentration
        return after([api.debugging.assert_positive(
            concentration, message="Concentration parameter must be positive.")], concentration)

    def _checked(self, x: Tensor) -> Tensor:
        if not self.validate_args:
            return x
        return after([
            api.debugging.assert_non_negative(x, message="sample must be non-negative"),
            api.debugging.assert_less_equal(x, api.ones([], self.concentration0.dtype),
                                            message="sample must be no larger than `1`.")], x)


def _root_of_square_and_one(x: Tensor) -> Tensor:
    """`sqrt(x**2 + 1)` that does not overflow."""
    tiny = np.sqrt(np.finfo(x.dtype.as_numpy_dtype).eps)
    return api.where_v2(api.abs(x) * tiny <= 1.0, api.sqrt(x ** 2.0 + 1.0), api.abs(x))


@export("contrib.distributions.bijectors.SinhArcsinh")
class SinhArcsinh(Bijector):
    """`sinh((arcsinh(x) + skewness) * tailweight)`.

    Args:
      skewness: to which side it leans; 0.
      tailweight: how heavy tails become, positive; 1.
      validate_args: whether that is checked in each run.
      name: of the scopes.
    """

    @moved_bijector("sinh_arcsinh")
    def __init__(self, skewness: Any = None, tailweight: Any = None, validate_args: bool = False,
                 name: str = "SinhArcsinh"):
        self._graph_parents, self._name, self._validate_args = [], name, validate_args
        with self._name_scope("init", values=[skewness, tailweight]):
            tailweight = 1.0 if tailweight is None else tailweight
            skewness = 0.0 if skewness is None else skewness
            self._skewness = convert_to_tensor(skewness, name="skewness")
            self._tailweight = convert_to_tensor(tailweight, name="tailweight", dtype=self._skewness.dtype)
            api.debugging.assert_same_float_dtype([self._skewness, self._tailweight])
            if validate_args:
                self._tailweight = after([api.debugging.assert_positive(
                    self._tailweight, message="Argument tailweight was not positive")], self._tailweight)
        super().__init__(forward_min_event_ndims=0, validate_args=validate_args, name=name)

    @property
    def skewness(self) -> Tensor:
        """To which side it leans."""
        return self._skewness

    @property
    def tailweight(self) -> Tensor:
        """How heavy tails become."""
        return self._tailweight

    def _forward(self, x: Tensor) -> Tensor:
        return api.sinh((api.asinh(x) + self.skewness) * self.tailweight)

    def _inverse(self, y: Tensor) -> Tensor:
        return api.sinh(api.asinh(y) / self.tailweight - self.skewness)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        height = api.cosh(api.asinh(y) / self.tailweight - self.skewness)
        return api.log(height / _root_of_square_and_one(y)) - api.log(self.tailweight)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        height = api.cosh((api.asinh(x) + self.skewness) * self.tailweight)
        return api.log(height / _root_of_square_and_one(x)) + api.log(self.tailweight)
