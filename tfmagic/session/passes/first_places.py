"""First places: the least place where something holds is found without a list of all places.

1. The least of what `true_places` gives for a vector of known length is the least of the numbers of its elements, with
   the largest number in the place of those that do not hold: it is what the least of none is. Who looks a number up
   among limits asks so, as data sets do that sort their elements by length.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from tfmagic.ops.array.select import true_places
from tfmagic.session.passes.repeats import Writer
from tfmagic.session.plan.plan_graph import PlanGraph, replace
from tfmagic.session.plan.run_time import RunTimeKernel

_NONE = torch.iinfo(torch.int64).max
# For more than that a list of few places may be quicker.
_LONGEST = 1 << 10


def run(plan: PlanGraph) -> bool:
    """Rewrite what can be; say whether there was anything."""
    changed = False
    for node in list(plan.graph.nodes):
        target: Any = node.target
        if isinstance(target, RunTimeKernel) and target.op.type == "Min" and not target.node.keep_dims:
            changed |= _least_place(plan, node)
    return changed


def _least_place(plan: PlanGraph, node: fx.Node) -> bool:
    """Rule 1."""
    places, axes = node.args
    if not isinstance(places, fx.Node) or places.target is not true_places or places.kwargs or len(places.args) != 1:
        return False
    holds: Any = places.args[0]
    given, meta = holds.meta.get("val"), plan.constants.get(str(getattr(axes, "target", "")))
    if not (isinstance(given, torch.Tensor) and given.dim() == 1 and given.dtype == torch.bool
            and 0 < len(given) <= _LONGEST and given.device.type == "meta" and node.meta.get("device", "cpu") == "cpu"):
        return False
    if not isinstance(meta, torch.Tensor) or sorted({axis % 2 for axis in meta.reshape(-1).tolist()}) != [0, 1]:
        return False
    if not isinstance(node.meta.get("val"), torch.Tensor):
        node.meta["val"] = torch.empty((), dtype=torch.int64, device="meta")
    count = len(given)
    numbers, none = plan.constant_for(node, torch.arange(count)), plan.constant_for(node, torch.tensor(_NONE))
    numbers.meta["val"] = torch.empty(count, dtype=torch.int64, device="meta")
    writer = Writer(node)
    chosen = writer.call("call_function", torch.where, (holds, numbers, none), (count,))
    replace(node, writer.call("call_function", torch.amin, (chosen, [0]), ()))
    return True
