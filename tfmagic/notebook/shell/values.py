"""Values that a run gave, shown as cards: text for a terminal, HTML for a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.view.cards import tables as view_cards
from tfmagic.view.escape import shorten
from tfmagic.view.labels import device_text, dims_text

_LONGEST_VALUE = 4000


@dataclass(frozen=True)
class FetchedItem:
    """One element that was run: the tensor or operation, what the user called it, and its value."""

    element: Tensor | Operation
    expression: str
    value: Any


class Fetched:
    """The values that a run gave, shown as cards.

    Attributes:
      value: the values in the structure that was asked for.
      items: each element with its value.
      is_checked: whether the origin of what is not finite was looked for (`--check`).
    """

    is_checked = False

    def __init__(self, value: Any, items: list[FetchedItem]) -> None:
        self.value = value
        self.items = items

    def __repr__(self) -> str:
        return "\n".join(text(item) for item in self.items)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": html(self.items)}


@dataclass(frozen=True)
class Blocks:
    """A value that is drawn as blocks.

    Attributes:
      title: what the user called it.
      array: the value.
      factors: names and values of the two matrices that it is the product of, or nothing.
    """

    title: str
    array: np.ndarray
    factors: tuple[tuple[str, Any], ...] = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from tfmagic import view

        return view.tensor_bundle(self.array, title=self.title, factors=[value for _, value in self.factors])


def value_text(value: Any) -> str:
    """A value as NumPy prints it; a long one is cut in its middle."""
    with np.printoptions(threshold=200, edgeitems=3):
        return shorten(str(value), _LONGEST_VALUE)


def text(item: FetchedItem) -> str:
    """One value with what it is the value of, as text."""
    element = item.element
    if isinstance(element, Operation):
        return f"{item.expression or element.name}: operation {element.name} ({element.type}) ran"
    device = f", device={device_text(element.device)}" if element.device else ""
    shape = dims_text(np.shape(item.value))
    return (f"{item.expression or element.name}: {element.name} ({element.op.type}, shape={shape}, "
            f"dtype={element.dtype.base_dtype.name}{device})\n{value_text(item.value)}")


def html(items: Iterable[FetchedItem]) -> str:
    """The cards of several values, side by side."""
    parts = [view_cards.card_style()]
    for item in items:
        element = item.element
        if isinstance(element, Operation):
            parts.append(view_cards.operation_card(element, style=False))
        else:
            parts.append(view_cards.tensor_card(element, array_of(item.value), style=False))
    return "".join(parts)


def array_of(value: Any) -> Any:
    """A value as an array; one that is no array (a sparse tensor's three parts, say) as the array of its text."""
    try:
        array = np.asarray(value)
    except ValueError:
        return np.asarray(str(value))
    return array
