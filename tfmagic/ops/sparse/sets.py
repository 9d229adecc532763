"""Operations on the rows of dense and sparse tensors as sets, and the sizes of such sets."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.declare import op
from tfmagic.ops.shape_rules import merge, merge_dim, with_rank, with_rank_at_least
from tfmagic.ops.sparse import parts


class _Operation(NamedTuple):
    """An operation on two sets of Python, and on two ascending arrays in which nothing repeats."""

    of_sets: Callable[[Any, Any], Any]
    of_keys: Callable[[Any, Any], Any]


def _ascending(keys: np.ndarray) -> np.ndarray:
    """The different ones of them in ascending order; they often are that already."""
    if not (keys[1:] > keys[:-1]).all():
        keys = np.sort(keys)
        keys = keys[np.append(True, keys[1:] > keys[:-1])]
    return keys


def _without(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.setdiff1d(a, b, assume_unique=True)


_OPERATIONS = {
    "a-b": _Operation(operator.sub, _without),
    "b-a": _Operation(lambda a, b: b - a, lambda a, b: _without(b, a)),
    "intersection": _Operation(operator.and_, lambda a, b: np.intersect1d(a, b, assume_unique=True)),
    "union": _Operation(operator.or_, lambda a, b: _ascending(np.concatenate([a, b]))),
}


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
    """The sets in the rows of a tensor.

    Attributes:
      rows: of which row each member is, in ascending order.
      members: they may repeat in a row.
    """

    rows: np.ndarray
    members: np.ndarray

    def by_row(self) -> dict[int, set[Any]]:
        """The set of each row that has members, by its number."""
        firsts = [0, *(np.flatnonzero(np.diff(self.rows)) + 1).tolist()] if len(self.rows) else []
        listed = self.members.tolist()
        return {row: set(listed[first:after])
                for row, first, after in zip(self.rows[firsts].tolist(), firsts, [*firsts[1:], None])}


class _Keys(NamedTuple):
    """Sets of whole numbers, a number for each member that tells its row, too.

    Attributes:
      keys: of each of the sets, in ascending order.
      low, span: the least of all members, and the number of which a row is a multiple.
    """

    keys: list[np.ndarray]
    low: int
    span: int


def _keys(count: int, *sets: _Sets) -> _Keys | None:
    """Keys of the sets of so many rows; None where 64 bits are too few for them, or they are no numbers."""
    some = [each.members for each in sets if len(each.members)]
    if any(members.dtype == object for members in some):
        return None
    low = min((int(members.min()) for members in some), default=0)
    span = max((int(members.max()) for members in some), default=0) - low + 1
    if count * span > np.iinfo(np.int64).max:
        return None
    return _Keys([_ascending(each.rows * span + (each.members.astype(np.int64) - low)) for each in sets], low, span)


def _rows(dense: np.ndarray) -> _Sets:
    """The set in each row of a dense tensor."""
    return _Sets(np.repeat(np.arange(math.prod(dense.shape[:-1])), dense.shape[-1]), dense.reshape(-1))


def _combined(op: Any, first: _Sets, second: _Sets, sizes: Any) -> tuple[Any, Any, Any]:
    """A set operation on the sets of each row, as coordinates, values in ascending order, and shape."""
    operation = _OPERATIONS.get(op.set_operation.lower())
    if operation is None:
        raise errors.InvalidArgumentError(None, op.op, f"Invalid set_operation {op.set_operation}.")
    of_keys = _keys(math.prod(sizes), first, second)
    if of_keys is not None:
        rows, members = np.divmod(operation.of_keys(*of_keys.keys), of_keys.span)
        values = (members + of_keys.low).astype(first.members.dtype)
    else:
        one, other, nobody = first.by_row(), second.by_row(), set[Any]()
        numbers = sorted(one.keys() | other.keys())
        found = [sorted(operation.of_sets(one.get(row, nobody), other.get(row, nobody))) for row in numbers]
        rows = np.repeat(np.array(numbers, np.int64), np.array(list(map(len, found)), np.int64))
        values = np.array(list(itertools.chain.from_iterable(found)), first.members.dtype)
    firsts = np.flatnonzero(np.append(True, rows[1:] != rows[:-1])[:len(rows)])
    counts = np.diff(np.append(firsts, len(rows)))
    places = np.arange(len(rows)) - np.repeat(firsts, counts)
    above = np.unravel_index(rows, tuple(sizes)) if len(rows) else [rows] * len(sizes)
    return (torch.from_numpy(np.stack([*above, places], 1)), values if values.dtype == object else
            torch.from_numpy(values), torch.tensor([*sizes, counts.max(initial=0)], dtype=torch.int64))


# --- sparse tensors whose rows are sets -------------------------------------------------------------------------


def _groups(op: Any, indices: Any, values: Any, dense_shape: Any) -> _Sets:
    """The set in each row of a sparse tensor.

    Raises:
      InvalidArgumentError: a coordinate is outside, repeats, or is out of order; TensorFlow's kernels look at that
        whatever `validate_indices` says.
    """
    places, members = indices.cpu().numpy(), _array(values)
    if not len(places):
        return _Sets(np.zeros(0, np.int64), members)
    if not _ascend(places, dense_shape):
        _validate(op, places, dense_shape)
    return _Sets(np.ravel_multi_index(tuple(places[:, :-1].T), tuple(dense_shape[:-1])), members)


def _ascend(places: np.ndarray, dense_shape: list[int]) -> bool:
    """Whether places surely lie inside and go up; a look at one number for each tells."""
    try:
        flat = np.ravel_multi_index(tuple(places.T), tuple(dense_shape))
    except ValueError:  # outside, or there are more places than numbers for them
        return False
    return bool((flat[1:] > flat[:-1]).all())


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
        found, count = _groups(op, set_indices, set_values, set_shape), math.prod(sizes)
        of_keys = _keys(count, found)
        if of_keys is not None:
            counts = np.bincount(of_keys.keys[0] // of_keys.span, minlength=count).astype(np.int32)
        else:
            counts, by_row = np.zeros(count, np.int32), found.by_row()
            counts[list(by_row)] = list(map(len, by_row.values()))
        return torch.from_numpy(counts.reshape(sizes))
