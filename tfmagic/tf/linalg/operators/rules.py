"""What operators make of each other without a matrix: a diagonal times a diagonal is a diagonal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.ops import api
from tfmagic.tf.linalg.operators.algebra import (
    commuting_positive_definite,
    commuting_self_adjoint,
    non_singular,
    square,
)
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.blocks import LinearOperatorBlockDiag
from tfmagic.tf.linalg.operators.circulant import LinearOperatorCirculant
from tfmagic.tf.linalg.operators.combined import (
    LinearOperatorAdjoint,
    LinearOperatorComposition,
    LinearOperatorInversion,
)
from tfmagic.tf.linalg.operators.householder import LinearOperatorHouseholder
from tfmagic.tf.linalg.operators.identity import (
    LinearOperatorIdentity,
    LinearOperatorScaledIdentity,
    LinearOperatorZeros,
)
from tfmagic.tf.linalg.operators.kronecker import LinearOperatorKronecker
from tfmagic.tf.linalg.operators.stored import (
    LinearOperatorDiag,
    LinearOperatorLowerTriangular,
)

RULES: dict[str, dict[tuple[type, ...], Callable[..., Any]]] = {
    name: {} for name in ("Adjoint", "Cholesky", "Inverse", "Matmul", "Solve")}


def rule(what: str, *classes: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function that does `what` to operators of these classes."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        RULES[what][classes] = function
        return function

    return register


def _hints(a: Any) -> dict[str, Any]:
    return {"is_non_singular": a.is_non_singular, "is_self_adjoint": a.is_self_adjoint,
            "is_positive_definite": a.is_positive_definite}


def _commuting(a: Any, b: Any) -> dict[str, Any]:
    return {"is_non_singular": non_singular(a, b), "is_self_adjoint": commuting_self_adjoint(a, b),
            "is_positive_definite": commuting_positive_definite(a, b), "is_square": True}


# --- adjoints -------------------------------------------------------------------------------------------------------

@rule("Adjoint", LinearOperator)
def _adjoint(a: Any) -> Any:
    return LinearOperatorAdjoint(a, is_square=a.is_square, **_hints(a))


@rule("Adjoint", LinearOperatorAdjoint)
def _adjoint_of_adjoint(a: Any) -> Any:
    return a.operator


@rule("Adjoint", LinearOperatorIdentity)
def _adjoint_of_identity(a: Any) -> Any:
    return a


@rule("Adjoint", LinearOperatorScaledIdentity)
def _adjoint_of_scaled(a: Any) -> Any:
    factor = api.math.conj(a.multiplier) if a.multiplier.dtype.is_complex else a.multiplier
    return LinearOperatorScaledIdentity(num_rows=a._num_rows, multiplier=factor, is_square=True, **_hints(a))


@rule("Adjoint", LinearOperatorDiag)
def _adjoint_of_diagonal(a: Any) -> Any:
    diagonal = api.math.conj(a.diag) if a.diag.dtype.is_complex else a.diag
    return LinearOperatorDiag(diag=diagonal, is_square=True, **_hints(a))


# --- Cholesky's factors ---------------------------------------------------------------------------------------------

@rule("Cholesky", LinearOperator)
def _cholesky(a: Any) -> Any:
    return LinearOperatorLowerTriangular(api.linalg.cholesky(a.to_dense()), is_non_singular=True,
                                         is_self_adjoint=False, is_square=True)


@rule("Cholesky", LinearOperatorDiag)
def _cholesky_of_diagonal(a: Any) -> Any:
    return LinearOperatorDiag(api.sqrt(a.diag), is_non_singular=True, is_self_adjoint=True, is_positive_definite=True,
                              is_square=True)


@rule("Cholesky", LinearOperatorIdentity)
def _cholesky_of_identity(a: Any) -> Any:
    return LinearOperatorIdentity(num_rows=a._num_rows, batch_shape=a.batch_shape, dtype=a.dtype)


@rule("Cholesky", LinearOperatorScaledIdentity)
def _cholesky_of_scaled(a: Any) -> Any:
    return LinearOperatorScaledIdentity(num_rows=a._num_rows, multiplier=api.sqrt(a.multiplier), is_non_singular=True,
                                        is_self_adjoint=True, is_positive_definite=True, is_square=True)


# --- inverses -------------------------------------------------------------------------------------------------------

@rule("Inverse", LinearOperator)
def _inverse(a: Any) -> Any:
    return LinearOperatorInversion(a, is_square=a.is_square, **_hints(a))


@rule("Inverse", LinearOperatorInversion)
def _inverse_of_inverse(a: Any) -> Any:
    return a.operator


@rule("Inverse", LinearOperatorDiag)
def _inverse_of_diagonal(a: Any) -> Any:
    return LinearOperatorDiag(1.0 / a.diag, is_square=True, **_hints(a))


@rule("Inverse", LinearOperatorIdentity)
def _inverse_of_identity(a: Any) -> Any:
    return a


@rule("Inverse", LinearOperatorScaledIdentity)
def _inverse_of_scaled(a: Any) -> Any:
    return LinearOperatorScaledIdentity(num_rows=a._num_rows, multiplier=1.0 / a.multiplier, is_square=True,
                                        **_hints(a))


# --- products -------------------------------------------------------------------------------------------------------

@rule("Matmul", LinearOperator, LinearOperator)
def _product(a: Any, b: Any) -> Any:
    return LinearOperatorComposition(operators=[a, b], is_non_singular=non_singular(a, b), is_square=square(a, b))


@rule("Matmul", LinearOperatorIdentity, LinearOperator)
def _product_with_identity(a: Any, b: Any) -> Any:
    return b


@rule("Matmul", LinearOperator, LinearOperatorIdentity)
def _product_by_identity(a: Any, b: Any) -> Any:
    return a


@rule("Matmul", LinearOperator, LinearOperatorZeros)
def _product_by_zeros(a: Any, b: Any) -> Any:
    if not a.is_square or not b.is_square:
        raise ValueError("Matmul with non-square `LinearOperator`s or non-square `LinearOperatorZeros` not supported "
                         "at this time.")
    return b


@rule("Matmul", LinearOperatorZeros, LinearOperator)
def _product_with_zeros(a: Any, b: Any) -> Any:
    if not a.is_square or not b.is_square:
        raise ValueError("Matmul with non-square `LinearOperator`s or non-square `LinearOperatorZeros` not supported "
                         "at this time.")
    return a


@rule("Matmul", LinearOperatorIdentity, LinearOperatorIdentity)
def _product_of_identities(a: Any, b: Any) -> Any:
    return a


@rule("Matmul", LinearOperatorZeros, LinearOperatorZeros)
def _product_of_zeros(a: Any, b: Any) -> Any:
    return a


@rule("Matmul", LinearOperatorIdentity, LinearOperatorZeros)
def _zeros_of_identity(a: Any, b: Any) -> Any:
    return b


@rule("Matmul", LinearOperatorZeros, LinearOperatorIdentity)
def _zeros_by_identity(a: Any, b: Any) -> Any:
    return a


@rule("Matmul", LinearOperatorDiag, LinearOperatorDiag)
def _product_of_diagonals(a: Any, b: Any) -> Any:
    return LinearOperatorDiag(diag=a.diag * b.diag, **_commuting(a, b))


@rule("Matmul", LinearOperatorDiag, LinearOperatorScaledIdentity)
def _diagonal_by_scaled(a: Any, b: Any) -> Any:
    return LinearOperatorDiag(diag=a.diag * b.multiplier, **_commuting(a, b))


@rule("Matmul", LinearOperatorScaledIdentity, LinearOperatorDiag)
def _scaled_by_diagonal(a: Any, b: Any) -> Any:
    return LinearOperatorDiag(diag=b.diag * a.multiplier, **_commuting(a, b))


@rule("Matmul", LinearOperatorDiag, LinearOperatorLowerTriangular)
def _diagonal_by_triangle(a: Any, b: Any) -> Any:
    return LinearOperatorLowerTriangular(tril=a.diag[..., None] * b.to_dense(), is_non_singular=non_singular(a, b),
                                         is_self_adjoint=None, is_positive_definite=None, is_square=True)


@rule("Matmul", LinearOperatorLowerTriangular, LinearOperatorDiag)
def _triangle_by_diagonal(a: Any, b: Any) -> Any:
    return LinearOperatorLowerTriangular(tril=a.to_dense() * b.diag, is_non_singular=non_singular(a, b),
                                         is_self_adjoint=None, is_positive_definite=None, is_square=True)


# --- solutions ------------------------------------------------------------------------------------------------------

@rule("Solve", LinearOperator, LinearOperator)
def _solution(a: Any, b: Any) -> Any:
    return LinearOperatorComposition(operators=[LinearOperatorInversion(a), b], is_non_singular=non_singular(a, b),
                                     is_square=square(a, b))


@rule("Solve", LinearOperatorInversion, LinearOperator)
def _solution_of_inverse(a: Any, b: Any) -> Any:
    return a.operator.matmul(b)


@rule("Solve", LinearOperatorIdentity, LinearOperator)
def _solution_of_identity(a: Any, b: Any) -> Any:
    return b


@rule("Solve", LinearOperatorDiag, LinearOperatorDiag)
def _solution_of_diagonals(a: Any, b: Any) -> Any:
    return LinearOperatorDiag(diag=b.diag / a.diag, **_commuting(a, b))


@rule("Solve", LinearOperatorDiag, LinearOperatorScaledIdentity)
def _scaled_over_diagonal(a: Any, b: Any) -> Any:
    return LinearOperatorDiag(diag=b.multiplier / a.diag, **_commuting(a, b))


@rule("Solve", LinearOperatorScaledIdentity, LinearOperatorDiag)
def _diagonal_over_scaled(a: Any, b: Any) -> Any:
    return LinearOperatorDiag(diag=b.diag / a.multiplier, **_commuting(a, b))


@rule("Solve", LinearOperatorDiag, LinearOperatorLowerTriangular)
def _triangle_over_diagonal(a: Any, b: Any) -> Any:
    return LinearOperatorLowerTriangular(tril=b.to_dense() / a.diag[..., None], is_non_singular=non_singular(a, b),
                                         is_self_adjoint=None, is_positive_definite=None, is_square=True)


# --- blocks, reflections, circles -----------------------------------------------------------------------------------

@rule("Adjoint", LinearOperatorBlockDiag)
def _adjoint_of_blocks(a: Any) -> Any:
    return LinearOperatorBlockDiag([operator.adjoint() for operator in a.operators], is_square=True, **_hints(a))


@rule("Inverse", LinearOperatorBlockDiag)
def _inverse_of_blocks(a: Any) -> Any:
    return LinearOperatorBlockDiag([operator.inverse() for operator in a.operators], is_square=True, **_hints(a))


@rule("Cholesky", LinearOperatorBlockDiag)
def _cholesky_of_blocks(a: Any) -> Any:
    return LinearOperatorBlockDiag([operator.cholesky() for operator in a.operators], is_non_singular=True,
                                   is_self_adjoint=None, is_square=True)


@rule("Adjoint", LinearOperatorKronecker)
def _adjoint_of_products(a: Any) -> Any:
    return LinearOperatorKronecker([operator.adjoint() for operator in a.operators], is_square=True, **_hints(a))


@rule("Inverse", LinearOperatorKronecker)
def _inverse_of_products(a: Any) -> Any:
    return LinearOperatorKronecker([operator.inverse() for operator in a.operators], is_square=True, **_hints(a))


@rule("Cholesky", LinearOperatorKronecker)
def _cholesky_of_products(a: Any) -> Any:
    return LinearOperatorKronecker([operator.cholesky() for operator in a.operators], is_non_singular=True,
                                   is_self_adjoint=None, is_square=True)


@rule("Adjoint", LinearOperatorHouseholder)
def _adjoint_of_reflection(a: Any) -> Any:
    return a


@rule("Inverse", LinearOperatorHouseholder)
def _inverse_of_reflection(a: Any) -> Any:
    return a


@rule("Adjoint", LinearOperatorCirculant)
def _adjoint_of_circulant(a: Any) -> Any:
    spectrum = api.math.conj(a.spectrum) if a.spectrum.dtype.is_complex else a.spectrum
    return LinearOperatorCirculant(spectrum=spectrum, is_square=True, **_hints(a))


@rule("Inverse", LinearOperatorCirculant)
def _inverse_of_circulant(a: Any) -> Any:
    return LinearOperatorCirculant(spectrum=1.0 / a.spectrum, is_square=True, **_hints(a))


@rule("Matmul", LinearOperatorCirculant, LinearOperatorCirculant)
def _product_of_circulants(a: Any, b: Any) -> Any:
    return LinearOperatorCirculant(spectrum=a.spectrum * b.spectrum, **_commuting(a, b))


@rule("Solve", LinearOperatorCirculant, LinearOperatorCirculant)
def _solution_of_circulants(a: Any, b: Any) -> Any:
    return LinearOperatorCirculant(spectrum=b.spectrum / a.spectrum, **_commuting(a, b))
