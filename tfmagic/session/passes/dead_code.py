"""Dead code: removes what no result needs.

1. A node without users goes when calling it has no effect: a call of a torch function or method, a constant.
2. A kernel called at run time goes only when its op is stateless.
3. A parameter that nothing reads goes, unless it is a feed of a run.
"""

from __future__ import annotations

from typing import Any

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
    if node.op == "call_function":
        target: Any = node.target
        module = getattr(target, "__module__", "") or ""
        if module == "tfmagic.ops":
            return not target.op._op_def.is_stateful and not node.meta.get("effect")
        return not module.startswith("tfmagic")
    return True
