"""Adding a bias to each channel: BiasAdd, its gradients, and L2Loss."""

from __future__ import annotations

from typing import Any

from tfmagic.base import shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.declare import op, register
from tfmagic.ops.shape_rules import merge_dim, scalar, with_rank, with_rank_at_least


def _channel_first(op: Any) -> bool:
    return op.data_format == "NCHW"


def _bias_shape(op: Any, value: Dims, bias: Dims, first: bool) -> Dims:
    value = with_rank_at_least(value, 3 if first else 2)
    (size,) = with_rank(bias, 1)
    if value is None:
        return None
    axis = 1 if first else -1
    merged = merge_dim(value[axis], size)
    dims = list(value)
    dims[axis] = merged
    return tuple(dims)


def _refused(op: Any, value: Any, bias: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(value) < 2:
        return f"Input tensor must be at least 2D: {shapes.brackets(value)}"
    if len(bias) != 1:
        return f"Biases must be 1D: {shapes.brackets(bias)}"
    if bias[0] != value[1 if op.op.type == "BiasAdd" and _channel_first(op) else -1]:
        return ("Must provide as many biases as the last dimension of the input tensor: "
                f"{shapes.brackets(bias)} vs. {shapes.brackets(value)}")
    return None


def _add_bias(op: Any, value: Any, bias: Any, first: bool) -> Any:
    if first and value.dim() > 2:
        bias = bias.reshape(-1, *([1] * (value.dim() - 2)))
    return torch.add(value, bias)


@op("BiasAdd", check=_refused)
class BiasAdd:
    """Adds a vector along the channels."""

    def shape(op: Any, value: Dims, bias: Dims) -> Dims:
        return _bias_shape(op, value, bias, _channel_first(op))

    def kernel(op: Any, value: Any, bias: Any) -> Any:
        return _add_bias(op, value, bias, _channel_first(op))

    def gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
        return dy, raw.bias_add_grad(dy, op.data_format)


@op("BiasAddGrad", check=lambda op, dy: None if len(dy) >= 2 else
    f"Input tensor must be at least 2D: {shapes.brackets(dy)}")
class BiasAddGrad:
    """The sum over all but the channels."""

    def shape(op: Any, dy: Dims) -> Dims:
        dy = with_rank_at_least(dy, 3 if _channel_first(op) else 2)
        return (None,) if dy is None else (dy[1 if _channel_first(op) else -1],)

    def kernel(op: Any, dy: Any) -> Any:
        dims = op.out_backprop._dims
        rank = dy.dim() if dims is None else len(dims)
        channel = 1 if _channel_first(op) else rank - 1
        return torch.sum(dy, [a for a in range(rank) if a != channel], dtype=dy.dtype)

    def gradient(op: Any, dz: Tensor) -> Tensor:
        """The sum's gradient is spread over all but the channels."""
        shape, bias_shape = shape_ops.shape(op.out_backprop), shape_ops.shape(dz)
        concat = api.concat
        if _channel_first(op):
            expanded = concat([constants.ones_like(shape[:1]), bias_shape, constants.ones_like(shape[2:])], 0)
            multiples = concat([shape[:1], [1], shape[2:]], 0)
        else:
            expanded = concat([constants.ones_like(shape[:-1]), bias_shape], 0)
            multiples = concat([shape[:-1], [1]], 0)
        return raw.tile(raw.reshape(dz, expanded), multiples)


def _v1_gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
    axes = api.range(shape_ops.rank(dy) - 1)
    return dy, raw.sum(dy, axes)


register("BiasAddV1", lambda op, value, bias: _bias_shape(op, value, bias, False),
         lambda op, value, bias: _add_bias(op, value, bias, False), _v1_gradient, check=_refused)
register("L2Loss", scalar, lambda op, t: torch.sum(torch.mul(t, t)) * 0.5, lambda op, dy: op.t * dy)
