"""What torch's compiler may make into loops of its own.

1. A call may be compiled when it is a function of torch that is known here, has no effect, gives tensors of known
   shape, and refuses nothing but shapes: what looks a place up by a value, divides integers or shifts bits stays
   outside, since compiled code has no error to give there, and so does what counts in integers, which must wrap.
2. A region is worth a call of its own from `_CALLS` loops on, or from two on over `_VALUES` values.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from tfmagic.session.lower.meta import ELEMENT_WISE, REDUCTIONS, words
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers import regions
from tfmagic.session.tiers.regions import Region, without_parted

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


def divided(plan: PlanGraph, wanted: Callable[[fx.Node], bool]) -> list[Region | fx.Node] | None:
    """The calls of a plan with those that are compiled in regions; None: no region is worth it.

    Args:
      plan: the plan.
      wanted: whether somebody wishes a node compiled.
    """
    nodes = [node for node in plan.graph.nodes if node.op.startswith("call")]
    return regions.divided(plan, _compilable(nodes, wanted), _is_worth)


def _compilable(nodes: list[fx.Node], wanted: Callable[[fx.Node], bool]) -> set[fx.Node]:
    found = {node for node in nodes if _may(node) and wanted(node)}
    if found:
        device = next(node.meta.get("device") for node in nodes if node in found)
        found = {node for node in found if node.meta.get("device") == device}
    return without_parted(nodes, found)


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


def _is_worth(region: Region) -> bool:
    loops = [node for node in region.nodes
             if (node.target if node.op == "call_method" else getattr(node.target, "__name__", "")) in _LOOPS]
    largest = max((math.prod(meta.shape) for node in loops for given in (node, *node.all_input_nodes)
                   if (meta := _meta(given)) is not None), default=0)
    return len(loops) >= (2 if largest >= _VALUES else _CALLS)
