"""Known values: what follows from constants alone is computed when the plan is made.

1. A call of torch without an effect, all of whose values are known, has a known value.
2. Known values that others ask for are kept in the plan where they are small. What only leads to them may be larger:
   it is gone when they are there.

Lowering folds what is small from the start; here is what was recorded because it is not.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph, replace
from tfmagic.session.plan.run_time import PlanCall

# Numbers of a value that a plan keeps, and of one that leads to it.
_KEPT, _LARGEST = 1 << 16, 1 << 22


def run(plan: PlanGraph) -> bool:
    """Compute what is known; say whether anything was."""
    known = {node for node in plan.graph.nodes if node.op == "get_attr"}
    calls: dict[fx.Node, None] = {}
    for node in plan.graph.nodes:
        if node.op in ("call_function", "call_method") and _follows(node) \
                and all(given in known or given in calls for given in node.all_input_nodes):
            calls[node] = None
    asked = [node for node in calls
             if node.meta["val"].numel() <= _KEPT and any(user not in calls for user in node.users)]
    values: dict[fx.Node, Any] = {}
    changed = False
    for node in asked:
        if _computed(node, plan, values):
            replace(node, plan.constant_for(node, values[node]))
            changed = True
    return changed


def _follows(node: fx.Node) -> bool:
    """Whether a call computes a value of others, and of nothing else."""
    value = node.meta.get("val")
    return bool(node.all_input_nodes) and node.meta.get("effect") == "none" and not node.meta.get("on_object") \
        and not isinstance(node.target, PlanCall) and node.meta.get("device", "cpu") == "cpu" \
        and isinstance(value, torch.Tensor) and value.numel() <= _LARGEST


def _computed(node: fx.Node, plan: PlanGraph, values: dict[fx.Node, Any]) -> bool:
    """Whether a value, and all that lead to it, could be computed: they are in `values` then."""
    waiting = [node]
    while waiting:
        last = waiting[-1]
        missing = [given for given in last.all_input_nodes if given not in values]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if last in values:
            continue
        if last.op == "get_attr":
            values[last] = plan.constants[str(last.target)]
            continue
        args, kwargs = fx.map_arg((last.args, last.kwargs), values.__getitem__)
        try:
            values[last] = getattr(args[0], str(last.target))(*args[1:], **kwargs) if last.op == "call_method" \
                else last.target(*args, **kwargs)  # type: ignore[operator]
        except Exception:  # the run will say what is wrong
            return False
    return isinstance(values[node], torch.Tensor)
