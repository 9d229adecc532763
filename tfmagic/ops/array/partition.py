"""Rows sorted into several tensors and put together again: partition, stitch, and the inverse of a permutation."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes, shapes
from tfmagic.base.lazy import torch
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.static_value import static_value
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array.gather import gather
from tfmagic.ops.array.indices import not_in_range, refuse, require
from tfmagic.ops.array.rules import array_op, as_array
from tfmagic.ops.array.select import true_places
from tfmagic.ops.array.shape_ops import reshape, shape
from tfmagic.ops.declare import op


def _explain_partitions(op: Any, data: Any, partitions: Any) -> str | None:
    words = not_in_range(partitions, op.num_partitions)
    return words and words.replace("indices", "partitions", 1)


@array_op("DynamicPartition", traced="shapes", explain=_explain_partitions, check=lambda op, data, partitions:
          None if data[:len(partitions)] == partitions else
          f"data.shape must start with partitions.shape, got data.shape = {shapes.brackets(data)}, partitions.shape = "
          f"{shapes.brackets(partitions)}")
class DynamicPartition:
    """The rows of a tensor, sorted into `num_partitions` tensors."""

    def shape(op, data, partitions):
        if data is None or partitions is None:
            return [None] * op.num_partitions
        shape_rules.merged_prefix(data, partitions)
        return [(None, *data[len(partitions):])] * op.num_partitions

    def kernel(op, data, partitions):
        flat = partitions.reshape(-1)
        require(flat, lambda: (flat >= 0) & (flat < op.num_partitions))
        rows = data.reshape(flat.shape[0], *data.shape[partitions.ndim:])
        places = (true_places(flat == k).reshape(-1) for k in range(op.num_partitions))
        return tuple(torch.index_select(rows, 0, chosen) for chosen in places)

    def gradient(op, *grads):
        data, partitions = op.op._inputs
        prefix = shape(partitions)
        places = reshape(api.range(api.math.reduce_prod(prefix)), prefix)
        partitioned = raw.dynamic_partition(places, partitions, op.num_partitions)
        joined = raw.dynamic_stitch(partitioned, list(grads))
        return reshape(joined, shape(data)), None

    def static(op, data, partitions):
        flat = partitions.reshape(-1)
        refuse(_explain_partitions(op, data, partitions))
        rows = data.reshape((len(flat), *data.shape[partitions.ndim:]))
        return [rows[flat == k] for k in range(op.num_partitions)]


def _refused_stitch(op: Any, indices: list[Any], data: list[Any]) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    for k, (i, d) in enumerate(zip(indices, data)):
        if d[:len(i)] != i:
            return (f"data[{k}].shape = {shapes.brackets(d)} does not start with indices[{k}].shape = "
                    f"{shapes.brackets(i)}")
        if d[len(i):] != data[0][len(indices[0]):]:
            return (f"Need data[0].shape[{len(indices[0])}:] = data[{k}].shape[{len(i)}:], got data[0].shape = "
                    f"{shapes.brackets(data[0])}, data[{k}].shape = {shapes.brackets(d)}, indices[0].shape = "
                    f"{shapes.brackets(indices[0])}, indices[{k}].shape = {shapes.brackets(i)}")
    return None


def _explain_stitch(op: Any, indices: list[Any], data: list[Any]) -> str | None:
    bad = next((place for i in indices for place in (i.reshape(-1) < 0).nonzero().reshape(-1).tolist()), None)
    return None if bad is None else f"indices[{bad}] is out of range"


def _together(tensors: Any) -> Any:
    """Tensors on the one device: on a GPU a number may still be on the host."""
    like = next((tensor for tensor in tensors if tensor.ndim), None)
    return tensors if like is None or not like.is_cuda else [tensor.to(like) for tensor in tensors]


@array_op("DynamicStitch", "ParallelDynamicStitch", traced="shapes", check=_refused_stitch, explain=_explain_stitch)
class DynamicStitch:
    """Rows of several tensors put at their indices in one; later ones win."""

    def shape(op, indices, data):
        tail = None
        largest = 0  # TensorFlow's rule leaves a row where there are no indices
        for i, d, tensor in zip(indices, data, op.indices):
            value = static_value(tensor)
            largest = None if largest is None or value is None else max(largest, int(value.max()) if value.size else 0)
            if i is not None and d is not None:
                shape_rules.merged_prefix(d, i)
                tail = shape_rules.merge(tail, d[len(i):])
        return None if tail is None else (None if largest is None else largest + 1, *tail)

    def kernel(op, indices, data):
        indices, data = _together(indices), _together(data)
        flat = torch.cat([i.reshape(-1) for i in indices]).long()
        tail = tuple(data[0].shape[indices[0].ndim:])
        rows = torch.cat([d.reshape(i.numel(), *tail) for i, d in zip(indices, data)])
        if not flat.numel():
            return rows
        require(flat, lambda: (flat >= 0) | (flat.max() < 0))  # where all are negative the result is empty
        place = flat.clamp(min=-1) + 1
        # Of rows with the same index the last one counts, whatever order a copy takes.
        turns = torch.arange(flat.shape[0], device=flat.device)
        last = flat.new_full((place.max().item() + 1,), -1).scatter_reduce(0, place, turns, "amax")[1:]
        filled = (last >= 0).reshape((-1, *[1] * len(tail)))
        return torch.where(filled, rows.index_select(0, last.clamp(min=0)), torch.zeros((), dtype=rows.dtype,
                                                                                         device=rows.device))

    def gradient(op, dy):
        as_int32 = [i if i.dtype is dtypes.int32 else raw.cast(i, dtypes.int32) for i in op.indices]
        if isinstance(dy, IndexedSlices):
            dy = raw.unsorted_segment_sum(dy.values, dy.indices, shape(op.merged)[0])
        return [None] * op.N + [gather(dy, i) for i in as_int32]

    def static(op, indices, data):
        count = max((int(i.max()) + 1 for i in indices if i.size), default=0)
        tail = data[0].shape[indices[0].ndim:]
        result = np.full((count, *tail), b"", object) if data[0].dtype == object else np.zeros((count, *tail),
                                                                                               data[0].dtype)
        for i, d in zip(indices, data):
            result[i.reshape(-1)] = d.reshape((i.size, *tail))
        return result


def _explain_permutation(op: Any, x: Any) -> str | None:
    array = as_array(x)
    bad = array[(array < 0) | (array >= len(array))]
    if len(bad):
        return f"{bad[0]} is not between 0 and {len(array)}"
    values, counts = np.unique(array, return_counts=True)
    return f"{values[counts > 1][0]} is duplicated in the input." if len(values) < len(array) else None


@op("InvertPermutation", traced="shapes", explain=_explain_permutation,
    check=lambda op, x: None if len(x) == 1 else "invert_permutation expects a 1D vector.")
class InvertPermutation:
    """The permutation that undoes another."""

    def shape(op, x):
        return shape_rules.with_rank(x, 1)

    def kernel(op, x):
        places = torch.arange(x.shape[0], dtype=x.dtype, device=x.device)
        inside = torch.clamp(x, 0, max(x.shape[0] - 1, 0))
        found = torch.full_like(x, -1).scatter(0, inside.long(), places)
        require(x, lambda: (x == inside) & (found >= 0))
        return found

    def static(op, x):
        result = np.empty_like(x)
        result[x] = np.arange(len(x))
        return result
