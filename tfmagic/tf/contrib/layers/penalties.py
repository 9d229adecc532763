"""Regularizers: functions of weights that give a loss."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw

Regularizer = Callable[[Any], Any]


def _nothing(_: Any) -> None:
    return None


def _check(scale: Any, name: str, what: str, end: str = "") -> bool:
    """Whether a scale regularizes at all.

    Raises:
      ValueError: it is an integer or negative.
    """
    if isinstance(scale, numbers.Integral):
        raise ValueError(f"{name} cannot be an integer: {scale}")
    if not isinstance(scale, numbers.Real):
        return True
    if float(scale) < 0.0:
        raise ValueError(f"Setting a {what} less than 0 on a regularizer: {float(scale):g}{end}")
    if float(scale) == 0.0:
        tf_logging.info("Scale of 0 disables regularizer.")
        return False
    return True


@export("contrib.layers.l1_regularizer")
def l1_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """A regularizer that gives `scale` times the sum of absolute values.

    Raises:
      ValueError: the scale is negative or an integer.
    """
    if not _check(scale, "scale", "scale"):
        return _nothing

    def l1(weights: Any, name: str | None = None) -> Tensor:
        with name_scope(scope, "l1_regularizer", [weights]) as own:
            factor = convert_to_tensor(scale, dtype=weights.dtype.base_dtype, name="scale")
            return raw.mul(factor, api.reduce_sum(raw.abs(weights)), name=own)

    return l1


@export("contrib.layers.l2_regularizer")
def l2_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """A regularizer that gives `scale` times half the sum of squares.

    Raises:
      ValueError: the scale is negative or an integer.
    """
    if not _check(scale, "scale", "scale", "."):
        return _nothing

    def l2(weights: Any) -> Tensor:
        with name_scope(scope, "l2_regularizer", [weights]) as own:
            factor = convert_to_tensor(scale, dtype=weights.dtype.base_dtype, name="scale")
            return raw.mul(factor, api.nn.l2_loss(weights), name=own)

    return l2


@export("contrib.layers.l1_l2_regularizer")
def l1_l2_regularizer(scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: str | None = None) -> Any:
    """A regularizer that gives the sum of an L1 and an L2 loss.

    Raises:
      ValueError: a scale is negative or an integer.
    """
    for name, scale in (("scale_l1", scale_l1), ("scale_l2", scale_l2)):
        if isinstance(scale, numbers.Integral):
            raise ValueError(f"{name} cannot be an integer: {scale}")
    scope = scope or "l1_l2_regularizer"
    if scale_l1 == 0.0:
        return l2_regularizer(scale_l2, scope)
    if scale_l2 == 0.0:
        return l1_regularizer(scale_l1, scope)
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope=scope)


@export("contrib.layers.sum_regularizer")
def sum_regularizer(regularizer_list: list[Any], scope: str | None = None) -> Regularizer | None:
    """A regularizer that gives the sum of others (None where there is none)."""
    regularizers = [regularizer for regularizer in regularizer_list if regularizer is not None]
    if not regularizers:
        return None

    def sum_reg(weights: Any) -> Tensor | None:
        with name_scope(scope, "sum_regularizer", [weights]) as own:
            losses = [regularizer(weights) for regularizer in regularizers]
            losses = [loss for loss in losses if loss is not None]
            return api.add_n(losses, name=own) if losses else None

    return sum_reg


@export("contrib.layers.apply_regularization")
def apply_regularization(regularizer: Regularizer, weights_list: Any = None) -> Tensor:
    """The sum of a regularizer's losses; it goes to `GraphKeys.REGULARIZATION_LOSSES`.

    Args:
      weights_list: weights; by default those in `GraphKeys.WEIGHTS`.

    Raises:
      ValueError: there are no weights, or a loss is no scalar.
    """
    weights = weights_list or get_default_graph().get_collection(GraphKeys.WEIGHTS)
    if not weights:
        raise ValueError("No weights to regularize.")
    with name_scope("get_regularization_penalty", values=weights) as own:
        losses = [regularizer(each) for each in weights]
        losses = [api.constant(0.0) if loss is None else loss for loss in losses]
        for loss in losses:
            if loss.shape.ndims != 0:
                raise ValueError(
                    f"regularizer must return a scalar Tensor instead of a Tensor with rank {loss.shape.ndims}.")
        total = api.add_n(losses, name=own)
        get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, total)
        return total
