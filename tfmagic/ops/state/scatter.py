"""Scattered updates of variables: Scatter*, ScatterNd*, their resource forms, ResourceGather, and `tf.scatter_*`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.gather import explain_coordinates, refused_coordinates, refused_gather, slices_dims
from tfmagic.ops.array.indices import flat_positions, not_in_range, not_within, put, take, take_batched, take_slices
from tfmagic.ops.array.join import concat
from tfmagic.ops.array.scatter import refused_slices, scatter_dims
from tfmagic.ops.array.shape_ops import expand_dims, size
from tfmagic.ops.declare import op, register
from tfmagic.ops.state.assign import is_reference
from tfmagic.ops.state.rows import RowRule, in_turn
from tfmagic.ops.state.variables import dims_behind, value_dims, variable_dims

# --- how rows change -------------------------------------------------------------------------------------------------


def _divided(row: Any, update: Any) -> tuple[Any, ...]:
    whole = not (row.is_floating_point() or row.is_complex())
    return (torch.div(row, update, rounding_mode="trunc") if whole else torch.div(row, update),)


_RULES = ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")
_divide_rows = in_turn("divide_rows", _divided)
_multiply_rows = in_turn("multiply_rows", lambda row, update: (row * update,))


def _changed(rule: str, rows: Any, positions: Any, updates: Any) -> Any:
    """[n, ...] rows with the updates [k, ...] at positions [k]; of strings, NumPy arrays, with them in their place."""
    if isinstance(rows, np.ndarray):
        changed = rows.copy()
        changed[positions.cpu().numpy()] = updates
        return changed
    if rule == "Div":
        return _divide_rows((rows,), positions, updates)[0]
    if rule == "Mul" and rows.dtype.is_complex:
        return _multiply_rows((rows,), positions, updates)[0]
    return put(rows, positions, updates, rule.lower())


def _scatter_shape(op: Any, ref: Dims, indices: Dims, updates: Dims) -> Dims:
    """The variable's shape; updates are a scalar or have the shape of indices, then that of a row."""
    if ref is not None and updates != () and indices is not None:
        shape_rules.merge(updates, indices + ref[1:])
    return ref


def _resource_scatter_shape(op: Any, resource: Dims, indices: Dims, updates: Dims) -> None:
    _scatter_shape(op, variable_dims(op), indices, updates)


def _uneven(op: Any, resource: Any, indices: Any, updates: Any) -> str | None:
    """TensorFlow's words for updates that do not divide evenly among the indices."""
    count = math.prod(indices)
    if not updates or not count or math.prod(updates) % count == 0:
        return ""
    return (f"shape of indices ({shapes.brackets(indices)}) is not compatible with the shape of updates "
            f"({shapes.brackets(updates)})")


def _unfit(op: Any, ref: Dims, indices: Dims, updates: Dims) -> str | None:
    """TensorFlow's words for updates of a shape that rows of the variable do not have."""
    if not updates or None in (ref, indices) or updates == indices + ref[1:]:  # type: ignore[operator,index]
        return None
    return (f"Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got updates.shape "
            f"{shapes.brackets(updates)}, indices.shape {shapes.brackets(indices)}, params.shape "
            f"{shapes.brackets(ref)}")


_SUMS = {"Add": lambda attrs, updates, **ref: tuple(value + updates for value in ref.values()),
         "Sub": lambda attrs, updates, **ref: tuple(value - updates for value in ref.values())}


def _scatter(rule: str, ref_name: str) -> Callable[..., Any]:
    def kernel(op: Any, ref: Any, indices: Any, updates: Any) -> Any:
        wanted = tuple(indices.shape) + tuple(ref.shape[1:])
        if tuple(updates.shape) not in ((), wanted):
            raise ValueError(f"rows of {wanted} and updates of {tuple(updates.shape)}")  # `explain`, or the shape rule
        flat = indices.reshape(-1).long()
        whole = np.broadcast_to(updates, wanted) if isinstance(updates, np.ndarray) else updates.expand(wanted)
        return _changed(rule, ref, flat, whole.reshape((flat.shape[0], *ref.shape[1:])))

    if rule in _SUMS:
        kernel.of_rows = RowRule(_SUMS[rule], (ref_name,), "updates")  # type: ignore[attr-defined]
    return kernel


def _scatter_nd_shape(op: Any, ref: Dims, indices: Dims, updates: Dims) -> Dims:
    """The variable's shape; updates have the shape of indices without its last axis, then that of a slice."""
    return scatter_dims(ref, indices, updates, "input")


def _resource_nd_shape(op: Any, resource: Dims, indices: Dims, updates: Dims) -> None:
    scatter_dims(dims_behind(op.op._inputs[0]), indices, updates, "input")


def _scatter_nd(rule: str) -> Callable[..., Any]:
    def kernel(op: Any, ref: Any, indices: Any, updates: Any) -> Any:
        depth = indices.shape[-1]
        outer, inner = tuple(ref.shape[:depth]), tuple(ref.shape[depth:])
        positions = flat_positions(indices, outer).reshape(-1)
        rows = ref.reshape((math.prod(outer), *inner))
        return _changed(rule, rows, positions, updates.reshape((positions.shape[0], *inner))).reshape(ref.shape)

    return kernel


def _explain_rows(op: Any, ref: Any, indices: Any, *updates: Any) -> str | None:
    return not_in_range(indices, ref.shape[0])


def _explain_slices(op: Any, ref: Any, indices: Any, updates: Any) -> str | None:
    return not_within(indices.reshape(-1, indices.shape[-1]), ref.shape[:indices.shape[-1]], ref.shape, "shape")


for _rule in _RULES:
    register(f"Scatter{_rule}", shape=_scatter_shape, kernel=_scatter(_rule, "ref"), writes="ref", traced="shapes",
             check=_unfit, explain=_explain_rows, doc=f"{_rule} rows of a variable.")
    register(f"ResourceScatter{_rule}", shape=_resource_scatter_shape, kernel=_scatter(_rule, "resource"),
             writes="resource", traced="shapes", check=_uneven, explain=_explain_rows,
             doc=f"{_rule} rows of a resource variable.")
for _rule in ("Update", "Add", "Sub"):
    register(f"ScatterNd{_rule}", shape=_scatter_nd_shape, kernel=_scatter_nd(_rule), writes="ref", traced="shapes",
             check=refused_slices, explain=_explain_slices, doc=f"{_rule} elements or slices of a variable.")
    register(f"ResourceScatterNd{_rule}", shape=_resource_nd_shape, kernel=_scatter_nd(_rule), writes="ref",
             traced="shapes", check=refused_slices, explain=_explain_slices,
             doc=f"{_rule} elements or slices of a resource variable.")


# --- gathering from a resource --------------------------------------------------------------------------------------


_KNOWN_HANDLES = frozenset({"VarHandleOp", "Placeholder"})


def _variable_shape(op: Any, dtype: dtypes.DType) -> Any:
    """The shape of the variable behind a node's resource input, as a constant where it is known.

    TensorFlow knows it of the handle itself and of what stands for it in a function, not behind an Enter or a Switch.
    """
    params = value_dims(op) if op.resource.op.type in _KNOWN_HANDLES else None
    if params is None or None in params:
        return raw.variable_shape(op.resource, out_type=dtype)
    return constant(list(params), dtype)


@op("ResourceGather", reads="resource", traced="shapes", check=refused_gather,
    explain=lambda op, params, indices: not_in_range(indices, params.shape[op.batch_dims]))
class ResourceGather:
    """Rows of a resource variable, without a copy of the whole."""

    def shape(op: Any, resource: Dims, indices: Dims) -> Dims:
        batch = op.batch_dims
        if batch < 0:
            raise ValueError(f"batch_dims is negative ({batch})")
        params = shape_rules.with_rank_at_least(variable_dims(op), batch + 1)
        shape_rules.with_rank_at_least(indices, batch)
        if params is None or indices is None:
            return None
        return (*params[:batch], *indices[batch:], *params[batch + 1:])

    def kernel(op: Any, params: Any, indices: Any) -> Any:
        batch = op.batch_dims
        return take_batched(params, indices, batch, batch) if batch else take(params, indices, 0)

    def gradient(op: Any, doutput: Any) -> Any:
        # One row of gradient for each index.
        params_shape = _variable_shape(op, dtypes.int32)
        count = expand_dims(size(op.indices), 0)
        values = raw.reshape(doutput, concat([count, params_shape[1:]], 0))
        return IndexedSlices(values, raw.reshape(op.indices, count), params_shape), None


@op("ResourceGatherNd", reads="resource", traced="shapes", check=refused_coordinates, explain=explain_coordinates)
class ResourceGatherNd:
    """Elements or slices of a resource variable."""

    def shape(op: Any, resource: Dims, indices: Dims) -> Dims:
        variable_dims(op)  # refuses another type
        return slices_dims(dims_behind(op.op._inputs[0]), indices)

    def kernel(op: Any, params: Any, indices: Any) -> Any:
        return take_slices(params, indices)

    def gradient(op: Any, doutput: Any) -> Any:
        params_shape = raw.variable_shape(op.resource, out_type=op.indices.dtype)
        if op.indices.shape.ndims == 2 and op.indices.shape.dims[-1].value == 1:
            return IndexedSlices(doutput, raw.squeeze(op.indices, [-1]), params_shape), None
        return raw.scatter_nd(op.indices, doutput, params_shape), None


# --- public functions -----------------------------------------------------------------------------------------------


def _scattered(kind: str, ref: Any, indices: Any, updates: Any, use_locking: bool | None, name: str | None) -> Any:
    """A Scatter node, or its resource form followed by a read."""
    if is_reference(ref):
        return getattr(raw, f"scatter_{kind}")(ref, indices, updates, use_locking=use_locking, name=name)
    node = getattr(raw, f"resource_scatter_{kind}")(
        ref.handle, indices, convert_to_tensor(updates, ref.dtype), name=name)
    return ref._lazy_read(node)


@export("scatter_update")
def scatter_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Any:
    """Replaces the rows `indices` of a variable by `updates`.

    Args:
      ref: a variable of at least one axis.
      indices: int32 or int64 row numbers, of any shape.
      updates: new rows, of shape `indices.shape + ref.shape[1:]`.

    Returns:
      The variable's value once the update has run.
    """
    return _scattered("update", ref, indices, updates, use_locking, name)


@export("scatter_add")
def scatter_add(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Adds `updates` to the rows `indices` of a variable (see `tf.scatter_update`)."""
    return _scattered("add", ref, indices, updates, use_locking, name)


@export("scatter_sub")
def scatter_sub(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Subtracts `updates` from the rows `indices` of a variable (see `tf.scatter_update`)."""
    return _scattered("sub", ref, indices, updates, use_locking, name)


@export("scatter_mul")
def scatter_mul(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Multiplies the rows `indices` of a variable by `updates` (see `tf.scatter_update`)."""
    return _scattered("mul", ref, indices, updates, use_locking, name)


@export("scatter_div")
def scatter_div(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Divides the rows `indices` of a variable by `updates` (see `tf.scatter_update`)."""
    return _scattered("div", ref, indices, updates, use_locking, name)


@export("scatter_min")
def scatter_min(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Takes the smaller of the rows `indices` of a variable and `updates` (see `tf.scatter_update`)."""
    return _scattered("min", ref, indices, updates, use_locking, name)


@export("scatter_max")
def scatter_max(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Takes the larger of the rows `indices` of a variable and `updates` (see `tf.scatter_update`)."""
    return _scattered("max", ref, indices, updates, use_locking, name)


def _scattered_nd(kind: str, ref: Any, indices: Any, updates: Any, use_locking: bool | None, name: str | None) -> Any:
    if is_reference(ref):
        return getattr(raw, f"scatter_nd_{kind}")(ref, indices, updates, use_locking=use_locking, name=name)
    node = getattr(raw, f"resource_scatter_nd_{kind}")(
        ref.handle, indices, convert_to_tensor(updates, ref.dtype), name=name)
    return ref._lazy_read(node)


@export("scatter_nd_update")
def scatter_nd_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Any:
    """Replaces elements or slices of a variable.

    Args:
      ref: a variable.
      indices: int32 or int64, of shape [..., k]: each innermost vector names an element or slice of `ref`.
      updates: new values, of shape `indices.shape[:-1] + ref.shape[k:]`.

    Returns:
      The variable's value once the update has run.
    """
    return _scattered_nd("update", ref, indices, updates, use_locking, name)


@export("scatter_nd_add")
def scatter_nd_add(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Adds `updates` to elements or slices of a variable (see `tf.scatter_nd_update`)."""
    return _scattered_nd("add", ref, indices, updates, use_locking, name)


@export("scatter_nd_sub")
def scatter_nd_sub(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Subtracts `updates` from elements or slices of a variable (see `tf.scatter_nd_update`)."""
    return _scattered_nd("sub", ref, indices, updates, use_locking, name)
