"""Taking elements by index: gather, gather_nd, batch_gather."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import Dims
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, static_int
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array.constants import ones, zeros
from tfmagic.ops.array.indices import not_in_range, not_within, refuse, take, take_batched, take_slices
from tfmagic.ops.array.join import concat, stack, unstack
from tfmagic.ops.array.order import transpose
from tfmagic.ops.array.padding import tile
from tfmagic.ops.array.rules import array_op, unknown_dims
from tfmagic.ops.array.shape_ops import expand_dims, rank, reshape, shape, size, squeeze


def _static_take(params: np.ndarray, indices: np.ndarray, axis: int) -> np.ndarray:
    refuse(not_in_range(indices, params.shape[axis]))
    return np.take(params, indices, axis)


def _static_take_batched(params: np.ndarray, indices: np.ndarray, axis: int, batch_dims: int) -> np.ndarray:
    refuse(not_in_range(indices, params.shape[axis]))
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
    with get_default_graph().colocate_with(params.op):
        return api.dtypes.cast(shape(params, out_type=dtypes.int64), dtypes.int32)


def _rows_gradient(params: Tensor, indices: Tensor, dy: Any) -> IndexedSlices:
    """The gradient of rows as `IndexedSlices`: only these rows are touched."""
    whole = _params_shape(params)
    count = expand_dims(size(indices), 0)
    values = reshape(dy, concat([count, whole[1:]], 0))
    return IndexedSlices(values, reshape(indices, count), whole)


def _out_of_reach(rank: int, axis: int) -> str | None:
    """The words for an axis that there is not, or None."""
    return None if -rank <= axis < rank else f"Expected axis in the range [{-rank}, {rank}), but got {axis}"


def _batch_dims(op: Any, indices: Any) -> int:
    return op.batch_dims if op.batch_dims >= 0 else op.batch_dims + indices.ndim


@array_op("GatherV2", type_attr="Tparams", host="axis", traced="shapes", memory="own", check=refused_gather,
          explain=lambda op, params, indices, axis: _out_of_reach(params.ndim, int(axis)) or not_in_range(
              indices, params.shape[int(axis)]))
class GatherV2:
    """Slices of a tensor along an axis."""

    def shape(op, params, indices, axis):
        shape_rules.with_rank_at_least(params, 1)
        shape_rules.with_rank(axis, 0)
        batch_dims = op.batch_dims
        value = static_int(op.axis)
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
        refuse(_out_of_reach(params.ndim, axis))
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
    return not_within(indices, params.shape[:indices.shape[-1]], params.shape, "param shape", single="")


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


def slices_dims(params: Dims, indices: Dims) -> Dims:
    """The shape of slices at rows of coordinates.

    Raises:
      ValueError: the rows are longer than the parameters have dimensions.
    """
    shape_rules.with_rank_at_least(indices, 1)
    if params is None or indices is None or indices[-1] is None:
        return None
    depth = indices[-1]
    if depth > len(params):
        raise ValueError(f"indices.shape[-1] must be <= params.rank, but saw indices shape: "
                         f"{shapes.brackets(indices)} and params shape: {shapes.brackets(params)}")
    return (*indices[:-1], *params[depth:])


@array_op("GatherNd", type_attr="Tparams", traced="shapes", memory="own", check=refused_coordinates,
          explain=explain_coordinates)
class GatherNd:
    """Slices of a tensor at rows of coordinates."""

    def shape(op, params, indices):
        return slices_dims(params, indices)

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
        if indices.size and indices.min() < 0:
            refuse(explain_coordinates(op, params, indices))
        try:
            result = params[tuple(indices.T if indices.ndim == 2 else np.moveaxis(indices, -1, 0))]
        except IndexError:
            refuse(explain_coordinates(op, params, indices))
            raise
        return result if isinstance(result, np.ndarray) else np.array(result, params.dtype)

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
        return batch_gather_nd(params, indices, int(count), name)
    if hasattr(params, "gather_nd"):
        return params.gather_nd(indices, name=name)
    return raw.gather_nd(params, indices, name=name)


def batch_gather_nd(params: Any, indices: Any, batch_dims: int, name: str | None = None) -> Tensor:
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
