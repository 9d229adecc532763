"""The drawing that follows an error's traceback: the node where it happened, and what is around it."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation
from tfmagic.notebook.live import failure
from tfmagic.notebook.live.drawn import Drawing
from tfmagic.notebook.shell import drawing
from tfmagic.notebook.shell.options import Parsed
from tfmagic.view.phrases import say
from tfmagic.view.scene import model
from tfmagic.view.scene.annotations import Annotations
from tfmagic.view.scene.build import scene_of
from tfmagic.view.scene.outline import Outline


def outline_of(operations: list[Operation], notes: Annotations) -> Outline:
    """What there is to draw of some operations: the failed one by itself, even if it is one that drawings leave out
    or fold (an initialiser, a gradient)."""
    outline = Outline(operations, annotations=notes)
    if any(node.state == model.FAILED and node.role not in (model.GRADIENTS, model.TRAINING)
           for node in scene_of(outline).nodes):
        return outline
    return Outline(operations, show_all=True, annotations=notes)


def draw(error: BaseException, studio: drawing.Studio, parsed: Parsed | None = None,
         cell: Iterable[Operation] = ()) -> bool:
    """Draw where an error happened, if it belongs to a node of a graph.

    Args:
      error: what building or running raised.
      studio: what drawing takes.
      parsed: the options of `%%graph`, where the cell has them.
      cell: what the cell has built so far.

    Returns:
      Whether there is a drawing.
    """
    cell = list(cell)
    found = failure.of_error(error) or (_of_call(error, studio, cell) if parsed is not None else None)
    if found is None:
        return False
    graph: Any = found.op.graph
    run = _steps_of(error, found.message)
    cell = [*cell, *run.pop("operations", ())]
    part = [op.name for op in failure.around(found.op, cell)[:-1]]
    failed, unbuilt = found.op.name, found.unbuilt
    direction = (parsed and parsed.direction) or "TB"
    title = (parsed and parsed.title) or say("Not built: {}" if unbuilt else "Failed: {}", failed)
    message, shown, shapes = found.message, found.ports, run.pop("shapes", {}) | found.shapes

    def outlined(graph: Graph) -> Outline:
        drawn = [graph.get_operation_by_name(name) for name in part]
        drawn.append(graph.get_operation_by_name(failed) if unbuilt is None else unbuilt.operation(graph))
        notes = replace(drawing.known(graph, drawn, {}, studio.names), shapes=shapes, failed={failed: message},
                        ports={failed: shown}, unbuilt=() if unbuilt is None else (failed,), **run)
        return outline_of(drawn, notes)

    drawn = Drawing(weakref.ref(graph), outlined, {"direction": direction, "title": title}, unbuilt=unbuilt)
    studio.show(drawn.build(graph), drawn)
    return True


def _of_call(error: BaseException, studio: drawing.Studio, cell: list[Operation]) -> failure.Failure | None:
    """The call of a library function that failed, where there is something to draw around it."""
    from tfmagic.notebook.live import calls

    call = calls.refused_call(error, lambda code: code.co_filename in studio.names.prompts,
                              cell[-1].graph if cell else None)  # type: ignore[arg-type]
    return None if call is None or not (cell or call.inputs) else failure.of_call(error, call)


def _steps_of(error: BaseException, message: str) -> dict[str, Any]:
    """Of a run in steps (`%step`) what came before the failure, as fields of `Annotations`; and the operations."""
    steps = getattr(error, "_steps", None)
    if steps is None:
        return {}
    from tfmagic.notebook.shell.stepping import notes_of

    notes = notes_of(steps)
    operations = [step.op for step in steps]
    *before, last = notes["steps"]
    of_failed = {tensor.name for tensor in operations[-1].outputs}  # values of the turns of a loop before this one
    return notes | {"steps": [*before, replace(last, statistics=f"✕ {message}")],
                    "texts": {name: text for name, text in notes["texts"].items() if name not in of_failed},
                    "operations": dict.fromkeys(operations)}
