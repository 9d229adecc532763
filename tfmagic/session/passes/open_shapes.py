"""Open shapes: values of a plan whose shapes only a run tells, and whether a run may begin anew to find out.

1. A value whose shape nothing told while the plan was lowered names its tensor (`meta["opens"]`), which passes keep;
   of values that become one it names all.
2. They matter from `_ENOUGH` values on: kernels that need shapes are called at run time, and passes know little.
3. A run may begin anew while it has only read, computed new values of variables, moved on what goes back with it
   (`keeps_state`), or done what says that it `repeats` (a declaration, or the `meta` of a call that a pass has made);
   calls of bodies may do so where all their nodes may.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import fx

from tfmagic.graph import registry
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import Asked, Assumption, BodyCall, Check, RunTimeKernel

_ENOUGH = 4


def matter(plan: PlanGraph) -> bool:
    """Whether a plan would be another one if the shapes were known."""
    return count(plan) >= _ENOUGH


def count(plan: PlanGraph) -> int:
    """How many values have open shapes."""
    return sum(1 for _ in _open(plan))


def repeats(plan: PlanGraph) -> bool:
    """Whether a run of the plan that has changed no variable yet may begin anew."""
    return all(_repeats(node) for node in plan.graph.nodes)


def _open(plan: PlanGraph) -> Iterator[fx.Node]:
    return (node for node in plan.graph.nodes if "opens" in node.meta and not node.meta.keys() & {"val", "strings"})


def _repeats(node: fx.Node) -> bool:
    effect = node.meta.get("effect", "none") if node.op.startswith("call_") else "none"
    target = node.target
    if effect in ("none", "reads") or target is torch._assert_async or node.meta.get("repeats"):
        return True
    if isinstance(target, BodyCall):
        return all(map(repeats, target.bodies))
    if isinstance(target, (Asked, Assumption, Check)) or isinstance(target, RunTimeKernel) and target.keeps_state:
        return True
    op = node.meta.get("op")
    declaration = None if op is None else registry.lookup(op.type)
    return declaration is not None and effect == "writes" and (declaration.repeats or bool(declaration.writes))
