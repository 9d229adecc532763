"""Inverses, determinants, Cholesky and LU factors, and solvers, for matrices and batches of them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.machine.inverses import inverses
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.array.diag import matrix_diag_part as diag_part
from tfmagic.ops.array.diag import matrix_set_diag as set_diag
from tfmagic.ops.array.indices import require
from tfmagic.ops.declare import old_names, op, register
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.matrix_rules import (
    SQUARE,
    adjoint_of,
    batch_of,
    in_full,
    not_square,
    refused,
    require_number,
    square_dims,
    unfit_rhs,
    when_singular,
)
from tfmagic.ops.shape_rules import merge, merge_dim, with_rank, with_rank_at_least
from tfmagic.ops.tensor_function import tensor_function


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


@tensor_function(meta=lambda x: x, of_matrices=True)
def inverse_of(x: Any) -> Any:
    """The inverses of matrices."""
    found = None if x.is_cuda else inverses(x)
    return torch.linalg.inv(x) if found is None else found


def _inverse(op: Any, x: Any) -> Any:
    require_number(x)
    y = inverse_of(in_full(op, x)).to(x.dtype)
    return adjoint_of(op, y) if op.adjoint else y


def _inverse_gradient(op: Any, dy: Tensor) -> Tensor:
    inverse = op.output  # TensorFlow takes no notice of the attr `adjoint` here
    return -matmul(inverse, matmul(dy, inverse, adjoint_b=True), adjoint_a=True)


register("MatrixInverse", square_dims, _inverse, _inverse_gradient, check=SQUARE,
         **when_singular(square_dims, "Input is not invertible."))


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
    return batch_of(x)


def _slogdet(op: Any, x: Any) -> tuple[Any, Any]:
    """Of no sign and minus infinite where the logarithm is NaN, as for a singular matrix."""
    sign, log = torch.linalg.slogdet(in_full(op, x))
    inf = float("inf")
    return (torch.where(torch.isfinite(log), sign, 0).to(x.dtype),
            torch.nan_to_num(log, nan=-inf, posinf=inf, neginf=-inf).to(x.dtype))


def _determinant(op: Any, x: Any) -> Any:
    """By its logarithm, as TensorFlow takes it: the last digits show."""
    sign, log = _slogdet(op, x)
    return sign * torch.exp(log)


register("MatrixDeterminant", _determinant_shape, _determinant, _determinant_gradient, check=SQUARE)
register("LogMatrixDeterminant", lambda op, x: (_determinant_shape(op, x),) * 2, _slogdet, _log_determinant_gradient,
         check=SQUARE)


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


_NOT_POSITIVE = "Cholesky decomposition was not successful. The input might not be valid."


def _cholesky(op: Any, x: Any) -> Any:
    lower = in_full(op, x)
    if op.T.is_complex:  # of the diagonal only the real part is read
        lower = torch.tril(lower)
        lower = lower - torch.diag_embed(1j * torch.diagonal(lower, dim1=-2, dim2=-1).imag)
    return cholesky(lower).to(x.dtype)


@tensor_function(meta=lambda lower: lower, of_matrices=True)
def cholesky(lower: Any) -> Any:
    """Cholesky factors from lower triangles: torch's, with NaN for what depends on NaN instead of a refusal.

    What stands above the diagonal is not read.
    """
    try:
        return torch.linalg.cholesky(lower)
    except torch.linalg.LinAlgError:
        lower = torch.tril(lower)
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


register("Cholesky", square_dims, _cholesky, _cholesky_gradient, check=SQUARE,
         **when_singular(square_dims, _NOT_POSITIVE))
register("CholeskyGrad", square_dims, _cholesky_grad, check=refused(
    lambda op, lower, dy: "Inputs (L and grad) must have the same shape." if lower != dy else
    "Inputs must be a square matrices." if lower[-1] != lower[-2] else None))


_SINGULAR = "Input matrix is not invertible."


def _solve_shape(op: Any, matrix: Dims, rhs: Dims) -> Dims:
    square = square_dims(op, matrix)
    rhs = with_rank_at_least(rhs, 2)
    if square is None:
        return rhs
    if rhs is None:
        return (*square[:-1], None)
    batch = merge(square[:-2], rhs[:-2])
    return (*batch, merge_dim(square[-2], rhs[-2]), rhs[-1])  # type: ignore[misc]


def _solve(op: Any, matrix: Any, rhs: Any) -> Any:
    require_number(matrix)
    left = adjoint_of(op, matrix) if op.adjoint else matrix
    return torch.linalg.solve(in_full(op, left), in_full(op, rhs)).to(rhs.dtype)


def _solve_gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
    adjoint = bool(op.adjoint)
    drhs = raw.matrix_solve(op.matrix, dy, adjoint=not adjoint)
    if adjoint:
        return -matmul(op.output, drhs, adjoint_b=True), drhs
    return -matmul(drhs, op.output, adjoint_b=True), drhs


def _triangular_solve(op: Any, matrix: Any, rhs: Any) -> Any:
    left, upper = in_full(op, matrix), not op.lower  # of which the other triangle is not read
    diagonal = torch.diagonal(left, dim1=-2, dim2=-1)
    require(left, lambda: (diagonal != 0) & (diagonal[..., :1] == diagonal[..., :1]))  # see require_number
    if op.adjoint:
        left, upper = adjoint_of(op, left), not upper
    return torch.linalg.solve_triangular(left, in_full(op, rhs), upper=upper).to(rhs.dtype)


def _triangular_gradient(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
    drhs = raw.matrix_triangular_solve(op.matrix, dy, lower=op.lower, adjoint=not op.adjoint)
    if op.adjoint:
        dmatrix = -matmul(op.output, drhs, adjoint_b=True)
    else:
        dmatrix = -matmul(drhs, op.output, adjoint_b=True)
    if op.lower:
        return raw.matrix_band_part(dmatrix, -1, 0), drhs
    return raw.matrix_band_part(dmatrix, 0, -1), drhs


register("MatrixSolve", _solve_shape, _solve, _solve_gradient, check=refused(unfit_rhs),
         **when_singular(_solve_shape, _SINGULAR))
register("MatrixTriangularSolve", _solve_shape, _triangular_solve, _triangular_gradient, check=refused(unfit_rhs),
         **when_singular(_solve_shape, _SINGULAR))


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
    with_rank(regularizer, 0)
    matrix, rhs = with_rank_at_least(matrix, 2), with_rank_at_least(rhs, 2)
    if matrix is None or rhs is None:
        if matrix is not None:
            return (*matrix[:-2], matrix[-1], None)
        return None if rhs is None else (*rhs[:-2], None, rhs[-1])
    batch = merge(matrix[:-2], rhs[:-2])
    merge_dim(matrix[-2], rhs[-2])
    return (*batch, matrix[-1], rhs[-1])  # type: ignore[misc]


def _refused_least_squares(op: Any, matrix: Dims, rhs: Dims, regularizer: Dims) -> str | None:
    words = refused(unfit_rhs)(op, matrix, rhs)
    if words or not regularizer:
        return words
    return f"l2_regularizer must be scalar, got shape {shapes.brackets(regularizer)}"


@op("MatrixSolveLs", traced="shapes", check=_refused_least_squares,
    **when_singular(_least_squares_shape, _NOT_POSITIVE))
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
            return torch.cholesky_solve(adjoint @ rhs, cholesky(normal))
        normal = matrix @ adjoint + penalty * torch.eye(rows, dtype=matrix.dtype, device=matrix.device)
        return adjoint @ torch.cholesky_solve(rhs, cholesky(normal))

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


def _lu(op: Any, x: Any) -> tuple[Any, Any]:
    kind = torch.int64 if op.output_idx_type.size == 8 else torch.int32
    if not x.shape[-1]:  # torch refuses it
        return x, torch.zeros(x.shape[:-1], dtype=kind, device=x.device)
    require_number(x)
    factors, pivots = torch.linalg.lu_factor(in_full(op, x))
    order = torch.lu_unpack(factors, pivots, unpack_data=False)[0].real.argmax(-2)
    return factors.to(x.dtype), order.to(kind)


def _refused_lu(op: Any, x: Any) -> str | None:
    return f"Input tensor must have rank >= 2, got {len(x)}" if len(x) < 2 else not_square(op, x)


register("Lu", lambda op, x: (square := square_dims(op, x), None if square is None else square[:-1]), _lu,
         traced="shapes", check=_refused_lu, **when_singular(square_dims, "Input is not invertible."))

old_names(BatchMatrixInverse="MatrixInverse", BatchMatrixDeterminant="MatrixDeterminant", BatchCholesky="Cholesky",
          BatchCholeskyGrad="CholeskyGrad", BatchMatrixSolve="MatrixSolve",
          BatchMatrixTriangularSolve="MatrixTriangularSolve", BatchMatrixSolveLs="MatrixSolveLs")
