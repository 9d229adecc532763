"""Python operators of tensors, and the functions of arithmetic that wrap one op: tf.div, tf.divide, tf.pow, ..."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.unary import abs as _abs

# What `/` of Python 3 casts to first; types that stay as they are map to None.
_DIVIDED_AS = {dtypes.uint8: dtypes.float32, dtypes.int8: dtypes.float32, dtypes.uint16: dtypes.float32,
               dtypes.int16: dtypes.float32, dtypes.int32: dtypes.float64, dtypes.int64: dtypes.float64,
               dtypes.bfloat16: None, dtypes.float16: None, dtypes.float32: None, dtypes.float64: None,
               dtypes.complex64: None, dtypes.complex128: None}


def _same_types(x: Tensor, y: Tensor) -> None:
    if x.dtype.base_dtype is not y.dtype.base_dtype:
        raise TypeError(f"x and y must have the same dtype, got {x.dtype.base_dtype!r} != {y.dtype.base_dtype!r}")


@export("math.truediv")
def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divides as Python 3's `/` does: integers are cast to floats first.

    Args:
      x, y: tensors of one numeric type whose shapes broadcast.

    Returns:
      The quotient: float32 for integers of up to 16 bits, float64 for longer ones, else the same type.

    Raises:
      TypeError: the types differ, or are not numeric.
    """
    with name_scope(name, "truediv", [x, y]) as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y")
        _same_types(x, y)
        try:
            target = _DIVIDED_AS[x.dtype.base_dtype]
        except KeyError:
            raise TypeError(f"Invalid dtype {x.dtype.base_dtype!r} in __truediv__") from None
        if target is not None:
            x, y = cast(x, target), cast(y, target)
        return raw.real_div(x, y, name=scope)


def _div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divides as Python 2's `/` does: integers round down."""
    with name_scope(name, "div", [x, y]) as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y", dtype=x.dtype.base_dtype)
        _same_types(x, y)
        if x.dtype.is_floating or x.dtype.is_complex:
            return raw.real_div(x, y, name=scope)
        return raw.floor_div(x, y, name=scope)


@export("div")
@deprecated(None, "Deprecated in favor of operator or tf.math.divide.")
def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divides as Python 2's `/` does: integers round down, floats divide.

    Args:
      x, y: tensors of one numeric type whose shapes broadcast.

    Returns:
      The quotient, of the same type.
    """
    return _div(x, y, name)


class _Named:
    """Stands for the left side of a `/` whose node gets a name."""

    def __init__(self, x: Any, name: str):
        self.x = x
        self.name = name

    def __truediv__(self, y: Any) -> Tensor:
        return truediv(self.x, y, self.name)


@export("math.divide")
def divide(x: Any, y: Any, name: str | None = None) -> Any:
    """Divides as Python's `/` does.

    Args:
      x, y: tensors of one numeric type whose shapes broadcast.

    Returns:
      The quotient `x / y`.
    """
    return x / y if name is None else _Named(x, name) / y


@export("math.divide_no_nan")
def div_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divides, and gives 0 where the divisor is 0.

    Args:
      x, y: tensors of one floating or complex type whose shapes broadcast.

    Returns:
      The quotient, of the same type.
    """
    with name_scope(name, "div_no_nan", [x, y]) as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y", dtype=x.dtype.base_dtype)
        return raw.div_no_nan(x, y, name=scope)


@export("math.multiply_no_nan")
def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Multiplies, and gives 0 where `y` is 0, even if `x` is infinite or NaN.

    Args:
      x, y: tensors of one floating or complex type whose shapes broadcast.

    Returns:
      The product, of the same type.

    Raises:
      TypeError: the types differ.
    """
    with name_scope(name, "multiply_no_nan", [x, y]) as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y", dtype=x.dtype.base_dtype)
        _same_types(x, y)
        return raw.mul_no_nan(x, y, name=scope)


@export("math.floordiv")
def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divides and rounds towards the most negative integer.

    Args:
      x, y: tensors of one real type whose shapes broadcast.

    Returns:
      The rounded quotient, of the same type.
    """
    with name_scope(name, "floordiv", [x, y]) as scope:
        return raw.floor_div(x, y, name=scope)


@export("math.multiply")
def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Multiplies element by element.

    Args:
      x, y: tensors of one numeric type whose shapes broadcast.

    Returns:
      The product, of the same type.
    """
    return raw.mul(x, y, name)


@export("math.subtract")
def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Subtracts element by element.

    Args:
      x, y: tensors of one numeric type whose shapes broadcast.

    Returns:
      The difference, of the same type.
    """
    return raw.sub(x, y, name)


@export("math.equal")
def equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Compares element by element.

    Args:
      x, y: tensors of one type whose shapes broadcast.

    Returns:
      A bool tensor: where they are equal.
    """
    return raw.equal(x, y, name=name)


@export("math.not_equal")
def not_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Compares element by element.

    Args:
      x, y: tensors of one type whose shapes broadcast.

    Returns:
      A bool tensor: where they differ.
    """
    return raw.not_equal(x, y, name=name)


@export("math.pow")
def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Raises to a power element by element.

    Args:
      x, y: tensors of one numeric type whose shapes broadcast.

    Returns:
      `x` to the power of `y`, of the same type.
    """
    with name_scope(name, "Pow", [x]) as scope:
        return raw.pow(x, y, name=scope)


@export("math.logical_xor")
def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """The exclusive "or" of two truth values.

    Args:
      x, y: bool tensors whose shapes broadcast.

    Returns:
      A bool tensor: where exactly one of them is true.
    """
    return raw.logical_and(raw.logical_or(x, y), raw.logical_not(raw.logical_and(x, y)), name=name)


@export("math.scalar_mul")
def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """Multiplies a tensor or `IndexedSlices` by a scalar.

    Args:
      scalar: a tensor of shape [].
      x: a numeric tensor or `IndexedSlices`.

    Returns:
      The product, of the kind and type of `x`.

    Raises:
      ValueError: `scalar` is no scalar.
    """
    scalar = convert_to_tensor(scalar, dtype=x.dtype.base_dtype, name="scalar")
    if scalar._dims != ():
        raise ValueError(f"Only scalar multiply works, got shape {scalar.get_shape()}")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(raw.mul(scalar, x.values, name), x.indices, x.dense_shape)
    return raw.mul(scalar, x, name)


@export("dtypes.complex")
def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """Makes complex numbers from their real and imaginary parts.

    Args:
      real, imag: float32 or float64 tensors whose shapes broadcast.

    Returns:
      A complex64 or complex128 tensor.

    Raises:
      TypeError: the types differ, or are of another kind.
    """
    real = convert_to_tensor(real, name="real")
    imag = convert_to_tensor(imag, name="imag")
    with name_scope(name, "Complex", [real, imag]) as scope:
        kinds = (real.dtype.base_dtype, imag.dtype.base_dtype)
        if kinds == (dtypes.float64, dtypes.float64):
            return raw.complex(real, imag, dtypes.complex128, name=scope)
        if kinds == (dtypes.float32, dtypes.float32):
            return raw.complex(real, imag, dtypes.complex64, name=scope)
        raise TypeError(f"real and imag have incorrect types: {real.dtype.name} {imag.dtype.name}")


# --- operators -------------------------------------------------------------------------------------------------


def _plus(x: Any, y: Any, name: str | None = None) -> Tensor:
    if x.dtype.base_dtype is dtypes.string:
        return raw.add(x, y, name=name)
    return raw.add_v2(x, y, name=name)


# What graph.operation.Tensor does for each of its operators.
OPERATORS: dict[str, Callable[..., Any]] = {
    "__lt__": lambda x, y: raw.less(x, y),
    "__le__": lambda x, y: raw.less_equal(x, y),
    "__gt__": lambda x, y: raw.greater(x, y),
    "__ge__": lambda x, y: raw.greater_equal(x, y),
    "__neg__": lambda x: raw.neg(x),
    "__invert__": lambda x: raw.logical_not(x),
    "__abs__": lambda x: _abs(x),
}


def _binary(name: str, function: Callable[..., Any], one_node: bool = False) -> None:
    """Add a binary operator and its reflected form.

    Args:
      name: the operator's name, which the name scope of its nodes gets too.
      function: makes its nodes.
      one_node: whether of two tensors that is one node, which then needs no scope for its name.
    """

    def operator(x: Tensor, y: Any) -> Any:
        if one_node and type(y) is Tensor and x.op.graph is y.op.graph:
            return function(x, y, name=name)
        with name_scope(None, name, [x, y]) as scope:
            if type(y) is not Tensor and not hasattr(y, "dense_shape"):
                try:
                    y = convert_to_tensor(y, dtype_hint=x.dtype.base_dtype, name="y")
                except TypeError:
                    # An object that knows tensors may have the operation itself.
                    if hasattr(type(y), f"__r{name}__"):
                        return NotImplemented
                    raise
            return function(x, y, name=scope)

    def reflected(y: Tensor, x: Any) -> Any:
        with name_scope(None, name, [x, y]) as scope:
            x = convert_to_tensor(x, dtype=y.dtype.base_dtype, name="x")
            return function(x, y, name=scope)

    OPERATORS[f"__{name}__"] = operator
    OPERATORS[f"__r{name}__"] = reflected


def _multiply_any(x: Tensor, y: Any, name: str | None = None) -> Any:
    """`*`: a sparse tensor on the right stays sparse."""
    if hasattr(y, "dense_shape") and hasattr(y, "indices") and not isinstance(y, IndexedSlices):
        values = raw.sparse_dense_cwise_mul(y.indices, y.values, y.dense_shape, x, name=name)
        return type(y)(y.indices, values, y.dense_shape)
    return raw.mul(x, y, name=name)


_binary("add", _plus, one_node=True)
_binary("sub", raw.sub, one_node=True)
_binary("mul", _multiply_any, one_node=True)
_binary("div", _div)
_binary("truediv", truediv)
_binary("floordiv", floordiv)
_binary("mod", raw.floor_mod)
_binary("pow", pow)
_binary("matmul", matmul)
_binary("and", raw.logical_and)
_binary("or", raw.logical_or)
_binary("xor", logical_xor)
