"""Ops of k-means: the nearest centers of points, and the choice of first centers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.declare import op
from tfmagic.ops.random.philox import Stream, block

_ALL = (1 << 64) - 1
_VALUES: dict[str, Any] = {"traced": False, "because": "as long as the values say"}


def _words(seed: int) -> Iterator[int]:
    """The 32-bit words of the stream that a seed starts."""
    stream, place = Stream(seed & _ALL, 0), 0
    while True:
        yield from block(stream.skip(place))
        place += 1


def _unit(words: Iterator[int]) -> np.float32:
    """A float in [0, 1)."""
    return np.float32((next(words) & 0x7FFFFF) / (1 << 23))


def _below(words: Iterator[int], count: int) -> int:
    """A number in [0, count), every one equally likely."""
    def draw() -> int:
        low = next(words)
        return low | next(words) << 32

    if count & (count - 1) == 0:
        return draw() & (count - 1)
    least = _ALL % count + 1
    value = draw()
    while value < least:
        value = draw()
    return value % count


def _matrix(value: Any, name: str) -> Any:
    if value.dim() != 2:
        raise invalid(f"Input {name} should be a matrix.")
    return value


def _scalar(value: Any, name: str) -> int:
    if value.dim():
        raise invalid(f"Input {name} should be a scalar.")
    return int(value)


@op("NearestNeighbors", check=lambda op, *dims: "", **_VALUES)
class NearestNeighbors:
    """The numbers of the nearest centers of each point, and their squared distances."""

    def shape(op: Any, points: Dims, centers: Dims, k: Dims) -> tuple[Dims, Dims]:
        return None, None

    def kernel(op: Any, points: Any, centers: Any, k: Any) -> tuple[Any, Any]:
        _matrix(points, "points")
        _matrix(centers, "centers")
        count = min(_scalar(k, "k"), centers.shape[0])
        if not len(points):
            raise invalid("Expected points.rows() > 0.")
        if count < 0:
            raise invalid("Expected k >= 0.")
        if points.shape[1] != centers.shape[1]:
            raise invalid(f"Expected point_dimensions == center_dimensions: {points.shape[1]} vs {centers.shape[1]}.")
        distances = ((points * points).sum(1, keepdim=True) + (centers * centers).sum(1) - 2 * points @ centers.mT)
        values, places = torch.sort(distances, dim=1, stable=True)
        return places[:, :count].contiguous(), values[:, :count].clamp(min=0).contiguous()


@op("KMC2ChainInitialization", check=lambda op, *dims: "", traced=False, because="each step depends on the one before")
class KMC2ChainInitialization:
    """The end of a Markov chain over points: farther ones are likelier."""

    def shape(op: Any, distances: Dims, seed: Dims) -> Dims:
        return ()

    def kernel(op: Any, distances: Any, seed: Any) -> Any:
        if distances.dim() != 1:
            raise invalid("Input distances should be a vector.")
        words = _words(_scalar(seed, "seed"))
        if not len(distances):
            raise invalid("Expected distances_tensor.size() > 0.")
        values = distances.cpu().numpy()
        index = 0
        for place in range(1, len(values)):
            bound = _unit(words) * values[index]
            if values[place] > bound:
                index = place
        return torch.tensor(index)


@op("KmeansPlusPlusInitialization", check=lambda op, *dims: "", **_VALUES)
class KmeansPlusPlusInitialization:
    """Points far from one another, for first centers: each is drawn by its squared distance from those before."""

    def shape(op: Any, points: Dims, count: Dims, seed: Dims, retries: Dims) -> Dims:
        return None

    def kernel(op: Any, points: Any, count: Any, seed: Any, retries: Any) -> Any:
        values = _matrix(points, "points").cpu().numpy()
        wanted, first_seed = _scalar(count, "num_to_sample"), _scalar(seed, "seed")
        tries = _scalar(retries, "num_retries_per_sample")
        if not len(values):
            raise invalid("Expected points.rows() > 0.")
        if wanted <= 0:
            raise invalid("Expected num_to_sample > 0.")
        if wanted > len(values):
            raise invalid(f"Expected num_to_sample <= points.rows(). {wanted} vs {len(values)}.")
        if tries < 0:
            tries = 2 + int(math.log(wanted))
        words = _words(first_seed)
        least = np.full(len(values), np.inf, np.float32)
        chosen: list[int] = []
        for _ in range(wanted):
            sums = np.cumsum(least, dtype=np.float32)
            best = None
            for _ in range(tries + 1):
                place = _place(words, sums) if chosen else _below(words, len(values))
                found = np.minimum(least, _distances(values, place))
                total = found.sum(dtype=np.float32)
                if best is None or total < best[0]:
                    best = total, found, place
            assert best is not None
            least = best[1]
            chosen.append(best[2])
        return points[torch.tensor(chosen)]


def _place(words: Iterator[int], sums: Any) -> int:
    """A number by its weight, where the partial sums of the weights are these."""
    return min(int(np.searchsorted(sums, _unit(words) * sums[-1])), len(sums) - 1)


def _distances(points: Any, index: int) -> Any:
    """Half the squared distances of points from one of them."""
    half = np.float32(0.5) * (points * points).sum(1)
    return half + half[index] - points @ points[index]
