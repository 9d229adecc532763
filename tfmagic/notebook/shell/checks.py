"""What `--check` found: said, and drawn from where the first NaN or infinity came to what was fetched."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfmagic.graph.graph import Graph
from tfmagic.notebook.live import origins
from tfmagic.notebook.live.checked import Checked
from tfmagic.notebook.live.drawn import Drawing
from tfmagic.notebook.shell import drawing, failures
from tfmagic.view.phrases import plural, say
from tfmagic.view.scene.outline import Outline

if TYPE_CHECKING:
    from tfmagic.session.finite import Origin, Seen


def show(checked: Checked, studio: drawing.Studio) -> None:
    """Say and draw what was found."""
    if checked.origin is not None:
        _draw(checked.origin, checked.values, checked.runs, studio)
    elif checked.runs:
        print(say("{} checked: every value is finite.", plural(checked.runs, "run")))


def _draw(origin: Origin, values: dict[Any, Seen | None], run: int, studio: drawing.Studio) -> None:

    found = studio.names.made_by(origin.op)
    print(origins.words(origin, found[1] if found else "", run))
    operations = origins.drawn(origin)
    graph: Any = origin.op.graph
    part, culprit = [op.name for op in operations], origin.op.name
    members = set(operations)
    seen = {tensor.name: value for tensor, value in values.items() if tensor.op in members and value is not None}
    texts = {name: origins.value_text(value) for name, value in seen.items()}
    shapes = {name: value.shape for name, value in seen.items()}
    bad = frozenset(name for name, value in seen.items() if not value.is_finite)
    message, ports, title = origins.message(origin), origins.shown_ports(origin), say("Not finite: {}", culprit)

    def outlined(graph: Graph) -> Outline:
        drawn = [graph.get_operation_by_name(name) for name in part]
        notes = replace(drawing.known(graph, drawn, {}, studio.names), texts=texts, shapes=shapes, not_finite=bad,
                        failed={culprit: message}, ports={culprit: ports})
        return failures.outline_of(drawn, notes)

    picture = Drawing(weakref.ref(graph), outlined, {"title": title})
    studio.show(picture.build(graph), picture)
