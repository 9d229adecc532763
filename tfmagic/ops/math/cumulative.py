"""Running sums and products along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.declare import register
from tfmagic.ops.shape_rules import same
from tfmagic.ops.torch_types import torch_dtype


def _running(function: str, first: float | None) -> Callable[..., Any]:
    """A kernel of a running op whose value before the first element is `first`, or the type's lowest number."""

    def kernel(op: Any, x: Any, axis: Any) -> Any:
        if isinstance(axis, list):
            raise errors.InvalidArgumentError(
                None, op.op, f"ScanOp: axis must be a scalar, not {shapes.brackets(np.shape(axis))}")
        rank = x.dim()
        if not -rank <= axis < rank:
            raise errors.InvalidArgumentError(None, op.op, f"ScanOp: Expected scan axis in the range [{-rank}, "
                                                           f"{rank}), but got {axis if axis >= 0 else axis + rank}")
        if op.reverse:
            x = torch.flip(x, [axis])
        options = {} if function == "logcumsumexp" else {"dtype": torch_dtype(op.T)}
        y = getattr(torch, function)(x, axis, **options)
        if first is None:
            y = torch.clamp(y, min=torch.finfo(y.dtype).min)
        if op.exclusive:
            size = x.shape[axis]
            if size:
                start = torch.full_like(y.narrow(axis, 0, 1), torch.finfo(y.dtype).min if first is None else first)
                y = torch.cat([start, y.narrow(axis, 0, size - 1)], axis)
        return torch.flip(y, [axis]) if op.reverse else y

    return kernel


def _cumsum_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    return cumsum(dy, op.axis, exclusive=op.exclusive, reverse=not op.reverse), None


def _cumprod_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    product = cumprod(op.x, op.axis, exclusive=op.exclusive, reverse=op.reverse)
    total = cumsum(product * dy, op.axis, exclusive=op.exclusive, reverse=not op.reverse)
    return total / op.x, None


def _logsumexp_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    """The positive and the negative part of the gradient each by their logarithms."""
    least = dy.dtype.min

    def part(log: Tensor) -> Tensor:
        running = cumulative_logsumexp(log - op.out, axis=op.axis, reverse=not op.reverse, exclusive=op.exclusive)
        return raw.exp(running + op.x)

    positive = raw.select_v2(raw.greater(dy, 0), raw.log(dy), least)
    negative = raw.select_v2(raw.less(dy, 0), raw.log(-dy), least)
    return part(positive) - part(negative), None


def _static(function: Callable[..., Any]) -> Callable[..., Any]:
    def static(op: Any, x: np.ndarray, axis: np.ndarray) -> np.ndarray | None:
        if op.exclusive or op.reverse:
            return None
        return function(x, int(axis)).astype(x.dtype)

    return static


register("Cumsum", same, _running("cumsum", 0), _cumsum_gradient, _static(np.cumsum), host="axis", traced="shapes")
register("Cumprod", same, _running("cumprod", 1), _cumprod_gradient, _static(np.cumprod), host="axis", traced="shapes")
register("CumulativeLogsumexp", same, _running("logcumsumexp", None), _logsumexp_gradient, host="axis", traced="shapes")


@export("math.cumsum")
def cumsum(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """The running sum along an axis.

    Args:
      x: a numeric tensor.
      axis: the axis, an int or a scalar tensor.
      exclusive: whether each sum stops before its element.
      reverse: whether it runs from the end.

    Returns:
      A tensor of the same shape and type.
    """
    with name_scope(name, "Cumsum", [x]) as scope:
        return raw.cumsum(convert_to_tensor(x, name="x"), axis, exclusive=exclusive, reverse=reverse, name=scope)


@export("math.cumprod")
def cumprod(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """The running product along an axis.

    Args:
      x: a numeric tensor.
      axis: the axis, an int or a scalar tensor.
      exclusive: whether each product stops before its element.
      reverse: whether it runs from the end.

    Returns:
      A tensor of the same shape and type.
    """
    with name_scope(name, "Cumprod", [x]) as scope:
        return raw.cumprod(convert_to_tensor(x, name="x"), axis, exclusive=exclusive, reverse=reverse, name=scope)


@export("math.cumulative_logsumexp")
def cumulative_logsumexp(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False,
                         name: str | None = None) -> Tensor:
    """The running `log(sum(exp(x)))` along an axis.

    Args:
      x: a tensor of a floating type.
      axis: the axis, an int or a scalar tensor.
      exclusive: whether each value stops before its element.
      reverse: whether it runs from the end.

    Returns:
      A tensor of the same shape and type.
    """
    with name_scope(name, "CumulativeLogsumexp", [x]) as scope:
        return raw.cumulative_logsumexp(convert_to_tensor(x, name="x"), axis, exclusive=exclusive, reverse=reverse,
                                        name=scope)
