"""Taking elements by index and putting them by index: gather, scatter, partition, stitch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, static_dims, static_int, static_value
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array.constants import identity, ones, zeros, zeros_like
from tfmagic.ops.array.indices import (
    flat_positions,
    not_in_range,
    not_within,
    put,
    require,
    take,
    take_batched,
    take_slices,
)
from tfmagic.ops.array.join import concat, stack, unstack
from tfmagic.ops.array.layout import tile, transpose
from tfmagic.ops.array.rules import array_op, as_array, unknown_dims
from tfmagic.ops.array.shape_ops import expand_dims, rank, reshape, shape, size, squeeze
from tfmagic.ops.declare import op, register


def _refused(words: str | None) -> None:
    """Refuse a constant operand while the graph is built."""
    if words is not None:
        raise errors.InvalidArgumentError(None, None, words)


def _static_take(params: np.ndarray, indices: np.ndarray, axis: int) -> np.ndarray:
    _refused(not_in_range(indices, params.shape[axis]))
    return np.take(params, indices, axis)


def _static_take_batched(params: np.ndarray, indices: np.ndarray, axis: int, batch_dims: int) -> np.ndarray:
    _refused(not_in_range(indices, params.shape[axis]))
    batch = tuple(params.shape[:batch_dims])
    count = math.prod(batch)
    p = params.reshape((count, *params.shape[batch_dims:]))
    inner = tuple(indices.shape[batch_dims:])
    i = indices.reshape(-1)[:count * math.prod(inner)].reshape((count, *inner))
    rows = [np.take(p[k], i[k], axis - batch_dims) for k in range(count)]
    if not rows:
        return np.empty((*params.shape[:axis], *indices.shape[batch_dims:], *params.shape[axis + 1:]), params.dtype)
    result = np.stack(rows)
    return result.reshape((*batch, *result.shape[1:]))


def refused_gather(op: Any, params: Any, indices: Any, axis: Any = ()) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if not params:
        return "params must be at least 1 dimensional"
    if axis:
        return "axis must be scalar"
    rank = len(indices)
    batch_dims = getattr(op, "batch_dims", 0)
    batch_dims += rank if batch_dims < 0 else 0
    if batch_dims and not -rank <= batch_dims < rank:
        return f"Expected batch_dims in the range [{-rank}, {rank}), but got {batch_dims}"
    for axis, (have, want) in enumerate(zip(indices, params[:batch_dims])):
        if have < want:  # where TensorFlow 1.15 reads beyond the end
            return f"params.shape[{axis}]: {want} should be equal to indices.shape[{axis}]: {have}"
    return None


@array_op("Gather", type_attr="Tparams", traced="shapes", check=refused_gather,
          explain=lambda op, params, indices: not_in_range(indices, params.shape[0]))
class Gather:
    """Rows of a tensor."""

    def shape(op, params, indices):
        shape_rules.with_rank_at_least(params, 1)
        return None if params is None or indices is None else (*indices, *params[1:])

    def kernel(op, params, indices):
        return take(params, indices, 0)

    def gradient(op, dy):
        return _rows_gradient(op.params, op.indices, dy), None

    def static(op, params, indices):
        return _static_take(params, indices, 0)


def _params_shape(params: Tensor) -> Tensor:
    with params.graph.colocate_with(params.op):
        return api.dtypes.cast(shape(params, out_type=dtypes.int64), dtypes.int32)


def _rows_gradient(params: Tensor, indices: Tensor, dy: Any) -> IndexedSlices:
    """The gradient of rows as `IndexedSlices`: only these rows are touched."""
    whole = _params_shape(params)
    count = expand_dims(size(indices), 0)
    values = reshape(dy, concat([count, whole[1:]], 0))
    return IndexedSlices(values, reshape(indices, count), whole)


def _batch_dims(op: Any, indices: Any) -> int:
    return op.batch_dims if op.batch_dims >= 0 else op.batch_dims + indices.ndim


@array_op("GatherV2", type_attr="Tparams", host="axis", traced="shapes", check=refused_gather,
          explain=lambda op, params, indices, axis: not_in_range(indices, params.shape[int(axis)]))
class GatherV2:
    """Slices of a tensor along an axis."""

    def shape(op, params, indices, axis):
        shape_rules.with_rank(axis, 0)
        batch_dims = op.batch_dims
        value = static_int(op.axis)
        shape_rules.with_rank_at_least(params, 1)
        if value is not None:
            shape_rules.with_rank_at_least(params, value + 1 if value >= 0 else -value)
            shape_rules.with_rank_at_least(params, batch_dims + 1)
        if params is None or indices is None:
            return None
        if value is None:
            return unknown_dims(len(params) + len(indices) - 1)  # TensorFlow forgets batch_dims here
        value %= len(params)
        if batch_dims < -len(indices):
            raise ValueError(f"Subshape start out of bounds: {batch_dims + len(indices)}, for shape with rank "
                             f"{len(indices)}")
        return (*params[:value], *indices[batch_dims:], *params[value + 1:])

    def kernel(op, params, indices, axis):
        if not -params.ndim <= axis < params.ndim:
            raise errors.InvalidArgumentError(None, None, f"Expected axis in the range [{-params.ndim}, {params.ndim})"
                                                          f", but got {axis}")
        if not op.batch_dims:
            return take(params, indices, axis)
        axis, batch_dims = axis % params.ndim, _batch_dims(op, indices)
        if batch_dims > axis:
            raise errors.InvalidArgumentError(None, None, f"batch_dims ({batch_dims}) must be less than or equal to "
                                                          f"axis ({axis}).")
        return take_batched(params, indices, axis, batch_dims)

    def gradient(op, dy):
        return _gather_gradient(op, dy), None, None

    def static(op, params, indices, axis):
        axis = int(axis)
        if op.batch_dims:
            return _static_take_batched(params, indices, axis % params.ndim, _batch_dims(op, indices))
        return _static_take(params, indices, axis)


def _gather_gradient(op: Any, dy: Any) -> Any:
    params, indices, axis = op.op._inputs
    whole = _params_shape(params)
    indices_size = expand_dims(size(indices), 0)
    batch_dims = op.batch_dims + len(indices._dims or ()) if op.batch_dims < 0 else op.batch_dims
    if constant_value(axis) == 0:
        values = reshape(dy, concat([indices_size, whole[1:]], 0))
        return IndexedSlices(values, reshape(indices, indices_size), whole)
    # Bring the gathered axis to the front (behind the batch axes), add up there, and bring it back.
    range_ = api.range
    outer_shape = whole[:axis]
    inner_shape = whole[axis:][1:]
    values_shape = concat([outer_shape, [-1], inner_shape], 0)
    values_dims = size(values_shape)
    axis_dims = size(outer_shape)
    outer_batches = range_(batch_dims)
    batch_axes = range_(batch_dims, axis_dims)
    inner_axes = range_(raw.add_v2(axis_dims, 1, name="add"), values_dims)
    values = reshape(dy, values_shape)
    order = concat([outer_batches, [axis_dims], batch_axes, inner_axes], 0)
    transposed = transpose(values, order)
    count = whole[axis]
    indices_size = expand_dims(size(indices), 0)
    if batch_dims:
        if constant_value(axis) != batch_dims:  # TensorFlow 1.15 forgets this, and sums into wrong places
            whole = gather(whole, order)
        params_grad = _batched_sum(whole, transposed, indices, batch_dims, count, indices_size)
    else:
        params_grad = raw.unsorted_segment_sum(transposed, reshape(indices, indices_size), count)
    back = concat([outer_batches, raw.add_v2(batch_axes, 1, name="add"), [batch_dims], inner_axes], 0)
    return transpose(params_grad, back)


def _batched_sum(whole: Tensor, values: Tensor, indices: Tensor, batch_dims: int, count: Tensor,
                 indices_size: Tensor) -> Tensor:
    """Sums by index within each batch: the indices of one batch are moved beyond those of the batches before it."""
    values_shape = shape(values)
    outer, inner = values_shape[:batch_dims], values_shape[batch_dims:][1:]
    batches = raw.prod(outer, [0], False)
    flat_shape = concat([[-1], inner], 0)
    segments = raw.mul(count, batches, name="mul")
    moved = _in_flat_batches(whole, indices, batch_dims, in_gradient=True)
    summed = raw.unsorted_segment_sum(reshape(values, flat_shape), reshape(moved, indices_size), segments)
    return reshape(summed, concat([outer, flat_shape], 0))


def _in_flat_batches(whole: Tensor, indices: Tensor, batch_dims: int, in_gradient: bool) -> Tensor:
    """The indices, each moved by where its batch begins in the flattened batches of shape `whole`.

    TensorFlow writes this down twice, with nodes of other names in gradients (`in_gradient`).
    """
    dtype = indices.dtype.base_dtype
    if in_gradient:
        range_, sizes, stride = api.range, api.dtypes.cast(whole, dtype), ones((), dtype)
    else:
        range_, stride, sizes = raw.range, ones((), dtype), raw.cast(whole, dtype)
    moved = indices
    for axis in range(batch_dims, 0, -1):
        batch = sizes[axis - 1]
        stride = raw.mul(stride, sizes[axis], name="mul")
        steps = range_(zeros((), dtype), batch, ones((), dtype))
        steps = raw.mul(steps, stride, name="mul")
        wanted = stack([1] * (axis - 1) + [batch] + [1] * (len(indices._dims or ()) - axis), axis=0)
        moved = raw.add_v2(moved, reshape(steps, wanted), name="add")
    return moved


# --- N-dimensional indices --------------------------------------------------------------------------------------


def explain_coordinates(op: Any, params: Any, indices: Any, *rest: Any) -> str | None:
    """The words for coordinates that are outside of the first input."""
    return not_within(indices, params.shape[:indices.shape[-1]], params.shape, "param shape")


def refused_coordinates(op: Any, params: Any, indices: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    for what, dims in (("params", params), ("indices", indices)):
        if not dims:
            return f"{what} must be at least a vector"
    if indices[-1] > len(params):
        return f"index innermost dimension length must be <= params rank; saw: {indices[-1]} vs. {len(params)}"
    if 0 in params and 0 not in indices:
        return f"Requested more than 0 entries, but params is empty.  Params shape: {shapes.brackets(params)}"
    return None


@array_op("GatherNd", type_attr="Tparams", traced="shapes", check=refused_coordinates, explain=explain_coordinates)
class GatherNd:
    """Slices of a tensor at rows of coordinates."""

    def shape(op, params, indices):
        shape_rules.with_rank_at_least(indices, 1)
        if params is None or indices is None or indices[-1] is None:
            return None
        depth = indices[-1]
        if depth > len(params):
            raise ValueError(f"indices.shape[-1] must be <= params.rank, but saw indices shape: "
                             f"{shapes.brackets(indices)} and params shape: {shapes.brackets(params)}")
        return (*indices[:-1], *params[depth:])

    def kernel(op, params, indices):
        return take_slices(params, indices)

    def gradient(op, dy):
        params, indices = op.op._inputs
        whole = shape(params, out_type=indices.dtype)
        dims = indices._dims
        if dims is not None and len(dims) == 2 and dims[-1] == 1:
            return IndexedSlices(dy, squeeze(indices, axis=-1), whole), None
        return raw.scatter_nd(indices, dy, whole), None

    def static(op, params, indices):
        _refused(explain_coordinates(op, params, indices))
        result = params[tuple(np.moveaxis(indices, -1, 0))]
        return result if isinstance(result, np.ndarray) else np.array(result, params.dtype)


def scatter(target: Any, indices: Any, updates: Any, how: str) -> Any:
    """A tensor with slices combined with updates at rows of coordinates (see `indices.put`)."""
    depth = indices.shape[-1]
    lead, rest = tuple(target.shape[:depth]), tuple(target.shape[depth:])
    positions = flat_positions(indices, lead).reshape(-1)
    rows = updates.reshape((positions.shape[0], *rest))
    return put(target.reshape((math.prod(lead), *rest)), positions, rows, how).reshape(target.shape)


def _static_scatter(target: np.ndarray, indices: np.ndarray, updates: np.ndarray, how: str) -> np.ndarray:
    """The same of an array that nobody else holds."""
    _refused(_explain_scatter(None, target, indices))
    place = tuple(np.moveaxis(indices, -1, 0))
    if how == "update":
        target[place] = updates
    else:
        np.add.at(target, place, updates)
    return target


def scatter_dims(target: Dims, indices: Dims, updates: Dims, what: str = "output") -> Dims:
    """Check the shapes of a scatter.

    Args:
      what: the argument that the target is.
    """
    shape_rules.with_rank_at_least(indices, 1)
    if target is None or indices is None or updates is None:
        return target
    if 0 in target and shapes.num_elements(indices) and shapes.num_elements(updates):
        raise ValueError("Indices and updates specified for empty output shape")
    depth, outer = indices[-1], len(indices) - 1
    if depth is not None:
        _must_match("outer", "indices", indices, indices[:-1], updates, updates[:outer])
        _must_match("inner", what, target, target[depth:], updates, updates[outer:])
    return target


def _must_match(where: str, what: str, dims: Any, part: Any, updates: Any, other: Any) -> None:
    try:
        shape_rules.merge(part, other)
    except ValueError as error:
        count = len(other) if where == "inner" else len(part)
        raise ValueError(f"The {where} {len(part)} dimensions of {what}.shape={shapes.brackets(dims)} must match the "
                         f"{where} {count} dimensions of updates.shape={shapes.brackets(updates)}: {error}") from None


def _scatter_words(target: Any, indices: Any, updates: Any, some: bool) -> str | None:
    """The words of TensorFlow's kernels for slices that do not fit into zeros or a tensor.

    Args:
      some: whether the target counts as one with elements.
    """
    depth, outer = indices[-1], len(indices) - 1
    if not updates:
        return f"Updates shape must have rank at least one. Found:{shapes.brackets(updates)}"
    if (0 not in indices or 0 not in updates) and not (some and 0 not in indices and 0 not in updates):
        return "Indices and updates specified for empty output shape"
    if indices[:outer] != updates[:outer]:
        return (f"Outer dimensions of indices and update must match. Indices shape: {shapes.brackets(indices)}, "
                f"updates shape:{shapes.brackets(updates)}")
    if updates[outer:] != target[depth:] or depth > len(target):
        return (f"Inner dimensions of output shape must match inner dimensions of updates shape. Output: "
                f"{shapes.brackets(target)} updates: {shapes.brackets(updates)}")
    return _rows_words(target, indices, updates)


def _rows_words(target: Any, indices: Any, updates: Any) -> str | None:
    """The words for slices of which there are none, or not one for each row of coordinates."""
    if 0 in target and 0 not in indices and 0 not in updates:
        return f"Indices and updates specified for empty output.  indices shape: {shapes.brackets(indices)}"
    if updates[:1] != indices[:1]:
        return ("The outermost dimension of updates and indices must match. Got indices.shape "
                f"{shapes.brackets(indices)}, updates.shape {shapes.brackets(updates)}")
    return None


def _explain_scatter_nd(op: Any, indices: Any, updates: Any, shape: Any) -> str | None:
    dims = tuple(shape.tolist())
    return not_within(indices, dims[:indices.shape[-1]], dims, "shape")


def _explain_scatter(op: Any, target: Any, indices: Any, *rest: Any) -> str | None:
    return not_within(indices, target.shape[:indices.shape[-1]], target.shape, "shape")


@array_op("ScatterNd", host="shape", traced="shapes", explain=_explain_scatter_nd)
class ScatterNd:
    """Zeros of `shape` to which slices are added at rows of coordinates."""

    def shape(op, indices, updates, shape):
        return scatter_dims(static_dims(op.op._inputs[2]), indices, updates)

    def kernel(op, indices, updates, shape):
        _refused(_scatter_words(tuple(shape), tuple(indices.shape), tuple(updates.shape), bool(shape)))
        target = torch.zeros(tuple(shape), dtype=updates.dtype, device=updates.device)
        return scatter(target, indices, updates, "add")

    def gradient(op, dy):
        return None, raw.gather_nd(dy, op.indices), None

    def static(op, indices, updates, shape):
        target = np.full([int(d) for d in shape], b"", object) if updates.dtype == object else \
            np.zeros([int(d) for d in shape], updates.dtype)
        return _static_scatter(target, indices, updates, "add")


def refused_slices(op: Any, x: Any, indices: Any, updates: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if not x:
        return "Output must be at least 1-D, got shape: []"
    words = _rows_words(x, indices, updates)
    if words is not None:
        return words
    depth = indices[-1] if indices else 0
    return None if updates == (*indices[:-1], *x[depth:]) else (
        "Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got updates.shape: "
        f"{shapes.brackets(updates)}, indices.shape: {shapes.brackets(indices)}, params_shape: {shapes.brackets(x)}, "
        f"slice_dim: {depth}, and batch_dim: {len(indices) - 1}")


@array_op("ScatterNdNonAliasingAdd", traced="shapes", check=refused_slices, explain=_explain_scatter)
class ScatterNdNonAliasingAdd:
    """A tensor with slices added at rows of coordinates."""

    def shape(op, x, indices, updates):
        return scatter_dims(x, indices, updates, "input")

    def kernel(op, x, indices, updates):
        return scatter(x, indices, updates, "add")

    def gradient(op, dy):
        return dy, None, raw.gather_nd(dy, op.indices)

    def static(op, x, indices, updates):
        return _static_scatter(x.copy(), indices, updates, "add")


def _tensor_scatter(name: str, how: str, gradient: Any) -> None:
    def shape_rule(op: Any, tensor: Dims, indices: Dims, updates: Dims) -> Dims:
        return scatter_dims(shape_rules.with_rank_at_least(tensor, 1), indices, updates)

    def kernel(op: Any, tensor: Any, indices: Any, updates: Any) -> Any:
        if isinstance(tensor, np.ndarray):
            return _static_scatter(tensor.copy(), as_array(indices), updates, how)
        return scatter(tensor, indices, updates, how)

    register(name, shape_rule, kernel, gradient, traced="shapes", explain=_explain_scatter,
             check=lambda op, tensor, i, u: _scatter_words(tensor, i, u, 0 not in tensor))


def _update_gradient(op: Any, dy: Any) -> tuple[Any, ...]:
    updates = raw.gather_nd(dy, op.indices)
    return raw.tensor_scatter_update(identity(dy), op.indices, zeros_like(op.updates, dtype=dy.dtype)), None, updates


def _add_gradient(op: Any, dy: Any) -> tuple[Any, ...]:
    updates = raw.gather_nd(dy, op.indices)
    return identity(dy), None, updates


def _sub_gradient(op: Any, dy: Any) -> tuple[Any, ...]:
    updates = raw.gather_nd(dy, op.indices)
    return identity(dy), None, raw.neg(updates)


_tensor_scatter("TensorScatterUpdate", "update", _update_gradient)
_tensor_scatter("TensorScatterAdd", "add", _add_gradient)
_tensor_scatter("TensorScatterSub", "sub", _sub_gradient)


def _refused_inplace(op: Any, x: Any, i: Any, v: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(x) != len(v):
        return f"x and v shape doesn't match (ranks differ): {shapes.brackets(x)} vs. {shapes.brackets(v)}"
    for axis in range(1, len(x)):
        if x[axis] != v[axis]:
            return f"x and v shape doesn't match at index {axis} : {shapes.brackets(x)} vs. {shapes.brackets(v)}"
    if len(i) != 1:
        return f"i must be a vector. {shapes.brackets(i)}"
    return None if i == v[:1] else (
        f"i and x shape doesn't match at index 0: {shapes.brackets(i)} vs. {shapes.brackets(v)}")


def _inplace(name: str, how: str) -> None:
    def kernel(op: Any, x: Any, i: Any, v: Any) -> Any:
        rows = (i % x.shape[0]).reshape(-1)
        if isinstance(x, np.ndarray):
            return _static_scatter(x.copy(), as_array(rows).reshape(-1, 1), v, how)
        return put(x, rows.long(), v, how)

    register(name, shape_rules.same, kernel, traced="shapes", check=_refused_inplace)


for _name, _how in (("InplaceUpdate", "update"), ("InplaceAdd", "add"), ("InplaceSub", "sub")):
    _inplace(_name, _how)


# --- partition and stitch ---------------------------------------------------------------------------------------


def _explain_partitions(op: Any, data: Any, partitions: Any) -> str | None:
    array = as_array(partitions).reshape(-1)
    bad = np.flatnonzero((array < 0) | (array >= op.num_partitions))
    return f"partitions[{bad[0]}] = {array[bad[0]]} is not in [0, {op.num_partitions})" if len(bad) else None


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
        places = (torch.nonzero(flat == k).reshape(-1) for k in range(op.num_partitions))
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
        _refused(_explain_partitions(op, data, partitions))
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
        require(x, lambda: x.sort()[0] == places)
        return torch.zeros_like(x).scatter(0, x.long(), places)

    def static(op, x):
        result = np.empty_like(x)
        result[x] = np.arange(len(x))
        return result


# --- public functions -------------------------------------------------------------------------------------------


@export("gather")
def gather(params: Any, indices: Any, validate_indices: Any = None, name: str | None = None, axis: Any = None,
           batch_dims: int = 0) -> Tensor:
    """Slices of a tensor along an axis.

    Args:
      params: a tensor or variable.
      indices: int32 or int64 tensor of any shape.
      axis: the axis along which to take; by default `batch_dims`.
      batch_dims: how many leading axes of `params` and `indices` go together.

    Returns:
      A tensor of shape `params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]`.

    Raises:
      InvalidArgumentError: in the run, an index is out of range.
    """
    if axis is None:
        axis = batch_dims
    if not isinstance(axis, Tensor) and axis == 0 and hasattr(params, "handle"):
        return params.sparse_read(indices, name=name)
    return raw.gather_v2(params, indices, axis, batch_dims=batch_dims, name=name)


@export("gather_nd")
def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: int = 0) -> Tensor:
    """Slices of a tensor at rows of coordinates.

    Args:
      params: a tensor or variable.
      indices: int32 or int64 tensor; its last axis holds coordinates of the leading axes of `params`.
      batch_dims: how many leading axes of `params` and `indices` go together.
    """
    count = constant_value(batch_dims) if isinstance(batch_dims, Tensor) else batch_dims
    if count:
        return _batch_gather_nd(params, indices, int(count), name)
    if hasattr(params, "gather_nd"):
        return params.gather_nd(indices, name=name)
    return raw.gather_nd(params, indices, name=name)


def _batch_gather_nd(params: Any, indices: Any, batch_dims: int, name: str | None) -> Tensor:
    """Coordinates of the batch axes are put before the given ones."""
    with name_scope(name, "BatchGatherND", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if indices._dims is None:
            raise ValueError("tf.gather_nd needs indices of known rank when batch_dims is given.")
        if not 0 <= batch_dims < len(indices._dims):
            raise ValueError(f"batch_dims = {batch_dims} must be less than rank(indices) = {len(indices._dims)}")
        params_shape, indices_shape = shape(params), shape(indices)
        batch = params_shape[:batch_dims]
        count = raw.prod(batch, [0])
        inner_rank = rank(indices) - batch_dims - 1
        inner = indices_shape[batch_dims:-1]
        positions = [raw.cast(raw.range(0, size, 1), indices.dtype) for size in unstack(batch)]
        grids = [reshape(grid, [-1]) for grid in api.meshgrid(*positions, indexing="ij")]
        rows = transpose(stack(grids))
        rows_shape = shape(rows)
        rows = reshape(rows, concat([rows_shape[:1], ones(inner_rank, dtypes.int32), rows_shape[1:]], 0))
        rows = tile(rows, concat([[1], inner, [1]], 0))
        flat = reshape(indices, concat([[count], indices_shape[batch_dims:]], 0))
        result = raw.gather_nd(params, concat([rows, flat], -1))
        result = reshape(result, concat([batch, shape(result)[1:]], 0))
        static = indices._dims[:-1], params._dims
        if static[1] is not None and indices._dims[-1] is not None:
            result.set_shape((*static[0], *static[1][batch_dims + indices._dims[-1]:]))
        return result


@export("batch_gather")
@deprecated("2017-10-25", "`tf.batch_gather` is deprecated, please use `tf.gather` with `batch_dims=-1` instead.")
def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """Slices of a tensor along the last axis of `indices`; all axes before it go together."""
    with name_scope(name, "BatchGather", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if indices._dims is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        return _gather_in_batches(params, indices, len(indices._dims) - 1)


def _gather_in_batches(params: Tensor, indices: Tensor, batch_dims: int) -> Tensor:
    """A gather from the flattened batches: the indices of a batch are moved by where the batch begins."""
    indices_shape, params_shape = shape(indices), shape(params)
    moved = _in_flat_batches(params_shape, indices, batch_dims, in_gradient=False)
    flat = reshape(moved, [-1])
    outer = params_shape[batch_dims + 1:]
    inner = raw.prod(params_shape[:batch_dims + 1], [0], False)
    flat_result = gather(reshape(params, concat([[inner], outer], axis=0)), flat)
    result = reshape(flat_result, concat([indices_shape, outer], axis=0))
    static = indices.shape[:batch_dims].merge_with(params.shape[:batch_dims])
    result.set_shape(static.concatenate(indices.shape[batch_dims:]).concatenate(params.shape[batch_dims + 1:]))
    return result
