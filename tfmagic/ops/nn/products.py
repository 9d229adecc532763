"""Convolutions of NHWC images as products of matrices, where that is faster.

That is: one product where the windows hold a single pixel, and where they hold more, when few windows meet filters so
large that a convolution engine does little but bring them into its own order. Windows as wide as the image, as over
the vectors of words in a sentence, are first made windows of one pixel that has as many channels more.

TensorFlow's filters [height, width, channels, out] are a matrix as they stand, and so are images: nothing is permuted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.ops.nn.windows import Geometry, channels_last, unpadded

# Below so many numbers any order of the filters is made in no time.
_LARGE_FILTERS = 1 << 16
# Bringing one filter into another order takes as long as reading its pixel of so many windows.
_WINDOWS_PER_FILTER = 2
# What windows hold takes memory: at most so many times that of what comes out of them, and so many numbers.
_COLUMNS_PER_FILTER = 4
_MOST_COLUMNS = 1 << 24


def _is_known(op: Any, x_shape: Sequence[Any], filter_shape: Sequence[Any]) -> bool:
    """Whether there are images of two axes, with their channels last, all of known sizes and none of them empty."""
    sizes = (*x_shape, *filter_shape)
    return len(sizes) == 8 and channels_last(op) and all(type(size) is int and size > 0 for size in sizes)


def as_product(op: Any, x_shape: Sequence[Any], filter_shape: Sequence[Any], geometry: Geometry, like: Any) -> bool:
    """Whether a convolution, or a gradient of one, is to be a product.

    Args:
      x_shape, filter_shape: the shapes of images and filters in TensorFlow's layout.
      like: a value of the type and on the device of all.
    """
    if not _is_known(op, x_shape, filter_shape):
        return False
    if x_shape[3] != filter_shape[2] or like.is_cuda or like.is_floating_point() is not True:
        return False
    if _one_pixel(geometry):
        return True
    height, width, depth, out = filter_shape
    rows, columns = geometry.outputs(x_shape[1:3])
    return height * width * depth * out >= _LARGE_FILTERS and geometry.dilation == [1, 1] \
        and rows > 0 and columns > 0 and x_shape[0] * rows * columns <= _WINDOWS_PER_FILTER * out


def as_columns(op: Any, x_shape: Sequence[Any], filter_shape: Sequence[Any], geometry: Geometry, like: Any) -> bool:
    """Whether the gradient by images of so few channels is a product and a sum over the windows.

    An engine computes some channels at once, and does nothing with most of them here.

    Args:
      x_shape, filter_shape: the shapes of images and filters in TensorFlow's layout.
      like: a value of the type and on the device of all.
    """
    if not _is_known(op, x_shape, filter_shape):
        return False
    height, width, depth, out = filter_shape
    if x_shape[3] != depth or like.is_cuda or like.dtype not in (torch.float32, torch.float64):
        return False
    rows, columns = geometry.outputs(x_shape[1:3])
    return depth <= (1 if geometry.stride == [1, 1] else 3) and height * width * depth <= _COLUMNS_PER_FILTER * out \
        and rows > 0 and columns > 0 and x_shape[0] * rows * columns * height * width * depth <= _MOST_COLUMNS


def across(op: Any, x_shape: Sequence[Any], filter_shape: Sequence[Any], geometry: Geometry) \
        -> tuple[list[int], list[int], Geometry] | None:
    """The same convolution with windows one pixel wide; None unless its windows are as wide as the images.

    Returns:
      The shapes of images and filters to which theirs are changed, and the windows.
    """
    if not _is_known(op, x_shape, filter_shape):
        return None
    whole = [geometry.size[axis] == x_shape[axis + 1] and geometry.before[axis] == geometry.after[axis] == 0 and
             geometry.dilation[axis] == 1 for axis in (0, 1)]
    if x_shape[3] != filter_shape[2] or not whole[1] or x_shape[2] == 1:
        return None
    batch, height, width, depth = x_shape
    if whole[0]:
        return [batch, 1, 1, height * width * depth], [1, 1, height * width * depth, filter_shape[3]], \
            Geometry([1, 1], [1, 1], [1, 1], [0, 0], [0, 0])
    first = {name: [getattr(geometry, name)[0], other] for name, other in
             (("size", 1), ("stride", 1), ("dilation", 1), ("before", 0), ("after", 0))}
    return [batch, height, 1, width * depth], [filter_shape[0], 1, width * depth, filter_shape[3]], Geometry(**first)


def convolved(x: Any, filters: Any, geometry: Geometry) -> Any:
    """The convolution of [batch, height, width, channels] with filters [h, w, channels, out]."""
    out = filters.shape[3]
    if _one_pixel(geometry):
        return torch.matmul(_every(x, geometry.stride), filters.reshape(-1, out))
    y = torch.matmul(_windows(x, geometry), filters.reshape(-1, out))
    return y.reshape(x.shape[0], *geometry.outputs(x.shape[1:3]), out)


def by_input(op: Any, sizes: Sequence[int], filters: Any, dy: Any, geometry: Geometry) -> Any:
    """The gradient of `convolved` by its input, whose shape is `sizes`."""
    depth, out = filters.shape[2:]
    if not _one_pixel(geometry):
        parts = torch.matmul(dy.reshape(-1, out), filters.reshape(-1, out).t())
        parts = parts.reshape(*dy.shape[:3], *geometry.size, depth)
        return op.call(summed_windows, parts, list(sizes), geometry.stride, geometry.before)
    dx = torch.matmul(dy, filters.reshape(depth, out).t())
    return dx if geometry.stride == [1, 1] else op.call(spread, dx, list(sizes), geometry.stride)


def by_input_of_columns(sizes: Sequence[int], filters: Any, dy: Any, geometry: Geometry) -> Any:
    """The gradient of a convolution by its input, whose shape is `sizes`, where that has few channels."""
    out = filters.shape[3]
    columns = torch.matmul(filters.permute(2, 0, 1, 3).reshape(-1, out),
                           dy.reshape(dy.shape[0], -1, out).permute(0, 2, 1))
    room = [size + b + a for size, b, a in zip(sizes[1:3], geometry.before, geometry.after)]
    dx = torch.nn.functional.fold(columns, room, geometry.size, geometry.dilation, 0, geometry.stride)
    return unpadded(dx, geometry).permute(0, 2, 3, 1).contiguous()


def by_filter(x: Any, filter_sizes: Sequence[int], dy: Any, geometry: Geometry) -> Any:
    """The gradient of `convolved` by its filters, whose shape is `filter_sizes`."""
    depth, out = filter_sizes[2:]
    windows = _every(x, geometry.stride).reshape(-1, depth) if _one_pixel(geometry) else _windows(x, geometry)
    return torch.matmul(windows.t(), dy.reshape(-1, out)).reshape(*filter_sizes)


def _one_pixel(geometry: Geometry) -> bool:
    return geometry.size == [1, 1] and not geometry.any_padding


def _every(x: Any, stride: Sequence[int]) -> Any:
    """The pixels at which windows begin."""
    return x if list(stride) == [1, 1] else x[:, ::stride[0], ::stride[1]]


def _windows(x: Any, geometry: Geometry) -> Any:
    """The windows of images as the rows of a matrix."""
    if geometry.any_padding:
        x = torch.nn.functional.pad(x, [0, 0, *geometry.pads])
    for axis, (size, stride) in enumerate(zip(geometry.size, geometry.stride)):
        x = x.unfold(axis + 1, size, stride)
    return x.permute(0, 1, 2, 4, 5, 3).reshape(-1, geometry.size[0] * geometry.size[1] * x.shape[3])


# --- called by plans --------------------------------------------------------------------------------------------


def spread(values: Any, sizes: Sequence[int], stride: Sequence[int]) -> Any:
    """Images of these sizes that have `values` at every so many pixels, and zeros between them."""
    result = values.new_zeros(sizes)
    result[:, ::stride[0], ::stride[1]] = values
    return result


def summed_windows(parts: Any, sizes: Sequence[int], stride: Sequence[int], before: Sequence[int]) -> Any:
    """Images of these sizes where each pixel is the sum of what the windows over it hold for it.

    Args:
      parts: the windows: [batch, rows, columns, height, width, channels].
      stride: from one window to the next.
      before: how far the first windows stand out.
    """
    if parts.is_meta:
        return parts.new_empty(sizes)
    batch, rows, columns, *size, depth = parts.shape
    ends = [slice(offset, offset + total) for offset, total in zip(before, sizes[1:3])]
    room = [max((count - 1) * step + window, end.stop)
            for count, step, window, end in zip((rows, columns), stride, size, ends)]
    result = parts.new_zeros(batch, *room, depth)
    for i in range(size[0]):
        for j in range(size[1]):
            result[:, i:i + (rows - 1) * stride[0] + 1:stride[0],
                   j:j + (columns - 1) * stride[1] + 1:stride[1]] += parts[:, :, :, i, j]
    return result[:, ends[0], ends[1]].contiguous()
