"""A plan for GPUs, which work beside the host: it gives them all the work that it can before it waits for one.

1. A copy to a GPU is one for which nobody waits (`devices.transfers`).
2. What is brought to the host, and what the host makes of it, comes after all that needs nothing of it: so two GPUs
   work at the same time, and the host waits for both at once.
3. Calls that have an effect keep their order. Where a call changes memory in place all calls do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from torch import fx

from tfmagic.session.devices.transfers import is_download, is_upload, uploaded
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall


def asynchronous(plan: PlanGraph) -> PlanGraph:
    """The plan so changed; itself where there is nothing to change."""
    nodes = list(plan.graph.nodes)
    if not any(is_upload(node) or is_download(node) for node in nodes):
        return plan
    in_place = any(node.op == "call_method" and str(node.target).endswith("_") for node in nodes)
    if not in_place:
        nodes = _in_order(nodes)
    graph = fx.Graph()
    twins: dict[fx.Node, fx.Node] = {}
    for node in nodes:
        twin = twins[node] = graph.node_copy(node, twins.__getitem__)
        if is_upload(node):
            twin.op, twin.target = "call_function", _UPLOAD
    return dataclasses.replace(plan, graph=graph)


def _in_order(nodes: list[fx.Node]) -> list[fx.Node]:
    """Nodes by how often the host has waited before them."""
    waits: dict[fx.Node, int] = {}
    settled = 0
    for node in nodes[:-1]:
        due = max((waits[given] + (waits[given] % 2) for given in node.all_input_nodes), default=0)
        if is_download(node):  # an odd number: after all that has waited as often
            due += 1
        if node.meta.get("effect", "none") != "none":
            due = settled = max(due, settled)
        waits[node] = due
    return [*sorted(nodes[:-1], key=waits.__getitem__), nodes[-1]]


class _Upload(PlanCall, shown_under="tfmagic.gpus"):
    """Brings a tensor to a GPU."""

    __name__ = __qualname__ = "uploaded"
    effect = "none"

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        return uploaded


_UPLOAD = _Upload()
