"""tf.contrib.learn.datasets.synthetic: points on circles and spirals."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.tf.datasets.mnist import Dataset

_NOTE = "Consider using synthetic datasets from scikits.learn."
_RADII: dict[str, Any] = {"archimedes": lambda turn: turn, "bernoulli": lambda turn: np.exp(0.1 * turn),
                          "fermat": np.sqrt}


@export("contrib.learn.datasets.synthetic.circles")
@deprecated(None, _NOTE)
def circles(n_samples: int = 100, noise: float | None = None, seed: int | None = None, factor: float = 0.8,
            n_classes: int = 2, *args: Any, **kwargs: Any) -> Dataset:
    """Points on circles about one centre, in an order drawn by chance.

    Args:
      n_samples: how many points.
      noise: the deviation of a normal noise on them.
      seed: sets NumPy's global stream.
      factor: how much smaller each circle is than the one around it.
      n_classes: how many circles.
    """
    if seed is not None:
        np.random.seed(seed)
    each = n_samples // n_classes
    angles = np.linspace(0, 2 * np.pi, each)
    points = [np.array([np.cos(angles), np.sin(angles)]).T * factor ** kind for kind in range(n_classes)]
    kinds = np.repeat(np.arange(n_classes, dtype=np.int32), each)
    left = n_samples - each * n_classes
    if left:  # the points that the circles do not share out are anywhere
        points.append(np.array([np.cos(np.random.rand(left) * 2 * np.pi),
                                np.sin(np.random.rand(left) * 2 * np.pi)]).T)
        kinds = np.append(kinds, np.zeros(left, np.int32))
    return _shuffled(np.concatenate(points), kinds, noise)


def _shuffled(points: np.ndarray, kinds: np.ndarray, noise: float | None) -> Dataset:
    order = np.random.permutation(len(points))
    if noise is not None:
        points = points + np.random.normal(scale=noise, size=points.shape)
    return Dataset(data=points[order], target=kinds[order])


@export("contrib.learn.datasets.synthetic.spirals")
@deprecated(None, _NOTE)
def spirals(n_samples: int = 100, noise: float | None = None, seed: int | None = None, mode: str = "archimedes",
            n_loops: int = 2, *args: Any, **kwargs: Any) -> Dataset:
    """Points on two spirals, in an order drawn by chance.

    Args:
      n_samples: how many points.
      noise: the deviation of a normal noise on them.
      seed: sets NumPy's global stream.
      mode: how the radius grows: "archimedes", "bernoulli" or "fermat".
      n_loops: how often a spiral turns.

    Raises:
      ValueError: another mode.
    """
    if mode not in _RADII:
        raise ValueError(f"Cannot generate spiral with mode {mode}")
    if seed is not None:
        np.random.seed(seed)
    turn = np.linspace(0, 2 * n_loops * np.pi, n_samples // 2)
    parts = [_spiral(turn, 0, mode), _spiral(turn, np.pi, mode)]
    kinds = np.repeat(np.arange(2, dtype=np.int32), len(turn))
    if n_samples % 2:  # one more point of the first
        parts.append(_spiral(np.random.rand(1) * 2 * n_loops * np.pi, 0, mode))
        kinds = np.append(kinds, np.int32(0))
    return _shuffled(np.concatenate(parts), kinds, noise)


def _spiral(turn: np.ndarray, start: float, mode: str) -> np.ndarray:
    radius = _RADII[mode](turn)
    x, y = radius * np.cos(turn + start), radius * np.sin(turn + start)
    return np.array([x / np.max(np.abs(x)), y / np.max(np.abs(y))]).T
