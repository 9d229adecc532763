"""Operators that are kept as a tensor: a diagonal, a whole matrix, a triangle."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.broadcasting import (
    assert_no_entries_with_modulus_zero,
    assert_zero_imag_part,
    diagonal_shape,
    diagonal_shape_tensor,
    triangular_solve,
)
from tfmagic.tf.linalg.operators.references import convert_nonref_to_tensor


def _check(tensor: Tensor, what: str, least: int) -> None:
    rank = tensor.get_shape().ndims
    if rank is not None and rank < least:
        raise ValueError(f"Argument {what} must have at least {least} dimension{'s' if least > 1 else ''}.  Found: "
                         f"{tensor}")


@export("linalg.LinearOperatorDiag")
class LinearOperatorDiag(LinearOperator):
    """A matrix [..., n, n] that is zero but for its diagonal [..., n] (see `LinearOperator` for the hints)."""

    def __init__(self, diag: Any, is_non_singular: bool | None = None, is_self_adjoint: bool | None = None,
                 is_positive_definite: bool | None = None, is_square: bool | None = None,
                 name: str = "LinearOperatorDiag"):
        with name_scope(name, values=[diag]):
            self._diag = convert_nonref_to_tensor(diag, name="diag")
            _check(self._diag, "diag", 1)
            if not self._diag.dtype.is_complex:
                if is_self_adjoint is False:
                    raise ValueError("A real diagonal operator is always self adjoint.")
                is_self_adjoint = True
            if is_square is False:
                raise ValueError("Only square diagonal operators currently supported.")
            super().__init__(self._diag.dtype, [self._diag], is_non_singular, is_self_adjoint, is_positive_definite,
                             True, name)

    @property
    def diag(self) -> Tensor:
        """Its diagonal."""
        return self._diag

    def _shape(self) -> TensorShape:
        return diagonal_shape(self._diag)

    def _shape_tensor(self) -> Tensor:
        return diagonal_shape_tensor(self._diag)

    def _assert_non_singular(self) -> Operation:
        return assert_no_entries_with_modulus_zero(
            self._diag, message="Singular operator:  Diagonal contained zero values.")

    def _assert_positive_definite(self) -> Operation:
        if self.dtype.is_complex:
            message = ("Diagonal operator had diagonal entries with non-positive real part, "
                       "thus was not positive definite.")
        else:
            message = "Real diagonal operator had non-positive diagonal entries, thus was not positive definite."
        return api.debugging.assert_positive(api.math.real(self._diag), message=message)

    def _assert_self_adjoint(self) -> Operation:
        return assert_zero_imag_part(
            self._diag, message="This diagonal operator contained non-zero imaginary values.  "
                                " Thus it was not self-adjoint.")

    def _one(self, adjoint: bool) -> Tensor:
        return api.math.conj(self._diag) if adjoint else self._diag

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        diagonal = self._one(adjoint)
        x = api.linalg.adjoint(x) if adjoint_arg else x
        return api.expand_dims(diagonal, -1) * x

    def _matvec(self, x: Tensor, adjoint: bool = False) -> Tensor:
        return self._one(adjoint) * x

    def _determinant(self) -> Tensor:
        return api.reduce_prod(self._diag, axis=[-1])

    def _log_abs_determinant(self) -> Tensor:
        found = api.reduce_sum(api.log(api.abs(self._diag)), axis=[-1])
        return api.cast(found, dtype=self.dtype) if self.dtype.is_complex else found

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        diagonal = self._one(adjoint)
        rhs = api.linalg.adjoint(rhs) if adjoint_arg else rhs
        return rhs * api.expand_dims(1.0 / diagonal, -1)

    def _to_dense(self) -> Tensor:
        return api.linalg.diag(self._diag)

    def _diag_part(self) -> Tensor:
        return convert_to_tensor(self._diag)

    def _add_to_tensor(self, x: Tensor) -> Tensor:
        return api.linalg.set_diag(x, self._diag + api.linalg.diag_part(x))


@export("linalg.LinearOperatorFullMatrix")
class LinearOperatorFullMatrix(LinearOperator):
    """A matrix [..., m, n] that is kept whole (see `LinearOperator` for the hints)."""

    def __init__(self, matrix: Any, is_non_singular: bool | None = None, is_self_adjoint: bool | None = None,
                 is_positive_definite: bool | None = None, is_square: bool | None = None,
                 name: str = "LinearOperatorFullMatrix"):
        with name_scope(name, values=[matrix]):
            self._matrix = convert_nonref_to_tensor(matrix, name="matrix")
            _check(self._matrix, "matrix", 2)
            super().__init__(self._matrix.dtype, [self._matrix], is_non_singular, is_self_adjoint,
                             is_positive_definite, is_square, name)

    def _shape(self) -> TensorShape:
        return self._matrix.get_shape()

    def _shape_tensor(self) -> Tensor:
        return api.shape(self._matrix)

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return api.matmul(self._matrix, x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._dense_solve(rhs, adjoint, adjoint_arg)

    def _to_dense(self) -> Tensor:
        return convert_to_tensor(self._matrix)


@export("linalg.LinearOperatorLowerTriangular")
class LinearOperatorLowerTriangular(LinearOperator):
    """The lower triangle of a matrix [..., n, n] (see `LinearOperator` for the hints)."""

    def __init__(self, tril: Any, is_non_singular: bool | None = None, is_self_adjoint: bool | None = None,
                 is_positive_definite: bool | None = None, is_square: bool | None = None,
                 name: str = "LinearOperatorLowerTriangular"):
        if is_square is False:
            raise ValueError("Only square lower triangular operators supported at this time.")
        with name_scope(name, values=[tril]):
            self._tril = convert_nonref_to_tensor(tril, name="tril")
            _check(self._tril, "tril", 2)
            super().__init__(self._tril.dtype, [self._tril], is_non_singular, is_self_adjoint, is_positive_definite,
                             True, name)

    def _triangle(self) -> Tensor:
        return api.linalg.band_part(self._tril, -1, 0)

    def _diagonal(self) -> Tensor:
        return api.linalg.diag_part(self._tril)

    def _shape(self) -> TensorShape:
        return self._tril.get_shape()

    def _shape_tensor(self) -> Tensor:
        return api.shape(self._tril)

    def _assert_non_singular(self) -> Operation:
        return assert_no_entries_with_modulus_zero(
            self._diagonal(), message="Singular operator:  Diagonal contained zero values.")

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return api.matmul(self._triangle(), x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _determinant(self) -> Tensor:
        return api.reduce_prod(self._diagonal(), axis=[-1])

    def _log_abs_determinant(self) -> Tensor:
        return api.reduce_sum(api.log(api.abs(self._diagonal())), axis=[-1])

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        rhs = api.linalg.adjoint(rhs) if adjoint_arg else rhs
        return triangular_solve(self._triangle(), rhs, lower=True, adjoint=adjoint)

    def _to_dense(self) -> Tensor:
        return self._triangle()
