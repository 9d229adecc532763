"""Pairs of what is nearest, and parts of pictures that hang together (ops of tf.contrib)."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import op


class _Pair:
    """A row and a column; the heap sees the distance alone, as TensorFlow's does, so equal ones come as there."""

    __slots__ = ("distance", "row", "column")

    def __init__(self, distance: float, row: int, column: int):
        self.distance, self.row, self.column = distance, row, column

    def __lt__(self, other: _Pair) -> bool:
        return self.distance < other.distance


def _no_table(op: Any, distances: Any, rows: Any) -> str | None:
    if len(distances) != 2:
        return f"distance_mat should be 2-dimensional, but got {shapes.brackets(distances)}"
    return None


@op("BipartiteMatch", traced=False, because="takes the nearest pair of all, again and again", check=_no_table)
class BipartiteMatch:
    """Rows and columns in pairs, the nearest first: the column of each row, and the row of each column, else -1."""

    def shape(op, distances, rows):
        rows, columns = shape_rules.with_rank(distances, 2)
        return (rows,), (columns,)

    def kernel(op, distances, valid):
        height, width = distances.shape
        if valid.numel() != 1:
            raise errors.InvalidArgumentError(
                None, None, f"num_valid_rows argument should be a tensor with 1 element, but got {valid.numel()}.")
        rows = int(valid.reshape(()).item())
        rows = height if rows < 0 else rows
        if rows > height:
            raise errors.InvalidArgumentError(
                None, None, f"There should be at least {rows} rows in distance_mat, but only got {height} rows.")
        heap: list[_Pair] = []
        for row, distance_of in enumerate(distances[:rows].tolist()):
            for column, distance in enumerate(distance_of):
                heapq.heappush(heap, _Pair(distance, row, column))
        left = min(rows, width) if op.top_k < 0 else op.top_k
        of_row, of_column = [-1] * height, [-1] * width
        while heap and left > 0:
            pair = heapq.heappop(heap)
            if of_row[pair.row] < 0 and of_column[pair.column] < 0:
                of_row[pair.row], of_column[pair.column] = pair.column, pair.row
                left -= 1
        return tuple(torch.tensor(found, dtype=torch.int32, device=distances.device) for found in (of_row, of_column))


def _no_images(op: Any, images: Any) -> str | None:
    return "Input images must have rank 3" if len(images) != 3 else None


@op("ImageConnectedComponents", traced=False, because="follows what hangs together", check=_no_images)
class ImageConnectedComponents:
    """A number for each part of equal pixels that hang together by their sides; 0 for pixels of nothing."""

    def shape(op, images):
        return shape_rules.with_rank(images, 3)

    def kernel(op, images):
        device = getattr(images, "device", None)
        values = images if isinstance(images, np.ndarray) else images.cpu().numpy()
        some = values.astype(bool) if values.dtype != object else values != b""
        numbers = np.where(some, np.arange(1, values.size + 1).reshape(values.shape), 0)
        joins = [(_cut(axis, None, -1), _cut(axis, 1, None)) for axis in (1, 2)]
        joins = [(one, other, some[one] & (values[one] == values[other])) for one, other in joins]
        root = np.arange(values.size + 1)  # of each number, the smallest known to hang together with it
        while True:
            changed = False
            for one, other, equal in joins:
                first, second = root[numbers[one][equal]], root[numbers[other][equal]]
                if np.array_equal(first, second):
                    continue
                changed = True
                low = np.minimum(first, second)
                np.minimum.at(root, first, low)
                np.minimum.at(root, second, low)
            if not changed:
                return torch.from_numpy(root[numbers]).to(device or "cpu")
            while not np.array_equal(root, root[root]):
                root = root[root]


def _cut(axis: int, start: int | None, stop: int | None) -> tuple[slice, ...]:
    return tuple(slice(start, stop) if i == axis else slice(None) for i in range(3))
