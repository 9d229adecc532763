"""Stacks: what is stacked of one value, or of numbers that lie beside one another in one, is that value, copied once.

1. `stack` of one value, several times, is the value along one more axis.
2. `stack` of the numbers of a vector one after the other, each reshaped or repeated to one shape, is the vector,
   reshaped and repeated.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import fx

from tfmagic.session.passes.repeats import Writer
from tfmagic.session.plan.plan_graph import PlanGraph, replace


def run(plan: PlanGraph) -> bool:
    """Rewrite what can be; say whether there was anything."""
    changed = False
    for node in list(plan.graph.nodes):
        if node.target is torch.stack and not node.kwargs and isinstance(node.args[0], (list, tuple)):
            values = list(node.args[0])
            if len(values) > 1 and all(map(_is_known, (node, *values))):
                changed |= _repeated(node, values) or _in_order(node, values)
    return changed


def _is_known(value: Any) -> bool:
    return isinstance(value, fx.Node) and isinstance(value.meta.get("val"), torch.Tensor)


def _repeated(node: fx.Node, values: list[fx.Node]) -> bool:
    """Rule 1."""
    if any(value is not values[0] for value in values):
        return False
    shape = tuple(node.meta["val"].shape)
    given: Any = node.args[1] if len(node.args) > 1 else 0
    axis = given % len(shape)
    return _copied(node, values[0], (*shape[:axis], 1, *shape[axis + 1:]))


def _in_order(node: fx.Node, values: list[fx.Node]) -> bool:
    """Rule 2."""
    numbers = [_number(value) for value in values]
    first = numbers[0]
    if first is None or node.args[1:] not in ((), (0,)) or any(
            number != (first.vector, first.place + offset) for offset, number in enumerate(numbers)):
        return False
    writer, count = Writer(node), len(values)
    vector = first.vector
    if count != vector.meta["val"].shape[0]:
        vector = writer.call("call_function", torch.narrow, (vector, 0, first.place, count), (count,))
    return _copied(node, vector, (count, *[1] * (node.meta["val"].dim() - 1)))


class _Number(NamedTuple):
    vector: fx.Node
    place: int


def _number(value: Any) -> _Number | None:
    """Which number of a vector a value is, or repeats."""
    while _is_known(value) and value.op == "call_method" and value.target in ("reshape", "expand", "contiguous"):
        value = value.args[0]
    if not (_is_known(value) and value.target is torch.narrow and len(value.args) == 4 and value.args[3] == 1):
        return None
    vector, place = value.args[0], value.args[2]
    is_one = _is_known(vector) and vector.meta["val"].dim() == 1 and type(place) is int and place >= 0
    return _Number(vector, place) if is_one else None


def _copied(node: fx.Node, value: fx.Node, shape: tuple[int, ...]) -> bool:
    """Put a value, reshaped and then repeated, in the place of a stack."""
    writer, whole = Writer(node), tuple(node.meta["val"].shape)
    made = writer.call("call_method", "expand", (writer.reshaped(value, shape), whole), whole)
    replace(node, writer.call("call_function", torch.clone, (made,), whole))
    return True
