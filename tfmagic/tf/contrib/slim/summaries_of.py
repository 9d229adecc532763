"""slim.summaries: summaries named after tensors, printed where asked for."""

from __future__ import annotations

from collections.abc import Iterable

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api


def _name(tensor: Tensor, name: str | None, prefix: str | None, postfix: str | None = None) -> str:
    return "/".join(part for part in (prefix, name or tensor.op.name, postfix) if part)


def _printed(summary: Tensor, tensor: Tensor, name: str, print_summary: bool) -> Tensor:
    if print_summary:
        summary = api.Print(summary, [tensor], name)
    get_default_graph().add_to_collection(GraphKeys.SUMMARIES, summary)
    return summary


@export("contrib.slim.summaries.add_histogram_summary")
def add_histogram_summary(tensor: Tensor, name: str | None = None, prefix: str | None = None) -> Tensor:
    """The histogram of a tensor.

    Args:
      name: by default the tensor's.
      prefix: a scope before it.
    """
    return api.summary.histogram(_name(tensor, name, prefix), tensor)


@export("contrib.slim.summaries.add_image_summary")
def add_image_summary(tensor: Tensor, name: str | None = None, prefix: str | None = None,
                      print_summary: bool = False) -> Tensor:
    """The images of a tensor (see `add_histogram_summary`).

    Args:
      print_summary: whether each run of the summary prints the tensor.
    """
    name = _name(tensor, name, prefix)
    return _printed(api.summary.image(name=name, tensor=tensor, collections=[]), tensor, name, print_summary)


@export("contrib.slim.summaries.add_scalar_summary")
def add_scalar_summary(tensor: Tensor, name: str | None = None, prefix: str | None = None,
                       print_summary: bool = False) -> Tensor:
    """The value of a scalar (see `add_image_summary`)."""
    name = _name(tensor, name, prefix)
    return _printed(api.summary.scalar(name, tensor, collections=[]), tensor, name, print_summary)


@export("contrib.slim.summaries.add_zero_fraction_summary")
def add_zero_fraction_summary(tensor: Tensor, name: str | None = None, prefix: str | None = None,
                              print_summary: bool = False) -> Tensor:
    """How much of a tensor is zero (see `add_image_summary`)."""
    name = _name(tensor, name, prefix, "Fraction_of_Zero_Values")
    fraction = api.nn.zero_fraction(tensor)
    return _printed(api.summary.scalar(name, fraction, collections=[]), fraction, name, print_summary)


@export("contrib.slim.summaries.add_histogram_summaries")
def add_histogram_summaries(tensors: Iterable[Tensor], prefix: str | None = None) -> list[Tensor]:
    """`add_histogram_summary` of each."""
    return [add_histogram_summary(tensor, prefix=prefix) for tensor in tensors]


@export("contrib.slim.summaries.add_image_summaries")
def add_image_summaries(tensors: Iterable[Tensor], prefix: str | None = None) -> list[Tensor]:
    """`add_image_summary` of each."""
    return [add_image_summary(tensor, prefix=prefix) for tensor in tensors]


@export("contrib.slim.summaries.add_scalar_summaries")
def add_scalar_summaries(tensors: Iterable[Tensor], prefix: str | None = None,
                         print_summary: bool = False) -> list[Tensor]:
    """`add_scalar_summary` of each."""
    return [add_scalar_summary(tensor, prefix=prefix, print_summary=print_summary) for tensor in tensors]


@export("contrib.slim.summaries.add_zero_fraction_summaries")
def add_zero_fraction_summaries(tensors: Iterable[Tensor], prefix: str | None = None) -> list[Tensor]:
    """`add_zero_fraction_summary` of each."""
    return [add_zero_fraction_summary(tensor, prefix=prefix) for tensor in tensors]
