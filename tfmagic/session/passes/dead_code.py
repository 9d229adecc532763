"""Dead code: removes what no result needs.

1. A call without users goes when its effect is "none" or "reads".
2. A constant without users goes.
3. A parameter stays while it is a feed; a variable's goes when nothing reads it.
"""

from __future__ import annotations

from typing import Any

from torch import fx


def run(plan: Any) -> bool:
    """Remove dead nodes; say whether there were any."""
    changed = False
    for node in reversed(list(plan.graph.nodes)):
        if not node.users and _removable(node):
            plan.graph.erase_node(node)
            changed = True
    return changed


def _removable(node: fx.Node) -> bool:
    if node.op == "output":
        return False
    if node.op == "placeholder":
        return "variable" in node.meta
    return node.op == "get_attr" or node.meta["effect"] in ("none", "reads")
