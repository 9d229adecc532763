"""Quantized numbers: floats as small integers between two limits, and back; arithmetic on them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import op, register
from tfmagic.ops.tensor_function import tensor_function
from tfmagic.ops.torch_types import torch_dtype

_MOST_AS_FLOAT = 2**31 - 128  # the largest float of 32 bits that an integer of 32 bits can hold
_LEAST_RANGE = 0.01  # a part of the limits that lies between them at least


class Steps:
    """The integers of a quantized type."""

    def __init__(self, dtype: Any):
        info = torch.iinfo(torch_dtype(dtype))
        self.low, self.high = info.min, info.max
        self.signed = self.low < 0
        self.count = self.high - self.low + 1
        self.dtype = torch_dtype(dtype)


def number(value: Any) -> Any:
    """A limit as a scalar."""
    return value.reshape(())


def limits_shape(op: Any, x: Dims, *limits: Dims) -> Any:
    """The input's shape, and two scalars."""
    for dims in limits:
        shape_rules.with_rank(dims, 0)
    return [x, (), ()]


# --- floats as integers -------------------------------------------------------------------------------------------


def half_away(x: Any) -> Any:
    """Rounded; halves go away from zero."""
    return torch.where(x < 0, torch.ceil(x - 0.5), torch.floor(x + 0.5))


def _range(low: Any, high: Any) -> tuple[Any, Any]:
    """The limits with zero between them, and some room."""
    low = torch.where(low < 0, low, 0.0)
    room = torch.clamp(torch.maximum(low.abs(), high.abs()), min=1) * _LEAST_RANGE
    return low, torch.clamp(torch.maximum(high, low + room), min=0)


@tensor_function(meta=lambda low, high: low)
def _not_below(low: Any, high: Any) -> Any:
    """`low`, where `high` is not below it."""
    if bool(high < low):
        raise errors.InvalidArgumentError(None, None, "input_max_range must be larger than input_min_range.")
    return low


@op("QuantizeV2", traced="shapes")
class QuantizeV2:
    """Floats as the integers of a quantized type, and the limits that these stand for."""

    shape = limits_shape

    def kernel(op, x, low, high):
        if op.round_mode == "HALF_TO_EVEN" and op.mode != "SCALED":
            raise errors.InvalidArgumentError(
                None, op.op, f"Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED', but mode is '{op.mode}'.")
        low, high = _range(_not_below(number(low), number(high)), number(high))
        steps = Steps(op.T)
        rounded = torch.round if op.round_mode == "HALF_TO_EVEN" else half_away
        if op.mode == "SCALED":
            scale, step, low, high = _scaled(steps.low, steps.high, low, high)
            wide = torch.clamp(rounded(x * scale), steps.low, steps.high)
            high = torch.where(step == 0, torch.full_like(scale, steps.high) / scale, high)
            return wide.to(torch.int64).to(steps.dtype), low, high
        if op.mode == "MIN_FIRST":
            scale = float(steps.high - steps.low) / (high.double() - low.double())
            first = half_away(low.double() * scale).float() - float(steps.low)
            wide = half_away(x * scale.float()) - first
            most = min(steps.high, _MOST_AS_FLOAT)
            return torch.clamp(wide, steps.low, most).to(torch.int64).to(steps.dtype), low, high
        inside = torch.minimum(torch.maximum(x, low), high)
        wide = (inside - low) * ((steps.high - steps.low) / (high - low))
        if steps.signed:
            wide = wide - steps.count / 2
        return rounded(wide).to(torch.int64).to(steps.dtype), low, high


@op("Dequantize", traced="shapes")
class Dequantize:
    """Integers of a quantized type as the floats that they stand for."""

    def shape(op, x, low, high):
        for dims in (low, high):
            shape_rules.with_rank(dims, 0)
        return x

    def kernel(op, x, low, high):
        low, high = number(low), number(high)
        steps = Steps(op.T)
        if op.mode == "SCALED":
            scale = high / steps.high
            if steps.signed:
                scale = torch.maximum(low / steps.low, scale)
            return x.to(torch.float32) * scale
        if op.mode == "MIN_FIRST":
            return to_float(x, low, high, steps)
        scale = (high - low) / float(steps.high - steps.low)
        wide = x.to(torch.float32)
        return ((wide + steps.count / 2) if steps.signed else wide) * scale + low


def to_float(x: Any, low: Any, high: Any, steps: Steps) -> Any:
    """The floats that integers stand for, with zero among them."""
    low, high = low.double(), high.double()
    scale = (high - low) * (steps.count / (steps.count - 1.0)) / steps.count
    first = (half_away(low.float() / scale.float()) * scale.float()).double()
    return torch.where(low == high, low, first + (x.double() - steps.low) * scale).float()


def to_integer(x: Any, low: Any, high: Any, steps: Steps) -> Any:
    """The integers that stand for floats, as doubles, however large."""
    low, high = low.double(), high.double()
    scale = steps.count / ((high - low) * (steps.count / (steps.count - 1.0)))
    return torch.where(low == high, 0.0, half_away(x.double() * scale) - half_away(low * scale) + steps.low)


def _scaled(least: int, most: int, low: Any, high: Any) -> tuple[Any, Any, Any, Any]:
    """How many integers a float of 1 is, its inverse, and limits around zero that fit the integers."""
    largest = torch.tensor(torch.finfo(low.dtype).max, dtype=low.dtype, device=low.device)
    by_low = torch.where(least * low > 0, least / low, largest)
    by_high = torch.where(most * high > 0, most / high, largest)
    from_low = by_low < by_high
    scale = torch.where(from_low, by_low, by_high)
    step = torch.where(from_low, low / least if least else low, high / most)
    return scale, step, torch.where(from_low, low, least * step), torch.where(from_low, most * step, high)


# --- there and back -----------------------------------------------------------------------------------------------


def _there_and_back(op: Any, x: Any, low: Any, high: Any, bits: int) -> Any:
    narrow = "narrow_range" in op.op._attrs and op.narrow_range
    if op.signed_input:
        least, most = -(1 << (bits - 1)) + narrow, (1 << (bits - 1)) - 1
    else:
        least, most = 0, (1 << bits) - 1
    if not op.range_given:
        low, high = x.amin(), x.amax()
    scale, step, low, high = _scaled(least, most, low, high)
    if op.range_given:
        x = torch.minimum(torch.maximum(x, low), high)
    up = "round_mode" in op.op._attrs and op.round_mode == "HALF_UP"
    scaled = x * scale
    return (torch.floor(scaled + 0.5) if up else torch.round(scaled)) * step


def _refused_bits(op: Any, bits: int) -> str | None:
    if not (2 if op.signed_input else 1) <= bits < 63:
        return f"num_bits is out of range: {bits} with signed_input_ {int(op.signed_input)}"
    return None


def _refused_range(op: Any, low: Any, high: Any) -> None:
    if op.range_given and not bool(low <= high):
        raise errors.InvalidArgumentError(
            None, None, f"Invalid range: input_min {float(low):g} > input_max {float(high):g}")


_LIMITS_READ: dict[str, Any] = {"traced": False, "because": "limits in the wrong order are refused"}


@op("QuantizeAndDequantizeV2", check=lambda op, x, *_: _refused_bits(op, op.num_bits), **_LIMITS_READ)
class QuantizeAndDequantizeV2:
    """Floats as they are after they were integers of some bits."""

    def shape(op, x, low, high):
        for dims in (low, high):
            shape_rules.with_rank(dims, 0)
        return x

    def kernel(op, x, low, high):
        _refused_range(op, low, high)
        return x.clone() if not x.numel() else _there_and_back(op, x, low, high, op.num_bits)

    def gradient(op, dy):
        return dy, None, None


@op("QuantizeAndDequantizeV3", host="num_bits", **_LIMITS_READ)
class QuantizeAndDequantizeV3:
    """Floats as they are after they were integers of as many bits as an input says."""

    def shape(op, x, low, high, bits):
        for dims in (low, high, bits):
            shape_rules.with_rank(dims, 0)
        return x

    def kernel(op, x, low, high, bits):
        refused = _refused_bits(op, bits)
        if refused is not None:
            raise errors.InvalidArgumentError(None, None, refused)
        _refused_range(op, low, high)
        return x.clone() if not x.numel() else _there_and_back(op, x, low, high, bits)

    def gradient(op, dy):
        return dy, None, None, None


def _old_range(op: Any, x: Any) -> tuple[Any, Any]:
    return tuple(torch.tensor(value, dtype=x.dtype, device=x.device) for value in (op.input_min, op.input_max))


register("QuantizeAndDequantize", shape_rules.same,
         lambda op, x: x.clone() if not x.numel() else _there_and_back(op, x, *_old_range(op, x), op.num_bits),
         lambda op, dy: dy, traced="shapes", check=lambda op, x: _refused_bits(op, op.num_bits))


# --- bounds -------------------------------------------------------------------------------------------------------


def _clamped(op: Any, x: Any, low: Any, high: Any, most: Any = None) -> Any:
    steps = Steps(op.Tinput)
    least = to_integer(torch.zeros(()), low, high, steps)
    least = torch.clamp(torch.nan_to_num(least, nan=steps.low), steps.low, steps.high)
    wide = torch.maximum(x.double(), least)
    if most is not None:
        wide = torch.minimum(wide, torch.clamp(to_integer(most, low, high, steps), steps.low, steps.high))
    return wide.to(torch_dtype(op.out_type)), low, high


register("QuantizedRelu", limits_shape, lambda op, x, low, high: _clamped(op, x, low, high))
register("QuantizedRelu6", limits_shape, lambda op, x, low, high: _clamped(op, x, low, high, torch.tensor(6.0)))


# --- products -----------------------------------------------------------------------------------------------------


def _step(low: Any, high: Any, steps: Steps) -> Any:
    """The float that one integer more stands for."""
    return (high - low) / float(steps.high - steps.low)


def product_limits(op: Any, limits: Any, types: Any, out: Any) -> tuple[Any, Any]:
    """The limits that the integers of products stand for."""
    unit = _step(limits[0], limits[1], Steps(types[0])) * _step(limits[2], limits[3], Steps(types[1]))
    steps = Steps(out)
    return unit * float(steps.low), unit * float(steps.high)


def centred(x: Any, low: Any, high: Any, dtype: Any) -> Any:
    """Integers from which the one that stands for zero was taken away, exactly, as doubles."""
    steps = Steps(dtype)
    return x.double() - to_integer(torch.zeros(()), low, high, steps)


def wrapped(x: Any, out: Any) -> Any:
    """Whole doubles as integers of a type."""
    return x.to(torch.int64).to(torch_dtype(out))


@tensor_function(meta=lambda low, high, words: low)
def above(low: Any, high: Any, words: str) -> Any:
    """`low`, where `high` is above it.

    Raises:
      InvalidArgumentError: it is not.
    """
    if not bool(high > low):
        raise errors.InvalidArgumentError(None, None, words)
    return low


def ordered(limits: Any, *words: str) -> Any:
    """Pairs of limits, each of which is refused with its words where the upper is not above the lower."""
    return tuple(part for low, high, refused in zip(limits[::2], limits[1::2], words)
                 for part in (above(low, high, refused), high))


@op("QuantizedMatMul")
class QuantizedMatMul:
    """The product of two matrices of integers, and the limits that it stands for."""

    def shape(op, a, b, *limits):
        a, b = shape_rules.with_rank(a, 2), shape_rules.with_rank(b, 2)
        rows, inner = reversed(a) if op.transpose_a else a
        its, columns = reversed(b) if op.transpose_b else b
        shape_rules.merge_dim(inner, its)
        for dims in limits:
            shape_rules.with_rank(dims, 0)
        return [(rows, columns), (), ()]

    def kernel(op, a, b, *limits):
        limits = tuple(number(value) for value in limits)
        limits = ordered(limits, "max_a must be larger than min_a.", "max_b must be larger than min_b.")
        a, b = centred(a, *limits[:2], op.T1), centred(b, *limits[2:], op.T2)
        product = (a.mT if op.transpose_a else a) @ (b.mT if op.transpose_b else b)
        return wrapped(product, op.Toutput), *product_limits(op, limits, (op.T1, op.T2), op.Toutput)


@op("QuantizedMul")
class QuantizedMul:
    """The product of integers, element by element, and the limits that it stands for."""

    def shape(op, x, y, *limits):
        return [shape_rules.broadcast_dims(x, y), (), ()]

    def kernel(op, x, y, *limits):
        limits = tuple(number(value) for value in limits)
        limits = ordered(limits, "max_x must be larger than min_a.", "max_x must be larger than min_b.")
        product = centred(x, *limits[:2], op.T1) * centred(y, *limits[2:], op.T2)
        return wrapped(product, op.Toutput), *product_limits(op, limits, (op.T1, op.T2), op.Toutput)


# --- other limits -------------------------------------------------------------------------------------------------


def _used_range(op: Any, x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """The floats that the least and the greatest of the integers stand for."""
    steps = Steps(op.Tinput)
    least, most = (to_float(value.reshape(()), low, high, steps) for value in (x.min(), x.max()))
    return torch.where(least < 0, least, 0.0), most


@op("RequantizationRange")
class RequantizationRange:
    """The limits between which the floats lie that integers stand for."""

    def shape(op, x, low, high):
        for dims in (low, high):
            shape_rules.with_rank(dims, 0)
        return [(), ()]

    def kernel(op, x, low, high):
        return _used_range(op, x, number(low), number(high))


def _requantized(op: Any, x: Any, low: Any, high: Any, new_low: Any, new_high: Any) -> Any:
    steps = Steps(op.out_type)
    if (op.Tinput.name, op.out_type.name) == ("qint32", "quint8"):
        return _in_fixed_point(x, low, high, new_low, new_high)
    numbers = to_float(x, low, high, Steps(op.Tinput))
    return torch.clamp(to_integer(numbers, new_low, new_high, steps), steps.low, steps.high).to(steps.dtype)


def _in_fixed_point(x: Any, low: Any, high: Any, new_low: Any, new_high: Any) -> Any:
    """From 32 bits to 8 in integers with 16 bits behind the point, as TensorFlow computes it."""
    given, wanted = high.float() - low.float(), new_high.float() - new_low.float()
    nothing = wanted == 0

    def fixed(value: Any) -> Any:
        return torch.where(nothing, 0.0, value).to(torch.int64)

    scale = fixed(255.0 * (1 << 16) * given.double() / wanted.double())
    middle = (low.float() + high.float()) / 2.0
    offset = fixed(middle.double() * (255.0 / wanted.double()) * (1 << 16))
    start = fixed(new_low.double() * 255.0 * (1 << 16) / wanted.double())
    value = ((x.to(torch.int64) * scale) >> 32) + offset - start + (1 << 15)
    return torch.clamp(value >> 16, 0, 255).to(torch.uint8)


@op("Requantize", **_LIMITS_READ)
class Requantize:
    """Integers that stand for the same floats between other limits."""

    shape = limits_shape

    def kernel(op, x, *limits):
        low, high, new_low, new_high = (number(value) for value in limits)
        if not bool(new_low <= 0):
            raise errors.InvalidArgumentError(
                None, None, f"requested_output_min must be <= 0, but got {float(new_low):g}")
        if not bool(new_high >= new_low):
            raise errors.InvalidArgumentError(
                None, None, f"requested_output_max must be >= requested_output_min, but got {float(new_high):g} and "
                            f"{float(new_low):g}")
        return _requantized(op, x, low, high, new_low, new_high), new_low, new_high


@op("QuantizeDownAndShrinkRange")
class QuantizeDownAndShrinkRange:
    """Integers as those of a smaller type, between the limits that they need."""

    shape = limits_shape

    def kernel(op, x, low, high):
        low, high = number(low), number(high)
        new_low, new_high = _used_range(op, x, low, high)
        return _requantized(op, x, low, high, new_low, new_high), new_low, new_high
