"""Scene and layout -> SVG, painted element by element: nothing in it but shapes and escaped text."""

from __future__ import annotations

from tfmagic.view import labels, theme
from tfmagic.view.escape import xml
from tfmagic.view.paint import shapes
from tfmagic.view.paint.dot import node_classes
from tfmagic.view.paint.layout import Layout, Point, Route, lay_out
from tfmagic.view.paint.metrics import text_width
from tfmagic.view.paint.shapes import notice
from tfmagic.view.paint.sheet import Sheet, number, rectangle
from tfmagic.view.phrases import say
from tfmagic.view.scene import model
from tfmagic.view.scene.model import Edge, Node, Scene

MARGIN = 14
_TITLE_ROOM, _LEGEND_ROOM, _NOTE_ROOM = 32, 26, 24
_HEAT_MARK = 15

# Kind, classes and dashes of lines.
_EDGE_KINDS = ((model.DATA, (), ""), (model.CONTROL, ("c",), "4 3"), (model.UPDATES, ("u",), "1 3"))
_LINE_CLASSES = {"title": "t", "type": "m", "value": "v", "port": "p", "note": "m", "error": "x"}
_ON_HEAT = {"m": "o", "v": "p"}  # the same without a colour of their own


def draw_svg(scene: Scene, layout: Layout | None = None, inline: bool = False) -> str:
    """A scene as a self-contained SVG, light or dark as its page is.

    Args:
      scene: what to draw.
      layout: where it stands; by default laid out here.
      inline: for a place inside an HTML page: follows the notebook's theme too, and every node and edge says more
        under the pointer. Otherwise as small as can be, for a file or an image.

    Raises:
      EngineError: there is no layout engine, or it failed.
    """
    return _Painter(scene, layout or lay_out(scene), inline).paint()


def path_data(route: Route) -> str:
    """An edge's line as SVG path data."""
    start, *rest = (f"{x} {y}" for x, y in route.points)
    return f"M{start}C{' '.join(rest)}"


def arrow_head(route: Route) -> str:
    """The triangle at an edge's end as SVG path data."""
    (end_x, end_y), (tip_x, tip_y) = route.points[-1], route.tip
    dx, dy = tip_x - end_x, tip_y - end_y
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    across_x, across_y = -dy / length * 3.4, dx / length * 3.4
    return (f"M{tip_x} {tip_y}L{number(end_x + across_x)} {number(end_y + across_y)} "
            f"{number(end_x - across_x)} {number(end_y - across_y)}Z")


class _Painter:
    def __init__(self, scene: Scene, layout: Layout, inline: bool):
        self.scene = scene
        self.layout = layout
        self.inline = inline
        self.sheet = Sheet()
        self.show_device = bool(scene.devices)
        note = notice(scene)
        self.note = note[:1].upper() + note[1:]
        has_legend = bool(scene.devices or scene.slowest)
        self.top = MARGIN + (_TITLE_ROOM if scene.title else 0) + (_LEGEND_ROOM if has_legend else 0)
        legend = sum(text_width(device, 11) + 34 for device in scene.devices)
        if scene.slowest:
            legend += 26 + _HEAT_MARK * len(theme.HEAT) + text_width(labels.time_text(scene.slowest), 11)
        widths = [layout.width, text_width(scene.title, 15, bold=True), text_width(self.note, 11), legend]
        self.width = round(max(widths)) + 2 * MARGIN
        self.height = self.top + layout.height + MARGIN + (_NOTE_ROOM if self.note else 0)

    def paint(self) -> str:
        left = (self.width - self.layout.width) // 2
        body = (f'{self._heading()}{self._legend()}<g transform="translate({left},{self.top})">'
                f"{self._boxes()}{self._edges()}{self._nodes()}</g>{self._footnote()}")
        return self.sheet.document(self.scene.title or say("Dataflow graph"), self.scene.description(), body,
                                   self.width, self.height, self.inline)

    # --- around the graph -------------------------------------------------------------------------------------

    def _heading(self) -> str:
        return self.sheet.text("h", MARGIN, MARGIN + 15, self.scene.title) if self.scene.title else ""

    def _legend(self) -> str:
        x: float = MARGIN
        y = self.top - _LEGEND_ROOM
        parts = []
        for i, device in enumerate(self.scene.devices):
            classes = self.sheet.classes("n", f"d{i % len(theme.DEVICES)}")
            parts.append(f'<rect {classes} fill="#ffffff" stroke="#7d8896" x="{number(x)}" y="{y}" width="14" '
                         f'height="14" rx="4"/>{self.sheet.text("s", x + 20, y + 11, device)}')
            x += text_width(device, 11) + 34
        return "".join(parts) + (self._heat_legend(x, y) if self.scene.slowest else "")

    def _heat_legend(self, x: float, y: float) -> str:
        """Which colour is which time: from 0 to that of the slowest."""
        marks = "".join(f'<rect {self.sheet.classes("n", f"heat{i}")} fill="#ffffff" stroke="#7d8896" '
                        f'{rectangle(x + 14 + i * _HEAT_MARK, y, _HEAT_MARK, 14)}/>' for i in range(len(theme.HEAT)))
        slowest = labels.time_text(self.scene.slowest)
        return (f'{self.sheet.text("s", x, y + 11, "0")}{marks}'
                f'{self.sheet.text("s", x + 20 + _HEAT_MARK * len(theme.HEAT), y + 11, slowest)}')

    def _footnote(self) -> str:
        return self.sheet.text("s", MARGIN, self.height - MARGIN, self.note) if self.note else ""

    # --- boxes and edges --------------------------------------------------------------------------------------

    def _boxes(self) -> str:
        parts, words = [], []
        for box in self.scene.boxes:
            x, y, width, height = self.layout.boxes[box.id]
            classes = self.sheet.classes("box", *(["frame"] if box.kind != "scope" else []))
            parts.append(f'<rect {classes} {rectangle(x, y, width, height)} rx="10"{self._end("rect", box.name)}')
            words.append(self.sheet.text("b", x + 12, y + 18, shapes.box_label(box)))
        if not parts:
            return ""
        return (f'<g fill="#f7f8fa" stroke="#868f9c">{"".join(parts)}</g>'
                f'<g fill="#56616e">{"".join(words)}</g>')

    def _end(self, element: str, hover: str) -> str:
        """The end of an element, with what it says under the pointer."""
        return f"><title>{xml(hover)}</title></{element}>" if self.inline and hover else "/>"

    def _edges(self) -> str:
        pairs = list(zip(self.scene.edges, self.layout.routes, strict=True))
        if not pairs:
            return ""
        lines = []
        for kind, own, dashes in _EDGE_KINDS:
            paths = [(edge, route) for edge, route in pairs if edge.kind == kind]
            classes = self.sheet.classes("e", *own) if paths else ""
            dash = f' stroke-dasharray="{dashes}"' if dashes else ""
            groups = [[pair] for pair in paths] if self.inline else [paths] if paths else []
            for group in groups:
                data = "".join(path_data(route) for _, route in group)
                lines.append(f'<path {classes}{dash} d="{data}"{self._end("path", _edge_hover(group[0][0]))}')
        heads = "".join(arrow_head(route) for _, route in pairs)
        below = 4 if self.scene.direction == "TB" else 0  # to the right of a line, or above it
        words = [self.sheet.text("l", route.label[0], route.label[1] + below, shapes.edge_label(edge))
                 for edge, route in pairs if route.label]
        return (f'<g fill="none" stroke="#77828f">{"".join(lines)}</g>'
                f'<path {self.sheet.classes("a")} fill="#77828f" d="{heads}"/><g fill="#56616e">{"".join(words)}</g>')

    # --- nodes ------------------------------------------------------------------------------------------------

    def _nodes(self) -> str:
        outlines, words = [], []
        for node in self.scene.nodes:
            place = self.layout.nodes[node.id]
            classes = ["n", *node_classes(node)]
            if node.role == model.OPERATION:
                classes.remove(model.OPERATION)
            if node.device and self.scene.devices:
                classes.insert(2, f"d{self.scene.devices.index(node.device) % len(theme.DEVICES)}")
            if node.heat:
                classes.append(theme.heat(node.heat))
            attributes = self.sheet.classes(*classes) + (' stroke-dasharray="4 3"' if node.boundary else "")
            outline = _outline(node.role, *place)
            lines = self._lines(node, *place)
            if self.inline:
                outlines.append(f'<g {attributes} data-node="{node.id}"><title>{xml(_node_hover(node))}</title>'
                                f'{outline}<g fill="#1f2933">{lines}</g></g>')
            else:
                outlines.append(outline.replace("/>", f" {attributes}/>") if outline.count("<") == 1 else
                                f"<g {attributes}>{outline}</g>")
                words.append(lines)
        text = f'<g fill="#1f2933">{"".join(words)}</g>' if words else ""
        return f'<g fill="#ffffff" stroke="#7d8896">{"".join(outlines)}</g>{text}'

    def _lines(self, node: Node, x: int, y: int, width: int, height: int) -> str:
        lines = shapes.node_lines(node, self.show_device)
        centre, top = x + width / 2, y + (height - sum(line.height for line in lines)) / 2
        if node.role == model.VARIABLE:
            top += shapes.CYLINDER - 1
        if node.role in (model.SCOPE, model.RUN):
            centre, top = centre - shapes.STACK, top + shapes.STACK
        parts = []
        for line in lines:
            top += line.height
            kind = _LINE_CLASSES[line.style]
            if node.heat:
                kind = _ON_HEAT.get(kind, kind)
            parts.append(self.sheet.text(kind, round(centre), round(top - 4), line.text, marks=line.marks))
        return "".join(parts)


def _edge_hover(edge: Edge) -> str:
    return "  ".join(part for part in (", ".join(edge.tensors), edge.text) if part)


def _node_hover(node: Node) -> str:
    lines = [node.name, node.type, *(f"{key}: {text}" for key, text in node.details), node.message]
    return "\n".join(line for line in lines if line)


def _outline(role: str, x: int, y: int, width: int, height: int) -> str:
    """A node's outline, another one for each role so that colour is never all that tells."""
    right, bottom = x + width, y + height
    if role == model.VARIABLE:
        lid = shapes.CYLINDER
        arc = f"A{number(width / 2)} {number(lid)} 0 0 "
        top, low = number(y + lid), number(bottom - lid)
        return (f'<path d="M{x} {top}{arc}1 {right} {top}V{low}{arc}1 {x} {low}Z"/>'
                f'<path style="fill:none" d="M{x} {top}{arc}0 {right} {top}"/>')
    if role == model.LOOP_VARIABLE:
        return (f'<rect {rectangle(x, y, width, height)} rx="10"/>'
                f'<rect {rectangle(x + 3, y + 3, width - 6, height - 6)} rx="7"/>')
    if role in (model.SCOPE, model.RUN):
        step = round(shapes.STACK)
        size = width - 2 * step, height - 2 * step
        return "".join(f'<rect {rectangle(x + i * step, y + (2 - i) * step, *size)} rx="8"/>' for i in (2, 1, 0))
    if role in (model.GRADIENTS, model.TRAINING):
        cut = 9
        corners: list[Point] = [(x + cut, y), (right - cut, y), (right, y + cut), (right, bottom - cut),
                                (right - cut, bottom), (x + cut, bottom), (x, bottom - cut), (x, y + cut)]
        return f'<path d="M{" ".join(f"{a} {b}" for a, b in corners)}Z"/>'
    radius = {model.PLACEHOLDER: height / 2, model.CONSTANT: 1.5}.get(role, 8.0)
    return f'<rect {rectangle(x, y, width, height)} rx="{number(radius)}"/>'
