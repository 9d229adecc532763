"""Threads for the calls that are worth them: a plan with a few large calls does the rest on one.

Threads that are woken for a small call are waited for, and beside other busy processes they take thousands of times
as long to come as the call takes. Some engines even turn round and round meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from tfmagic.session.passes import work
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers.engines import Engines


class _OnAll(PlanCall, shown_under="tfmagic.threads"):
    """A call, or a method's (`target` is its name), on so many threads."""

    effect = "none"

    def __init__(self, target: Any, count: int):
        self.__name__ = self.__qualname__ = target if isinstance(target, str) else target.__name__
        self._target, self._count = target, count

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The function that a plan calls."""
        target, count, change = self._target, self._count, torch.set_num_threads
        if isinstance(target, PlanCall):
            target = target.bind()
        elif isinstance(target, str):
            name = target

            def target(value: Any, *args: Any, **kwargs: Any) -> Any:
                return getattr(value, name)(*args, **kwargs)

        def call(*args: Any, **kwargs: Any) -> Any:
            change(count)
            try:
                return target(*args, **kwargs)
            finally:
                change(1)

        return call


def divided(plan: PlanGraph) -> PlanGraph:
    """The plan with its large calls on `plan.threads` threads, for code that runs on one."""
    graph = fx.Graph()
    twins: dict[fx.Node, fx.Node] = {}
    for node in plan.graph.nodes:
        twin = twins[node] = graph.node_copy(node, twins.__getitem__)
        several = node.target.threads > 1 if isinstance(node.target, Engines) else work.is_worth_threads(node)
        if node.op in ("call_function", "call_method") and not getattr(node.target, "bodies", ()) and several:
            twin.op, twin.target = "call_function", _OnAll(node.target, plan.threads)
    return PlanGraph(plan.name, graph, plan.constants, plan.written, plan.in_place, feeds=plan.feeds,
                     fetches=plan.fetches, ops=plan.ops)


def give(plan: PlanGraph, count: int) -> None:
    """Let the large calls of a plan, and of the bodies in it, have so many threads."""
    plan.threads = count
    for node in plan.graph.nodes:
        for body in getattr(node.target, "bodies", ()):
            give(body, count)
