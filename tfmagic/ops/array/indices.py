"""Indices as torch takes them, and what is wrong with them in TensorFlow's words.

Torch itself refuses an index that is out of range, so kernels hand it all of them, moved out of range where they are
bad in a way that torch does not see; the words come from `explain`. On a GPU a bad index is no error in TensorFlow, and
torch would lose the device: there bad ones are dropped, or read as zeros.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.tensor_function import tensor_function


def refuse(words: str | None) -> None:
    """Refuse a constant operand while the graph is built, where there are words for it."""
    if words is not None:
        raise errors.InvalidArgumentError(None, None, words)


def not_in_range(indices: Any, size: int) -> str | None:
    """The words for the first index that is not in [0, size), or None when all are."""
    array = as_array(indices)
    bad = np.argwhere((array < 0) | (array >= size))
    if not len(bad):
        return None
    place = "" if array.ndim == 0 else f"[{','.join(map(str, bad[0]))}]"
    return f"indices{place} = {array[tuple(bad[0])]} is not in [0, {size})"


def not_within(indices: Any, dims: Any, shown: Any, what: str, single: str = "[0]") -> str | None:
    """The words for the first row of coordinates outside of `dims`, or None when all are inside.

    Args:
      shown: the dims that the words show, as `what`.
      single: how they tell the place where there is but one row.
    """
    array = as_array(indices)
    array = array.reshape(-1, array.shape[-1])
    bad = np.flatnonzero(((array < 0) | (array >= np.asarray(dims, np.int64).reshape(1, -1))).any(1))
    if not len(bad):
        return None
    row = np.unravel_index(bad[0], tuple(indices.shape[:-1])) if indices.ndim > 1 else ()
    place = f"[{','.join(map(str, row))}]" if row else single
    return (f"indices{place} = [{', '.join(map(str, array[bad[0]]))}] does not index into {what} "
            f"{shapes.brackets(tuple(int(d) for d in shown))}")


def _positions_like(indices: Any, dims: Any) -> Any:
    return torch.empty(tuple(indices.shape[:-1]), dtype=torch.int64, device=indices.device)


@tensor_function(meta=_positions_like)
def flat_positions(indices: Any, dims: Any) -> Any:
    """Positions in the flattened axes `dims` for rows of coordinates; their number where a row is outside."""
    if not len(dims):
        return torch.zeros(tuple(indices.shape[:-1]), dtype=torch.int64, device=indices.device)
    if len(dims) == 1:
        return indices[..., 0].long()
    if not indices.is_cuda and 0 not in dims:
        try:  # one call for all; it refuses rows outside
            found = np.ravel_multi_index(tuple(np.moveaxis(indices.numpy(), -1, 0)), tuple(dims))
        except ValueError:
            pass
        else:
            return torch.from_numpy(np.asarray(found, np.int64))
    strides = torch.tensor([math.prod(dims[axis + 1:]) for axis in range(len(dims))], device=indices.device)
    indices = indices.long()
    inside = ((indices >= 0) & (indices < torch.tensor(tuple(dims), device=indices.device))).all(-1)
    return torch.where(inside, (indices * strides).sum(-1), math.prod(dims))


def only_good(positions: Any, size: int, rows: Any) -> tuple[Any, Any]:
    """Positions in [0, size) with their rows: on the CPU all of them, for torch to refuse the bad ones."""
    if not positions.is_cuda:
        return positions, rows
    good = ((positions >= 0) & (positions < size)).nonzero()[:, 0]
    return positions.index_select(0, good), rows.index_select(0, good)


def require(value: Any, condition: Any) -> None:
    """Stop a run on the CPU where not all of `condition()`, a condition on `value`, holds: `explain` has the words.

    On a GPU TensorFlow does not look.
    """
    if not value.is_cuda:
        torch._assert_async(condition().all())


def take(params: Any, indices: Any, axis: int) -> Any:
    """`params` at `indices` along an axis."""
    axis = axis % params.ndim
    if indices.ndim == 1 and not indices.is_cuda:
        return params.index_select(axis, indices)
    size = params.shape[axis]
    lead, rest = tuple(params.shape[:axis]), tuple(params.shape[axis + 1:])
    flat = indices.reshape(-1)
    if not flat.is_cuda:
        result = params.index_select(axis, flat)
    elif size == 0:
        result = params.new_zeros((*lead, flat.numel(), *rest))
    else:
        good = ((flat >= 0) & (flat < size)).reshape([-1 if at == axis else 1 for at in range(params.ndim)])
        result = params.index_select(axis, flat.clamp(0, size - 1))
        result = torch.where(good, result, torch.zeros((), dtype=params.dtype, device=params.device))
    return result.reshape((*lead, *indices.shape, *rest))


def row(params: Any, number: Any) -> Any:
    """The row of a number, a scalar tensor on the CPU, in memory of its own.

    Raises:
      IndexError: there is no such row.
    """
    index = number.item()
    if index < 0:
        raise IndexError("index out of range in self")
    return params[index].clone()


@tensor_function(meta=lambda number, size, axis: torch.empty((), dtype=torch.int64, device="meta"), of_number=True)
def place(number: Any, size: int, axis: int) -> int:
    """The place on an axis of this size of a number, which may count from the axis's end.

    Raises:
      IndexError: there is no such place.
    """
    index = int(number)
    if index < 0:
        index += size
    if not 0 <= index < size:
        raise IndexError(no_place(index, axis))
    return index


def no_place(index: int, axis: int) -> str:
    """TensorFlow's words for a number, counted from an axis's begin, that is no place there."""
    return f"slice index {index} of dimension {axis} out of bounds."


def _like_slice_at(x: Any, axis: int, at: Any) -> Any:
    return x.new_empty((*x.shape[:axis], *x.shape[axis + 1:]))


@tensor_function(meta=_like_slice_at)
def slice_at(x: Any, axis: int, at: int) -> Any:
    """What lies at one place of an axis, in the same memory."""
    return x.select(axis, at)


def _like_alone(value: Any, axis: int, at: Any, size: int) -> Any:
    return value.new_empty((*value.shape[:axis], size, *value.shape[axis:]))


@tensor_function(meta=_like_alone)
def alone(value: Any, axis: int, at: int, size: int) -> Any:
    """A value at one place of a new axis, with zeros at the others."""
    whole = value.new_zeros((*value.shape[:axis], size, *value.shape[axis:]))
    whole.select(axis, at).copy_(value)
    return whole


def take_batched(params: Any, indices: Any, axis: int, batch_dims: int) -> Any:
    """Gather where the first `batch_dims` axes of both go together; as in TensorFlow, more indices are ignored."""
    batch, inner = tuple(params.shape[:batch_dims]), tuple(indices.shape[batch_dims:])
    before, after = tuple(params.shape[batch_dims:axis]), tuple(params.shape[axis + 1:])
    count, size = math.prod(batch), params.shape[axis]
    rows = params.movedim(axis, batch_dims).reshape((count * size, *before, *after))
    places = indices.reshape(-1)[:count * math.prod(inner)].reshape((count, math.prod(inner))).long()
    begins = torch.arange(0, count * size, max(size, 1), device=indices.device).reshape((-1, 1)) if size \
        else torch.zeros((count, 1), dtype=torch.long, device=indices.device)
    places = torch.where((places >= 0) & (places < size), places + begins, count * size)
    taken = take(rows, places, 0).reshape((*batch, *inner, *before, *after))
    first, last = batch_dims, batch_dims + len(inner)
    back = last + len(before)
    return taken.permute([*range(first), *range(last, back), *range(first, last), *range(back, taken.ndim)])


def take_slices(params: Any, indices: Any) -> Any:
    """Slices of `params` at rows of coordinates."""
    depth = indices.shape[-1]
    if depth == 1:  # each names a row
        return take(params, indices.reshape(indices.shape[:-1]), 0)
    lead, rest = tuple(params.shape[:depth]), tuple(params.shape[depth:])
    return take(params.reshape((math.prod(lead), *rest)), flat_positions(indices, lead), 0)


def last_turns(positions: Any, count: int) -> Any:
    """For each position the number of the last one that is equal to it."""
    turns = torch.arange(positions.shape[0], device=positions.device)
    last = turns.new_zeros((count,)).scatter_reduce(0, positions, turns, "amax")
    return last.index_select(0, positions)


def put(rows: Any, positions: Any, updates: Any, how: str) -> Any:
    """Rows combined with updates at positions: [n, ...], int64 [k], [k, ...].

    Args:
      how: "update" (of those at one position the last stays), "add", "sub", "min", "max" or "mul".
    """
    positions, updates = only_good(positions, rows.shape[0], updates)
    if not rows.shape[0]:  # then torch does not look
        require(positions, lambda: positions < 0)
    if how == "update":
        return rows.index_copy(0, positions, updates.index_select(0, last_turns(positions, rows.shape[0])))
    if how == "add" and rows.dtype == torch.bool:
        return rows.index_put((positions,), updates, accumulate=True)
    if how == "sub" and rows.dtype == torch.bool:  # False - True is True
        counts = torch.zeros_like(rows, dtype=torch.int32).index_add(0, positions, updates.int())
        return rows ^ counts.remainder(2).bool()
    if how in ("add", "sub"):
        return rows.index_add(0, positions, updates, alpha=1 if how == "add" else -1)
    if how in ("min", "max") and rows.dtype.is_floating_point:  # an update that is no number changes nothing
        updates = torch.where(torch.isnan(updates), math.inf if how == "min" else -math.inf, updates)
    index = positions.reshape(-1, *[1] * (rows.ndim - 1)).expand(updates.shape)
    return rows.scatter_reduce(0, index, updates, {"min": "amin", "max": "amax", "mul": "prod"}[how])
