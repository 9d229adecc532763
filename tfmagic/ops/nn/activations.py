"""Activations and their gradients: the relu family, softplus, softsign, softmax, log_softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import brackets
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.declare import register
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.ops.math.rules import after
from tfmagic.ops.shape_rules import merged, same, with_rank_at_least

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_SCALE_ALPHA = 1.7580993408473768599402175208123  # scale * alpha


def _zeros(x: Tensor) -> Tensor:
    return constants.zeros(shape=shape_ops.shape(x), dtype=x.dtype.base_dtype)


def _uneven(op: Any, x: Any, y: Any) -> str | None:
    """TensorFlow's words for a gradient of another shape than the values."""
    return None if x == y else (f"Inputs to operation {op.op.name} of type {op.op.type} must have the same size and "
                                f"shape.  Input 0: {brackets(x)} != input 1: {brackets(y)}")


# --- the relu family -------------------------------------------------------------------------------------------


def _relu_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    return raw.relu_grad(dz, op.features), _zeros(op.features)


def _relu6_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    return raw.relu6_grad(dz, op.features), _zeros(op.features)


def _gated(op: Any, dy: Any, x: Any) -> Any:
    """`dy` times 1 where `x` is positive and 0 elsewhere: as in TensorFlow, infinity times 0 is NaN."""
    if op.T.is_integer:
        return dy * (x > 0)
    return torch.ops.aten.leaky_relu_backward(dy, x, 0.0, False)


def _gated_twice(op: Any, dy: Any, x: Any) -> Any:
    return dy * ((x > 0) & (x < 6)) if op.T.is_integer else _gated(op, _gated(op, dy, x), 6 - x)


register("Relu", same, lambda op, x: torch.relu(x), lambda op, dy: raw.relu_grad(dy, op.activations))
register("ReluGrad", merged, _gated, _relu_grad_gradient, check=_uneven)
register("Relu6", same, lambda op, x: torch.clamp(x, 0, 6), lambda op, dy: raw.relu6_grad(dy, op.activations))
register("Relu6Grad", merged, _gated_twice, _relu6_grad_gradient, check=_uneven)


def _alpha(op: Any) -> float:
    """The slope: an attr is a single-precision number, also where the tensors are double ones."""
    return float(np.float32(op.alpha))


def _leaky_gradient(op: Any, dy: Tensor) -> Tensor:
    return raw.leaky_relu_grad(dy, op.features, alpha=op.alpha)


def _leaky_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    return raw.leaky_relu_grad(dz, op.features, alpha=op.alpha), _zeros(op.features)


register("LeakyRelu", same, lambda op, x: torch.nn.functional.leaky_relu(x, _alpha(op)), _leaky_gradient)
register("LeakyReluGrad", merged, lambda op, dy, x: torch.where(x > 0, dy, dy * _alpha(op)), _leaky_grad_gradient,
         check=_uneven)


def _elu_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    y = op.outputs
    return raw.elu_grad(dz, y), raw.select(y < 0, dz * op.gradients, constants.zeros_like(y))


def _selu_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    y = op.outputs
    return raw.selu_grad(dz, y), raw.select(y < 0.0, dz * op.gradients, constants.zeros_like(y))


register("Elu", same, lambda op, x: torch.nn.functional.elu(x), lambda op, dy: raw.elu_grad(dy, op.activations))
register("EluGrad", merged, lambda op, dy, y: torch.where(y < 0, dy * (y + 1), dy), _elu_grad_gradient, check=_uneven)
register("Selu", same, lambda op, x: torch.nn.functional.selu(x), lambda op, dy: raw.selu_grad(dy, op.activations))
register("SeluGrad", merged, lambda op, dy, y: torch.where(y < 0, dy * (y + _SELU_SCALE_ALPHA), dy * _SELU_SCALE),
         _selu_grad_gradient, check=_uneven)


# --- softplus and softsign -------------------------------------------------------------------------------------


def _softplus_grad_gradient(op: Any, dz: Tensor) -> tuple[Tensor, Tensor]:
    dy, x = op.gradients, op.features
    with after(dz):
        ddy = raw.softplus_grad(dz, x)
        return ddy, dz * dy / (raw.exp(-x) + 2.0 + raw.exp(x))


# Beyond 40 softplus is the identity in every precision; below it torch takes the logarithm.
register("Softplus", same, lambda op, x: torch.nn.functional.softplus(x, 1.0, 40.0),
         lambda op, dy: dy * raw.sigmoid(op.features))
register("SoftplusGrad", merged, lambda op, dy, x: dy * torch.sigmoid(x), _softplus_grad_gradient, check=_uneven)
register("Softsign", same, lambda op, x: torch.nn.functional.softsign(x),
         lambda op, dy: raw.softsign_grad(dy, op.features))
register("SoftsignGrad", merged, lambda op, dy, x: dy / torch.square(1 + torch.abs(x)), check=_uneven)


# --- softmax ---------------------------------------------------------------------------------------------------


def _at_least_vector(op: Any, x: Any) -> Any:
    return with_rank_at_least(x, 1)


def _softmax_gradient(op: Any, dy: Tensor) -> Tensor:
    y = op.softmax
    total = reduce_sum(dy * y, -1, keepdims=True)
    return (dy - total) * y


def _log_softmax_gradient(op: Any, dy: Tensor) -> Tensor:
    y = raw.exp(op.logsoftmax)
    return dy - reduce_sum(dy, -1, keepdims=True) * y


_NO_LOGITS: dict[str, Any] = {"check": lambda op, x: None if x else "logits must have >= 1 dimension, got []"}
register("Softmax", _at_least_vector, lambda op, x: torch.softmax(x, -1), _softmax_gradient, **_NO_LOGITS)
register("LogSoftmax", _at_least_vector, lambda op, x: torch.log_softmax(x, -1), _log_softmax_gradient, **_NO_LOGITS)


# --- public functions ------------------------------------------------------------------------------------------


@export("nn.relu6")
def relu6(features: Any, name: str | None = None) -> Tensor:
    """Computes `min(max(features, 0), 6)`.

    Args:
      features: a tensor of real numbers.

    Returns:
      A tensor of the same shape and type.
    """
    with name_scope(name, "Relu6", [features]) as scope:
        return raw.relu6(convert_to_tensor(features, name="features"), name=scope)


@export("nn.leaky_relu")
def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Tensor:
    """Computes `features` where they are positive, and `alpha * features` elsewhere.

    Args:
      features: a tensor of real numbers; integers become float32.
      alpha: the slope for negative values, a float.

    Returns:
      A tensor of the same shape.
    """
    with name_scope(name, "LeakyRelu", [features, alpha]) as scope:
        features = convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = cast(features, dtypes.float32)
        return raw.leaky_relu(features, alpha=alpha, name=scope)


