"""Scene and layout -> SVG, painted element by element: nothing in it but shapes and escaped text."""

from __future__ import annotations

import hashlib

from tfmagic.view import model, shapes, theme
from tfmagic.view.dot import node_classes
from tfmagic.view.escape import xml
from tfmagic.view.labels import plural
from tfmagic.view.layout import Layout, Route, lay_out
from tfmagic.view.metrics import text_width
from tfmagic.view.model import Box, Edge, Node, Scene

MARGIN = 14.0
_TITLE_ROOM, _LEGEND_ROOM, _NOTE_ROOM = 30.0, 26.0, 22.0

_RULES = """\
.tfm{font-family:%(sans)s;font-size:11px;background:var(--bg);border-radius:6px}
.tfm text{fill:var(--fg);stroke:none;text-anchor:middle}
.tfm .bg{fill:var(--bg);stroke:none}
.tfm text.h{font-size:15px;font-weight:600;text-anchor:start}
.tfm text.t{font-size:13px;font-weight:600}
.tfm text.m{fill:var(--muted)}
.tfm text.v{font-family:%(mono)s;fill:var(--value)}
.tfm text.x{fill:var(--error);font-weight:600}
.tfm text.s{text-anchor:start;fill:var(--muted)}
.tfm .edges text{font-size:10.5px;fill:var(--muted);stroke:var(--bg);stroke-width:3px;stroke-linejoin:round;paint-order:stroke}
.tfm .edges path{fill:none;stroke:var(--line);stroke-width:1.3}
.tfm .edges path.a{fill:var(--line);stroke:none}
.tfm .edges .control path{stroke-dasharray:4 3}
.tfm .box rect{fill:var(--box);stroke:var(--box-line)}
.tfm .box text{font-size:11.5px;font-weight:600;text-anchor:start;fill:var(--muted)}
.tfm .loop rect,.tfm .branch rect{stroke-dasharray:7 3}
.tfm .n{fill:var(--op);stroke:var(--op-line);stroke-width:1.2}
.tfm .placeholder{fill:var(--ph);stroke:var(--ph-line)}
.tfm .variable{fill:var(--var);stroke:var(--var-line)}
.tfm .constant{fill:var(--const)}
.tfm .scope,.tfm .run{fill:var(--scope);stroke:var(--scope-line)}
.tfm .gradients,.tfm .training{fill:var(--const)}
.tfm .boundary{stroke-dasharray:4 3}
%(devices)s
.tfm .not-finite{stroke:var(--error);stroke-width:2}
.tfm .failed{fill:var(--error-fill);stroke:var(--error);stroke-width:2.4}
"""


def style() -> str:
    """The style sheet of every drawing; its rules reach nothing outside of `.tfm`."""
    devices = "\n".join(f".tfm .d{i}{{fill:var(--d{i});stroke:var(--d{i}-line)}}" for i in range(len(theme.DEVICES)))
    return theme.themed(".tfm") + (_RULES % {"sans": theme.SANS, "mono": theme.MONO, "devices": devices}).replace(
        "\n", "")


def draw_svg(scene: Scene, layout: Layout | None = None) -> str:
    """A scene as a self-contained SVG that is light or dark as its page is.

    Raises:
      EngineError: there is no layout engine, or it failed.
    """
    return _Painter(scene, layout or lay_out(scene)).paint()


def number(value: float) -> str:
    """A coordinate, with one decimal where it has one."""
    return f"{value:.1f}".removesuffix(".0")


class _Painter:
    def __init__(self, scene: Scene, layout: Layout):
        self.scene = scene
        self.layout = layout
        self.show_device = bool(scene.devices)
        self.note = _note(scene)
        self.top = MARGIN + (_TITLE_ROOM if scene.title else 0) + (_LEGEND_ROOM if scene.devices else 0)
        widths = [layout.width, text_width(scene.title, 15, bold=True), text_width(self.note, 11), self._legend_width()]
        self.width = max(widths) + 2 * MARGIN
        self.height = self.top + layout.height + MARGIN + (_NOTE_ROOM if self.note else 0)
        self.left = (self.width - layout.width) / 2

    def paint(self) -> str:
        body = [self._heading(), self._legend(), self._group("boxes", [self._box(box) for box in self.scene.boxes]),
                self._group("edges", self._edges()), self._group("nodes", [self._node(n) for n in self.scene.nodes])]
        drawn = "".join(body)
        title, description = xml(self.scene.title or "Dataflow graph"), xml(self.scene.description())
        key = "tfm-" + hashlib.sha256((title + description + drawn).encode()).hexdigest()[:10]
        width, height = number(self.width), number(self.height)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" class="tfm" id="{key}" role="img" '
                f'aria-labelledby="{key}-t {key}-d" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
                f'font-family="Helvetica,Arial,sans-serif" font-size="11" style="max-width:100%;height:auto">'
                f'<title id="{key}-t">{title}</title><desc id="{key}-d">{description}</desc>'
                f"<style>{style()}</style>"
                f'<rect class="bg" width="100%" height="100%" fill="#ffffff"/>{drawn}{self._footnote()}</svg>')

    def _group(self, name: str, parts: list[str]) -> str:
        if not parts:
            return ""
        plain = {"boxes": 'fill="#f7f8fa" stroke="#868f9c"', "edges": 'fill="none" stroke="#77828f"',
                 "nodes": 'fill="#ffffff" stroke="#7d8896"'}[name]
        return (f'<g class="{name}" {plain} transform="translate({number(self.left)},{number(self.top)})">'
                f'{"".join(parts)}</g>')

    def _heading(self) -> str:
        if not self.scene.title:
            return ""
        return f'<text class="h" x="{number(MARGIN)}" y="{number(MARGIN + 15)}">{xml(self.scene.title)}</text>'

    # --- legend and footnote ----------------------------------------------------------------------------------

    def _legend_width(self) -> float:
        return sum(text_width(device, 11) + 34 for device in self.scene.devices)

    def _legend(self) -> str:
        x, y = MARGIN, self.top - _LEGEND_ROOM
        parts = []
        for i, device in enumerate(self.scene.devices):
            parts.append(f'<rect class="n d{i % len(theme.DEVICES)}" fill="#ffffff" stroke="#7d8896" x="{number(x)}" '
                         f'y="{number(y)}" width="14" height="14" rx="4"/>'
                         f'<text class="s" x="{number(x + 20)}" y="{number(y + 11)}">{xml(device)}</text>')
            x += text_width(device, 11) + 34
        return "".join(parts)

    def _footnote(self) -> str:
        if not self.note:
            return ""
        return (f'<text class="s" x="{number(MARGIN)}" y="{number(self.height - MARGIN)}">{xml(self.note)}</text>')

    # --- boxes and edges --------------------------------------------------------------------------------------

    def _box(self, box: Box) -> str:
        x, y, width, height = self.layout.boxes[box.id]
        return (f'<g class="box {box.kind}"><title>{xml(box.name)}</title><rect {_at(x, y, width, height)} rx="10"/>'
                f'<text stroke="none" fill="#56616e" x="{number(x + 12)}" y="{number(y + 18)}">'
                f"{xml(shapes.box_label(box))}</text></g>")

    def _edges(self) -> list[str]:
        lines, words = [], []
        for edge, route in zip(self.scene.edges, self.layout.routes, strict=True):
            lines.append(self._edge(edge, route))
            if route.label:
                x, y = route.label
                words.append(f'<text x="{number(x)}" y="{number(y + 3.5)}">{xml(shapes.edge_label(edge))}</text>')
        if words:
            lines.append(f'<g stroke="none" fill="#56616e">{"".join(words)}</g>')
        return lines

    def _edge(self, edge: Edge, route: Route) -> str:
        hover = ", ".join(edge.tensors) + (f"  {edge.text}" if edge.text else "")
        title = f"<title>{xml(hover)}</title>" if hover else ""
        kind = ' class="control" stroke-dasharray="4 3"' if edge.control else ""
        return f'<g{kind}>{title}<path d="{path_data(route)}"/>{_arrow_head(route)}</g>'

    # --- nodes ------------------------------------------------------------------------------------------------

    def _node(self, node: Node) -> str:
        x, y, width, height = self.layout.nodes[node.id]
        classes = ["n", *node_classes(node)]
        if node.device and self.scene.devices:
            classes.insert(2, f"d{self.scene.devices.index(node.device) % len(theme.DEVICES)}")
        dash = ' stroke-dasharray="4 3"' if node.boundary else ""
        hover = "\n".join([node.name, *(f"{key}: {text}" for key, text in node.details if key != "operation"),
                           *([node.message] if node.message else [])])
        return (f'<g class="{" ".join(classes)}"{dash} data-node="{node.id}"><title>{xml(hover)}</title>'
                f"{_outline(node.role, x, y, width, height)}{self._lines(node, x, y, width, height)}</g>")

    def _lines(self, node: Node, x: float, y: float, width: float, height: float) -> str:
        lines = shapes.node_lines(node, self.show_device)
        centre, top = x + width / 2, y + (height - sum(line.height for line in lines)) / 2
        if node.role == model.VARIABLE:
            top += shapes.CYLINDER - 1
        if node.role in (model.SCOPE, model.RUN):
            centre, top = centre - shapes.STACK, top + shapes.STACK
        kinds = {"title": "t", "type": "m", "value": "v", "note": "m", "error": "x"}
        parts = []
        for line in lines:
            top += line.height
            parts.append(f'<text class="{kinds[line.style]}" x="{number(centre)}" y="{number(top - 4)}">'
                         f"{xml(line.text)}</text>")
        return f'<g fill="#1f2933" stroke="none">{"".join(parts)}</g>'


def _note(scene: Scene) -> str:
    if not scene.folded:
        return ""
    return "Not drawn: " + ", ".join(f"{f.kind} ({plural(f.count, 'operation')})" for f in scene.folded)


def _at(x: float, y: float, width: float, height: float) -> str:
    return f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'


def path_data(route: Route) -> str:
    """An edge's line as SVG path data."""
    start, *rest = (f"{number(x)} {number(y)}" for x, y in route.points)
    return f"M{start}C{' '.join(rest)}"


def _arrow_head(route: Route) -> str:
    """A triangle from the line's end to the tip."""
    (end_x, end_y), (tip_x, tip_y) = route.points[-1], route.tip
    dx, dy = tip_x - end_x, tip_y - end_y
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    across_x, across_y = -dy / length * 3.4, dx / length * 3.4
    return (f'<path class="a" fill="#77828f" d="M{number(tip_x)} {number(tip_y)}'
            f"L{number(end_x + across_x)} {number(end_y + across_y)} "
            f'{number(end_x - across_x)} {number(end_y - across_y)}Z"/>')


def _outline(role: str, x: float, y: float, width: float, height: float) -> str:
    """A node's outline, another one for each role so that colour is never all that tells."""
    if role == model.VARIABLE:
        lid, right = shapes.CYLINDER, x + width
        top, bottom = number(y + lid), number(y + height - lid)
        half = number(width / 2)
        arc = f"A{half} {number(lid)} 0 0 "
        return (f'<path d="M{number(x)} {top}{arc}1 {number(right)} {top}V{bottom}{arc}1 {number(x)} {bottom}Z"/>'
                f'<path fill="none" d="M{number(x)} {top}{arc}0 {number(right)} {top}" style="fill:none"/>')
    if role in (model.SCOPE, model.RUN):
        step = shapes.STACK
        inner_width, inner_height = width - 2 * step, height - 2 * step
        return "".join(f'<rect {_at(x + i * step, y + (2 - i) * step, inner_width, inner_height)} rx="8"/>'
                       for i in (2, 1, 0))
    if role in (model.GRADIENTS, model.TRAINING):
        cut, right, bottom = 9.0, x + width, y + height
        corners = [(x + cut, y), (right - cut, y), (right, y + cut), (right, bottom - cut), (right - cut, bottom),
                   (x + cut, bottom), (x, bottom - cut), (x, y + cut)]
        return f'<path d="M{" ".join(f"{number(a)} {number(b)}" for a, b in corners)}Z"/>'
    radius = {model.PLACEHOLDER: height / 2, model.CONSTANT: 1.5}.get(role, 8.0)
    return f'<rect {_at(x, y, width, height)} rx="{number(radius)}"/>'
