"""Turned before loops: weights that a loop multiplies by the other way round are turned once, before it begins.

1. `x @ w.t()` in an iteration, of a matrix `w` that the loop does not change, reads a copy of `w.t()` that lies by
   lines: who multiplies by columns turns them in every turn, or is slower.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from tfmagic.session.passes.sums_over_turns import is_turned
from tfmagic.session.plan.loop import Loop, given, parameters, unread
from tfmagic.session.plan.plan_graph import PlanGraph, replace

# Numbers of a matrix from which on it pays.
_LEAST = 1024


def run(plan: PlanGraph) -> bool:
    """Turn weights before loops; say whether there were any."""
    changed = False
    for node in list(plan.graph.nodes):
        loop: Any = node.target
        if isinstance(loop, Loop) and not loop.cond_writes:
            following = dict(zip(loop.body_writes, loop.bodies[1].results[0]))
            outer = {parameter: node.args[slot] for slot, parameter in zip(loop.body_reads, parameters(loop.bodies[1]))
                     if following.get(slot, parameter) is parameter}
            found = [each for each in loop.bodies[1].graph.nodes if is_turned(each) and _pays(each, outer)]
            for each in found:
                replace(each, given(node, _turned(plan, node, outer[each.args[0]], each)))
            if found:
                unread(node)
                changed = True
    return changed


def _pays(turned: fx.Node, outer: dict[Any, Any]) -> bool:
    """Whether a transpose is of what does not change, and products alone read it, from the right."""
    meta = turned.meta.get("val")
    return isinstance(outer.get(turned.args[0]), fx.Node) and isinstance(meta, torch.Tensor) and \
        meta.dtype.is_floating_point and meta.numel() >= _LEAST and \
        all(user.target in (torch.matmul, torch.mm, torch.addmm) and user.args[-1] is turned for user in turned.users)


def _turned(plan: PlanGraph, node: fx.Node, value: fx.Node, like: fx.Node) -> fx.Node:
    """A node before a loop's that gives the transpose, line by line."""
    with plan.graph.inserting_before(node):
        view = plan.graph.call_method("t", (value,))
        copy = plan.graph.call_method("contiguous", (view,))
    for made in (view, copy):
        made.meta.update(like.meta, inputs=[], effect="none")
    copy.meta["val"] = like.meta["val"].contiguous()
    return copy
