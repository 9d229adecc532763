"""FusedPadConv2D, FusedResizeAndPadConv2D: pictures made larger and mirrored at their edges on the way to Conv2D."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tfmagic.base import shapes
from tfmagic.base.errors import invalid
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import constant_value, static_ints
from tfmagic.ops import shape_rules
from tfmagic.ops.array.padding import mirrored
from tfmagic.ops.declare import op
from tfmagic.ops.image.resize import bilinear, checked_size
from tfmagic.ops.nn.conv import conv_shape, forward
from tfmagic.ops.nn.windows import ChannelsLast


def _padded(op: Any, dims: Dims, paddings: Dims) -> Dims:
    """The shape of the pictures with what is around them."""
    dims = shape_rules.with_rank(dims, 4)
    rows, columns = shape_rules.with_rank(paddings, 2)
    if rows is not None:
        shape_rules.with_rank(dims, rows)
    shape_rules.merge((rows, columns), (rows, 2))
    known = static_ints(op.paddings)
    if known is None:
        if rows is None and constant_value(op.paddings) is None:
            raise ValueError("Shape must be rank -1 but is rank 4")  # so 1.15 says of paddings that it does not know
        return (None,) * 4
    return tuple([None if size is None else size + known[2 * axis] + known[2 * axis + 1]
                  for axis, size in enumerate(dims)])


def _fused_shape(op: Any, dims: Dims, filters: Dims) -> Dims:
    filters = shape_rules.with_rank(filters, 4)
    shape_rules.check_length("Operation requires the stride", 4, op.strides)
    if dims is not None:
        shape_rules.merge_dim(dims[3], filters[2])
    return conv_shape(ChannelsLast(op), dims, filters, 4)


def _convolved(op: Any, x: Any, paddings: Any, filters: Any) -> Any:
    if not x.numel():
        raise invalid("Input tensor can't be empty")
    for axis, (before, after) in enumerate(paddings):
        if before < 0 or after < 0:
            raise invalid(f"paddings must be non-negative: {before} {after}")
        most = x.shape[axis] - (op.mode == "REFLECT")
        if before > most or after > most:
            than = "no greater than the dimension size" if op.mode == "SYMMETRIC" else "less than the dimension size"
            raise invalid(f"paddings must be {than}: {before}, {after} "
                          f"{'greater than' if op.mode == 'SYMMETRIC' else 'not less than'} {x.shape[axis]}")
    view = ChannelsLast(op, input=SimpleNamespace(_dims=None))
    result = forward(view, mirrored(x, paddings, op.mode), filters, 4)
    if not result.numel():
        raise invalid("Output tensor can't be empty")
    return result


def _refused(op: Any, x: Any, paddings: Any, filters: Any) -> str | None:
    if len(paddings) != 2 or paddings[1] != 2:
        return f"paddings must be a matrix with 2 columns: {shapes.brackets(paddings)}"
    if len(x) != 4:
        return f"input must be 4-dimensional{shapes.brackets(x)}"
    if paddings[0] != len(x):
        return (f"The first dimension of paddings must be the rank of inputs{shapes.brackets(paddings)} "
                f"{shapes.brackets(x)}")
    return None if len(filters) == 4 else f"filter must be 4-dimensional: {shapes.brackets(filters)}"


@op("FusedPadConv2D", host="paddings", traced="shapes", check=_refused)
class FusedPadConv2D:
    """Conv2D of pictures with their mirror image around them."""

    def shape(op: Any, x: Dims, paddings: Dims, filters: Dims) -> Dims:
        return _fused_shape(op, _padded(op, x, paddings), filters)

    def kernel(op: Any, x: Any, paddings: Any, filters: Any) -> Any:
        return _convolved(op, x, paddings, filters)


@op("FusedResizeAndPadConv2D", host=("size", "paddings"), traced="shapes",
    check=lambda op, x, size, paddings, filters: _refused(op, x, paddings, filters) or (
        None if tuple(size) == (2,) else f"shape_t must have two elements{shapes.brackets(size)}"))
class FusedResizeAndPadConv2D:
    """Conv2D of pictures in another size with their mirror image around them."""

    def shape(op: Any, x: Dims, size: Dims, paddings: Dims, filters: Dims) -> Dims:
        x = shape_rules.with_rank(x, 4)
        shape_rules.merge(size, (2,))
        height, width = static_ints(op.size) or (None, None)
        return _fused_shape(op, _padded(op, (x[0], height, width, x[3]), paddings), filters)

    def kernel(op: Any, x: Any, size: Any, paddings: Any, filters: Any) -> Any:
        height, width = checked_size(size, x)
        how = SimpleNamespace(align_corners=op.resize_align_corners, half_pixel_centers=False)
        return _convolved(op, bilinear(how, x, height, width).to(x.dtype), paddings, filters)
