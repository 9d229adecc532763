"""Regions: calls of a plan that become one call, of what a compiler or a CUDA graph makes of them.

1. Chosen calls between which no other call stands are one region: call and region alike come after what they need, and
   what a region does not need to wait for comes before it.
2. Calls that have an effect keep their order.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph


@dataclass
class Region:
    """Calls that become one.

    Attributes:
      nodes: them, in their order.
      inputs: the nodes around them whose values they take, scalar constants left out.
      scalars: the constants of rank 0 that they take.
      outputs: those of them whose values others take.
    """

    nodes: list[fx.Node]
    inputs: list[fx.Node] = field(default_factory=list)
    scalars: list[fx.Node] = field(default_factory=list)
    outputs: list[fx.Node] = field(default_factory=list)

    def alone(self, constants: dict[str, Any], name: str) -> PlanGraph:
        """The region as a plan: its parameters are the inputs, its results the outputs.

        Args:
          constants: those of the plan that it is in.
          name: the title of its code.
        """
        graph = fx.Graph()
        copies: dict[fx.Node, fx.Node] = {}
        for node in self.inputs:
            copies[node] = graph.create_node("placeholder", node.name, (), {}, node.name)
            copies[node].meta.update(node.meta, source=node)
        for node in (*self.scalars, *self.nodes):
            copies[node] = graph.node_copy(node, copies.__getitem__)
        graph.output((tuple(copies[node] for node in self.outputs), (), ()))
        return PlanGraph(name, graph, {str(node.target): constants[str(node.target)] for node in self.scalars})


def divided(plan: PlanGraph, inside: set[fx.Node],
            is_worth: Callable[[Region], bool]) -> list[Region | fx.Node] | None:
    """The calls of a plan in an order in which each region is in one place; None: no region is worth it.

    Args:
      plan: the plan.
      inside: the calls that regions may hold.
      is_worth: whether a region is better than its calls.
    """
    nodes = [node for node in plan.graph.nodes if node.op.startswith("call")]
    stages = _stages(nodes, inside)
    groups: list[tuple[list[fx.Node], list[fx.Node]]] = [([], []) for _ in range(max(stages.values(), default=-1) + 1)]
    for node in nodes:
        groups[stages[node]][0 if node in inside else 1].append(node)
    order: list[Region | fx.Node] = []
    for chosen, called in groups:
        order += called
        region = _region(plan, chosen)
        order += [region] if chosen and is_worth(region) else chosen
    return order if any(isinstance(item, Region) for item in order) else None


def without_parted(nodes: list[fx.Node], found: set[fx.Node]) -> set[fx.Node]:
    """Of `found` what may be in regions where memory that changes is in none, and tuples of tensors stay whole.

    Args:
      nodes: all calls of the plan.
      found: those that may be in regions by themselves.
    """
    for node in nodes:
        if isinstance(node.target, str) and node.target.endswith("_"):  # it changes the memory of its object
            changed = node.args[0]
            found = found - {changed, *changed.users}  # type: ignore[union-attr]  # a method's object is a node
    for node in nodes:  # a tuple of tensors and what takes it apart stay together
        parts = [node, *node.users] if isinstance(node.meta.get("val"), (tuple, list)) else []
        if not all(part in found for part in parts) or \
                any(part.target is not operator.getitem for part in parts[1:]):
            found = found.difference(parts)
    return found


def with_calls(plan: PlanGraph, order: list[Region | fx.Node], call_of: Callable[[Region], Any]) -> PlanGraph:
    """The plan with one call for each region.

    Args:
      plan: the plan, which stays as it is.
      order: its calls, as `divided` gives them.
      call_of: makes what is called; it takes the values of the region's inputs and gives those of its outputs.
    """
    graph = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}

    def copied(node: fx.Node) -> fx.Node:
        copies[node] = graph.node_copy(node, copies.__getitem__)
        return copies[node]

    for node in plan.graph.nodes:
        if node.op in ("placeholder", "get_attr"):
            copied(node)
    for item in order:
        if isinstance(item, fx.Node):
            copied(item)
            continue
        call = graph.create_node("call_function", call_of(item), tuple(copies[given] for given in item.inputs))
        call.meta.update(op=None, effect="none", inputs=[])
        for index, node in enumerate(item.outputs):
            part = graph.create_node("call_function", operator.getitem, (call, index), {}, node.name)
            part.meta.update(node.meta)
            copies[node] = part
    copied(plan.output_node)
    for node in reversed(list(graph.nodes)):
        if node.op == "get_attr" and not node.users:
            graph.erase_node(node)
    return dataclasses.replace(plan, graph=graph)


def _stages(nodes: list[fx.Node], inside: set[fx.Node]) -> dict[fx.Node, int]:
    """For each call when it is due: what is called of a stage comes before the stage's region (rules 1 and 2)."""
    stages: dict[fx.Node, int] = {}
    settled = 0  # what has an effect is not due before this
    for node in nodes:
        own = node in inside
        due = 0
        for given in node.all_input_nodes:
            at = stages.get(given)
            if at is not None:
                due = max(due, at + 1 if not own and given in inside else at)
        if not own and node.meta.get("effect") != "none":
            due = settled = max(due, settled)
        stages[node] = due
    return stages


def _region(plan: PlanGraph, nodes: list[fx.Node]) -> Region:
    region, members, seen = Region(nodes), set(nodes), set()
    for node in nodes:
        for given in node.all_input_nodes:
            if given not in members and given not in seen:
                seen.add(given)
                (region.scalars if _is_scalar(plan, given) else region.inputs).append(given)
        if any(user not in members for user in node.users):
            region.outputs.append(node)
    return region


def _is_scalar(plan: PlanGraph, node: fx.Node) -> bool:
    value = plan.constants.get(str(node.target)) if node.op == "get_attr" else None
    return isinstance(value, torch.Tensor) and value.ndim == 0
