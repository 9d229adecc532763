"""Where everything stands: the engine's answer as plain numbers, y downwards, in pixels."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import Any

from tfmagic.view.paint import shapes
from tfmagic.view.paint.dot import labels_fit, layout_dot
from tfmagic.view.paint.engine import run_engine
from tfmagic.view.scene import model
from tfmagic.view.scene.model import Scene

Point = tuple[int, int]


@dataclass
class Route:
    """An edge's way: Bézier control points, the arrow's tip, and the middle of its label (None: none is shown)."""

    points: list[Point]
    tip: Point
    label: Point | None = None


@dataclass
class Layout:
    """Positions: rectangles are (x, y, width, height) from their top left corner; routes follow the scene's edges.

    Whole pixels: they keep outputs small, and the same on every machine.
    """

    width: int
    height: int
    nodes: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    boxes: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)


def lay_out(scene: Scene) -> Layout:
    """Place a scene.

    Raises:
      EngineError: there is no layout engine, or it failed.
    """
    if not scene.nodes:
        return Layout(0, 0)
    found = _run(layout_dot(scene))
    _, _, width, height = (float(n) for n in found["bb"].split(","))
    layout = Layout(round(width), round(height))
    show_device = bool(scene.devices)
    sizes = {node.id: shapes.node_size(node, show_device) for node in scene.nodes}
    ids: dict[int, str] = {}
    for item in found.get("objects", ()):
        name = item["name"]
        if name.startswith("cluster_"):
            left, low, right, high = (float(n) for n in item["bb"].split(","))
            x, y = round(left), round(height - high)
            layout.boxes[name.removeprefix("cluster_")] = (x, y, round(right) - x, round(height - low) - y)
        else:
            x, y = _point(item["pos"], height)
            w, h = sizes[name]
            ids[item["_gvid"]] = name
            layout.nodes[name] = (round(x - w / 2), round(y - h / 2), w, h)
    routes: dict[tuple[str, str, str], Route] = {}
    for item in found.get("edges", ()):
        tail, head = ids[item["tail"]], ids[item["head"]]
        backwards = item.get("id") == "u"
        ends = (head, tail, model.UPDATES) if backwards else (tail, head, "")
        routes[ends] = _route(item, height)
    labelled = labels_fit(scene)
    for edge in scene.edges:
        route = routes[edge.source, edge.target, model.UPDATES if edge.kind == model.UPDATES else ""]
        if not (labelled and edge.text):
            route.label = None
        layout.routes.append(route)
    return layout


def _route(item: dict[str, Any], height: float) -> Route:
    points: list[Point] = []
    tip: Point | None = None
    for word in item["pos"].split(";")[0].split(" "):
        if word.startswith(("e,", "s,")):
            tip = _point(word[2:], height)
        else:
            points.append(_point(word, height))
    if item.get("id") == "u":  # laid out against its direction
        points.reverse()
    label = _point(item["lp"], height) if item.get("lp") else None
    return Route(points, tip or points[-1], label)


def _point(text: str, height: float) -> Point:
    x, y = text.split(",")
    return round(float(x)), round(height - float(y))


@functools.lru_cache(maxsize=64)
def _run(dot: str) -> Any:
    """The engine's answer; a scene shown in several formats is laid out once."""
    return json.loads(run_engine(dot, "json0"))
