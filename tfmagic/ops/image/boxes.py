"""Boxes in pictures: cut out and resized with their gradients, drawn, drawn by lot, and glimpses."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.machine.crops import crops, spread
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import static_dims, static_ints
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import op, register
from tfmagic.ops.random.philox import PhiloxState
from tfmagic.ops.random.sampling import WordReader
from tfmagic.ops.torch_types import torch_dtype

_F = np.float32
_LOOKS: dict[str, Any] = {"traced": False, "because": "looks which picture each box belongs to"}

# --- cut out and resized ------------------------------------------------------------------------------------------


def _size_of(tensor: Any, dims: Dims, count: int) -> list[int | None]:
    (length,) = shape_rules.with_rank(dims, 1)
    if length not in (None, count):
        raise ValueError(f"Dimension must be {count} but is {length}")
    known = static_ints(tensor)
    return [None] * count if known is None else list(known)


def _boxes_shape(boxes: Dims, index: Dims) -> int | None:
    """How many boxes there are."""
    count, columns = shape_rules.with_rank(boxes, 2)
    (indexed,) = shape_rules.with_rank(index, 1)
    count = shape_rules.merge_dim(count, indexed)
    if columns not in (None, 4):
        raise ValueError(f"Dimension must be 4 but is {columns}")
    return count


def _refused_boxes(boxes: Any, index: Any) -> str | None:
    if boxes == (0,) or 0 in boxes:
        return None
    if len(boxes) != 2:
        return f"boxes must be 2-D{shapes.brackets(boxes)}"
    if boxes[1] != 4:
        return "boxes must have 4 columns"
    if len(index) != 1:
        return f"box_index must be 1-D{shapes.brackets(index)}"
    return None if index[0] == boxes[0] else "box_index has incompatible shape"


def _refused_crop(op: Any, image: Any, boxes: Any, index: Any, size: Any) -> str | None:
    if len(image) != 4:
        return f"input image must be 4-D{shapes.brackets(image)}"
    words = _refused_boxes(boxes, index)
    if words is not None:
        return words
    if len(size) != 1:
        return f"crop_size must be 1-D{shapes.brackets(size)}"
    return None if size[0] == 2 else f"crop_size must have two elements{shapes.brackets(size)}"


def _places(low: Any, high: Any, size: int, count: int) -> tuple[Any, Any]:
    """Where in a row of `size` pixels the `count` pixels of each box lie, and what part of the row their distance is.

    Args:
      low: where each box begins, as a part of the row: [boxes, 1].
      high: where it ends.
    """
    start, step = _line(low, high, size, count)
    if count > 1:
        share = torch.arange(count, dtype=torch.float32, device=low.device)
        return start + share * step, share
    return start, torch.full((1,), 0.5, device=low.device)


def _line(low: Any, high: Any, size: int, count: int) -> tuple[Any, Any]:
    """Where the first of `count` pixels of each box lies in a row of `size` pixels, and how far it is to the next."""
    if count > 1:
        return low * (size - 1), (high - low) * (size - 1) / (count - 1)
    middle = 0.5 * (low.double() + high.double()) * (size - 1)
    return middle.float(), torch.zeros_like(low)


def _of_crops(boxes: Any, index: Any, sizes: tuple[int, int, int],
              crop: tuple[int, int]) -> tuple[np.ndarray, np.ndarray] | None:
    """For machine code: where rows and columns of crops begin, their steps, and the crops' pictures.

    None where it is not for these: a box is of no picture.
    """
    of_boxes = index.numpy()
    if of_boxes.min() < 0 or of_boxes.max() >= sizes[0]:
        return None
    rows, columns = (_line(boxes[:, axis], boxes[:, axis + 2], sizes[1 + axis], crop[axis]) for axis in (0, 1))
    return torch.stack([*rows, *columns], 1).numpy(), of_boxes


def _cropped(op: Any, image: Any, boxes: Any, index: Any, crop: tuple[int, int]) -> Any:
    """Crops whose pixels are mixed of four, by machine code; None: it is not there yet, or not for these."""
    if op.method != "bilinear" or image.is_cuda or not image.is_floating_point() and image.dtype != torch.uint8:
        return None
    found = _of_crops(boxes, index, tuple(image.shape[:3]), crop)
    return None if found is None else crops(image, *found, crop, op.extrapolation_value)


def _uncropped(op: Any, grads: Any, boxes: Any, index: Any, shape: tuple[int, int, int, int]) -> Any:
    """The gradients of pictures by machine code; None: it is not there yet, or not for these."""
    if op.method != "bilinear" or grads.is_cuda or op.T.name != "float32":
        return None
    found = _of_crops(boxes, index, shape[:3], tuple(grads.shape[1:3]))
    return None if found is None else spread(grads, *found, shape)


class _Sampled:
    """The pixels of pictures that the pixels of crops are mixed of."""

    def __init__(self, op: Any, boxes: Any, index: Any, sizes: tuple[int, int, int], crop: tuple[int, int]):
        batch, height, width = sizes
        index = index.to(torch.int64)
        if bool(((index < 0) | (index >= batch)).any()):
            raise errors.OutOfRangeError(None, None, "box_index has values outside [0, batch_size)")
        self.index = index.reshape(-1, 1, 1)
        y1, x1, y2, x2 = (boxes[:, i:i + 1] for i in range(4))
        y, self.y_share = _places(y1, y2, height, crop[0])
        x, self.x_share = _places(x1, x2, width, crop[1])
        in_y, in_x = (y >= 0) & (y <= height - 1), (x >= 0) & (x <= width - 1)
        self.inside = (in_y[:, :, None] & in_x[:, None, :])[..., None]
        y, x = torch.where(in_y, y, 0), torch.where(in_x, x, 0)
        self.size = (height, width)
        if op.method == "nearest":
            # C's roundf: halves go away from zero.
            self.near = (torch.floor(y + 0.5).long()[:, :, None], torch.floor(x + 0.5).long()[:, None, :])
            return
        self.top, self.bottom = (part(y).long()[:, :, None] for part in (torch.floor, torch.ceil))
        self.left, self.right = (part(x).long()[:, None, :] for part in (torch.floor, torch.ceil))
        self.down = (y - torch.floor(y))[:, :, None, None]
        self.across = (x - torch.floor(x))[:, None, :, None]

    def corners(self) -> list[tuple[Any, Any, Any, Any]]:
        """(row, column, their two weights) of the pixels that a crop's pixel is mixed of."""
        if hasattr(self, "near"):
            return [(*self.near, 1.0, 1.0)]
        up, back = 1 - self.down, 1 - self.across
        return [(self.top, self.left, up, back), (self.top, self.right, up, self.across),
                (self.bottom, self.left, self.down, back), (self.bottom, self.right, self.down, self.across)]


def _crop_size(size: Any) -> tuple[int, int]:
    height, width = size
    if height <= 0 or width <= 0:
        raise errors.InvalidArgumentError(None, None, "crop dimensions must be positive")
    return height, width


@op("CropAndResize", host="crop_size", check=_refused_crop, **_LOOKS)
class CropAndResize:
    """Parts of pictures, each resized to one size: float32 [boxes, height, width, channels]."""

    def shape(op, image, boxes, index, size):
        channels = shape_rules.with_rank(image, 4)[3]
        return (_boxes_shape(boxes, index), *_size_of(op.crop_size, size, 2), channels)

    def kernel(op, image, boxes, index, size):
        crop = _crop_size(size)
        if 0 in image.shape[1:3]:
            raise errors.InvalidArgumentError(None, None, "image dimensions must be positive")
        if not len(boxes):
            return torch.empty((0, *crop, image.shape[3]))
        made = _cropped(op, image, boxes, index, crop)
        if made is not None:
            return made
        at = _Sampled(op, boxes, index, tuple(image.shape[:3]), crop)

        def pixels(row: Any, column: Any) -> Any:
            return image[at.index, row, column].float()

        if op.method == "nearest":
            mixed = pixels(*at.near)
        else:
            top, left = pixels(at.top, at.left), pixels(at.bottom, at.left)
            top = top + (pixels(at.top, at.right) - top) * at.across
            bottom = left + (pixels(at.bottom, at.right) - left) * at.across
            mixed = top + (bottom - top) * at.down
        return torch.where(at.inside, mixed, torch.tensor(op.extrapolation_value, dtype=torch.float32))

    def gradient(op, dy):
        sizes = raw.shape(op.image) if not op.image.shape.is_fully_defined() else op.image.shape.as_list()
        allowed = (dtypes.float16, dtypes.float32, dtypes.float64)
        of_image = None
        if op.image.dtype in allowed:
            of_image = raw.crop_and_resize_grad_image(dy, op.boxes, op.box_ind, sizes, T=op.image.dtype,
                                                      method=op.method)
        return of_image, raw.crop_and_resize_grad_boxes(dy, op.image, op.boxes, op.box_ind), None, None


def _refused_image_gradient(op: Any, grads: Any, boxes: Any, index: Any, size: Any) -> str | None:
    if len(grads) != 4:
        return f"grads image must be 4-D{shapes.brackets(grads)}"
    words = _refused_boxes(boxes, index)
    if words is not None:
        return words
    if len(size) != 1:
        return f"image_size must be 1-D{shapes.brackets(size)}"
    if size[0] != 4:
        return f"image_size must have 4 elements{shapes.brackets(size)}"
    return None if grads[0] == boxes[0] else "boxes and grads have incompatible shape"


@op("CropAndResizeGradImage", host="image_size", check=_refused_image_gradient, **_LOOKS)
class CropAndResizeGradImage:
    """The gradients of crops added to the pixels that these were mixed of."""

    def shape(op, grads, boxes, index, size):
        return shape_rules.with_rank(static_dims(op.image_size), 4)

    def kernel(op, grads, boxes, index, size):
        batch, height, width, channels = size
        if height <= 0 or width <= 0:
            raise errors.InvalidArgumentError(None, None, "image dimensions must be positive")
        if min(grads.shape[1:3]) <= 0:
            raise errors.InvalidArgumentError(None, None, "grads dimensions must be positive")
        if channels != grads.shape[3]:
            raise errors.InvalidArgumentError(None, None, "image_size and grads are incompatible")
        made = _uncropped(op, grads, boxes, index, (batch, height, width, channels)) if grads.numel() else None
        if made is not None:
            return made
        total = torch.zeros((batch * height * width, channels), dtype=torch_dtype(op.T))
        if not grads.numel():
            return total.reshape(size)
        at = _Sampled(op, boxes, index, (batch, height, width), tuple(grads.shape[1:3]))
        given = torch.where(at.inside, grads, 0)
        for row, column, down, across in at.corners():
            place = ((at.index * height + row) * width + column).reshape(-1)
            total.index_add_(0, place, (given * down * across).to(total.dtype).reshape(-1, channels))
        return total.reshape(size)


def _refused_box_gradient(op: Any, grads: Any, image: Any, boxes: Any, index: Any) -> str | None:
    if len(grads) != 4:
        return f"grads image must be 4-D{shapes.brackets(grads)}"
    if len(image) != 4:
        return f"input image must be 4-D{shapes.brackets(image)}"
    if image[3] != grads[3]:
        return "image, grads depth differ"
    words = _refused_boxes(boxes, index)
    if words is not None:
        return words
    return None if grads[0] == boxes[0] else "boxes and grads have incompatible shape"


@op("CropAndResizeGradBoxes", check=_refused_box_gradient, **_LOOKS)
class CropAndResizeGradBoxes:
    """The gradients of the corners of boxes: how the crops would change if these moved."""

    def shape(op, grads, image, boxes, index):
        return boxes

    def kernel(op, grads, image, boxes, index):
        if min(grads.shape[1:3]) <= 0:
            raise errors.InvalidArgumentError(None, None, "grads dimensions must be positive")
        if min(image.shape[1:3]) <= 0:
            raise errors.InvalidArgumentError(None, None, "image dimensions must be positive")
        if not len(boxes):
            return torch.zeros((0, 4))
        crop = tuple(grads.shape[1:3])
        at = _Sampled(op, boxes, index, tuple(image.shape[:3]), crop)
        top_left, top_right, bottom_left, bottom_right = (
            image[at.index, row, column].float() for row, column, *_ in at.corners())
        by_y = (1 - at.across) * (bottom_left - top_left) + at.across * (bottom_right - top_right)
        by_x = (1 - at.down) * (top_right - top_left) + at.down * (bottom_right - bottom_left)
        given = torch.where(at.inside, grads, 0)
        height, width = at.size
        y = (by_y * given).sum((2, 3)) * (height - 1)
        x = (by_x * given).sum((1, 3)) * (width - 1)
        y_part = at.y_share / (crop[0] - 1) if crop[0] > 1 else at.y_share
        x_part = at.x_share / (crop[1] - 1) if crop[1] > 1 else at.x_share
        return torch.stack([(y * (1 - y_part)).sum(1), (x * (1 - x_part)).sum(1), (y * y_part).sum(1),
                            (x * x_part).sum(1)], 1)


# --- glimpses -----------------------------------------------------------------------------------------------------


def _glimpse_shape(op: Any, images: Dims, size: Dims, offsets: Dims) -> Dims:
    batch, _, _, channels = shape_rules.with_rank(images, 4)
    rows, columns = shape_rules.with_rank(offsets, 2)
    if columns not in (None, 2):
        raise ValueError(f"Dimension must be 2 but is {columns}")
    return (shape_rules.merge_dim(batch, rows), *_size_of(op.size, size, 2), channels)


def _refused_glimpse(op: Any, images: Any, size: Any, offsets: Any) -> str | None:
    if len(images) != 4:
        return f"input must be 4-dimensional (batch_size, height, width, depth){shapes.brackets(images)}"
    if size != (2,):
        return f"input must be a vector of size 2 (height, width){shapes.brackets(size)}"
    if len(offsets) != 2:
        return f"input must be a matrix{shapes.brackets(offsets)}"
    if offsets[0] != images[0]:
        return f"first dimension should be batch{shapes.brackets(offsets)}"
    return None if offsets[1] == 2 else f"second dimension should be of size 2 (y,x){shapes.brackets(offsets)}"


@op("ExtractGlimpse", host="size", traced=False, because="what lies outside is noise", effect="reads",
    check=_refused_glimpse)
class ExtractGlimpse:
    """A window of each picture around a place; what lies outside of the picture is noise or zero."""

    shape = _glimpse_shape

    def kernel(op, images, size, offsets):
        batch, height, width, channels = images.shape
        if min(size) < 0:
            raise errors.InvalidArgumentError(None, None, f"got negative glimpse size {list(size)}")
        result = torch.empty((batch, *size, channels))
        for i in range(batch):
            window = []
            for given, wanted, offset in zip((height, width), size, offsets[i].tolist()):
                place = _F(offset) * _F(given) if op.normalized else _F(offset)
                place = place / _F(2) + _F(given) / _F(2) if op.centered else place
                window.append(int(place - _F(wanted) / _F(2)))
            (y, x), (rows, columns) = window, size
            top, left, bottom, right = max(y, 0), max(x, 0), min(y + rows, height), min(x + columns, width)
            if (bottom - top, right - left) != tuple(size):
                result[i] = _noise(op, images[i], result[i])
            if bottom > top and right > left:
                result[i, top - y:bottom - y, left - x:right - x] = images[i, top:bottom, left:right]
        return result


def _noise(op: Any, image: Any, like: Any) -> Any:
    """What stands where a picture has nothing."""
    kind = "uniform" if op.uniform_noise and op.noise == "uniform" else op.noise
    if kind == "zero":
        return torch.zeros_like(like)
    if kind == "uniform" and op.uniform_noise:
        low, high = image.min(), image.max()
        return torch.rand_like(like) * (high - low) + low
    return torch.randn_like(like).abs() * image.std(correction=0) + image.mean()


# --- drawn --------------------------------------------------------------------------------------------------------

_CHANNELS = (1, 3, 4)
_NOT_SUCH = "Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)"
# In turn, for boxes whose colours are not given.
_COLORS = np.array([[1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1],
                    [0.5, 0, 0, 1], [0, 0, 0.5, 1], [0, 1, 1, 1], [1, 0, 1, 1]], np.float32)


def _drawn_shape(op: Any, images: Dims, boxes: Dims, *colors: Dims) -> Dims:
    if shape_rules.with_rank(images, 4)[3] not in (None, *_CHANNELS):
        raise ValueError(_NOT_SUCH)
    columns = shape_rules.with_rank(boxes, 3)[2]
    if columns not in (None, 4):
        raise ValueError(f"Dimension must be 4 but is {columns}")
    return images


def _refused_drawing(op: Any, images: Any, boxes: Any, *colors: Any) -> str | None:
    if len(images) != 4:
        return "The rank of the images should be 4"
    if len(boxes) != 3:
        return "The rank of the boxes tensor should be 3"
    if boxes[2] < 4:  # where TensorFlow 1.15 reads beyond the end
        return f"boxes must have 4 columns{shapes.brackets(boxes)}"
    if images[0] != boxes[0]:
        return "The batch sizes should be the same"
    return None if images[3] in _CHANNELS else _NOT_SUCH


def _pixel(edge: Any, size: int) -> int:
    """The row or column where a part of so many lies; none where it is no number."""
    place = edge * _F(size - 1)
    return int(place) if np.isfinite(place) else -(1 << 63)


def _drawn(op: Any, images: Any, boxes: Any, colors: Any = None) -> Any:
    _, height, width, channels = images.shape
    if colors is not None and colors.dim() != 2:
        raise errors.InvalidArgumentError(None, None, "colors must be a 2-D matrix"
                                                      f"{shapes.brackets(tuple(colors.shape))}")
    if colors is None or not len(colors):
        table = torch.from_numpy(_COLORS)
        if channels == 1:
            table = torch.ones_like(table)
    else:
        if colors.shape[1] < channels:
            raise errors.InvalidArgumentError(
                None, None, "colors must have equal or more channels than the image provided: "
                            f"{shapes.brackets(tuple(colors.shape))}")
        table = colors
    table = table[:, :channels].to(images.dtype)
    result = images.clone()
    for picture, its_boxes in zip(result, as_array(boxes).astype(np.float32)):
        for number, box in enumerate(its_boxes):
            color = table[number % len(table)]
            top, bottom = (_pixel(edge, height) for edge in (box[0], box[2]))
            left, right = (_pixel(edge, width) for edge in (box[1], box[3]))
            if top > bottom or left > right or top >= height or bottom < 0 or left >= width or right < 0:
                continue  # nothing of it can be seen
            rows = slice(max(top, 0), min(bottom, height - 1) + 1)
            columns = slice(max(left, 0), min(right, width - 1) + 1)
            for row in {top, bottom} & set(range(height)):
                picture[row, columns] = color
            for column in {left, right} & set(range(width)):
                picture[rows, column] = color
    return result


def _colored_shape(op: Any, images: Dims, *others: Dims) -> Dims:
    return shape_rules.with_rank_at_least(images, 3)


for _name, _rule in (("DrawBoundingBoxes", _drawn_shape), ("DrawBoundingBoxesV2", _colored_shape)):
    register(_name, _rule, _drawn, check=_refused_drawing, traced=False, because="boxes are drawn one by one")


# --- by lot -------------------------------------------------------------------------------------------------------


def _sampled_shape(op: Any, size: Dims, boxes: Dims, *covered: Dims) -> Any:
    shape_rules.with_rank(size, 1)
    shape_rules.with_rank(boxes, 3)
    for dims in covered:
        shape_rules.with_rank(dims, 0)
    if size is not None and size[0] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {size[0]}")
    if boxes is not None and boxes[2] not in (None, 4):
        raise ValueError(f"Dimension must be 4 but is {boxes[2]}")
    return [(3,), (3,), (1, 1, 4)]


def _refused_attrs(op: Any) -> str | None:
    """TensorFlow's words for attrs that no crop can have."""
    for what, given in (("Aspect ratio", op.aspect_ratio_range), ("Area", op.area_range)):
        if len(given) != 2:
            return f"{what} range field must specify 2 dimensions"
        if min(given) <= 0:
            return f"{what} range must be non-negative: [{given[0]:g}, {given[1]:g}]"
    if max(op.area_range) > 1:
        return f"Area range must be less then or equal to 1.0: [{op.area_range[0]:g}, {op.area_range[1]:g}]"
    return None if op.max_attempts > 0 else f"Max attempts must be non-negative: {op.max_attempts}"


def _refused_sample(op: Any, size: Any, boxes: Any, *covered: Any) -> str | None:
    words = _refused_attrs(op)
    if words is not None:
        return words
    if len(size) != 1:
        return f"image_size must be 1-dimensional{shapes.brackets(size)}"
    if size[0] != 3:
        return f"image_size must contain 3 elements{shapes.brackets(size)}"
    if len(boxes) != 3:
        return f"input boxes must be 3-dimensional [batch, num_boxes, coords]: {shapes.brackets(boxes)}"
    if boxes[2] != 4:
        return f"bounding boxes must have shape [4] or [*, 4], got {shapes.brackets(boxes)}"
    if covered and covered[0] != ():
        return f"min_object_covered must be 0-D, got shape {shapes.brackets(covered[0])}"
    return None


class _Rectangle:
    """Pixels from (x0, y0) on, up to (x1, y1)."""

    def __init__(self, x0: int, y0: int, x1: int, y1: int):
        self.x0, self.y0, self.x1, self.y1 = x0, y0, x1, y1

    @property
    def area(self) -> float:
        return float(_F(self.x1 - self.x0) * _F(self.y1 - self.y0)) if self.x1 > self.x0 and self.y1 > self.y0 else 0.0

    def common(self, other: _Rectangle) -> _Rectangle:
        return _Rectangle(max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1),
                          min(self.y1, other.y1))


def _round(number: Any) -> int:
    return int(np.rint(_F(number)))


def _random_crop(reader: WordReader, height: int, width: int, areas: tuple[Any, Any], ratio: Any) -> _Rectangle | None:
    """A crop of the ratio of width to height, and an area between the two; None where this draw gives none."""
    least, most = (_F(area) * _F(height) * _F(width) for area in areas)
    rows = _round(np.sqrt(_F(least / ratio)))
    limit = _round(np.sqrt(_F(most / ratio)))
    if _round(_F(limit) * ratio) > width:
        limit = int((_F(width) + _F(0.5) - _F(0.0000001)) / ratio)
        if _round(_F(limit) * ratio) > width:
            limit -= 1
    limit = min(limit, height)
    rows = min(rows, limit)
    if rows < limit:
        rows += reader.below(limit - rows + 1)
    columns = _round(_F(rows) * ratio)
    area = _F(columns * rows)
    if area < least:
        rows += 1
        columns = _round(_F(rows) * ratio)
        area = _F(columns * rows)
    if area > most:
        rows -= 1
        columns = _round(_F(rows) * ratio)
        area = _F(columns * rows)
    if area < least or area > most or not 0 < columns <= width or not 0 < rows <= height:
        return None
    y = reader.below(height - rows) if rows < height else 0
    x = reader.below(width - columns) if columns < width else 0
    return _Rectangle(x, y, x + columns, y + rows)


def _objects(op: Any, boxes: Any, height: int, width: int) -> list[_Rectangle]:
    edges = as_array(boxes).reshape(-1, 4)
    bad = edges[~((edges >= 0) & (edges <= 1))]
    if bad.size:
        raise errors.InvalidArgumentError(
            None, None, f"All bounding box coordinates must be in [0.0, 1.0]: {bad[0]:.9g}")
    pixels = (edges * np.array([height, width, height, width], np.float32)).astype(np.int64)
    found = [_Rectangle(x0, y0, x1, y1) for y0, x0, y1, x1 in pixels.tolist()]
    if not found:
        if not op.use_image_if_no_bounding_boxes:
            raise errors.InvalidArgumentError(
                None, None, "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if "
                            "you wish to not provide any bounding boxes.")
        found.append(_Rectangle(0, 0, width, height))
    return found


def _sampled(op: Any, state: PhiloxState, size: Any, boxes: Any, covered: Any = None) -> Any:
    least = _F(op.min_object_covered if covered is None else as_array(covered)[()])
    height, width, _ = (int(number) for number in size)
    if least < 0:
        raise errors.InvalidArgumentError(None, None, f"Min object covered must be non-negative: {least:g}")
    objects = _objects(op, boxes, height, width)
    low, high = (_F(number) for number in op.aspect_ratio_range)
    reader = WordReader(state.reserve_words(4 * op.max_attempts))
    chosen = _Rectangle(0, 0, width, height)
    for _ in range(op.max_attempts):
        ratio = _F(reader.unit_float()) * (high - low) + low
        crop = _random_crop(reader, height, width, op.area_range, ratio)
        if crop is not None and crop.area >= 1 and any(
                thing.area >= 1 and _F(crop.common(thing).area) / _F(thing.area) >= least for thing in objects):
            chosen = crop
            break
    rows, columns = chosen.y1 - chosen.y0, chosen.x1 - chosen.x0
    kind = torch_dtype(op.T)
    numbers = torch.from_numpy(np.array([[chosen.y0, chosen.x0, 0], [rows, columns, -1]])).to(kind)
    edges = np.array([[[chosen.y0, chosen.x0, chosen.y1, chosen.x1]]], np.float32)
    return numbers[0], numbers[1], torch.from_numpy(edges / np.array([height, width, height, width], np.float32))


for _name in ("SampleDistortedBoundingBox", "SampleDistortedBoundingBoxV2"):
    register(_name, _sampled_shape, _sampled, host="image_size", state=lambda op: PhiloxState(op.seed, op.seed2),
             check=_refused_sample)
