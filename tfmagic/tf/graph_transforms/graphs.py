"""What transforms do with graphs: order, copy, rename, and find and replace patterns of nodes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfmagic.base import errors, messages, tf_logging
from tfmagic.tf.graph_transforms.context import canonical, node_name, parts_of, refuse

Pattern = tuple[Any, ...]  # ("Mul|Add", pattern of the first input, ...); without inputs any fit


def graph_of(nodes: Iterable[Any]) -> Any:
    """A graph of these nodes; functions and versions are not theirs."""
    made = messages.module("graph_pb2").GraphDef()
    made.node.extend(nodes)
    return made


def by_execution(graph: Any) -> Any:
    """A graph whose nodes stand after those that they read.

    Raises:
      InvalidArgumentError: an input is not there, or nodes read each other in a circle.
    """
    place = {node.name: at for at, node in enumerate(graph.node)}
    waiting, readers, ready = [], [[] for _ in graph.node], []  # type: ignore[var-annotated]
    for at, node in enumerate(graph.node):
        controls = sum(text.startswith("^") for text in node.input)
        is_merge = node.op in ("Merge", "RefMerge")  # waits for one of what it may take
        waiting.append(controls + 1 if is_merge else len(node.input))
        if not node.input:
            ready.append(at)
        for text in node.input:
            if node_name(text) not in place:
                refuse(f"Node '{node.name}': Unknown input node '{text}'")
            readers[place[node_name(text)]].append(at)
    ordered = []
    while ready:
        at = ready.pop()
        ordered.append(graph.node[at])
        for reader in readers[at]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    if len(ordered) < len(graph.node):
        refuse(f"{len(graph.node) - len(ordered)} nodes in a cycle")
    return graph_of(ordered)


def renamed_inputs(graph: Any, names: Mapping[str, str], except_for: Iterable[str] = ()) -> Any:
    """A graph whose nodes read others instead of some.

    Args:
      graph: a `GraphDef`.
      names: what is read -> what is read instead; "x:*" stands for all outputs of x.
      except_for: nodes that go on reading what they did.
    """
    by_node: dict[str, list[tuple[str, str]]] = {}
    for old, new in sorted(names.items()):
        by_node.setdefault(node_name(old), []).append((old, new))
    kept, nodes = set(except_for), []
    for node in graph.node:
        new_node = copy.deepcopy(node)
        if node.name not in kept:
            new_node.input[:] = [_renamed(text, by_node, node.name) for text in node.input]
        nodes.append(new_node)
    return graph_of(nodes)


def _renamed(text: str, by_node: Mapping[str, list[tuple[str, str]]], reader: str) -> str:
    seen: set[str] = set()
    while node_name(text) in by_node:
        name = node_name(text)
        if name in seen:
            refuse(f"RenameNodeInputs argument contains a cycle for {text}")
        seen.add(name)
        found = False
        for old, new in by_node[name]:
            prefix, _, suffix = parts_of(text)
            if old.endswith(":*"):
                text, found = prefix + new + suffix, True
            elif canonical(old) == canonical(text):
                text, found = new, True
        if not found:
            break
    return text


@dataclass
class Match:
    """A node that fits a pattern, with those that fit the patterns of its inputs."""

    node: Any
    inputs: list[Match] = field(default_factory=list)

    def nodes(self) -> list[Any]:
        """All nodes of the match, each once: the head, its inputs, theirs."""
        found: dict[str, Any] = {}
        level: list[Match] = [self]
        while level:
            for match in level:
                found.setdefault(match.node.name, match.node)
            level = [match for one in level for match in one.inputs]
        return list(found.values())


def matches(graph: Any, pattern: Pattern) -> Iterator[Match]:
    """The places of a graph that fit a pattern; no node is part of two. What is no graph has none."""
    try:
        ordered = by_execution(graph)
    except errors.InvalidArgumentError:
        return
    nodes = {node.name: node for node in ordered.node}
    taken: set[str] = set()

    def fit(node: Any, wanted: Pattern) -> Match | None:
        kinds, *inputs = wanted
        if node.name in taken or (kinds != "*" and node.op not in kinds.split("|")):
            return None
        match = Match(node)
        if not inputs:
            return match
        read = [text for text in node.input if not text.startswith("^")]
        if len(read) != len(inputs):
            return None
        for text, part in zip(read, inputs):
            found = fit(nodes[node_name(text)], part)
            if found is None:
                return None
            match.inputs.append(found)
        return match

    for node in ordered.node:
        match = fit(node, pattern)
        if match is not None:
            taken.update(one.name for one in match.nodes())
            yield match


def replaced(graph: Any, pattern: Pattern, make: Callable[[Match, set[str]], list[Any]],
             may_lose: bool = False) -> Any:
    """A graph with other nodes where a pattern fits.

    Args:
      graph: a `GraphDef`.
      pattern: what is looked for.
      make: takes a match and the names of those of its nodes that others read; gives the nodes in its place.
      may_lose: whether nodes that others read may be missing from what `make` gives.
    """
    found = list(matches(graph, pattern))
    heads = {match.node.name: match for match in found}
    inside = {node.name for match in found for node in match.nodes()}
    readers: dict[str, set[str]] = {}
    for node in graph.node:
        for text in node.input:
            readers.setdefault(node_name(text), set()).add(node.name)
    nodes = []
    for node in graph.node:
        if node.name in heads:
            match = heads[node.name]
            own = {one.name for one in match.nodes()}
            needed = {name for name in own if readers.get(name, set()) - own}
            new = make(match, needed)
            if not may_lose and not needed <= {one.name for one in new}:
                tf_logging.warning("Generator function didn't preserve needed nodes, copying old replacements back in "
                                   "instead.")
                new = match.nodes()
            nodes += new
        elif node.name not in inside:
            nodes.append(node)
    return graph_of(nodes)
