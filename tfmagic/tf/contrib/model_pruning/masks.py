"""Masks of weights, their thresholds, and the collections that hold them."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import api
from tfmagic.tf.initializers.kinds import Ones, Zeros
from tfmagic.tf.variable.scope import get_variable, variable_scope

MASKS, THRESHOLDS, MASKED_WEIGHTS, WEIGHTS = "masks", "thresholds", "masked_weights", "kernel"


def masked(weights: Any, mask: Any, threshold: Any) -> Any:
    """Weights times their mask; all four are collected, each once."""
    product = api.multiply(mask, weights, "weights/masked_weight")
    graph = get_default_graph()
    if not any(mask is known for known in graph.get_collection(MASKS)):
        for collection, item in ((THRESHOLDS, threshold), (MASKS, mask), (MASKED_WEIGHTS, product),
                                 (WEIGHTS, weights)):
            graph.add_to_collection(collection, item)
    return product


@export("contrib.model_pruning.apply_mask")
def apply_mask(x: Any, scope: Any = "") -> Any:
    """Weights times a mask, a variable "mask" of ones at first; "threshold" is the least value that it lets through.

    Args:
      x: the weights.
      scope: the variable scope of mask and threshold.
    """
    with variable_scope(scope):
        mask = get_variable("mask", x.get_shape(), initializer=Ones(), trainable=False, dtype=x.dtype)
        threshold = get_variable("threshold", [], initializer=Zeros(), trainable=False, dtype=x.dtype)
    return masked(x, mask, threshold)


@export("contrib.model_pruning.get_masked_weights")
def get_masked_weights() -> list[Any]:
    """The products of weights and masks of the graph."""
    return get_default_graph().get_collection(MASKED_WEIGHTS)


@export("contrib.model_pruning.get_masks")
def get_masks() -> list[Any]:
    """The masks of the graph."""
    return get_default_graph().get_collection(MASKS)


@export("contrib.model_pruning.get_thresholds")
def get_thresholds() -> list[Any]:
    """The thresholds of the graph."""
    return get_default_graph().get_collection(THRESHOLDS)


@export("contrib.model_pruning.get_weights")
def get_weights() -> list[Any]:
    """The weights of the graph that have masks."""
    return get_default_graph().get_collection(WEIGHTS)


@export("contrib.model_pruning.get_weight_sparsity")
def get_weight_sparsity() -> list[Any]:
    """The fraction of zeros of each mask: scalars."""
    return [api.nn.zero_fraction(mask) for mask in get_masks()]
