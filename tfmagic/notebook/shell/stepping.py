"""`%step`: expressions run node by node, drawn with what every node gave."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.graph.operation import Tensor
from tfmagic.notebook.shell import drawing, evaluate
from tfmagic.notebook.shell.evaluate import UsageError
from tfmagic.notebook.shell.options import Parsed
from tfmagic.view import labels, phrases
from tfmagic.view.scene.annotations import RunStep


def step(parsed: Parsed, studio: drawing.Studio) -> None:
    """Run the expressions of `%step` and draw their part of the graph with the steps.

    Raises:
      UsageError: an expression is no part of a graph.
      tf.errors.OpError: the run failed, or cannot be looked at.
    """
    from tfmagic.session import peek, stepping

    if not parsed.argument:
        raise UsageError("%step needs an expression: %step EXPR [EXPR ...]")
    named = evaluate.several(studio.shell, parsed.argument)
    for text, value in named:
        if not evaluate.elements(value):
            raise UsageError(f"{text} is a {type(value).__name__}, and no tensor, operation or variable of a graph.")
    found = evaluate.elements([value for _, value in named])
    graph = evaluate.graph_of(found[0])
    feeds = evaluate.feeds(studio.shell, parsed.feed)
    with phrases.speaking(parsed.lang), studio.kept.for_run(graph, parsed.init) as session:
        needed, _ = peek.needed_feeds(found, peek.expanded(session, session.last_feeds) | peek.expanded(session, feeds))
        steps = stepping.step(session, found, needed, _Given, warm_up=parsed.time)
        notes = notes_of(steps)
    drawing.draw(graph, parsed, drawing.needed_for(found), studio, notes)


class _Given:
    """What a node gave, in words."""

    def __init__(self, tensor: Tensor, value: Any) -> None:
        array = np.asarray(value)
        self.dims = array.shape
        self.text = labels.value_text(array)
        self.shape = f"{labels.dims_text(array.shape)} {labels.dtype_text(tensor)}"
        is_number = array.dtype.kind in "biuf" and array.size > labels.VALUE_ELEMENTS
        self.statistics = labels.statistics_text(array) if is_number else ""
        if self.statistics == self.text:
            self.statistics = ""


def notes_of(steps: Any) -> dict[str, Any]:
    """What the steps found, as fields of `Annotations`."""
    texts: dict[str, str] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    times: dict[str, float] = {}
    told = []
    for step in steps:
        first = next(iter(step.values.values()), None)
        seconds = step.nanoseconds * 1e-9 if steps.timed else 0.0
        told.append(RunStep(step.op.name, first.text if first else "", first.shape if first else "",
                            first.statistics if first else "", tuple((op.name, mark) for op, mark in step.inside),
                            seconds))
        for tensor, given in step.values.items():
            texts[tensor.name], shapes[tensor.name] = given.text, given.dims
        if seconds:
            times[step.op.name] = times.get(step.op.name, 0.0) + seconds
    return {"texts": texts, "shapes": shapes, "times": times, "steps": told,
            "left_out": (len(steps.first), steps.left_out)}
