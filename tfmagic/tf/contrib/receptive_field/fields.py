"""Receptive fields of nodes, and the order in which nodes are computed."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.graph import Graph
from tfmagic.tf.contrib.receptive_field.windows import Window, is_known, window

NodeInfo = collections.namedtuple("NodeInfo", ["order", "node", "input_size", "output_size"])


def _inputs(node: Any) -> list[str]:
    """The names of the nodes that a node takes values from."""
    return [name.partition(":")[0] for name in node.input if not name.startswith("^")]


@export("contrib.receptive_field.get_compute_order")
def get_compute_order(graph_def: Any, input_node_name: str = "", input_node_size: Any = None) -> Any:
    """In which order nodes are computed: after their inputs.

    Args:
      graph_def: a GraphDef without loops.
      input_node_name: the node where the picture comes in.
      input_node_size: its (height, width), which then tells those of the nodes behind it; or None.

    Returns:
      Two dictionaries by names of nodes: of named tuples `(order, node, input_size, output_size)`, and of nodes.

    Raises:
      ValueError: sizes are wanted, and the weights or paddings of a layer do not stand in the graph.
    """
    nodes = {node.name: node for node in graph_def.node}
    found: Any = collections.defaultdict(lambda: NodeInfo(order=0, node=None, input_size=None, output_size=None))
    users: dict[str, list[str]] = collections.defaultdict(list)
    missing = {}
    for node in graph_def.node:
        needed = dict.fromkeys(_inputs(node))
        missing[node.name] = len(needed)
        for name in needed:
            users[name].append(node.name)
    ready = collections.deque(name for name, count in missing.items() if not count)
    while ready:
        name = ready.popleft()
        node, inputs = nodes[name], _inputs(nodes[name])
        order = 1 + max((found[before].order for before in inputs), default=-1)
        size = found[inputs[0]].output_size if inputs else None
        behind: Any = None
        if input_node_name and input_node_size is not None and name == input_node_name:
            behind = input_node_size
        elif size is not None:
            behind = _size_behind(window(node, nodes, size), size) if is_known(node.op) else [None, None]
        found[name] = NodeInfo(order, node, size, behind)
        for user in users[name]:
            missing[user] -= 1
            if not missing[user]:
                ready.append(user)
    return found, nodes


def _size_behind(layer: Window, size: Any) -> list[Any]:
    """(height, width) behind a layer, as TensorFlow has it: it takes the directions of the layer crosswise."""
    result: list[Any] = []
    for given, beside, wide, stride in zip(size, layer.beside[::-1], layer.size[::-1], layer.stride[::-1]):
        if given is None:
            result.append(None)
        else:
            result.append(given // stride if layer.keeps_size else (given + beside - wide) // stride + 1)
    return result


class ReceptiveField:
    """What part of a picture an element sees; its items are size, stride and padding, each x first.

    Attributes:
      size: how wide it is, x first.
      stride: how far those of neighbours lie apart.
      padding: how far the first begins before the picture.
    """

    def __init__(self, size: Any, stride: Any, padding: Any):
        self.size, self.stride, self.padding = np.asarray(size), np.asarray(stride), np.asarray(padding)

    def compute_input_center_coordinates(self, y: Any, axis: Any = None) -> Any:
        """Where in the picture the middles of what elements see are.

        Args:
          y: places of elements, [n, directions].
          axis: which directions they have; None for all.

        Raises:
          ValueError: the numbers of directions differ.
        """
        places, size, stride, padding = self._chosen(y, axis, "feature coordinates `y`")
        return -padding + places * stride + (size - 1) / 2

    def compute_feature_coordinates(self, x: Any, axis: Any = None) -> Any:
        """At which elements the middle of what they see is a place of the picture.

        Args:
          x: places in the picture, [n, directions].
          axis: which directions they have; None for all.

        Raises:
          ValueError: the numbers of directions differ.
        """
        places, size, stride, padding = self._chosen(x, axis, "input center coordinates `x`")
        return (places + padding + (1 - size) / 2) / stride

    def _chosen(self, places: Any, axis: Any, what: str) -> tuple[Any, ...]:
        chosen = range(self.size.size) if axis is None else axis
        given = np.asarray(places)
        if given.shape[-1] != len(chosen):
            raise ValueError(f"Dimensionality of the {what} ({given.shape[-1]}) does not match dimensionality of "
                             f"`axis` ({len(chosen)})")
        return given, *(of[list(chosen)] for of in (self.size, self.stride, self.padding))

    def __iter__(self) -> Any:
        return iter([*self.size.tolist(), *self.stride.tolist(), *self.padding.tolist()])


@export("contrib.receptive_field.compute_receptive_field_from_graph_def")
def compute_receptive_field_from_graph_def(graph_def: Any, input_node: str, output_node: str,
                                           stop_propagation: Any = None,
                                           input_resolution: Any = None) -> ReceptiveField:
    """How much of a picture an element of a network sees.

    Args:
      graph_def: a GraphDef or a graph.
      input_node: the node where the picture comes in.
      output_node: the node whose elements look.
      stop_propagation: names of nodes before which nobody looks.
      input_resolution: (height, width) of the picture, where the paddings depend on it; or None.

    Returns:
      Size, stride and padding; the padding is None where it depends on the size of the picture.

    Raises:
      ValueError: a node is not there, a layer is unknown, or several ways through the graph do not fit together.
    """
    if isinstance(graph_def, Graph):
        graph_def = graph_def.as_graph_def()
    infos, nodes = get_compute_order(graph_def, input_node, input_resolution)
    ordered = sorted((info for info in infos.values() if info.node is not None), key=lambda info: info.order)
    if output_node not in nodes:
        raise ValueError("Output node was not found")
    stops = frozenset(stop_propagation or ())
    seen: dict[str, Window] = {output_node: Window()}
    for info in reversed(ordered):
        node = info.node
        if node.name not in seen or node.name == input_node or node.name in stops:
            continue
        _pass_on(seen, seen[node.name], window(node, nodes, info.input_size), _inputs(node))
    if input_node not in seen:
        raise ValueError("Input node was not found")
    found = seen[input_node]
    return ReceptiveField(*(of[::-1] for of in (found.size, found.stride, found.before)))


def _pass_on(seen: dict[str, Window], own: Window, layer: Window, inputs: Iterable[str]) -> None:
    """Say of a node's inputs what the output sees of them."""
    known = None not in (*own.before, *layer.before)
    behind = Window(tuple(s * size + k - s for s, size, k in zip(layer.stride, own.size, layer.size)),
                    tuple(s * stride for s, stride in zip(layer.stride, own.stride)),
                    tuple(s * before + p for s, before, p in zip(layer.stride, own.before, layer.before))
                    if known else (None, None))
    for name in inputs:
        seen[name] = _merged(seen[name], behind) if name in seen else behind


def _merged(one: Window, other: Window) -> Window:
    """What is seen by two ways.

    Raises:
      ValueError: they do not fit together.
    """
    for place, direction in ((1, "horizontal"), (0, "vertical")):
        if one.stride[place] != other.stride[place]:
            raise ValueError("Graph is not aligned since effective stride from different paths is different in "
                             f"{direction} direction")
    known = None not in (*one.before, *other.before)
    for place, direction in ((1, "horizontal"), (0, "vertical")):
        if known and 2 * one.before[place] - one.size[place] != 2 * other.before[place] - other.size[place]:
            raise ValueError("Graph is not aligned since center shift from different paths is different in "
                             f"{direction} direction")
    larger = [one if one.size[place] >= other.size[place] else other for place in (0, 1)]
    return Window(tuple(larger[place].size[place] for place in (0, 1)), one.stride,
                  tuple(larger[place].before[place] for place in (0, 1)) if known else (None, None))
