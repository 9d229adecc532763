"""Eigenvalues, singular values, QR, and functions of matrices by them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.diag import matrix_diag as diag
from tfmagic.ops.array.diag import matrix_diag_part as diag_part
from tfmagic.ops.array.diag import matrix_set_diag as set_diag
from tfmagic.ops.declare import old_names, register
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.matrix_rules import (
    SQUARE,
    finite_or_zero,
    in_full,
    refused,
    square_dims,
    when_singular,
)
from tfmagic.ops.math.reduce import reduce_prod
from tfmagic.ops.math.rules import after
from tfmagic.ops.math.solvers import adjoint
from tfmagic.ops.shape_rules import merge_dim, with_rank_at_least
from tfmagic.ops.tensor_function import tensor_function


def _eig_shape(op: Any, x: Dims) -> tuple[Dims, Dims]:
    square = square_dims(op, x)
    values = None if square is None else square[:-1]
    return values, (square if op.compute_v else (0,))


def _eig(op: Any, x: Any) -> tuple[Any, Any]:
    if op.compute_v:
        values, vectors = torch.linalg.eigh(in_full(op, x))
        # LAPACK's real eigenvalues come back in the type of the matrix.
        return values.to(x.dtype), vectors.to(x.dtype)
    values = torch.linalg.eigvalsh(in_full(op, x)).to(x.dtype)
    # Whatever the batch, TensorFlow leaves one number in place of the vectors, though its shape rule says none.
    return values, torch.zeros((), dtype=x.dtype, device=x.device)


def _eig_gradient(op: Any, dvalues: Tensor | None, dvectors: Tensor | None) -> Tensor:
    """The derivative of eigenvalues, and of eigenvectors where these are computed."""
    e, v = op.e, op.v
    with after(dvalues, dvectors):
        if op.compute_v:
            differences = shape_ops.expand_dims(e, -2) - shape_ops.expand_dims(e, -1)
            f = set_diag(raw.reciprocal(differences), constants.zeros_like(e))
            inner = diag(dvalues) + f * matmul(v, dvectors, adjoint_a=True)
            gradient = matmul(v, matmul(inner, v, adjoint_b=True))
        else:
            _, v = raw.self_adjoint_eig_v2(op.input)
            gradient = matmul(v, matmul(diag(dvalues), v, adjoint_b=True))
        # Only the lower triangle of the input is read.
        gradient = raw.matrix_band_part(gradient + adjoint(gradient), -1, 0)
        return set_diag(gradient, 0.5 * diag_part(gradient))


register("SelfAdjointEigV2", _eig_shape, _eig, _eig_gradient, check=SQUARE, **when_singular(
    _eig_shape, "Self-adjoint eigen decomposition was not successful. The input might not be valid."))


def _svd_shape(op: Any, x: Dims) -> tuple[Dims, Dims, Dims]:
    x = with_rank_at_least(x, 2)
    if x is None:
        return None, *((None, None) if op.compute_uv else ((0,), (0,)))
    rows, columns = x[-2:]
    small = None if rows is None or columns is None else min(rows, columns)
    batch = x[:-2]
    if not op.compute_uv:
        return (*batch, small), (0,), (0,)
    if op.full_matrices:
        return (*batch, small), (*batch, rows, rows), (*batch, columns, columns)
    return (*batch, small), (*batch, rows, small), (*batch, columns, small)


def _svd(op: Any, x: Any) -> tuple[Any, Any, Any]:
    finite, full = finite_or_zero(in_full(op, x))

    def result(part: Any, finite: Any) -> Any:
        return torch.where(finite, part, float("nan")).to(x.dtype)

    if not op.compute_uv:
        empty = torch.zeros((), dtype=x.dtype, device=x.device)
        return result(torch.linalg.svdvals(full), finite[..., 0]), empty, empty
    u, s, vh = torch.linalg.svd(full, full_matrices=op.full_matrices)
    return result(s, finite[..., 0]), result(u, finite), result(vh.mH, finite)


def _svd_gradient(op: Any, ds: Tensor, du: Tensor, dv: Tensor) -> Tensor:
    """For matrices whose singular values differ."""
    x, s = op.input, op.s
    ds_matrix = diag(ds)
    if not op.compute_uv:
        values, u, v = raw.svd(x, compute_uv=True)
        if x.dtype.is_complex:
            raw.real(values, s.dtype.real_dtype)  # TensorFlow makes this node and does not use it
        return matmul(u, matmul(ds_matrix, v, adjoint_b=True))
    if x.dtype.is_complex:
        raise NotImplementedError("SVD gradient is not implemented for complex types and compute_uv=True.")
    dims = x._dims
    if dims is None or None in dims[-2:]:
        raise NotImplementedError("SVD gradient has not been implemented for input with unknown inner matrix shape.")
    rows, columns = dims[-2:]
    if op.full_matrices and abs(rows - columns) > 1:
        raise NotImplementedError("svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True")
    tall = rows > columns  # the rule is that of a matrix with at most as many rows as columns
    u, v, du, dv = (op.v, op.u, dv, du) if tall else (op.u, op.v, du, dv)
    small, large = sorted((rows, columns))
    with after(ds, du, dv) if not tall else after(ds, dv, du):
        s_matrix = diag(s)
        squares = raw.square(s)
        shape = shape_ops.shape(s)
        unit = api.eye(shape[-1], batch_shape=shape[:-1], dtype=s.dtype)
        differences = shape_ops.expand_dims(squares, -2) - shape_ops.expand_dims(squares, -1)
        f = set_diag(raw.reciprocal(differences + unit), constants.zeros_like(s))
        inverse = diag(raw.reciprocal(s))
        v1, dv1 = v[..., :, :small], dv[..., :, :small]
        u_du, v_dv = matmul(u, du, adjoint_a=True), matmul(v1, dv1, adjoint_a=True)
        f_u, f_v = f * u_du, f * v_dv
        core = ds_matrix + matmul(f_u + adjoint(f_u), s_matrix)
        core = core + matmul(s_matrix, f_v + adjoint(f_v))
        result = matmul(u, matmul(core, v1, adjoint_b=True))
        if small < large:  # what of dv lies outside of the space that v spans
            transpose = api.linalg.matrix_transpose
            dv1_t = transpose(dv1)
            outside = dv1_t - matmul(matmul(dv1_t, v1), v1, adjoint_b=True)
            if op.full_matrices:
                v2, dv2 = v[..., :, small:large], dv[..., :, small:large]
                outside = outside - matmul(matmul(v1, dv2, adjoint_a=True), v2, adjoint_b=True)
            result += matmul(matmul(u, inverse), outside)
        return api.linalg.matrix_transpose(result) if tall else result


register("Svd", _svd_shape, _svd, _svd_gradient, check=refused())


def _qr_shape(op: Any, x: Dims) -> tuple[Dims, Dims]:
    x = with_rank_at_least(x, 2)
    if x is None:
        return None, None
    rows, columns = x[-2:]
    small = rows if op.full_matrices else (None if rows is None or columns is None else min(rows, columns))
    return (*x[:-2], rows, small), (*x[:-2], small, columns)


def _qr(op: Any, x: Any) -> tuple[Any, Any]:
    q, r = torch.linalg.qr(in_full(op, x), mode="complete" if op.full_matrices else "reduced")
    return q.to(x.dtype), r.to(x.dtype)


def _qr_gradient(op: Any, dq: Tensor, dr: Tensor) -> Tensor:
    q, r = op.q, op.r
    dims = r._dims
    if q.dtype.is_complex:
        raise NotImplementedError(f"QrGrad not implemented for dtype: {q.dtype}")
    if dims is None or None in dims[-2:]:
        raise NotImplementedError("QrGrad not implemented with dynamic shapes.")
    if dims[-2] != dims[-1]:
        raise NotImplementedError("QrGrad not implemented when ncols > nrows or full_matrices is true and ncols != "
                                  "nrows.")
    qdq = matmul(q, dq, adjoint_a=True)
    qdq_ = qdq - adjoint(qdq)
    rdr = matmul(r, dr, adjoint_b=True)
    rdr_ = rdr - adjoint(rdr)
    lower = raw.matrix_band_part(qdq_ + rdr_, -1, 0)

    def solved(x: Tensor) -> Tensor:
        """`x` times the inverse of R's adjoint."""
        return adjoint(raw.matrix_triangular_solve(r, adjoint(x), lower=False,
                                                                adjoint=False))

    return matmul(q, dr + solved(lower)) + solved(dq - matmul(q, qdq))


register("Qr", _qr_shape, _qr, _qr_gradient)


@tensor_function(meta=lambda x, words: x)
def _numbers(x: Any, words: str) -> Any:
    """`x`, where no NaN is in it.

    Raises:
      InvalidArgumentError: there is one.
    """
    if bool(torch.isnan(x).any()):
        raise errors.InvalidArgumentError(None, None, words)
    return x


_NO_EIGENVALUES = "Self Adjoint Eigen decomposition wasnot successful. The input might not be valid."


def _eig_in_one(op: Any, x: Any) -> Any:
    values, vectors = torch.linalg.eigh(in_full(op, _numbers(x, _NO_EIGENVALUES)))
    return torch.cat([values.unsqueeze(-2).to(x.dtype), vectors.to(x.dtype)], -2)


def _one_row_more(op: Any, x: Dims) -> Dims:
    dims = with_rank_at_least(x, 2)
    if dims is None:
        return None
    size = merge_dim(dims[-2], dims[-1])
    return (*dims[:-2], None if size is None else size + 1, size)


register("SelfAdjointEig", _one_row_more, _eig_in_one, check=SQUARE, **when_singular(
    _one_row_more, _NO_EIGENVALUES),
    doc="Eigenvalues in the first row, eigenvectors in the columns below.")


def _matrix_function(op: Any, x: Any, function: Any) -> Any:
    """A function of matrices by their eigenvalues; NaN where a matrix is not finite."""
    kind = torch.complex64 if x.dtype in (torch.float16, torch.float32, torch.complex64) else torch.complex128
    finite, full = finite_or_zero(in_full(op, x).to(kind))
    values, vectors = torch.linalg.eig(full)
    result = vectors @ torch.diag_embed(function(values)) @ torch.linalg.inv(vectors)
    result = torch.where(finite, result, float("nan"))
    return result.to(x.dtype) if op.T.is_complex else result.real.to(x.dtype)


register("MatrixExponential", square_dims, lambda op, x: torch.linalg.matrix_exp(in_full(op, x)).to(x.dtype),
         check=SQUARE)
register("MatrixLogarithm", square_dims, lambda op, x: _matrix_function(op, x, torch.log), traced="shapes",
         check=SQUARE)
def _square_root(op: Any, x: Any) -> Any:
    """A real matrix with a negative eigenvalue has no real root: NaN, as in TensorFlow."""

    def root(values: Any) -> Any:
        if op.T.is_complex:
            return torch.sqrt(values)
        zero = torch.finfo(values.dtype).eps * values.abs().amax(-1, keepdim=True) if values.shape[-1] else 0
        return torch.where((values.imag == 0) & (values.real < -zero), float("nan"), torch.sqrt(values))

    return _matrix_function(op, x, root)


register("MatrixSquareRoot", square_dims, _square_root,
         lambda op, dy: _square_root_gradient(op, dy), traced="shapes", check=SQUARE)


def _square_root_gradient(op: Any, dy: Tensor) -> Tensor:
    """Solves Sylvester's equation for the gradient by a Kronecker product."""
    root, transpose = op.output, api.linalg.matrix_transpose
    shape = shape_ops.shape(root)
    size = shape[-1]
    count = reduce_prod(shape[0:-2])
    identity = raw.reshape(api.eye(size, dtype=root.dtype.base_dtype), [-1])
    identity = raw.reshape(raw.tile(identity, [count]), shape)
    # TensorFlow conjugates nothing.
    total = raw.add(_kronecker(identity, transpose(root)), _kronecker(root, identity))
    dims = api.concat([_batch_dims(shape), [size * size], [1]], 0)
    solution = raw.matrix_solve(total, raw.reshape(transpose(dy), dims))
    return transpose(raw.reshape(solution, shape))


def _batch_dims(shape: Tensor) -> Tensor:
    """All dimensions but the last two."""
    return raw.slice(shape, [0], [raw.sub(shape_ops.size(shape), 2)])


def _kronecker(a: Tensor, b: Tensor) -> Tensor:
    """The Kronecker products of square matrices."""
    shape_a, shape_b = shape_ops.shape(a), shape_ops.shape(b)
    rows, columns = shape_a[-1], shape_b[-1]
    batch, concat = _batch_dims(shape_a), api.concat
    wide = concat([batch, [rows], [1], [rows], [1]], 0)
    narrow = concat([batch, [1], [columns], [1], [columns]], 0)
    a, b = raw.reshape(a, wide), raw.reshape(b, narrow)
    size = rows * columns
    dims = concat([batch, [size], [size]], 0)
    return raw.reshape(a * b, dims)

old_names(BatchSelfAdjointEig="SelfAdjointEig", BatchSelfAdjointEigV2="SelfAdjointEigV2", BatchSvd="Svd")
