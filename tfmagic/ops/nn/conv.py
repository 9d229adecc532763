"""Convolutions in two and three dimensions, their gradients by input and filter, and depthwise convolutions."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims, brackets
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import static_dims
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.declare import op
from tfmagic.ops.nn import products, windows
from tfmagic.ops.nn.windows import (
    ChannelsLast,
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
from tfmagic.ops.shape_rules import check_length, merge_dim, with_rank

# --- shapes ----------------------------------------------------------------------------------------------------


def conv_shape(op: Any, x: Dims, filters: Dims, rank: int, depthwise: bool = False) -> Dims:
    """The shape of a convolution."""
    x, filters = with_rank(x, rank), with_rank(filters, rank)
    if depthwise:
        check_length("DepthwiseConv2D requires the stride", rank, op.strides)
    else:
        kind = f"Conv{rank - 2}D"
        check_length(f"{kind} requires the dilation", rank, op.dilations)
        layout = f" on data format {op.data_format}" if rank == 4 else ""
        check_length(f"{kind}{layout} requires the stride", rank, op.strides)
    strides, dilations = spatial(op, op.strides), [1] * (rank - 2) if depthwise else spatial(op, op.dilations)
    depth = x[-1 if channels_last(op) else 1]
    *sizes, filter_depth, out_depth = filters
    if depthwise:
        merge_dim(depth, filter_depth)
        known = merge_dim(depth, filter_depth)
        out_depth = None if known is None or out_depth is None else known * out_depth
    elif depth is not None and filter_depth is not None:
        if not depth or not filter_depth or depth % filter_depth:
            raise ValueError(f"Depth of input ({depth}) is not a multiple of input depth of filter ({filter_depth})")
        if out_depth is not None and out_depth % (depth // filter_depth):
            raise ValueError(f"Depth of output ({out_depth}) is not a multiple of the number of groups "
                             f"({depth // filter_depth})")
    if op.padding == "EXPLICIT" and len(op.explicit_paddings) != 2 * rank:
        raise ValueError(f"explicit_paddings attribute must contain {2 * rank} values, but got: "
                         f"{len(op.explicit_paddings)}")
    if rank == 4 and op.padding != "EXPLICIT" and getattr(op, "explicit_paddings", None):
        raise ValueError("explicit_paddings attribute must be empty if the padding attribute is not EXPLICIT")
    before, after = [0] * len(sizes), [0] * len(sizes)
    if op.padding == "EXPLICIT":
        _check_explicit(op)
        before, after = windows.paddings(op, sizes, sizes, strides, dilations)  # type: ignore[arg-type]
    out = [windows.output_size(size, window, stride, dilation, op.padding, b, a) for
           size, window, stride, dilation, b, a in zip(spatial(op, x), sizes, strides, dilations, before, after)]
    return (x[0], *out, out_depth) if channels_last(op) else (x[0], out_depth, *out)


def _check_explicit(op: Any) -> None:
    """Refuse paddings that cut something off, or pad the batch or the channels.

    Raises:
      ValueError: with TensorFlow's words.
    """
    given = list(op.explicit_paddings)
    if min(given) < 0:
        raise ValueError("All elements of explicit_paddings must be nonnegative")
    channel = len(given) // 2 - 1 if channels_last(op) else 1
    if any(given[:2]) or any(given[2 * channel:2 * channel + 2]):
        raise ValueError("Nonzero explicit padding in the batch or depth dimensions is not supported")


def _sizes_shape(op: Any, index: int, rank: int) -> Dims:
    """The shape that the input `index` holds."""
    return with_rank(static_dims(op.op._inputs[index]), rank)


# --- torch -----------------------------------------------------------------------------------------------------


# From so many numbers on, filters are put into torch's order here: as a matrix, which torch turns over block by block.
_TURNED = 1 << 15


def _filter_to_torch(op: Any, filters: Any, rank: int) -> Any:
    """[h, w, in, out] as [out, in, h, w]."""
    shape = filters.shape
    if rank == 4 and channels_last(op) and isinstance(shape, torch.Size) and shape.numel() >= _TURNED:
        height, width, depth, out = shape
        turned = filters.reshape(-1, out).t().contiguous()
        return turned.reshape(out, height, width, depth).permute(0, 3, 1, 2)
    return filters.permute(rank - 1, rank - 2, *range(rank - 2))


def _filter_from_torch(filters: Any, rank: int) -> Any:
    return filters.permute(*range(2, rank), 1, 0)


def _depthwise_to_torch(filters: Any, rank: int = 4) -> Any:
    """[h, w, in, multiplier] as [in * multiplier, 1, h, w]."""
    h, w, depth, multiplier = filters.shape
    return filters.permute(2, 3, 0, 1).reshape(depth * multiplier, 1, h, w)


def _depthwise_from_torch(gradient: Any, filter_sizes: Any) -> Any:
    h, w, depth, multiplier = filter_sizes
    return gradient.reshape(depth, multiplier, h, w).permute(2, 3, 0, 1)


def _geometry(op: Any, x_dims: Dims, x: Any, filter_sizes: Any, dilated: bool = True) -> Geometry:
    channel = -1 if channels_last(op) else 1
    holes = "dilations" if len(op.strides) == 4 else "dilation rates"
    for what, steps in (("strides", op.strides), (holes, op.dilations if dilated else ())):
        if steps and (steps[0] != 1 or steps[channel] != 1):
            raise errors.InvalidArgumentError(None, op.op, f"Current implementation does not yet support {what} in the "
                                                           "batch and depth dimensions.")
    sizes, strides = list(filter_sizes), spatial(op, op.strides)
    dilations = spatial(op, op.dilations) if dilated else [1] * len(sizes)
    before, after = windows.paddings(op, windows.sizes_of(op, x_dims, x), sizes, strides, dilations)
    return Geometry(sizes, strides, dilations, before, after)


def _filter_sizes(dims: Dims, filters: Any, rank: int) -> list[Any]:
    known = None if dims is None else dims[:rank - 2]
    return list(known) if known is not None and None not in known else list(filters.shape[:rank - 2])


def _groups(op: Any, dims: Any, x: Any, filter_dims: Any, filters: Any) -> int:
    axis = -1 if channels_last(op) else 1
    depth = x.shape[axis] if dims is None or dims[axis] is None else dims[axis]
    filter_depth = filters.shape[-2] if filter_dims is None or filter_dims[-2] is None else filter_dims[-2]
    if depth == filter_depth:
        return 1
    if depth % filter_depth:
        raise errors.InvalidArgumentError(None, op.op, "input depth must be evenly divisible by filter depth: "
                                                       f"{depth} vs {filter_depth}")
    return depth // filter_depth


def _convolve(x: Any, weights: Any, geometry: Geometry, groups: int) -> Any:
    """Cross-correlation in torch's layout."""
    if nothing(x.shape, weights.shape) or geometry.none(x.shape[2:]):
        return x.new_zeros([x.shape[0], weights.shape[0], *geometry.outputs(x.shape[2:])])
    if geometry.symmetric:
        padding = geometry.before
    else:
        x, padding = padded(x, geometry), [0] * len(geometry.before)
    function = torch.conv2d if len(padding) == 2 else torch.conv3d
    return function(x, weights, None, geometry.stride, padding, geometry.dilation, groups)


def _by_input(op: Any, x_shape: Any, weights: Any, dy: Any, geometry: Geometry, groups: int) -> Any:
    """The gradient of `_convolve` by its input, whose shape in torch's layout is `x_shape`."""
    if nothing(x_shape, weights.shape, dy.shape):
        return dy.new_zeros(list(x_shape))
    zero = [0] * len(geometry.size)
    shape = list(x_shape)
    padding = geometry.before
    if not geometry.symmetric:
        padding = zero
        for axis, (b, a) in enumerate(zip(geometry.before, geometry.after)):
            shape[axis + 2] += b + a
    dx = torch.ops.aten.convolution_backward(dy, unread(op, shape, dy), weights, None, geometry.stride, padding,
                                             geometry.dilation, False, zero, groups, [True, False, False])[0]
    return dx if geometry.symmetric else unpadded(dx, geometry)


def _by_filter(x: Any, weights_shape: Any, dy: Any, geometry: Geometry, groups: int) -> Any:
    """The gradient of `_convolve` by its filter, whose shape in torch's layout is `weights_shape`."""
    if nothing(x.shape, weights_shape, dy.shape):
        return dy.new_zeros(list(weights_shape))
    zero = [0] * len(geometry.size)
    if geometry.symmetric:
        padding = geometry.before
    else:
        x, padding = padded(x, geometry), zero
    weights = torch.empty(1, dtype=dy.dtype, device=dy.device).expand(list(weights_shape))
    return torch.ops.aten.convolution_backward(dy, x, weights, None, geometry.stride, padding, geometry.dilation, False,
                                               zero, groups, [False, True, False])[1]


def _channels_first(op: Any, sizes: Any) -> list[int]:
    """A shape in TensorFlow's layout as one in torch's."""
    sizes = list(sizes)
    return [sizes[0], sizes[-1], *sizes[1:-1]] if channels_last(op) else sizes


# What TensorFlow's kernels of the gradients call themselves.
_LABELS = {
    "Conv2DBackpropInput": "Conv2DCustomBackpropInput",
    "Conv2DBackpropFilter": "Conv2DCustomBackpropFilter",
    **dict.fromkeys(("Conv3DBackpropInput", "Conv3DBackpropInputV2"), "Conv3DBackpropInputOp"),
    **dict.fromkeys(("Conv3DBackpropFilter", "Conv3DBackpropFilterV2"), "Conv3DBackpropFilterOp"),
    "DepthwiseConv2dNativeBackpropInput": "DepthwiseConv2DBackpropInput",
    "DepthwiseConv2dNativeBackpropFilter": "DepthwiseConv2DBackpropFilter",
}


def _refused_backprop(op: Any, *dims: Any) -> str | None:
    """TensorFlow's words for inputs of a gradient op that have other ranks."""
    names = [arg.name for arg in op.op._op_def.inputs]
    given = dict(zip(names, dims))
    sizes_name = next(name for name in names if name.endswith("_sizes"))
    sizes, other = given[sizes_name], sizes_name.removesuffix("_sizes")
    rank = 5 if "3D" in op.op.type else 4
    if len(sizes) != 1:
        return (f"shape must be a vector of {{int32,int64}}, got shape {brackets(sizes)}" if rank == 5 else
                f"Conv2DBackprop{other.title()}: {sizes_name} input must be 1-dim, not {len(sizes)}")
    ranks = {**{name: len(known) for name, known in given.items()}, other: sizes[0]}
    return next((f"{_LABELS[op.op.type]}: {name} must be {rank}-dimensional"
                 for name in ("input", "filter", "out_backprop") if ranks[name] != rank), None)


def _check_backprop(op: Any, x: Any, filters: Any, dy: Any, geometry: Geometry) -> None:
    """Refuse a gradient whose shapes do not belong together; all are lists in TensorFlow's layout.

    Raises:
      InvalidArgumentError: with TensorFlow's words.
    """
    if all(isinstance(size, int) for size in (*x, *filters, *dy)):
        refused = _unfit_backprop(op, x, filters, dy, geometry)
        if refused is not None:
            raise errors.InvalidArgumentError(None, op.op, refused)


def _unfit_backprop(op: Any, x: Any, filters: Any, dy: Any, geometry: Geometry) -> str | None:
    label, depthwise = _LABELS[op.op.type], op.op.type.startswith("Depthwise")
    of_input = "Input" in op.op.type
    negative = next((i for i, size in enumerate(x if of_input else filters) if size < 0), None)
    if negative is not None:
        return f"Dimension {negative} of {'input' if of_input else 'filter'}_sizes must be >= 0" if depthwise else \
            f"Dimension {(x if of_input else filters)[negative]} must be >= 0"
    if x[0] != dy[0]:
        return f"{label}: input and out_backprop must have the same batch size" + (
            "" if depthwise else f"input batch: {x[0]}outbackprop batch: {dy[0]} batch_dim: 0")
    channel = -1 if channels_last(op) else 1
    if depthwise:
        if x[channel] != filters[2]:
            return f"{label}: input and filter must have the same in_depth"
        if filters[2] * filters[3] != dy[channel]:
            return f"{label}: depth_multiplier * in_depth not equal to out_depth"
    elif not filters[-2] or not x[channel] or x[channel] % filters[-2]:
        return f"{label}: input depth must be evenly divisible by filter depth"
    elif filters[-1] != dy[channel]:
        return f"{label}: filter and out_backprop must have the same out_depth"
    sizes = spatial(op, x)
    for axis, (size, wanted, got, window, stride, dilation) in enumerate(zip(
            sizes, geometry.outputs(sizes), spatial(op, dy), geometry.size, geometry.stride, geometry.dilation)):
        if wanted < 0:
            return (f"Computed output size would be negative: {wanted} [input_size: {size}, effective_filter_size: "
                    f"{(window - 1) * dilation + 1}, stride: {stride}]")
        if wanted != got and depthwise:
            return (f"{label}: Number of {'cols' if axis else 'rows'} of out_backprop doesn't match computed: actual = "
                    f"{got}, computed = {wanted}")
        if wanted != got:
            return (f"{label}: Size of out_backprop doesn't match computed: actual = {got}, computed = {wanted} "
                    f"spatial_dim: {axis + (1 if channels_last(op) else 2)} input: {size} filter: {window} output: "
                    f"{got} stride: {stride} dilation: {dilation}")
    return None


def _attrs(op: Any) -> dict[str, Any]:
    """The attrs that a convolution hands on to its gradients."""
    names = ("strides", "padding", "use_cudnn_on_gpu", "explicit_paddings", "data_format", "dilations")
    return {name: op.op._attrs[name] for name in names if name in op.op._attrs}


# --- 2-D and 3-D -----------------------------------------------------------------------------------------------


def forward(op: Any, x: Any, filters: Any, rank: int) -> Any:
    """The convolution that a node asks for."""
    if op.input._dims is None:
        windows.check_rank(op, x, rank)
    if op.filter._dims is None:
        windows.check_rank(op, filters, rank, "filter")
    geometry = _geometry(op, op.input._dims, x, _filter_sizes(op.filter._dims, filters, rank))
    groups = _groups(op, op.input._dims, x, op.filter._dims, filters)
    narrow = products.across(op, x.shape, filters.shape, geometry)
    if narrow is not None:
        x, filters, geometry = x.reshape(narrow[0]), filters.reshape(narrow[1]), narrow[2]
    if products.as_product(op, x.shape, filters.shape, geometry, x):
        return products.convolved(x, filters, geometry)
    y = _convolve(to_torch(op, x, rank), _filter_to_torch(op, filters, rank), geometry, groups)
    return from_torch(op, y, rank)


def _backprop_input(op: Any, input_sizes: Any, filters: Any, dy: Any, rank: int) -> Any:
    sizes = list(input_sizes)
    geometry = _geometry(op, tuple(sizes), None, _filter_sizes(op.filter._dims, filters, rank))
    _check_backprop(op, sizes, list(filters.shape), list(dy.shape), geometry)
    narrow = products.across(op, sizes, filters.shape, geometry)
    if narrow is None:
        return _dx(op, sizes, filters, dy, geometry, rank)
    return _dx(op, narrow[0], filters.reshape(narrow[1]), dy, narrow[2], rank).reshape(sizes)


def _dx(op: Any, sizes: list[Any], filters: Any, dy: Any, geometry: Geometry, rank: int) -> Any:
    """The gradient of a convolution by its input, whose shape is `sizes`, in TensorFlow's layout."""
    depth = sizes[-1 if channels_last(op) else 1]
    if products.as_product(op, sizes, filters.shape, geometry, dy):
        return products.by_input(op, sizes, filters, dy, geometry)
    if products.as_columns(op, sizes, filters.shape, geometry, dy):
        return products.by_input_of_columns(sizes, filters, dy, geometry)
    groups = 1 if filters.shape[-2] == depth else depth // filters.shape[-2]
    x_shape = _channels_first(op, sizes)
    if groups == 1 and rank == 4 and _turns_round(geometry, dy) and not nothing(x_shape, filters.shape, dy.shape):
        # The same windows the other way round: torch's engine is faster forwards.
        weights = filters.flip(0, 1).permute(2, 3, 0, 1)
        padding = [(size - 1) * dilation - before
                   for size, dilation, before in zip(geometry.size, geometry.dilation, geometry.before)]
        dx = torch.conv2d(to_torch(op, dy, rank), weights, None, [1, 1], padding, geometry.dilation, 1)
    else:
        dx = _by_input(op, x_shape, _filter_to_torch(op, filters, rank), to_torch(op, dy, rank), geometry, groups)
    return from_torch(op, dx, rank)


def _turns_round(geometry: Geometry, dy: Any) -> bool:
    """Whether the gradient by the input is computed as a convolution with the filters turned round.

    For numbers of double precision torch has an engine of its own, which is slower so.
    """
    return dy.dtype != torch.float64 and geometry.symmetric and all(step == 1 for step in geometry.stride) and all(
        (size - 1) * dilation >= before
        for size, dilation, before in zip(geometry.size, geometry.dilation, geometry.before))


def _backprop_filter(op: Any, x: Any, filter_sizes: Any, dy: Any, rank: int) -> Any:
    *sizes, depth, out_depth = list(filter_sizes)
    geometry = _geometry(op, op.input._dims, x, sizes)
    _check_backprop(op, list(x.shape), list(filter_sizes), list(dy.shape), geometry)
    narrow = products.across(op, x.shape, list(filter_sizes), geometry)
    if narrow is None:
        return _dw(op, x, list(filter_sizes), dy, geometry, rank)
    return _dw(op, x.reshape(narrow[0]), narrow[1], dy, narrow[2], rank).reshape(list(filter_sizes))


def _dw(op: Any, x: Any, filter_sizes: list[Any], dy: Any, geometry: Geometry, rank: int) -> Any:
    """The gradient of a convolution by its filter, whose shape is `filter_sizes`, in TensorFlow's layout."""
    *sizes, depth, out_depth = filter_sizes
    if products.as_product(op, x.shape, filter_sizes, geometry, dy):
        return products.by_filter(x, filter_sizes, dy, geometry)
    channels = x.shape[-1 if channels_last(op) else 1]
    groups = 1 if channels == depth else channels // depth
    dw = _by_filter(to_torch(op, x, rank), [out_depth, depth, *sizes], to_torch(op, dy, rank), geometry, groups)
    return _filter_from_torch(dw, rank)


def refused_rank(op: Any, x: Any, filters: Any) -> str | None:
    """TensorFlow's words for what is no batch of images, or no filter for them."""
    if len(x) != 4:
        return f"input must be 4-dimensional{brackets(x)}"
    return None if len(filters) == 4 else f"filter must be 4-dimensional: {brackets(filters)}"


def _refused_depth(op: Any, x: Any, filters: Any) -> str | None:
    """TensorFlow's words for an input whose channels the filters do not divide."""
    refused = refused_rank(op, x, filters)
    if refused is not None:
        return refused
    depth = x[-1 if channels_last(op) else 1]
    if filters[2] and depth % filters[2] == 0:
        return None
    return f"input depth must be evenly divisible by filter depth: {depth} vs {filters[2]}"


@op("Conv2D", traced="shapes", check=_refused_depth)
class Conv2D:
    """Cross-correlation of [batch, height, width, channels] with filters [height, width, channels, out]."""

    def shape(op: Any, x: Dims, filters: Dims) -> Dims:
        return conv_shape(op, x, filters, 4)

    def kernel(op: Any, x: Any, filters: Any) -> Any:
        return forward(op, x, filters, 4)

    def gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
        shape_x, shape_filter = raw.shape_n([op.input, op.filter])
        return (raw.conv2d_backprop_input(shape_x, op.filter, dy, **_attrs(op)),
                raw.conv2d_backprop_filter(op.input, shape_filter, dy, **_attrs(op)))


@op("Conv2DBackpropInput", host="input_sizes", check=_refused_backprop)
class Conv2DBackpropInput:
    """The gradient of Conv2D by its input; also a transposed convolution."""

    def shape(op: Any, sizes: Dims, filters: Dims, dy: Dims) -> Dims:
        return _backprop_input_shape(op, sizes, filters, dy, 4)

    def kernel(op: Any, input_sizes: Any, filters: Any, dy: Any) -> Any:
        return _backprop_input(op, input_sizes, filters, dy, 4)

    def gradient(op: Any, dz: Tensor) -> tuple[None, Tensor, Tensor]:
        return (None, raw.conv2d_backprop_filter(dz, shape_ops.shape(op.filter), op.out_backprop, **_attrs(op)),
                raw.conv2d(dz, op.filter, **_attrs(op)))


def _backprop_input_shape(op: Any, sizes: Dims, filters: Dims, dy: Dims, rank: int) -> Dims:
    if rank == 5:
        with_rank(filters, rank)
        with_rank(dy, rank)
    return with_rank(static_dims(op.input_sizes), rank)


@op("Conv2DBackpropFilter", host="filter_sizes", check=_refused_backprop)
class Conv2DBackpropFilter:
    """The gradient of Conv2D by its filter."""

    def shape(op: Any, x: Dims, sizes: Dims, dy: Dims) -> Dims:
        return _sizes_shape(op, 1, 4)

    def kernel(op: Any, x: Any, filter_sizes: Any, dy: Any) -> Any:
        return _backprop_filter(op, x, filter_sizes, dy, 4)

    def gradient(op: Any, dz: Tensor) -> tuple[Tensor, None, Tensor]:
        return (raw.conv2d_backprop_input(shape_ops.shape(op.input), dz, op.out_backprop, **_attrs(op)), None,
                raw.conv2d(op.input, dz, **_attrs(op)))


def _refused_volume(op: Any, x: Any, filters: Any) -> str | None:
    if len(x) != 5:
        return "input must be 5-dimensional"
    if len(filters) != 5:
        return "filter must be 5-dimensional"
    depth = x[-1 if channels_last(op) else 1]
    if filters[3] and depth % filters[3] == 0:
        return None
    return f"Input depth must be evenly divisible by filter depth: {depth} vs {filters[3]}"


@op("Conv3D", check=_refused_volume)
class Conv3D:
    """Cross-correlation of [batch, depth, height, width, channels] with filters [d, h, w, channels, out]."""

    def shape(op: Any, x: Dims, filters: Dims) -> Dims:
        return conv_shape(op, x, filters, 5)

    def kernel(op: Any, x: Any, filters: Any) -> Any:
        return forward(op, x, filters, 5)

    def gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
        dx = raw.conv3d_backprop_input_v2(shape_ops.shape(op.input), op.filter, dy, **_attrs(op))
        return dx, raw.conv3d_backprop_filter_v2(op.input, shape_ops.shape(op.filter), dy, **_attrs(op))


@op("Conv3DBackpropInputV2", host="input_sizes", check=_refused_backprop)
class Conv3DBackpropInputV2:
    """The gradient of Conv3D by its input; also a transposed convolution."""

    def shape(op: Any, sizes: Dims, filters: Dims, dy: Dims) -> Dims:
        return _sizes_shape(op, 0, 5)

    def kernel(op: Any, input_sizes: Any, filters: Any, dy: Any) -> Any:
        return _backprop_input(op, input_sizes, filters, dy, 5)

    def gradient(op: Any, dz: Tensor) -> tuple[None, Tensor, Tensor]:
        return (None, raw.conv3d_backprop_filter_v2(dz, shape_ops.shape(op.filter), op.out_backprop, **_attrs(op)),
                raw.conv3d(dz, op.filter, **_attrs(op)))


@op("Conv3DBackpropFilterV2", host="filter_sizes", check=_refused_backprop)
class Conv3DBackpropFilterV2:
    """The gradient of Conv3D by its filter."""

    def shape(op: Any, x: Dims, sizes: Dims, dy: Dims) -> Dims:
        return _sizes_shape(op, 1, 5)

    def kernel(op: Any, x: Any, filter_sizes: Any, dy: Any) -> Any:
        return _backprop_filter(op, x, filter_sizes, dy, 5)

    def gradient(op: Any, dz: Tensor) -> tuple[Tensor, None, Tensor]:
        return (raw.conv3d_backprop_input_v2(shape_ops.shape(op.input), dz, op.out_backprop, **_attrs(op)), None,
                raw.conv3d(op.input, dz, **_attrs(op)))


def _refused_ranks(op: Any, *dims: Any) -> str | None:
    """TensorFlow's words for inputs of the older gradient ops that have other ranks."""
    return next((f"{_LABELS[op.op.type]}: {name} must be 5-dimensional"
                 for name, known in zip(("input", "filter", "out_backprop"), dims) if len(known) != 5), None)


@op("Conv3DBackpropInput", check=_refused_ranks)
class Conv3DBackpropInput:
    """The older form of Conv3DBackpropInputV2, which takes the input itself for its shape."""

    def shape(op: Any, x: Dims, filters: Dims, dy: Dims) -> Dims:
        return with_rank(x, 5)

    def kernel(op: Any, x: Any, filters: Any, dy: Any) -> Any:
        return _backprop_input(ChannelsLast(op, dilations=op.dilations), x.shape, filters, dy, 5)


@op("Conv3DBackpropFilter", check=_refused_ranks)
class Conv3DBackpropFilter:
    """The older form of Conv3DBackpropFilterV2, which takes the filter itself for its shape."""

    def shape(op: Any, x: Dims, filters: Dims, dy: Dims) -> Dims:
        return with_rank(filters, 5)

    def kernel(op: Any, x: Any, filters: Any, dy: Any) -> Any:
        return _backprop_filter(ChannelsLast(op, dilations=op.dilations), x, filters.shape, dy, 5)


# --- depthwise -------------------------------------------------------------------------------------------------


def _depthwise_geometry(op: Any, x_dims: Dims, x: Any, filter_sizes: Any) -> Geometry:
    """The windows of a depthwise convolution: TensorFlow's kernels know no dilation (tf.nn.depthwise_conv2d does)."""
    return _geometry(op, x_dims, x, filter_sizes, dilated=False)


def _refused_depthwise(op: Any, x: Any, filters: Any) -> str | None:
    """TensorFlow's words for filters of another depth, and strides that its kernel does not know."""
    refused = refused_rank(op, x, filters)
    if refused is not None:
        return refused
    depth = x[-1 if channels_last(op) else 1]
    if depth != filters[2]:
        return f"input and filter must have the same depth: {depth} vs {filters[2]}"
    across, down = spatial(op, op.strides)
    return None if across == down else ("Current implementation only supports equal length strides in the row and "
                                        "column dimensions.")


@op("DepthwiseConv2dNative", check=_refused_depthwise)
class DepthwiseConv2dNative:
    """Each channel with filters of its own: [h, w, channels, multiplier] gives channels * multiplier channels."""

    def shape(op: Any, x: Dims, filters: Dims) -> Dims:
        return conv_shape(op, x, filters, 4, depthwise=True)

    def kernel(op: Any, x: Any, filters: Any) -> Any:
        geometry = _depthwise_geometry(op, op.input._dims, x, _filter_sizes(op.filter._dims, filters, 4))
        y = _convolve(to_torch(op, x, 4), _depthwise_to_torch(filters), geometry, filters.shape[2])
        return from_torch(op, y, 4)

    def gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
        return (raw.depthwise_conv2d_native_backprop_input(shape_ops.shape(op.input), op.filter, dy, **_attrs(op)),
                raw.depthwise_conv2d_native_backprop_filter(op.input, shape_ops.shape(op.filter), dy, **_attrs(op)))


@op("DepthwiseConv2dNativeBackpropInput", host="input_sizes", check=_refused_backprop)
class DepthwiseConv2dNativeBackpropInput:
    """The gradient of DepthwiseConv2dNative by its input."""

    def shape(op: Any, sizes: Dims, filters: Dims, dy: Dims) -> Dims:
        return _sizes_shape(op, 0, 4)

    def kernel(op: Any, input_sizes: Any, filters: Any, dy: Any) -> Any:
        sizes = list(input_sizes)
        geometry = _depthwise_geometry(op, tuple(sizes), None, _filter_sizes(op.filter._dims, filters, 4))
        _check_backprop(op, sizes, list(filters.shape), list(dy.shape), geometry)
        dx = _by_input(op, _channels_first(op, sizes), _depthwise_to_torch(filters), to_torch(op, dy, 4), geometry,
                       filters.shape[2])
        return from_torch(op, dx, 4)

    def gradient(op: Any, dz: Tensor) -> tuple[None, Tensor, Tensor]:
        return (None, raw.depthwise_conv2d_native_backprop_filter(dz, shape_ops.shape(op.filter), op.out_backprop,
                                                                  **_attrs(op)),
                raw.depthwise_conv2d_native(dz, op.filter, **_attrs(op)))


@op("DepthwiseConv2dNativeBackpropFilter", host="filter_sizes",
    check=_refused_backprop)
class DepthwiseConv2dNativeBackpropFilter:
    """The gradient of DepthwiseConv2dNative by its filter."""

    def shape(op: Any, x: Dims, sizes: Dims, dy: Dims) -> Dims:
        return _sizes_shape(op, 1, 4)

    def kernel(op: Any, x: Any, filter_sizes: Any, dy: Any) -> Any:
        h, w, depth, multiplier = filter_sizes
        geometry = _depthwise_geometry(op, op.input._dims, x, [h, w])
        _check_backprop(op, list(x.shape), list(filter_sizes), list(dy.shape), geometry)
        dw = _by_filter(to_torch(op, x, 4), [depth * multiplier, 1, h, w], to_torch(op, dy, 4), geometry, depth)
        return _depthwise_from_torch(dw, filter_sizes)

    def gradient(op: Any, dz: Tensor) -> tuple[Tensor, None, Tensor]:
        return (raw.depthwise_conv2d_native_backprop_input(shape_ops.shape(op.input), dz, op.out_backprop,
                                                           **_attrs(op)), None,
                raw.depthwise_conv2d_native(op.input, dz, **_attrs(op)))


