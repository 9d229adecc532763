"""tf.math: functions made of several nodes that no other module holds."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array import constants
from tfmagic.ops.math.reduce import reduce_sum


@export("math.lbeta")
def lbeta(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of the absolute value of the beta function of the last dimension.

    Args:
      x: a tensor of a floating type with at least one dimension.

    Returns:
      A tensor without the last dimension.
    """
    with name_scope(name, "lbeta", [x]):
        x = convert_to_tensor(x, name="x")
        logs = reduce_sum(raw.lgamma(x), axis=[-1])
        return logs - raw.lgamma(reduce_sum(x, axis=[-1]))


@export("math.polyval")
def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """The value of a polynomial, by Horner's scheme.

    Args:
      coeffs: a list of coefficients, that of the highest power first.
      x: where to take the value, a numeric tensor.

    Returns:
      A tensor of the shape of `x`.
    """
    coeffs = list(coeffs)
    with name_scope(name, "polyval", [*coeffs, x]) as scope:
        x = convert_to_tensor(x, name="x")
        if not coeffs:
            return constants.zeros_like(x, name=scope)
        tensors = [convert_to_tensor(c, name=f"coeff_{i}") for i, c in enumerate(coeffs)]
        value = tensors[0]
        for coefficient in tensors[1:]:
            value = coefficient + value * x
        return value
