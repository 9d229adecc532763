"""Values handed over: what a run puts into a queue is not copied where nothing else has its memory.

1. A component of `queue.enqueue([...])` that is made anew (see `ownership`), and that nothing else uses, is named in
   the call as the queue's own.
2. So is what only gives such a value another shape.
3. On the CPU a row that is chosen by one number, for the queue alone, is a copy of that row.
4. A constant of the plan is the queue's as much as anybody's: nobody changes it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from tfmagic.ops.array.indices import row
from tfmagic.session.devices.transfers import is_on_gpu
from tfmagic.session.passes.ownership import is_made_anew
from tfmagic.session.plan.plan_graph import PlanGraph, replace

_ANOTHER_SHAPE = frozenset({"reshape", "squeeze", "unsqueeze"})


def run(plan: PlanGraph) -> bool:
    """Hand over what can be; say whether there was anything."""
    changed = False
    for node in list(plan.graph.nodes):
        if node.op == "call_method" and node.target == "enqueue" and node.meta.get("on_object") and len(node.args) == 2:
            components: Any = node.args[1]
            own = [place for place, part in enumerate(components) if _is_constant(part)
                   or components.count(part) == 1 and _is_its_own(part)]
            for place in own:
                _as_one_row(components[place])
            if own:
                node.args = (*node.args, own)
                changed = True
    return changed


def _is_constant(value: Any) -> bool:
    """Rule 4."""
    return isinstance(value, fx.Node) and value.op == "get_attr"


def _is_its_own(value: Any) -> bool:
    """Whether a value that is used here has memory which nothing else uses."""
    while isinstance(value, fx.Node) and len(value.users) == 1:
        if is_made_anew(value):
            return True
        if value.op != "call_method" or value.target not in _ANOTHER_SHAPE:
            return False
        value = value.args[0]
    return False


def _as_one_row(value: fx.Node) -> None:
    """Rule 3."""
    if value.target != "reshape":
        return
    rows = value.args[0]
    if not isinstance(rows, fx.Node) or rows.target != "index_select":
        return
    params, axis, places = rows.args
    number = places.args[0] if isinstance(places, fx.Node) and places.target == "reshape" else places
    whole, chosen, of = (_meta(node) for node in (value, number, params))
    if axis or whole is None or chosen is None or of is None or chosen.ndim or whole.shape != of.shape[1:]:
        return
    if any(is_on_gpu(node) for node in (value, number, params) if isinstance(node, fx.Node)):
        return
    with value.graph.inserting_before(value):
        made = value.graph.call_function(row, (params, number))
    made.meta.update(rows.meta, val=whole)  # what may fail is the choice
    replace(value, made)


def _meta(node: Any) -> torch.Tensor | None:
    found = node.meta.get("val") if isinstance(node, fx.Node) else None
    return found if isinstance(found, torch.Tensor) else None
