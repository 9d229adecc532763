"""Layers: recurrent layers of few numbers turn by turn, so that parts of machine code take them in, products included.

torch's fused kernel is one call, but for small layers it does more besides than it computes.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.base.machine import compiler
from tfmagic.session.lower.tracer import PlanTracer
from tfmagic.session.passes.recurrent.calls import Layers, LayersBack
from tfmagic.session.plan.plan_graph import PlanGraph

# Turns of a sequence; and about how many calls one is, forward and backward, and how many microseconds it saves.
_LONGEST, _CALLS, _SAVED = 128, 40, 20


def found(plan: PlanGraph) -> list[fx.Node]:
    """The calls of layers, and of their gradients, that machine code does better."""
    if plan.threads > 1 or not compiler.available():
        return []
    return [node for node in plan.graph.nodes
            if isinstance(node.target, (Layers, LayersBack)) and _fits(_layers_of(node))]


def turns(node: fx.Node) -> int:
    """How many turns the layers of a call have."""
    inputs: Any = _layers_of(node).args[0]
    return inputs.meta["val"].shape[0]


def cost(node: fx.Node) -> float:
    """About how many microseconds it takes to compile a call turn by turn."""
    return 20_000 + 500 * _CALLS * turns(node) / 2


def saving(node: fx.Node) -> float:
    """About how many microseconds that saves."""
    return _SAVED * turns(node)


def _layers_of(node: fx.Node) -> fx.Node:
    """The call of layers that a call is, or whose gradients it computes."""
    kept: Any = node.args[0]
    return kept.args[0] if isinstance(node.target, LayersBack) else node


def _fits(node: fx.Node) -> bool:
    """Whether all rows go through all turns, and these are few."""
    inputs, limit, lengths, *given = node.args
    metas: list[Any] = [item.meta.get("val") for item in (inputs, *given) if isinstance(item, fx.Node)]
    return limit is None and lengths is None and node.meta.get("device", "cpu") == "cpu" and \
        all(isinstance(meta, torch.Tensor) for meta in metas) and 0 < metas[0].shape[0] <= _LONGEST and \
        metas[0].numel() > 0


def turn_by_turn(plan: PlanGraph) -> PlanGraph:
    """The plan with these calls written out."""
    written_out = set(found(plan))
    if not written_out:
        return plan
    tracer = PlanTracer()
    graph = tracer.graph
    twins: dict[fx.Node, Any] = {}  # nodes, or what layers gave: proxies, and what they keep
    for node in plan.graph.nodes:
        if node.op == "call_function" and node.target is operator.getitem and node.args[0] in written_out:
            given = twins[node.args[0]][node.args[1]]
            twins[node] = given.node if isinstance(given, Proxy) else given
        elif node not in written_out:
            twins[node] = graph.node_copy(node, twins.__getitem__)
        else:
            tracer.op, tracer.path = node.meta.get("op"), node.meta.get("path")
            values = [twins[item] if isinstance(item, fx.Node) else item for item in node.args]
            values = [tracer.proxy(value) if isinstance(value, fx.Node) else value for value in values]
            twins[node] = node.target.by_turns(*values)
    constants = {**plan.constants, **tracer.taken_constants()}
    return PlanGraph(plan.name, graph, constants, plan.written, plan.in_place, feeds=plan.feeds, fetches=plan.fetches,
                     ops=plan.ops, threads=plan.threads)
