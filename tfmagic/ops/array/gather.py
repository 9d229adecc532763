"""Taking elements by index and putting them by index: gather, scatter, partition, stitch."""

from __future__ import annotations

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
from tfmagic.ops.array.join import concat, stack, unstack
from tfmagic.ops.array.layout import tile, transpose
from tfmagic.ops.array.rules import array_op, as_array, unknown_dims
from tfmagic.ops.array.shape_ops import expand_dims, rank, reshape, shape, size, squeeze
from tfmagic.ops.declare import op, register


def out_of_range(indices: Any, size: int, rows: bool = False) -> errors.InvalidArgumentError | None:
    """TensorFlow's error for the first index that is not in [0, size), or None when all are."""
    array = as_array(indices)
    bad = np.argwhere((array < 0) | (array >= size))
    if not len(bad):
        return None
    place = "" if array.ndim == 0 else f"[{','.join(map(str, bad[0]))}]"
    return errors.InvalidArgumentError(None, None, f"indices{place} = {array[tuple(bad[0])]} is not in [0, {size})")


def take(params: Any, indices: Any, axis: int) -> Any:
    """`params` at `indices` along an axis.

    On the CPU a bad index is an error. On a GPU it gives zeros, as TensorFlow's does: to look would mean to wait, and
    torch itself would lose the device.
    """
    flat = indices.reshape(-1)
    axis = axis % params.ndim
    size_ = params.shape[axis]
    if flat.is_cuda:
        good = (flat >= 0) & (flat < size_)
        if size_ == 0:
            result = params.new_zeros((*params.shape[:axis], flat.numel(), *params.shape[axis + 1:]))
        else:
            result = params.index_select(axis, flat.clamp(0, size_ - 1))
            shape_ = [1] * params.ndim
            shape_[axis] = -1
            result = torch.where(good.reshape(shape_), result, torch.zeros((), dtype=params.dtype,
                                                                            device=params.device))
    else:
        try:
            result = params.index_select(axis, flat)
        except (IndexError, RuntimeError):
            raise out_of_range(indices, size_) or RuntimeError("gather failed") from None
    return result.reshape((*params.shape[:axis], *indices.shape, *params.shape[axis + 1:]))


def _static_take(params: np.ndarray, indices: np.ndarray, axis: int) -> np.ndarray:
    error = out_of_range(indices, params.shape[axis])
    if error is not None:
        raise error
    return np.take(params, indices, axis)


def _take_batched(params: Any, indices: Any, axis: int, batch_dims: int) -> Any:
    """Gather where the first `batch_dims` axes of both go together."""
    is_array = isinstance(params, np.ndarray)
    batch = tuple(params.shape[:batch_dims])
    count = int(np.prod(batch, dtype=np.int64))
    p = params.reshape((count, *params.shape[batch_dims:]))
    i = indices.reshape((count, *indices.shape[batch_dims:]))
    rows = [(_static_take if is_array else take)(p[k], i[k], axis - batch_dims) for k in range(count)]
    if not rows:
        shape_ = (*params.shape[:axis], *indices.shape[batch_dims:], *params.shape[axis + 1:])
        return np.empty(shape_, params.dtype) if is_array else params.new_empty(shape_)
    result = np.stack(rows) if is_array else torch.stack(rows)
    return result.reshape((*batch, *result.shape[1:]))


@array_op("Gather", type_attr="Tparams", traced=False, because="looks at values")
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


@array_op("GatherV2", type_attr="Tparams", host="axis", traced=False, because="looks at values")
class GatherV2:
    """Slices of a tensor along an axis."""

    def shape(op, params, indices, axis):
        shape_rules.with_rank(axis, 0)
        batch_dims = op.batch_dims
        shape_rules.with_rank_at_least(params, 1)
        value = static_int(op.axis)
        if params is None or indices is None:
            return None
        if value is None:
            return unknown_dims(len(params) + len(indices) - 1 - batch_dims)
        if not -len(params) <= value < len(params):
            raise ValueError(f"Shape must be at least rank {value + 1 if value >= 0 else -value} but is rank "
                             f"{len(params)}")
        value %= len(params)
        if batch_dims < 0:
            batch_dims += len(indices)
        if not 0 <= batch_dims <= min(value, len(indices)):
            raise ValueError(f"batch_dims ({batch_dims}) must be less than or equal to axis ({value}) and the rank of "
                             f"indices ({len(indices)})")
        shape_rules.merge(params[:batch_dims], indices[:batch_dims])
        return (*params[:value], *indices[batch_dims:], *params[value + 1:])

    def kernel(op, params, indices, axis):
        batch_dims = op.batch_dims
        if not batch_dims:
            return take(params, indices, axis)
        return _take_batched(params, indices, axis % params.ndim, batch_dims % (indices.ndim + 1)
                             if batch_dims > 0 else batch_dims + indices.ndim)

    def gradient(op, dy):
        return _gather_gradient(op, dy), None, None

    def static(op, params, indices, axis):
        axis = int(axis)
        if op.batch_dims:
            return _take_batched(params, indices, axis % params.ndim,
                                 op.batch_dims if op.batch_dims > 0 else op.batch_dims + indices.ndim)
        return _static_take(params, indices, axis)


def _gather_gradient(op: Any, dy: Any) -> Any:
    params, indices, axis = op.op._inputs
    if isinstance(dy, IndexedSlices):
        dy = convert_to_tensor(dy)
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


def _flat_positions(indices: Any, dims: Any) -> Any:
    """Positions in the flattened leading axes `dims` for rows of coordinates."""
    position = 0
    for axis, size_ in enumerate(dims):
        position = position * size_ + indices[..., axis]
    return position


def check_coordinates(indices: Any, dims: Any) -> None:
    """Refuse rows of coordinates outside of `dims`.

    Raises:
      InvalidArgumentError: a row is outside.
    """
    if not len(dims):
        return
    array = as_array(indices).reshape(-1, indices.shape[-1])
    limit = np.asarray(dims, np.int64).reshape(1, -1)
    bad = np.flatnonzero(((array < 0) | (array >= limit)).any(1))
    if len(bad):
        row = ", ".join(map(str, array[bad[0]]))
        place = ",".join(map(str, np.unravel_index(bad[0], tuple(indices.shape[:-1])))) if indices.ndim > 1 else "0"
        raise errors.InvalidArgumentError(None, None, f"indices[{place}] = [{row}] does not index into param shape "
                                                      f"{shapes.brackets(tuple(int(d) for d in dims))}")


@array_op("GatherNd", type_attr="Tparams", traced=False, because="looks at values")
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
        depth = indices.shape[-1]
        lead, rest = tuple(params.shape[:depth]), tuple(params.shape[depth:])
        if not indices.is_cuda:
            check_coordinates(indices, lead)
        if depth == 0:
            return params.expand(*indices.shape[:-1], *params.shape).contiguous()
        if params.numel() == 0 and 0 in rest:
            return params.new_empty((*indices.shape[:-1], *rest))
        flat = params.reshape(-1, *rest) if rest else params.reshape(-1)
        positions = _flat_positions(indices.long(), lead).reshape(-1)
        return take(flat, positions, 0).reshape(*indices.shape[:-1], *rest)

    def gradient(op, dy):
        params, indices = op.op._inputs
        whole = shape(params, out_type=indices.dtype)
        dims = indices._dims
        if dims is not None and len(dims) == 2 and dims[-1] == 1:
            return IndexedSlices(dy, squeeze(indices, axis=-1), whole), None
        return raw.scatter_nd(indices, dy, whole), None

    def static(op, params, indices):
        check_coordinates(indices, params.shape[:indices.shape[-1]])
        result = params[tuple(np.moveaxis(indices, -1, 0))]
        return result if isinstance(result, np.ndarray) else np.array(result, params.dtype)


def scatter(target: Any, indices: Any, updates: Any, how: str) -> Any:
    """A tensor with slices written, added or subtracted at rows of coordinates.

    Args:
      target: a tensor that nobody else holds.
      how: "update", "add", "sub", "min" or "max".
    """
    depth = indices.shape[-1]
    lead = tuple(target.shape[:depth])
    if isinstance(target, np.ndarray):
        check_coordinates(indices, lead)
        place = tuple(np.moveaxis(as_array(indices), -1, 0))
        if how == "update":
            target[place] = updates
        else:
            np.add.at(target, place, updates)
        return target
    if not indices.is_cuda:
        check_coordinates(indices, lead)
    if target.numel() == 0 or indices.numel() == 0 and depth:
        return target
    flat = target.reshape(int(np.prod(lead, dtype=np.int64)), -1)
    positions = _flat_positions(indices.long(), lead)
    positions = positions.reshape(-1) if depth else torch.zeros(int(np.prod(indices.shape[:-1], dtype=np.int64)),
                                                                dtype=torch.long, device=target.device)
    rows = updates.reshape(positions.shape[0], -1)
    if indices.is_cuda:  # a bad index is dropped, as on TensorFlow's GPU: torch would lose the device
        coordinates = indices.reshape(-1, max(depth, 1))
        limits = torch.tensor(lead or (1,), device=indices.device)
        good = ((coordinates >= 0) & (coordinates < limits)).all(1)
        positions, rows = positions[good], rows[good]
    if how == "update":
        flat.index_copy_(0, positions, rows)
    elif how in ("add", "sub"):
        flat.index_add_(0, positions, rows, alpha=1 if how == "add" else -1) if flat.dtype != torch.bool \
            else flat.index_put_((positions,), rows, accumulate=True)
    else:
        flat.index_reduce_(0, positions, rows, "amin" if how == "min" else "amax")
    return flat.reshape(target.shape)


def _scatter_dims(target: Dims, indices: Dims, updates: Dims) -> Dims:
    """Check the shapes of a scatter."""
    shape_rules.with_rank_at_least(indices, 1)
    if target is None or indices is None or indices[-1] is None or updates is None:
        return target
    depth = indices[-1]
    if depth > len(target) or len(updates) != len(indices) - 1 + len(target) - depth:
        raise ValueError(f"Dimensions [0,{len(indices) - 1}) of indices{shapes.brackets(indices)} must match "
                         f"dimensions [0,{len(indices) - 1}) of updates{shapes.brackets(updates)}")
    for axis, (a, b) in enumerate(zip(updates, (*indices[:-1], *target[depth:]))):
        if a is not None and b is not None and a != b:
            outer = len(indices) - 1
            which = (f"outer {outer} dimensions of indices.shape={shapes.brackets(indices)} must match the outer "
                     f"{outer}" if axis < outer else
                     f"inner {len(target) - depth} dimensions of output.shape={shapes.brackets(target)} must match the "
                     f"inner {len(updates) - outer}")
            left = indices[:-1] if axis < outer else target[depth:]
            right = updates[:outer] if axis < outer else updates[outer:]
            place = axis if axis < outer else axis - outer
            raise ValueError(f"The {which} dimensions of updates.shape={shapes.brackets(updates)}: Dimension {place} "
                             f"in both shapes must be equal, but are {b} and {a}. Shapes are {shapes.brackets(left)} "
                             f"and {shapes.brackets(right)}.")
    return target


@array_op("ScatterNd", host="shape", traced=False, because="looks at values")
class ScatterNd:
    """Zeros of `shape` to which slices are added at rows of coordinates."""

    def shape(op, indices, updates, shape):
        return _scatter_dims(static_dims(op.op._inputs[2]), indices, updates)

    def kernel(op, indices, updates, shape):
        target = torch.zeros(tuple(shape), dtype=updates.dtype, device=updates.device)
        return scatter(target, indices, updates, "add")

    def gradient(op, dy):
        return None, raw.gather_nd(dy, op.indices), None

    def static(op, indices, updates, shape):
        target = np.full([int(d) for d in shape], b"", object) if updates.dtype == object else \
            np.zeros([int(d) for d in shape], updates.dtype)
        return scatter(target, indices, updates, "add")


@array_op("ScatterNdNonAliasingAdd", traced=False, because="looks at values")
class ScatterNdNonAliasingAdd:
    """A tensor with slices added at rows of coordinates."""

    def shape(op, x, indices, updates):
        return _scatter_dims(x, indices, updates)

    def kernel(op, x, indices, updates):
        return scatter(x.clone(), indices, updates, "add")

    def gradient(op, dy):
        return dy, None, raw.gather_nd(dy, op.indices)

    def static(op, x, indices, updates):
        return scatter(x.copy(), indices, updates, "add")


def _tensor_scatter(name: str, how: str, gradient: Any) -> None:
    def kernel(op: Any, tensor: Any, indices: Any, updates: Any) -> Any:
        return scatter(tensor.copy() if isinstance(tensor, np.ndarray) else tensor.clone(), indices, updates, how)

    register(name, lambda op, *dims: _scatter_dims(*dims), kernel, gradient, traced=False, because="looks at values")


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


def _inplace(name: str, how: str) -> None:
    def kernel(op: Any, x: Any, i: Any, v: Any) -> Any:
        copy = x.copy() if isinstance(x, np.ndarray) else x.clone()
        return scatter(copy, (i % x.shape[0]).reshape(-1, 1), v, how)

    register(name, shape_rules.same, kernel, traced=False, because="looks at values")


for _name, _how in (("InplaceUpdate", "update"), ("InplaceAdd", "add"), ("InplaceSub", "sub")):
    _inplace(_name, _how)


# --- partition and stitch ---------------------------------------------------------------------------------------


@array_op("DynamicPartition", traced=False, because="looks at values")
class DynamicPartition:
    """The rows of a tensor, sorted into `num_partitions` tensors."""

    def shape(op, data, partitions):
        if data is None or partitions is None:
            return [None] * op.num_partitions
        shape_rules.merge(data[:len(partitions)], partitions)
        return [(None, *data[len(partitions):])] * op.num_partitions

    def kernel(op, data, partitions):
        flat = partitions.reshape(-1)
        if not flat.is_cuda and flat.numel() and (flat.min() < 0 or flat.max() >= op.num_partitions):
            raise _bad_partition(flat, op.num_partitions)
        rows = data.reshape(flat.shape[0], *data.shape[partitions.ndim:])
        return tuple(rows[flat == k] for k in range(op.num_partitions))

    def gradient(op, *grads):
        data, partitions = op.op._inputs
        prefix = shape(partitions)
        places = reshape(api.range(api.math.reduce_prod(prefix)), prefix)
        partitioned = raw.dynamic_partition(places, partitions, op.num_partitions)
        joined = raw.dynamic_stitch(partitioned, list(grads))
        return reshape(joined, shape(data)), None

    def static(op, data, partitions):
        flat = partitions.reshape(-1)
        if len(flat) and (flat.min() < 0 or flat.max() >= op.num_partitions):
            raise _bad_partition(flat, op.num_partitions)
        rows = data.reshape((len(flat), *data.shape[partitions.ndim:]))
        return [rows[flat == k] for k in range(op.num_partitions)]


def _bad_partition(flat: Any, count: int) -> errors.InvalidArgumentError:
    array = as_array(flat)
    index = int(np.argmax((array < 0) | (array >= count)))
    return errors.InvalidArgumentError(None, None, f"partitions[{index}] = {array[index]} is not in [0, {count})")


@array_op("DynamicStitch", "ParallelDynamicStitch", traced=False, because="looks at values")
class DynamicStitch:
    """Rows of several tensors put at their indices in one; later ones win."""

    def shape(op, indices, data):
        tail = None
        largest = -1
        for i, d, tensor in zip(indices, data, op.indices):
            value = static_value(tensor)
            largest = None if largest is None or value is None else max(largest, int(value.max()) if value.size else -1)
            if i is not None and d is not None:
                shape_rules.merge(d[:len(i)], i)
                tail = shape_rules.merge(tail, d[len(i):])
        return None if tail is None else (None if largest is None else largest + 1, *tail)

    def kernel(op, indices, data):
        flat = torch.cat([i.reshape(-1) for i in indices]).long()
        tail = tuple(data[0].shape[indices[0].ndim:])
        rows = torch.cat([d.reshape(i.numel(), *tail) for i, d in zip(indices, data)])
        count = int(flat.max()) + 1 if flat.numel() else 0
        if flat.numel() and int(flat.min()) < 0:
            raise errors.InvalidArgumentError(None, None, "indices must be >= 0")
        # Of rows with the same index the last one counts, whatever order a copy takes.
        last = torch.full((count,), -1, dtype=torch.long, device=flat.device)
        last.scatter_reduce_(0, flat, torch.arange(flat.numel(), device=flat.device), "amax")
        result = rows.new_zeros((count, *tail))
        filled = last >= 0
        result[filled] = rows[last[filled]]
        return result

    def gradient(op, dy):
        as_int32 = [i if i.dtype is dtypes.int32 else raw.cast(i, dtypes.int32) for i in op.indices]
        if isinstance(dy, IndexedSlices):
            dy = convert_to_tensor(dy)
        return [None] * op.N + [gather(dy, i) for i in as_int32]

    def static(op, indices, data):
        count = max((int(i.max()) + 1 for i in indices if i.size), default=0)
        tail = data[0].shape[indices[0].ndim:]
        result = np.full((count, *tail), b"", object) if data[0].dtype == object else np.zeros((count, *tail),
                                                                                               data[0].dtype)
        for i, d in zip(indices, data):
            result[i.reshape(-1)] = d.reshape((i.size, *tail))
        return result


@op("InvertPermutation", traced=False, because="looks at values")
class InvertPermutation:
    """The permutation that undoes another."""

    def shape(op, x):
        return shape_rules.with_rank(x, 1)

    def kernel(op, x):
        size_ = x.numel()
        if not x.is_cuda and size_:
            if int(x.min()) < 0 or int(x.max()) >= size_:
                bad = x[(x < 0) | (x >= size_)][0]
                raise errors.InvalidArgumentError(None, None, f"{int(bad)} is not between 0 and {size_}")
            if torch.unique(x).numel() != size_:
                values, counts = torch.unique(x, return_counts=True)
                twice = int(values[counts > 1][0])
                raise errors.InvalidArgumentError(None, None, f"{twice} is duplicated in the input.")
        return torch.empty_like(x).scatter_(0, x.long(), torch.arange(size_, dtype=x.dtype, device=x.device))

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
