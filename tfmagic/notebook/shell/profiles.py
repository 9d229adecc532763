"""`%%session --profile`: where time and memory went, by node and by line, as tables and as heat on the drawing."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field, replace
from typing import Any

from IPython.display import display

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation
from tfmagic.notebook.live.drawn import Drawing
from tfmagic.notebook.live.profiled import Profiled
from tfmagic.notebook.shell import drawing
from tfmagic.notebook.shell.listing import Table
from tfmagic.session.spent import Spent, spent
from tfmagic.view import labels
from tfmagic.view.escape import shorten
from tfmagic.view.phrases import plural, say
from tfmagic.view.scene.annotations import RunStep
from tfmagic.view.scene.outline import Outline

_ROWS = 20
_CODE = 80  # letters of a line of code
_STEPS = 280


@dataclass
class _Line:
    """What the nodes of one line took."""

    spent: Spent = field(default_factory=Spent)
    nodes: int = 0


def show(profiled: Profiled, studio: drawing.Studio) -> None:
    """Show what the runs took."""
    graph = profiled.session.graph
    taken = {graph.get_operation_by_name(name): took for name, took in spent(profiled.traces).items()}
    if not taken:
        print(say("Nothing to show: no run was traced."))
        return
    runs = plural(len(profiled.traces), "run")
    whole = sum(took.nanoseconds for took in taken.values())
    made_by = studio.names.all_made_by(taken)
    display(_by_node(taken, whole, made_by, runs))
    display(_by_line(taken, whole, made_by, runs))
    _draw(graph, taken, say("Time of {}: {}", runs, _time(whole)), studio)


def _by_node(taken: dict[Operation, Spent], whole: int, made_by: dict[str, Any], runs: str) -> Table:
    ordered = sorted(taken.items(), key=lambda item: -item[1].nanoseconds)
    rows = [(op.name, op.type, _time(took.nanoseconds), _share(took, whole), f"{took.count}",
             labels.bytes_text(took.requested), shorten(made_by[op.name][1], _CODE) if op.name in made_by else "")
            for op, took in ordered[:_ROWS]]
    heads = ("node", "op", "time", "share", "executions", "memory", "made by")
    return Table("Time by node", heads, tuple(rows), _note(len(ordered), whole, runs))


def _by_line(taken: dict[Operation, Spent], whole: int, made_by: dict[str, Any], runs: str) -> Table:
    lines: dict[str, _Line] = {}
    for op, took in taken.items():
        line = lines.setdefault(made_by[op.name][1] if op.name in made_by else say("no cell"), _Line())
        line.spent.add(took)
        line.nodes += 1
    ordered = sorted(lines.items(), key=lambda item: -item[1].spent.nanoseconds)
    rows = [(shorten(text, _CODE), _time(line.spent.nanoseconds), _share(line.spent, whole),
             labels.bytes_text(line.spent.requested), f"{line.nodes}") for text, line in ordered[:_ROWS]]
    heads = ("line", "time", "share", "memory", "nodes")
    return Table("Time by line", heads, tuple(rows), _note(len(ordered), whole, runs))


def _note(count: int, whole: int, runs: str) -> str:
    more = say("and {} more", f"{count - _ROWS}") if count > _ROWS else ""
    return ", ".join(filter(None, (f"{runs}, {_time(whole)}", more)))


def _time(nanoseconds: int) -> str:
    return labels.time_text(nanoseconds * 1e-9)


def _share(took: Spent, whole: int) -> str:
    return f"{100 * took.nanoseconds / whole if whole else 0:.1f} %"


def _draw(graph: Graph, taken: dict[Operation, Spent], title: str, studio: drawing.Studio) -> None:
    """Draw what ran, the hot nodes in hot colours; the slider goes through them in the order of the run."""
    part = [op.name for op in taken]
    seconds = {op.name: took.nanoseconds * 1e-9 for op, took in taken.items()}
    kept = set(sorted(seconds, key=lambda name: -seconds[name])[:_STEPS])
    steps = [RunStep(name, seconds=took) for name, took in seconds.items() if name in kept]

    def outlined(graph: Graph) -> Outline:
        drawn = [graph.get_operation_by_name(name) for name in part]
        notes = replace(drawing.known(graph, drawn, {}, studio.names), times=seconds, steps=steps)
        return Outline(drawn, annotations=notes)

    picture = Drawing(weakref.ref(graph), outlined, {"title": title})
    studio.show(picture.build(graph), picture)
