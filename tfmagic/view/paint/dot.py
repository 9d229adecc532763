"""Scene -> DOT: with words for people and other tools, or with mere sizes for the layout."""

from __future__ import annotations

from collections.abc import Callable

from tfmagic.view import theme
from tfmagic.view.escape import dot as quoted
from tfmagic.view.paint import shapes
from tfmagic.view.scene import model
from tfmagic.view.scene.model import Box, Edge, Node, Scene

_LABELLED_EDGES = 90  # edge labels are what layout time goes into
_SHAPES = {model.PLACEHOLDER: "box", model.VARIABLE: "cylinder", model.CONSTANT: "box", model.SCOPE: "box3d",
           model.LOOP_VARIABLE: "box", model.RUN: "box3d", model.GRADIENTS: "octagon", model.TRAINING: "octagon"}
_FILLS = {model.PLACEHOLDER: "#e7f0fd", model.VARIABLE: "#fdf0df", model.LOOP_VARIABLE: "#fdf0df",
          model.CONSTANT: "#f1f3f5", model.SCOPE: "#f2f0fa", model.RUN: "#f2f0fa",
          model.GRADIENTS: "#f6f7f9", model.TRAINING: "#f6f7f9"}
_EDGE_STYLES = {model.CONTROL: ["style=dashed", 'class="control"'],
                model.UPDATES: ["style=dotted", "constraint=false", 'class="updates"']}
_DEVICE_FILLS = ("#e3f1e6", "#e7effc", "#fbeadb", "#f1e8fa", "#fae6ec", "#e2f1f4")


def layout_dot(scene: Scene) -> str:
    """DOT for the layout alone: ids and sizes, no word of the user's."""
    show_device = bool(scene.devices)
    labelled = labels_fit(scene)
    lines = ["digraph {", f"rankdir={scene.direction} nodesep=0.34 ranksep=0.4 margin=0 fontsize=11",
             "node[shape=box fixedsize=true label=\"\"]", "edge[arrowsize=0.7]"]
    if not labelled:
        lines.append("nslimit=1 nslimit1=1 mclimit=0.2")

    def node_line(node: Node) -> str:
        width, height = shapes.node_size(node, show_device)
        return f"{node.id}[width={width / 72:.4f} height={height / 72:.4f}]"

    def box_line(box: Box) -> str:
        width, height = shapes.box_label_size(box)
        return (f"subgraph cluster_{box.id}{{margin=12 labeljust=l label=<<table border=\"0\" cellborder=\"0\" "
                f"cellspacing=\"0\" cellpadding=\"0\" fixedsize=\"true\" width=\"{width:.0f}\" "
                f"height=\"{height:.0f}\"><tr><td></td></tr></table>>")

    lines += _nested(scene, node_line, box_line)
    variables = {node.id for node in scene.nodes if node.role == model.VARIABLE}
    fed = {edge.target for edge in scene.edges if edge.source not in variables}
    fed &= {node.id for node in scene.nodes if node.role == model.GRADIENTS}
    for edge in scene.edges:
        attributes = ""
        if labelled and edge.text:
            width, height = shapes.edge_label_size(edge)
            attributes = (f"[label=<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"0\" "
                          f"fixedsize=\"true\" width=\"{width:.0f}\" height=\"{height:.0f}\"><tr><td></td></tr>"
                          "</table>>]")
        if edge.kind == model.UPDATES:  # against the stream: what changes a variable stands below it, as what reads it
            lines.append(f"{edge.target}->{edge.source}[id=u dir=back weight=0]")
        elif edge.target in fed and edge.source in variables:  # the loss says where gradients stand
            lines.append(f"{edge.source}->{edge.target}[weight=0]")
        else:
            lines.append(f"{edge.source}->{edge.target}{attributes}")
    return "\n".join([*lines, "}"])


def labels_fit(scene: Scene) -> bool:
    """Whether the layout makes room for what edges say (in a large drawing only their tooltips say it)."""
    return sum(bool(edge.text) for edge in scene.edges) <= _LABELLED_EDGES


def to_dot(scene: Scene, resolution: int | None = None) -> str:
    """The scene in DOT, with every text as the user wrote it, for Graphviz and other tools.

    Args:
      scene: what to draw.
      resolution: pixels an inch for bitmap formats, or None for the engine's own.
    """
    dpi = "" if resolution is None else f", dpi={resolution}"
    lines = ["digraph tfmagic {",
             f'graph [rankdir={scene.direction}, fontname="Helvetica", fontsize=12, nodesep=0.35, ranksep=0.45, '
             f'bgcolor="#ffffff", labelloc=t, label={quoted(_caption(scene))}{dpi}];',
             'node [fontname="Helvetica", fontsize=11, shape=box, style="filled,rounded", color="#6b7684", '
             'fillcolor="#ffffff", fontcolor="#1f2933"];',
             'edge [fontname="Helvetica", fontsize=9, color="#77828f", fontcolor="#56616e", arrowsize=0.7];']
    fills = {device: _DEVICE_FILLS[i % len(_DEVICE_FILLS)] for i, device in enumerate(scene.devices)}

    def node_line(node: Node) -> str:
        text = "\n".join(line.text for line in shapes.node_lines(node, bool(scene.devices)))
        style = "filled,dashed" if node.boundary or node.unbuilt else "filled"
        if node.role in (model.OPERATION, model.PLACEHOLDER):
            style += ",rounded"
        attributes = {"label": _multiline(text), "tooltip": quoted(node.name),
                      "class": quoted(" ".join(node_classes(node))), "style": f'"{style}"'}
        if node.role in _SHAPES:
            attributes["shape"] = _SHAPES[node.role]
        fill = theme.light(theme.heat(node.heat)) if node.heat else fills.get(node.device) or _FILLS.get(node.role)
        if node.role == model.LOOP_VARIABLE:
            attributes["peripheries"] = "2"
        if fill:
            attributes["fillcolor"] = f'"{fill}"'
        if node.state:
            attributes |= {"color": '"#c62828"', "penwidth": "2"}
        return f"{node.id} [{', '.join(f'{key}={value}' for key, value in attributes.items())}];"

    def box_line(box: Box) -> str:
        return (f"subgraph cluster_{box.id} {{ label={quoted(shapes.box_label(box))}; class={quoted(box.kind)}; "
                'labeljust=l; margin=12; style="rounded,filled"; color="#8f99a6"; fillcolor="#f7f8fa";')

    lines += _nested(scene, node_line, box_line)
    lines += [_edge_line(edge) for edge in scene.edges]
    return "\n".join([*lines, "}"]) + "\n"


def node_classes(node: Node) -> list[str]:
    """The CSS classes of a node."""
    return [node.role, *(["boundary"] if node.boundary else []), *([node.state] if node.state else []),
            *([node.change] if node.change else []),
            *(["unbuilt"] if node.unbuilt else [])]


def _caption(scene: Scene) -> str:
    return " — ".join(filter(None, (scene.title, shapes.notice(scene))))


def _multiline(text: str) -> str:
    return '"' + "\\n".join(quoted(line)[1:-1] for line in text.split("\n")) + '"'


def _edge_line(edge: Edge) -> str:
    attributes = [f"label={quoted(shapes.edge_label(edge))}"] if edge.text else []
    attributes += _EDGE_STYLES.get(edge.kind, ['class="data"'])
    if edge.tensors:
        attributes.append(f"edgetooltip={quoted(', '.join(edge.tensors))}")
    return f"{edge.source} -> {edge.target} [{', '.join(attributes)}];"


def _nested(scene: Scene, node_line: Callable[[Node], str], box_line: Callable[[Box], str]) -> list[str]:
    """Nodes and boxes, each inside its box, without recursion."""
    children: dict[str, list[Node | Box]] = {}
    for node in scene.nodes:
        children.setdefault(node.box, []).append(node)
    for box in scene.boxes:
        children.setdefault(box.parent, []).append(box)
    lines: list[str] = []
    stack: list[Node | Box | None] = list(reversed(children.get("", [])))
    while stack:
        item = stack.pop()
        if item is None:
            lines.append("}")
        elif isinstance(item, Node):
            lines.append(node_line(item))
        else:
            lines.append(box_line(item))
            stack += [None, *reversed(children.get(item.id, []))]
    return lines
