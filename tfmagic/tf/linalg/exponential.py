"""tf.linalg.expm: the exponential of matrices by Padé approximants, with scaling and squaring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array import join, shape_ops
from tfmagic.ops.array.diag import eye
from tfmagic.ops.control_flow.while_loop import while_loop
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.reduce import reduce_max, reduce_sum
from tfmagic.ops.math.unary import abs as _abs

# Degrees of the approximants, and the norm up to which each of them but the last is accurate; the last one is for
# matrices that are scaled to the norm of its own (N. J. Higham, SIAM J. Matrix Anal. Appl. 26, 2005, table 2.3).
_SINGLE = (3, 5, 7), (4.258730016922831e-01, 1.880152677804762e00), 3.925724783138660
_DOUBLE = ((3, 5, 7, 9, 13), (1.495585217958292e-02, 2.539398330063230e-01, 9.504178996162932e-01,
                              2.097847961257068e00), 5.371920351148152)


@export("linalg.expm")
def matrix_exponential(input: Any, name: str | None = None) -> Tensor:
    """The exponential of matrices.

    Args:
      input: a tensor of shape [..., n, n] and a floating or complex type.

    Returns:
      A tensor of the same shape and type.

    Raises:
      ValueError: matrices of another type.
    """
    with name_scope(name, "matrix_exponential", [input]):
        matrix = convert_to_tensor(input, name="input")
        if matrix._dims is not None and matrix._dims[-2:] == (0, 0):
            return matrix
        batch = None if matrix._dims is None else matrix._dims[:-2]
        outer: Any = shape_ops.shape(matrix)[:-2] if batch is None or None in batch else batch
        matrix = shape_ops.reshape(matrix, join.concat(([-1], shape_ops.shape(matrix)[-2:]), axis=0))
        norms = reduce_max(reduce_sum(_abs(matrix), axis=shape_ops.size(shape_ops.shape(matrix)) - 2), axis=-1)
        kind = norms.dtype
        if not kind.is_floating:
            raise ValueError(f"tf.linalg.expm does not support matrices of type {matrix.dtype}")
        degrees, limits, largest = _DOUBLE if kind is dtypes.float64 else _SINGLE
        squarings = raw.maximum(raw.floor(raw.log(norms / constant(largest, kind)) / raw.log(constant(2.0, kind))), 0.0)
        parts = [_approximant(matrix, degree) for degree in degrees[:-1]]
        scale = raw.pow(constant(2.0, matrix.dtype), cast(squarings, matrix.dtype))
        parts.append(_approximant(matrix / scale[..., None, None], degrees[-1]))
        odd = _by_norm(norms, limits, [part[0] for part in parts])
        even = _by_norm(norms, limits, [part[1] for part in parts])
        numerator, denominator = odd + even, -odd + even
        result = raw.matrix_solve(denominator, numerator)
        most = reduce_max(squarings)
        _, result = while_loop(
            lambda i, power: raw.less(i, most),
            lambda i, power: (i + 1, raw.select(raw.less(i, squarings), matmul(power, power), power)),
            [constant(0.0, kind), result])
        inner = (matrix._dims or (None, None))[-2:]
        if isinstance(outer, Tensor) or None in inner:
            return shape_ops.reshape(result, join.concat((outer, shape_ops.shape(result)[-2:]), axis=0))
        return shape_ops.reshape(result, [*outer, *inner])


def _approximant(x: Tensor, degree: int) -> tuple[Tensor, Tensor]:
    """The odd and the even part of the numerator of a Padé approximant; its denominator has the odd one negated."""
    factors = [constant(float(math.factorial(2 * degree - k) // (math.factorial(k) * math.factorial(degree - k))),
                        x.dtype) for k in range(degree)]
    size, batch = shape_ops.shape(x)[-2], shape_ops.shape(x)[:-2]
    unit = eye(size, batch_shape=batch, dtype=x.dtype)
    square = matmul(x, x)
    powers = [square]  # x^2, x^4, ...
    while len(powers) < (3 if degree == 13 else degree // 2):
        powers.append(matmul(powers[-1], square))
    odd, even = factors[1::2], factors[::2]
    if degree < 13:
        odd_sum = _weighted(odd, powers[:-1], unit, powers[-1])
    else:  # x^8 to x^12 as x^6 times x^2 to x^6
        high = _weighted(odd[4:], powers[:-1], None, powers[-1])
        odd_sum = _weighted(odd[:4], powers, unit, matmul(powers[-1], high))
    first = matmul(x, odd_sum)
    if degree < 13:
        return first, _weighted(even, powers, unit, None)
    high = _weighted(even[4:], powers, None, None)
    return first, _weighted(even[:4], powers, unit, matmul(powers[-1], high))


def _weighted(factors: Sequence[Tensor], powers: Sequence[Tensor], unit: Tensor | None, total: Tensor | None) -> Tensor:
    """`total` plus the powers, the highest first, each times its factor; the unit matrix has the first factor."""
    terms = list(powers) if unit is None else [unit, *powers]
    for factor, term in reversed(list(zip(factors, terms))):
        part = factor * term
        total = part if total is None else total + part
    assert total is not None
    return total


def _by_norm(norms: Tensor, limits: Sequence[float], choices: Sequence[Tensor]) -> Tensor:
    """For each matrix the first choice whose limit its norm does not reach, else the last."""
    below = [raw.less(norms, constant(limit, norms.dtype)) for limit in limits]
    chosen = choices[-1]
    for condition, choice in reversed(list(zip(below, choices))):
        chosen = raw.select(condition, choice, chosen)
    return chosen
