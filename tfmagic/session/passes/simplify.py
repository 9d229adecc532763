"""Simplify: drops calls that change nothing once shapes and types are known, and joins pairs that torch does in one.

1. `reshape`, `view`, `expand`, `broadcast_to` to the shape that the value has already are the value.
2. `broadcast_tensors` of values of one shape are the values.
3. `to` the type (and no other device) that the value has already, or `float`, `int`, …, is the value.
4. A `reshape` of a `reshape` is one `reshape`.
5. `sum` or `mean` over no axes that keeps the type is the value.
6. `add(matmul(a, b), c)` with matrices a, b and a vector c is `addmm(c, a, b)`, when nothing else reads the product.
7. An `Identity` of a string or a handle, which is called at run time, is the value.
8. A `permute` that undoes the one before it is the value.
9. The distinct ones of distinct numbers are these numbers, each at its own place.
10. A sum of segments that has one row for each, in order, is the rows.
11. A slice that takes everything is the value, and so is `contiguous` of what `contiguous` gave.
12. An assertion of what is known to hold is nothing.
13. Few zeros or ones like a value (`zeros_like`, `ones_like`) are a constant.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from tfmagic.ops.array.select import distinct_numbers
from tfmagic.ops.math.segment import unsorted_sum
from tfmagic.session.plan.plan_graph import PlanGraph, replace
from tfmagic.session.plan.run_time import RunTimeKernel

_RESHAPES = frozenset({"reshape", "view", "expand", "broadcast_to"})
_RESHAPE_FUNCTIONS = frozenset({torch.reshape, torch.broadcast_to})
_CASTS = frozenset({"float", "double", "int", "long", "bool"})
_ADDS = frozenset({torch.add, operator.add})
_MATMULS = frozenset({torch.matmul, torch.mm, operator.matmul})
_LIKE: dict[Any, int] = {torch.zeros_like: 0, torch.ones_like: 1}
# So many of them a plan keeps.
_FEW = 1 << 12


def run(plan: PlanGraph) -> bool:
    """Simplify; say whether anything was."""
    changed = False
    for node in list(plan.graph.nodes):
        if _holds_already(plan, node):
            plan.graph.erase_node(node)
            changed = True
            continue
        replacement = _same_value(node) or _distinct_already(plan, node) or _single_rows(plan, node) \
            or _few_like(plan, node)
        if replacement is not None:
            replace(node, replacement)
            changed = True
        elif _reshapes(node) and _reshapes(node.args[0]) and isinstance(_meta(node), torch.Tensor):
            node.args = (node.args[0].args[0], tuple(_meta(node).shape))
            changed = True
        else:
            changed |= _to_addmm(node)
    return changed


def _holds_already(plan: PlanGraph, node: fx.Node) -> bool:
    """Rule 12."""
    if type(node.target) is not RunTimeKernel or node.target.op.type != "Assert" or node.users:
        return False
    known = plan.constants.get(str(node.args[0].target)) if isinstance(node.args[0], fx.Node) else None
    return isinstance(known, torch.Tensor) and known.dtype == torch.bool and known.dim() == 0 and bool(known)


def _meta(value: Any) -> Any:
    return value.meta.get("val") if isinstance(value, fx.Node) else None


def _reshapes(node: Any) -> bool:
    return isinstance(node, fx.Node) and ((node.op == "call_method" and node.target in ("reshape", "view")) or
                                          (node.op == "call_function" and node.target is torch.reshape))


def _same_value(node: fx.Node) -> fx.Node | None:
    """The argument that `node` merely repeats, or None."""
    after = _meta(node)
    if type(node.target) is RunTimeKernel and node.target.op.type == "Identity":
        return node.args[0] if isinstance(node.args[0], fx.Node) else None
    if node.op == "call_function" and node.target is operator.getitem:
        group = node.args[0]
        if isinstance(group, fx.Node) and group.target in (torch.broadcast_tensors, torch.functional.broadcast_tensors):
            source: Any = group.args[node.args[1]]  # type: ignore[index]
            before = _meta(source)
            same = isinstance(before, torch.Tensor) and isinstance(after, torch.Tensor) and before.shape == after.shape
            return source if same else None
    if _undoes(node):
        return node.args[0].args[0]  # type: ignore[union-attr,return-value]
    if _is_contiguous(node) and _is_contiguous(node.args[0]):
        return node.args[0]  # type: ignore[return-value]
    if not node.args or not isinstance(node.args[0], fx.Node) or not isinstance(after, torch.Tensor):
        return None
    source = node.args[0]
    before = _meta(source)
    if not isinstance(before, torch.Tensor) or before.dtype != after.dtype or before.shape != after.shape:
        return None
    if (node.op == "call_method" and node.target in _RESHAPES) or node.target in _RESHAPE_FUNCTIONS:
        return source
    if node.target is operator.getitem and _takes_in_order(node.args[1]):
        return source
    if node.op == "call_method" and node.target == "to" and not any(isinstance(a, str) for a in node.args) \
            and "device" not in node.kwargs:
        return source
    if node.op == "call_method" and node.target in _CASTS and len(node.args) == 1:
        return source
    if node.target in (torch.sum, torch.mean) and len(node.args) > 1 and list(node.args[1]) == []:  # type: ignore[arg-type]
        return source
    return None


def _is_contiguous(node: Any) -> bool:
    return isinstance(node, fx.Node) and node.op == "call_method" and node.target == "contiguous"


def _takes_in_order(key: Any) -> bool:
    """Whether a key of `getitem` takes axes as they are, all of them or stretches."""
    return isinstance(key, tuple) and all(part is Ellipsis or isinstance(part, slice) and part.step in (None, 1)
                                          for part in key)


def _distinct_already(plan: PlanGraph, node: fx.Node) -> fx.Node | None:
    """Rule 9: what stands for the numbers, or for their places."""
    made: Any = node.args[0] if node.target is operator.getitem else None
    if not isinstance(made, fx.Node) or made.target is not distinct_numbers:
        return None
    numbers: Any = made.args[0]
    if numbers.target is not operator.getitem or numbers.args[1] != 0 or numbers.args[0].target is not distinct_numbers:
        return None
    if node.args[1] == 0:
        return numbers
    meta = _meta(node)
    if not isinstance(meta, torch.Tensor) or node.meta.get("device", "cpu") != "cpu":
        return None
    return plan.constant_for(node, torch.arange(len(meta), dtype=meta.dtype))


def _single_rows(plan: PlanGraph, node: fx.Node) -> fx.Node | None:
    """Rule 10."""
    if node.target is not unsorted_sum:
        return None
    rows, ids, count = node.args
    meta, known = _meta(rows), plan.constants.get(str(ids.target)) if isinstance(ids, fx.Node) else None
    if not isinstance(known, torch.Tensor) or not isinstance(meta, torch.Tensor) or known.dim() != 1 \
            or not len(meta) == len(known) == count or not torch.equal(known.cpu(), torch.arange(len(known))):
        return None
    return rows  # type: ignore[return-value]


def _few_like(plan: PlanGraph, node: fx.Node) -> fx.Node | None:
    """Rule 13."""
    number, after = _LIKE.get(node.target), _meta(node)
    if number is None or not isinstance(after, torch.Tensor) or after.numel() > _FEW \
            or node.meta.get("device", "cpu") != "cpu":
        return None
    return plan.constant_for(node, torch.full(tuple(after.shape), number, dtype=after.dtype))


def _undoes(node: Any) -> bool:
    """Whether `node` is a `permute` of a `permute` that gives the dimensions back their order."""
    if not _permutes(node) or not _permutes(node.args[0]):
        return False
    first, second = node.args[0].args[1:], node.args[1:]
    return [first[axis] for axis in second] == list(range(len(first)))


def _permutes(node: Any) -> bool:
    return isinstance(node, fx.Node) and node.op == "call_method" and node.target == "permute" \
        and all(type(axis) is int and axis >= 0 for axis in node.args[1:])


def _to_addmm(node: fx.Node) -> bool:
    if node.op != "call_function" or node.target not in _ADDS or len(node.args) != 2 or node.kwargs:
        return False
    product, bias = node.args
    if not isinstance(product, fx.Node) or product.target not in _MATMULS or len(product.users) != 1:
        return False
    metas = [_meta(product.args[0]), _meta(product.args[1]), _meta(bias)]
    if not all(isinstance(m, torch.Tensor) for m in metas) or [m.ndim for m in metas] != [2, 2, 1]:
        return False
    if not metas[0].is_floating_point() or bias.meta.get("device") != product.meta.get("device"):  # type: ignore[union-attr]
        return False
    node.target = torch.addmm
    node.args = (bias, *product.args)
    node.graph.erase_node(product)
    return True
