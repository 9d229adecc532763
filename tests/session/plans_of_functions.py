"""Plans of functions of tensors, for tests of what is made of plans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers import machine, python


def plan_of(function: Callable[..., Any], *given: torch.Tensor) -> PlanGraph:
    """The plan of a function of tensors: it gives the function's results."""
    graph = fx.symbolic_trace(function).graph
    values = dict(zip((node for node in graph.nodes if node.op == "placeholder"), given))
    constants: dict[str, Any] = {}
    for node in graph.nodes:
        if node.op == "placeholder":
            node.meta["source"] = object()
        elif node.op in ("call_function", "call_method"):
            args, kwargs = fx.map_arg((node.args, node.kwargs), values.__getitem__)
            values[node] = node.target(*args, **kwargs) if node.op == "call_function" else \
                getattr(args[0], node.target)(*args[1:], **kwargs)
            node.meta["effect"] = "none"
        else:
            results = node.args[0] if isinstance(node.args[0], (tuple, list)) else [node.args[0]]
            node.args = ((tuple(results), (), ()),)
        if node in values:
            node.meta["val"] = fx.node.map_aggregate(
                values[node], lambda value: value.to("meta") if isinstance(value, torch.Tensor) else value)
        if getattr(node.target, "of_number", False):  # as the tracer says it
            node.meta.update(number=True, val=node.target.meta(*node.args))
    return PlanGraph("", graph, constants)


def both(function: Callable[..., Any], *given: torch.Tensor) -> list[list[torch.Tensor]]:
    """What machine code gives for a function, and what torch does."""
    plan = plan_of(function, *given)
    return [list(tier(plan)(*given)[0]) for tier in (machine.changed, python.function)]
