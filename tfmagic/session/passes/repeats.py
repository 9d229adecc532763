"""Repeats: products of many matrices of which some are all the same, or are only added up, are products of few.

1. Products of many matrices whose inner axis has one number are a multiplication that broadcasts.
2. A product with a matrix that was repeated, for each of many others, is one with these side by side.
3. The sum over some axes of products of many matrices is the product of matrices with these axes in the inner one.

2 and 3 are done where they save more than it takes to lay numbers out anew.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph, replace

_PRODUCTS = frozenset({torch.matmul, torch.bmm, operator.matmul})


def run(plan: PlanGraph) -> bool:
    """Rewrite what can be; say whether there was anything."""
    changed = False
    for node in list(plan.graph.nodes):
        if node.target is torch.sum:
            changed |= _summed(node)
    for node in list(plan.graph.nodes):
        if node.target in _PRODUCTS and node.users and len(node.args) == 2 and not node.kwargs and _floats(node):
            changed |= _multiplied(node) or _of_repeated(node, 0) or _of_repeated(node, 1)
    return changed


def _floats(node: Any) -> bool:
    """Whether a product and what it is of are known to be floats of one number of axes, and one device."""
    values = (node, *node.args)
    if not all(isinstance(value, fx.Node) and isinstance(value.meta.get("val"), torch.Tensor) for value in values):
        return False
    metas = [value.meta["val"] for value in values]
    return all(meta.is_floating_point() and meta.dtype == metas[0].dtype and meta.dim() == metas[0].dim() >= 2
               and meta.numel() for meta in metas) \
        and len({value.meta.get("device", "cpu") for value in values}) == 1


def _shape(node: Any) -> tuple[int, ...]:
    return tuple(node.meta["val"].shape)


class Writer(NamedTuple):
    """Writes calls before a node, on behalf of its operation."""

    node: fx.Node

    def call(self, kind: str, target: Any, args: tuple[Any, ...], shape: Sequence[int]) -> fx.Node:
        """A call that gives a value of a shape."""
        with self.node.graph.inserting_before(self.node):
            made = self.node.graph.create_node(kind, target, args, {})
        made.meta = {key: self.node.meta[key] for key in ("op", "path", "device", "effect", "inputs")
                     if key in self.node.meta}
        made.meta["val"] = torch.empty(tuple(shape), dtype=self.node.meta["val"].dtype, device="meta")
        return made

    def permuted(self, value: fx.Node, order: Sequence[int]) -> fx.Node:
        """A value with its axes in another order."""
        shape = _shape(value)
        if list(order) == list(range(len(shape))):
            return value
        return self.call("call_method", "permute", (value, *order), [shape[axis] for axis in order])

    def reshaped(self, value: fx.Node, shape: Sequence[int]) -> fx.Node:
        """A value in another shape."""
        return self.call("call_method", "reshape", (value, tuple(shape)), shape) if _shape(value) != tuple(shape) \
            else value


# --- rule 1 ----------------------------------------------------------------------------------------------------------


def _multiplied(product: Any) -> bool:
    dims = _shape(product.args[0])
    if len(dims) < 3 or dims[-1] != 1:
        return False
    product.target, product.op = torch.mul, "call_function"
    return True


# --- rule 2 ----------------------------------------------------------------------------------------------------------


def _repeated(value: Any) -> tuple[fx.Node, bool] | None:
    """What is repeated along axes of one number, and whether its last two axes are in each other's place."""
    turned = False
    while isinstance(value, fx.Node) and value.op.startswith("call"):
        if value.target == "contiguous" or value.target is getattr and value.args[1] == "mT":
            turned ^= value.target is getattr
        elif value.target in ("expand", "broadcast_to", torch.broadcast_to):
            source: Any = value.args[0]
            metas: list[Any] = [node.meta.get("val") if isinstance(node, fx.Node) else None for node in (source, value)]
            known = all(isinstance(meta, torch.Tensor) for meta in metas) and metas[0].dim() == metas[1].dim()
            return (source, turned) if known and metas[0].shape[-2:] == metas[1].shape[-2:] else None
        else:
            return None
        value = value.args[0]
    return None


def _of_repeated(product: Any, side: int) -> bool:
    found = _repeated(product.args[side])
    if found is None:
        return False
    matrix, turned = found
    other: Any = product.args[1 - side]
    batch, given = _shape(product)[:-2], _shape(other)
    over = [axis for axis, size in enumerate(batch) if size > 1 and _shape(matrix)[axis] == 1]
    kept = [axis for axis in range(len(batch)) if axis not in over]
    rank = len(given)
    if not over or given[:-2] != batch:
        return False
    times = math.prod(batch[axis] for axis in over)
    moves = over[0] < max(kept, default=-1) or side == 0
    if moves and times * math.prod(_shape(matrix)) < math.prod(given) + math.prod(_shape(product)):
        return False
    writer = Writer(product)
    if turned:
        matrix = writer.permuted(matrix, [*range(rank - 2), rank - 1, rank - 2])
    sizes = [batch[axis] for axis in kept]
    matrix = writer.reshaped(matrix, [*sizes, *_shape(matrix)[-2:]])
    # The axes of the others that lie side by side come before their rows, or, from the left, before their columns.
    at = rank - 2 if side == 1 else rank - 1
    order = [*kept, *range(rank - 2, at), *over, *range(at, rank)]
    side_by_side = writer.permuted(other, order)
    laid = [given[axis] for axis in order]
    first = len(kept) + at - (rank - 2)
    joined = [*laid[:first], times * laid[first + len(over)], *laid[first + len(over) + 1:]]
    side_by_side = writer.reshaped(side_by_side, joined)
    values = (matrix, side_by_side) if side == 0 else (side_by_side, matrix)
    both = (*sizes, _shape(values[0])[-2], _shape(values[1])[-1])
    made = writer.call("call_function", torch.matmul, values, both)
    rows, columns = _shape(product)[-2:]
    apart = [*sizes, rows, *(batch[axis] for axis in over), columns] if side == 0 else \
        [*sizes, *(batch[axis] for axis in over), rows, columns]
    made = writer.reshaped(made, apart)
    found_at = [*kept, *range(rank - 2, at), *over, *range(at, rank)]
    made = writer.permuted(made, [found_at.index(axis) for axis in range(rank)])
    if made.target == "permute":  # who reads it reads it row by row
        made = writer.call("call_method", "contiguous", (made,), _shape(made))
    replace(product, made)
    return True


# --- rule 3 ----------------------------------------------------------------------------------------------------------


def _summed(total: Any) -> bool:
    axes = total.args[1] if len(total.args) > 1 else None
    if not isinstance(axes, (list, tuple)) or not isinstance(total.meta.get("val"), torch.Tensor) \
            or total.kwargs.get("dtype") not in (None, total.meta["val"].dtype):
        return False
    value: Any = total.args[0]
    seen = value
    while isinstance(seen, fx.Node) and seen.target == "reshape" and len(seen.users) == 1:
        seen = seen.args[0]
    if seen.target not in _PRODUCTS or len(seen.users) != 1 or len(seen.args) != 2 or not _floats(seen):
        return False
    shape, given = _shape(seen), _shape(value)
    whole = [axis for axis, size in enumerate(shape) if size != 1]
    places = [axis for axis, size in enumerate(given) if size != 1]
    if [shape[axis] for axis in whole] != [given[axis] for axis in places]:
        return False  # a reshape that mixes axes
    wanted = {axis % len(given) for axis in axes}
    over = [axis for axis, place in zip(whole, places) if place in wanted]
    rank = len(shape)
    a, b = seen.args
    if not over or over[-1] >= rank - 2 or any(_shape(side)[:-2] != shape[:-2] for side in (a, b)) \
            or math.prod(shape) < math.prod(_shape(a)) + math.prod(_shape(b)):
        return False
    writer = Writer(total)
    kept = [axis for axis in range(rank - 2) if axis not in over]
    sizes = [shape[axis] for axis in kept]
    inner = math.prod(shape[axis] for axis in over) * _shape(a)[-1]
    left = writer.reshaped(writer.permuted(a, [*kept, rank - 2, *over, rank - 1]), [*sizes, shape[-2], inner])
    right = writer.reshaped(writer.permuted(b, [*kept, *over, rank - 2, rank - 1]), [*sizes, inner, shape[-1]])
    made = writer.call("call_function", torch.matmul, (left, right), (*sizes, *shape[-2:]))
    replace(total, writer.reshaped(made, _shape(total)))
    return True
