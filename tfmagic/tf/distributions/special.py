"""Functions of the normal and the Laplace distribution that no op computes: cdf, its logarithm, its inverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api

# Where the logarithm of the normal cdf is computed in another way, by type: (below: a series, above: -cdf(-x)).
_BOUNDS = {"float64": (np.array(-20, np.float64), np.array(8, np.float64)),
           "float32": (np.array(-10, np.float32), np.array(5, np.float32))}


def _refuse_type(x: Tensor) -> None:
    if x.dtype.as_numpy_dtype not in (np.float32, np.float64):
        raise TypeError(f"x.dtype={x.dtype} is not handled, see docstring for supported types.")


def ndtr(x: Any, name: str = "ndtr") -> Tensor:
    """The probability that a standard normal number is at most `x`.

    Raises:
      TypeError: `x` is neither float32 nor float64.
    """
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        _refuse_type(x)
        return _ndtr(x)


def _ndtr(x: Tensor) -> Tensor:
    half_root = api.constant(0.5 * np.sqrt(2.0), dtype=x.dtype, name="half_sqrt_2")
    w = x * half_root
    size = api.abs(w)
    near = api.less(size, half_root)
    center = 1.0 + api.math.erf(w)
    right = api.greater(w, 0.0)
    tail = api.where_v2(right, 2.0 - api.math.erfc(size), api.math.erfc(size))
    return 0.5 * api.where_v2(near, center, tail)


def log_ndtr(x: Any, series_order: int = 3, name: str = "log_ndtr") -> Tensor:
    """The logarithm of `ndtr`, exact far out too.

    Args:
      x: float32 or float64.
      series_order: how many terms of the asymptotic series are taken far below zero.
      name: of the scope.

    Raises:
      TypeError: another type, or `series_order` is no int.
      ValueError: `series_order` is negative or above 30.
    """
    if not isinstance(series_order, int):
        raise TypeError("series_order must be a Python integer.")
    if series_order < 0:
        raise ValueError("series_order must be non-negative.")
    if series_order > 30:
        raise ValueError("series_order must be <= 30.")
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        if x.dtype.name not in _BOUNDS:
            raise TypeError(f"x.dtype={x.dtype} is not supported.")
        lower, upper = _BOUNDS[x.dtype.name]
        # Each branch gets only numbers for which it is finite, so that no NaN reaches the gradient.
        above = api.greater(x, upper)
        far_right = -_ndtr(-x)
        between = api.greater(x, lower)
        middle = api.log(_ndtr(api.maximum(x, lower)))
        return api.where_v2(above, far_right,
                            api.where_v2(between, middle, _log_ndtr_far_left(api.minimum(x, lower), series_order)))


def _log_ndtr_far_left(x: Tensor, series_order: int) -> Tensor:
    scale = -0.5 * api.square(x) - api.log(-x) - 0.5 * np.log(2.0 * np.pi)
    return scale + api.log(_series(x, series_order))


def _series(x: Tensor, order: int) -> Any:
    if order <= 0:
        return np.array(1, x.dtype.as_numpy_dtype)
    square = api.square(x)
    even, odd = api.zeros_like(x), api.zeros_like(x)
    power, factorial = square, 1.0
    for n in range(1, order + 1):
        factorial *= 2 * n - 1
        term = np.array(factorial, x.dtype.as_numpy_dtype) / power
        if n % 2:
            odd += term
        else:
            even += term
        power *= square
    return 1.0 + even - odd


# Moshier's rational approximations (Cephes): numerators and denominators, the coefficient of the lowest power first.
_MIDDLE = ([-1.23916583867381258016, 13.9312609387279679503, -56.6762857469070293439, 98.0010754185999661536,
            -59.9633501014107895267],
           [-1.18331621121330003142, 15.9056225126211695515, -82.0372256168333339912, 200.260212380060660359,
            -225.462687854119370527, 86.3602421390890590575, 4.67627912898881538453, 1.95448858338141759834, 1.0])
_NEAR_TAIL = ([-8.57456785154685413611e-4, -3.50424626827848203418e-2, -1.40256079171354495875e-1,
               2.18663306850790267539, 14.6849561928858024014, 44.0805073893200834700, 57.1628192246421288162,
               31.5251094599893866154, 4.05544892305962419923],
              [-9.33259480895457427372e-4, -3.80806407691578277194e-2, -1.42182922854787788574e-1,
               2.50464946208309415979, 15.0425385692907503408, 41.3172038254672030440, 45.3907635128879210584,
               15.7799883256466749731, 1.0])
_FAR_TAIL = ([6.23974539184983293730e-9, 2.65806974686737550832e-6, 3.01581553508235416007e-4,
              1.23716634817820021358e-2, 2.01485389549179081538e-1, 1.33303460815807542389, 3.93881025292474443415,
              6.91522889068984211695, 3.23774891776946035970],
             [6.79019408009981274425e-9, 2.89247864745380683936e-6, 3.28014464682127739104e-4,
              1.34204006088543189037e-2, 2.16236993594496635890e-1, 1.37702099489081330271, 3.67983563856160859403,
              6.02427039364742014255, 1.0])
_TAIL = np.exp(-2.0)


def _polynomial(x: Tensor, coefficients: Sequence[float]) -> Tensor:
    """A polynomial by Horner's rule, which TensorFlow begins with zeros of the shape of `x`."""
    value = api.zeros_like(x)
    for coefficient in reversed(coefficients):
        value = np.array(coefficient, x.dtype.as_numpy_dtype) + value * x
    return value


def ndtri(p: Any, name: str = "ndtri") -> Tensor:
    """The inverse of `ndtr`: below which number a standard normal one falls with probability `p`.

    Raises:
      TypeError: `p` is neither float32 nor float64.
    """
    with name_scope(name, values=[p]):
        p = convert_to_tensor(p, name="p")
        if p.dtype.as_numpy_dtype not in (np.float32, np.float64):
            raise TypeError(f"p.dtype={p.dtype} is not handled, see docstring for supported types.")
        return _ndtri(p)


def _quotient(x: Tensor, pair: tuple[list[float], list[float]]) -> Tensor:
    return _polynomial(x, pair[0]) / _polynomial(x, pair[1])


def _ndtri(p: Tensor) -> Tensor:
    lower = api.where_v2(api.greater(p, -np.expm1(-2.0)), 1.0 - p, p)
    value = np.array(0.5, p.dtype.as_numpy_dtype)
    lower = api.where_v2(api.less_equal(lower, 0.0), api.fill(api.shape(p), value), lower)

    w = lower - 0.5
    square = w ** 2
    middle = w + w * square * _quotient(square, _MIDDLE)
    middle *= -np.sqrt(2.0 * np.pi)

    z = api.sqrt(-2.0 * api.log(lower))
    first = z - api.log(z) / z

    def tail(pair: tuple[list[float], list[float]]) -> Tensor:
        return _polynomial(1.0 / z, pair[0]) / _polynomial(1.0 / z, pair[1]) / z

    far, near = tail(_FAR_TAIL), tail(_NEAR_TAIL)
    far, near = first - far, first - near
    x = api.where_v2(api.greater(lower, _TAIL), middle, api.where_v2(api.greater_equal(z, 8.0), far, near))
    x = api.where_v2(api.greater(p, 1.0 - _TAIL), x, -x)
    infinity = api.constant(np.inf, dtype=x.dtype)
    everywhere = api.fill(api.shape(p), infinity)
    return api.where_v2(api.less_equal(p, 0.0), -everywhere,
                        api.where_v2(api.greater_equal(p, 1.0), everywhere, x))


def erfinv(x: Any, name: str = "erfinv") -> Tensor:
    """The inverse of `tf.math.erf`.

    Raises:
      TypeError: `x` is neither float32 nor float64.
    """
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        _refuse_type(x)
        return ndtri((x + 1.0) / 2.0) / np.sqrt(2)


def log_cdf_laplace(x: Any, name: str = "log_cdf_laplace") -> Tensor:
    """The logarithm of the probability that a standard Laplace number is at most `x`."""
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        lower = -np.log(2.0) + x
        upper = api.math.log1p(-0.5 * api.exp(-api.abs(x)))
        return api.where_v2(x < 0.0, lower, upper)


@export("contrib.distributions.softplus_inverse")
def softplus_inverse(x: Any, name: str | None = None) -> Tensor:
    """The number whose softplus is `x`."""
    with name_scope(name, "softplus_inverse", values=[x]):
        x = convert_to_tensor(x, name="x")
        threshold = np.log(np.finfo(x.dtype.as_numpy_dtype).eps) + 2.0
        small = api.less(x, np.exp(threshold))
        large = api.greater(x, -threshold)
        small_value, large_value = api.log(x), x
        x = api.where_v2(api.logical_or(small, large), api.ones_like(x), x)
        y = x + api.log(-api.math.expm1(-x))
        return api.where_v2(small, small_value, api.where_v2(large, large_value, y))


def log_combinations(n: Any, counts: Any, name: str = "log_combinations") -> Tensor:
    """The logarithm of the multinomial coefficients: in how many orders `counts` can come.

    Args:
      n: their sums.
      counts: [..., k].
      name: of the scope.
    """
    with name_scope(name, values=[n, counts]):
        n = convert_to_tensor(n, name="n")
        counts = convert_to_tensor(counts, name="counts")
        total = api.math.lgamma(n + 1)
        each = api.math.lgamma(counts + 1)
        return total - api.reduce_sum(each, axis=[-1])
