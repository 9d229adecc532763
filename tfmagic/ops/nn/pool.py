"""Pools in two and three dimensions: the largest value or the mean of each window, and their gradients."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import static_dims, static_ints
from tfmagic.ops import raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.declare import op, register
from tfmagic.ops.nn import largest, windows
from tfmagic.ops.nn.windows import (
    Geometry,
    channels_last,
    from_torch,
    nothing,
    padded,
    spatial,
    to_torch,
    unpadded,
    unread,
)
from tfmagic.ops.shape_rules import check_length, merge, with_rank
from tfmagic.ops.torch_types import torch_dtype

# --- geometry --------------------------------------------------------------------------------------------------


def pool_shape(op: Any, x: Dims, ksize: Any, strides: Any, rank: int) -> Dims:
    vectors = rank == 4 and op.data_format == "NCHW_VECT_C"
    x = with_rank(x, 5 if vectors else rank)
    kind = "AvgPool" if "AvgPool" in op.op.type else "MaxPool"
    words = (f"{kind} requires", f"{kind} requires") if rank == 4 else ("Pool3D ops require", "Pool3D requires")
    check_length(f"{words[0]} the stride", rank, strides)
    check_length(f"{words[1]} the ksize", rank, ksize)
    if vectors:
        x, lanes = x[:4], x[4]
        if lanes not in (None, 4):
            raise ValueError(f"Dimension must be 4 but is {lanes}")
    out = [windows.output_size(*sizes, 1, op.padding) for sizes in
           zip(spatial(op, x), spatial(op, ksize), spatial(op, strides))]
    channel = -1 if channels_last(op) else 1
    depth = x[channel]
    if rank == 4 and kind == "MaxPool":
        depth = windows.output_size(depth, ksize[channel], strides[channel], 1, op.padding)
    if vectors:
        return (x[0], depth, *out, 4)
    return (x[0], *out, depth) if channels_last(op) else (x[0], depth, *out)


def _ranks(rank: int, *names: str) -> Any:
    """A check that inputs have the rank of an image batch; the others are not looked at."""
    def check(op: Any, *dims: Dims) -> str | None:
        return next((f"{name} must be {rank}-dimensional" for name, known in zip(names, dims)
                     if known is not None and len(known) != rank), None)

    return check


def _plane(rank: int) -> Any:
    """The check of ops that pool one batch of images."""
    def check(op: Any, x: Dims, *sizes: Dims) -> str | None:
        for what, known in zip(("ksize", "stride"), sizes):
            if known != (4,):
                return f"Sliding window {what} field must specify 4 dimensions"
        if rank == 5:
            return _ranks(rank, "tensor_in")(op, x)
        given = len(x or ())
        return None if given == 4 else f"tensor_in_shape must have 2 spatial dimensions. {given} 0"

    return check


def _mean_grad_check(rank: int) -> Any:
    """The check of the mean's gradient: a shape, and a tensor of that rank."""
    def check(op: Any, sizes: Dims, dy: Dims) -> str | None:
        if sizes != (rank,):
            return f"{'tensor_in' if rank == 5 else 'out_backprop'} must be 1-dimensional and {rank} elements"
        return _ranks(rank, "out_backprop")(op, dy)

    return check


def _max_grad_shape(rank: int) -> Any:
    """The shape of the gradient of MaxPool: that of the input."""
    return lambda op, x, *others: with_rank(x, rank)


def _max_grad_grad_shape(rank: int) -> Any:
    """The shape of the gradient of MaxPoolGrad: that of the output; the given gradient is as the input."""
    def shape(op: Any, x: Dims, y: Dims, grad: Dims, *others: Dims) -> Dims:
        dims = _v2_shape(op, x, *others) if others else pool_shape(op, x, op.ksize, op.strides, rank)
        merge(x, grad)
        merge(y, dims)
        return dims

    return shape


def _geometry(op: Any, dims: Dims, x: Any, ksize: Any = None, strides: Any = None) -> Geometry:
    ksize = op.ksize if ksize is None else ksize
    strides = op.strides if strides is None else strides
    if ksize[0] != 1 or strides[0] != 1:
        raise errors.UnimplementedError(None, op.op, "Pooling is not yet supported on the batch dimension.")
    if op.data_format == "NCHW_VECT_C":
        raise errors.InvalidArgumentError(None, op.op, "Default MaxPoolingOp only supports NHWC on device type CPU")
    if 0 in ksize and not (len(ksize) == 4 and op.op.type.startswith("Avg")):
        raise errors.InvalidArgumentError(None, op.op, f"Sliding window ksize for dimension {list(ksize).index(0)} was "
                                                       "zero.")
    channel = -1 if channels_last(op) else 1
    if len(ksize) == 5 and strides[channel] != 1 and ksize[channel] == 1:
        raise errors.UnimplementedError(None, op.op, "Pooling is not yet supported on the depth dimension.")
    if ksize[channel] != 1:
        words = ("Pooling is not yet supported on the depth dimension." if len(ksize) == 5 else
                 "MaxPoolingGrad is not yet supported on the depth dimension." if "Grad" in op.op.type else
                 "MaxPooling supports exactly one of pooling across depth or pooling across width/height."
                 if any(size != 1 for size in spatial(op, ksize)) or not op.op.type.startswith("Avg") else
                 "Depthwise max pooling requires the depth window to evenly divide the input depth"
                 if dims is not None and dims[channel] is not None and dims[channel] % ksize[channel] else
                 "Depthwise max pooling requires the depth window to equal the depth stride"
                 if ksize[channel] != strides[channel] else "Non-spatial pooling is not yet supported. Volunteers? :)")
        raise errors.UnimplementedError(
            None, op.op, f"{words}\n{op.op.type} pools over height and width only. Reshape the channels to [..., "
                         "groups, size] and use tf.reduce_max or tf.reduce_mean to pool over them.")
    size, stride = spatial(op, ksize), spatial(op, strides)
    one = [1] * len(size)
    before, after = windows.paddings(op, windows.sizes_of(op, dims, x), size, stride, one)
    return Geometry(size, stride, one, before, after)


def _empty(op: Any, x: Any, geometry: Geometry) -> Any | None:
    """The pool of a batch without elements, too small for a window, or for windows of nothing (whose mean is NaN); None
    where there is something to pool."""
    sizes = spatial(op, tuple(x.shape))
    if not nothing(x.shape, geometry.size) and not geometry.none(sizes):
        return None
    out = geometry.outputs(sizes)
    return x.new_full([x.shape[0], *out, x.shape[-1]] if channels_last(op) else [*x.shape[:2], *out],
                      math.nan if 0 in geometry.size else 0)


def _as_floating(op: Any, x: Any) -> Any:
    """torch pools floating types only; every integer of up to 32 bits is exact in double precision."""
    return x.to(torch.float64) if op.T.is_integer else x


# --- the largest value -----------------------------------------------------------------------------------------


def _across_channels(op: Any, x: Any, ksize: Any, strides: Any) -> Any | None:
    """The largest of each group of neighbouring channels, or None where the windows hold a single channel."""
    window, stride = ksize[-1], strides[-1]
    if len(ksize) != 4 or not channels_last(op) or window <= 1 or any(size != 1 for size in ksize[:-1]):
        return None
    if stride != window:
        raise errors.UnimplementedError(
            None, op.op, "Depthwise max pooling requires the depth window to equal the depth stride")
    dims = op.input._dims
    if dims is not None and dims[-1] is not None and dims[-1] % window:
        raise errors.UnimplementedError(
            None, op.op, "Depthwise max pooling requires the depth window to evenly divide the input depth")
    if any(size != 1 for size in strides[:-1]):
        return None
    return x.unflatten(-1, (-1, window)).amax(-1)


def max_pool(op: Any, x: Any, rank: int, ksize: Any = None, strides: Any = None) -> Any:
    """The largest value of each window."""
    dims = op.input._dims
    result = _across_channels(op, x, op.ksize if ksize is None else ksize, op.strides if strides is None else strides)
    if result is not None:
        return result
    geometry = _geometry(op, dims, x, ksize, strides)
    empty = _empty(op, x, geometry)
    if empty is not None:
        return empty
    value = largest.largest(to_torch(op, _as_floating(op, x), rank), geometry)[0]
    return from_torch(op, value.to(x.dtype) if op.T.is_integer else value, rank)


def _max_pool_grad(op: Any, x: Any, y: Any, dy: Any, rank: int, ksize: Any = None, strides: Any = None) -> Any:
    geometry = _geometry(op, op.orig_input._dims, x, ksize, strides)
    if nothing(x.shape, dy.shape):
        return torch.zeros_like(x)
    if rank == 5:
        dx = largest.spread_over_volumes(to_torch(op, x, rank), to_torch(op, y, rank), to_torch(op, dy, rank),
                                         geometry)
        return from_torch(op, dx, rank)
    x, dy = to_torch(op, _as_floating(op, x), rank), to_torch(op, _as_floating(op, dy), rank)
    indices = largest.largest(x, geometry)[1]
    rounds_up = largest.rounds_up(geometry)
    function = torch.ops.aten.max_pool2d_with_indices_backward
    if rounds_up is None:
        wide = padded(x, geometry, float("-inf"))
        zero = [0] * len(geometry.size)
        dx = unpadded(function(dy, wide, geometry.size, geometry.stride, zero, geometry.dilation, False, indices),
                      geometry)
    else:
        dx = function(dy, x, geometry.size, geometry.stride, geometry.before, geometry.dilation, rounds_up, indices)
    dx = from_torch(op, dx, rank)
    return dx.to(torch_dtype(op.T)) if op.T.is_integer else dx


def _max_pool_grad_grad(op: Any, x: Any, y: Any, grad: Any, rank: int, ksize: Any = None, strides: Any = None) -> Any:
    """The gradient of MaxPoolGrad by the gradient that it was given: the elements that were the largest."""
    geometry = _geometry(op, op.orig_input._dims, x, ksize, strides)
    empty = _empty(op, x, geometry)
    if empty is not None:
        return empty
    x, y, grad = (to_torch(op, each, rank) for each in (x, y, grad))
    floating = _as_floating(op, x)
    return from_torch(op, largest.taken(floating, y, grad, geometry), rank)


def _attrs(op: Any, *names: str) -> dict[str, Any]:
    return {name: op.op._attrs[name] for name in names or ("ksize", "strides", "padding", "data_format")}


def _zeros(x: Tensor) -> Tensor:
    return constants.zeros(shape=shape_ops.shape(x), dtype=x.dtype.base_dtype)


def _max_family(suffix: str, rank: int) -> None:
    """MaxPool with its gradient and that gradient's gradient, in one number of dimensions."""
    name = f"max_pool{suffix.lower()}"
    grad, grad_grad = getattr(raw, f"{name}_grad"), getattr(raw, f"{name}_grad_grad")

    def gradient(op: Any, dy: Tensor) -> Tensor:
        return grad(op.input, op.output, dy, **_attrs(op))

    def grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return (_zeros(op.orig_input), _zeros(op.orig_output),
                grad_grad(op.orig_input, op.orig_output, dz, **_attrs(op)))

    def grad_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return (_zeros(op.orig_input), _zeros(op.orig_output), grad(op.orig_input, op.orig_output, dz, **_attrs(op)))

    register(f"MaxPool{suffix}", lambda op, x: pool_shape(op, x, op.ksize, op.strides, rank),
             lambda op, x: max_pool(op, x, rank), gradient,
             check=_plane(rank))
    ranks = _ranks(rank, "tensor_in", "tensor_out", "out_backprop")
    register(f"MaxPool{suffix}Grad", _max_grad_shape(rank), lambda op, x, y, dy: _max_pool_grad(op, x, y, dy, rank),
             grad_gradient, check=ranks)
    register(f"MaxPool{suffix}GradGrad", _max_grad_grad_shape(rank),
             lambda op, x, y, dz: _max_pool_grad_grad(op, x, y, dz, rank), grad_grad_gradient, check=ranks)


_max_family("", 4)
_max_family("3D", 5)


def _v2_shape(op: Any, x: Dims, ksize: Dims, strides: Dims) -> Dims:
    x = with_rank(x, 5 if op.data_format == "NCHW_VECT_C" else 4)
    for vector in (ksize, strides):
        (length,) = with_rank(vector, 1)
        if length not in (None, 4):
            raise ValueError(f"Dimension must be 4 but is {length}")
    sizes, steps = static_ints(op.ksize), static_ints(op.strides)
    return None if sizes is None or steps is None else pool_shape(op, x, sizes, steps, 4)


def _v2_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None, None]:
    return (raw.max_pool_grad_v2(op.input, op.output, dy, op.ksize, op.strides, op.padding, op.data_format), None,
            None)


def _v2_grad_gradient(op: Any, dz: Tensor) -> tuple[Any, ...]:
    return (_zeros(op.orig_input), _zeros(op.orig_output),
            raw.max_pool_grad_grad_v2(op.orig_input, op.orig_output, dz, op.ksize, op.strides, op.padding,
                                      op.data_format), None, None)


_SIZES: dict[str, Any] = {"host": ("ksize", "strides")}
register("MaxPoolV2", _v2_shape, lambda op, x, ksize, strides: max_pool(op, x, 4, ksize, strides), _v2_gradient,
         check=_plane(4), **_SIZES)
_SIZES["check"] = _ranks(4, "tensor_in", "tensor_out", "out_backprop")
register("MaxPoolGradV2", _max_grad_shape(4),
         lambda op, x, y, dy, ksize, strides: _max_pool_grad(op, x, y, dy, 4, ksize, strides), _v2_grad_gradient,
         **_SIZES)
register("MaxPoolGradGradV2", _max_grad_grad_shape(4),
         lambda op, x, y, dz, ksize, strides: _max_pool_grad_grad(op, x, y, dz, 4, ksize, strides), **_SIZES)


# --- the largest value and its place ---------------------------------------------------------------------------


class _Layout:
    """MaxPoolWithArgmax and its kin know NHWC only."""

    data_format = "NHWC"

    def __init__(self, node: Any):
        self.ksize, self.strides, self.padding, self.op = node.ksize, node.strides, node.padding, node.op


@op("MaxPoolWithArgmax", check=_plane(4))
class MaxPoolWithArgmax:
    """The largest value of each window, and its place in the flattened image (or batch)."""

    def shape(op: Any, x: Dims) -> tuple[Dims, Dims]:
        dims = pool_shape(_Layout(op), x, op.ksize, op.strides, 4)
        return dims, dims

    def kernel(op: Any, x: Any) -> tuple[Any, Any]:
        layout = _Layout(op)
        geometry = _geometry(layout, tuple(x.shape), x)
        empty = _empty(layout, x, geometry)
        if empty is not None:
            return empty, empty.to(torch.int64 if op.Targmax.size == 8 else torch.int32)
        image = to_torch(layout, x, 4)
        indices = largest.largest(image, geometry)[1]
        value = largest.chosen(image, indices, geometry)
        batch, height, width, channels = x.shape
        if largest.rounds_up(geometry) is None:  # places in the padded plane
            wide = width + geometry.before[1] + geometry.after[1]
            row, column = indices // wide - geometry.before[0], indices % wide - geometry.before[1]
            indices = row * width + column
        value, indices = from_torch(layout, value, 4), from_torch(layout, indices, 4)
        flat = indices * channels + torch.arange(channels, device=x.device)
        if op.include_batch_in_index:
            flat = flat + (torch.arange(batch, device=x.device) * height * width * channels).reshape(-1, 1, 1, 1)
        return value, flat if op.Targmax.size == 8 else flat.to(torch.int32)

    def gradient(op: Any, dy: Tensor, _: Any) -> Tensor:
        return raw.max_pool_grad_with_argmax(op.input, dy, op.argmax, op.ksize, op.strides, op.padding,
                                             include_batch_in_index=op.include_batch_in_index)


def _flat_places(op: Any, x: Any, argmax: Any) -> Any:
    places = argmax.to(torch.int64)
    if not op.include_batch_in_index:
        size = x.shape[1] * x.shape[2] * x.shape[3]
        places = places + (torch.arange(x.shape[0], device=x.device) * size).reshape(-1, 1, 1, 1)
    return places.reshape(-1)


register("MaxPoolGradWithArgmax", _max_grad_shape(4),
         lambda op, x, dy, argmax: torch.zeros_like(x).reshape(-1).scatter_add(
             0, _flat_places(op, x, argmax), dy.reshape(-1)).reshape(x.shape),
         check=lambda op, x, *_: _plane(4)(op, x, (len(op.ksize),), (len(op.strides),)))
register("MaxPoolGradGradWithArgmax",
         lambda op, x, dz, argmax: _max_grad_grad_shape(4)(_Layout(op), x, argmax, dz),
         lambda op, x, dz, argmax: dz.reshape(-1)[_flat_places(op, x, argmax)].reshape(argmax.shape))


# --- the mean --------------------------------------------------------------------------------------------------


def _mean_of(x: Any, geometry: Geometry, rounds_up: bool) -> Any:
    function = torch.nn.functional.avg_pool2d if len(geometry.size) == 2 else torch.nn.functional.avg_pool3d
    return function(x, geometry.size, geometry.stride, geometry.before, rounds_up, False)


def avg_pool(op: Any, x: Any, rank: int) -> Any:
    """The mean of each window."""
    dims = op.op._inputs[0]._dims
    geometry = _geometry(op, dims, x)
    empty = _empty(op, x, geometry)
    if empty is not None:
        return empty
    dtype, x = x.dtype, _wide(to_torch(op, x, rank))
    rounds_up = _rounds_up_for(geometry, x.shape[2:])
    if rounds_up is None:
        y = _sum_of(padded(x, geometry), geometry) / _counts(x.shape[2:], geometry, x)
    else:
        y = _mean_of(x, geometry, rounds_up)
    return from_torch(op, y.to(dtype), rank)


def _wide(x: Any) -> Any:
    """Volumes in single precision, where they are in half of it: torch takes means of no others on a CPU."""
    narrow = x.dim() == 5 and x.dtype in (torch.float16, torch.bfloat16) and not x.is_cuda
    return x.to(torch.float32) if narrow else x


def _sum_of(x: Any, geometry: Geometry) -> Any:
    function = torch.nn.functional.avg_pool2d if len(geometry.size) == 2 else torch.nn.functional.avg_pool3d
    return function(x, geometry.size, geometry.stride, 0, False, True, 1)


def _rounds_up_for(geometry: Geometry, sizes: Any) -> bool | None:
    """The same for means: torch takes none of windows larger than what there is, padding or not."""
    larger = any(size < window for size, window in zip(sizes, geometry.size))
    return None if larger else largest.rounds_up(geometry)


def _counts(sizes: Any, geometry: Geometry, like: Any) -> Any:
    """How many elements of each window are no padding."""
    ones = torch.ones((1, 1, *sizes), dtype=like.dtype, device=like.device)
    return _sum_of(padded(ones, geometry), geometry)


def _avg_pool_grad(op: Any, sizes: Any, dy: Any, rank: int) -> Any:
    sizes = list(sizes)
    geometry = _geometry(op, tuple(sizes), None)
    if nothing(sizes, dy.shape, geometry.size):
        return dy.new_zeros(sizes)
    dtype, dy = dy.dtype, _wide(to_torch(op, dy, rank))
    shape = [sizes[0], sizes[-1], *sizes[1:-1]] if channels_last(op) else sizes
    function = torch.ops.aten.avg_pool2d_backward if rank == 4 else torch.ops.aten.avg_pool3d_backward
    rounds_up = _rounds_up_for(geometry, shape[2:])
    if rounds_up is None:
        wide = [*shape[:2], *[s + b + a for s, b, a in zip(shape[2:], geometry.before, geometry.after)]]
        dy = dy / _counts(shape[2:], geometry, dy)
        zero = [0] * len(geometry.size)
        dx = function(dy, unread(op, wide, dy), geometry.size, geometry.stride, zero, False, True, 1)
        dx = unpadded(dx, geometry)
    else:
        dx = function(dy, unread(op, shape, dy), geometry.size, geometry.stride, geometry.before, rounds_up, False,
                      None)
    return from_torch(op, dx.to(dtype), rank)


def _avg_family(suffix: str, rank: int) -> None:
    """AvgPool with its gradient, in one number of dimensions."""
    grad, forward = getattr(raw, f"avg_pool{suffix.lower()}_grad"), getattr(raw, f"avg_pool{suffix.lower()}")

    def gradient(op: Any, dy: Tensor) -> Tensor:
        return grad(shape_ops.shape(op.op._inputs[0]), dy, **_attrs(op))

    def grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
        return raw.stop_gradient(op.orig_input_shape), forward(dz, **_attrs(op))

    register(f"AvgPool{suffix}", lambda op, x: pool_shape(op, x, op.ksize, op.strides, rank),
             lambda op, x: avg_pool(op, x, rank), gradient, check=_plane(rank))
    register(f"AvgPool{suffix}Grad", lambda op, sizes, dy: with_rank(static_dims(op.orig_input_shape), rank),
             lambda op, sizes, dy: _avg_pool_grad(op, sizes, dy, rank), grad_gradient, host="orig_input_shape",
             check=_mean_grad_check(rank))


_avg_family("", 4)
_avg_family("3D", 5)
