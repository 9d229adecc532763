"""Branches: both sides of a condition are computed, and one taken, where machine code does so within one call.

1. The sides are few calls on few numbers, element-wise or views: what has an effect, or can fail, is none of these.
2. Both give values of the same shapes and types.
3. What the sides take is there whichever is chosen: it comes from no other condition that gives it on one side alone.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Container
from typing import Any

import torch
from torch import fx

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session.lower.branches import Conditional
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers.machine import parts

_KINDS = frozenset({"element", "view", "cut"})
# Calls of both sides, and numbers that they make.
_CALLS, _NUMBERS = 12, 1 << 15


def found(plan: PlanGraph) -> list[fx.Node]:
    """The conditions of a plan whose sides may both be computed."""
    return [node for node in plan.graph.nodes if isinstance(node.target, Conditional) and _is_cheap(node)]


def _is_cheap(node: fx.Node) -> bool:
    choice: Any = node.args[0].meta.get("val") if isinstance(node.args[0], fx.Node) else None
    sides = node.target.bodies  # type: ignore[union-attr]
    if len(sides) != 2 or not isinstance(choice, torch.Tensor) or choice.dtype != torch.bool or choice.dim():
        return False
    if not all(user.target is operator.getitem and type(user.args[1]) is int for user in node.users):
        return False
    if any(side.written or side.results[2] for side in sides):
        return False
    if not all(map(_is_alike, *(side.results[0] for side in sides))) or not all(map(_is_there, node.args[1:])):
        return False
    calls = [(call, side) for side in sides for call in side.graph.nodes if call.op.startswith("call")]
    return len(calls) <= _CALLS and all((parts.kind_in(call, side) or "?")[0] in _KINDS for call, side in calls) \
        and sum(call.meta["val"].numel() for call, _ in calls) <= _NUMBERS


def _is_alike(first: fx.Node, second: fx.Node) -> bool:
    """Whether two results are both there, and of one shape and type."""
    a, b = (result.meta.get("val") for result in (first, second))
    return isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and a.shape == b.shape and a.dtype == b.dtype \
        and a.numel() > 0


def _is_there(value: Any) -> bool:
    """Whether a value is sure to be a tensor."""
    if value.op == "placeholder":
        return isinstance(value.meta.get("source"), (Tensor, Operation))
    if value.target is not operator.getitem or not isinstance(value.args[0].target, Conditional):
        return True
    results = [side.results[0] for side in value.args[0].target.bodies]
    return all(value.args[1] < len(row) and isinstance(row[value.args[1]].meta.get("val"), torch.Tensor)
               for row in results)


def both_computed(plan: PlanGraph, conditions: Container[fx.Node]) -> tuple[PlanGraph, dict[fx.Node, list[fx.Node]]]:
    """The plan in which both sides of some conditions are computed.

    Returns:
      It; and for each of these conditions the calls that choose.
    """
    graph, constants = fx.Graph(), dict(plan.constants)
    twins: dict[fx.Node, fx.Node] = {}
    chosen: dict[fx.Node, list[fx.Node]] = {}
    sides: dict[fx.Node, list[list[fx.Node]]] = {}
    for node in plan.graph.nodes:
        if node in conditions:
            conditional: Any = node.target
            sides[node] = [_inlined(body, [twins[node.args[1 + place]] for place in places], graph, constants)
                           for body, places in zip(conditional.bodies, conditional.places)]
            chosen[node] = []
        elif node.target is operator.getitem and node.args[0] in sides:
            condition: Any = node.args[0]
            false, true = (side[node.args[1]] for side in sides[condition])
            twins[node] = twin = graph.create_node("call_function", torch.where,
                                                   (twins[condition.args[0]], true, false), {}, node.name)
            twin.meta = {**node.meta, "effect": "none", "inputs": []}
            chosen[condition].append(twin)
        else:
            twins[node] = graph.node_copy(node, twins.__getitem__)
    return dataclasses.replace(plan, graph=graph, constants=constants), chosen


def _inlined(body: PlanGraph, given: list[fx.Node], graph: fx.Graph, constants: dict[str, Any]) -> list[fx.Node]:
    """The calls of a body as calls of a graph; what stands for its results."""
    twins: dict[fx.Node, fx.Node] = {}
    arguments = iter(given)
    for node in body.graph.nodes:
        if node.op == "placeholder":
            twins[node] = next(arguments)
        elif node.op == "get_attr":
            name = f"c_side_{len(constants)}"
            constants[name] = body.constants[str(node.target)]
            twins[node] = twin = graph.create_node("get_attr", name, (), {})
            twin.meta = dict(node.meta)
        elif node.op != "output":
            twins[node] = graph.node_copy(node, twins.__getitem__)
    return [twins[result] for result in body.results[0]]
