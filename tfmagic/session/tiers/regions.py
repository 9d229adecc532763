"""Regions: which calls of a plan a compiler makes into loops of its own, and in which groups.

1. A call may be compiled when it is a function of torch that is known here, has no effect, gives tensors of known
   shape, and refuses nothing but shapes: what looks a place up by a value, divides integers or shifts bits stays
   outside, since compiled code has no error to give there, and so does what counts in integers, which must wrap.
2. Compiled calls between which no other call stands are one region: call and region alike come after what they need.
3. Calls that have an effect keep their order.
4. A region is worth a call of its own from `_CALLS` loops on, or from two on over `_VALUES` values.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx

from tfmagic.session.lower.meta import ELEMENT_WISE, REDUCTIONS, words
from tfmagic.session.plan.plan_graph import PlanGraph

_CALLS = 8
_VALUES = 1 << 14

# What a value may be that a region gives, and what it may be that a region is given.
_GIVES = frozenset({torch.float32, torch.float64, torch.bool})
_TAKES = _GIVES | {torch.int32, torch.int64}

_UNLIKE_TORCH = frozenset({"complex", "angle", "conj_physical", "bitwise_left_shift", "bitwise_right_shift", "lshift",
                           "rshift", "nextafter", "digamma", "gammainc", "gammaincc", "zeta"})
_LOOPS = frozenset(ELEMENT_WISE) - _UNLIKE_TORCH | frozenset(REDUCTIONS) | frozenset(words("""
    addcdiv addcmul cat clone diag_embed double elu elu_backward float full_like gelu hardtanh
    leaky_relu_backward log_softmax masked_fill nan_to_num ones_like pad sigmoid_backward softmax softplus_backward
    special_i0e special_i1e stack tanh_backward threshold_backward to tril triu zeros_like
"""))
_PRODUCTS = frozenset({"addmm", "baddbmm", "bmm", "matmul", "mm"})
_VIEWS = frozenset(words("""
    broadcast_tensors broadcast_to chunk contiguous diagonal expand flatten getattr getitem movedim narrow new_full
    new_zeros permute reshape select split split_with_sizes squeeze swapaxes t transpose unbind unflatten unsqueeze view
"""))
_VIEWED = frozenset({"T", "mT"})  # what `getattr` may ask for
_MODULES = ("torch", "_operator", "builtins")


@dataclass
class Region:
    """Calls that become one.

    Attributes:
      nodes: them, in their order.
      inputs: the nodes around them whose values they take, scalar constants left out.
      scalars: the constants of rank 0 that they take.
      outputs: those of them whose values others take.
    """

    nodes: list[fx.Node]
    inputs: list[fx.Node] = field(default_factory=list)
    scalars: list[fx.Node] = field(default_factory=list)
    outputs: list[fx.Node] = field(default_factory=list)


def divided(plan: PlanGraph, wanted: Callable[[fx.Node], bool]) -> list[Region | fx.Node] | None:
    """The calls of a plan in an order in which each region is in one place; None: no region is worth it.

    Args:
      plan: the plan.
      wanted: whether somebody wishes a node compiled.
    """
    nodes = [node for node in plan.graph.nodes if node.op.startswith("call")]
    inside = _compilable(nodes, wanted)
    stages = _stages(nodes, inside)
    groups: list[tuple[list[fx.Node], list[fx.Node]]] = [([], []) for _ in range(max(stages.values(), default=-1) + 1)]
    for node in nodes:
        groups[stages[node]][0 if node in inside else 1].append(node)
    order: list[Region | fx.Node] = []
    for compiled, called in groups:
        order += [_region(plan, compiled)] if _is_worth(compiled) else compiled
        order += called
    return order if any(isinstance(item, Region) for item in order) else None


def _compilable(nodes: list[fx.Node], wanted: Callable[[fx.Node], bool]) -> set[fx.Node]:
    found = {node for node in nodes if _may(node) and wanted(node)}
    if found:
        device = next(node.meta.get("device") for node in nodes if node in found)
        found = {node for node in found if node.meta.get("device") == device}
    for node in nodes:
        if isinstance(node.target, str) and node.target.endswith("_"):  # it changes the memory of its object
            changed = node.args[0]
            found -= {changed, *changed.users}  # type: ignore[union-attr]  # a method's object is a node
    for node in nodes:  # a tuple of tensors and what takes it apart stay together
        parts = [node, *node.users] if isinstance(node.meta.get("val"), (tuple, list)) else []
        if not all(part in found for part in parts) or \
                any(part.target is not operator.getitem for part in parts[1:]):
            found.difference_update(parts)
    return found


def _may(node: fx.Node) -> bool:
    """Whether a call may be compiled by itself (rule 1)."""
    target = node.target
    if node.op == "call_method":
        name = str(target)
    else:
        name = getattr(target, "__name__", "")
        if not (getattr(target, "__module__", None) or "torch").startswith(_MODULES):
            return False
    if node.meta.get("effect") != "none" or node.meta.get("on_object"):
        return False
    if name not in _LOOPS and name not in _VIEWS and name not in _PRODUCTS:
        return False
    if not _gives(node.meta.get("val")) or not node.all_input_nodes:
        return False
    if any("number" in known.meta for known in (node, *node.all_input_nodes)):  # Python's, in the body of a loop
        return False
    takes = [_meta(given) for given in node.all_input_nodes]
    if not all(meta is not None and meta.dtype in _TAKES for meta in takes):
        return _takes_apart(node)
    if name == "getitem":
        return not any(isinstance(item, fx.Node) for item in _flat(node.args[1]))
    if name == "getattr":
        return node.args[1] in _VIEWED
    if name == "to":
        return not any(isinstance(item, (str, torch.device)) for item in (*node.args, *node.kwargs.values()))
    return True


def _takes_apart(node: fx.Node) -> bool:
    """Whether a call takes one tensor out of a tuple of them."""
    return node.target is operator.getitem and isinstance(node.args[1], int) and _gives(_value(node.args[0]))


def _gives(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return bool(value) and all(isinstance(part, torch.Tensor) and part.dtype in _GIVES for part in value)
    return isinstance(value, torch.Tensor) and value.dtype in _GIVES


def _value(node: Any) -> Any:
    return node.meta.get("val") if isinstance(node, fx.Node) else None


def _meta(node: fx.Node) -> torch.Tensor | None:
    value = _value(node)
    return value if isinstance(value, torch.Tensor) else None


def _flat(index: Any) -> list[Any]:
    if isinstance(index, (tuple, list)):
        return [item for part in index for item in _flat(part)]
    return [index.start, index.stop, index.step] if isinstance(index, slice) else [index]


def _stages(nodes: list[fx.Node], inside: set[fx.Node]) -> dict[fx.Node, int]:
    """For each call when it is due: what is compiled of a stage comes before its other calls (rules 2 and 3)."""
    stages: dict[fx.Node, int] = {}
    settled = 0  # what has an effect is not due before this
    for node in nodes:
        own = node in inside
        due = 0
        for given in node.all_input_nodes:
            at = stages.get(given)
            if at is not None:
                due = max(due, at + 1 if own and given not in inside else at)
        if not own and node.meta.get("effect") != "none":
            due = settled = max(due, settled)
        stages[node] = due
    return stages


def _is_worth(nodes: list[fx.Node]) -> bool:
    loops = [node for node in nodes
             if (node.target if node.op == "call_method" else getattr(node.target, "__name__", "")) in _LOOPS]
    largest = max((math.prod(meta.shape) for node in loops for given in (node, *node.all_input_nodes)
                   if (meta := _meta(given)) is not None), default=0)
    return len(loops) >= (2 if largest >= _VALUES else _CALLS)


def _region(plan: PlanGraph, nodes: list[fx.Node]) -> Region:
    region, members, seen = Region(nodes), set(nodes), set()
    for node in nodes:
        for given in node.all_input_nodes:
            if given not in members and given not in seen:
                seen.add(given)
                (region.scalars if _is_scalar(plan, given) else region.inputs).append(given)
        if any(user not in members for user in node.users):
            region.outputs.append(node)
    return region


def _is_scalar(plan: PlanGraph, node: fx.Node) -> bool:
    value = plan.constants.get(str(node.target)) if node.op == "get_attr" else None
    return isinstance(value, torch.Tensor) and value.ndim == 0
