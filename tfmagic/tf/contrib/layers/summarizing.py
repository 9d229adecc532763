"""Summaries of tensors, activations and collections."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api


@export("contrib.layers.summarize_tensor")
def summarize_tensor(tensor: Tensor, tag: str | None = None) -> Tensor:
    """A scalar's value, or the histogram of a larger tensor.

    Args:
      tag: the name; by default that of the tensor, and "_summary".
    """
    tag = tag or tensor.op.name + "_summary"
    return api.summary.scalar(tag, tensor) if tensor.get_shape().ndims == 0 else api.summary.histogram(tag, tensor)


@export("contrib.layers.summarize_activation")
def summarize_activation(op: Tensor) -> Tensor:
    """The histogram of a layer's output, and how much of it is cut off where it is a relu, softplus or relu6."""
    if op.op.type in ("Relu", "Softplus", "Relu6"):
        below = api.less(op.op.inputs[0], api.cast(0.0, op.op.inputs[0].dtype))
        api.summary.scalar(op.op.name + "/zeros", api.reduce_mean(api.to_float(below)))
    return api.summary.histogram(op.op.name + "/activation", op)


@export("contrib.layers.summarize_tensors")
def summarize_tensors(tensors: Any, summarizer: Callable[..., Any] = summarize_tensor) -> list[Any]:
    """A summary of each tensor."""
    return [summarizer(tensor) for tensor in tensors]


@export("contrib.layers.summarize_collection")
def summarize_collection(collection: Any, name_filter: str | None = None,
                         summarizer: Callable[..., Any] = summarize_tensor) -> list[Any]:
    """A summary of each member of a collection.

    Args:
      name_filter: a pattern that the beginning of names matches.
    """
    found = []
    for member in get_default_graph().get_collection(collection):
        if name_filter is None or re.match(name_filter, member.op.name):
            found.append(summarizer(member))
    return found


@export("contrib.layers.summarize_activations")
def summarize_activations(name_filter: str | None = None,
                          summarizer: Callable[..., Any] = summarize_activation) -> list[Any]:
    """A summary of each member of `GraphKeys.ACTIVATIONS` (see `summarize_collection`)."""
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, summarizer)


summarize_variables = export("contrib.slim.summarize_variables")(
    functools.partial(summarize_collection, GraphKeys.GLOBAL_VARIABLES))
summarize_weights = export("contrib.slim.summarize_weights")(
    functools.partial(summarize_collection, GraphKeys.WEIGHTS))
summarize_biases = export("contrib.slim.summarize_biases")(
    functools.partial(summarize_collection, GraphKeys.BIASES))
