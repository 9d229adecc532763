"""Pictures of random dots in which two eyes see depth (an op of tf.contrib)."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import numpy as np

from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops.declare import op


class _LibraryNumbers:
    """The numbers that the C library of Linux gives a process that never said where to begin: those of TensorFlow's
    dots. They go on from picture to picture."""

    def __init__(self) -> None:
        first = [1]
        for _ in range(30):
            first.append(16807 * first[-1] % 0x7FFFFFFF)
        self._last = deque(first + first[:3], maxlen=31)
        self._lock = threading.Lock()
        self.take(310)

    def take(self, count: int) -> list[int]:
        """The next numbers, below 2 ** 31."""
        with self._lock:
            last, taken = self._last, []
            for _ in range(count):
                number = (last[0] + last[28]) & 0xFFFFFFFF
                last.append(number)
                taken.append(number >> 1)
            return taken


_numbers = _LibraryNumbers()


class _View:
    """How far apart the two dots of a pixel are, by its depth.

    Args:
      op: the operation.
    """

    def __init__(self, op: Any):
        self.mu, self.eyes = float(op.mu), int(op.eye_separation * op.dots_per_inch)
        if self.eyes < 1:
            raise invalid("eye_separation times dots_per_inch must be a pixel or more, but is "
                          f"{op.eye_separation * op.dots_per_inch}")

    def apart(self, depths: Any) -> np.ndarray:
        """In pixels; -1 for a depth that is no number."""
        exact = (1.0 - self.mu * depths) * self.eyes / (2.0 - self.mu * depths) + 0.5
        return np.where(np.isnan(exact), -1, np.nan_to_num(exact)).astype(np.int64)

    def seen(self, depths: np.ndarray) -> np.ndarray:
        """Which pixels have nothing before them, for either eye."""
        width = depths.shape[1]
        seen = np.ones(depths.size, bool)
        padded = np.pad(depths, ((0, 0), (width, width))).reshape(-1)  # beside a row it is far
        asked = np.flatnonzero(~np.isnan(depths))
        places = asked // width * 3 * width + width + asked % width
        heights = depths.reshape(-1)[asked]
        slopes = 2.0 * (2.0 - self.mu * heights) / (self.mu * self.eyes)
        for step in range(1, width):
            limit = heights + slopes * step
            free = (padded[places - step] < limit) & (padded[places + step] < limit)
            seen[asked[~free]] = False
            left = free & (limit < 1.0)
            if not left.any():
                break
            asked, places, heights, slopes = asked[left], places[left], heights[left], slopes[left]
        return seen.reshape(depths.shape)


def _sizes(op: Any, name: str) -> list[int]:
    """A shape among the attrs, of which width and height must be known."""
    sizes = getattr(op, name)
    if sizes.ndims is None or sizes.ndims < 2 or None in sizes.as_list():
        raise invalid(f"{name} must be [width, height] and perhaps more, but is {sizes}")
    return sizes.as_list()


def _depths(op: Any, values: np.ndarray, width: int, height: int) -> np.ndarray:
    """The depth of each pixel, [height, width]: 0 is far, 1 is near."""
    inner_width, inner_height = _sizes(op, "output_data_window")[:2]
    dots = op.convergence_dots_size
    top = max(0, height - inner_height - dots) // 3 if dots > 0 else int((height - inner_height) / 2)
    left = int((width - inner_width) / 2)
    rows, columns = np.arange(height) - top, np.arange(width) - left
    inside = np.outer((rows >= 0) & (rows < inner_height), (columns >= 0) & (columns < inner_width))
    values = values.astype(np.float64)
    if op.normalize:
        low, high = op.normalize_min, op.normalize_max
        if low >= high:
            low, high = values.min(), values.max()
        with np.errstate(invalid="ignore", divide="ignore"):
            values = (values - low) / np.float64(high - low)
    values = np.clip(values, 0.0, 1.0)
    found_rows = np.clip(rows * values.shape[0] // max(inner_height, 1), 0, values.shape[0] - 1)
    found_columns = np.clip(columns * values.shape[1] // max(inner_width, 1), 0, values.shape[1] - 1)
    return np.where(inside, values[found_rows[:, None], found_columns], np.clip(op.border_level, 0.0, 1.0))


def _sources(view: _View, depths: np.ndarray, hidden: bool) -> np.ndarray:
    """For each pixel the one to its right in the row that has the same dot, or itself: all rows at once."""
    height, width = depths.shape
    same = np.tile(np.arange(width)[:, None], height)  # [width, height]: columns lie together
    distances = view.apart(depths).T
    lefts = np.arange(width)[:, None] - distances // 2
    rights = lefts + distances
    joined = (distances >= 0) & (lefts >= 0) & (rights < width)
    if hidden:
        joined &= view.seen(depths).T
    joined, lefts, rights = (np.ascontiguousarray(one) for one in (joined, lefts, rights))
    for x in range(width):
        rows = np.flatnonzero(joined[x])
        left, right = lefts[x, rows], rights[x, rows]
        while True:
            following = same[left, rows]
            going = np.flatnonzero((following != left) & (following != right))
            if not going.size:
                same[left, rows] = right
                break
            # Those that have come to their end are settled, the others go on.
            done = np.ones(rows.size, bool)
            done[going] = False
            same[left[done], rows[done]] = right[done]
            rows, left, right, following = rows[going], left[going], right[going], following[going]
            farther = following > right
            same[left[farther], rows[farther]] = right[farther]
            left, right = np.where(farther, right, following), np.where(farther, following, right)
    return same.T


@op("SingleImageRandomDotStereograms", traced=False, because="follows which dots are one")
class SingleImageRandomDotStereograms:
    """Depths [rows, columns] -> a picture of random dots, one number for each pixel or three."""

    def shape(op, depths):
        width, height = op.output_image_shape.as_list()[:2]
        return height, width, 3 if op.number_colors > 256 else 1

    def kernel(op, depths):
        values = depths.cpu().numpy()
        if values.ndim != 2 or not values.size:
            raise invalid(f"depth_values must be a matrix with elements, but has the shape {list(values.shape)}")
        (width, height, *more), view = _sizes(op, "output_image_shape"), _View(op)
        colours = 3 if op.number_colors > 256 or more[:1] == [3] else 1
        same = _sources(view, _depths(op, values, width, height), op.hidden_surface_removal)
        own = same == np.arange(width)
        numbers = np.array(_numbers.take(int(own.sum()) * colours)).reshape(-1, colours)
        picture = np.zeros([height, width, colours], np.uint8)
        # Dots are drawn row by row, each from the right.
        picture[:, ::-1][own[:, ::-1]] = (numbers & 1) * 255 if op.number_colors == 2 else numbers & 255
        columns, sources = np.ascontiguousarray(picture.transpose(1, 0, 2)), np.ascontiguousarray(same.T)
        rows = np.arange(height)
        for x in range(width - 2, -1, -1):
            columns[x] = columns[sources[x], rows]
        picture = np.ascontiguousarray(columns.transpose(1, 0, 2))
        _mark(op, picture, view)
        return torch.from_numpy(picture).to(depths.device)


def _mark(op: Any, picture: np.ndarray, view: _View) -> None:
    """Draw the two dots on which eyes look until they are one."""
    size = op.convergence_dots_size
    if size <= 0:
        return
    height, width, _ = picture.shape
    below = max(0, height - _sizes(op, "output_data_window")[1] - size) // 3
    for place in (-1, 1):
        start = width // 2 + place * int(view.apart(0.0) // 2) - size // 2
        picture[max(height - below - size, 0):height - below, max(start, 0):max(start + size, 0)] = 0
