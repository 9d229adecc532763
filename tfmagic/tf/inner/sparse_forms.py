"""Functions of `sparse_ops` that were never public: packed tensors, reductions with either kind of result, maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.sparse_tensor import SparseTensor, as_sparse
from tfmagic.ops import api, raw
from tfmagic.ops.sparse import functions
from tfmagic.ops.sparse.crossing import crossed
from tfmagic.tf.inner.math_forms import reduction_dims


def serialize_sparse_v2(sp_input: Any, out_type: Any = dtypes.string, name: str | None = None) -> Tensor:
    """A sparse tensor as a vector of three packed tensors."""
    return functions.serialize_sparse(sp_input, name, out_type)


def serialize_many_sparse_v2(sp_input: Any, out_type: Any = dtypes.string, name: str | None = None) -> Tensor:
    """Each row of a sparse tensor as three packed tensors."""
    return functions.serialize_many_sparse(sp_input, name, out_type)


def deserialize_sparse(serialized_sparse: Any, dtype: Any, rank: Any = None, name: str | None = None) -> SparseTensor:
    """The sparse tensor that was packed, or those that were as one with more dimensions.

    Args:
      serialized_sparse: strings or variants of shape (..., 3).
      dtype: of its values.
      rank: of the result, where it is known.
    """
    indices, values, shape = raw.deserialize_sparse(serialized_sparse, dtype, name=name)
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)


def sparse_dense_cwise_add(sp_t: SparseTensor, dense_t: Any) -> SparseTensor:
    """A sparse tensor to whose values those of a dense one at the same places are added."""
    result = raw.sparse_dense_cwise_add(sp_t.indices, sp_t.values, sp_t.dense_shape, dense_t)
    return SparseTensor(sp_t.indices, result, sp_t.dense_shape)


def _reduction(dense: Callable[..., Any], sparse: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(sp_input: Any, axis: Any = None, keepdims: bool | None = None, output_is_sparse: bool = False,
               name: str | None = None) -> Any:
        """A reduction of a sparse tensor along axes (None: all), to a tensor or to a sparse one."""
        reduction = sparse if output_is_sparse else dense
        result = reduction(sp_input.indices, sp_input.values, sp_input.dense_shape, reduction_dims(sp_input, axis),
                           bool(keepdims), name=name)
        return SparseTensor(*result) if output_is_sparse else result

    return reduce


sparse_reduce_max_v2 = _reduction(raw.sparse_reduce_max, raw.sparse_reduce_max_sparse)
sparse_reduce_sum_v2 = _reduction(raw.sparse_reduce_sum, raw.sparse_reduce_sum_sparse)


def convert_to_sparse_tensor(sp_input: Any) -> SparseTensor:
    """A sparse tensor, or the value of one, as a `SparseTensor`.

    Raises:
      TypeError: it is neither.
    """
    return as_sparse(sp_input)


def convert_to_sparse_tensors(sp_inputs: Any) -> list[SparseTensor]:
    """Each of a list as a `SparseTensor`.

    Raises:
      TypeError: it is no list, or one is no sparse tensor.
    """
    if not isinstance(sp_inputs, (list, tuple)):
        raise TypeError("Inputs must be a list or tuple.")
    return [as_sparse(value) for value in sp_inputs]


def sparse_cross_internal(inputs: Any, hashed_output: bool = False, num_buckets: int = 0, hash_key: int | None = None,
                          name: str | None = None) -> SparseTensor:
    """The combinations of features, or their hashes."""
    return crossed(inputs, hashed_output, num_buckets, hash_key, name)


def make_int64_tensor(value: Any, name: str) -> Tensor:
    """A whole number as an int64 tensor.

    Raises:
      TypeError: it is none.
    """
    if isinstance(value, Tensor):
        return api.cast(value, dtypes.int64)
    if not isinstance(value, int):
        raise TypeError(f"{name} must be an integer value")
    return convert_to_tensor(value, dtype=dtypes.int64, name=name)


# --- maps of sparse tensors ------------------------------------------------------------------------------------------


def add_sparse_to_tensors_map(sp_input: Any, container: str | None = None, shared_name: str | None = None,
                              name: str | None = None) -> Tensor:
    """A handle, an int64 scalar, for a sparse tensor that a map of the session keeps until it is taken."""
    sparse = as_sparse(sp_input)
    return raw.add_sparse_to_tensors_map(sparse.indices, sparse.values, sparse.dense_shape, container=container or "",
                                         shared_name=shared_name or "", name=name)


def add_many_sparse_to_tensors_map(sp_input: Any, container: str | None = None, shared_name: str | None = None,
                                   name: str | None = None) -> Tensor:
    """A handle for each row of a sparse tensor: an int64 vector."""
    sparse = as_sparse(sp_input)
    return raw.add_many_sparse_to_tensors_map(sparse.indices, sparse.values, sparse.dense_shape,
                                              container=container or "", shared_name=shared_name or "", name=name)


def take_many_sparse_from_tensors_map(sparse_map_op: Any, sparse_handles: Any, rank: int | None = None,
                                      name: str | None = None) -> SparseTensor:
    """What handles stand for as the rows of one sparse tensor; the map forgets them.

    Args:
      sparse_map_op: the operation that gave the handles.
      sparse_handles: an int64 vector, or a list of scalars.
      rank: of the result, where it is known.

    Raises:
      TypeError: the operation gives no handles.
    """
    if not isinstance(sparse_map_op, Operation):
        raise TypeError("sparse_map_op be an Operation")
    if sparse_map_op.type not in ("AddSparseToTensorsMap", "AddManySparseToTensorsMap"):
        raise TypeError("sparse_map_op must be one of AddSparseToTensorsMap or AddSparseToTensorsMap. Instead, found "
                        f"`{sparse_map_op.type}`.")
    with api.colocate_with(sparse_map_op):
        shared = sparse_map_op.get_attr("shared_name").decode() or sparse_map_op.name
        indices, values, shape = raw.take_many_sparse_from_tensors_map(
            sparse_handles, dtype=sparse_map_op.get_attr("T"),
            container=sparse_map_op.get_attr("container").decode(), shared_name=shared, name=name)
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)
