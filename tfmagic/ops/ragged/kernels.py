"""The ops of ragged tensors: ranges, gathering of rows, sparse tensors, and variants that hold one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.declare import op
from tfmagic.ops.math.cast import cast
from tfmagic.ops.shape_rules import merge_dim, with_rank, with_rank_at_least, with_rank_at_most


def _array(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else value.cpu().numpy()


def _like(array: np.ndarray, value: Any) -> Any:
    """An array as `value` is: a NumPy array of strings, or a torch tensor."""
    return array if isinstance(value, np.ndarray) else torch.from_numpy(np.ascontiguousarray(array)).to(value.dtype)


def _refused_range(op: Any, starts: Dims, limits: Dims, deltas: Dims) -> str | None:
    known = [dims for dims in (starts, limits, deltas) if dims]
    for name, dims in (("starts", starts), ("limits", limits), ("deltas", deltas)):
        if len(dims or ()) > 1:
            return f"{name} must be a scalar or vector"
    return "starts, limits, and deltas must have the same shape" if len(set(known)) > 1 else None


@op("RaggedRange", check=_refused_range, traced=False, because="as long as the values say")
class RaggedRange:
    """Rows that count from a start to a limit: where they end, and their numbers."""

    def shape(op: Any, starts: Dims, limits: Dims, deltas: Dims) -> Any:
        rows: int | None = None
        scalars = True
        for dims in (starts, limits, deltas):
            if dims is None:
                scalars = False
                continue
            with_rank_at_most(dims, 1)
            if dims:
                scalars, rows = False, merge_dim(dims[0], rows)
        if scalars:
            rows = 1
        return [(None if rows is None else rows + 1,), (None,)]

    def kernel(op: Any, starts: Any, limits: Any, deltas: Any) -> Any:
        count = next((part.shape[0] for part in (starts, limits, deltas) if part.ndim), 1)
        columns = [part.expand(count).tolist() for part in (starts, limits, deltas)]
        whole = not starts.is_floating_point()
        ends, rows = [0], []
        for start, limit, delta in zip(*columns):
            if delta == 0:
                raise invalid("Requires delta != 0")
            size = _steps(start, limit, delta, whole)
            ends.append(ends[-1] + size)
            rows.append(torch.arange(size, dtype=starts.dtype) * delta + start if whole else _added(
                start, delta, size, starts.dtype))
        values = torch.cat(rows) if rows else torch.zeros(0, dtype=starts.dtype)
        return torch.tensor(ends, dtype=_splits_type(op.Tsplits)), values.to(starts.dtype)

    def static(op: Any, starts: Any, limits: Any, deltas: Any) -> Any:
        if starts.dtype.kind != "i" or not np.all(deltas):
            return None
        columns = np.broadcast_arrays(*(np.atleast_1d(part) for part in (starts, limits, deltas)))
        rows = [np.arange(*row, dtype=starts.dtype) for row in zip(*(column.tolist() for column in columns))]
        ends = np.cumsum([0, *(len(row) for row in rows)])
        return [ends.astype(op.Tsplits.as_numpy_dtype), np.concatenate([np.zeros(0, starts.dtype), *rows])]


def _steps(start: Any, limit: Any, delta: Any, whole: bool) -> int:
    if (delta > 0 and start >= limit) or (delta < 0 and start <= limit):
        return 0
    if whole:
        return (abs(limit - start) + abs(delta) - 1) // abs(delta)
    return int(np.ceil(abs((limit - start) / delta)))


def _added(start: float, delta: float, size: int, kind: Any) -> Any:
    """The numbers of a row of a floating type, each the one before and the step."""
    array = np.empty(size, str(kind).rpartition(".")[2] if kind != torch.bfloat16 else "float32")
    value = array.dtype.type(start)
    for place in range(size):
        array[place] = value
        value += array.dtype.type(delta)
    return torch.from_numpy(array).to(kind)


def _splits_type(dtype: Any) -> Any:
    return getattr(torch, dtype.name)


# --- gathering of rows -------------------------------------------------------------------------------------------


@op("RaggedGather", traced=False, because="as long as the values say",
    check=lambda op, splits, values, indices: None if values else "params.rank must be nonzero")
class RaggedGather:
    """Rows of a ragged tensor in another order: their splits, and their values."""

    def shape(op: Any, params_nested_splits: Any, params_dense_values: Dims, indices: Dims) -> Any:
        with_rank(indices, op.OUTPUT_RAGGED_RANK - op.PARAMS_RAGGED_RANK + 1)
        for dims in params_nested_splits:
            with_rank(dims, 1)
        values = with_rank_at_least(params_dense_values, 1)
        return [[(None,)] * op.OUTPUT_RAGGED_RANK, None if values is None else (None, *values[1:])]

    def kernel(op: Any, params_nested_splits: Any, params_dense_values: Any, indices: Any) -> Any:
        splits = [_array(part) for part in params_nested_splits]
        _check_splits(splits, params_dense_values)
        wanted = _array(indices)
        count = len(splits[0]) - 1
        bad = np.argwhere((wanted < 0) | (wanted >= count))
        if len(bad):
            place = f"[{','.join(map(str, bad[0]))}]" if wanted.ndim else ""
            raise invalid(f"indices{place} = {wanted[tuple(bad[0])]} is not in [0, {count})")
        made = []
        for axis in range(wanted.ndim - 1):
            rows = int(np.prod(wanted.shape[:axis + 1]))
            made.append(np.arange(rows + 1) * wanted.shape[axis + 1])
        spans = [(int(row), int(row) + 1) for row in wanted.ravel()]
        for part in splits:
            lengths = [np.diff(part)[start:stop] for start, stop in spans]
            made.append(np.concatenate([[0], *lengths]).cumsum())
            spans = [(int(part[start]), int(part[stop])) for start, stop in spans]
        if not wanted.ndim:
            del made[0]  # a single row: it is no ragged dimension any more
        pieces = [params_dense_values[start:stop] for start, stop in spans]
        if not pieces:
            values = params_dense_values[:0]
        elif isinstance(params_dense_values, np.ndarray):
            values = np.concatenate(pieces)
        else:
            values = torch.cat(pieces)
        return *(torch.from_numpy(part).to(_splits_type(op.Tsplits)) for part in made), values

    def gradient(op: Any, *gradients: Any) -> tuple[Any, ...]:
        """Each value of a row gets the sum of what its copies got."""
        splits, dense, indices = list(op.params_nested_splits), op.params_dense_values, op.indices
        inner = splits[0]
        for part in splits[1:]:
            inner = api.gather(part, inner)
        flat_indices = shape_ops.reshape(indices, [-1])
        starts, limits = api.gather(inner, flat_indices), api.gather(inner[1:], flat_indices)
        with name_scope(None, "RaggedRange", [starts, limits]) as scope:
            deltas = cast(api.constant(1, name="deltas"), inner.dtype)
            grad_indices = raw.ragged_range(starts, limits, deltas, name=scope).rt_dense_values
        dense_shape = shape_ops.shape(dense)
        return (*[None] * len(splits), IndexedSlices(gradients[-1], grad_indices, dense_shape), None)


def _check_splits(splits: list[np.ndarray], values: Any) -> None:
    """Refuse splits that do not fit each other or the values.

    Raises:
      InvalidArgumentError: they do not.
    """
    for axis, part in enumerate(splits):
        if part.size == 0:
            raise invalid("Split tensors must not be scalars" if part.ndim == 0 else "Ragged splits may not be empty")
        if part[0] < 0:
            raise invalid("Ragged splits must be non-negative")
        below = len(splits[axis + 1]) - 1 if axis + 1 < len(splits) else int(values.shape[0])
        if part[-1] > below:
            raise invalid("Ragged splits must not point past values")
        if (np.diff(part) < 0).any():
            raise invalid("Ragged splits must be sorted")


# --- sparse tensors -----------------------------------------------------------------------------------------------


@op("RaggedTensorToSparse", traced=False, because="as long as the values say")
class RaggedTensorToSparse:
    """The elements of a ragged tensor with their coordinates, and the shape that holds them all."""

    def shape(op: Any, rt_nested_splits: Any, rt_dense_values: Dims) -> Any:
        values = with_rank_at_least(rt_dense_values, 1)
        for dims in rt_nested_splits:
            with_rank(dims, 1)
        rank = None if values is None else op.RAGGED_RANK + len(values)
        known = [size for size in values or (None,) if size is not None]
        count = math.prod(known) if values is not None and len(known) == len(values) else None
        return [(count, rank), (count,), (rank,)]

    def kernel(op: Any, rt_nested_splits: Any, rt_dense_values: Any) -> Any:
        splits = [_array(part) for part in rt_nested_splits]
        values = rt_dense_values
        if not values.shape:
            raise invalid("flat_values must have rank at least 1")
        _check_whole(splits, values)
        places = np.arange(len(splits[0]) - 1)[:, None]
        sizes = [len(splits[0]) - 1]
        for part in splits:
            lengths = np.diff(part)
            sizes.append(int(lengths.max(initial=0)))
            columns = np.concatenate([np.arange(length) for length in lengths]) if len(lengths) else np.zeros(0, int)
            places = np.concatenate([np.repeat(places, lengths, axis=0), columns[:, None]], axis=1)
        inner = tuple(values.shape[1:])
        coordinates = np.array(list(np.ndindex(inner)), np.int64).reshape(int(np.prod(inner)), len(inner))
        indices = np.concatenate([np.repeat(places, len(coordinates), axis=0),
                                  np.tile(coordinates, (len(places), 1))], axis=1)
        return (torch.from_numpy(indices.astype(np.int64)), values.reshape(-1),
                torch.tensor([*sizes, *inner], dtype=torch.int64))

    def gradient(op: Any, d_indices: Any, d_values: Tensor, d_shape: Any) -> tuple[Any, ...]:
        dense = op.rt_dense_values
        return (*[None] * op.RAGGED_RANK, shape_ops.reshape(d_values, shape_ops.shape(dense)))


def _check_whole(splits: list[np.ndarray], values: Any) -> None:
    """Refuse splits that do not cut all of what is below them.

    Raises:
      InvalidArgumentError: they do not.
    """
    for axis, part in enumerate(splits):
        if part.size == 0:
            raise invalid("ragged splits may not be empty.")
        if part[0] != 0:
            raise invalid("First value of ragged splits must be 0.")
        if (np.diff(part) < 0).any():
            raise invalid("Ragged splits should be non decreasing.")
        below = len(splits[axis + 1]) - 1 if axis + 1 < len(splits) else int(values.shape[0])
        if part[-1] != below:
            raise invalid("Final value of ragged splits must match the length the corresponding ragged values.")
