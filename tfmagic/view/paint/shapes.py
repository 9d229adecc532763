"""The size and the lines of text of each thing drawn, in pixels."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from tfmagic.view.escape import shorten
from tfmagic.view.paint.metrics import text_width
from tfmagic.view.phrases import plural, say
from tfmagic.view.scene import model
from tfmagic.view.scene.model import Box, Edge, Node, Scene

TITLE, SMALL, EDGE, BOX = 13.0, 11.0, 10.5, 11.5  # font sizes
_LINE = 15.0
_TITLE_LINE = 17.0
_PAD_X, _PAD_Y = 15.0, 9.0
TITLE_LIMIT, _TYPE_LIMIT, _LINE_LIMIT, _EDGE_LIMIT = 36, 52, 40, 44
_ERROR_LIMIT, _ERROR_LINES = 48, 4
STACK = 4.0  # how far the sheets behind a folded scope stand out
CYLINDER = 4.5  # height of a variable's lid


@dataclass(frozen=True)
class Line:
    """A line of text in a node: `style` is "title", "type", "value", "port", "note" or "error"; `marks` are the
    parts of it that do not fit."""

    text: str
    style: str
    marks: tuple[tuple[int, int], ...] = ()

    @property
    def height(self) -> float:
        return _TITLE_LINE if self.style == "title" else _LINE

    @property
    def width(self) -> float:
        if self.style == "title":
            return text_width(self.text, TITLE, bold=True)
        return text_width(self.text, SMALL, monospace=self.style in ("value", "port"), bold=self.style == "error")


def node_lines(node: Node, show_device: bool) -> list[Line]:
    """The lines that stand in a node, top to bottom."""
    lines = [Line(shorten(node.title, TITLE_LIMIT), "title")]
    kind = " · ".join(filter(None, (node.type, say("not built") if node.unbuilt else "")))
    if node.boundary and node.cell:
        kind = f"{kind} · {node.cell}" if kind else node.cell
    lines += [Line(shorten(kind, _TYPE_LIMIT), "type")] if kind else []
    lines += [Line(shorten(text, _LINE_LIMIT), "value") for text in node.parameters]
    lines += [Line(shorten(f"→ {node.output}", _LINE_LIMIT), "type")] if node.output else []
    lines += [Line(shorten(f"= {node.value}", _LINE_LIMIT), "value")] if node.value else []
    lines += [Line(plural(node.updates, "update"), "note")] if node.updates >= 0 else []
    note = " · ".join(text for text in (node.device if show_device else "", node.time) if text)
    lines += [Line(note, "note")] if note else []
    if node.state:
        mark = "✕ " if node.state == model.FAILED else "⚠ "
        lines += [Line(port.text, "port", port.wrong) for port in node.ports]
        lines += [Line(text, "error") for text in _wrapped(mark + node.message)]
        lines += [Line(shorten(node.made, _TYPE_LIMIT), "note")] if node.made else []
    return lines


def _wrapped(text: str) -> list[str]:
    lines = textwrap.wrap(text, _ERROR_LIMIT, break_long_words=True, break_on_hyphens=False)
    return [*lines[:_ERROR_LINES - 1], shorten(" ".join(lines[_ERROR_LINES - 1:]), _ERROR_LIMIT)] \
        if len(lines) > _ERROR_LINES else lines


def node_size(node: Node, show_device: bool) -> tuple[int, int]:
    """Width and height of a node, with what its outline adds."""
    lines = node_lines(node, show_device)
    lines_to_come = [Line(shorten(f"→ {node.room}", _LINE_LIMIT), "type")] if node.room else []
    width = max(line.width for line in (*lines, *lines_to_come)) + 2 * _PAD_X
    height = sum(line.height for line in lines) + 2 * _PAD_Y
    if node.role in (model.PLACEHOLDER, model.LOOP_VARIABLE):
        width += 8
    if node.role == model.LOOP_VARIABLE:
        height += 4
    if node.role == model.VARIABLE:
        height += 2 * CYLINDER
    if node.role in (model.SCOPE, model.RUN):
        width, height = width + 2 * STACK, height + 2 * STACK
    return 2 * round(max(width, 56) / 2), 2 * round(max(height, 34) / 2)


def edge_label(edge: Edge) -> str:
    """An edge's text, cut to what fits."""
    return shorten(edge.text, _EDGE_LIMIT)


def edge_label_size(edge: Edge) -> tuple[int, int]:
    """Width and height of an edge's text with room around it."""
    return round(max(text_width(shorten(text, _EDGE_LIMIT), EDGE) for text in (edge.text, edge.room)) + 16), 15


def notice(scene: Scene) -> str:
    """What a drawing says of what it does not show, "" when it shows all."""
    parts = [say("The graph is empty.")] if not scene.nodes and not scene.folded else []
    if scene.quiz is not None:
        parts.append(say("Quiz: shapes and dtypes of what is computed are hidden."))
    if scene.folded:
        left_out = ", ".join(f"{f.kind} ({plural(f.count, 'operation')})" for f in scene.folded)
        parts.append(f"{say('not drawn')}: {left_out}")
    return " ".join(parts)


def box_label(box: Box) -> str:
    """An open scope's title line."""
    title = shorten(box.title, _LINE_LIMIT)
    return title if box.kind == "scope" else f"{title} · {say(box.kind)}"


def box_label_size(box: Box) -> tuple[int, int]:
    """Width and height of an open scope's title line."""
    return round(text_width(box_label(box), BOX, bold=True) + 12), 16
