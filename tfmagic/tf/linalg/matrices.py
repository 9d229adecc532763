"""tf.linalg: norms, traces, tensor products and decompositions made of several nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.reduce import reduce_max, reduce_prod, reduce_sum
from tfmagic.ops.math.rules import conjugate
from tfmagic.ops.math.unary import abs as _abs
from tfmagic.ops.math.unary import real

# --- norms -----------------------------------------------------------------------------------------------------

_MATRIX_NORMS = ["euclidean", "fro", 1, 2, np.inf]
_VECTOR_NORMS = ["euclidean", 1, 2, np.inf]


@export("norm")
@deprecated_args(None, "keep_dims is deprecated, use keepdims instead", "keep_dims")
def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None, name: str | None = None,
         keep_dims: Any = None) -> Tensor:
    """The norm of vectors or matrices.

    Args:
      tensor: a tensor of a floating or complex type.
      ord: "euclidean", "fro", 1, 2, `np.inf`, or any positive number for vectors.
      axis: an int for vectors, a pair for matrices; by default the whole tensor is one vector.
      keepdims: whether reduced dimensions stay with length 1 (also called `keep_dims`).

    Returns:
      The norms, of the same type.

    Raises:
      ValueError: no such norm or axes.
    """
    keepdims = bool(deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims))
    of_matrix = isinstance(axis, (tuple, list)) and len(axis) == 2
    wrong_axis = "'axis' must be None, an integer, or a tuple of 2 unique integers"
    if of_matrix:
        axis = tuple(axis)
        if not all(isinstance(a, int) for a in axis) or axis[0] == axis[1]:
            raise ValueError(wrong_axis)
        if ord not in _MATRIX_NORMS:
            raise ValueError(f"'ord' must be a supported matrix norm in {_MATRIX_NORMS}, got {ord}")
    else:
        if not (isinstance(axis, int) or axis is None):
            raise ValueError(wrong_axis)
        if ord is None or ord not in _VECTOR_NORMS and (not np.isreal(ord) or ord <= 0):
            raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
        axis = None if axis is None else (axis,)
    with name_scope(name, "norm", [tensor]):
        tensor = convert_to_tensor(tensor)
        if ord == 2 and of_matrix:
            result = _largest_singular_value(tensor, axis)
        elif ord in ("fro", "euclidean", 2):
            result = raw.sqrt(reduce_sum(tensor * conjugate(tensor), axis, keepdims=True))
        else:
            result = _abs(tensor)
            first = None if axis is None else axis[0]
            if ord == 1:
                result = reduce_sum(result, first, keepdims=True)
                if of_matrix:
                    result = reduce_max(result, axis[-1], keepdims=True)
            elif ord == np.inf:
                if of_matrix:
                    result = reduce_sum(result, axis[1], keepdims=True)
                result = reduce_max(result, first, keepdims=True)
            else:
                power = api.math.pow
                result = power(reduce_sum(power(result, ord), axis, keepdims=True), 1.0 / ord)
        return result if keepdims else shape_ops.squeeze(result, axis)


def _largest_singular_value(tensor: Tensor, axis: Any) -> Tensor:
    """The 2-norm of matrices, with their two axes kept: they become the last two, and go back to where they were."""
    rank = shape_ops.rank(tensor)
    axis = api.map_fn(lambda i: api.cond(i >= 0, lambda: i, lambda: i + rank), convert_to_tensor(axis))
    every = api.range(rank)
    order = api.concat([raw.list_diff(every, axis)[0], axis], axis=0)
    places = api.map_fn(lambda i: cast(shape_ops.squeeze(raw.where(raw.equal(order, i))), dtypes.int32), every)
    values = raw.svd(api.transpose(tensor, order), compute_uv=False)[0]
    largest = shape_ops.expand_dims(reduce_max(_abs(values), axis=-1, keepdims=True), axis=-1)
    return api.transpose(largest, places)


@export("linalg.trace")
def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the main diagonals.

    Args:
      x: a tensor of shape [..., m, n].

    Returns:
      A tensor of shape [...].
    """
    with name_scope(name, "Trace", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        return reduce_sum(api.linalg.diag_part(x), [-1], name=scope)


# --- products --------------------------------------------------------------------------------------------------


def _contraction_axes(a: Tensor, axes: Any) -> tuple[Any, Any]:
    """Which axes of each tensor are summed over."""
    rank = a.get_shape().ndims
    if isinstance(axes, (int, np.integer)):
        if axes < 0:
            raise ValueError("'axes' must be at least 0.")
        if rank is not None:
            if axes > rank:
                raise ValueError(f"'axes' must not be larger than the number of dimensions of tensor {a}.")
            return list(range(rank - axes, rank)), list(range(axes))
        every = api.range
        ranks = shape_ops.rank(a)
        return every(ranks - axes, ranks, dtype=dtypes.int32), every(axes, dtype=dtypes.int32)
    if isinstance(axes, (list, tuple)):
        if len(axes) != 2:
            raise ValueError("'axes' must be an integer or have length 2.")
        a_axes, b_axes = axes
        if isinstance(a_axes, (int, np.integer)) and isinstance(b_axes, (int, np.integer)):
            a_axes, b_axes = [a_axes], [b_axes]
        if len(a_axes) != len(b_axes):
            raise ValueError(f"Different number of contraction axes 'a' and 'b', {len(a_axes)} != {len(b_axes)}.")
        return a_axes, b_axes
    axes = convert_to_tensor(axes, name="axes", dtype=dtypes.int32)
    return axes[0], axes[1]


def _as_matrix(a: Tensor, axes: Any, flipped: bool = False) -> tuple[Tensor, Any, Any]:
    """A tensor as a matrix of its free and its summed axes; also the sizes of the free ones."""
    transpose = api.transpose
    dims: Any = None if a._dims is None else list(a._dims)
    listed = isinstance(axes, (list, tuple))
    if dims is not None and listed:
        axes = [int(i) % len(dims) if i < 0 else int(i) for i in axes]
        free: Any = [i for i in range(len(dims)) if i not in axes]
        free_sizes, axes_sizes = [dims[i] for i in free], [dims[i] for i in axes]
        if None not in dims:
            whole_free, whole_axes = int(np.prod(free_sizes)), int(np.prod(axes_sizes))
            order = [*axes, *free] if flipped else [*free, *axes]
            sizes = [whole_axes, whole_free] if flipped else [whole_free, whole_axes]
            return raw.reshape(transpose(a, order), sizes), free_sizes, free_sizes
        static = free_sizes
        axes = convert_to_tensor(axes, dtype=dtypes.int32, name="axes")
        free = convert_to_tensor(free, dtype=dtypes.int32, name="free")
        shape = shape_ops.shape(a)
    else:
        static = None
        shape = shape_ops.shape(a)
        rank = shape_ops.rank(a)
        axes = convert_to_tensor(axes, dtype=dtypes.int32, name="axes")
        axes = raw.select(axes >= 0, axes, axes + rank)
        free, _ = raw.list_diff(api.range(rank), axes, dtypes.int32)
    gather, concat, stack = api.gather, api.concat, api.stack
    free_sizes, axes_sizes = gather(shape, free), gather(shape, axes)
    whole_free, whole_axes = reduce_prod(free_sizes), reduce_prod(axes_sizes)
    if flipped:
        order, sizes = concat([axes, free], 0), stack([whole_axes, whole_free])
    else:
        order, sizes = concat([free, axes], 0), stack([whole_free, whole_axes])
    return raw.reshape(transpose(a, order), sizes), free_sizes, static


@export("tensordot")
def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """Multiplies two tensors and sums over some axes of both.

    Args:
      a, b: tensors of one numeric type.
      axes: how many of the last axes of `a` and first axes of `b` are summed over, or two lists of axes.

    Returns:
      A tensor with the free axes of `a`, then those of `b`.

    Raises:
      ValueError: the axes do not fit.
    """
    with name_scope(name, "Tensordot", [a, b, axes]) as scope:
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, name="b")
        a_axes, b_axes = _contraction_axes(a, axes)
        left, a_free, a_static = _as_matrix(a, a_axes)
        right, b_free, b_static = _as_matrix(b, b_axes, True)
        product = matmul(left, right)
        if isinstance(a_free, list) and isinstance(b_free, list):
            return raw.reshape(product, a_free + b_free, name=scope)
        a_free = convert_to_tensor(a_free, dtype=dtypes.int32)
        b_free = convert_to_tensor(b_free, dtype=dtypes.int32)
        result = raw.reshape(product, api.concat([a_free, b_free], 0), name=scope)
        if a_static is not None and b_static is not None:
            result.set_shape(a_static + b_static)
        return result


# --- decompositions and solvers --------------------------------------------------------------------------------


@export("svd")
def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """Singular value decomposition.

    Args:
      tensor: a tensor of shape [..., m, n] and a floating or complex type.
      full_matrices: whether U and V are square.
      compute_uv: whether U and V are wanted.

    Returns:
      The singular values in descending order; with U and V (not its adjoint) if these are wanted.
    """
    s, u, v = raw.svd(tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (real(s), u, v) if compute_uv else real(s)


@export("self_adjoint_eig")
def self_adjoint_eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of self-adjoint matrices.

    Args:
      tensor: a tensor of shape [..., n, n]; only the lower triangle is read.

    Returns:
      The eigenvalues in ascending order, and the eigenvectors as columns.
    """
    e, v = raw.self_adjoint_eig_v2(tensor, compute_v=True, name=name)
    return e, v


@export("self_adjoint_eigvals")
def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Eigenvalues of self-adjoint matrices.

    Args:
      tensor: a tensor of shape [..., n, n]; only the lower triangle is read.

    Returns:
      The eigenvalues in ascending order.
    """
    return raw.self_adjoint_eig_v2(tensor, compute_v=False, name=name)[0]


@export("matrix_solve_ls")
def matrix_solve_ls(matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True,
                    name: str | None = None) -> Tensor:
    """Solves systems of equations in the sense of least squares.

    Args:
      matrix: a tensor of shape [..., m, n].
      rhs: right sides, a tensor of shape [..., m, k].
      l2_regularizer: the weight of the solution's squared length.
      fast: whether the normal equations are solved by Cholesky decomposition.

    Returns:
      The solutions, a tensor of shape [..., n, k].

    Raises:
      NotImplementedError: complex128 with a regularizer, which TensorFlow 1.15 has switched off.
    """
    matrix = convert_to_tensor(matrix, name="matrix")
    if matrix.dtype.base_dtype is dtypes.complex128 and l2_regularizer != 0:
        raise NotImplementedError("matrix_solve_ls is currently disabled for complex128 and l2_regularizer != 0 due to "
                                  "poor accuracy.")
    if not fast:
        return raw.matrix_solve_ls(matrix, rhs, l2_regularizer, fast=False, name=name)
    with name_scope(name, "matrix_solve_ls", [matrix, rhs, l2_regularizer]):
        # The system has too many equations (the more usual case) or too few.
        dims = matrix.get_shape()[-2:]
        if dims.is_fully_defined():
            solve = _over_determined if dims[-2] >= dims[-1] else _under_determined
            return solve(matrix, rhs, l2_regularizer)
        sizes = shape_ops.shape(matrix)[-2:]
        return api.cond(sizes[-2] >= sizes[-1], lambda: _over_determined(matrix, rhs, l2_regularizer),
                        lambda: _under_determined(matrix, rhs, l2_regularizer))


def _gram_factor(matrix: Tensor, regularizer: float, columns: bool) -> Tensor:
    """The Cholesky factor of the products of a matrix's columns (or rows) with each other."""
    gram = matmul(matrix, matrix, adjoint_a=columns, adjoint_b=not columns)
    if regularizer != 0:
        shape = shape_ops.shape(matrix)
        batch, size = shape[:-2], shape[-1] if columns else shape[-2]
        gram += regularizer * api.eye(size, batch_shape=batch, dtype=matrix.dtype.base_dtype)
    return raw.cholesky(gram)


def _over_determined(matrix: Tensor, rhs: Tensor, regularizer: float) -> Tensor:
    factor = _gram_factor(matrix, regularizer, columns=True)
    return api.linalg.cholesky_solve(factor, matmul(matrix, rhs, adjoint_a=True))


def _under_determined(matrix: Tensor, rhs: Tensor, regularizer: float) -> Tensor:
    factor = _gram_factor(matrix, regularizer, columns=False)
    return matmul(matrix, api.linalg.cholesky_solve(factor, rhs), adjoint_a=True)


@export("linalg.logdet")
def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithm of the determinant of positive definite matrices.

    Args:
      matrix: a tensor of shape [..., n, n] and a floating or complex type.

    Returns:
      A tensor of shape [...].
    """
    with name_scope(name, "logdet", [matrix]):
        factor = raw.cholesky(matrix)
        return 2.0 * reduce_sum(raw.log(real(api.linalg.diag_part(factor))), axis=[-1])


@export("linalg.slogdet")
def slogdet(input: Any, name: str | None = None) -> Any:
    """The sign and the logarithm of the absolute value of determinants.

    Args:
      input: a tensor of shape [..., n, n] and a floating or complex type.

    Returns:
      A named tuple: sign, log_abs_determinant.
    """
    return raw.log_matrix_determinant(input, name=name)


@export("linalg.logm")
def logm(input: Any, name: str | None = None) -> Tensor:
    """The logarithm of matrices.

    Args:
      input: a tensor of shape [..., n, n] and a complex type.

    Returns:
      A tensor of the same shape and type.
    """
    return raw.matrix_logarithm(input, name=name)


def _largest_size(a: Tensor, static: Any, dynamic: Any) -> Any:
    """The larger side of matrices: a number where both are known, else `dynamic` of the shape tensor."""
    sides = a.get_shape()[-2:]
    return static(sides.as_list()) if sides.is_fully_defined() else dynamic(shape_ops.shape(a))


@export("linalg.matrix_rank")
def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """How many singular values of matrices are not zero.

    Args:
      a: a tensor of shape [..., m, n] with known m and n.
      tol: below which a singular value counts as zero.
      validate_args: of no consequence here.

    Returns:
      An int32 tensor of shape [...].
    """
    with name_scope(name, "matrix_rank", [a, tol]):
        a = convert_to_tensor(a, name="a")
        values = svd(a, compute_uv=False)
        if tol is None:
            largest = _largest_size(a, np.max, lambda shape: reduce_max(shape[-2:]))
            eps = np.finfo(a.dtype.as_numpy_dtype).eps
            tol = eps * cast(largest, a.dtype) * reduce_max(values, axis=-1, keepdims=True)
        return reduce_sum(cast(values > tol, dtypes.int32), axis=-1)


@export("linalg.pinv")
def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """The pseudo-inverse of matrices.

    Args:
      a: a tensor of shape [..., m, n] with known m and n.
      rcond: singular values below this part of the largest one count as zero.
      validate_args: of no consequence here.

    Returns:
      A tensor of shape [..., n, m].
    """
    with name_scope(name, "pinv", [a, rcond]):
        a = convert_to_tensor(a, name="a")
        dtype = a.dtype.as_numpy_dtype
        if rcond is None:
            largest = _largest_size(a, lambda sides: float(max(sides)),
                                    lambda shape: cast(reduce_max(shape[-2:]), a.dtype))
            rcond = 10.0 * largest * np.finfo(dtype).eps
        rcond = convert_to_tensor(rcond, dtype=a.dtype, name="rcond")
        values, left, right = svd(a, full_matrices=False, compute_uv=True)
        limit = rcond * reduce_max(values, axis=-1)
        infinite = np.array(np.inf, dtype)
        values = api.where_v2(values > shape_ops.expand_dims(limit, -1), values, infinite)
        return matmul(right / shape_ops.expand_dims(values, -2), left, adjoint_b=True)
