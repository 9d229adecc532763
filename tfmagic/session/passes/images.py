"""Images: what stands around convolutions and pools of images is done where it is least work.

1. `conv2d` plus a bias for each channel is `conv2d` with that bias.
2. The largest of each window after `relu` is `relu` of the largest: the function only grows, and the pool is smaller.
   The gradient then passes `relu` before it is spread over the windows. Nothing else may read what `relu` gave.
3. The sum over the pixels of a gradient that was spread over windows is the sum of what was spread.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import torch
from torch import fx

from tfmagic.ops.nn.largest import largest_of_windows
from tfmagic.session.passes import simplify
from tfmagic.session.plan.plan_graph import PlanGraph, replace

_SPREAD = torch.ops.aten.max_pool2d_with_indices_backward
_RELU_BACKWARD = torch.ops.aten.leaky_relu_backward
_TO_TORCH, _FROM_TORCH = (0, 3, 1, 2), (0, 2, 3, 1)
_PIXELS = {_FROM_TORCH: [0, 1, 2], None: [0, 2, 3]}


def run(plan: PlanGraph) -> bool:
    """Rewrite what can be; say whether there was anything."""
    changed = False
    for node in list(plan.graph.nodes):
        if node.target in (torch.add, operator.add) and node.op == "call_function":
            changed |= _with_bias(node)
        elif node.target is torch.relu:
            changed |= _pooled_first(node)
    if changed:
        simplify.run(plan)  # views that met
    return changed


def _is_permuted(node: Any, order: tuple[int, ...]) -> bool:
    return isinstance(node, fx.Node) and node.op == "call_method" and node.target == "permute" \
        and tuple(node.args[1:]) == order


def _node(before: Any, like: Any, value: Any, kind: str, target: Any, args: tuple[Any, ...]) -> Any:
    """A node before another, on behalf of the operation of `like`, that gives a tensor like `value`."""
    with before.graph.inserting_before(before):
        node = before.graph.create_node(kind, target, args, {})
    node.meta.update(like.meta)
    node.meta.pop("val", None)
    if "val" in value.meta:
        node.meta["val"] = value.meta["val"]
    return node


def _with_bias(total: Any) -> bool:
    """Rule 1."""
    if len(total.args) != 2 or total.kwargs:
        return False
    image, bias = total.args
    if not _is_permuted(image, _FROM_TORCH) or len(image.users) != 1 or not isinstance(bias, fx.Node):
        return False
    product = image.args[0]
    if product.target is not torch.conv2d or len(product.users) != 1 or product.args[2] is not None:
        return False
    values: list[Any] = [node.meta.get("val") for node in (total, bias)]
    if not all(isinstance(value, torch.Tensor) for value in values):
        return False
    given, added = values
    if added.shape != given.shape[-1:] or added.dtype != given.dtype or not added.is_floating_point() \
            or bias.meta.get("device") != product.meta.get("device"):
        return False
    both = _node(total, product, product, "call_function", torch.conv2d, (*product.args[:2], bias, *product.args[3:]))
    replace(total, _node(total, total, total, "call_method", "permute", (both, *_FROM_TORCH)))
    product.graph.erase_node(image)
    product.graph.erase_node(product)
    return True


def _pooled_first(relu: Any) -> bool:
    """Rule 2, and 3 for the gradients that it meets."""
    plane = next((user for user in relu.users if _is_permuted(user, _TO_TORCH)), relu)
    pool = next((user for user in plane.users if user.target is largest_of_windows), None)
    if pool is None:
        return False
    parts = {user.args[1]: user for user in pool.users if user.target is operator.getitem}
    if len(parts) != len(pool.users) or 0 not in parts:
        return False
    gradients = list(_gradients(relu, plane, parts[1].users if 1 in parts else ()))
    spreads, passed = {spread for spread, _, _ in gradients}, {last for *_, last in gradients}
    if 1 in parts and spreads != set(parts[1].users) or not set(plane.users) - passed <= {pool, *spreads, plane} \
            or not set(relu.users) <= {plane, pool, *spreads, *passed}:
        return False
    before = relu.args[0] if plane is relu else _node(pool, plane, plane, "call_method", "permute",
                                                      (relu.args[0], *_TO_TORCH))
    pool.replace_input_with(plane, before)
    largest = parts[0]
    result = _node(largest.next, relu, largest, "call_function", torch.relu, (largest,))
    largest.replace_all_uses_with(result, delete_user_cb=lambda user: user is not result)
    for spread, image, last in gradients:
        dy = _node(spread, last, spread.args[0], "call_function", _RELU_BACKWARD,
                   (spread.args[0], result, *last.args[2:]))
        spread.args = (dy, before, *spread.args[2:])
        _sums(last, dy, _FROM_TORCH if image is not spread else None)
        replace(last, image)
    if plane is not relu:
        relu.graph.erase_node(plane)
    relu.graph.erase_node(relu)
    return True


def _gradients(relu: Any, plane: Any, spreads: Any) -> Iterator[tuple[Any, Any, Any]]:
    """The gradients that were spread over the windows of `relu`: spread, laid out as `relu` is, and led through it."""
    for spread in spreads:
        if spread.target is not _SPREAD or spread.args[1] is not plane or len(spread.users) != 1:
            continue
        image = next(iter(spread.users)) if plane is not relu else spread
        if image is not spread and not _is_permuted(image, _FROM_TORCH) or len(image.users) != 1:
            continue
        last = next(iter(image.users))
        if last.target is _RELU_BACKWARD and last.args == (image, relu, 0.0, False) and not last.kwargs:
            yield spread, image, last


def _sums(gradient: Any, spread: Any, layout: Any) -> None:
    """Rule 3: `gradient` holds what `spread` does, and zeros."""
    for user in list(gradient.users):
        if user.target is torch.sum and user.args[0] is gradient and list(user.args[1]) == _PIXELS[layout] \
                and not any(user.args[2:]):
            user.args = (spread, _PIXELS[None], *user.args[2:])
