"""Common sub-expressions: computes once what the plan would compute twice.

1. Two calls of the same torch function or method with the same arguments are one.
2. Nothing random, nothing called at run time (kernels with state or effects) and no constant is merged.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph

_RANDOM = frozenset({torch.rand, torch.randn, torch.randint, torch.randperm, torch.bernoulli, torch.multinomial,
                     torch.normal})


def run(plan: PlanGraph) -> bool:
    """Merge equal calls; say whether there were any."""
    seen: dict[Any, fx.Node] = {}
    changed = False
    for node in list(plan.graph.nodes):
        if node.op not in ("call_function", "call_method", "get_attr") or not _pure(node):
            continue
        try:
            key = (node.op, node.target, _key(node.args), _key(node.kwargs))
            twin = seen.setdefault(key, node)
        except TypeError:  # an argument that cannot be compared
            continue
        if twin is not node:
            node.replace_all_uses_with(twin)
            plan.graph.erase_node(node)
            changed = True
    return changed


def _pure(node: fx.Node) -> bool:
    if node.op != "call_function":
        return not str(node.target).endswith("_") or node.op == "get_attr"
    module = getattr(node.target, "__module__", "") or ""
    return node.target not in _RANDOM and not module.startswith("tfmagic")


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
