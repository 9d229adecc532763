"""Layers on quantized integers: each output comes with the limits that its integers stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.array.join import _concat_dims as concat_dims
from tfmagic.ops.array.shape_ops import Reshape
from tfmagic.ops.declare import op
from tfmagic.ops.image.resize import bilinear, checked_size, constant_like, neighbours, refused_size, resized_shape
from tfmagic.ops.math.quantization import (
    Steps,
    half_away,
    number,
    ordered,
    product_limits,
    to_float,
    to_integer,
    wrapped,
)
from tfmagic.ops.nn.conv import conv_shape, forward
from tfmagic.ops.nn.pool import avg_pool, max_pool, pool_shape
from tfmagic.ops.nn.windows import ChannelsLast
from tfmagic.ops.tensor_function import tensor_function


def _scalars(*limits: Dims) -> None:
    for dims in limits:
        shape_rules.with_rank(dims, 0)


def _larger(first: Any, second: Any) -> Any:
    """The larger of two as C++ has it: the first, where one is NaN."""
    return torch.where(first < second, second, first)


def _requantized(x: Any, dtype: Any, low: Any, high: Any, out: Any, new_low: Any, new_high: Any) -> Any:
    """Integers of one type as those of another that stand for the same floats between other limits."""
    steps = Steps(out)
    floats = to_float(x, low, high, Steps(dtype))
    return torch.clamp(to_integer(floats, new_low, new_high, steps), steps.low, steps.high)


def _zero_centred(x: Any, low: Any, high: Any, dtype: Any) -> Any:
    """Integers from which the one that stands for zero was taken away: with a NaN for a limit, none."""
    return x.double() - torch.nan_to_num(to_integer(torch.zeros(()), low, high, Steps(dtype)), nan=0.0)


# --- convolution and pools ------------------------------------------------------------------------------------------


@op("QuantizedConv2D", traced="shapes")
class QuantizedConv2D:
    """Conv2D on integers."""

    def shape(op: Any, x: Dims, filters: Dims, *limits: Dims) -> Any:
        dims = conv_shape(ChannelsLast(op), x, filters, 4)
        _scalars(*limits)
        return [dims, (), ()]

    def kernel(op: Any, x: Any, filters: Any, *limits: Any) -> Any:
        if op.strides[1] != op.strides[2]:
            raise invalid("Current implementation only supports equal length strides in the row and column dimensions.")
        x_low, x_high, y_low, y_high = map(number, limits)
        view = ChannelsLast(op, dilations=op.dilations)
        x, filters = _zero_centred(x, x_low, x_high, op.Tinput), _zero_centred(filters, y_low, y_high, op.Tfilter)
        product = forward(view, x, filters, 4)
        return (wrapped(product, op.out_type).contiguous(),
                *product_limits(op, (x_low, x_high, y_low, y_high), (op.Tinput, op.Tfilter), op.out_type))


def _pooled_shape(op: Any, x: Dims, *limits: Dims) -> Any:
    dims = pool_shape(ChannelsLast(op), x, op.ksize, op.strides, 4)
    _scalars(*limits)
    return [dims, (), ()]


@op("QuantizedMaxPool")
class QuantizedMaxPool:
    """The largest integer of each window."""

    shape = _pooled_shape

    def kernel(op: Any, x: Any, low: Any, high: Any) -> Any:
        view = ChannelsLast(op, T=dtypes.float64)
        return max_pool(view, x.double(), 4).to(x.dtype), low, high


@op("QuantizedAvgPool")
class QuantizedAvgPool:
    """The mean of each window, rounded down."""

    shape = _pooled_shape

    def kernel(op: Any, x: Any, low: Any, high: Any) -> Any:
        means = avg_pool(ChannelsLast(op, T=dtypes.float64), x.double(), 4)
        return torch.floor(means + 1e-9).to(x.dtype), low, high


# --- sums -------------------------------------------------------------------------------------------------------------


def _sum_limits(low: Any, high: Any, other_low: Any, other_high: Any, room: int) -> tuple[Any, Any]:
    """Limits around zero, far beyond all that is added up."""
    largest = _larger(high, _larger(-low, _larger(other_high, -other_low))) * room
    return -largest, largest


def _in_floats(x: Any, dtype: Any, low: Any, high: Any, out: Any, new_low: Any, new_high: Any) -> Any:
    """`_requantized` in the arithmetic of floats."""
    given, steps = Steps(dtype), Steps(out)
    step = (high - low) / float(given.count - 1)
    first = torch.where(low == high, low, half_away(low / step) * step)
    floats = x.float() * step + (first - float(given.low) * step)
    scale = ((steps.count - 1.0) / (new_high.double() - new_low.double())).float()
    wide = half_away(floats * scale) - (half_away(new_low * scale) - float(steps.low))
    return torch.clamp(wide.double(), steps.low, steps.high)


def _in_steps(x: Any, dtype: Any, low: Any, high: Any, out: Any, new_low: Any, new_high: Any) -> Any:
    """Integers between other limits, one step of the given ones being a whole number of new ones."""
    given, steps = Steps(dtype), Steps(out)
    first, second = (to_integer(to_float(torch.tensor(given.low + place), low, high, given), new_low, new_high, steps)
                     for place in (0, 1))
    return first + (x.double() - given.low) * (second - first)


@op("QuantizedAdd")
class QuantizedAdd:
    """The sum of integers, element by element, and the limits that it stands for."""

    def shape(op: Any, x: Dims, y: Dims, *limits: Dims) -> Any:
        dims = shape_rules.broadcast_dims(x, y)
        _scalars(*limits)
        return [dims, (), ()]

    def kernel(op: Any, x: Any, y: Any, *limits: Any) -> Any:
        x_low, x_high, y_low, y_high = map(number, limits)
        x_low, x_high, y_low, y_high = ordered((x_low, x_high, y_low, y_high), "max_x must be larger than min_x.",
                                               "max_y must be larger than min_y.")
        low, high = _sum_limits(x_low, x_high, y_low, y_high, 1 << 14)
        total = _in_steps(x, op.T1, x_low, x_high, op.Toutput, low, high) \
            + _in_steps(y, op.T2, y_low, y_high, op.Toutput, low, high)
        return wrapped(total, op.Toutput), low, high


@op("QuantizedBiasAdd")
class QuantizedBiasAdd:
    """A vector of integers added along the channels, and the limits that the sums stand for."""

    def shape(op: Any, x: Dims, bias: Dims, *limits: Dims) -> Any:
        shape_rules.with_rank_at_least(x, 2)
        (count,) = shape_rules.with_rank(bias, 1)
        dims = None if x is None else (*x[:-1], shape_rules.merge_dim(x[-1], count))
        _scalars(*limits)
        return [dims, (), ()]

    def kernel(op: Any, x: Any, bias: Any, *limits: Any) -> Any:
        x_low, x_high, y_low, y_high = map(number, limits)
        low, high = _sum_limits(x_low, x_high, y_low, y_high, 1 << 17)
        total = _in_floats(x, op.T1, x_low, x_high, op.out_type, low, high) \
            + _requantized(bias, op.T2, y_low, y_high, op.out_type, low, high)
        return wrapped(total, op.out_type), low, high


# --- normalization ----------------------------------------------------------------------------------------------------


@op("QuantizedBatchNormWithGlobalNormalization", check=lambda op, *dims: "")
class QuantizedBatchNormWithGlobalNormalization:
    """Batch normalization by given means and variances, in integers."""

    def shape(op: Any, x: Dims, low: Dims, high: Dims, *channels: Dims) -> Any:
        dims = shape_rules.with_rank(x, 4)
        depth = dims[3]
        for vector in channels[::3]:
            depth = shape_rules.merge_dim(depth, shape_rules.with_rank(vector, 1)[0])
        return [(*dims[:3], depth), (), ()]

    def kernel(op: Any, x: Any, low: Any, high: Any, *channels: Any) -> Any:
        low, high = number(low), number(high)
        steps, out = Steps(op.Tinput), Steps(op.out_type)
        mean, variance, beta, gamma = (
            to_float(values, number(least), number(most), steps)
            for values, least, most in zip(channels[::3], channels[1::3], channels[2::3]))
        scale = 1.0 / torch.sqrt(variance + op.variance_epsilon)
        if op.scale_after_normalization:
            scale = scale * gamma
        most = torch.tensor(float(1 << 20))

        def held(values: Any) -> Any:
            return torch.clamp(to_integer(values, -most, most, out), out.low, out.high)

        one = held(torch.tensor(1.0))
        values = held(to_float(x, low, high, steps))
        result = torch.trunc(values * held(scale) / one) + held(beta - mean * scale)
        return wrapped(torch.nan_to_num(result), op.out_type), -most, most


@tensor_function(meta=lambda low, high: low)
def _below(low: Any, high: Any) -> Any:
    """`low`, where `high` is above it.

    Raises:
      InvalidArgumentError: it is not.
    """
    if not bool(low < high):
        raise invalid(f"input_min must be less than input_max : {float(low):g} >= {float(high):g}")
    return low


@op("QuantizedInstanceNorm")
class QuantizedInstanceNorm:
    """Each channel of each picture with mean 0 and variance 1."""

    def shape(op: Any, x: Dims, *limits: Dims) -> Any:
        shape_rules.with_rank(x, 4)
        _scalars(*limits)
        return [x, (), ()]

    def kernel(op: Any, x: Any, low: Any, high: Any) -> Any:
        high = number(high)
        low = _below(number(low), high)
        if op.output_range_given and not op.given_y_min < op.given_y_max:
            raise invalid(f"given_y_min must be less than given_y_max : {op.given_y_min:g} >= {op.given_y_max:g}")
        values = (low + (high - low) * x.double() / 255.0)
        mean = values.mean((1, 2), keepdim=True)
        spread = ((values - mean) ** 2).mean((1, 2), keepdim=True)
        normal = (values - mean) / torch.sqrt(spread + op.variance_epsilon)
        if op.output_range_given:
            least, most = torch.tensor(op.given_y_min), torch.tensor(op.given_y_max)
        else:
            least = normal.amin().float()
            most = torch.maximum(normal.amax().float(), least + op.min_separation)
        places = to_integer(normal.float(), least, most, Steps(op.T))
        return torch.clamp(places, 0, 255).to(x.dtype), least, most


# --- shapes -----------------------------------------------------------------------------------------------------------


@op("QuantizedReshape", host="shape", traced="shapes",
    check=lambda op, x, shape, *limits: None if len(shape) == 1 else
    f"sizes input must be 1-D, not {shapes.brackets(shape)}")
class QuantizedReshape:
    """The integers in another shape."""

    def shape(op: Any, x: Dims, shape: Dims, *limits: Dims) -> Any:
        shape_rules.with_rank(shape, 1)
        dims = Reshape.shape(op, x, shape)
        _scalars(*limits)
        return [dims, (), ()]

    def kernel(op: Any, x: Any, shape: Any, low: Any, high: Any) -> Any:
        known = int(np.prod([size for size in shape if size != -1]))
        sizes = [x.numel() // known if size == -1 and known else size for size in shape]
        if int(np.prod(sizes)) != x.numel():
            raise invalid(f"Input to reshape is a tensor with {x.numel()} values, but the requested shape has "
                          f"{int(np.prod(sizes))}")
        return x.reshape(sizes), low, high


def _refused_concat(op: Any, axis: Any, values: Any, *limits: Any) -> str | None:
    if axis:
        return f"Concat dim tensor should be a scalar integer, but got shape {shapes.brackets(axis)}"
    return None


@op("QuantizedConcat", host="concat_dim", check=_refused_concat, traced="shapes")
class QuantizedConcat:
    """Integers joined along an axis, between limits that hold all of them."""

    def shape(op: Any, axis: Dims, values: list[Dims], lows: list[Dims], highs: list[Dims]) -> Any:
        dims = concat_dims(values, op.concat_dim)
        _scalars(*lows, *highs)
        return [dims, (), ()]

    def kernel(op: Any, axis: int, values: list[Any], lows: list[Any], highs: list[Any]) -> Any:
        rank = values[0].dim()
        if not 0 <= axis < rank:
            raise invalid(f"ConcatOp : Expected concatenating dimensions in the range [0, {rank}), but got {axis}")
        for index, value in enumerate(values):
            if value.dim() != rank or any(a != b for place, (a, b) in enumerate(zip(value.shape, values[0].shape))
                                          if place != axis):
                raise invalid(f"ConcatOp : Dimensions of inputs should match: shape[0] = "
                              f"{shapes.brackets(tuple(values[0].shape))} vs. shape[{index}] = "
                              f"{shapes.brackets(tuple(value.shape))}")
        lows, highs = [number(low) for low in lows], [number(high) for high in highs]
        low, high = torch.clamp(torch.stack(lows).amin(), max=0), torch.stack(highs).amax()
        steps = Steps(op.T)
        if steps.signed:
            high = torch.maximum(low.abs(), high.abs())
            low = -high
        parts = [torch.where((one == low) & (other == high), value.double(), _in_floats(
            value, op.T, one, other, op.T, low, high)).to(value.dtype)
                 for value, one, other in zip(values, lows, highs)]
        return torch.cat(parts, axis), low, high


@op("QuantizedResizeBilinear", host="size", traced="shapes",
    check=lambda op, images, size, *limits: refused_size(op, images, size))
class QuantizedResizeBilinear:
    """Pictures of integers in another size, each pixel mixed of the four around its place."""

    def shape(op: Any, images: Dims, size: Dims, *limits: Dims) -> Any:
        dims = resized_shape(op, images, size)
        _scalars(*limits)
        return [dims, (), ()]

    def kernel(op: Any, images: Any, size: Any, low: Any, high: Any) -> Any:
        height, width = checked_size(size, images)
        if not op.T.is_quantized:
            return bilinear(op, images, height, width), low, high
        if (height, width) == tuple(images.shape[1:3]):
            return images, low, high
        return _in_fixed_point(op, images, height, width, 7 if op.T is dtypes.quint8 else 30), low, high


def _in_fixed_point(op: Any, images: Any, height: int, width: int, bits: int) -> Any:
    """Integers mixed in integers, as TensorFlow does it: what is between two rows loses the places of the columns.

    Args:
      bits: of the places between two pixels.
    """
    one = 1 << bits
    whole = images.to(torch.float32).to(torch.int64)
    left, right, across = _places(op, whole, 2, width, one)
    rows = left * one + (right - left) * across
    upper, lower, down = _places(op, rows, 1, height, one)
    mixed = upper + torch.div(lower - upper, one, rounding_mode="trunc") * down
    return torch.div(mixed + one // 2, one, rounding_mode="trunc").to(images.dtype)


def _places(op: Any, values: Any, axis: int, wanted: int, one: int) -> tuple[Any, Any, Any]:
    """Along an axis, the two pixels around each wanted one, and its place between them."""
    first, second, part = neighbours(op, values.shape[axis], wanted)
    between = np.floor(part.astype(np.float64) * one).astype(np.int64)
    return (values.index_select(axis, constant_like(first, values)),
            values.index_select(axis, constant_like(second, values)),
            constant_like(between, values).reshape([-1 if index == axis else 1 for index in range(4)]))
