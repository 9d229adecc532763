"""Putting elements by index: scatters into zeros and tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import static_dims
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.constants import identity, zeros_like
from tfmagic.ops.array.indices import flat_positions, not_within, put, refuse
from tfmagic.ops.array.rules import array_op, as_array
from tfmagic.ops.declare import register


def scatter(target: Any, indices: Any, updates: Any, how: str) -> Any:
    """A tensor with slices combined with updates at rows of coordinates (see `indices.put`)."""
    depth = indices.shape[-1]
    lead, rest = tuple(target.shape[:depth]), tuple(target.shape[depth:])
    positions = flat_positions(indices, lead).reshape(-1)
    rows = updates.reshape((positions.shape[0], *rest))
    return put(target.reshape((math.prod(lead), *rest)), positions, rows, how).reshape(target.shape)


def _names_rows(indices: Any, updates: Any) -> bool:
    """Whether these are the values of a run on the CPU, and each row of coordinates is one number."""
    return type(indices) is type(updates) is torch.Tensor and indices.shape[-1] == 1 and not updates.is_cuda \
        and updates.dtype != torch.bool and updates.numel() > 0


def _static_scatter(target: np.ndarray, indices: np.ndarray, updates: np.ndarray, how: str) -> np.ndarray:
    """The same of an array that nobody else holds."""
    refuse(_explain_scatter(None, target, indices))
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
    shape_rules.with_rank_at_least(updates, 1)
    if target is not None and 0 in target and None not in target and (
            shape_rules.count(indices) or shape_rules.count(updates)):
        raise ValueError("Indices and updates specified for empty output shape")
    if indices is None or updates is None:
        return target
    depth, outer = indices[-1], len(indices) - 1
    if depth is not None:
        _must_match("outer", outer, "indices", indices, indices[:-1], updates, updates[:outer])
        if target is not None:
            _must_match("inner", len(target) - depth, what, target, target[depth:], updates, updates[outer:])
    return target


def _must_match(where: str, size: int, what: str, dims: Any, part: Any, updates: Any, other: Any) -> None:
    try:
        shape_rules.merge(part, other)
    except ValueError as error:
        count = len(other) if where == "inner" else size
        raise ValueError(f"The {where} {size} dimensions of {what}.shape={shapes.brackets(dims)} must match the "
                         f"{where} {count} dimensions of updates.shape={shapes.brackets(updates)}: {error}") from None


def _outer_words(indices: Any, updates: Any) -> str | None:
    """TensorFlow's words for updates that have not the outer dimensions of the indices."""
    if not updates:
        return "Updates shape must have rank at least one. Found:[]"
    if indices[:-1] != updates[:len(indices) - 1]:
        return (f"Outer dimensions of indices and update must match. Indices shape: {shapes.brackets(indices)}, "
                f"updates shape:{shapes.brackets(updates)}")
    return None


def _scatter_words(target: Any, indices: Any, updates: Any, some: bool) -> str | None:
    """The words of TensorFlow's kernels for slices that do not fit into zeros or a tensor.

    Args:
      some: whether the target counts as one with elements.
    """
    depth, outer = indices[-1], len(indices) - 1
    if not updates:
        return _outer_words(indices, updates)
    if (0 not in indices or 0 not in updates) and not (some and 0 not in indices and 0 not in updates):
        return "Indices and updates specified for empty output shape"
    words = _outer_words(indices, updates)
    if words is not None:
        return words
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


@array_op("ScatterNd", host="shape", sizes="shape", traced="shapes", explain=_explain_scatter_nd,
          check=lambda op, indices, updates, shape: _outer_words(indices, updates) if indices else None)
class ScatterNd:
    """Zeros of `shape` to which slices are added at rows of coordinates."""

    def shape(op, indices, updates, shape):
        for dims in (indices, updates):
            shape_rules.with_rank_at_least(dims, 1)
        return scatter_dims(static_dims(op.op._inputs[2]), indices, updates)

    def kernel(op, indices, updates, shape):
        refuse(_scatter_words(tuple(shape), tuple(indices.shape), tuple(updates.shape), bool(shape)))
        target = torch.zeros(tuple(shape), dtype=updates.dtype, device=updates.device)
        if _names_rows(indices, updates) and target.numel():
            return target.index_add_(0, indices.reshape(-1), updates.reshape((-1, *target.shape[1:])))
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


def _refused_tensor_scatter(op: Any, tensor: Any, indices: Any, updates: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if not indices:
        return "Indices shape must have rank at least one. Found:[]"
    words = _scatter_words(tensor, indices, updates, 0 not in tensor)
    inner = len(tensor) - indices[-1]
    if words is None or not words.startswith("Inner") or inner != len(updates) - len(indices) + 1:
        return words
    return (f"The inner {inner} dimensions of output.shape={shapes.brackets(tensor)} must match the inner {inner} "
            f"dimensions of updates.shape={shapes.brackets(updates)}")


def _tensor_scatter(name: str, how: str, gradient: Any) -> None:
    def shape_rule(op: Any, tensor: Dims, indices: Dims, updates: Dims) -> Dims:
        return scatter_dims(shape_rules.with_rank_at_least(tensor, 1), indices, updates)

    def kernel(op: Any, tensor: Any, indices: Any, updates: Any) -> Any:
        if isinstance(tensor, np.ndarray):
            return _static_scatter(tensor.copy(), as_array(indices), updates, how)
        return scatter(tensor, indices, updates, how)

    register(name, shape_rule, kernel, gradient, traced="shapes", explain=_explain_scatter,
             check=_refused_tensor_scatter)


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
    if len(i) != 1:
        return f"i must be a vector. {shapes.brackets(i)}"
    if len(x) != len(v):
        return f"x and v shape doesn't match (ranks differ): {shapes.brackets(x)} vs. {shapes.brackets(v)}"
    for axis in range(1, len(x)):
        if x[axis] != v[axis]:
            return f"x and v shape doesn't match at index {axis} : {shapes.brackets(x)} vs. {shapes.brackets(v)}"
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
