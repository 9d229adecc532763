"""Split: a plan that waits and then changes variables as two plans, so that it holds no claim while it waits.

1. A plan is split when a node waits, and new values of variables come from present ones.
2. The first plan is everything up to the last node that waits; `schedule` puts what that needs to the front.
3. The second plan is the rest. What it needs of the first comes as a parameter (`Acquired`).
4. Variables that the second plan reads are read anew when it begins, after its claim.
5. What an operation that changes variables made of present values is made anew by the second plan, though the first
   made it too (for an operation that waits for it): the new value follows from the present one.
6. A loop or branch that changes variables before the plan has waited cannot be made anew: such a plan is not split.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import fx

from tfmagic.graph.operation import Operation
from tfmagic.session.passes import check_plan, dead_code
from tfmagic.session.plan.plan_graph import PlanGraph


@dataclass(frozen=True)
class Acquired:
    """A parameter of the second plan: a result of the first.

    Attributes:
      index: which.
    """

    index: int


def overwrites_only(plan: PlanGraph) -> bool:
    """Whether no new value of a variable comes from a present one."""
    changed = {*plan.written, *plan.in_place}
    return not any(isinstance(source, Operation) and source in changed for source in plan.parameters)


def split(plan: PlanGraph, always: bool = False) -> tuple[PlanGraph, PlanGraph] | None:
    """The two plans, or None where one will do (`always`: where nothing waits)."""
    nodes = list(plan.graph.nodes)
    waits = [index for index, node in enumerate(nodes) if node.meta.get("effect") == "waits"]
    if not waits or overwrites_only(plan) and not always:
        return None
    before = [node for node in nodes[:waits[-1] + 1] if node.op not in ("placeholder", "get_attr")]
    if any(body.written for node in before for body in getattr(node.target, "bodies", ())):
        return None
    after = {node for node in nodes[waits[-1] + 1:] if node.op not in ("placeholder", "get_attr")}
    writers = {update.op for update in plan.updates}
    again = {node for node in before if node.meta.get("op") in writers}
    needed: set[fx.Node] = set()
    for node in reversed(nodes):
        if node in after or (node in again and node in needed):
            needed.update(node.all_input_nodes)
    handed = [node for node in before if node in needed and node not in again]
    first, twins = _part(plan, "acquire", nodes, {}, before)
    first.graph.output((tuple(twins[node] for node in handed), (), ()))
    dead_code.run(first)
    check_plan(first)
    rest = {*again & needed, *after}
    second, _ = _part(plan, "compute", [n for n in nodes if n in needed or n in rest],
                   {node: Acquired(i) for i, node in enumerate(handed)}, rest)
    second.written, second.in_place = plan.written, plan.in_place
    check_plan(second)
    return first, second


def _part(plan: PlanGraph, name: str, nodes: Iterable[fx.Node], handed: dict[fx.Node, Any],
          computed: Iterable[fx.Node]) -> tuple[PlanGraph, dict[fx.Node, fx.Node]]:
    """A plan of some nodes, and which of its nodes stands for which.

    Parameters and constants stay what they are, `handed` nodes become parameters, `computed` ones are computed.
    """
    graph = fx.Graph()
    twins: dict[fx.Node, fx.Node] = {}
    computed = set(computed)
    nodes = list(nodes)
    for node in nodes:
        if node.op == "placeholder" or node in handed:
            twin = twins[node] = graph.placeholder(node.name)
            twin.meta = {**node.meta, "source": handed.get(node, node.meta.get("source"))}
    for node in nodes:
        if node.op == "get_attr" or node in computed:
            twins[node] = graph.node_copy(node, twins.__getitem__)
    return PlanGraph(name, graph, plan.constants, feeds=plan.feeds, threads=plan.threads), twins
