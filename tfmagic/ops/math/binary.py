"""Element-wise ops of two inputs that broadcast: arithmetic, powers, comparisons, logic, bits, special functions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.indices import require
from tfmagic.ops.complex_sums import minus, plus
from tfmagic.ops.declare import binary, incompatible, register
from tfmagic.ops.math.broadcasting import (
    Broadcast,
    FoldedBroadcast,
    KnownBroadcast,
    left_out_scalar,
    partial_products,
    same_static_shape,
)
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.rules import after, conjugate, digamma
from tfmagic.ops.random.gamma_gradient import gamma_gradient
from tfmagic.ops.shape_rules import broadcast, merge
from tfmagic.ops.tensor_function import tensor_function
from tfmagic.ops.torch_types import torch_dtype


def _is_string(op: Any) -> bool:
    return op.T.name == "string"


# --- sums, differences, products -------------------------------------------------------------------------------


def _add(op: Any, x: Any, y: Any) -> Any:
    return np.asarray(np.add(x, y), object) if _is_string(op) else plus(op, x, y)


Pair = tuple[Tensor | None, Tensor | None]


def _sub_gradient(op: Any, dz: Tensor) -> Pair:
    if left_out_scalar(op, op.y):
        return dz, None
    if same_static_shape(op.x, op.y, dz):
        return dz, -dz
    sums = FoldedBroadcast(op.x, op.y, dz)
    return None if 0 in op.unwanted else sums.to_x(dz), None if 1 in op.unwanted else sums.to_y(-dz)


def _mul_gradient(op: Any, dz: Tensor) -> Pair:
    x, y = op.x, op.y
    if left_out_scalar(op, y):
        return raw.mul(dz, conjugate(y)), None
    if same_static_shape(x, y, dz) and dz.dtype.name in ("int32", "float32"):
        return raw.mul(dz, y), raw.mul(dz, x)
    sums = FoldedBroadcast(x, y, dz)
    x, y = conjugate(x), conjugate(y)
    return (None if 0 in op.unwanted else sums.to_x(raw.mul(dz, y)),
            None if 1 in op.unwanted else sums.to_y(raw.mul(x, dz)))


def _add_gradient(op: Any, dz: Tensor) -> Pair:
    if left_out_scalar(op, op.y):
        return dz, None
    if same_static_shape(op.x, op.y, dz):
        return dz, dz
    sums = FoldedBroadcast(op.x, op.y, dz)
    return None if 0 in op.unwanted else sums.to_x(dz), None if 1 in op.unwanted else sums.to_y(dz)


for _name in ("Add", "AddV2"):
    register(_name, broadcast, _add, _add_gradient, lambda op, x, y: np.add(x, y))
binary("Sub", kernel=minus, gradient=_sub_gradient,
       static="subtract")
binary("Mul", kernel="mul", gradient=_mul_gradient, static="multiply")
binary("MulNoNan", kernel=lambda op, x, y: torch.where(y == 0, torch.zeros_like(x), x * y),
       gradient=partial_products(lambda x, y, dz: raw.mul_no_nan(dz, y), lambda x, y, dz: raw.mul_no_nan(x, dz),
                                 lambda x, y, dz: (raw.mul_no_nan(dz, y), raw.mul_no_nan(x, dz))))


def _squared_difference(op: Any, x: Any, y: Any) -> Any:
    difference = minus(op, x, y)
    return difference * torch.conj_physical(difference) if op.T.is_complex else torch.mul(difference, difference)


def _squared_difference_gradient(op: Any, dz: Tensor) -> Pair:
    x, y = op.x, op.y
    with after(dz):
        dx = api.math.scalar_mul(2.0, dz) * (x - y)
    if same_static_shape(x, y, dz):
        return dx, -dx
    sums = FoldedBroadcast(x, y, dz)
    return None if 0 in op.unwanted else sums.to_x(dx), None if 1 in op.unwanted else -sums.to_y(dx)


register("SquaredDifference", broadcast, _squared_difference, _squared_difference_gradient)


# --- quotients and remainders ----------------------------------------------------------------------------------


def _zero_divisor(op: Any, x: Any, y: Any) -> str | errors.OpError | None:
    """TensorFlow's words for a division that failed (on a GPU neither TensorFlow nor torch look for zeros)."""
    refused = incompatible(op, x, y)
    if refused is not None or not op.T.is_integer or not bool((y == 0).any()):
        return refused
    if op.op.type.startswith("Truncate"):
        return errors.InternalError(None, None, "Unexpected error in binary operator (only integer div and mod should "
                                                "have errors)")
    return "Integer division by zero"


def _wraps(x: Any, y: Any, function: Any, by_minus_one: Any) -> Any:
    """`function(x, y)` of signed integers; by -1, by which the smallest traps, the value given."""
    if isinstance(y, torch.Tensor) and not bool((y == -1).any()):  # known while the plan is made
        return function(x, y)
    minus_one = y == -1
    return torch.where(minus_one, by_minus_one, function(x, torch.where(minus_one, 1, y)))


def _quotient(rounding: str) -> Any:
    """Division of integers with a rounding, of other numbers without one."""

    def kernel(op: Any, x: Any, y: Any) -> Any:
        if op.T.is_integer:
            def function(x, y):
                return torch.div(x, y, rounding_mode=rounding)

            return function(x, y) if op.T.is_unsigned else _wraps(x, y, function, -x)
        return torch.div(x, y)

    return kernel


def _floor_div(op: Any, x: Any, y: Any) -> Any:
    if not op.T.is_integer:
        return torch.floor(torch.div(x, y))
    quotient = _quotient("floor")(op, x, y)
    if op.T.is_unsigned or op.T.size > 2:
        return quotient
    # TensorFlow divides magnitudes, and that of the smallest number is itself: here small types reach it.
    size, by = torch.abs(x).int(), torch.abs(y).int()
    wrong = ((x < 0) != (y < 0)) & ((x == op.T.min) | (y == op.T.min))
    return torch.where(wrong, -torch.div(size + by - 1, torch.where(y == 0, 1, by), rounding_mode="trunc"),
                       quotient).to(torch_dtype(op.T))


def _remainder_by(function: str) -> Any:
    def kernel(op: Any, x: Any, y: Any) -> Any:
        remainder = getattr(torch, function)
        return _wraps(x, y, remainder, 0) if op.T.is_integer and not op.T.is_unsigned else remainder(x, y)

    return kernel


def _static_quotient(op: Any, x: Any, y: Any) -> Any:
    """Integers only, towards zero."""
    if not op.T.is_integer or np.any(y == 0):
        return None
    return (np.sign(x) * np.sign(y) * (np.abs(x) // np.abs(y))).astype(x.dtype)


def _real_div_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    x, y = op.x, op.y
    sums = Broadcast(x, y)
    x, y = conjugate(x), conjugate(y)
    return sums.to_x(raw.real_div(dz, y)), sums.to_y(dz * raw.real_div(raw.real_div(-x, y), y))


def _div_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    x, y = op.x, op.y
    sums = Broadcast(x, y)
    x, y = conjugate(x), conjugate(y)
    return sums.to_x(dz / y), sums.to_y(dz * (-x / y / y))


def _div_no_nan_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    x, y = op.x, op.y
    sums = Broadcast(x, y)
    x, y = conjugate(x), conjugate(y)
    return (sums.to_x(_div_no_nan_scoped(dz, y)),
            sums.to_y(dz * _div_no_nan_scoped(_div_no_nan_scoped(-x, y), y)))


def _div_no_nan_scoped(x: Tensor, y: Tensor) -> Tensor:
    return raw.div_no_nan(x, y, name="div_no_nan")


def _floor_mod_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    x, y = conjugate(op.x), conjugate(op.y)
    sums = Broadcast(x, y)
    floor = raw.floor_div(x, y)
    return sums.to_x(dz), sums.to_y(dz * raw.neg(floor))


def _none(op: Any, dz: Tensor) -> tuple[None, None]:
    return None, None


def _static_floor_div(op: Any, x: Any, y: Any) -> Any:
    return None if op.T.is_integer and np.any(y == 0) else np.floor_divide(x, y)


def _static_floor_mod(op: Any, x: Any, y: Any) -> Any:
    return None if op.T.is_integer and np.any(y == 0) else np.mod(x, y)


def _static_real_div(op: Any, x: Any, y: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return _static_quotient(op, x, y) if op.T.is_integer else np.divide(x, y)


_division: dict[str, Any] = {"explain": _zero_divisor}
register("RealDiv", broadcast, _quotient("trunc"), _real_div_gradient, _static_real_div, **_division)
register("Div", broadcast, _quotient("trunc"), _div_gradient, _static_quotient, **_division)
register("TruncateDiv", broadcast, _quotient("trunc"), _none, _static_quotient, **_division)
register("FloorDiv", broadcast, _floor_div, _none, _static_floor_div, **_division)
register("FloorMod", broadcast, _remainder_by("remainder"), _floor_mod_gradient, _static_floor_mod, **_division)
register("TruncateMod", broadcast, _remainder_by("fmod"), **_division)
register("Mod", broadcast, _remainder_by("fmod"), **_division)
binary("DivNoNan", kernel=lambda op, x, y: torch.where(y == 0, torch.zeros_like(x), torch.div(x, y)),
       gradient=_div_no_nan_gradient)


def _where_x_is_zero(function: Any) -> Any:
    """`function(x, y)`, and 0 wherever `x` is 0 whatever `y` is."""
    return lambda op, x, y: torch.where(x == 0, torch.zeros((), dtype=x.dtype, device=x.device), function(x, y))


def _xlog_gradient(partial_x: Any, partial_y: Any) -> Any:
    def gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
        x, y = op.x, op.y
        sums = Broadcast(x, y)
        with after(dz):
            dtype = x.dtype.base_dtype
            indicator = raw.cast(raw.not_equal(x, cast(0.0, dtype)), dtype)
            by_x = partial_x(indicator, y)
            by_y = partial_y(x, y)
            return sums.to_x(by_x * dz), sums.to_y(by_y * dz)

    return gradient


binary("Xlogy", kernel=_where_x_is_zero(lambda x, y: x * torch.log(y)),
       gradient=_xlog_gradient(raw.xlogy, raw.xdivy))
binary("Xdivy", kernel=_where_x_is_zero(lambda x, y: torch.div(x, y)),
       gradient=_xlog_gradient(raw.xdivy, lambda x, y: raw.xdivy(raw.neg(x), y ** 2)))


# --- powers and angles -----------------------------------------------------------------------------------------


def _pow(op: Any, x: Any, y: Any) -> Any:
    if op.T.is_integer and not op.T.is_unsigned:
        require(y, lambda: y >= 0)
    return torch.pow(x, y)


def _explain_pow(op: Any, x: Any, y: Any) -> str | None:
    negative = op.T.is_integer and bool((y < 0).any())
    return incompatible(op, x, y) or ("Integers to negative integer powers are not allowed" if negative else None)


def _pow_gradient(op: Any, dz: Tensor) -> Pair:
    x, y, z = op.x, op.y, op.z
    if left_out_scalar(op, y):
        x, y = conjugate(x), conjugate(y)
        return dz * y * raw.pow(x, y - 1), None
    sums = FoldedBroadcast(x, y, dz)
    x, y = conjugate(x), conjugate(y)
    dx = None if 0 in op.unwanted else sums.to_x(dz * y * raw.pow(x, y - 1))
    if 1 in op.unwanted:
        return dx, None
    z = conjugate(z)
    # The logarithm is taken only where it exists; elsewhere the gradient by the exponent is 0.
    mask = raw.not_equal(x, constant(0, x.dtype.base_dtype, name="NotEqual/y")) if x.dtype.is_complex else x > 0
    safe = raw.select(mask, x, constants.ones_like(x))
    log = raw.select(mask, raw.log(safe), constants.zeros_like(x))
    return dx, sums.to_y(dz * z * log)


def _atan2_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    y, x = op.y, op.x
    with after(dz):
        scaled = dz / (raw.square(x) + raw.square(y))
        dy, dx = x * scaled, -y * scaled
    dims_y, dims_x = y._dims, x._dims
    if dims_y == dims_x or dims_y is None or dims_x is None or None in dims_y or None in dims_x:
        return dy, dx
    sums = Broadcast(y, x)  # TensorFlow 1.15 refuses this
    return sums.to_x(dy), sums.to_y(dx)


def _next_after_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    """The next number follows the first input; the second one only says in which direction it lies."""
    sums = Broadcast(op.x1, op.x2)
    with after(dz):
        ones = constants.ones(sums.shape_x, dtype=op.x1.dtype.base_dtype)
        zeros = constants.zeros(sums.shape_y, dtype=op.x2.dtype.base_dtype)
        return sums.to_x(ones * dz), sums.to_y(zeros * dz)


register("Pow", broadcast, _pow, _pow_gradient, lambda op, x, y: None if op.T.is_integer and np.any(y < 0) else
         np.power(x, y), explain=_explain_pow)
binary("Atan2", kernel="atan2", gradient=_atan2_gradient)
binary("NextAfter", kernel="nextafter", gradient=_next_after_gradient)


# --- extremes --------------------------------------------------------------------------------------------------


def _extreme_gradient(chosen: Any) -> Any:
    """The gradient goes to the input that was taken; to the first one where both are equal."""

    def gradient(op: Any, dz: Tensor) -> Pair:
        x, y = op.x, op.y
        if left_out_scalar(op, y):
            zeros = constants.zeros_like(dz)
            return raw.select(chosen(x, y), dz, zeros), None
        shape_x, shape_y, shape_z = shape_ops.shape(x), shape_ops.shape(y), shape_ops.shape(dz)
        zeros = constants.zeros(shape_z, dz.dtype)
        mask = chosen(x, y)
        sums = KnownBroadcast(shape_x, shape_y)
        return (None if 0 in op.unwanted else sums.to_x(raw.select(mask, dz, zeros)),
                None if 1 in op.unwanted else sums.to_y(raw.select(mask, zeros, dz)))

    return gradient


def _known_number(value: Any) -> bool:
    """Whether a value is known while the plan is made, and has no NaN."""
    return isinstance(value, torch.Tensor) and not bool(torch.isnan(value).any())


def _extreme(name: str, past_nan: str, beyond: str) -> Any:
    """The first input where one of the two is NaN, as in C++; torch's own functions where that comes to the same."""

    def kernel(op: Any, x: Any, y: Any) -> Any:
        if not op.T.is_floating or _known_number(y):
            return getattr(torch, name)(x, y)
        if _known_number(x):
            return getattr(torch, past_nan)(x, y)
        return torch.where(getattr(torch, beyond)(y, x), y, x)

    return kernel


binary("Maximum", kernel=_extreme("maximum", "fmax", "gt"), gradient=_extreme_gradient(raw.greater_equal),
       static="maximum")
binary("Minimum", kernel=_extreme("minimum", "fmin", "lt"), gradient=_extreme_gradient(raw.less_equal),
       static="minimum")


# --- comparisons and logic -------------------------------------------------------------------------------------


def _comparison(name: str, torch_name: str, numpy_name: str) -> None:
    binary(name, kernel=torch_name, static=numpy_name)


_comparison("Less", "lt", "less")
_comparison("LessEqual", "le", "less_equal")
_comparison("Greater", "gt", "greater")
_comparison("GreaterEqual", "ge", "greater_equal")
binary("LogicalAnd", kernel="logical_and", static="logical_and")
binary("LogicalOr", kernel="logical_or", static="logical_or")


def _equality(torch_name: str, numpy_function: Any) -> Any:
    def kernel(op: Any, x: Any, y: Any) -> Any:
        if _is_string(op):
            return torch.from_numpy(np.asarray(numpy_function(x, y), bool))
        if not op.incompatible_shape_error and incompatible(op, x, y):
            return torch.tensor(torch_name == "ne", device=x.device)
        return getattr(torch, torch_name)(x, y)

    return kernel


def _equality_shape(op: Any, x: Dims, y: Dims) -> Dims:
    """The shape to which both broadcast; what need not broadcast may be a scalar, as long as sizes are unknown."""
    if op.incompatible_shape_error:
        return broadcast(op, x, y)
    try:
        dims = broadcast(op, x, y)
    except ValueError:
        return ()
    return None if x is None or y is None or any(None in pair for pair in zip(x[::-1], y[::-1])) else dims


def _equality_traced(op: Any) -> bool | str:
    return op.incompatible_shape_error or "shapes"


register("Equal", _equality_shape, _equality("eq", np.equal), None, lambda op, x, y: np.equal(x, y),
         explain=incompatible, traced=_equality_traced)
register("NotEqual", _equality_shape, _equality("ne", np.not_equal), None, lambda op, x, y: np.not_equal(x, y),
         explain=incompatible, traced=_equality_traced)
def _first_of_equals(op: Any, x: Dims, y: Dims) -> Dims:
    merge(x, y)
    return x


register("ApproximateEqual", _first_of_equals, lambda op, x, y: torch.lt(torch.abs(x - y), op.tolerance),
         check=lambda op, x, y: None if x == y else "x and y must be of the same shape. x shape: "
         f"{shapes.brackets(x)}. y shape: {shapes.brackets(y)}")


# --- bits ------------------------------------------------------------------------------------------------------


def _shift(function: str) -> Any:
    """Shifts by more than the width of the type, which C++ leaves open, count as the widest one."""
    return lambda op, x, y: getattr(torch, function)(x, torch.clamp(y, 0, op.op._attrs["T"].size * 8 - 1))


def _right_shift(op: Any, x: Any, y: Any) -> Any:
    if op.op._attrs["T"].name != "uint64":
        return _shift("bitwise_right_shift")(op, x, y)
    # Held in an int64, whose sign must not come down: the first bit's shift clears it.
    halved = torch.bitwise_and(torch.bitwise_right_shift(x, 1), torch.iinfo(torch.int64).max)
    return torch.where(y == 0, x, torch.bitwise_right_shift(halved, torch.clamp(y - 1, 0, 63)))


binary("BitwiseAnd", kernel="bitwise_and", static="bitwise_and")
binary("BitwiseOr", kernel="bitwise_or", static="bitwise_or")
binary("BitwiseXor", kernel="bitwise_xor", static="bitwise_xor")
register("LeftShift", broadcast, _shift("bitwise_left_shift"))
register("RightShift", broadcast, _right_shift)


# --- complex numbers -------------------------------------------------------------------------------------------


def _complex_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    sums = Broadcast(op.real, op.imag)
    kind = op.real.dtype.base_dtype
    return sums.to_x(raw.real(dz, kind)), sums.to_y(raw.imag(dz, kind))


binary("Complex", kernel="complex", gradient=_complex_gradient)


# --- special functions -----------------------------------------------------------------------------------------


def _gamma_partials(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of the regularised lower incomplete gamma function."""
    a, x = op.a, op.x
    sums = Broadcast(a, x)
    with after(dz):
        by_a = raw.igamma_grad_a(a, x)
        by_x = raw.exp(-x + (a - 1) * raw.log(x) - raw.lgamma(a))
        return sums.to_x(by_a * dz), sums.to_y(by_x * dz)


def _igammac_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    by_a, by_x = _gamma_partials(op, dz)
    return -by_a, -by_x


def _gamma_domain(function: str) -> Any:
    """NaN outside of the domain a > 0, x >= 0; the lower function is 0 at 0, whatever a is."""

    def kernel(op: Any, a: Any, x: Any) -> Any:
        nan = torch.full((), float("nan"), dtype=x.dtype, device=x.device)
        value = torch.where((a > 0) & (x >= 0), getattr(torch.special, function)(a, x), nan)
        return torch.where(x == 0, torch.zeros_like(value), value) if function == "gammainc" else value

    return kernel


def _igamma_grad_a(op: Any, a: Any, x: Any) -> Any:
    a, x = torch.broadcast_tensors(a, x)
    density = torch.exp((a - 1) * torch.log(x) - x - torch.lgamma(a))
    value = -gamma_gradient(a, x) * density
    nan = torch.full((), float("nan"), dtype=x.dtype, device=x.device)
    zero = torch.zeros_like(value)
    # Where nothing or everything lies below x, a changes nothing.
    value = torch.where(torch.isinf(x) | torch.isinf(a), zero, value)
    value = torch.where((a > 0) & (x > 0), value, nan)
    return torch.where(x == 0, zero, value)


def _zeta_gradient(op: Any, dz: Tensor) -> tuple[None, Tensor]:
    sums = Broadcast(op.x, op.q)
    with after(dz):
        by_q = -op.x * raw.zeta(op.x + 1, op.q)
        return None, sums.to_y(by_q * dz)


def _polygamma(op: Any, n: Any, x: Any) -> Any:
    sign = torch.where(torch.remainder(n, 2) == 0, -1.0, 1.0).to(x.dtype)
    value = sign * torch.exp(torch.lgamma(n + 1)) * torch.special.zeta(n + 1, x)
    value = torch.where(n == 0, digamma(x), value)
    nan = torch.full((), float("nan"), dtype=x.dtype, device=x.device)
    return torch.where((n >= 0) & (n == torch.floor(n)), value, nan)


def _polygamma_gradient(op: Any, dz: Tensor) -> tuple[None, Tensor]:
    sums = Broadcast(op.a, op.x)
    with after(dz):
        by_x = raw.polygamma(op.a + 1, op.x)
        return None, sums.to_y(by_x * dz)


binary("Igamma", kernel=_gamma_domain("gammainc"), gradient=_gamma_partials)
binary("Igammac", kernel=_gamma_domain("gammaincc"), gradient=_igammac_gradient)
binary("IgammaGradA", kernel=_igamma_grad_a)
binary("Zeta", kernel=lambda op, x, q: torch.special.zeta(x, q), gradient=_zeta_gradient)
binary("Polygamma", kernel=_polygamma, gradient=_polygamma_gradient)


def _betainc_shape(op: Any, a: shapes.Dims, b: shapes.Dims, x: shapes.Dims) -> shapes.Dims:
    known: shapes.Dims = None
    for item in (a, b, x):  # what is no single number has one shape
        if item != ():
            known = merge(known, item)
    return known if known is not None or not a == b == x == () else ()


@tensor_function(meta=lambda a, b, x: torch.broadcast_tensors(a, b, x)[0])
def betainc(a: Any, b: Any, x: Any) -> Any:
    """Regularised incomplete beta function by its continued fraction (modified Lentz steps) in double precision."""
    dtype = x.dtype
    a, b, x = (t.to(torch.float64) for t in torch.broadcast_tensors(a, b, x))
    swap = x > (a + 1) / (a + b + 2)
    p, q, z = torch.where(swap, b, a), torch.where(swap, a, b), torch.where(swap, 1 - x, x)
    tiny, eps = 1e-300, torch.finfo(torch.float64).eps

    def away_from_zero(value: Any) -> Any:
        return torch.where(value.abs() < tiny, torch.full_like(value, tiny), value)

    c = torch.ones_like(z)
    d = 1 / away_from_zero(1 - (p + q) * z / (p + 1))
    h = d
    for m in range(1, 200):
        even = m * (q - m) * z / ((p + 2 * m - 1) * (p + 2 * m))
        d = 1 / away_from_zero(1 + even * d)
        c = away_from_zero(1 + even / c)
        even_step = d * c
        h = h * even_step
        odd = -(p + m) * (p + q + m) * z / ((p + 2 * m) * (p + 2 * m + 1))
        d = 1 / away_from_zero(1 + odd * d)
        c = away_from_zero(1 + odd / c)
        odd_step = d * c
        h = h * odd_step
        if m % 8 == 0 and not bool((((even_step - 1).abs() > eps) | ((odd_step - 1).abs() > eps)).any()):
            break
    front = torch.exp(torch.lgamma(p + q) - torch.lgamma(p) - torch.lgamma(q) + torch.xlogy(p, z)
                      + torch.xlogy(q, 1 - z))
    value = front * h / p
    value = torch.where(swap, 1 - value, value)
    value = torch.where(x == 0, torch.zeros_like(x), torch.where(x == 1, torch.ones_like(x), value))
    valid = (a > 0) & (b > 0) & (x >= 0) & (x <= 1)
    return torch.where(valid, value, torch.full_like(value, float("nan"))).to(dtype)


def _betainc_gradient(op: Any, dz: Tensor) -> tuple[None, None, Tensor]:
    a, b, x = op.a, op.b, op.x
    sums = Broadcast(a, x)
    log_beta = raw.lgamma(a) + raw.lgamma(b) - raw.lgamma(a + b)
    by_x = raw.exp((b - 1) * raw.log(1 - x) + (a - 1) * raw.log(x) - log_beta)
    return None, None, sums.to_y(by_x * dz)


def _refused_betainc(op: Any, a: Any, b: Any, x: Any) -> str | None:
    for (first, one), (second, other) in itertools.combinations((("a", a), ("b", b), ("x", x)), 2):
        if one and other and one != other:
            return (f"Shapes of {first} and {second} are inconsistent: {shapes.brackets(one)} vs. "
                    f"{shapes.brackets(other)}")
    return None


register("Betainc", _betainc_shape, lambda op, a, b, x: betainc(a, b, x), _betainc_gradient, check=_refused_betainc)


# --- clipping --------------------------------------------------------------------------------------------------


def _clip(op: Any, t: Any, low: Any, high: Any) -> Any:
    if op.T.is_complex:  # both parts on their own
        parts = [torch.maximum(torch.minimum(part(t), part(high)), part(low)) for part in (torch.real, torch.imag)]
        return torch.complex(*parts)
    return torch.maximum(torch.minimum(t, high), low)


def _refused_clip(op: Any, t: Any, low: Any, high: Any) -> str | None:
    if low in ((), t) and high in ((), t):
        return None
    return ("clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. input shape: "
            f"{shapes.brackets(t)}clip_value_min shape: {shapes.brackets(low)}clip_value_max shape: "
            f"{shapes.brackets(high)}")


register("ClipByValue", lambda op, t, low, high: t, _clip, check=_refused_clip)
