"""Operations on the rows of dense and sparse tensors as sets, and the sizes of such sets."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.declare import op
from tfmagic.ops.shape_rules import merge, merge_dim, with_rank, with_rank_at_least
from tfmagic.ops.sparse import parts

# Of two ascending arrays without repetitions.
_OPERATIONS = {"a-b": lambda a, b: np.setdiff1d(a, b, assume_unique=True),
               "b-a": lambda a, b: np.setdiff1d(b, a, assume_unique=True),
               "intersection": lambda a, b: np.intersect1d(a, b, assume_unique=True), "union": np.union1d}


def _array(value: Any) -> Any:
    return value if isinstance(value, np.ndarray) else value.cpu().numpy()


def _refused(op: Any, set1: Any, set2: Any) -> str | None:
    for dims in (set1, set2):
        if len(dims) < 2:
            return f"Shape {shapes.brackets(dims)} has rank {len(dims)} < 2"
    return None if set1[:-1] == set2[:-1] else (
        f"Mismatched shapes {shapes.brackets(set1[:-1])} vs {shapes.brackets(set2[:-1])}")


@op("DenseToDenseSetOperation", check=_refused, traced=False, because="as long as the values say")
class DenseToDenseSetOperation:
    """A set operation on each pair of rows, as a sparse tensor with the elements in ascending order."""

    def shape(op: Any, set1: Dims, set2: Dims) -> tuple[Dims, Dims, Dims]:
        if set1 is not None:
            with_rank_at_least(set1, 2)
            set2 = with_rank(set2, len(set1))
            merge(set1[:-1], set2[:-1])
        else:
            with_rank_at_least(set2, 2)
        rank = None if set2 is None else len(set2)
        return (None, rank), (None,), (rank,)

    def kernel(op: Any, set1: Any, set2: Any) -> tuple[Any, Any, Any]:
        a, b = _array(set1), _array(set2)
        return _combined(op, _rows(a), _rows(b), a.shape[:-1])


class _Sets(NamedTuple):
    """The sets in the rows of a tensor, repetitions included.

    Attributes:
      rows: the number of the row of each member.
      members: them.
    """

    rows: np.ndarray
    members: np.ndarray


def _rows(dense: np.ndarray) -> _Sets:
    """The set in each row of a dense tensor."""
    return _Sets(np.repeat(np.arange(math.prod(dense.shape[:-1])), dense.shape[-1]), dense.reshape(-1))


def _combined(op: Any, first: _Sets, second: _Sets, sizes: Any) -> tuple[Any, Any, Any]:
    """A set operation on the sets of each row, as coordinates, values in ascending order, and shape."""
    operation = _OPERATIONS.get(op.set_operation.lower())
    if operation is None:
        raise errors.InvalidArgumentError(None, op.op, f"Invalid set_operation {op.set_operation}.")
    members, codes = np.unique(np.concatenate([first.members, second.members]), return_inverse=True)
    # One number for a row and a member of it: numbers ascend as rows do, and as members do in each.
    keys = np.concatenate([first.rows, second.rows]) * len(members) + codes
    parted = len(first.rows)
    rows, codes = np.divmod(operation(np.unique(keys[:parted]), np.unique(keys[parted:])), max(len(members), 1))
    counts = np.bincount(rows, minlength=math.prod(sizes))
    places = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    above = np.unravel_index(rows, tuple(sizes)) if len(rows) else [rows] * len(sizes)
    indices, values = np.stack([*above, places], 1), members[codes]
    return (torch.from_numpy(indices), values if values.dtype == object else torch.from_numpy(values),
            torch.tensor([*sizes, counts.max(initial=0)], dtype=torch.int64))


# --- sparse tensors whose rows are sets -------------------------------------------------------------------------


def _groups(op: Any, indices: Any, values: Any, dense_shape: Any) -> _Sets:
    """The set in each row of a sparse tensor.

    Raises:
      InvalidArgumentError: a coordinate is outside, repeats, or is out of order; TensorFlow's kernels look at that
        whatever `validate_indices` says.
    """
    places = indices.cpu().numpy()
    _validate(op, places, dense_shape)
    sizes = tuple(dense_shape[:-1])
    return _Sets(np.ravel_multi_index(tuple(places[:, :-1].T), sizes) if len(places) else np.arange(0), _array(values))


def _validate(op: Any, places: np.ndarray, dense_shape: list[int]) -> None:
    outside: Any = ((places < 0) | (places >= np.array(dense_shape))).any(1)
    steps = np.diff(places, axis=0)
    # How each place lies to the one before it: what the first coordinate says in which they differ.
    direction = np.take_along_axis(steps, (steps != 0).argmax(1)[:, None], 1)[:, 0]
    refused = outside.copy()
    refused[1:] |= direction <= 0
    if not refused.any():
        return
    index = int(refused.argmax())
    said = f"indices[{index}] = {shapes.brackets(tuple(places[index].tolist()))}"
    if outside[index]:
        bounds = shapes.brackets(tuple(dense_shape))
        raise errors.InvalidArgumentError(None, op.op, f"{said} is out of bounds: need 0 <= index < {bounds}")
    if direction[index - 1] == 0:
        raise errors.InvalidArgumentError(None, op.op, f"{said} is repeated")
    raise errors.InvalidArgumentError(
        None, op.op, f"{said} is out of order. Many sparse ops require sorted indices.\n    Use "
                     "`tf.sparse.reorder` to create a correctly ordered copy.\n\n")


def _sparse_result(rank: int | None) -> tuple[Dims, Dims, Dims]:
    return (None, rank), (None,), (rank,)


def _sets_rank(indices: Dims, values: Dims, dense_shape: Dims) -> int | None:
    """The rank of a sparse tensor of sets.

    Raises:
      ValueError: the parts do not fit, or the rank is below 2.
    """
    rank = parts.rank_of(indices, values, dense_shape)
    if rank is not None and rank < 2:
        raise ValueError(f"Input rank must be >= 2, but got {rank}.")
    return rank


def _same_groups(op: Any, first: Any, second: Any) -> None:
    if list(first) != list(second):
        raise errors.InvalidArgumentError(None, op.op, f"Mismatched shapes {shapes.brackets(tuple(first))} vs "
                                                       f"{shapes.brackets(tuple(second))}")


def _refused_sparse(op: Any, set1: Any, *sparse: Any) -> str:
    if len(set1) < 2:
        return f"Shape {shapes.brackets(set1)} has rank {len(set1)} < 2"
    return parts.refused(*sparse) or ""


@op("DenseToSparseSetOperation", host="set2_shape", check=_refused_sparse,
    traced=False, because="as long as the values say")
class DenseToSparseSetOperation:
    """A set operation on the rows of a dense and of a sparse tensor, as a sparse tensor."""

    def shape(op: Any, set1: Dims, set2_indices: Dims, set2_values: Dims, set2_shape: Dims) -> Any:
        rank = _sets_rank(set2_indices, set2_values, set2_shape)
        if set1 is not None:
            with_rank_at_least(set1, 2)
            if rank not in (None, len(set1)):
                raise ValueError(f"Dimension must be {len(set1)} but is {rank}")
            rank = len(set1)
        return _sparse_result(rank)

    def kernel(op: Any, set1: Any, set2_indices: Any, set2_values: Any, set2_shape: Any) -> Any:
        a = _array(set1)
        _same_groups(op, a.shape[:-1], set2_shape[:-1])
        return _combined(op, _rows(a), _groups(op, set2_indices, set2_values, set2_shape), a.shape[:-1])


@op("SparseToSparseSetOperation", host=("set1_shape", "set2_shape"), traced=False,
    because="as long as the values say",
    check=lambda op, *sparse: parts.refused(*sparse[:3]) or parts.refused(*sparse[3:]))
class SparseToSparseSetOperation:
    """A set operation on the rows of two sparse tensors, as a sparse tensor."""

    def shape(op: Any, set1_indices: Dims, set1_values: Dims, set1_shape: Dims, set2_indices: Dims, set2_values: Dims,
              set2_shape: Dims) -> Any:
        first = _sets_rank(set1_indices, set1_values, set1_shape)
        second = _sets_rank(set2_indices, set2_values, set2_shape)
        return _sparse_result(merge_dim(first, second))

    def kernel(op: Any, set1_indices: Any, set1_values: Any, set1_shape: Any, set2_indices: Any, set2_values: Any,
               set2_shape: Any) -> Any:
        _same_groups(op, set1_shape[:-1], set2_shape[:-1])
        return _combined(op, _groups(op, set1_indices, set1_values, set1_shape),
                         _groups(op, set2_indices, set2_values, set2_shape), set1_shape[:-1])


@op("SetSize", host="set_shape", traced=False, because="as long as the values say",
    check=lambda op, *sparse: parts.refused(*sparse))
class SetSize:
    """How many different elements each row of a sparse tensor has."""

    def shape(op: Any, set_indices: Dims, set_values: Dims, set_shape: Dims) -> Dims:
        return None

    def kernel(op: Any, set_indices: Any, set_values: Any, set_shape: Any) -> Any:
        sizes = tuple(set_shape[:-1])
        found = _groups(op, set_indices, set_values, set_shape)
        _, codes = np.unique(found.members, return_inverse=True)
        rows = np.unique(np.stack([found.rows, codes]), axis=1)[0]
        return torch.from_numpy(np.bincount(rows, minlength=math.prod(sizes)).astype(np.int32).reshape(sizes))
