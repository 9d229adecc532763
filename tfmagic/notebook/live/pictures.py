"""Pictures: which values are pictures, and their pixels."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

_LEAST = 4  # rows and columns
_CHANNELS = (1, 3, 4)


def is_one(array: np.ndarray) -> bool:
    """Whether a value is a picture [height, width, channels], or a batch of them: of 1, 3 or 4 channels, with bytes or
    with floats from 0 to 1."""
    return array.ndim in (3, 4) and array.shape[-1] in _CHANNELS and _has_pixels(array, array.shape[-3:-1])


def of(array: np.ndarray, index: int, side: int) -> dict[str, Any] | None:
    """A picture's size, its pixels (red, green, blue, opacity) in base64, and whether it is shown before the numbers.

    A matrix in a picture's range can be looked at as a grey one, when that is asked for.

    Args:
      array: the value.
      index: which picture of a batch.
      side: the most rows and columns; of more some are left out.
    """
    matrix = array.ndim == 2 and _has_pixels(array, array.shape)
    if not matrix and not is_one(array):
        return None
    shown = array[:, :, None] if matrix else array[index] if array.ndim == 4 else array
    shown = shown[::-(-shown.shape[0] // side), ::-(-shown.shape[1] // side)]
    pixels = shown if shown.dtype == np.uint8 else np.round(shown.astype(np.float64) * 255).astype(np.uint8)
    channels = pixels.shape[2]
    full = np.full((*pixels.shape[:2], 4), 255, np.uint8)
    full[:, :, :3] = pixels if channels == 1 else pixels[:, :, :3]
    if channels == 4:
        full[:, :, 3] = pixels[:, :, 3]
    return {"size": [full.shape[1], full.shape[0]], "pixels": base64.b64encode(full.tobytes()).decode(),
            "first": not matrix}


def _has_pixels(array: np.ndarray, sides: tuple[int, ...]) -> bool:
    if not array.size or min(sides) < _LEAST:
        return False
    if array.dtype == np.uint8:
        return True
    is_float = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
    return is_float and bool((array >= 0).all() and (array <= 1).all())
