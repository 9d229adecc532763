"""Pictures made larger or smaller, in the arithmetic of TensorFlow's CPU kernels, and their gradients."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.machine import pictures
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import static_ints
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import op
from tfmagic.ops.tensor_function import tensor_function

_F = np.float32
_TABLE = 1024  # how many places between two pixels bicubic weights are kept for
_SIZES = 256  # how many tables are kept
_SMALL = 1 << 14  # fewer numbers are little work


def resized_shape(op: Any, images: Dims, size: Dims) -> Dims:
    """The shape of pictures in a size that an input says."""
    dims = shape_rules.with_rank(images, 4)
    (count,) = shape_rules.with_rank(size, 1)
    if count not in (None, 2):
        raise ValueError(f"Dimension must be 2 but is {count}")
    return _of_size(op, dims)


def _of_size(op: Any, images: Dims) -> Dims:
    """The shape of pictures of the size that is asked for, as far as the graph tells it."""
    batch, _, _, channels = shape_rules.with_rank(images, 4)
    wanted = static_ints(op.size)
    height, width = (None, None) if wanted is None else (_size_of_axis(number) for number in wanted)
    return batch, height, width, channels


def _size_of_axis(number: int) -> int | None:
    if number < -1:
        raise shapes.NoShape(f"Dimension {number} must be >= 0")
    return None if number == -1 else number


def refused_centers(op: Any) -> str | None:
    """TensorFlow's words for two ways at once to say where the pixels lie."""
    if op.half_pixel_centers and op.align_corners:
        return "If half_pixel_centers is True, align_corners must be False."
    return None


def _refused_resizing(op: Any, images: Any, size: Any) -> str | None:
    return refused_centers(op) or refused_size(op, images, size)


def refused_size(op: Any, images: Any, size: Any) -> str | None:
    """TensorFlow's words for what are no pictures or no size."""
    if len(images) != 4:
        return f"input must be 4-dimensional{shapes.brackets(images)}"
    if len(size) != 1:
        return f"shape_t must be 1-dimensional{shapes.brackets(size)}"
    if size[0] != 2:
        return f"shape_t must have two elements{shapes.brackets(size)}"
    if images[3] == 0:
        return "image must have at least one channel"
    return None


def checked_size(size: Any, images: Any) -> tuple[int, int]:
    """The height and width asked for."""
    height, width = (int(number) for number in size)
    if height <= 0 or width <= 0:
        raise errors.InvalidArgumentError(None, None, "output dimensions must be positive")
    if images.shape[1] <= 0 or images.shape[2] <= 0:
        raise errors.InvalidArgumentError(None, None, "input image must be of non-zero size")
    return height, width


def _scale(given: int, wanted: int, align_corners: bool) -> np.float32:
    """How many pixels of the given picture one of the wanted stands for."""
    if align_corners and wanted > 1:
        return _F(given - 1) / _F(wanted - 1)
    return _F(given) / _F(wanted)


def _places(op: Any, given: int, wanted: int) -> np.ndarray:
    """Where in the given row each wanted pixel lies (float32)."""
    scale = _scale(given, wanted, op.align_corners)
    index = np.arange(wanted, dtype=np.float32)
    if op.half_pixel_centers:
        return (index + _F(0.5)) * scale - _F(0.5)
    return index * scale


class Grid(NamedTuple):
    """Where an op has the pixels lie."""

    align_corners: bool
    half_pixel_centers: bool


def grid_of(op: Any) -> Grid:
    """Where an op has the pixels lie; of one that says nothing of their centres, at their corners."""
    return Grid(bool(op.align_corners), bool(getattr(op, "half_pixel_centers", False)))


def _once_per_size(table: Callable[[Any, int, int], Any]) -> Callable[[Any, int, int], Any]:
    """A table for so many pixels, made once: pictures whose sizes only a run tells ask for it each time."""
    made = functools.lru_cache(_SIZES)(table)

    @functools.wraps(table)
    def kept(op: Any, given: int, wanted: int) -> Any:
        return made(op if type(op) is Grid else grid_of(op), int(given), int(wanted))

    return kept


def _by_machine_code(images: Any, height: int, width: int) -> bool:
    """Whether our own code resizes pictures: those of other types are made floats before, or computed by torch.

    Small ones of a plan are left to calls of torch, of which machine code makes one with those that stand around them.
    """
    if images.is_cuda or images.dtype not in (torch.float32, torch.uint8):
        return False
    return not isinstance(images, torch.fx.Proxy) or \
        max(height * width, math.prod(images.shape[1:3])) * images.shape[0] * images.shape[3] >= _SMALL


def _floats_or_bytes(images: Any) -> Any:
    return images if images.dtype == torch.uint8 and not images.is_cuda else images.float()


_resizing = tensor_function(meta=lambda images, height, width, *grid: images.new_empty(
    (images.shape[0], height, width, images.shape[3]), dtype=torch.float32))


# --- bilinear -----------------------------------------------------------------------------------------------------


@_once_per_size
def neighbours(op: Any, given: int, wanted: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each wanted pixel the two given ones around it, and how far it is from the first."""
    places = _places(op, given, wanted)
    low = np.floor(places)
    lower = np.maximum(low, 0).astype(np.int64)
    upper = np.minimum(np.ceil(places), given - 1).astype(np.int64)
    return lower, upper, (places - low).astype(np.float32)


def constant_like(array: np.ndarray, like: Any) -> Any:
    return torch.from_numpy(np.ascontiguousarray(array)).to(like.device)


def along(axis: int, weights: np.ndarray, like: Any) -> Any:
    """Weights for the rows (axis 1) or the columns (axis 2) of pictures."""
    return constant_like(weights, like).reshape([-1 if i == axis else 1 for i in range(4)])


def _mixed(values: Any, axis: int, lower: np.ndarray, upper: np.ndarray, part: np.ndarray) -> Any:
    """Along an axis, the mixture of two pixels for each wanted one."""
    first = values.index_select(axis, constant_like(lower, values))
    second = values.index_select(axis, constant_like(upper, values))
    return first + (second - first) * along(axis, part, values)


@_once_per_size
def _neighbours_table(op: Any, given: int, wanted: int) -> pictures.Table:
    return pictures.neighbours(*neighbours(op, given, wanted))


def _of_four(op: Any, values: Any, height: int, width: int) -> Any:
    across = _mixed(values.float() if values.dtype == torch.uint8 else values, 2,
                    *neighbours(op, values.shape[2], width))
    return _mixed(across, 1, *neighbours(op, values.shape[1], height))


@_resizing
def resized_bilinear(images: Any, height: int, width: int, align_corners: bool, half_pixel_centers: bool) -> Any:
    """Pictures of floats or bytes in another size, on the CPU."""
    grid = Grid(align_corners, half_pixel_centers)
    made = pictures.mixed(images, _neighbours_table(grid, images.shape[1], height),
                          _neighbours_table(grid, images.shape[2], width))
    return _of_four(grid, images, height, width) if made is None else made


def bilinear(op: Any, values: Any, height: int, width: int) -> Any:
    """Pictures of another size, each pixel mixed of the four around its place."""
    if (height, width) == tuple(values.shape[1:3]):
        return values.float() if values.dtype == torch.uint8 else values
    if _by_machine_code(values, height, width):
        return resized_bilinear(values, height, width, *grid_of(op))
    return _of_four(op, values, height, width)


@op("ResizeBilinear", host="size", traced="shapes", check=_refused_resizing)
class ResizeBilinear:
    """Each pixel mixed of the four around its place: float32."""

    shape = resized_shape

    def kernel(op, images, size):
        height, width = checked_size(size, images)
        return bilinear(op, _floats_or_bytes(images), height, width)

    def gradient(op, dy):
        if not op.images.dtype.is_floating:
            return None, None
        return raw.resize_bilinear_grad(dy, op.images, align_corners=op.align_corners,
                                        half_pixel_centers=op.half_pixel_centers), None


def _refused_gradient(op: Any, grads: Any, original: Any) -> str | None:
    words = refused_centers(op)
    if words is not None:
        return words
    for what, dims in (("input_grad", grads), ("original_image", original)):
        if len(dims) != 4:
            return f"{what} must be 4-dimensional{shapes.brackets(dims)}"
    return None


def _like_original(op: Any, grads: Dims, original: Dims) -> Dims:
    return original


@op("ResizeBilinearGrad", traced="shapes", check=_refused_gradient)
class ResizeBilinearGrad:
    """What each given pixel gave, taken back from the pixels of which it is a part."""

    shape = _like_original

    def kernel(op, grads, original):
        return _gradient(op, grads, original, _two)


def _two(op: Any, given: int, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """For each wanted pixel the two given ones around it and their weights: [wanted, 2] each."""
    lower, upper, part = neighbours(op, given, wanted)
    return np.stack([lower, upper], 1), np.stack([_F(1) - part, part], 1)


def _gradient(op: Any, grads: Any, original: Any, weights: Callable[[Any, int, int], Any]) -> Any:
    """The gradients of pictures from those of resized ones.

    Args:
      weights: gives the given pixels of each wanted one, and their weights.
    """
    if _by_machine_code(grads, *original.shape[1:3]) and original.dtype == torch.float32:
        return resized_back(grads, *original.shape[1:3], weights is _four, *grid_of(op))
    sides = [weights(op, original.shape[axis], grads.shape[axis]) for axis in (1, 2)]
    return _spread(grads, original.shape, original.dtype, sides)


@_once_per_size
def _two_turned(op: Any, given: int, wanted: int) -> pictures.Shares:
    places, weights = _two(op, given, wanted)
    return pictures.turned(places, weights, given)


@_once_per_size
def _four_turned(op: Any, given: int, wanted: int) -> pictures.Shares:
    places, weights = _four(op, given, wanted)
    return pictures.turned(places, weights, given)


@_resizing
def resized_back(grads: Any, height: int, width: int, cubic: bool, align_corners: bool,
                 half_pixel_centers: bool) -> Any:
    """The gradients of pictures of a height and width from those of resized ones: floats, on the CPU."""
    grid, given, wanted = Grid(align_corners, half_pixel_centers), (height, width), grads.shape[1:3]
    made = pictures.summed(grads, *map(_four_turned if cubic else _two_turned, [grid] * 2, given, wanted))
    if made is not None:
        return made
    sides = list(map(_four if cubic else _two, [grid] * 2, given, wanted))
    return _spread(grads, (len(grads), height, width, grads.shape[3]), grads.dtype, sides)


def _spread(grads: Any, shape: Any, dtype: Any, sides: list[tuple[np.ndarray, np.ndarray]]) -> Any:
    """Gradients added to the pixels that they came from: products in the gradients' type, sums in the pictures'.

    Args:
      grads: [batch, wanted height, wanted width, channels].
      shape, dtype: of the pictures.
      sides: for rows and for columns, the given pixels of each wanted one and their weights.
    """
    (rows, row_weights), (columns, column_weights) = sides
    (batch, _, _, channels), (_, height, width, _) = grads.shape, shape
    total: Any = 0
    for i in range(rows.shape[1]):
        down = along(1, row_weights[:, i], grads).to(grads.dtype)
        for j in range(columns.shape[1]):
            across = along(2, column_weights[:, j], grads).to(grads.dtype)
            part = (grads * down * across).to(dtype)
            part = part.new_zeros([batch, part.shape[1], width, channels]).index_add(
                2, constant_like(columns[:, j], grads), part)
            total = total + part.new_zeros([batch, height, width, channels]).index_add(
                1, constant_like(rows[:, i], grads), part)
    return total


# --- nearest ------------------------------------------------------------------------------------------------------


@_once_per_size
def _nearest(op: Any, given: int, wanted: int) -> np.ndarray:
    """The given pixel for each wanted one."""
    scale = _scale(given, wanted, op.align_corners)
    index = np.arange(wanted, dtype=np.float32)
    places = (index + _F(0.5) if op.half_pixel_centers else index) * scale
    # C's roundf: halves go away from zero.
    whole = np.floor(places + _F(0.5)) if op.align_corners else np.floor(places)
    chosen = np.minimum(whole, given - 1)
    return (np.maximum(chosen, 0) if op.half_pixel_centers else chosen).astype(np.int64)


@op("ResizeNearestNeighbor", host="size", traced="shapes", check=_refused_resizing)
class ResizeNearestNeighbor:
    """The nearest pixel for each: of the pictures' type."""

    shape = resized_shape

    def kernel(op, images, size):
        height, width = checked_size(size, images)
        rows = images.index_select(1, constant_like(_nearest(op, images.shape[1], height), images))
        return rows.index_select(2, constant_like(_nearest(op, images.shape[2], width), images))

    def gradient(op, dy):
        dims = op.images.shape.dims
        known = dims is not None and all(dim.value is not None for dim in dims[1:3])
        size = [dim.value for dim in dims[1:3]] if known else raw.shape(op.images)[1:3]
        return raw.resize_nearest_neighbor_grad(dy, size, align_corners=op.align_corners,
                                                half_pixel_centers=op.half_pixel_centers), None


@op("ResizeNearestNeighborGrad", host="size", traced="shapes", check=refused_size)
class ResizeNearestNeighborGrad:
    """Every gradient added to the pixel that was taken."""

    shape = resized_shape

    def kernel(op, grads, size):
        if min(size) <= 0:
            raise errors.InvalidArgumentError(None, None, "shape_t's elements must be positive")
        for axis in (1, 2):
            given, wanted = int(size[axis - 1]), grads.shape[axis]
            sizes = list(grads.shape)
            sizes[axis] = given
            index = constant_like(_nearest(op, given, wanted), grads)
            grads = grads.new_zeros(sizes).index_add(axis, index, grads)
        return grads


# --- bicubic ------------------------------------------------------------------------------------------------------


@functools.cache
def _cubic_table(a: float) -> np.ndarray:
    """Weights of the nearer and the farther pixel by their distance (Keys' function)."""
    table = np.empty((_TABLE + 1, 2), np.float32)
    for i in range(_TABLE + 1):
        x = float(_F(i * 1.0 / _TABLE))
        table[i, 0] = ((a + 2) * x - (a + 3)) * x * x + 1
        x = float(_F(x + 1.0))
        table[i, 1] = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return table


@_once_per_size
def _four(op: Any, given: int, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """For each wanted pixel the four given ones around it and their weights: [wanted, 4] each."""
    places = _places(op, given, wanted)
    low = np.floor(places)
    offset = np.rint((places - low) * _F(_TABLE)).astype(np.int64)
    table = _cubic_table(-0.5 if op.half_pixel_centers else -0.75)
    weights = np.stack([table[offset, 1], table[offset, 0], table[_TABLE - offset, 0], table[_TABLE - offset, 1]], 1)
    index = low.astype(np.int64)[:, None] + np.arange(-1, 3)
    bounded = np.clip(index, 0, given - 1)
    if op.half_pixel_centers:  # what lies outside has no part
        weights = np.where(index == bounded, weights, _F(0))
        total = weights[:, 0] + weights[:, 1] + weights[:, 2] + weights[:, 3]
        large = np.abs(total) >= 1000 * np.finfo(np.float32).tiny
        weights = np.where(large[:, None], weights * (_F(1) / np.where(large, total, _F(1)))[:, None], weights)
    return bounded, weights.astype(np.float32)


def _weighted(values: Any, axis: int, index: np.ndarray, weights: np.ndarray) -> Any:
    total = None
    for i in range(4):
        part = values.index_select(axis, constant_like(index[:, i], values)) * along(axis, weights[:, i], values)
        total = part if total is None else total + part
    return total


@_once_per_size
def _four_table(op: Any, given: int, wanted: int) -> pictures.Shares:
    return pictures.shares(*_four(op, given, wanted))


def _of_sixteen(op: Any, values: Any, height: int, width: int) -> Any:
    down = _weighted(values.float(), 1, *_four(op, values.shape[1], height))
    return _weighted(down, 2, *_four(op, values.shape[2], width))


@_resizing
def resized_bicubic(images: Any, height: int, width: int, align_corners: bool, half_pixel_centers: bool) -> Any:
    """Pictures of floats or bytes in another size, on the CPU."""
    grid = Grid(align_corners, half_pixel_centers)
    made = pictures.summed(images, _four_table(grid, images.shape[1], height),
                           _four_table(grid, images.shape[2], width))
    return _of_sixteen(grid, images, height, width) if made is None else made


@op("ResizeBicubic", host="size", traced="shapes", check=_refused_resizing)
class ResizeBicubic:
    """Each pixel mixed of the sixteen around its place: float32."""

    shape = resized_shape

    def kernel(op, images, size):
        height, width = checked_size(size, images)
        if _by_machine_code(images := _floats_or_bytes(images), height, width):
            return resized_bicubic(images, height, width, *grid_of(op))
        return _of_sixteen(op, images, height, width)

    def gradient(op, dy):
        if op.images.dtype not in (dtypes.float32, dtypes.float64):
            return None, None
        return raw.resize_bicubic_grad(dy, op.images, align_corners=op.align_corners,
                                       half_pixel_centers=op.half_pixel_centers), None


@op("ResizeBicubicGrad", traced="shapes", check=_refused_gradient)
class ResizeBicubicGrad:
    """What each given pixel gave, taken back from the pixels of which it is a part."""

    shape = _like_original

    def kernel(op, grads, original):
        return _gradient(op, grads.to(original.dtype), original, _four)


# --- area ---------------------------------------------------------------------------------------------------------


def _shares(op: Any, given: int, wanted: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The given pixels that each wanted one covers, how much of each, [wanted, most] both, and how many it covers."""
    scale = _scale(given, wanted, op.align_corners)
    index = np.arange(wanted, dtype=np.float32)
    start, stop = index * scale, (index + _F(1)) * scale
    first, last = np.floor(start).astype(np.int64), np.ceil(stop).astype(np.int64)
    pixel = first[:, None] + np.arange(max(int((last - first).max()), 1))
    begins, ends = pixel < start[:, None], pixel + 1 > stop[:, None]
    share = np.where(begins, np.where(ends, scale, pixel + 1 - start[:, None]),
                     np.where(ends, stop[:, None] - pixel, _F(1))).astype(np.float32)
    share = np.where(pixel < last[:, None], share, _F(0))
    return np.clip(pixel, 0, given - 1), share, np.maximum(last - first, 1)


@_once_per_size
def _shares_table(op: Any, given: int, wanted: int) -> pictures.Shares:
    return pictures.shares(*_shares(op, given, wanted))


def _means(op: Any, values: Any, height: int, width: int) -> Any:
    rows, row_shares, _ = _shares(op, values.shape[1], height)
    columns, column_shares, _ = _shares(op, values.shape[2], width)
    values = values.float()
    total: Any = 0.0
    for i in range(rows.shape[1]):  # one after the other, as TensorFlow adds them
        row = values.index_select(1, constant_like(rows[:, i], values))
        part: Any = 0.0
        for j in range(columns.shape[1]):
            share = along(2, column_shares[:, j], values)
            part = part + row.index_select(2, constant_like(columns[:, j], values)) * share
        total = total + part * along(1, row_shares[:, i], values)
    return total * _part(op, values, height, width)


def _part(op: Any, images: Any, height: int, width: int) -> float:
    """What part of the area that it covers a given pixel is."""
    with np.errstate(divide="ignore"):
        return float(_F(1) / (_scale(images.shape[1], height, op.align_corners)
                              * _scale(images.shape[2], width, op.align_corners)))


@_resizing
def resized_by_area(images: Any, height: int, width: int, *grid: bool) -> Any:
    """Pictures of floats or bytes in another size, on the CPU."""
    how = Grid(*grid)
    made = pictures.summed(images, _shares_table(how, images.shape[1], height),
                           _shares_table(how, images.shape[2], width))
    return _means(how, images, height, width) if made is None else made.mul_(_part(how, images, height, width))


@op("ResizeArea", host="size", traced="shapes", check=refused_size)
class ResizeArea:
    """Each pixel the mean of the area that it covers: float32."""

    shape = resized_shape

    def kernel(op, images, size):
        height, width = checked_size(size, images)
        if _by_machine_code(images := _floats_or_bytes(images), height, width):
            return resized_by_area(images, height, width, *grid_of(op))
        return _means(op, images, height, width)
