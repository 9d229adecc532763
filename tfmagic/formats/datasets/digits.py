"""Made-up handwritten digits, in MNIST's form: strokes turned, stretched and shifted at random, always alike."""

from __future__ import annotations

import functools

import numpy as np

# The strokes of each digit: points of lines on a square from -1 to 1, y downwards.
_STROKES: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
    (((0.0, -1.0), (-0.6, -0.6), (-0.7, 0.2), (-0.4, 0.85), (0.1, 1.0), (0.6, 0.6), (0.7, -0.2), (0.4, -0.85),
      (0.0, -1.0)),),
    (((-0.3, -0.6), (0.1, -1.0), (0.1, 1.0)),),
    (((-0.6, -0.6), (-0.1, -1.0), (0.5, -0.8), (0.55, -0.3), (-0.6, 1.0), (0.7, 0.95)),),
    (((-0.6, -0.8), (0.2, -1.0), (0.55, -0.6), (0.3, -0.1), (-0.2, 0.0)),
     ((-0.2, 0.0), (0.5, 0.2), (0.6, 0.6), (0.2, 1.0), (-0.6, 0.8))),
    (((0.35, 1.0), (0.35, -1.0), (-0.7, 0.35), (0.75, 0.35)),),
    (((0.6, -1.0), (-0.5, -1.0), (-0.55, -0.15), (0.2, -0.2), (0.6, 0.3), (0.3, 0.9), (-0.6, 0.9)),),
    (((0.45, -1.0), (-0.3, -0.5), (-0.6, 0.3), (-0.3, 0.9), (0.3, 0.95), (0.55, 0.45), (0.2, 0.05), (-0.5, 0.3)),),
    (((-0.65, -1.0), (0.65, -1.0), (0.0, 0.1), (-0.25, 1.0)),),
    (((0.0, -0.05), (-0.5, -0.5), (0.0, -1.0), (0.5, -0.5), (0.0, -0.05), (-0.6, 0.5), (0.0, 1.0), (0.6, 0.5),
      (0.0, -0.05)),),
    (((0.5, -0.4), (0.0, 0.0), (-0.5, -0.5), (0.0, -1.0), (0.5, -0.5), (0.5, 0.1), (0.2, 1.0)),),
)
_SIDE = 28
_CHUNK = 2000  # pictures made at a time: some 30 MB


def make(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of digits and what they show.

    Args:
      count: how many.
      seed: another seed gives other pictures.

    Returns:
      uint8 images [count, 28, 28], black 0 and white 255, and uint8 labels [count].
    """
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, count).astype(np.uint8)
    images = np.empty((count, _SIDE, _SIDE), np.uint8)
    for digit in range(10):
        places = np.flatnonzero(labels == digit)
        for start in range(0, len(places), _CHUNK):
            some = places[start:start + _CHUNK]
            images[some] = _draw(digit, len(some), random)
    return images, labels


@functools.cache
def _segments(digit: int) -> np.ndarray:
    """The straight pieces of a digit: float32 [pieces, 2 ends, 2 coordinates]."""
    return np.array([ends for stroke in _STROKES[digit] for ends in zip(stroke, stroke[1:], strict=False)], np.float32)


def _draw(digit: int, count: int, random: np.random.Generator) -> np.ndarray:
    """Pictures of one digit: uint8 [count, 28, 28]."""
    uniform = lambda low, high: random.uniform(low, high, count).astype(np.float32)  # noqa: E731
    angle, slant, shift = uniform(-0.2, 0.2), uniform(-0.25, 0.25), (uniform(-2, 2), uniform(-2, 2))
    wide, high, thick = uniform(5.5, 8.5), uniform(7.5, 9.5), uniform(0.9, 1.7)
    segments = _segments(digit)
    # A little trembling of the hand: the ends of the pieces move, those of neighbours alike.
    tremble = random.normal(0, 0.05, (count, len(segments) + 1, 2)).astype(np.float32)
    x = segments[None, :, :, 0] + np.stack([tremble[:, :-1, 0], tremble[:, 1:, 0]], 2)
    y = segments[None, :, :, 1] + np.stack([tremble[:, :-1, 1], tremble[:, 1:, 1]], 2)
    x = (x - slant[:, None, None] * y) * wide[:, None, None]
    y = y * high[:, None, None]
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    centre = (_SIDE - 1) / 2
    px = cosine * x - sine * y + centre + shift[0][:, None, None]
    py = sine * x + cosine * y + centre + shift[1][:, None, None]
    grid_y, grid_x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32)
    nearest = np.full((count, _SIDE, _SIDE), np.inf, np.float32)
    for piece in range(len(segments)):
        nearest = np.minimum(nearest, _distance(grid_x, grid_y, px[:, piece], py[:, piece]))
    ink = np.clip(thick[:, None, None] + 0.5 - np.sqrt(nearest), 0, 1)
    return (ink * 255).astype(np.uint8)


def _distance(grid_x: np.ndarray, grid_y: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The squared distance of every pixel from one piece of each picture: [count, 28, 28]."""
    ends = lambda values, end: values[:, end, None, None]  # noqa: E731
    along_x, along_y = ends(x, 1) - ends(x, 0), ends(y, 1) - ends(y, 0)
    from_x, from_y = grid_x - ends(x, 0), grid_y - ends(y, 0)
    length = np.maximum(along_x * along_x + along_y * along_y, 1e-6)
    part = np.clip((from_x * along_x + from_y * along_y) / length, 0, 1)
    return (from_x - part * along_x) ** 2 + (from_y - part * along_y) ** 2
