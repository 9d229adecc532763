"""The product of a sparse matrix and a dense one."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.machine import products as machine
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import as_sparse
from tfmagic.graph.static_value import static_dims
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.gather import gather
from tfmagic.ops.array.indices import put, take
from tfmagic.ops.array.order import transpose
from tfmagic.ops.declare import op
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.ops.tensor_function import tensor_function

# From so many elements of the sparse matrix, and columns of the dense one, on the sums of a row are made at once.
_ELEMENTS, _COLUMNS = 256, 4
# From so many elements on machine code may do it.
_FEW = 64


def _refused(op: Any, indices: Dims, values: Dims, dense_shape: Dims, b: Dims) -> str | None:
    for name, dims, rank in (("b", b, 2), ("a_shape", dense_shape, 1), ("a_values", values, 1),
                             ("a_indices", indices, 2)):
        if len(dims or ()) != rank:
            return f"Tensor '{name}' is not a {'matrix' if rank == 2 else 'vector'}"
        if name == "a_shape" and dims != (2,):
            return "Tensor 'a_shape' must have 2 elements"
    assert indices is not None and values is not None
    if indices[0] != values[0]:
        return "Number of rows of a_indices does not match number of entries in a_values"
    return None if indices[1] == 2 else "Number of columns of a_indices does not match number of entries in a_shape"


def _outside(op: Any, indices: Any, values: Any, dense_shape: Any, b: Any) -> str | None:
    a, inner = dense_shape.tolist(), b.shape[op.adjoint_b]
    if inner != a[not op.adjoint_a]:
        return (f"Cannot multiply A and B because inner dimension does not match: {a[not op.adjoint_a]} vs. {inner}.  "
                f"Did you forget a transpose?  Dimensions of A: [{a[0]}, {a[1]}).  Dimensions of B: "
                f"{shapes.brackets(tuple(b.shape))}")
    for number, place in enumerate(indices.tolist()):
        for name, axis in (("k", int(not op.adjoint_a)), ("m", int(op.adjoint_a))):
            if not 0 <= place[axis] < a[axis]:
                return f"{name} ({place[axis]}) from index[{number},{axis}] out of bounds (>={a[axis]})"
    return None


@op("SparseTensorDenseMatMul", host="a_shape", traced="shapes", check=_refused, explain=_outside)
class SparseTensorDenseMatMul:
    """The product of a sparse and a dense matrix, each of them conjugated and transposed on request."""

    def shape(op: Any, a_indices: Dims, a_values: Dims, a_shape: Dims, b: Dims) -> Dims:
        shape_rules.with_rank(a_indices, 2)
        shape_rules.with_rank(a_values, 1)
        rows, inner = shape_rules.with_rank(static_dims(op.a_shape), 2)
        other, columns = shape_rules.with_rank(b, 2)
        if op.adjoint_a:
            rows, inner = inner, rows
        if op.adjoint_b:
            other, columns = columns, other
        shape_rules.merge_dim(inner, other)
        return (rows, columns)

    def kernel(op: Any, a_indices: Any, a_values: Any, a_shape: Any, b: Any) -> Any:
        rows, columns = a_indices[:, int(op.adjoint_a)], a_indices[:, int(not op.adjoint_a)]
        if op.adjoint_a and a_values.dtype.is_complex:
            a_values = a_values.conj()
        if op.adjoint_b:
            b = b.mH
        if b.shape[0] != a_shape[not op.adjoint_a]:
            raise ValueError("the inner sizes differ")
        return sparse_product(rows.long(), columns.long(), a_values, b, a_shape[op.adjoint_a])

    def gradient(op: Any, dy: Tensor) -> tuple[Any, ...]:
        if op.T.is_complex:
            raise NotImplementedError("SparseTensorDenseMatMul op does not support complex gradients.")
        d_b = raw.sparse_tensor_dense_mat_mul(op.a_indices, op.a_values, op.a_shape, dy, adjoint_a=not op.adjoint_a)
        if op.adjoint_b:
            d_b = transpose(d_b)
        rows, columns = op.a_indices[:, 0], op.a_indices[:, 1]
        if op.adjoint_a:
            rows, columns = columns, rows
        of_dy = gather(dy, rows)
        of_b = gather(transpose(op.b) if op.adjoint_b else op.b, columns)
        return None, reduce_sum(of_dy * of_b, 1), None, d_b


@tensor_function(meta=lambda rows, columns, values, b, count: b.new_empty((count, b.shape[1])))
def sparse_product(rows: Any, columns: Any, values: Any, b: Any, count: int) -> Any:
    """The product of the matrix that has `values` [n] at int64 `rows` and `columns` [n] with a dense one.

    Args:
      count: how many rows it has.

    Raises:
      RuntimeError, IndexError: a place is outside of the matrix.
    """
    made = None if rows.is_cuda or len(rows) < _FEW else machine.sparse_product(rows, columns, values, b, count)
    if made is not None:
        return made
    if rows.is_cuda or b.dtype not in (torch.float32, torch.float64) or len(rows) < _ELEMENTS or b.shape[1] < _COLUMNS:
        zeros = torch.zeros((count, b.shape[1]), dtype=b.dtype, device=b.device)
        return put(zeros, rows, values[:, None] * take(b, columns, 0), "add")
    if not bool((rows[1:] >= rows[:-1]).all()):
        # Elements of one row keep their order. Small numbers are sorted by their digits.
        keys = rows.to(torch.int16) if count <= 1 << 15 else rows
        order = torch.from_numpy(np.argsort(keys.numpy(), kind="stable"))
        rows, columns, values = (part.index_select(0, order) for part in (rows, columns, values))
    if int(rows[0]) < 0 or int(rows[-1]) >= count:
        raise IndexError("a row is outside of the matrix")
    ends = torch.searchsorted(rows.contiguous(), torch.arange(count + 1))
    return torch.nn.functional.embedding_bag(columns, b.contiguous(), ends, mode="sum", per_sample_weights=values,
                                             include_last_offset=True)


@export("sparse.sparse_dense_matmul")
def sparse_tensor_dense_matmul(sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False,
                               name: str | None = None) -> Tensor:
    """The product of a sparse matrix and a dense one.

    Args:
      sp_a: a `SparseTensor` or `SparseTensorValue` of shape [m, k].
      b: a dense matrix of the same type, shape [k, n].
      adjoint_a, adjoint_b: whether a matrix is transposed (and conjugated) first.

    Returns:
      A dense matrix, shape [m, n].

    Raises:
      TypeError: `sp_a` is no sparse tensor.
    """
    sp_a = as_sparse(sp_a)
    with name_scope(name, "SparseTensorDenseMatMul", [sp_a.indices, sp_a.values, b]):
        b = convert_to_tensor(b, name="b")
        return raw.sparse_tensor_dense_mat_mul(sp_a.indices, sp_a.values, sp_a.dense_shape, b, adjoint_a=adjoint_a,
                                               adjoint_b=adjoint_b)
