"""Dead code: removes what no result needs.

1. A call without users goes when its effect is "none" or "reads".
2. A constant without users goes.
3. A parameter that nothing reads goes, unless it is a feed of a run.
"""

from __future__ import annotations

from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph


def run(plan: PlanGraph) -> bool:
    """Remove dead nodes; say whether there were any."""
    changed = False
    for node in reversed(list(plan.graph.nodes)):
        if not node.users and _removable(plan, node):
            plan.graph.erase_node(node)
            changed = True
    return changed


def _removable(plan: PlanGraph, node: fx.Node) -> bool:
    if node.op == "output":
        return False
    if node.op == "placeholder":
        return all(node.meta["source"] is not feed for feed in plan.feeds)
    return node.op == "get_attr" or node.meta["effect"] in ("none", "reads")
