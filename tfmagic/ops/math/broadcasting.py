"""Gradients through broadcasting: the sums that bring a gradient back to the shape of an input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops


def same_static_shape(*tensors: Any) -> bool:
    """Whether all are tensors of one and the same fully known shape."""
    first = getattr(tensors[0], "_dims", None)
    return (first is not None and None not in first
            and all(isinstance(t, Tensor) and t._dims == first for t in tensors))


class Broadcast:
    """The shapes of two broadcast inputs as graph tensors, and the sums back to them.

    Nodes are made in the order of calls: `Shape`, `Shape_1`, `BroadcastGradientArgs` at once, then `Sum` and `Reshape`
    for each gradient.
    """

    def __init__(self, x: Tensor, y: Tensor):
        self.shape_x, self.shape_y = shape_ops.shape(x), shape_ops.shape(y)
        self.axes_x, self.axes_y = raw.broadcast_gradient_args(self.shape_x, self.shape_y)

    def to_x(self, gradient: Tensor) -> Tensor:
        """The gradient of the first input from one of the broadcast shape."""
        return raw.reshape(raw.sum(gradient, self.axes_x), self.shape_x)

    def to_y(self, gradient: Tensor) -> Tensor:
        """The gradient of the second input from one of the broadcast shape."""
        return raw.reshape(raw.sum(gradient, self.axes_y), self.shape_y)


Rule = Callable[[Any, Tensor], Any]


def partial_products(dx: Callable[..., Tensor], dy: Callable[..., Tensor],
                     shortcut: Callable[..., Any] | None = None) -> Rule:
    """A gradient rule of a broadcasting op from its two partial gradients.

    Args:
      dx, dy: `(x, y, dz) -> gradient` before the sum.
      shortcut: `(x, y, dz) -> (dx, dy)` where all static shapes are the same.
    """

    def gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
        x, y = op.op.inputs
        if shortcut is not None and same_static_shape(x, y, dz):
            return shortcut(x, y, dz)
        sums = Broadcast(x, y)
        return sums.to_x(dx(x, y, dz)), sums.to_y(dy(x, y, dz))

    return gradient
