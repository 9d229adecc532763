"""Roots of symmetric positive matrices by Newton's iteration."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.ops import api


def _with_ridge(matrix: Any, size: Any, ridge: float) -> tuple[Any, Any]:
    """The identity of that size, and the matrix with a little of it added."""
    identity = api.eye(api.cast(size, dtypes.int32))
    return identity, matrix + ridge * identity


def matrix_square_root(mat_a: Any, mat_a_size: Any, iter_count: int = 100, ridge_epsilon: float = 1e-4) -> Any:
    """The square root of a matrix with `ridge_epsilon` on its diagonal: Newton's iteration, coupled with that of the
    inverse.

    It ends when the error grows again, and gives the matrix before.

    Args:
      mat_a: a square matrix of float32.
      mat_a_size: the number of its rows.
      iter_count: the most iterations.
    """
    identity, damped = _with_ridge(mat_a, mat_a_size, ridge_epsilon)
    norm = api.sqrt(api.reduce_sum(damped * damped))

    def better(i: Any, _root: Any, _before: Any, _inverse: Any, _inverse_before: Any, error: Any, last: Any) -> Any:
        return api.logical_and(api.less(i, iter_count), api.less(error, last))

    def step(i: Any, root: Any, _before: Any, inverse: Any, _inverse_before: Any, error: Any, _last: Any) -> Any:
        factor = 0.5 * (3.0 * identity - api.matmul(inverse, root))
        new_root = api.matmul(root, factor)
        new_inverse = api.matmul(factor, inverse)
        scaled = new_root * api.sqrt(norm)
        distance = damped - api.matmul(scaled, scaled)
        new_error = api.sqrt(api.reduce_sum(distance * distance)) / norm
        return i + 1, new_root, root, new_inverse, inverse, new_error, error

    start = damped / norm
    found = api.while_loop(better, step, [0, start, start, identity, identity, norm, norm + 1.0])
    return found[2] * api.sqrt(norm)


def _integer_power(matrix: Any, exponent: int) -> Any:
    """A power of a matrix by repeated squaring."""
    result = None
    while exponent > 0:
        if exponent % 2 == 1:
            result = matrix if result is None else api.matmul(matrix, result)
        exponent //= 2
        matrix = api.matmul(matrix, matrix)
    return result


def matrix_inverse_root(mat_g: Any, mat_g_size: Any, alpha: float, iter_count: int = 100, epsilon: float = 1e-6,
                        ridge_epsilon: float = 1e-6) -> Any:
    """A matrix to the power of `alpha`, where -1 / alpha is a positive integer, by Newton's iteration.

    Args:
      mat_g: a square matrix of float32.
      mat_g_size: the number of its rows.
      iter_count: the most iterations.
      epsilon: it ends when no element of mat_g * result ** p is farther than that from the identity's.
      ridge_epsilon: what is added to the diagonal.
    """
    identity, damped = _with_ridge(mat_g, mat_g_size, ridge_epsilon)
    exponent = -1.0 / alpha
    scale = (1 + exponent) / (2 * api.norm(damped))

    def far(i: Any, product: Any, _root: Any) -> Any:
        return api.logical_and(api.less(i, iter_count),
                               api.greater(api.reduce_max(api.abs(product - identity)), epsilon))

    def step(i: Any, product: Any, root: Any) -> Any:
        factor = (1 - alpha) * identity + alpha * product
        return i + 1, api.matmul(_integer_power(factor, int(exponent)), product), api.matmul(root, factor)

    return api.while_loop(far, step, [0, damped * scale, identity * api.pow(scale, 1.0 / exponent)])[2]
