"""SparseToDense: a dense tensor from coordinates, values and what stands everywhere else."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor, SparseTensorValue
from tfmagic.graph.static_value import static_dims
from tfmagic.ops import raw
from tfmagic.ops.array.constants import zeros
from tfmagic.ops.array.gather import gather_nd
from tfmagic.ops.declare import op
from tfmagic.ops.math.reduce import reduce_sum


def _coordinates(indices: np.ndarray, rank: int) -> np.ndarray:
    """The coordinates as a matrix [n, rank].

    Raises:
      InvalidArgumentError: they have another width than the output has axes.
    """
    matrix = indices.reshape(-1, 1) if indices.ndim < 2 else indices
    if matrix.shape[1] != rank:
        raise errors.InvalidArgumentError(
            None, None, f"output_shape has incorrect number of elements: {rank} should be: {matrix.shape[1]}")
    return matrix


def _check_order(matrix: np.ndarray, sizes: list[int]) -> None:
    """Refuse coordinates out of bounds, out of order, or given twice."""
    previous = None
    for index, row in enumerate(matrix.tolist()):
        shown = f"indices[{index}] = [{','.join(map(str, row))}]"
        if any(not 0 <= position < size for position, size in zip(row, sizes)):
            raise errors.InvalidArgumentError(None, None, f"{shown} is out of bounds: need 0 <= index < "
                                                          f"[{','.join(map(str, sizes))}]")
        if row == previous:
            raise errors.InvalidArgumentError(None, None, f"{shown} is repeated")
        if previous is not None and row < previous:
            raise errors.InvalidArgumentError(None, None, f"{shown} is out of order. Many sparse ops require sorted "
                                                          "indices; sort them, or pass validate_indices=False")
        previous = row


@op("SparseToDense", host="output_shape", traced=False, because="looks at values")
class SparseToDense:
    """A dense tensor that holds `sparse_values` at `sparse_indices` and `default_value` everywhere else."""

    def shape(op: Any, sparse_indices: Any, output_shape: Any, sparse_values: Any, default_value: Any) -> Any:
        return static_dims(op.output_shape)

    def kernel(op: Any, sparse_indices: Any, output_shape: Any, sparse_values: Any, default_value: Any) -> Any:
        sizes = output_shape if isinstance(output_shape, list) else [output_shape]
        host = sparse_indices.cpu().numpy()
        matrix = _coordinates(host, len(sizes))
        if op.validate_indices:
            _check_order(matrix, sizes)
        if sparse_values.ndim and len(sparse_values) != len(matrix):
            raise errors.InvalidArgumentError(
                None, None, f"sparse_values has incorrect shape [{len(sparse_values)}], should be [] or "
                            f"[{len(matrix)}]")
        if (matrix < 0).any() or (matrix >= np.array(sizes, matrix.dtype)).any():
            raise errors.InvalidArgumentError(None, None, "Indices are not valid (out of bounds). Shape: "
                                                          f"[{','.join(map(str, sizes))}]")
        if isinstance(default_value, np.ndarray):  # strings
            dense = np.full(sizes, default_value.item(), object)
            dense[tuple(matrix.T)] = sparse_values
            return dense
        dense = default_value.expand(sizes).clone()
        where = sparse_indices.reshape(-1, 1) if sparse_indices.ndim < 2 else sparse_indices
        dense[tuple(where.long().unbind(1))] = sparse_values
        return dense

    def gradient(op: Any, grad: Tensor) -> tuple[Any, ...]:
        values = gather_nd(grad, op.sparse_indices)
        return None, None, values, reduce_sum(grad) - reduce_sum(values)


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
    if isinstance(sp_input, SparseTensorValue):
        sp_input = SparseTensor.from_value(sp_input)
    if not isinstance(sp_input, SparseTensor):
        raise TypeError(f"Input must be a SparseTensor, got {sp_input!r}.")
    if default_value is None:
        default_value = zeros([], dtype=sp_input.dtype)
    return raw.sparse_to_dense(sp_input.indices, sp_input.dense_shape, sp_input.values, default_value=default_value,
                               validate_indices=validate_indices, name=name)
