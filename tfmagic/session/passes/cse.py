"""Common sub-expressions: computes once what the plan would compute twice.

1. Two calls of the same torch function or method with the same arguments are one.
2. Only what has no effect is merged: nothing random, no kernel with state.
3. Constants of one number are one where the number, its type, shape and device are the same; so are those of one text.
4. Kernels called at run time are the same where their operations have one type and the same attrs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph, replace
from tfmagic.session.plan.run_time import RunTimeKernel


def run(plan: PlanGraph) -> bool:
    """Merge equal calls; say whether there were any."""
    seen: dict[Any, fx.Node] = {}
    changed = False
    for node in list(plan.graph.nodes):
        if node.op not in ("call_function", "call_method", "get_attr") or node.meta.get("effect", "none") != "none":
            continue
        try:
            key = _constant(plan, node) if node.op == "get_attr" else (
                node.op, _target(node.target), _key(node.args), _key(node.kwargs))
            twin = seen.setdefault(key, node)
        except TypeError:  # an argument that cannot be compared
            continue
        if twin is not node:
            replace(node, twin)
            changed = True
    return changed


def _target(target: Any) -> Any:
    """What is called, equal for kernels that do the same."""
    if type(target) is not RunTimeKernel or target.keeps_state:
        return target
    return target.op.type, target.device, target.checks, _key(target.op._attrs)


def _constant(plan: PlanGraph, node: fx.Node) -> Any:
    value = plan.constants[str(node.target)]
    if isinstance(value, np.ndarray) and value.size == 1 and type(value.item()) is bytes:
        return node.op, value.shape, value.item()
    if not isinstance(value, torch.Tensor) or value.numel() != 1 or value.device.type != "cpu":
        return node.op, node.target
    return node.op, value.dtype, value.shape, node.meta.get("device"), str(value.item())


def _key(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, *map(_key, value))
    if isinstance(value, dict):
        return tuple((k, _key(v)) for k, v in value.items())
    if isinstance(value, slice):
        return ("slice", _key(value.start), _key(value.stop), _key(value.step))
    if isinstance(value, (bool, int, float)):
        return (type(value).__name__, str(value) if isinstance(value, float) else value)
    return value
