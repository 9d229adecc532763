"""Ranges: between which whole numbers a value lies, number by number, where its plan tells.

1. A constant is what it is.
2. Drawn whole numbers lie within their bounds.
3. What is left when others are divided by something known lies below that.
4. What is chosen of two lies within both.
5. Conversions keep it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers.machine.drawn import Numbers

Range = tuple[torch.Tensor, torch.Tensor]


def range_of(value: Any, plan: PlanGraph) -> Range | None:
    """The least and the largest that each number of a value can be; None: nothing is known."""
    if type(value) is int:
        return torch.tensor(value), torch.tensor(value)
    if not isinstance(value, fx.Node):
        return None
    if value.op == "get_attr":
        known = plan.constants.get(str(value.target))
        whole = isinstance(known, torch.Tensor) and not known.is_floating_point() and not known.is_complex()
        return (known.long(), known.long()) if whole else None  # type: ignore[union-attr]
    meta, target = value.meta.get("val"), value.target
    if not isinstance(meta, torch.Tensor):
        return None
    found: Range | None = None
    if isinstance(target, Numbers) and target.bounds is not None:
        low, span = target.bounds
        found = torch.tensor(low), torch.tensor(low + span - 1)
    elif target is torch.remainder:
        divisor = range_of(value.args[1], plan)
        if divisor is not None and bool((divisor[0] > 0).all()):
            found = torch.zeros_like(divisor[1]), divisor[1] - 1
    elif target is torch.where:
        sides = [range_of(side, plan) for side in value.args[1:]]
        if len(sides) == 2 and sides[0] is not None and sides[1] is not None:
            found = torch.minimum(sides[0][0], sides[1][0]), torch.maximum(sides[0][1], sides[1][1])
    elif value.op == "call_method" and target in ("to", "int", "long") and meta.dtype in (torch.int32, torch.int64):
        found = range_of(value.args[0], plan)
        if found is not None and bool((found[1] > torch.iinfo(meta.dtype).max).any()):
            return None
    return None if found is None else (found[0].expand(meta.shape), found[1].expand(meta.shape))
