"""Sparse tensors of another shape, without some elements, or with an element in every row."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor, as_sparse
from tfmagic.graph.static_value import constant_value, constant_value_as_shape, static_dims
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.constants import identity
from tfmagic.ops.array.gather import gather
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.array.select import where
from tfmagic.ops.array.shape_ops import reshape
from tfmagic.ops.declare import op
from tfmagic.ops.math.cast import cast
from tfmagic.ops.tensor_function import tensor_function

# --- another shape --------------------------------------------------------------------------------------------------


def _refused_reshape(op: Any, indices: Dims, given: Dims, wanted: Dims) -> str | None:
    for what, dims, rank in (("indices should be a matrix", indices, 2), ("shape should be a vector", given, 1),
                             ("shape should be a vector", wanted, 1)):
        if len(dims or ()) != rank:
            return f"{'Target' if dims is wanted else 'Input'} {what} but received shape {shapes.brackets(dims)}"
    return None


@op("SparseReshape", host=("input_shape", "new_shape"), traced="shapes", check=_refused_reshape)
class SparseReshape:
    """The coordinates [n, rank] of the elements of a sparse tensor, and its shape, after a reshape."""

    def shape(op: Any, input_indices: Any, input_shape: Any, new_shape: Any) -> Any:
        count, _ = shape_rules.with_rank(input_indices, 2)
        shape_rules.with_rank(input_shape, 1)
        (rank,) = shape_rules.with_rank(new_shape, 1)
        return [(count, rank), (rank,)]

    def kernel(op: Any, input_indices: Any, input_shape: Any, new_shape: Any) -> Any:
        sizes = inferred(list(input_shape), list(new_shape))
        rank = len(input_shape)
        if input_indices.shape[1] < rank:
            raise errors.InvalidArgumentError(None, None, "Input tensor rank must match input shape length.")
        if list(input_shape) == sizes:
            return input_indices[:, :rank].contiguous(), torch.tensor(sizes, dtype=torch.int64)
        return coordinates(input_indices, list(input_shape), sizes), torch.tensor(sizes, dtype=torch.int64)

    def static(op: Any, input_indices: Any, input_shape: Any, new_shape: Any) -> Any:
        sizes = inferred(input_shape.tolist(), new_shape.tolist())
        found = np.unravel_index(np.ravel_multi_index(tuple(input_indices.T), tuple(input_shape)), tuple(sizes))
        return np.stack(found, 1), np.array(sizes, np.int64)


@tensor_function(meta=lambda indices, given, wanted: indices.new_empty((indices.shape[0], len(wanted))))
def coordinates(indices: Any, given: list[int], wanted: list[int]) -> Any:
    """The coordinates [n, rank] of elements where their tensor has the sizes `wanted` in place of `given`."""
    positions: Any = 0
    for axis, step in enumerate(_strides(given)):
        positions = positions + indices[:, axis] * step
    found = indices.new_empty((len(indices), len(wanted)))
    for axis, step in enumerate(_strides(wanted)):
        found[:, axis] = positions // step
        positions = positions % step
    return found


def _strides(sizes: list[int]) -> list[int]:
    """How far apart in the flattened tensor the neighbours along each axis are."""
    return [max(1, math.prod(sizes[axis + 1:])) for axis in range(len(sizes))]


def inferred(given: list[int], wanted: list[int]) -> list[int]:
    """The sizes of a reshape, the one that is -1 computed.

    Raises:
      InvalidArgumentError: the numbers of elements differ.
    """
    count, known = math.prod(given), math.prod(size for size in wanted if size != -1)
    if wanted.count(-1) > 1:
        first, second = (index for index, size in enumerate(wanted) if size == -1)
        raise errors.InvalidArgumentError(None, None, f"only one output dimension may be -1, not both {first} and "
                                                      f"{second}")
    for index, size in enumerate(wanted):
        if size < -1:
            raise errors.InvalidArgumentError(None, None, f"size {index} must be non-negative, not {size}")
    if -1 in wanted:
        if known <= 0:
            raise errors.InvalidArgumentError(None, None, "reshape cannot infer the missing input size for an empty "
                                                          "tensor unless all specified input sizes are non-zero")
        if count % known:
            raise errors.InvalidArgumentError(None, None, f"Input to reshape is a SparseTensor with {count} dense "
                                                          f"values, but the requested shape requires a multiple of "
                                                          f"{known}. input_shape={shapes.brackets(tuple(given))} "
                                                          f"output_shape={shapes.brackets(tuple(map(abs, wanted)))}")
        wanted = [count // known if size == -1 else size for size in wanted]
    if math.prod(wanted) != count:
        raise errors.InvalidArgumentError(None, None, f"Input to reshape is a tensor with {count} dense values, but "
                                                      f"the requested shape has {math.prod(wanted)}. "
                                                      f"input_shape={shapes.brackets(tuple(given))} "
                                                      f"output_shape={shapes.brackets(tuple(wanted))}")
    return wanted


@export("sparse.reshape")
def sparse_reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """A sparse tensor of another shape with the same elements in row-major order.

    Args:
      sp_input: a `SparseTensor` or `SparseTensorValue`.
      shape: int vector; one element may be -1, which takes up what the others leave.

    Raises:
      TypeError: `sp_input` is no sparse tensor.
      ValueError: the numbers of elements differ.
    """
    sp_input = as_sparse(sp_input)
    shape = cast(shape, dtypes.int64)
    with name_scope(name, "SparseReshape", [sp_input]) as scope:
        indices, dense_shape = raw.sparse_reshape(sp_input.indices, sp_input.dense_shape, shape, name=scope)
        wanted = constant_value(shape)
        if wanted is None and (partial := constant_value_as_shape(shape)).ndims is not None:
            sizes = np.array([-1 if size is None else size for size in partial.as_list()])
            wanted = sizes if (sizes == -1).sum() < 2 else None
        if wanted is not None and sp_input.get_shape().is_fully_defined():
            dense_shape = constant(_known_sizes(sp_input.get_shape().num_elements(), wanted), dtypes.int64)
        return SparseTensor(indices, identity(sp_input.values), dense_shape)


def _known_sizes(count: int, wanted: Any) -> list[int]:
    """The sizes of a reshape that is known while the graph is built.

    Raises:
      ValueError: the numbers of elements differ, or several sizes are left open.
    """
    if (wanted == -1).sum() > 1:
        raise ValueError(f"At most one dimension can be inferred (-1). Found: {wanted}")
    sizes: list[int | None] = [None if size == -1 else int(size) for size in wanted]
    others = math.prod(size for size in sizes if size is not None)
    if None in sizes and others and count % others == 0:
        sizes = [count // others if size is None else size for size in sizes]
    result = [size for size in sizes if size is not None]
    if len(result) < len(sizes) or math.prod(result) != count:
        raise ValueError(f"Cannot reshape a tensor with {count} elements to shape {sizes} ({others} elements).")
    return result


# --- fewer elements -------------------------------------------------------------------------------------------------


@export("sparse.retain")
def sparse_retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """A sparse tensor with some of the elements of another.

    Args:
      sp_input: a `SparseTensor` or `SparseTensorValue` with n elements.
      to_retain: bool vector [n]: which elements stay.

    Raises:
      TypeError: `sp_input` is no sparse tensor.
      ValueError: the lengths differ.
    """
    sp_input = as_sparse(sp_input)
    to_retain = convert_to_tensor(to_retain)
    kept = to_retain.get_shape()
    if kept.ndims is not None:
        kept.assert_has_rank(1)
        sp_input.values.get_shape()[0].merge_with(kept[0])
    positions = reshape(where(to_retain), [-1])
    return SparseTensor(gather(sp_input.indices, positions), gather(sp_input.values, positions),
                        identity(sp_input.dense_shape))


# --- an element in every row ----------------------------------------------------------------------------------------


def _refused_rows(op: Any, indices: Dims, values: Dims, dense_shape: Dims, default_value: Dims) -> str | None:
    for name, dims, rank in (("dense_shape", dense_shape, 1), ("indices", indices, 2), ("values", values, 1)):
        if len(dims or ()) != rank:
            return f"{name} must be a {'matrix' if rank == 2 else 'vector'}, saw: {shapes.brackets(dims)}"
    return f"default_value must be a scalar, saw: {shapes.brackets(default_value)}" if default_value else None


def _row_outside(op: Any, indices: Any, values: Any, dense_shape: Any, default_value: Any) -> str | None:
    for index, row in enumerate(indices[:, 0].tolist()):
        if row < 0:
            return f"indices({index}, 0) is invalid: {row} < 0"
        if row >= dense_shape[0]:
            return f"indices({index}, 0) is invalid: {row} >= {int(dense_shape[0])}"
    return None


@op("SparseFillEmptyRows", host="dense_shape", traced=lambda op: op.T is not dtypes.string and "shapes",
    check=_refused_rows, explain=_row_outside)
class SparseFillEmptyRows:
    """A sparse matrix with `default_value` at the beginning of each row that had no element."""

    def shape(op: Any, indices: Any, values: Any, dense_shape: Any, default_value: Any) -> Any:
        count, rank = shape_rules.with_rank(indices, 2)
        values = shape_rules.with_rank(values, 1)
        shape_rules.with_rank(dense_shape, 1)
        shape_rules.with_rank(default_value, 0)
        count = shape_rules.merge_dim(count, values[0])
        sizes = static_dims(op.dense_shape)
        rank = shape_rules.merge_dim(rank, None if sizes is None else len(sizes))
        return [(None, rank), (None,), (sizes[0] if sizes else None,), (count,)]

    def kernel(op: Any, indices: Any, values: Any, dense_shape: Any, default_value: Any) -> Any:
        rows, count = indices[:, 0], int(dense_shape[0])
        if count == 0 and rows.shape[0]:
            raise errors.InvalidArgumentError(None, None, "Received SparseTensor with dense_shape[0] = 0 but "
                                                          f"indices.shape[0] = {rows.shape[0]}")
        found = with_every_row(indices, values, count, default_value)
        numbers = [op.like(value, torch.empty(size, dtype=kind, device="meta"))
                   for value, size, kind in ((found[2], (count,), torch.bool), (found[3], rows.shape, torch.int64))]
        return found[0], found[1], *numbers

    def gradient(op: Any, d_indices: Any, d_values: Tensor, d_indicator: Any, d_map: Any) -> tuple[Any, ...]:
        d_input_values, d_default = raw.sparse_fill_empty_rows_grad(op.reverse_index_map, d_values)
        return None, d_input_values, None, d_default


@functools.lru_cache(16)
def _full(count: int) -> tuple[np.ndarray, Any, Any]:
    """The rows of a matrix in which each has one element; that none had none; and where these elements go."""
    return np.arange(count), torch.zeros(count, dtype=torch.bool), torch.arange(count)


@tensor_function(meta=lambda indices, values, count, default: None)  # as many elements as there are
def with_every_row(indices: Any, values: Any, count: int, default: Any) -> tuple[Any, Any, Any, Any]:
    """Elements of a sparse matrix of `count` rows, and `default` at the beginning of rows without.

    Args:
      indices: int64 [n, rank], in any order.
      values: [n]: a tensor, or an array of strings.

    Returns:
      Indices and values in the order of the rows, bool [count]: which rows had none, int64 [n]: where elements went.

    Raises:
      RuntimeError, ValueError: a row is outside of the matrix.
    """
    if indices.is_cuda or not isinstance(values, np.ndarray) and values.dtype == torch.bfloat16:
        return _with_every_row_by_torch(indices, values, count, default)
    coordinates = indices.numpy()
    rows, size = coordinates[:, 0], len(coordinates)
    if size == count and (rows == (full := _full(count))[0]).all():
        return indices, values, *full[1:]
    if size and (rows.min() < 0 or rows.max() >= count):
        raise ValueError("a row is outside of the matrix")
    empty = np.bincount(rows, minlength=count) == 0
    added = np.flatnonzero(empty)
    ordered = (rows[1:] >= rows[:-1]).all()
    if not len(added) and ordered:
        return indices, values, torch.from_numpy(empty), torch.arange(size)
    order = np.argsort(np.concatenate([rows, added]), kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    filled = np.zeros((len(order), coordinates.shape[1]), np.int64)
    filled[places[:size]], filled[places[size:], 0] = coordinates, added
    given: Any = values if isinstance(values, np.ndarray) else values.numpy()
    other = np.empty(len(order), given.dtype)
    other[places[:size]], other[places[size:]] = given, as_array(default)
    return (torch.from_numpy(filled), other if other.dtype == object else torch.from_numpy(other),
            torch.from_numpy(empty), torch.from_numpy(places[:size]))


def _with_every_row_by_torch(indices: Any, values: Any, count: int, default: Any) -> tuple[Any, Any, Any, Any]:
    rows, size = indices[:, 0], len(indices)
    used = torch.zeros(count, dtype=torch.int64, device=rows.device).index_add(0, rows, torch.ones_like(rows))
    empty = used == 0
    added = torch.nonzero(empty)[:, 0]
    order = torch.argsort(torch.cat([rows, added]), stable=True)
    first = torch.nn.functional.pad(added[:, None], (0, indices.shape[1] - 1))
    if isinstance(values, np.ndarray):
        filled = np.concatenate([values, np.full(len(added), default.item(), object)])[order.cpu().numpy()]
    else:
        filled = torch.cat([values, default.to(values.device).expand(len(added))])[order]
    return torch.cat([indices, first])[order], filled, empty, torch.argsort(order)[:size]


@op("SparseFillEmptyRowsGrad", check=lambda op, *dims: next(
    (f"{name} must be a vector, saw: {shapes.brackets(each)}" for name, each in
     zip(("reverse_index_map", "grad_values"), dims) if len(each) != 1), None))
class SparseFillEmptyRowsGrad:
    """The gradients of the values and of the default value of SparseFillEmptyRows."""

    def shape(op: Any, reverse_index_map: Any, grad_values: Any) -> Any:
        reverse_index_map = shape_rules.with_rank(reverse_index_map, 1)
        shape_rules.with_rank(grad_values, 1)
        return [reverse_index_map, ()]

    def kernel(op: Any, reverse_index_map: Any, grad_values: Any) -> Any:
        rest = grad_values.index_fill(0, reverse_index_map, 0)
        return grad_values[reverse_index_map], rest.sum(dtype=grad_values.dtype)


@export("sparse.fill_empty_rows")
def sparse_fill_empty_rows(sp_input: Any, default_value: Any, name: str | None = None) -> tuple[SparseTensor, Tensor]:
    """A sparse matrix with an element in each row.

    Args:
      sp_input: a `SparseTensor` or `SparseTensorValue` of shape [rows, columns].
      default_value: what stands at [row, 0] of rows that had no element.

    Returns:
      The sparse tensor, and bool [rows]: which rows had no element.

    Raises:
      TypeError: `sp_input` is no sparse tensor.
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseFillEmptyRows", [sp_input]):
        default = convert_to_tensor(default_value, dtype=sp_input.values.dtype)
        indices, values, empty, _ = raw.sparse_fill_empty_rows(sp_input.indices, sp_input.values,
                                                               sp_input.dense_shape, default)
        return SparseTensor(indices, values, sp_input.dense_shape), empty
