"""Sums of lists: adding a list in which one element is set adds that element, as gradients of reads in loops do.

1. `add_n(whole, put(reserve(...), index, value))`, where nothing else reads the list that is added, becomes
   `plus_element(whole, index, value)`.
"""

from __future__ import annotations

from typing import Any

from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import RunTimeKernel


def run(plan: PlanGraph) -> bool:
    """Add single elements in place of lists; say whether there were any."""
    sums = [node for node in plan.graph.nodes if _kernel(node) == "AddN" and len(node.args) == 2]
    return bool(sums) and sum(_simplified(plan, node) for node in sums) > 0


def _simplified(plan: PlanGraph, node: fx.Node) -> bool:
    from tfmagic.ops.control_flow.tensor_lists import plus_element  # few plans know lists

    whole, part = node.args
    if not (_with_one_element(part) and isinstance(whole, fx.Node)):
        return False
    _, index, value, _ = part.args  # type: ignore[union-attr]
    with plan.graph.inserting_before(node):
        made = plan.graph.call_function(plus_element, (whole, index, value))
    made.meta.update(node.meta, effect="none", on_object=True)
    node.replace_all_uses_with(made)
    plan.graph.erase_node(node)
    return True


def _kernel(node: Any) -> str:
    """The type of the op that a node computes at run time."""
    target = node.target if isinstance(node, fx.Node) else None
    return target.op.type if isinstance(target, RunTimeKernel) else ""


def _with_one_element(node: Any) -> bool:
    from tfmagic.ops.control_flow.list_state import new_list
    from tfmagic.ops.control_flow.tensor_lists import put

    if not isinstance(node, fx.Node) or node.target is not put or len(node.users) > 1:
        return False
    source = node.args[0]
    return isinstance(source, fx.Node) and len(source.users) == 1 and (
        _kernel(source) == "TensorListReserve" or source.target is new_list)
