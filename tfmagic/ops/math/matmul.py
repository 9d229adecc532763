"""Products of matrices: MatMul, BatchMatMul, SparseMatMul, `tf.matmul` and `tf.linalg.matvec`."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.declare import op, register
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.rules import conjugate
from tfmagic.ops.math.unary import conj
from tfmagic.ops.shape_rules import broadcast_dims, merge, merge_dim, with_rank, with_rank_at_least


def _matrix_shape(op: Any, a: Dims, b: Dims) -> Dims:
    a, b = with_rank(a, 2), with_rank(b, 2)
    rows, inner = reversed(a) if op.transpose_a else a
    inner_b, columns = reversed(b) if op.transpose_b else b
    merge_dim(inner, inner_b)
    return rows, columns


def _size_mismatch(op: Any, a: Any, b: Any) -> str | None:
    """TensorFlow's words for matrices that cannot be multiplied."""
    for which, value in enumerate((a, b)):
        if len(value.shape) != 2:
            return f"In[{which}] is not a matrix. Instead it has shape {shapes.brackets(tuple(value.shape))}"
    if a.shape[0 if op.transpose_a else 1] != b.shape[1 if op.transpose_b else 0]:
        return (f"Matrix size-incompatible: In[0]: {shapes.brackets(tuple(a.shape))}, "
                f"In[1]: {shapes.brackets(tuple(b.shape))}")
    return None


@op("MatMul", explain=_size_mismatch)
class MatMul:
    """Product of two matrices: [m, k] x [k, n] -> [m, n]."""

    shape = _matrix_shape

    def kernel(op: Any, a: Any, b: Any) -> Any:
        return torch.matmul(a.t() if op.transpose_a else a, b.t() if op.transpose_b else b)

    def gradient(op: Any, dproduct: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a = None if 1 in op.unwanted else conjugate(op.a)
        b = None if 0 in op.unwanted else conjugate(op.b)
        da = db = None
        if b is not None:
            da = (raw.mat_mul(b, dproduct, transpose_a=op.transpose_b, transpose_b=True) if op.transpose_a else
                  raw.mat_mul(dproduct, b, transpose_b=not op.transpose_b))
        if a is not None:
            db = (raw.mat_mul(dproduct, a, transpose_a=True, transpose_b=op.transpose_a) if op.transpose_b else
                  raw.mat_mul(a, dproduct, transpose_a=not op.transpose_a))
        return da, db


def _batch_shape(op: Any, x: Dims, y: Dims) -> Dims:
    x, y = with_rank_at_least(x, 2), with_rank_at_least(y, 2)
    if op.op.type == "BatchMatMul":  # both have the same rank
        x, y = ((None,) * len(y) if x is None and y is not None else x,
                (None,) * len(x) if y is None and x is not None else y)
    if x is None or y is None:
        return None
    rows, inner = (x[-1], x[-2]) if op.adj_x else x[-2:]
    inner_y, columns = (y[-1], y[-2]) if op.adj_y else y[-2:]
    if op.op.type == "BatchMatMul":
        batch = merge(x[:-2], y[:-2])
        merge_dim(inner, inner_y)
    else:
        merge_dim(inner, inner_y)
        batch = broadcast_dims(x[:-2], y[:-2])
    return (*batch, rows, columns)  # type: ignore[misc]


def _batch_kernel(op: Any, x: Any, y: Any) -> Any:
    return torch.matmul(_adjoint(op, x) if op.adj_x else x, _adjoint(op, y) if op.adj_y else y)


def _adjoint(op: Any, x: Any) -> Any:
    return x.mH if op.T.is_complex else x.mT


def _batch_products(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    x, y = op.x, op.y
    if not op.adj_x and not op.adj_y:
        return matmul(dz, y, adjoint_b=True), matmul(x, dz, adjoint_a=True)
    if not op.adj_x:
        return matmul(dz, y), matmul(dz, x, adjoint_a=True)
    if not op.adj_y:
        return matmul(y, dz, adjoint_b=True), matmul(x, dz)
    return matmul(y, dz, adjoint_a=True, adjoint_b=True), matmul(dz, x, adjoint_a=True, adjoint_b=True)


def _batch_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    dx, dy = _batch_products(op, dz)
    x, y = op.x, op.y
    if x._dims is not None and None not in x._dims and x._dims == y._dims:
        return dx, dy
    shape_x, shape_y = shape_ops.shape(x), shape_ops.shape(y)
    axes_x, axes_y = raw.broadcast_gradient_args(shape_x[:-2], shape_y[:-2])
    return (raw.reshape(raw.sum(dx, axes_x), shape_x), raw.reshape(raw.sum(dy, axes_y), shape_y))


def _refused_batch(op: Any, x: Any, y: Any) -> str | None:
    """TensorFlow's words for a run with batches of these shapes: those of the second version broadcast."""
    shown = shapes.brackets(x), shapes.brackets(y)
    if op.op.type == "BatchMatMul":
        if len(x) != len(y):
            return f"In[0] and In[1] has different ndims: {shown[0]} vs. {shown[1]}"
        if len(x) < 2:
            return f"In[0] and In[1] ndims must be >= 2: {len(x)}"
        for axis, (a, b) in enumerate(zip(x[:-2], y[:-2])):
            if a != b:
                return f"In[0].dim({axis}) and In[1].dim({axis}) must be the same: {shown[0]} vs {shown[1]}"
    else:
        for which, dims in enumerate((x, y)):
            if len(dims) < 2:
                return f"In[{which}] ndims must be >= 2: {len(dims)}"
        try:
            broadcast_dims(x[:-2], y[:-2])
        except ValueError:
            return f"In[0] and In[1] must have compatible batch dimensions: {shown[0]} vs. {shown[1]}"
    inner, inner_y = x[-2 if op.adj_x else -1], y[-1 if op.adj_y else -2]
    return None if inner == inner_y else (f"In[0] mismatch In[1] shape: {inner} vs. {inner_y}: {shown[0]} {shown[1]} "
                                          f"{int(op.adj_x)} {int(op.adj_y)}")


register("BatchMatMul", _batch_shape, _batch_kernel, _batch_products, check=_refused_batch)
register("BatchMatMulV2", _batch_shape, _batch_kernel, _batch_gradient, check=_refused_batch)


def _refused_sparse(op: Any, a: Any, b: Any) -> str | None:
    for name, dims in (("a", a), ("b", b)):
        if len(dims) != 2:
            return f"{name} is not a matrix"
    return None if a[0 if op.transpose_a else 1] == b[1 if op.transpose_b else 0] else (
        f"Matrix size incompatible: a: {shapes.brackets(a)}, b: {shapes.brackets(b)}")


@op("SparseMatMul", check=_refused_sparse)
class SparseMatMul:
    """Product of two matrices with many zeros, in float32; on torch an ordinary product."""

    shape = _matrix_shape

    def kernel(op: Any, a: Any, b: Any) -> Any:
        a, b = a.to(torch.float32), b.to(torch.float32)
        return torch.matmul(a.t() if op.transpose_a else a, b.t() if op.transpose_b else b)

    def gradient(op: Any, dproduct: Tensor) -> tuple[Tensor, Tensor]:
        sparse = {op.a: op.a_is_sparse, op.b: op.b_is_sparse, dproduct: dproduct.op.type == "ReluGrad"}

        def product(left: Tensor, right: Tensor, dtype: Any, transpose_a: bool = False,
                    transpose_b: bool = False) -> Tensor:
            sparse_left, sparse_right = sparse[left], sparse[right]
            if transpose_b:
                right = api.transpose(right)
            return cast(matmul(left, right, transpose_a, a_is_sparse=sparse_left, b_is_sparse=sparse_right), dtype)

        a, b, dz = op.a, op.b, dproduct
        kind_a, kind_b = a.dtype.base_dtype, b.dtype.base_dtype
        if not op.transpose_a and not op.transpose_b:
            return product(dz, b, kind_a, transpose_b=True), product(a, dz, kind_b, transpose_a=True)
        if not op.transpose_a:
            return product(dz, b, kind_a), product(dz, a, kind_b, transpose_a=True)
        if not op.transpose_b:
            return product(b, dz, kind_a, transpose_b=True), product(a, dz, kind_b)
        return product(b, dz, kind_a, True, True), product(dz, a, kind_b, True, True)


# --- public functions ------------------------------------------------------------------------------------------


@export("linalg.matmul")
def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, adjoint_a: bool = False,
           adjoint_b: bool = False, a_is_sparse: bool = False, b_is_sparse: bool = False,
           name: str | None = None) -> Tensor:
    """Multiplies matrices, or batches of matrices whose outer dimensions broadcast.

    Args:
      a: a tensor of shape [..., m, k] and a floating, complex or integer type.
      b: a tensor of shape [..., k, n] and the same type.
      transpose_a, transpose_b: whether the matrix is transposed first.
      adjoint_a, adjoint_b: whether the matrix is transposed and conjugated first.
      a_is_sparse, b_is_sparse: whether the matrix holds many zeros (for float32 and bfloat16 of rank 2).

    Returns:
      A tensor of shape [..., m, n].

    Raises:
      ValueError: a matrix is to be both transposed and adjoint, or the shapes do not fit.
    """
    with name_scope(name, "MatMul", [a, b]) as scope:
        if transpose_a and adjoint_a:
            raise ValueError("Only one of transpose_a and adjoint_a can be True.")
        if transpose_b and adjoint_b:
            raise ValueError("Only one of transpose_b and adjoint_b can be True.")
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, name="b")
        batched = a._dims is None or len(a._dims) > 2 or b._dims is None or len(b._dims) > 2
        if not a_is_sparse and not b_is_sparse and batched:
            if transpose_a:
                a, adjoint_a = conj(a), True
            if transpose_b:
                b, adjoint_b = conj(b), True
            return raw.batch_mat_mul_v2(a, b, adjoint_a, adjoint_b, name=scope)
        if adjoint_a:
            a, transpose_a = conj(a), True
        if adjoint_b:
            b, transpose_b = conj(b), True
        kinds = (a.dtype.base_dtype, b.dtype.base_dtype)
        takes_sparse = all(kind in (dtypes.bfloat16, dtypes.float32) for kind in kinds)
        mixed = dtypes.bfloat16 in kinds and kinds[0] is not kinds[1]
        if ((a_is_sparse or b_is_sparse) and takes_sparse) or mixed:
            product = raw.sparse_mat_mul(a, b, transpose_a, transpose_b, a_is_sparse, b_is_sparse, name=scope)
            return cast(product, dtypes.bfloat16) if kinds == (dtypes.bfloat16, dtypes.bfloat16) else product
        return raw.mat_mul(a, b, transpose_a, transpose_b, name=scope)


@export("linalg.matvec")
def matvec(a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, a_is_sparse: bool = False,
           b_is_sparse: bool = False, name: str | None = None) -> Tensor:
    """Multiplies a matrix by a vector, or batches of both.

    Args:
      a: a tensor of shape [..., m, k].
      b: a tensor of shape [..., k] and the same type.
      transpose_a, adjoint_a, a_is_sparse, b_is_sparse: as for `tf.matmul`.

    Returns:
      A tensor of shape [..., m].
    """
    with name_scope(name, "MatVec", [a, b]):
        product = matmul(a, shape_ops.expand_dims(b, axis=-1), transpose_a=transpose_a, adjoint_a=adjoint_a,
                         a_is_sparse=a_is_sparse, b_is_sparse=b_is_sparse)
        return shape_ops.squeeze(product, axis=-1)


@export("sparse_matmul")
def sparse_matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, a_is_sparse: bool = False,
                  b_is_sparse: bool = False, name: str | None = None) -> Tensor:
    """Multiplies two matrices that hold many zeros, into float32.

    Args:
      a: a float32 or bfloat16 tensor of shape [m, k].
      b: a float32 or bfloat16 tensor of shape [k, n].
      transpose_a, transpose_b: whether the matrix is transposed first.
      a_is_sparse, b_is_sparse: which of them holds many zeros.

    Returns:
      A float32 tensor of shape [m, n].
    """
    return raw.sparse_mat_mul(a, b, transpose_a, transpose_b, a_is_sparse, b_is_sparse, name=name)
