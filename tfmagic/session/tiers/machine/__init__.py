"""The machine tier: the Python tier with runs of element-wise calls, and parts on small values, as machine code, and
products and convolutions by the engine that is quickest on this machine.

A plan begins in the Python tier. New code is used after so many calls that what it would have saved is a good part of
what the compiler takes, whose code is kept for other processes; the compiler is asked after half as many. These numbers
follow from the plan alone, so that the same program changes at the same step, and gives the same numbers, whenever it
runs on this machine.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import fx

from tfmagic.base.machine import compiler
from tfmagic.session.passes import work
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.running import current
from tfmagic.session.tiers import engines, python
from tfmagic.session.tiers.engines import Engines
from tfmagic.session.tiers.machine import branches, drawn, finished, layers, parts, runs, settling, windows
from tfmagic.session.tiers.machine.finished import Finished
from tfmagic.session.tiers.machine.parts import Part
from tfmagic.session.tiers.machine.runs import Run
from tfmagic.session.tiers.machine.windows import Windows

Inner = Callable[[PlanGraph], Callable[..., Any]]


def function(plan: PlanGraph, inner: Inner | None = None) -> Callable[..., Any]:
    """A callable of the plan's parameters that gives its triple of outputs; `failures.explained` reads its errors.

    Args:
      plan: the plan.
      inner: what makes the bodies in it callable; by default this function does.
    """
    calls = _calls_before(plan)
    if calls is None:
        return python.function(plan, inner or function)
    changing = _Changing(plan, inner or function, calls)
    wanted = set() if inner is not None else settling.wanted(plan, divided)
    if not wanted:
        return changing.call
    return settling.Settling(plan, wanted, changing.call, changing.call_uncounted, calls, with_machine_code).call


def changed(plan: PlanGraph) -> Callable[..., Any]:
    """The callable that has machine code in the place of runs, made at once."""
    return python.function(with_machine_code(plan), function)


def apart(plan: PlanGraph) -> PlanGraph:
    """The plan with its draws apart, and both sides of conditions where machine code computes and chooses at once."""
    plan = drawn.with_draws_apart(plan)
    conditions = set(branches.found(plan))
    while conditions:
        made, chosen = branches.both_computed(plan, conditions)
        left = {item for item in divided(made) if isinstance(item, fx.Node)}
        lone = {condition for condition, calls in chosen.items() if left.intersection(calls)}
        if not lone:
            return made
        conditions -= lone
    return plan


def divided(plan: PlanGraph) -> Iterator[fx.Node | Run | Part | Windows | Engines]:
    """What a plan computes, in order: windows, products that are finished, parts, runs, engines, other nodes."""
    items = runs.find(plan, parts.find(plan, finished.find(plan, windows.find(plan))))
    return engines.find(items, plan.threads)


def _calls_before(plan: PlanGraph) -> int | None:
    """How many calls save what machine code takes to be made; None: none is made."""
    if not compiler.available():
        return None
    plan = apart(plan)
    found = [item for item in divided(plan) if not isinstance(item, fx.Node)]
    small = layers.found(plan)
    costs = [*(item.cost() for item in found), *map(layers.cost, small)]
    savings = [*(item.saving() for item in found), *map(layers.saving, small)]
    return math.ceil((sum(costs) + engines.compiling(found)) / sum(savings)) if costs else None


class _Changing:
    """A plan's callable that becomes another one after some calls.

    Attributes:
      call: takes the plan's parameters.
    """

    def __init__(self, plan: PlanGraph, inner: Inner, calls: int):
        self._current = python.function(plan, inner)
        self._inner = inner
        self._later = compiler.Later(lambda: with_machine_code(plan), calls)
        self._waits = True

    def call(self, *parameters: Any) -> Any:
        if self._waits and current.deadline is None:  # who has little time is not to wait for compiler and engines
            self._later.count()
            if not self._later.waits:
                self._waits = False
                if self._later.made is not None:  # by this thread: it measures engines where they are to work
                    self._current = python.function(self._later.made, self._inner)
        return self._current(*parameters)

    def call_uncounted(self, *parameters: Any) -> Any:
        """A call that does not bring the other callable nearer."""
        return self._current(*parameters)


class _Direct(PlanCall, shown_under="tfmagic.machine"):
    """A function of torch without the one in Python around it."""

    effect = "none"

    def __init__(self, function: Callable[..., Any]):
        self.__name__ = self.__qualname__ = function.__name__
        self._function = function

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The function."""
        return self._function


_SPLIT = _Direct(torch._VF.split)  # type: ignore[attr-defined]


def with_machine_code(plan: PlanGraph) -> PlanGraph:
    """The plan in which machine code computes runs and parts, and the quickest engines the rest."""
    from tfmagic.session.tiers.machine.finishing import Finishing
    from tfmagic.session.tiers.machine.kernel import ElementWise, WholePart
    from tfmagic.session.tiers.machine.pooling import OverWindows

    plan = layers.turn_by_turn(apart(plan))
    items = list(divided(plan))
    in_plan = {item for item in items if isinstance(item, fx.Node)}
    homes = {node: item for item in items if isinstance(item, Part) for node in item.nodes if node not in in_plan}
    for part in dict.fromkeys(homes.values()):
        part.keep(homes)
    graph = fx.Graph()
    twins: dict[Any, fx.Node] = {}  # of nodes; of parts, the memory of what they keep
    for item in items:
        if isinstance(item, Engines) and not isinstance(item, Finished):
            item.prepare()
            twin = twins[item.node] = graph.node_copy(item.node, twins.__getitem__)
            twin.target = item
            twin.meta["work"] = work.of_all([item.node])
            continue
        if isinstance(item, fx.Node):
            twin = twins[item] = graph.node_copy(item, twins.__getitem__)
            if twin.target is torch.functional.split:
                twin.target = _SPLIT
            continue
        results: list[Any] = item.results()
        given: list[Any] = item.arguments()
        if isinstance(item, Part):
            results += [item] if item.kept else []
            given += item.lenders()
        # The names stay: by them a failure finds the values that explain it.
        names = [node.name if isinstance(node, fx.Node) else None for node in results]
        target = Finishing(item) if isinstance(item, Finished) else ElementWise(item) if isinstance(item, Run) else \
            WholePart(item) if isinstance(item, Part) else OverWindows(item)
        call = graph.create_node("call_function", target, tuple(map(twins.__getitem__, given)), {},
                                 names[0] if len(results) == 1 else None)
        for index, result in enumerate(results):
            twins[result] = call if len(results) == 1 else \
                graph.create_node("call_function", operator.getitem, (call, index), {}, names[index])
        first = next(iter(item.nodes))
        for made in (call, *(twins[result] for result in results)):
            made.meta = {"op": first.meta.get("op"), "effect": "none", "inputs": []}
        call.meta["work"] = work.of_all(item.nodes if isinstance(item, (Part, Finished)) else
                                        (*item.arguments(), *item.results()))
    for node in reversed(list(graph.nodes)):
        if node.op == "get_attr" and not node.users:  # it is in the code
            graph.erase_node(node)
    return PlanGraph(plan.name, graph, plan.constants, plan.written, plan.in_place, feeds=plan.feeds,
                     fetches=plan.fetches, ops=plan.ops, threads=plan.threads)
