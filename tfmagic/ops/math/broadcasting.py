"""Gradients through broadcasting: the sums that bring a gradient back to the shape of an input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.shape_rules import broadcast_dims


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
        self.shape_x, self.shape_y = self._shapes(x, y)
        self.axes_x, self.axes_y = raw.broadcast_gradient_args(self.shape_x, self.shape_y)

    def _shapes(self, x: Tensor, y: Tensor) -> tuple[Any, Any]:
        return shape_ops.shape(x), shape_ops.shape(y)

    def to_x(self, gradient: Tensor) -> Tensor:
        """The gradient of the first input from one of the broadcast shape."""
        return raw.reshape(raw.sum(gradient, self.axes_x), self.shape_x)

    def to_y(self, gradient: Tensor) -> Tensor:
        """The gradient of the second input from one of the broadcast shape."""
        return raw.reshape(raw.sum(gradient, self.axes_y), self.shape_y)


class FoldedBroadcast(Broadcast):
    """The sums of those rules that TensorFlow folds.

    Where both shapes are known, shapes and axes are constants and an input that was not broadcast needs no sum; where
    one is not, both are `Shape` nodes.
    """

    def __init__(self, x: Tensor, y: Tensor):
        super().__init__(x, y)
        self.reduces_x = self.reduces_y = True
        if self.known:
            axes = shape_ops.reduction_axes(x._dims, y._dims)
            self.axes_x, self.axes_y = (np.array(a, np.int32) for a in axes)
            whole = broadcast_dims(x._dims, y._dims)
            self.reduces_x, self.reduces_y = x._dims != whole, y._dims != whole

    def _shapes(self, x: Tensor, y: Tensor) -> tuple[Any, Any]:
        dims = x._dims, y._dims
        self.known = all(d is not None and None not in d for d in dims)
        if self.known:
            return tuple(np.array(d, np.int32) for d in dims)
        return raw.shape(x), raw.shape(y)

    def to_x(self, gradient: Tensor) -> Tensor:
        return super().to_x(gradient) if self.reduces_x else gradient

    def to_y(self, gradient: Tensor) -> Tensor:
        return super().to_y(gradient) if self.reduces_y else gradient


Rule = Callable[[Any, Tensor], Any]


def partial_products(dx: Callable[..., Tensor], dy: Callable[..., Tensor],
                     shortcut: Callable[..., Any] | None = None, sums: type[Broadcast] = Broadcast) -> Rule:
    """A gradient rule of a broadcasting op from its two partial gradients.

    Args:
      dx, dy: `(x, y, dz) -> gradient` before the sum.
      shortcut: `(x, y, dz) -> (dx, dy)` where all static shapes are the same.
      sums: how gradients are brought back to the shapes of the inputs.
    """

    def gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
        x, y = op.op.inputs
        if shortcut is not None and same_static_shape(x, y, dz):
            return shortcut(x, y, dz)
        back = sums(x, y)
        return back.to_x(dx(x, y, dz)), back.to_y(dy(x, y, dz))

    return gradient
