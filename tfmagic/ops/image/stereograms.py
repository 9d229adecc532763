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

    def apart(self, depth: float) -> int:
        """In pixels; -1 for a depth that is no number."""
        if depth != depth:
            return -1
        return int((1.0 - self.mu * depth) * self.eyes / (2.0 - self.mu * depth) + 0.5)

    def sees(self, depths: list[float], x: int) -> bool:
        """Whether nothing in a row stands before a pixel, for either eye."""
        depth, width, step = depths[x], len(depths), 1
        slope = 2.0 * (2.0 - self.mu * depth) / (self.mu * self.eyes)
        while True:
            height = depth + slope * step
            before = depths[x - step] if x >= step else 0.0
            behind = depths[x + step] if x + step < width else 0.0
            if not (before < height and behind < height):
                return False
            if height >= 1.0:
                return True
            step += 1


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


def _sources(view: _View, depths: list[float], hidden: bool) -> list[int]:
    """For each pixel of a row the one to its right that has the same dot, or itself."""
    width, same = len(depths), list(range(len(depths)))
    distances = {depth: view.apart(depth) for depth in set(depths)}
    for x, depth in enumerate(depths):
        distance = distances[depth] if depth == depth else -1
        left = x - distance // 2
        right = left + distance
        if distance < 0 or left < 0 or right >= width or (hidden and not view.sees(depths, x)):
            continue
        following = same[left]
        while following not in (left, right):
            if following < right:
                left, following = following, same[following]
            else:
                same[left] = right
                left, right = right, following
                following = same[left]
        same[left] = right
    return same


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
        picture = np.zeros([height, width, colours], np.uint8)
        for y, row in enumerate(_depths(op, values, width, height).tolist()):
            same = _sources(view, row, op.hidden_surface_removal)
            own = [x for x in range(width - 1, -1, -1) if same[x] == x]
            numbers = iter(_numbers.take(len(own) * colours))
            dots: list[Any] = [None] * width
            for x in range(width - 1, -1, -1):
                if same[x] == x:
                    some = [next(numbers) for _ in range(colours)]
                    dots[x] = [(n & 1) * 255 if op.number_colors == 2 else n & 255 for n in some]
                else:
                    dots[x] = dots[same[x]]
            picture[y] = dots
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
        start = width // 2 + place * (view.apart(0.0) // 2) - size // 2
        picture[max(height - below - size, 0):height - below, max(start, 0):max(start + size, 0)] = 0
