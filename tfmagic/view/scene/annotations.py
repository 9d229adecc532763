"""Annotations: what a run, a cell or the user's Python names add to a drawing, as plain data."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tfmagic.view import labels
from tfmagic.view.scene.model import Port


@dataclass(frozen=True)
class RunStep:
    """One node that a stepped run computed, as text.

    Attributes:
      operation: its name.
      value, shape, statistics: what it gave; "" where there is nothing to say.
      inside: the loops and branches around it, the outermost first: the operation that steers each, and the turn of the
        loop or the way taken, as in `session.stepping.Step`.
      seconds: how long it took.
    """

    operation: str
    value: str = ""
    shape: str = ""
    statistics: str = ""
    inside: tuple[tuple[str, int | bool], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Annotations:
    """What is known about a graph beside the graph.

    Attributes:
      values: tensor name -> array that a run gave.
      texts: tensor name -> the text of such an array, where it was not kept.
      shapes: tensor name -> dims that a run gave, where the value itself was not kept.
      not_finite: names of tensors whose values were not finite, where the values were not kept.
      labels: operation name -> the Python name the user gave its result.
      updates: variable's operation name -> how often runs changed it.
      times: operation name -> seconds.
      failed: operation name -> what went wrong there.
      ports: name of a failed operation -> what stands at its inputs.
      unbuilt: the operations drawn that were refused, and are not in the graph.
      cells: operation name -> the cell that made it, such as "In [3]".
      sources: operation name -> the line that made it, such as "In [3], line 2: c = a + b".
      places: operation name -> the numbers of the cells and lines that made it, the innermost first.
      devices: operation name -> the device a run chose.
      steps: the steps of a run, in order.
      left_out: after how many of these steps how many were left out.
      plan: the lines of a plan, each with the operation that it computes, or "".
      not_in_plan: the operations without a line of their own.
      changes: operation name -> "new", "gone" or "changed" against another graph, and what changed.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    not_finite: Container[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    updates: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, tuple[Port, ...]] = field(default_factory=dict)
    unbuilt: Container[str] = ()
    cells: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    devices: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[RunStep] = ()
    left_out: tuple[int, int] = (0, 0)
    plan: Sequence[tuple[str, str]] = ()
    not_in_plan: Container[str] = ()
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def value_text(self, tensor_name: str) -> str:
        """What a run gave to a tensor, on one line; "" where that is not known."""
        if tensor_name in self.texts:
            return self.texts[tensor_name]
        return labels.value_text(self.values[tensor_name]) if tensor_name in self.values else ""

    def is_finite(self, tensor_name: str) -> bool:
        """Whether no number that a run gave for a tensor is known to be NaN or infinite."""
        return tensor_name not in self.not_finite and labels.is_finite(self.values.get(tensor_name, 0))

    def dims(self, tensor_name: str) -> tuple[int, ...] | None:
        """The shape that a run gave to a tensor, or None."""
        found = self.shapes.get(tensor_name)
        if found is None and tensor_name in self.values:
            found = getattr(self.values[tensor_name], "shape", ())
        return None if found is None else tuple(int(d) for d in found)


NOTHING = Annotations()
