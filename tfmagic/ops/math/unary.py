"""Element-wise ops of one input: signs and roundings, powers, exponentials, trigonometry, special functions, tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.declare import register, unary
from tfmagic.ops.math.rules import after, conjugate, digamma
from tfmagic.ops.shape_rules import same
from tfmagic.ops.torch_types import torch_dtype


def _times(derivative: Any) -> Any:
    """A gradient rule `dy * derivative(x)`, computed after `dy`."""

    def gradient(op: Any, dy: Tensor) -> Tensor:
        with after(dy):
            return dy * derivative(conjugate(op.x))

    return gradient


def _no_gradient(op: Any, dy: Tensor) -> None:
    """Steps are flat almost everywhere: TensorFlow lets no gradient through."""
    return


# --- signs, magnitudes, roundings ------------------------------------------------------------------------------


def _square_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        x = conjugate(op.x)
        two = constant(2.0, x.dtype.base_dtype)
        return raw.mul(dy, raw.mul(x, two))


def _sign_gradient(op: Any, dy: Tensor) -> Tensor:
    return constants.zeros(shape_ops.shape(op.x), dtype=op.x.dtype.base_dtype)


def _abs_gradient(op: Any, dy: Tensor) -> Tensor:
    return dy * raw.sign(op.x)


def _reciprocal(op: Any, x: Any) -> Any:
    return torch.div(1, x, rounding_mode="trunc") if op.T.is_integer else torch.reciprocal(x)


def _rounded(function: str) -> Any:
    """A rounding that leaves integers alone, for which torch has none."""
    return lambda op, x: x if op.T.is_integer else getattr(torch, function)(x) + 0.0  # no -0, as in TensorFlow


def _float_only(function: str) -> Any:
    """torch turns integers into floats where TensorFlow rounds back towards zero."""

    def kernel(op: Any, x: Any) -> Any:
        value = getattr(torch, function)(x)
        return value.to(torch_dtype(op.T)) if op.T.is_integer else value

    return kernel


unary("Abs", kernel="abs", gradient=_abs_gradient, static="abs")
unary("Neg", kernel="neg", gradient=lambda op, dy: -dy, static="negative", sparse=True)
# The sign of NaN is 0, in TensorFlow 1.15 as in torch.
register("Sign", same, lambda op, x: torch.sgn(x) if op.T.is_complex else torch.sign(x), _sign_gradient,
         lambda op, x: np.nan_to_num(np.sign(x)), sparse=True)
def _square(op: Any, x: Any) -> Any:
    """The square; of complex distances from a mean that of their lengths, which TensorFlow's rewriting makes of it."""
    source = op.op._inputs[0].op
    if op.T.is_complex and source.type == "Sub" and source._inputs[1].op.type == "Mean":
        return x * torch.conj(x)
    return torch.square(x)


unary("Square", kernel=_square, gradient=_square_gradient, static="square", sparse=True)
unary("Floor", kernel="floor", gradient=_no_gradient, static="floor")
unary("Ceil", kernel="ceil", gradient=_no_gradient, static="ceil")
register("Round", same, _rounded("round"), _no_gradient, static="round")
unary("Rint", kernel="round", gradient=_no_gradient)
unary("Invert", kernel="bitwise_not")
unary("LogicalNot", kernel="logical_not", static="logical_not")
unary("IsNan", kernel="isnan")
unary("IsInf", kernel="isinf")
unary("IsFinite", kernel="isfinite")


def _population_count(op: Any, x: Any) -> Any:
    bits = op.T.size * 8
    x = x.to(torch.int64)
    count = torch.zeros_like(x)
    for position in range(bits):
        count = count + ((x >> position) & 1)
    return count.to(torch.uint8)


register("PopulationCount", same, _population_count)


# --- powers, exponentials, logarithms --------------------------------------------------------------------------


def _exp_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        return dy * conjugate(op.y)


def _reciprocal_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    with after(dz):
        y = conjugate(op.y)
        return conjugate(dz) * -2.0 * op.dy * y, raw.reciprocal_grad(y, dz)


def _sqrt_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    with after(dz):
        scaled = dz / op.y
        return -conjugate(scaled) * op.z, 0.5 * scaled


def _rsqrt_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    with after(dz):
        y = conjugate(op.y)
        dy = -1.5 * conjugate(dz) * op.dy * raw.square(y)
        return dy, raw.rsqrt_grad(y, dz)


def _conj(op: Any, y: Any) -> Any:
    return torch.conj(y) if op.T.is_complex else y


def _unless_zero(dy: Any, value: Any) -> Any:
    """No gradient stays no gradient, also where the derivative is infinite or NaN."""
    return torch.where(dy == 0, torch.zeros_like(dy), value)


for _name in ("Inv", "Reciprocal"):
    register(_name, same, _reciprocal, lambda op, dy: raw.reciprocal_grad(op.y, dy))
    register(f"{_name}Grad", same, lambda op, y, dy: _unless_zero(dy, -dy * _conj(op, y) * _conj(op, y)),
             _reciprocal_grad_gradient)
register("Sqrt", same, lambda op, x: torch.sqrt(x), lambda op, dy: raw.sqrt_grad(op.y, dy), lambda op, x: np.sqrt(x),
         sparse=True)
register("SqrtGrad", same, lambda op, y, dy: _unless_zero(dy, dy * 0.5 / _conj(op, y)), _sqrt_grad_gradient)
unary("Rsqrt", kernel="rsqrt", gradient=lambda op, dy: raw.rsqrt_grad(op.y, dy))


def _rsqrt_grad(op: Any, y: Any, dy: Any) -> Any:
    y = _conj(op, y)
    return _unless_zero(dy, dy * (-0.5 * y) * (y * y))


register("RsqrtGrad", same, _rsqrt_grad, _rsqrt_grad_gradient)
unary("Exp", kernel="exp", gradient=_exp_gradient, static="exp")
unary("Expm1", kernel="expm1", gradient=_times(raw.exp))
unary("Log", kernel="log", gradient=_times(raw.reciprocal), static="log")
unary("Log1p", kernel="log1p", gradient=_times(lambda x: raw.reciprocal(1 + x)))


# --- trigonometric and hyperbolic functions --------------------------------------------------------------------


def _cos_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        x = conjugate(op.x)
        return -dy * raw.sin(x)


def _tan_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        secant = raw.reciprocal(raw.cos(conjugate(op.x)))
        return raw.square(secant) * dy


def _asin_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        return dy * _inverse_root_of_one_minus_square(op, dy)


def _acos_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        inverse = _inverse_root_of_one_minus_square(op, dy)
        return -dy * inverse


def _inverse_root_of_one_minus_square(op: Any, dy: Tensor) -> Tensor:
    square = raw.square(conjugate(op.x))
    one = constant(1, dy.dtype)
    return raw.reciprocal(raw.sqrt(raw.sub(one, square)))


def _atan_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        square = raw.square(conjugate(op.x))
        one = constant(1, dy.dtype)
        return dy * raw.reciprocal(raw.add(one, square))


def _atanh_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        square = raw.square(conjugate(op.x))
        one = constant(1, dy.dtype)
        return dy * raw.reciprocal(raw.sub(one, square))


def _asinh_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        return dy / raw.cosh(conjugate(op.y))


def _acosh_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        return dy / raw.sinh(conjugate(op.y))


unary("Sin", kernel="sin", gradient=_times(raw.cos))
unary("Cos", kernel="cos", gradient=_cos_gradient)
register("Tan", same, _float_only("tan"), _tan_gradient)
register("Asin", same, _float_only("asin"), _asin_gradient)
register("Acos", same, _float_only("acos"), _acos_gradient)
register("Atan", same, _float_only("atan"), _atan_gradient)
unary("Sinh", kernel="sinh", gradient=_times(raw.cosh))
unary("Cosh", kernel="cosh", gradient=_times(raw.sinh))
unary("Asinh", kernel="asinh", gradient=_asinh_gradient)
unary("Acosh", kernel="acosh", gradient=_acosh_gradient)
unary("Atanh", kernel="atanh", gradient=_atanh_gradient)


# --- sigmoid and tanh ------------------------------------------------------------------------------------------


def _sigmoid_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        return raw.sigmoid_grad(conjugate(op.y), dy)


def _sigmoid_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    with after(dz):
        y, dy = conjugate(op.y), conjugate(op.dy)
        scaled = dz * dy
        return scaled - 2.0 * scaled * y, raw.sigmoid_grad(y, dz)


def _tanh_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        return raw.tanh_grad(conjugate(op.y), dy)


def _tanh_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    with after(dz):
        y, dy = conjugate(op.y), conjugate(op.dy)
        return dz * -2.0 * dy * y, raw.tanh_grad(y, dz)


unary("Sigmoid", kernel="sigmoid", gradient=_sigmoid_gradient)
register("SigmoidGrad", same, lambda op, y, dy: dy * y * (1 - y) if op.T.is_complex
         else torch.ops.aten.sigmoid_backward(dy, y), _sigmoid_grad_gradient)
unary("Tanh", kernel="tanh", gradient=_tanh_gradient, sparse=True)
register("TanhGrad", same, lambda op, y, dy: dy * (1 - y * y) if op.T.is_complex
         else torch.ops.aten.tanh_backward(dy, y), _tanh_grad_gradient)


# --- special functions -----------------------------------------------------------------------------------------


def _erf_gradient(sign: int) -> Any:
    def gradient(op: Any, dy: Tensor) -> Tensor:
        factor = constant(sign * 2 / np.sqrt(np.pi), dy.dtype)
        with after(dy):
            return dy * factor * raw.exp(-raw.square(conjugate(op.x)))

    return gradient


def _digamma_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        x = conjugate(op.x)
        return dy * raw.polygamma(constant(1, x.dtype.base_dtype), x)


def _bessel_i0e_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        return dy * (raw.bessel_i1e(op.x) - raw.sign(op.x) * op.y)


def _bessel_i1e_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        zeros = constants.zeros_like(op.x)
        eps = np.finfo(op.x.dtype.as_numpy_dtype).eps
        large = raw.greater(raw.abs(op.x), eps)
        x = raw.select(large, op.x, eps + zeros)
        slope = raw.bessel_i0e(x) - op.y * (raw.sign(x) + raw.reciprocal(x))
        return dy * raw.select(large, slope, 0.5 + zeros)


unary("Erf", kernel="erf", gradient=_erf_gradient(1), sparse=True)
unary("Erfc", kernel="erfc", gradient=_erf_gradient(-1))
unary("Lgamma", kernel="lgamma", gradient=_times(raw.digamma))
unary("Digamma", kernel=lambda op, x: digamma(x), gradient=_digamma_gradient)
unary("BesselI0e", kernel="special.i0e", gradient=_bessel_i0e_gradient, sparse=True)
unary("BesselI1e", kernel="special.i1e", gradient=_bessel_i1e_gradient, sparse=True)


# --- complex numbers -------------------------------------------------------------------------------------------


def _real_gradient(op: Any, dy: Tensor) -> Tensor:
    return raw.complex(dy, constant(0, dy.dtype), op.input.dtype.base_dtype)


def _imag_gradient(op: Any, dy: Tensor) -> Tensor:
    return raw.complex(constant(0, dy.dtype), dy, op.input.dtype.base_dtype)


def _angle_gradient(op: Any, dy: Tensor) -> Tensor:
    with after(dy):
        kind = op.input.dtype.base_dtype
        real_part, imaginary_part = real(op.input), imag(op.input)
        inverse = raw.reciprocal(raw.complex(imaginary_part, real_part, kind))
        return -raw.complex(dy, constant(0, dy.dtype), kind) * inverse


def _complex_abs_gradient(op: Any, dy: Tensor) -> Tensor:
    along = raw.complex(dy, constants.zeros_like(dy), op.x.dtype.base_dtype) * op.x
    length = raw.complex(op.y, constants.zeros_like(op.y), op.x.dtype.base_dtype)
    return raw.div_no_nan(along, length, name="div_no_nan")


# A real view shares memory with the complex tensor; plans are functional, so nothing writes through it.
unary("Real", kernel="real", gradient=_real_gradient)
unary("Imag", kernel="imag", gradient=_imag_gradient)
unary("Angle", kernel="angle", gradient=_angle_gradient)
register("Conj", same, lambda op, x: torch.conj_physical(x), lambda op, dy: raw.conj(dy))
unary("ComplexAbs", kernel="abs", gradient=_complex_abs_gradient)


# --- public functions ------------------------------------------------------------------------------------------


@export("math.abs")
def abs(x: Any, name: str | None = None) -> Any:
    """Computes absolute values.

    Args:
      x: a numeric tensor of any shape, or a sparse tensor.

    Returns:
      A tensor of the same shape and type; the magnitude as a float type when `x` is complex.
    """

    with name_scope(name, "Abs", [x]) as scope:
        if not isinstance(x, SparseTensor):
            value = convert_to_tensor(x, name="x")
            if value.dtype.is_complex:
                return raw.complex_abs(value, value.dtype.real_dtype, name=scope)
            return raw.abs(value, name=scope)
    return SparseTensor(x.indices, abs(x.values, name), x.dense_shape)


@export("math.round")
def round(x: Any, name: str | None = None) -> Tensor:
    """Rounds to the nearest integer, halves to the even one.

    Args:
      x: a numeric tensor of any shape.

    Returns:
      A tensor of the same shape and type; integers come back as they are.
    """
    x = convert_to_tensor(x, name="x")
    return x if x.dtype.is_integer else raw.round(x, name=name)


@export("math.sigmoid")
def sigmoid(x: Any, name: str | None = None) -> Tensor:
    """Computes `1 / (1 + exp(-x))`.

    Args:
      x: a tensor of a floating or complex type.

    Returns:
      A tensor of the same shape and type.
    """
    with name_scope(name, "Sigmoid", [x]) as scope:
        return raw.sigmoid(convert_to_tensor(x, name="x"), name=scope)


@export("math.log_sigmoid")
def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """Computes the logarithm of the sigmoid without overflow: `-softplus(-x)`.

    Args:
      x: a tensor of a floating type.

    Returns:
      A tensor of the same shape and type.
    """
    with name_scope(name, "LogSigmoid", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        return raw.neg(raw.softplus(-x), name=scope)


@export("math.real")
def real(input: Any, name: str | None = None) -> Tensor:
    """The real part.

    Args:
      input: a numeric tensor.

    Returns:
      A float32 tensor for complex64, float64 for complex128; a real tensor comes back as it is.
    """
    with name_scope(name, "Real", [input]) as scope:
        input = convert_to_tensor(input, name="input")
        return raw.real(input, input.dtype.real_dtype, name=scope) if input.dtype.is_complex else input


@export("math.imag")
def imag(input: Any, name: str | None = None) -> Tensor:
    """The imaginary part.

    Args:
      input: a numeric tensor.

    Returns:
      A float32 tensor for complex64, float64 for complex128; zeros for a real tensor.
    """
    with name_scope(name, "Imag", [input]) as scope:
        input = convert_to_tensor(input, name="input")
        if input.dtype.is_complex:
            return raw.imag(input, input.dtype.real_dtype, name=scope)
        return constants.zeros_like(input)


@export("math.angle")
def angle(input: Any, name: str | None = None) -> Tensor:
    """The argument of complex numbers, in radians.

    Args:
      input: a numeric tensor.

    Returns:
      A float32 tensor for complex64, float64 for complex128; zeros for a real tensor.
    """
    with name_scope(name, "Angle", [input]) as scope:
        input = convert_to_tensor(input, name="input")
        if input.dtype.is_complex:
            return raw.angle(input, input.dtype.real_dtype, name=scope)
        return constants.zeros_like(input)


@export("math.conj")
def conj(x: Any, name: str | None = None) -> Tensor:
    """The complex conjugate.

    Args:
      x: a numeric or variant tensor.

    Returns:
      A tensor of the same shape and type; a real tensor comes back as it is.

    Raises:
      TypeError: `x` is not numeric.
    """
    if isinstance(x, Tensor) and (x.dtype.is_floating or x.dtype.is_integer):
        return x
    with name_scope(name, "Conj", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_complex or x.dtype.base_dtype.name == "variant":
            return raw.conj(x, name=scope)
        if x.dtype.is_floating or x.dtype.is_integer:
            return x
        raise TypeError(f"Expected numeric or variant tensor, got dtype {x.dtype!r}")


@export("math.bessel_i0")
def bessel_i0(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function of order 0.

    Args:
      x: a tensor of a floating type.

    Returns:
      A tensor of the same shape and type.
    """
    with name_scope(name, "bessel_i0", [x]):
        return raw.exp(abs(x)) * raw.bessel_i0e(x)


@export("math.bessel_i1")
def bessel_i1(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function of order 1.

    Args:
      x: a tensor of a floating type.

    Returns:
      A tensor of the same shape and type.
    """
    with name_scope(name, "bessel_i1", [x]):
        return raw.exp(abs(x)) * raw.bessel_i1e(x)


@export("math.reciprocal_no_nan")
def reciprocal_no_nan(x: Any, name: str | None = None) -> Tensor:
    """Computes `1 / x`, and 0 where `x` is 0.

    Args:
      x: a tensor of a floating or complex type.

    Returns:
      A tensor of the same shape and type.
    """
    with name_scope(name, "reciprocal_no_nan", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        one = constant(1, x.dtype.base_dtype, name="one")
        return raw.div_no_nan(one, x, name=scope)
