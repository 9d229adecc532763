"""Samples for the ops of tfmagic/ops/math/clustering.py."""

import numpy as np
from oracle.samples.values import N, f32, i64, row

_POINTS = f32([[0, 0], [1, 0], [0, 2], [5, 5], [6, 5], [5, 7], [-3, 2]])
_CENTERS = f32([[0, 0], [5, 5], [-2, 2]])
_FAR = f32([1, 4, 0.5, 9, 2, 30, 3, 0.1, 8])

SAMPLES = {
    "NearestNeighbors": [
        row(points=_POINTS, centers=_CENTERS, k=i64(k)) for k in (1, 2, 3, 5, 0, -1)] + [
        row(points=N(4, 3), centers=N(5, 3), k=i64(2)), row(points=N(4, 3), centers=N(5, 2), k=i64(2)),
        row(points=N(3), centers=N(5, 3), k=i64(1)), row(points=N(4, 3), centers=N(0, 3), k=i64(1)),
        row(points=N(4, 3), centers=N(5, 3), k=i64([1]))],
    "KmeansPlusPlusInitialization": [
        row(points=_POINTS, num_to_sample=i64(count), seed=i64(seed), num_retries_per_sample=i64(retries))
        for count, seed, retries in ((3, 7, 0), (3, 7, 2), (4, 123, -1), (1, 5, 0), (7, 3, 1), (8, 3, 1),
                                     (0, 3, 1))] + [
        row(points=N(3), num_to_sample=i64(1), seed=i64(1), num_retries_per_sample=i64(1))],
    "KMC2ChainInitialization": [
        row(distances=_FAR, seed=i64(seed)) for seed in (1, 7, 12345, -3)] + [
        row(distances=f32([2]), seed=i64(1)), row(distances=f32([]), seed=i64(1)), row(distances=N(2, 2), seed=i64(1)),
        row(distances=np.abs(f32(range(20)) - 9.5), seed=i64(3))],
}
