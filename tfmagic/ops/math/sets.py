"""Operations on the rows of two tensors as sets: DenseToDenseSetOperation and the size of sparse sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.declare import op
from tfmagic.ops.shape_rules import merge, with_rank, with_rank_at_least

_OPERATIONS = {"a-b": lambda a, b: a - b, "b-a": lambda a, b: b - a, "intersection": lambda a, b: a & b,
               "union": lambda a, b: a | b}


def _array(value: Any) -> Any:
    return value if isinstance(value, np.ndarray) else value.cpu().numpy()


def _refused(op: Any, set1: Any, set2: Any) -> str | None:
    for dims in (set1, set2):
        if len(dims) < 2:
            return f"Shape {shapes.brackets(dims)} has rank {len(dims)} < 2"
    return None if set1[:-1] == set2[:-1] else (
        f"Mismatched shapes {shapes.brackets(set1[:-1])} vs {shapes.brackets(set2[:-1])}")


@op("DenseToDenseSetOperation", check=_refused, traced=False, because="looks at values")
class DenseToDenseSetOperation:
    """A set operation on each pair of rows, as a sparse tensor with the elements in ascending order."""

    def shape(op: Any, set1: Dims, set2: Dims) -> tuple[Dims, Dims, Dims]:
        if set1 is not None:
            with_rank_at_least(set1, 2)
            set2 = with_rank(set2, len(set1))
            merge(set1[:-1], set2[:-1])
        rank = None if set2 is None else len(set2)
        return (None, rank), (None,), (rank,)

    def kernel(op: Any, set1: Any, set2: Any) -> tuple[Any, Any, Any]:
        a, b = _array(set1), _array(set2)
        operation = _OPERATIONS.get(op.set_operation.lower())
        if operation is None:
            raise errors.InvalidArgumentError(None, op.op, f"Invalid set_operation {op.set_operation}.")
        places: list[tuple[int, ...]] = []
        values: list[Any] = []
        longest = 0
        for row in np.ndindex(a.shape[:-1]):
            members = sorted(operation(set(a[row].tolist()), set(b[row].tolist())))
            longest = max(longest, len(members))
            places += [(*row, i) for i in range(len(members))]
            values += members
        found = np.empty(len(values), a.dtype)
        found[:] = values
        shape = torch.tensor([*a.shape[:-1], longest], dtype=torch.int64)
        indices = torch.tensor(places, dtype=torch.int64).reshape(-1, a.ndim)
        return indices, found if found.dtype == object else torch.from_numpy(found), shape
