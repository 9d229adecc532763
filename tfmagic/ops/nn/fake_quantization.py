"""Fake quantization: numbers rounded to the steps of a quantized type, for the whole tensor or channel by channel."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import op


def _refused(op: Any) -> str | None:
    """TensorFlow's words for attrs that its kernels refuse."""
    if "min" in op.op._attrs and not op.min < op.max:
        return f"min has to be smaller than max, was: {op.min:g} >= {op.max:g}"
    return None if 2 <= op.num_bits <= 16 else "num_bits must be between 2 and 16, inclusive"


def _refused_by_args(op: Any, dy: Dims, x: Dims) -> str | None:
    words = _refused(op)
    if words is None and dy != x:
        return (f"Inputs to operation {op.op.name} of type {op.op.type} must have the same size and shape.  Input 0: "
                f"{shapes.brackets(dy)} != input 1: {shapes.brackets(x)}")
    return words


def _refused_by_vars(op: Any, dy: Dims, x: Dims, *limits: Dims) -> str | None:
    return _refused(op) or (None if dy == x else "gradient and input must be the same size")


def _refused_channels(op: Any, x: Any, *limits: Dims) -> str | None:
    words = _refused(op)
    for name, dims in zip(("min", "max"), limits):
        if words is None and x and dims and dims[0] != x[-1]:
            words = f"{name} has incorrect size, expected {x[-1]} was {dims[0]}"
    return words


def _limits(op: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    """The least and the greatest number of the steps, and the step: moved so that zero is one of them."""
    first, last = int(op.narrow_range), 2 ** op.num_bits - 1
    step = (high - low) / (last - first)
    zero = torch.clamp(torch.floor(first - low / step + 0.5), first, last)
    return (first - zero) * step, (last - zero) * step, step


def _rounded(op: Any, x: Any, low: Any, high: Any) -> Any:
    """`x` rounded to the nearest step between the limits; zeros where both limits are zero."""
    least, greatest, step = _limits(op, low, high)
    inside = torch.maximum(torch.minimum(x, greatest), least)
    return torch.floor((inside - least) * (1 / step) + 0.5) * step + least


def _off(low: Any, high: Any) -> Any:
    return (low == 0) & (high == 0)


def _given(op: Any) -> tuple[Any, Any]:
    """The limits that the attrs say."""
    return torch.tensor(op.min, dtype=torch.float32), torch.tensor(op.max, dtype=torch.float32)


def _single(value: Any) -> Any:
    """A limit as a scalar."""
    if value.numel() != 1:
        raise errors.InvalidArgumentError(None, None, f"min and max must be scalars, got shape "
                                                      f"{shapes.brackets(tuple(value.shape))}")
    return value.reshape(())


@op("FakeQuantWithMinMaxArgs", check=lambda op, x: _refused(op))
class FakeQuantWithMinMaxArgs:
    """A tensor rounded to the steps of a quantized type, between two attrs."""

    def shape(op: Any, inputs: Dims) -> Dims:
        return inputs

    def kernel(op: Any, inputs: Any) -> Any:
        return _rounded(op, inputs, *_given(op))

    def gradient(op: Any, dy: Tensor) -> Tensor:
        return raw.fake_quant_with_min_max_args_gradient(dy, op.inputs, op.min, op.max, op.num_bits, op.narrow_range)


@op("FakeQuantWithMinMaxArgsGradient", check=_refused_by_args)
class FakeQuantWithMinMaxArgsGradient:
    """The gradient of FakeQuantWithMinMaxArgs: what comes where the input lay within the limits, else zero."""

    def shape(op: Any, gradients: Dims, inputs: Dims) -> Dims:
        return gradients

    def kernel(op: Any, gradients: Any, inputs: Any) -> Any:
        least, greatest, _ = _limits(op, *_given(op))
        return gradients * ((inputs >= least) & (inputs <= greatest))


@op("FakeQuantWithMinMaxVars", check=lambda op, *dims: _refused(op))
class FakeQuantWithMinMaxVars:
    """A tensor rounded to the steps of a quantized type, between two scalars."""

    def shape(op: Any, inputs: Dims, low: Dims, high: Dims) -> Dims:
        shape_rules.with_rank(low, 0)
        shape_rules.with_rank(high, 0)
        return inputs

    def kernel(op: Any, inputs: Any, low: Any, high: Any) -> Any:
        low, high = _single(low), _single(high)
        return torch.where(_off(low, high), torch.zeros_like(inputs), _rounded(op, inputs, low, high))

    def gradient(op: Any, dy: Tensor) -> Any:
        return raw.fake_quant_with_min_max_vars_gradient(dy, op.inputs, op.min, op.max, op.num_bits, op.narrow_range)


@op("FakeQuantWithMinMaxVarsGradient", check=_refused_by_vars)
class FakeQuantWithMinMaxVarsGradient:
    """The gradients of the three inputs of FakeQuantWithMinMaxVars."""

    def shape(op: Any, gradients: Dims, inputs: Dims, low: Dims, high: Dims) -> Any:
        dims = shape_rules.merge(gradients, inputs)
        shape_rules.merge(shape_rules.with_rank(low, 0), high)
        return [dims, (), ()]

    def kernel(op: Any, gradients: Any, inputs: Any, low: Any, high: Any) -> Any:
        inside, below, above = _parts(op, gradients, inputs, _single(low), _single(high))
        return inside, below.sum(), above.sum()


@op("FakeQuantWithMinMaxVarsPerChannel", check=_refused_channels)
class FakeQuantWithMinMaxVarsPerChannel:
    """A tensor rounded to the steps of a quantized type, between two numbers for each place on the last axis."""

    def shape(op: Any, inputs: Dims, low: Dims, high: Dims) -> Dims:
        inputs = shape_rules.with_rank_at_least(inputs, 1)
        low, high = shape_rules.with_rank(low, 1), shape_rules.with_rank(high, 1)
        size = shape_rules.merge_dim(None if inputs is None else inputs[-1], low[0])
        shape_rules.merge_dim(size, high[0])
        return inputs

    def kernel(op: Any, inputs: Any, low: Any, high: Any) -> Any:
        return torch.where(_off(low, high), torch.zeros_like(inputs), _rounded(op, inputs, low, high))

    def gradient(op: Any, dy: Tensor) -> Any:
        return raw.fake_quant_with_min_max_vars_per_channel_gradient(dy, op.inputs, op.min, op.max, op.num_bits,
                                                                     op.narrow_range)


@op("FakeQuantWithMinMaxVarsPerChannelGradient", check=lambda op, dy, x, *limits:
    _refused_by_vars(op, dy, x) or _refused_channels(op, x, *limits))
class FakeQuantWithMinMaxVarsPerChannelGradient:
    """The gradients of the three inputs of FakeQuantWithMinMaxVarsPerChannel."""

    def shape(op: Any, gradients: Dims, inputs: Dims, low: Dims, high: Dims) -> Any:
        gradients = shape_rules.with_rank_at_most(shape_rules.with_rank_at_least(gradients, 1), 4)
        inputs = shape_rules.merge(gradients, inputs)
        channels: Dims = (None if inputs is None else inputs[-1],)
        channels = shape_rules.merge(high, shape_rules.merge(shape_rules.with_rank(low, 1), channels))
        return [inputs, channels, channels]

    def kernel(op: Any, gradients: Any, inputs: Any, low: Any, high: Any) -> Any:
        inside, below, above = _parts(op, gradients, inputs, low, high)
        return inside, *(part.reshape(-1, part.shape[-1]).sum(0) for part in (below, above))


def _parts(op: Any, gradients: Any, inputs: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    """The parts of a gradient that come for inputs within, below and above the limits; all is within where both are
    zero."""
    least, greatest, _ = _limits(op, low, high)
    off = _off(low, high)
    inside = off | ((inputs >= least) & (inputs <= greatest))
    return gradients * inside, gradients * (~off & (inputs < least)), gradients * (~off & (inputs > greatest))
