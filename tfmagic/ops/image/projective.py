"""Pictures seen through projective transforms, or read between their pixels (ops of tf.contrib)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_ints
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.constants import constant, ones
from tfmagic.ops.array.join import concat
from tfmagic.ops.array.shape_ops import shape as shape_of
from tfmagic.ops.declare import op
from tfmagic.ops.image.resize import constant_like
from tfmagic.ops.math.solvers import matrix_inverse

_WAYS = ("NEAREST", "BILINEAR")

# --- projective transforms ----------------------------------------------------------------------------------------


@export("contrib.image.flat_transforms_to_matrices")
def flat_transforms_to_matrices(transforms: Any) -> Tensor:
    """Matrices [n, 3, 3] of transforms [n, 8] or [8].

    Raises:
      ValueError: transforms of another rank.
    """
    with name_scope("flat_transforms_to_matrices"):
        transforms = convert_to_tensor(transforms, name="transforms")
        if transforms.shape.ndims not in (1, 2):
            raise ValueError(f"Transforms should be 1D or 2D, got: {transforms}")
        rows = raw.reshape(transforms, constant([-1, 8]))
        count = shape_of(rows)[0]
        return raw.reshape(concat([rows, ones([count, 1])], 1), constant([-1, 3, 3]))


@export("contrib.image.matrices_to_flat_transforms")
def matrices_to_flat_transforms(transform_matrices: Any) -> Tensor:
    """Transforms [n, 8] of matrices [n, 3, 3] or [3, 3].

    Raises:
      ValueError: matrices of another rank.
    """
    with name_scope("matrices_to_flat_transforms"):
        matrices = convert_to_tensor(transform_matrices, name="transform_matrices")
        if matrices.shape.ndims not in (2, 3):
            raise ValueError(f"Matrices should be 2D or 3D, got: {matrices}")
        rows = raw.reshape(matrices, constant([-1, 9]))
        rows = rows / rows[:, 8:9]
        return rows[:, :8]


def _refused(op: Any, images: Any, transforms: Any, size: Any = None) -> str | None:
    if len(images) != 4:
        return "Input images must have rank 4"
    if len(transforms) != 2 or transforms[0] not in (1, images[0]) or transforms[1] != 8:
        return "Input transform should be num_images x 8 or 1 x 8"
    if size is not None and (len(size) != 1 or size[0] != 2):
        return f"output shape must have two elements{shapes.brackets(size)}"
    return None


def _projected(op: Any, images: Any, transforms: Any, height: int, width: int) -> Any:
    """The pictures of a size whose pixels lie, in the given pictures, where the transforms say."""
    if op.interpolation not in _WAYS:
        raise errors.InvalidArgumentError(
            None, None, f"Invalid interpolation {op.interpolation}. Supported types: {', '.join(_WAYS)}")
    if height <= 0 or width <= 0:
        raise errors.InvalidArgumentError(None, None, "output dimensions must be positive")
    rows = constant_like(np.arange(height, dtype=np.float32)[:, None], images)
    columns = constant_like(np.arange(width, dtype=np.float32)[None], images)
    t = [transforms[:, i].float()[:, None, None] for i in range(8)]
    depth = t[6] * columns + t[7] * rows + 1
    x = (t[0] * columns + t[1] * rows + t[2]) / depth
    y = (t[3] * columns + t[4] * rows + t[5]) / depth
    x, y = (place.expand(len(images), height, width) for place in (x, y))
    if op.interpolation == "NEAREST":
        found = _pixels(images, _rounded(y), _rounded(x))
    else:
        top, left = y.floor(), x.floor()
        bottom, right = top + 1, left + 1
        upper, lower = (
            (right - x)[..., None] * _pixels(images, row, left).float()
            + (x - left)[..., None] * _pixels(images, row, right).float() for row in (top, bottom))
        found = (bottom - y)[..., None] * upper + (y - top)[..., None] * lower
    inside = (depth != 0)[..., None] & torch.isfinite(found)
    return torch.where(inside, found, torch.zeros_like(found)).to(images.dtype)


def _rounded(place: Any) -> Any:
    """Halves go away from zero."""
    whole = torch.trunc(place)
    return torch.where((place - whole).abs() >= 0.5, whole + torch.sign(place), whole)


def _pixels(images: Any, rows: Any, columns: Any) -> Any:
    """The pixels at places of the pictures, zero outside: [n, ...] places -> [n, ..., channels]."""
    count, height, width, _ = images.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    rows, columns = (torch.where(inside, place, torch.zeros_like(place)).long() for place in (rows, columns))
    picture = constant_like(np.arange(count).reshape(-1, *[1] * (rows.dim() - 1)), images)
    found = images[picture, rows, columns]
    return torch.where(inside[..., None], found, torch.zeros_like(found))


@op("ImageProjectiveTransform", traced="shapes", check=_refused)
class ImageProjectiveTransform:
    """Pictures of their own size."""

    def shape(op, images, transforms):
        return images

    def kernel(op, images, transforms):
        return _projected(op, images, transforms, *images.shape[1:3])


@op("ImageProjectiveTransformV2", host="output_shape", traced="shapes", check=_refused)
class ImageProjectiveTransformV2:
    """Pictures of the size that is asked for."""

    def shape(op, images, transforms, size):
        batch, _, _, channels = shape_rules.with_rank(images, 4)
        (count,) = shape_rules.with_rank(size, 1)
        if count not in (None, 2):
            raise ValueError(f"Dimension must be 2 but is {count}")
        height, width = static_ints(op.output_shape) or (None, None)
        return batch, height, width, channels

    def kernel(op, images, transforms, size):
        return _projected(op, images, transforms, *(int(number) for number in size))

    def gradient(op, dy):
        matrices = flat_transforms_to_matrices(op.transforms)
        back = matrices_to_flat_transforms(matrix_inverse(matrices))
        return raw.image_projective_transform_v2(
            dy, back, output_shape=shape_of(op.images)[1:3], interpolation=op.interpolation), None, None


# --- read between pixels ------------------------------------------------------------------------------------------


def _not_resampled(op: Any, data: Any, warp: Any, *grad: Any) -> Any:
    if len(data) != 4:
        return errors.UnimplementedError(
            None, None, "Only bilinear interpolation is currently supported. The input data shape must be [batch_size, "
            f"data_height, data_width, data_channels], but is: {shapes.brackets(data)}")
    if len(warp) < 2:
        return f"warp should be at least a matrix, got shape {shapes.brackets(warp)}"
    if warp[-1] != 2:
        return errors.UnimplementedError(
            None, None, "Only bilinear interpolation is supported, warping coordinates must be 2D; warp shape last "
            f"entry should be 2, but shape vector is: {shapes.brackets(warp)}")
    if data[0] != warp[0]:
        return ("Batch size of data and warp tensor must be the same, but input shapes are: "
                f"{shapes.brackets(data)}, {shapes.brackets(warp)}")
    return None


def _corners(data: Any, warp: Any) -> tuple[Any, Any, Any, list[Any]]:
    """Whether places touch the picture, how near their left and upper neighbours are, the four neighbours' places."""
    x, y = warp[..., 0], warp[..., 1]
    touching = (x > -1) & (y > -1) & (x < data.shape[2]) & (y < data.shape[1])
    left, top = x.floor(), y.floor()
    places = [(top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)]
    return touching, left + 1 - x, top + 1 - y, places


def _shares(dx: Any, dy: Any) -> list[Any]:
    return [dx * dy, (1 - dx) * dy, dx * (1 - dy), (1 - dx) * (1 - dy)]


@op("Resampler", traced="shapes", check=_not_resampled)
class Resampler:
    """Pictures read at places (x, y) between their pixels: [n, h, w, c], [n, ..., 2] -> [n, ..., c]."""

    def shape(op, data, warp):
        if data is None or warp is None or len(warp) < 1 or len(data) < 1:
            return None
        return (*warp[:-1], data[-1])

    def kernel(op, data, warp):
        touching, dx, dy, places = _corners(data, warp)
        mixed = sum(share[..., None] * _pixels(data, *place)
                    for share, place in zip(_shares(dx, dy), places, strict=True))
        return torch.where(touching[..., None], mixed, torch.zeros_like(mixed))

    def gradient(op, dy):
        return raw.resampler_grad(op.data, op.warp, dy)


@op("ResamplerGrad", traced="shapes", check=_not_resampled)
class ResamplerGrad:
    """The gradients of the pictures and of the places at which they were read."""

    def shape(op, data, warp, grad):
        return data, warp

    def kernel(op, data, warp, grad):
        touching, dx, dy, places = _corners(data, warp)
        grad = torch.where(touching[..., None], grad, torch.zeros_like(grad))
        count, height, width, channels = data.shape
        picture = torch.arange(count, device=data.device).reshape(-1, *[1] * (dx.dim() - 1))
        of_data = torch.zeros_like(data).reshape(-1, channels)
        corners = []
        for share, (row, column) in zip(_shares(dx, dy), places, strict=True):
            inside = touching & (row >= 0) & (row < height) & (column >= 0) & (column < width)
            index = torch.where(inside, (picture * height + row) * width + column, torch.zeros_like(row)).long()
            given = torch.where(inside[..., None], share[..., None] * grad, torch.zeros_like(grad))
            of_data = of_data.index_add(0, index.reshape(-1), given.reshape(-1, channels))
            corners.append(_pixels(data, row, column))
        first, second, third, fourth = corners
        dx, dy = dx[..., None], dy[..., None]
        of_x = (grad * ((1 - dy) * (fourth - third) + dy * (second - first))).sum(-1)
        of_y = (grad * ((1 - dx) * (fourth - second) + dx * (third - first))).sum(-1)
        return of_data.reshape(data.shape), torch.stack([of_x, of_y], -1)
