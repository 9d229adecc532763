"""SparseToDense: a dense tensor from coordinates, values and what stands everywhere else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import as_sparse
from tfmagic.graph.static_value import static_dims
from tfmagic.ops import raw
from tfmagic.ops.array.constants import zeros, zeros_like
from tfmagic.ops.array.gather import gather_nd
from tfmagic.ops.array.indices import flat_positions, put, require
from tfmagic.ops.declare import op
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.ops.tensor_function import tensor_function

# So many values are sooner put in their places by NumPy.
_FEW = 1 << 10


def out_of_order(rows: list[list[int]], sizes: list[int]) -> str | None:
    """The words for the first coordinates that are out of bounds, out of order, or given twice."""
    previous = None
    for index, row in enumerate(rows):
        shown = f"indices[{index}] = [{','.join(map(str, row))}]"
        if any(not 0 <= position < size for position, size in zip(row, sizes)):
            return f"{shown} is out of bounds: need 0 <= index < [{','.join(map(str, sizes))}]"
        if row == previous:
            return f"{shown} is repeated"
        if previous is not None and row < previous:
            return (f"{shown} is out of order. Many sparse ops require sorted indices.\n"
                    "    `tf.sparse.reorder` sorts them; validate_indices=False takes them as they are.")
        previous = row
    return None


def _explain(op: Any, sparse_indices: Any, output_shape: Any, sparse_values: Any, default_value: Any) -> str | None:
    matrix = sparse_indices.cpu().numpy().reshape(sparse_indices.shape if sparse_indices.ndim > 1 else (-1, 1))
    sizes = output_shape.reshape(-1).tolist()
    words = out_of_order(matrix.tolist(), sizes) if op.validate_indices else None
    if words is None and ((matrix < 0).any() or (matrix >= np.array(sizes, matrix.dtype)).any()):
        words = f"Indices are not valid (out of bounds).  Shape: [{','.join(map(str, sizes))}]"
    return words


def _refused(indices: Any, output_shape: Any, values: Any, default_value: Any) -> str | None:
    if len(indices) > 2:
        return f"sparse_indices should be a scalar, vector, or matrix, got shape {shapes.brackets(indices)}"
    if len(output_shape) != 1:
        return f"output_shape should be a vector, got shape {shapes.brackets(output_shape)}"
    width = indices[1] if len(indices) > 1 else 1
    if output_shape[0] != width:
        return f"output_shape has incorrect number of elements: {output_shape[0]} should be: {width}"
    return "default_value should be a scalar." if default_value else None


@tensor_function(meta=lambda matrix, sizes, values, default, ordered: default.new_empty(tuple(sizes)))
def _filled(matrix: Any, sizes: Any, values: Any, default: Any, ordered: bool) -> Any:
    """What few values at rows of coordinates make of a default; of several at one place the last stays.

    Args:
      ordered: whether rows must be in order, and none be there twice.

    Raises:
      ValueError: rows are out of bounds, or not in order.
    """
    places = np.ravel_multi_index(tuple(matrix.numpy().T), tuple(sizes))
    if ordered and (places[1:] <= places[:-1]).any():
        raise ValueError("indices are out of order")
    dense = np.empty(math.prod(sizes), default.numpy().dtype)
    dense.fill(default.numpy())
    dense[places] = values.numpy()
    return torch.from_numpy(dense.reshape(tuple(sizes)))


@op("SparseToDense", host="output_shape", traced="shapes", explain=_explain, check=lambda op, *dims: _refused(*dims))
class SparseToDense:
    """A dense tensor that holds `sparse_values` at `sparse_indices` and `default_value` everywhere else."""

    def shape(op: Any, sparse_indices: Any, output_shape: Any, sparse_values: Any, default_value: Any) -> Any:
        return static_dims(op.output_shape)

    def kernel(op: Any, sparse_indices: Any, output_shape: Any, sparse_values: Any, default_value: Any) -> Any:
        sizes = output_shape if isinstance(output_shape, list) else [output_shape]
        matrix = sparse_indices if sparse_indices.ndim > 1 else sparse_indices.reshape(-1, 1)
        count = matrix.shape[0]
        if matrix.shape[1] != len(sizes):
            raise errors.InvalidArgumentError(None, None, "output_shape has incorrect number of elements: "
                                                          f"{len(sizes)} should be: {matrix.shape[1]}")
        if sparse_values.ndim and sparse_values.shape[0] != count:
            raise errors.InvalidArgumentError(None, None, f"sparse_values has incorrect shape "
                                                          f"[{sparse_values.shape[0]}], should be [] or [{count}]")
        if isinstance(default_value, np.ndarray):  # strings
            words = _explain(op, matrix, torch.tensor(sizes), sparse_values, default_value)
            if words is not None:
                raise errors.InvalidArgumentError(None, None, words)
            dense = np.full(sizes, default_value.item(), object)
            dense[tuple(matrix.cpu().numpy().T)] = sparse_values
            return dense
        on_gpu = any(given.is_cuda for given in (matrix, sparse_values, default_value))  # of constants none is
        if count <= _FEW and 0 not in sizes and not on_gpu \
                and sparse_values.dtype in (torch.float32, torch.float64, torch.int32, torch.int64):
            return _filled(matrix, sizes, sparse_values, default_value, op.validate_indices)
        positions = flat_positions(matrix, sizes)
        dense, values = default_value.expand(math.prod(sizes)), sparse_values.expand(count)
        if op.validate_indices:
            require(positions, lambda: positions[1:] > positions[:-1])
            if not positions.is_cuda and math.prod(sizes):  # no position comes twice
                return dense.index_copy(0, positions, values).reshape(tuple(sizes))
        return put(dense, positions, values, "update").reshape(tuple(sizes))

    def gradient(op: Any, grad: Tensor) -> tuple[Any, ...]:
        values = gather_nd(grad, op.sparse_indices)
        d_default = reduce_sum(grad) - reduce_sum(values)
        return zeros_like(op.sparse_indices), zeros_like(op.output_shape), values, d_default


@export("sparse_to_dense")
@deprecated(None, "Create a `tf.sparse.SparseTensor` and use `tf.sparse.to_dense` instead.")
def sparse_to_dense(sparse_indices: Any, output_shape: Any, sparse_values: Any, default_value: Any = 0,
                    validate_indices: bool = True, name: str | None = None) -> Tensor:
    """A dense tensor from coordinates and values.

    Args:
      sparse_indices: int32 or int64, the coordinates: shape [n, rank], [n] or a scalar.
      output_shape: the shape of the result.
      sparse_values: the value at each coordinate, shape [n], or one scalar for all.
      default_value: what stands everywhere else.
      validate_indices: whether coordinates must be in order and not repeat.
      name: the node's name.

    Returns:
      A tensor of shape `output_shape`.
    """
    return raw.sparse_to_dense(sparse_indices, output_shape, sparse_values, default_value=default_value,
                               validate_indices=validate_indices, name=name)


@export("sparse.to_dense")
def sparse_tensor_to_dense(sp_input: Any, default_value: Any = None, validate_indices: bool = True,
                           name: str | None = None) -> Tensor:
    """The dense form of a sparse tensor.

    Args:
      sp_input: a `SparseTensor` or `SparseTensorValue`.
      default_value: what stands where it has no value (zero by default).
      validate_indices: whether coordinates must be in order and not repeat.
      name: the node's name.

    Raises:
      TypeError: `sp_input` is no sparse tensor.
    """
    sp_input = as_sparse(sp_input)
    if default_value is None:
        default_value = zeros([], dtype=sp_input.dtype)
    return raw.sparse_to_dense(sp_input.indices, sp_input.dense_shape, sp_input.values, default_value=default_value,
                               validate_indices=validate_indices, name=name)
