"""Gradients through broadcasting: the sums that bring a gradient back to the shape of an input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops


def same_static_shape(*tensors: Any) -> bool:
    """Whether all are tensors of one and the same fully known shape."""
    first = getattr(tensors[0], "_dims", None)
    return (first is not None and None not in first
            and all(isinstance(t, Tensor) and t._dims == first for t in tensors))


def left_out_scalar(op: Any, y: Tensor) -> bool:
    """Whether the second input is a scalar whose gradient nobody asks for: that of the first needs no sum then."""
    return 1 in op.unwanted and y._dims == ()


class Broadcast:
    """The shapes of two broadcast inputs as graph tensors, and the sums back to them.

    Nodes are made in the order of calls: `Shape`, `Shape_1`, `BroadcastGradientArgs` at once, then `Sum` and `Reshape`
    for each gradient.
    """

    def __init__(self, x: Tensor, y: Tensor):
        self._from_shapes(shape_ops.shape(x), shape_ops.shape(y))

    def _from_shapes(self, shape_x: Any, shape_y: Any) -> None:
        self.shape_x, self.shape_y = shape_x, shape_y
        self.axes_x, self.axes_y = raw.broadcast_gradient_args(shape_x, shape_y)

    def to_x(self, gradient: Tensor) -> Tensor:
        """The gradient of the first input from one of the broadcast shape."""
        return raw.reshape(raw.sum(gradient, self.axes_x), self.shape_x)

    def to_y(self, gradient: Tensor) -> Tensor:
        """The gradient of the second input from one of the broadcast shape."""
        return raw.reshape(raw.sum(gradient, self.axes_y), self.shape_y)


class KnownBroadcast(Broadcast):
    """Sums back to two shapes that are tensors already."""

    def __init__(self, shape_x: Tensor, shape_y: Tensor):
        self._from_shapes(shape_x, shape_y)


class FoldedBroadcast(Broadcast):
    """The sums of those rules that TensorFlow folds.

    Where both shapes are known, shapes and axes are constants, and an input that has the shape of the gradient `dz`
    that comes in needs no sum; where one is not, both are `Shape` nodes. Nothing is folded where the gradient comes as
    `IndexedSlices`. A graph gets the nodes that compute the axes once for each pair of known shapes.
    """

    def __init__(self, x: Tensor, y: Tensor, dz: Tensor | IndexedSlices):
        dims_x, dims_y = x._dims, y._dims
        self.sums_x = self.sums_y = True
        if not isinstance(dz, Tensor):  # rows of a gradient: nothing is folded
            super().__init__(x, y)
            return
        if dims_x is None or dims_y is None or None in dims_x or None in dims_y:
            self._from_shapes(raw.shape(x), raw.shape(y))
            return
        self.shape_x, self.shape_y = np.array(dims_x, np.int32), np.array(dims_y, np.int32)
        computed = x.graph._extras.setdefault("reduction axes of broadcasts", set())
        if (dims_x, dims_y) not in computed:
            computed.add((dims_x, dims_y))
            raw.broadcast_gradient_args(self.shape_x, self.shape_y)
        self.axes_x, self.axes_y = (np.array(axes, np.int32) for axes in shape_ops.reduction_axes(dims_x, dims_y))
        self.sums_x, self.sums_y = dims_x != dz._dims, dims_y != dz._dims

    def to_x(self, gradient: Tensor) -> Tensor:
        return super().to_x(gradient) if self.sums_x else gradient

    def to_y(self, gradient: Tensor) -> Tensor:
        return super().to_y(gradient) if self.sums_y else gradient


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
