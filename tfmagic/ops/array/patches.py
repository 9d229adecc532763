"""Patches: every window of an image or a volume."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array import constants
from tfmagic.ops.array.join import concat
from tfmagic.ops.array.order import transpose
from tfmagic.ops.array.sequences import range_
from tfmagic.ops.array.shape_ops import expand_dims, reshape, shape
from tfmagic.ops.declare import op


def window(size: int, kernel: int, stride: int, rate: int, padding: str) -> tuple[int, int, int]:
    """Number of windows along an axis, and the padding before and after it."""
    effective = (kernel - 1) * rate + 1
    if padding == "VALID":
        return max(0, -(-(size - effective + 1) // stride)), 0, 0
    count = -(-size // stride)
    total = max((count - 1) * stride + effective - size, 0)
    return count, total // 2, total - total // 2


def _patch_dims(op: Any, x: Dims, kernels: list[int], rates: list[int], rank: int) -> Dims:
    batch, *space, depth = shape_rules.with_rank(x, rank)
    for name, values in (("ksizes", kernels), ("stride", op.strides), ("rates", rates)):
        shape_rules.check_length(f"{op.op.type} requires the {name}", rank, values)
    elements = int(np.prod(kernels[1:-1]))
    depth = 0 if elements == 0 else None if depth is None else depth * elements
    if None in space:
        return (batch, None, None, depth)  # TensorFlow's rule says this of volumes too
    sizes = []
    for axis, size in enumerate(space, 1):
        if op.strides[axis] <= 0:
            raise ValueError(f"Stride must be > 0, but got {op.strides[axis]}")
        sizes.append(window(size, kernels[axis], op.strides[axis], rates[axis], op.padding)[0])  # type: ignore[arg-type]
    return (batch, *sizes, depth)


def _refused_patches(op: Any, x: Any) -> Any:
    """TensorFlow's words for a run with a value of this shape, or with attrs that it does not look at before."""
    for name in ("ksizes", "strides", "rates"):
        given = getattr(op, name) if name in op.op._attrs else [1]
        if given[0] != 1 or given[-1] != 1:
            return errors.UnimplementedError(None, None, f"Only support {name} across space.")
        if min(given) < 1:
            return errors.OutOfRangeError(None, None, f"{name} is out of range.")
    rank = len(op.ksizes)
    return None if len(x) == rank else f"input must be {rank}-dimensional{shapes.brackets(x)}"


def _patches(x: Any, kernels: list[int], strides: list[int], rates: list[int], padding: str) -> Any:
    """Every window of the spatial axes, its elements in the depth axis (NumPy or torch)."""
    is_array = isinstance(x, np.ndarray)
    axes = range(1, x.ndim - 1)
    index: list[Any] = []
    for axis in axes:
        count, before, after = window(x.shape[axis], kernels[axis], strides[axis], rates[axis], padding)
        if before or after:
            if is_array:
                x = np.pad(x, [(before, after) if at == axis else (0, 0) for at in range(x.ndim)])
            else:
                x = torch.nn.functional.pad(x, [0, 0] * (x.ndim - 1 - axis) + [before, after])
        numbers = np.arange if is_array else functools.partial(torch.arange, device=x.device)
        index.append((numbers(count) * strides[axis])[:, None] + (numbers(kernels[axis]) * rates[axis])[None, :])
    for position, (axis, places) in enumerate(zip(axes, index)):
        x = x[(slice(None),) * (axis + position) + (places,)]  # the axis becomes [windows, offsets]
    spatial = len(index)
    order = [0, *range(1, 2 * spatial, 2), *range(2, 2 * spatial + 1, 2), 2 * spatial + 1]
    x = np.transpose(x, order) if is_array else x.permute(order)
    return x.reshape((*x.shape[:spatial + 1], math.prod(x.shape[spatial + 1:])))


@op("ExtractImagePatches", traced="shapes", check=_refused_patches)
class ExtractImagePatches:
    """Every window of an image, its elements in the depth axis."""

    def shape(op, images):
        return _patch_dims(op, images, op.ksizes, op.rates, 4)

    def kernel(op, images):
        return _patches(images, op.ksizes, op.strides, op.rates, op.padding)

    def static(op, images):
        return _patches(images, op.ksizes, op.strides, op.rates, op.padding)

    def gradient(op, dy):
        sizes = shape(op.images, out_type=dtypes.int64)
        batch, rows, columns, depth = (sizes[axis] for axis in range(4))

        def windows():
            found = shape(op.patches, out_type=dtypes.int64)
            return [found[1], found[2]]

        return _patches_gradient(dy, batch, [rows, columns], depth, op.ksizes[1:-1], windows, lambda numbers:
                                 raw.extract_image_patches(numbers, op.ksizes, op.strides, op.rates, op.padding))


@op("ExtractVolumePatches", traced="shapes", check=_refused_patches)
class ExtractVolumePatches:
    """Every window of a volume, its elements in the depth axis."""

    def shape(op, x):
        return _patch_dims(op, x, op.ksizes, [1] * 5, 5)

    def kernel(op, x):
        return _patches(x, op.ksizes, op.strides, [1] * 5, op.padding)

    def static(op, x):
        return _patches(x, op.ksizes, op.strides, [1] * 5, op.padding)

    def gradient(op, dy):
        if op.input._dims is None or None in op.input._dims[1:-1]:
            raise TypeError("The gradient of patches of a volume needs an input whose planes, rows and columns are "
                            f"known, got {op.input.shape}. Set them with set_shape(...).")
        sizes = shape(op.input)
        batch, depth = sizes[0], sizes[4]
        return _patches_gradient(dy, batch, op.input._dims[1:-1], depth, op.ksizes[1:-1], lambda:
                                 op.patches._dims[1:-1], lambda numbers: raw.extract_volume_patches(
                                     numbers, op.ksizes, op.strides, op.padding))


def _patches_gradient(dy: Tensor, batch: Tensor, space: Sequence[Any], depth: Tensor, kernel: list[int],
                      windows: Callable[[], Sequence[Any]], extract: Callable[[Tensor], Tensor]) -> Tensor:
    """Add every patch's elements back where they came from.

    Patches of a picture of positions tell from where each element came: these are the coordinates of a sparse matrix,
    which is multiplied with the gradient. Position 0 is the padding; its row of the matrix is cut off.

    Args:
      space: the sizes of the picture, numbers or int64 scalars.
      kernel: the sizes of a patch.
      windows: gives how many patches there are along each axis.
      extract: gives the patches of a picture.
    """
    axes, count = len(space), math.prod(kernel)
    positions = 1 + math.prod(space[1:], start=space[0])
    places = extract(reshape(range_(1, positions, dtype=dtypes.int64), (1, *space, 1)))
    found = windows()
    elements = math.prod([*found[1:], *kernel], start=found[0])
    numbers = reshape(range_(elements, dtype=dtypes.int64), (1, *found, count))
    pairs = concat([expand_dims(places, -1), expand_dims(numbers, -1)], axis=-1)
    matrix = SparseTensor(reshape(pairs, (-1, 2)), constants.ones((elements,), dy.dtype), (positions, elements))
    matrix = api.sparse.slice(matrix, (1, 0), (positions - 1, elements))
    dy = reshape(dy, (batch, *found, *kernel, depth))
    dy = transpose(dy, (*range(1, 2 * axes + 1), 0, 2 * axes + 1))
    sums = api.sparse.sparse_dense_matmul(matrix, reshape(dy, (-1, batch * depth)))
    return transpose(reshape(sums, (*space, batch, depth)), (axes, *range(axes), axes + 1))


@export("image.extract_image_patches")
@deprecated_args(None, "ksizes is deprecated, use sizes instead", "ksizes")
def extract_image_patches(images: Any, ksizes: Any = None, strides: Any = None, rates: Any = None,
                          padding: Any = None, name: str | None = None, sizes: Any = None) -> Tensor:
    """Every window of images, its elements in the depth axis.

    Args:
      images: tensor of shape [batch, height, width, depth].
      ksizes, strides, rates: lists of four, [1, rows, columns, 1] each.
      padding: "SAME" or "VALID".
    """
    ksizes = deprecated_argument_lookup("sizes", sizes, "ksizes", ksizes)
    return raw.extract_image_patches(images, ksizes, strides, rates, padding, name)
