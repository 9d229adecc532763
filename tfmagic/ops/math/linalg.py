"""Linear algebra: inverses, determinants, decompositions and solvers, for matrices and batches of them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.diag import matrix_diag as diag
from tfmagic.ops.array.diag import matrix_diag_part as diag_part
from tfmagic.ops.array.diag import matrix_set_diag as set_diag
from tfmagic.ops.array.indices import require
from tfmagic.ops.declare import old_names, op, register
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.reduce import reduce_prod, reduce_sum
from tfmagic.ops.math.rules import after, conjugate
from tfmagic.ops.shape_rules import broadcast_dims, merge, merge_dim, with_rank_at_least
from tfmagic.ops.tensor_function import tensor_function

# --- shapes and views ------------------------------------------------------------------------------------------


def _square(op: Any, x: Dims, *_: Dims) -> Dims:
    """A batch of square matrices."""
    x = with_rank_at_least(x, 2)
    if x is None:
        return None
    size = merge_dim(x[-2], x[-1])
    return (*x[:-2], size, size)


def _batch_of(x: Dims) -> Dims:
    return None if x is None else x[:-2]


def _adjoint(op: Any, x: Any) -> Any:
    return x.mH if op.T.is_complex else x.mT


def _full(op: Any, x: Any) -> Any:
    """Half precision, for which LAPACK has nothing, is computed in single precision."""
    return x.to(torch.float32) if op.T.name == "float16" else x


def _require_number(x: Any) -> None:
    """Stop where a matrix begins with NaN, which TensorFlow takes for a pivot that is zero; it lets others through."""
    require(x, lambda: x[..., :1, :1] == x[..., :1, :1])


def _finite(x: Any) -> tuple[Any, Any]:
    """Which matrices are finite (one value for each, of the same rank); those, with zeros for what torch refuses."""
    finite = (x * 0).sum((-2, -1), keepdim=True) == 0  # infinity times 0 is NaN
    return finite, torch.where(finite, x, 0)


def _when_singular(rule: Any, message: str) -> Any:
    """The contract of a kernel that fails, the shapes being right, where a matrix is singular or not positive."""

    def explain(op: Any, *values: Any) -> str | None:
        try:
            rule(op, *[tuple(value.shape) for value in values])
        except ValueError:
            return None
        return message

    return {"explain": explain}


def _refused(words: Any = None) -> Any:
    """The check of a run: inputs are matrices of the same batch, and `words(op, *dims)` refuses nothing of them."""

    def check(op: Any, *inputs: Dims) -> str | None:
        dims: list[Any] = list(inputs)
        if len(dims[0]) < 2:
            return f"Input tensor 0 must have rank >= 2, got {len(dims[0])}"
        if any(len(other) != len(dims[0]) for other in dims):
            return "All input tensors must have the same rank."
        if any(other[:-2] != dims[0][:-2] for other in dims):
            return "All input tensors must have the same outer dimensions."
        return words(op, *dims) if words else None

    return check


def _not_square(op: Any, x: Any, *_: Any) -> str | None:
    return None if x[-2] == x[-1] else "Input matrix must be square."


def _unfit_rhs(op: Any, matrix: Any, rhs: Any) -> str | None:
    if "Ls" not in op.op.type and matrix[-2] != matrix[-1]:
        return "First input (lhs) must be a square matrix."
    return None if matrix[-2] == rhs[-2] else "Input matrix and rhs are incompatible."


_SQUARE = _refused(_not_square)


@export("linalg.adjoint")
def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """Transposes the last two dimensions and conjugates.

    Args:
      matrix: a tensor of shape [..., m, n].

    Returns:
      A tensor of shape [..., n, m].
    """
    with name_scope(name, "adjoint", [matrix]):
        matrix = convert_to_tensor(matrix, name="matrix")
        return api.linalg.matrix_transpose(matrix, conjugate=True)


# --- inverse, determinant --------------------------------------------------------------------------------------


def _inverse(op: Any, x: Any) -> Any:
    _require_number(x)
    y = torch.linalg.inv(_full(op, x)).to(x.dtype)
    return _adjoint(op, y) if op.adjoint else y


def _inverse_gradient(op: Any, dy: Tensor) -> Tensor:
    inverse = op.output  # TensorFlow takes no notice of the attr `adjoint` here
    return -matmul(inverse, matmul(dy, inverse, adjoint_b=True), adjoint_a=True)


register("MatrixInverse", _square, _inverse, _inverse_gradient, check=_SQUARE,
         **_when_singular(_square, "Input is not invertible."))


def _determinant_gradient(op: Any, dy: Tensor) -> Tensor:
    inverse = raw.matrix_inverse(op.input, adjoint=True)
    multipliers = raw.reshape(dy * op.output, api.concat([shape_ops.shape(op.output), [1, 1]], 0))
    return multipliers * inverse


def _log_determinant_gradient(op: Any, _: Any, dy: Tensor) -> Tensor:
    inverse = raw.matrix_inverse(op.input, adjoint=True)
    value = op.op.outputs[1]
    multipliers = raw.reshape(dy, api.concat([shape_ops.shape(value), [1, 1]], 0))
    return multipliers * inverse


def _determinant_shape(op: Any, x: Dims) -> Dims:
    x = with_rank_at_least(x, 2)
    if x is not None:
        merge_dim(x[-1], x[-2])
    return _batch_of(x)


def _slogdet(op: Any, x: Any) -> tuple[Any, Any]:
    """Of no sign and minus infinite where the logarithm is NaN, as for a singular matrix."""
    sign, log = torch.linalg.slogdet(_full(op, x))
    inf = float("inf")
    return (torch.where(torch.isfinite(log), sign, 0).to(x.dtype),
            torch.nan_to_num(log, nan=-inf, posinf=inf, neginf=-inf).to(x.dtype))


def _determinant(op: Any, x: Any) -> Any:
    """By its logarithm, as TensorFlow takes it: the last digits show."""
    sign, log = _slogdet(op, x)
    return sign * torch.exp(log)


register("MatrixDeterminant", _determinant_shape, _determinant, _determinant_gradient, check=_SQUARE)
register("LogMatrixDeterminant", lambda op, x: (_determinant_shape(op, x),) * 2, _slogdet, _log_determinant_gradient,
         check=_SQUARE)


@export("linalg.inv")
def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """Inverts square matrices.

    Args:
      input: a tensor of shape [..., n, n] and a floating or complex type.
      adjoint: whether the inverse of the adjoint is wanted.

    Returns:
      A tensor of the same shape and type.
    """
    return raw.matrix_inverse(input, adjoint=adjoint, name=name)


# --- Cholesky --------------------------------------------------------------------------------------------------

_NOT_POSITIVE = "Cholesky decomposition was not successful. The input might not be valid."


def _cholesky(op: Any, x: Any) -> Any:
    lower = torch.tril(_full(op, x))  # only the lower triangle is read, and of the diagonal only the real part
    if op.T.is_complex:
        lower = lower - torch.diag_embed(1j * torch.diagonal(lower, dim1=-2, dim2=-1).imag)
    return cholesky(lower).to(x.dtype)


@tensor_function(meta=lambda lower: lower)
def cholesky(lower: Any) -> Any:
    """Cholesky factors from lower triangles: torch's, with NaN for what depends on NaN instead of a refusal."""
    try:
        return torch.linalg.cholesky(lower)
    except torch.linalg.LinAlgError:
        nan = torch.isnan(lower)
        if not bool(nan.any()):
            raise
    right_of = nan.cumsum(-1) > 0
    after = torch.diagonal(right_of, dim1=-2, dim2=-1).cumsum(-1) > 0
    lost = torch.tril(right_of | after[..., :, None] & after[..., None, :])
    safe = torch.diag_embed(after * torch.finfo(lower.dtype).max ** 0.5)  # diagonals from which nothing is taken
    return torch.where(lost, float("nan"), torch.linalg.cholesky(torch.where(nan, 0, lower) + safe))


def _cholesky_gradient(op: Any, dy: Tensor) -> Tensor:
    """By two products with the inverse factor."""
    lower = op.output
    size = shape_ops.shape(lower)[-1]
    inverse = raw.matrix_triangular_solve(
        lower, api.eye(size, batch_shape=shape_ops.shape(lower)[:-2], dtype=lower.dtype.base_dtype))
    middle = matmul(lower, dy, adjoint_a=True)
    middle = set_diag(middle, 0.5 * diag_part(middle))
    middle = raw.matrix_band_part(middle, -1, 0)
    result = matmul(matmul(inverse, middle, adjoint_a=True), inverse)
    result += adjoint(result)
    return result * 0.5


def _cholesky_grad(op: Any, lower: Any, dy: Any) -> Any:
    lower = torch.tril(lower)
    lower_t = lower.mH
    middle = torch.tril(lower_t @ torch.tril(dy))
    middle = middle - 0.5 * torch.diag_embed(torch.diagonal(middle, dim1=-2, dim2=-1))
    inverse = torch.linalg.solve_triangular(lower, torch.eye(lower.shape[-1], dtype=lower.dtype, device=lower.device),
                                            upper=False)
    result = inverse.mH @ middle @ inverse
    return (result + result.mH) * 0.5


register("Cholesky", _square, _cholesky, _cholesky_gradient, check=_SQUARE, **_when_singular(_square, _NOT_POSITIVE))
register("CholeskyGrad", _square, _cholesky_grad, check=_refused(
    lambda op, lower, dy: "Inputs (L and grad) must have the same shape." if lower != dy else None))


# --- solvers ---------------------------------------------------------------------------------------------------

_SINGULAR = "Input matrix is not invertible."


def _solve_shape(op: Any, matrix: Dims, rhs: Dims) -> Dims:
    square = _square(op, matrix)
    rhs = with_rank_at_least(rhs, 2)
    if square is None:
        return rhs
    if rhs is None:
        return (*square[:-1], None)
    batch = merge(square[:-2], rhs[:-2])
    return (*batch, merge_dim(square[-2], rhs[-2]), rhs[-1])  # type: ignore[misc]


def _solve(op: Any, matrix: Any, rhs: Any) -> Any:
    _require_number(matrix)
    left = _adjoint(op, matrix) if op.adjoint else matrix
    return torch.linalg.solve(_full(op, left), _full(op, rhs)).to(rhs.dtype)


def _solve_gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
    adjoint = bool(op.adjoint)
    drhs = raw.matrix_solve(op.matrix, dy, adjoint=not adjoint)
    if adjoint:
        return -matmul(op.output, drhs, adjoint_b=True), drhs
    return -matmul(drhs, op.output, adjoint_b=True), drhs


def _triangular_solve(op: Any, matrix: Any, rhs: Any) -> Any:
    left, upper = _full(op, matrix), not op.lower
    left = torch.tril(left) if op.lower else torch.triu(left)
    diagonal = torch.diagonal(left, dim1=-2, dim2=-1)
    require(left, lambda: (diagonal != 0) & (diagonal[..., :1] == diagonal[..., :1]))  # see _require_number
    if op.adjoint:
        left, upper = _adjoint(op, left), not upper
    return torch.linalg.solve_triangular(left, _full(op, rhs), upper=upper).to(rhs.dtype)


def _triangular_gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
    drhs = raw.matrix_triangular_solve(op.matrix, dy, lower=op.lower, adjoint=not op.adjoint)
    if op.adjoint:
        dmatrix = -matmul(op.output, drhs, adjoint_b=True)
    else:
        dmatrix = -matmul(drhs, op.output, adjoint_b=True)
    if op.lower:
        return raw.matrix_band_part(dmatrix, -1, 0), drhs
    return raw.matrix_band_part(dmatrix, 0, -1), drhs


register("MatrixSolve", _solve_shape, _solve, _solve_gradient, check=_refused(_unfit_rhs),
         **_when_singular(_solve_shape, _SINGULAR))
register("MatrixTriangularSolve", _solve_shape, _triangular_solve, _triangular_gradient, check=_refused(_unfit_rhs),
         **_when_singular(_solve_shape, _SINGULAR))


@export("linalg.cholesky_solve")
def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """Solves systems of equations by the Cholesky factors of their matrices.

    Args:
      chol: lower triangular factors, a tensor of shape [..., n, n].
      rhs: right sides, a tensor of shape [..., n, k].

    Returns:
      The solutions, a tensor of shape [..., n, k].
    """
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        y = raw.matrix_triangular_solve(chol, rhs, adjoint=False, lower=True)
        return raw.matrix_triangular_solve(chol, y, adjoint=True, lower=True)


def _least_squares_shape(op: Any, matrix: Dims, rhs: Dims, regularizer: Dims) -> Dims:
    matrix, rhs = with_rank_at_least(matrix, 2), with_rank_at_least(rhs, 2)
    if matrix is None or rhs is None:
        if matrix is not None:
            return (*matrix[:-2], matrix[-1], None)
        return None if rhs is None else (*rhs[:-2], None, rhs[-1])
    merge_dim(matrix[-2], rhs[-2])
    return (*merge(matrix[:-2], rhs[:-2]), matrix[-1], rhs[-1])  # type: ignore[misc]


def _refused_least_squares(op: Any, matrix: Dims, rhs: Dims, regularizer: Dims) -> str | None:
    refused = _refused(_unfit_rhs)(op, matrix, rhs)
    if refused or not regularizer:
        return refused
    return f"l2_regularizer must be scalar, got shape {shapes.brackets(regularizer)}"


@op("MatrixSolveLs", traced="shapes", check=_refused_least_squares,
    **_when_singular(_least_squares_shape, _NOT_POSITIVE))
class MatrixSolveLs:
    """Least squares, with a penalty on the solution's length."""

    shape = _least_squares_shape

    def kernel(op: Any, matrix: Any, rhs: Any, regularizer: Any) -> Any:
        if not op.fast:
            return torch.linalg.lstsq(matrix, rhs, driver=None if matrix.is_cuda else "gelsd").solution
        penalty = regularizer.to(matrix.dtype)
        rows, columns = matrix.shape[-2:]
        adjoint = matrix.mH
        if rows >= columns:
            normal = adjoint @ matrix + penalty * torch.eye(columns, dtype=matrix.dtype, device=matrix.device)
            return torch.cholesky_solve(adjoint @ rhs, cholesky(torch.tril(normal)))
        normal = matrix @ adjoint + penalty * torch.eye(rows, dtype=matrix.dtype, device=matrix.device)
        return adjoint @ torch.cholesky_solve(rhs, cholesky(torch.tril(normal)))

    def gradient(op: Any, dy: Tensor) -> list[Any]:
        """Through the normal equations of a matrix with at least as many rows as columns, or fewer."""
        if not op.fast:
            raise ValueError("Gradient not defined for fast=False")
        a, b, x = op.matrix, op.rhs, op.output
        rows, columns = a._dims[-2:] if a._dims is not None else (None, None)
        if rows is None or columns is None:
            raise ValueError("The gradient of MatrixSolveLs needs the static shape of the matrix")
        penalty = api.cast(op.l2_regularizer, a.dtype.base_dtype)
        over = rows >= columns
        normal = matmul(a, a, adjoint_a=over, adjoint_b=not over)
        normal += penalty * api.eye(columns if over else rows, dtype=a.dtype.base_dtype)
        factor = raw.cholesky(normal)
        if over:
            z = cholesky_solve(factor, dy)
            xz = matmul(x, z, adjoint_b=True)
            da = matmul(b, z, adjoint_b=True) - matmul(a, xz + api.linalg.matrix_transpose(xz))
            return [da, matmul(a, z), None]
        az = cholesky_solve(factor, matmul(a, dy))
        lam = cholesky_solve(factor, b)
        direct = matmul(lam, dy - matmul(a, az, adjoint_a=True), adjoint_b=True)
        return [direct - matmul(az, x, adjoint_b=True), az, None]


# --- eigenvalues and singular values ---------------------------------------------------------------------------


def _eig_shape(op: Any, x: Dims) -> tuple[Dims, Dims]:
    square = _square(op, x)
    values = None if square is None else square[:-1]
    return values, (square if op.compute_v else (0,))


def _eig(op: Any, x: Any) -> tuple[Any, Any]:
    if op.compute_v:
        values, vectors = torch.linalg.eigh(_full(op, x))
        # LAPACK's real eigenvalues come back in the type of the matrix.
        return values.to(x.dtype), vectors.to(x.dtype)
    values = torch.linalg.eigvalsh(_full(op, x)).to(x.dtype)
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


register("SelfAdjointEigV2", _eig_shape, _eig, _eig_gradient, check=_SQUARE, **_when_singular(
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
    finite, full = _finite(_full(op, x))

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


register("Svd", _svd_shape, _svd, _svd_gradient, check=_refused())


def _qr_shape(op: Any, x: Dims) -> tuple[Dims, Dims]:
    x = with_rank_at_least(x, 2)
    if x is None:
        return None, None
    rows, columns = x[-2:]
    small = rows if op.full_matrices else (None if rows is None or columns is None else min(rows, columns))
    return (*x[:-2], rows, small), (*x[:-2], small, columns)


def _qr(op: Any, x: Any) -> tuple[Any, Any]:
    q, r = torch.linalg.qr(_full(op, x), mode="complete" if op.full_matrices else "reduced")
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


# --- functions of matrices -------------------------------------------------------------------------------------


def _matrix_function(op: Any, x: Any, function: Any) -> Any:
    """A function of matrices by their eigenvalues; NaN where a matrix is not finite."""
    kind = torch.complex64 if x.dtype in (torch.float16, torch.float32, torch.complex64) else torch.complex128
    finite, full = _finite(_full(op, x).to(kind))
    values, vectors = torch.linalg.eig(full)
    result = vectors @ torch.diag_embed(function(values)) @ torch.linalg.inv(vectors)
    result = torch.where(finite, result, float("nan"))
    return result.to(x.dtype) if op.T.is_complex else result.real.to(x.dtype)


register("MatrixExponential", _square, lambda op, x: torch.linalg.matrix_exp(_full(op, x)).to(x.dtype),
         check=_SQUARE)
register("MatrixLogarithm", _square, lambda op, x: _matrix_function(op, x, torch.log), traced="shapes",
         check=_SQUARE)
def _square_root(op: Any, x: Any) -> Any:
    """A real matrix with a negative eigenvalue has no real root: NaN, as in TensorFlow."""

    def root(values: Any) -> Any:
        if op.T.is_complex:
            return torch.sqrt(values)
        zero = torch.finfo(values.dtype).eps * values.abs().amax(-1, keepdim=True) if values.shape[-1] else 0
        return torch.where((values.imag == 0) & (values.real < -zero), float("nan"), torch.sqrt(values))

    return _matrix_function(op, x, root)


register("MatrixSquareRoot", _square, _square_root,
         lambda op, dy: _square_root_gradient(op, dy), traced="shapes", check=_SQUARE)


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


def _lu(op: Any, x: Any) -> tuple[Any, Any]:
    kind = torch.int64 if op.output_idx_type.size == 8 else torch.int32
    if not x.shape[-1]:  # torch refuses it
        return x, torch.zeros(x.shape[:-1], dtype=kind, device=x.device)
    _require_number(x)
    factors, pivots = torch.linalg.lu_factor(_full(op, x))
    order = torch.lu_unpack(factors, pivots, unpack_data=False)[0].real.argmax(-2)
    return factors.to(x.dtype), order.to(kind)


def _refused_lu(op: Any, x: Any) -> str | None:
    return f"Input tensor must have rank >= 2, got {len(x)}" if len(x) < 2 else _not_square(op, x)


register("Lu", lambda op, x: (square := _square(op, x), None if square is None else square[:-1]), _lu,
         traced="shapes", check=_refused_lu, **_when_singular(_square, "Input is not invertible."))


def _tridiagonal(op: Any, diagonals: Any, rhs: Any) -> Any:
    upper, main, lower = diagonals[..., 0, :-1], diagonals[..., 1, :], diagonals[..., 2, 1:]
    matrix = torch.diag_embed(main) + torch.diag_embed(upper, 1) + torch.diag_embed(lower, -1)
    return torch.linalg.solve(matrix, rhs)


def _tridiagonal_solve_gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
    """Solves with the transpose (TensorFlow conjugates nothing), whose diagonals are the same in another order."""
    diagonals, x = op.diagonals, op.output
    concat = api.concat
    upper, main, lower = (diagonals[..., i, :] for i in range(3))
    end, start = constants.zeros_like(upper[..., :1]), constants.zeros_like(lower[..., :1])
    parts = [concat([lower[..., 1:], end], -1), main, concat([start, upper[..., :-1]], -1)]
    transposed = api.stack(parts, axis=-2)
    drhs = raw.tridiagonal_solve(transposed, dy, partial_pivoting=op.partial_pivoting)
    below, above = _neighbours(x)
    parts = [-reduce_sum(drhs * other, axis=-1) for other in (below, x, above)]
    return api.stack(parts, axis=-2), drhs


def _neighbours(x: Tensor) -> tuple[Tensor, Tensor]:
    """The rows after and before each row, with zeros beyond the ends."""
    concat = api.concat
    zero = constants.zeros_like(x[..., :1, :])
    return concat([x[..., 1:, :], zero], -2), concat([zero, x[..., :-1, :]], -2)


def _tridiagonal_shape(op: Any, diagonals: Dims, rhs: Dims) -> Dims:
    diagonals, rhs = with_rank_at_least(diagonals, 2), with_rank_at_least(rhs, 2)
    if diagonals is None or rhs is None:
        return rhs
    merge(diagonals[:-2], rhs[:-2])
    merge_dim(diagonals[-1], rhs[-2])
    if diagonals[-2] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {diagonals[-2]}")
    return rhs


def _unfit_diagonals(op: Any, diagonals: Any, rhs: Any) -> str | None:
    if diagonals[-2] != 3:
        return f"Expected diagonals to be provided as a matrix with 3 rows, got {diagonals[-2]} rows."
    return None if diagonals[-1] == rhs[-2] else (
        f"Expected the same number of left-hand sides and right-hand sides, got {diagonals[-1]} and {rhs[-2]}.")


register("TridiagonalSolve", _tridiagonal_shape, _tridiagonal, _tridiagonal_solve_gradient,
         check=_refused(_unfit_diagonals), **_when_singular(_tridiagonal_shape, "The matrix is not invertible."))


def _tridiagonal_product(op: Any, upper: Any, main: Any, lower: Any, rhs: Any) -> Any:
    upper, main, lower = upper.mT, main.mT, lower.mT
    pad = torch.nn.functional.pad
    below = pad(rhs[..., 1:, :], (0, 0, 0, 1))
    above = pad(rhs[..., :-1, :], (0, 0, 1, 0))
    return main * rhs + upper * below + lower * above


def _moved(x: Tensor, up: bool) -> Tensor:
    """The row after (or before) each row, with zeros beyond the end."""
    outer = constants.zeros([shape_ops.rank(x) - 2, 2], "int32")
    paddings = api.concat([outer, api.constant([[0, 1], [0, 0]] if up else [[1, 0], [0, 0]])], 0)
    return api.pad(x[..., 1:, :] if up else x[..., :-1, :], paddings)


def _tridiagonal_product_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    transpose = api.linalg.matrix_transpose
    upper, main, lower = (transpose(conjugate(t)) for t in (op.superdiag, op.maindiag, op.subdiag))
    rhs = conjugate(op.rhs)
    parts = [reduce_sum(_moved(rhs, True) * dy, -1), reduce_sum(rhs * dy, -1), reduce_sum(_moved(rhs, False) * dy, -1)]
    # A row's upper neighbour reads it by the upper diagonal, its lower one by the lower diagonal.
    drhs = _moved(upper * dy, False) + main * dy + _moved(lower * dy, True)
    return [*(shape_ops.expand_dims(part, -2) for part in parts), drhs]


def _tridiagonal_product_shape(op: Any, upper: Dims, main: Dims, lower: Dims, rhs: Dims) -> Dims:
    upper, main, lower, rhs = (with_rank_at_least(dims, 2) for dims in (upper, main, lower, rhs))
    merge(merge(upper, main), lower)
    return rhs


def _unfit_product(op: Any, *dims: Any) -> str | None:
    for name, given in zip(("superdiagonal", "main diagonal", "subdiagonal"), dims):
        if given[-2:] != (1, dims[-1][-2]):
            return f"Invalid {name} shape."
    return None


register("TridiagonalMatMul", _tridiagonal_product_shape, _tridiagonal_product, _tridiagonal_product_gradient,
         check=_refused(_unfit_product))


# --- products --------------------------------------------------------------------------------------------------


def _cross_shape(op: Any, a: Dims, b: Dims) -> Dims:
    dims = with_rank_at_least(merge(a, b), 1)
    if dims is not None and dims[-1] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {dims[-1]}")
    return dims


register("Cross", _cross_shape, lambda op, a, b: torch.linalg.cross(a, b, dim=-1),
         lambda op, dy: (raw.cross(op.b, dy), raw.cross(dy, op.a)), check=lambda op, a, b: None if a == b else
         f"Both inputs must be of same shape: {shapes.brackets(a)} vs. {shapes.brackets(b)}")


def _labels(equation: str, count: int) -> tuple[list[tuple[str, bool, str]], tuple[str, bool, str]]:
    """The axes of each input and of the output of an einsum, as labels before and after those of its ellipsis.

    Raises:
      ValueError: the equation has no output, or is of another number of inputs.
    """
    sides = equation.replace(" ", "").split("->")
    if len(sides) != 2:
        raise ValueError(f"Expecting exactly one '->' in einsum equation: {equation}")
    inputs = sides[0].split(",")
    if len(inputs) != count:
        raise ValueError(f"Expected {len(inputs)} inputs for equation {equation} but got: {count}")

    def parts(labels: str) -> tuple[str, bool, str]:
        before, dots, after = labels.partition("...")
        return before, bool(dots), after

    return [parts(labels) for labels in inputs], parts(sides[1])


def _einsum_shape(op: Any, inputs: list[Dims]) -> Dims:
    given, (before, dots, after) = _labels(op.equation, len(inputs))
    sizes: dict[str, int | None] = {}
    middle: Dims = ()
    for index, ((first, several, last), dims) in enumerate(zip(given, inputs)):
        rank = len(first) + len(last)
        if dims is not None and (len(dims) < rank if several else len(dims) != rank):
            raise ValueError(f"Shape must be {'at least ' if several else ''}rank {rank} but is rank {len(dims)}\n\t "
                             f"for input {index} of the equation {op.equation}")
        if several:
            middle = broadcast_dims(middle, None if dims is None else dims[len(first):len(dims) - len(last)])
        known = (None,) * rank if dims is None else dims[:len(first)] + dims[len(dims) - len(last):]
        for label, size in zip(first + last, known):
            sizes[label] = merge_dim(sizes.get(label), size)
    if dots and middle is None:
        return None
    return (*[sizes[label] for label in before], *(middle or () if dots else ()), *[sizes[label] for label in after])


def _refused_einsum(op: Any, inputs: Any) -> str | None:
    sizes: dict[str, int] = {}
    for index, ((first, several, last), dims) in enumerate(zip(_labels(op.equation, len(inputs))[0], inputs)):
        rank = len(first) + len(last)
        if len(dims) < rank if several else len(dims) != rank:
            return f"Expected input {index} to have rank {'at least ' if several else ''}{rank} but got: {len(dims)}"
        axes = [*range(len(first)), *range(len(dims) - len(last), len(dims))]
        for label, axis in zip(first + last, axes):
            if sizes.setdefault(label, dims[axis]) != dims[axis]:
                return (f"Expected dimension {sizes[label]} at axis {axis} of the input shaped "
                        f"{shapes.brackets(dims)} but got dimension {dims[axis]}")
    return None


register("Einsum", _einsum_shape, lambda op, inputs: torch.einsum(op.equation, *inputs), check=_refused_einsum)

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
    values, vectors = torch.linalg.eigh(_full(op, _numbers(x, _NO_EIGENVALUES)))
    return torch.cat([values.unsqueeze(-2).to(x.dtype), vectors.to(x.dtype)], -2)


def _one_row_more(op: Any, x: Dims) -> Dims:
    dims = with_rank_at_least(x, 2)
    if dims is None:
        return None
    size = merge_dim(dims[-2], dims[-1])
    return (*dims[:-2], None if size is None else size + 1, size)


register("SelfAdjointEig", _one_row_more, _eig_in_one, check=_SQUARE, **_when_singular(
    _one_row_more, _NO_EIGENVALUES),
    doc="Eigenvalues in the first row, eigenvectors in the columns below.")

old_names(BatchMatrixInverse="MatrixInverse", BatchMatrixDeterminant="MatrixDeterminant", BatchCholesky="Cholesky",
          BatchCholeskyGrad="CholeskyGrad", BatchMatrixSolve="MatrixSolve",
          BatchMatrixTriangularSolve="MatrixTriangularSolve", BatchMatrixSolveLs="MatrixSolveLs",
          BatchSelfAdjointEig="SelfAdjointEig", BatchSelfAdjointEigV2="SelfAdjointEigV2", BatchSvd="Svd")
