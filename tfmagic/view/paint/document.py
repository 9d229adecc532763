"""Scene and layout -> the JSON document that the interactive renderer takes (`labextension/src/graph/document.ts`).

It holds what the drawing shows at first, and more: the faces of open scopes, the insides of folded ones as far as they
were loaded, and the flows between all of these, so that scopes fold and open without a kernel. Sizes and lines of text
are those of the static drawing; the renderer only paints them. The same scene gives the same document.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container
from typing import Any

from tfmagic.view import phrases
from tfmagic.view.paint import shapes
from tfmagic.view.paint.dot import node_classes
from tfmagic.view.paint.layout import Layout
from tfmagic.view.paint.svg import path_data
from tfmagic.view.scene.model import CONTROL, UPDATES, Box, Edge, Node, Scene, Step

GRAPH_MIME = "application/vnd.tfmagic.graph+json"
VERSION = 2


def document(scene: Scene, layout: Layout | None, known: Container[str] | None = None) -> dict[str, Any]:
    """The document of a scene; what has its default value is left out.

    Args:
      scene: what is drawn.
      layout: where it stands, or None: the renderer lays it out itself.
      known: ids of the scopes whose insides the reader has: of nodes and edges only what is inside others is told, with
        the scopes that it is in, whose own edges are no more. None: all is told.
    """
    show_device = bool(scene.devices)
    nodes, edges = [*scene.faces, *scene.nodes, *scene.inner], scene.flows
    if known is not None:
        fresh = {node.id: node.box for node in nodes if node.box and node.box not in known}
        homes = set(fresh.values())
        nodes = [node for node in nodes if node.id in fresh or node.id in homes]
        edges = [edge for edge in edges if edge.source in fresh or edge.target in fresh]
    data: dict[str, Any] = {"version": VERSION, "title": scene.title, "direction": scene.direction,
                            "description": scene.description(), "operations": scene.operations,
                            "nodes": [_node(node, scene, show_device) for node in nodes],
                            "open": [_box(box) for box in scene.boxes], "edges": [_edge(edge) for edge in edges]}
    if scene.devices:
        data["devices"] = list(scene.devices)
    if scene.folded:
        data["folded"] = [[folded.kind, folded.count] for folded in scene.folded]
    if scene.plan:
        data["plan"] = {"lines": [[line, node] if node else [line] for line, node in scene.plan],
                        "missing": scene.not_in_plan}
    if scene.steps:
        data["steps"] = [_step(step) for step in scene.steps]
        if scene.left_out[1]:
            data["leftOut"] = list(scene.left_out)
    if scene.quiz is not None:
        data["quiz"] = [[question.tensor, question.node, question.shape, question.dtype] for question in scene.quiz]
    if layout is not None:
        data["layout"] = {
            "size": [layout.width, layout.height],
            "nodes": {name: [x, y] for name, (x, y, _, _) in layout.nodes.items()},
            "boxes": {name: list(place) for name, place in layout.boxes.items()},
            "edges": [[edge.source, edge.target, path_data(route), *route.tip, *(route.label or ())]
                      for edge, route in zip(scene.edges, layout.routes, strict=True)]}
    if phrases.language() != "en":
        data["lang"] = phrases.language()
    return data


def keyed(data: dict[str, Any]) -> dict[str, Any]:
    """A document with the key under which the kernel knows it: the same for the same drawing."""
    return {**data, "key": hashlib.sha256(json.dumps(data).encode()).hexdigest()[:12]}


def _node(node: Node, scene: Scene, show_device: bool) -> dict[str, Any]:
    record: dict[str, Any] = {"id": node.id, "name": node.name, "role": node.role,
                              "size": list(shapes.node_size(node, show_device)),
                              "lines": [[line.style, line.text, *(end for mark in line.marks for end in mark)]
                                        for line in shapes.node_lines(node, show_device)]}
    classes = [name for name in node_classes(node) if name != node.role]
    if node.device in scene.devices:
        record["device"] = scene.devices.index(node.device)
    optional = {"in": node.box, "holds": node.holds, "cell": node.cell, "classes": classes, "message": node.message,
                "made": [number for place in node.places for number in place],
                "details": [list(detail) for detail in node.details], "gives": list(node.gives)}
    return record | {key: value for key, value in optional.items() if value}


def _box(box: Box) -> list[str]:
    return [box.id, box.kind, shapes.box_label(box)]


def _edge(edge: Edge) -> list[Any]:
    """Source, target, text, tensors; one that carries none has for its text what it does: null orders, 1 changes."""
    return [edge.source, edge.target, {CONTROL: None, UPDATES: 1}.get(edge.kind, edge.text), *edge.tensors]


def _step(step: Step) -> list[Any]:
    """Node, name, value, shape, statistics, [scope, turn or way] …, microseconds; what is empty at the end is left
    out."""
    record = [step.node, step.name, step.value, step.shape, step.statistics, [list(mark) for mark in step.inside],
              round(step.seconds * 1e6, 1)]
    while not record[-1]:
        record.pop()
    return record
