"""Operations on the rows of two tensors as sets: DenseToDenseSetOperation and the size of sparse sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.declare import op

_OPERATIONS = {"a-b": lambda a, b: a - b, "b-a": lambda a, b: b - a, "intersection": lambda a, b: a & b,
               "union": lambda a, b: a | b}


def _array(value: Any) -> Any:
    return value if isinstance(value, np.ndarray) else value.cpu().numpy()


@op("DenseToDenseSetOperation", traced=False, because="looks at values")
class DenseToDenseSetOperation:
    """A set operation on each pair of rows, as a sparse tensor with the elements in ascending order."""

    def shape(op: Any, set1: Dims, set2: Dims) -> tuple[Dims, Dims, Dims]:
        rank = len(set1) if set1 is not None else len(set2) if set2 is not None else None
        return (None, rank), (None,), (rank,)

    def kernel(op: Any, set1: Any, set2: Any) -> tuple[Any, Any, Any]:
        a, b = _array(set1), _array(set2)
        if a.shape[:-1] != b.shape[:-1]:
            raise errors.InvalidArgumentError(None, op.op, f"Mismatched group shapes {list(a.shape[:-1])} and "
                                                           f"{list(b.shape[:-1])}")
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
