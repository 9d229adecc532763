"""Settled values: what follows from constants, and from variables that a plan only reads, needs no run to be known.

1. A call of torch without an effect, all of whose values are settled, is settled; so is a variable that the plan does
   not change, and a constant.
2. Convolutions and products by settled filters take in what settled numbers do to each of their channels (`fold`):
   a. Images that are normalised with settled statistics are multiplied by a number for each channel, plus another.
   b. What a product by filters gives, times a number for each channel, is the product by filters that were multiplied;
      nobody else may read it. This holds for what is added to it, too.
   c. The product of windows, which lie in the rows of a matrix, is a convolution: its engines may need fewer
      multiplications, or no such matrix.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import fx
from torch.nn import functional

from tfmagic.graph.operation import Operation
from tfmagic.session.passes import dead_code, simplify
from tfmagic.session.passes.repeats import Writer
from tfmagic.session.plan.plan_graph import PlanGraph, replace
from tfmagic.session.plan.run_time import PlanCall

_PRODUCTS = frozenset({torch.matmul, torch.mm, operator.matmul})
_TIMES, _PLUS = frozenset({torch.mul, operator.mul}), frozenset({torch.add, operator.add})
_PLACES: dict[Any, int] = {torch.conv2d: 1, functional.linear: 1, torch.addmm: 2, **dict.fromkeys(_PRODUCTS, 1)}
_LAST, _FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
# Numbers of filters that are kept, in one call's and in all, beside the variables.
_LARGEST, _MOST = 1 << 24, 1 << 26


def found(plan: PlanGraph) -> set[fx.Node]:
    """The settled nodes of a plan (rule 1)."""
    changed = {*plan.written, *plan.in_place}
    known: set[fx.Node] = set()
    for node in plan.graph.nodes:
        if node.op == "placeholder":
            source = node.meta["source"]
            settled = isinstance(source, Operation) and source not in changed
        elif node.op == "get_attr":
            settled = True
        else:
            settled = _is_call(node) and known.issuperset(node.all_input_nodes)
        if settled and isinstance(_value(node), torch.Tensor) and node.meta.get("device", "cpu") == "cpu":
            known.add(node)
    return known


def filters_of(node: fx.Node) -> Any:
    """What stands in the place of the filters in a product or convolution; None where a call is neither."""
    place = _PLACES.get(node.target)
    return None if place is None or node.op != "call_function" or len(node.args) <= place else node.args[place]


def fold(plan: PlanGraph, wanted: Callable[[fx.Node], bool]) -> list[fx.Node]:
    """Change a plan by rule 2.

    Args:
      wanted: says which of the products and convolutions are worth it.

    Returns:
      The calls by settled filters that these have become, of `functional.linear` and `torch.conv2d`.
    """
    known = found(plan)
    for node in list(plan.graph.nodes):
        if node.target is torch.ops.aten.native_batch_norm and known.issuperset(node.args[1:5]):
            _as_numbers_for_channels(node)
    simplify.run(plan)
    dead_code.run(plan)  # who else reads a product counts
    known = found(plan)
    made = []
    left = _MOST
    for node in list(plan.graph.nodes):
        filters = filters_of(node)
        if node in known or filters not in known or not wanted(node):
            continue
        size = _value(filters).numel()
        product = _product(node, known) if size <= min(left, _LARGEST) else None
        if product is not None:
            left -= size
            made.append(_take_in(product, known))
    simplify.run(plan)
    dead_code.run(plan)
    return made


def _is_call(node: fx.Node) -> bool:
    """Whether a node computes a value of others, and nothing else."""
    return node.op in ("call_function", "call_method") and bool(node.all_input_nodes) and \
        node.meta.get("effect") == "none" and not node.meta.get("on_object") and not isinstance(node.target, PlanCall)


def _value(node: Any) -> Any:
    return node.meta.get("val") if isinstance(node, fx.Node) else None


def _shape(node: Any) -> tuple[int, ...]:
    return tuple(node.meta["val"].shape)


def _is_permuted(node: Any, order: Sequence[int]) -> bool:
    return isinstance(node, fx.Node) and node.op == "call_method" and node.target == "permute" \
        and tuple(node.args[1:]) == tuple(order)


def _is_method(node: Any, name: str) -> bool:
    return isinstance(node, fx.Node) and node.op == "call_method" and node.target == name


# --- rule 2a ---------------------------------------------------------------------------------------------------------


def _as_numbers_for_channels(norm: Any) -> None:
    image, scale, offset, mean, variance, training, _, epsilon = norm.args
    parts = [user for user in norm.users if user.target is operator.getitem and user.args[1] == 0]
    if training or len(parts) != len(norm.users) or any(each is None for each in (scale, offset, mean, variance)) or \
            not isinstance(_value(image), torch.Tensor) or _value(image).dim() != 4 or norm.kwargs or \
            _value(image).dtype != _value(scale).dtype:
        return
    for part in parts:
        writer = Writer(part)
        channels = _shape(scale)
        around = writer.call("call_function", torch.add, (variance, epsilon), channels)
        factor = writer.call("call_function", torch.mul, (
            writer.call("call_function", torch.rsqrt, (around,), channels), scale), channels)
        shift = writer.call("call_function", torch.sub, (
            offset, writer.call("call_function", torch.mul, (mean, factor), channels)), channels)
        last = writer.permuted(image, _LAST)
        scaled = writer.call("call_function", torch.mul, (last, factor), _shape(last))
        moved = writer.call("call_function", torch.add, (scaled, shift), _shape(last))
        replace(part, writer.permuted(moved, _FIRST))
    norm.graph.erase_node(norm)


# --- rules 2b and 2c -------------------------------------------------------------------------------------------------


class _Product(NamedTuple):
    """What is multiplied by settled filters.

    Attributes:
      node: the call.
      last: what it gives with the channels last; the call itself, or a view of it.
      given: images [n, channels, height, width], or lines [..., channels].
      filters: [filters, channels, height, width], or [channels, filters].
      bias: for each filter, settled; or None.
      others: of a convolution: stride, padding, dilation, groups.
    """

    node: fx.Node
    last: fx.Node
    given: fx.Node
    filters: fx.Node
    bias: fx.Node | None
    others: tuple[Any, ...]


def _product(node: fx.Node, known: set[fx.Node]) -> _Product | None:
    """The product that a call computes, if its filters are settled, and it is one of float32."""
    args: Any = node.args
    if node.kwargs or getattr(_value(node), "dtype", None) != torch.float32:
        return None
    if node.target is torch.conv2d and len(args) == 7 and args[1] in known and (args[2] is None or args[2] in known):
        view = next(iter(node.users)) if len(node.users) == 1 else node
        return _Product(node, view if _is_permuted(view, _LAST) else node, args[0], args[1], args[2], args[3:])
    if node.target is torch.addmm and len(args) == 3 and args[2] in known and args[0] in known and \
            _shape(args[0]) == _shape(args[2])[1:]:
        return _Product(node, node, args[1], args[2], args[0], ())
    if node.target in _PRODUCTS and isinstance(args[0], fx.Node) and args[1] in known and len(_shape(args[1])) == 2 \
            and isinstance(_value(args[0]), torch.Tensor) and len(_shape(args[0])) > 1:
        return _of_windows(node, known) or _Product(node, node, args[0], args[1], None, ())
    return None


def _of_windows(node: Any, known: set[fx.Node]) -> _Product | None:
    """Rule 2c: `products.convolved` writes such products."""
    rows, matrix = node.args
    image: Any = next(iter(node.users)) if len(node.users) == 1 else None
    if not (_is_method(rows, "reshape") and _is_method(matrix, "reshape") and _is_method(image, "reshape")):
        return None
    turned, filters = rows.args[0], matrix.args[0]
    if not _is_permuted(turned, (0, 1, 2, 4, 5, 3)) or len(_shape(filters)) != 4 or filters not in known:
        return None
    across: Any = turned.args[0]
    down: Any = across.args[0] if _is_method(across, "unfold") else None
    if not _is_method(down, "unfold") or across.args[1] != 2 or down.args[1] != 1:
        return None
    height, width, depth, outs = _shape(filters)
    images, stride = down.args[0], [down.args[3], across.args[3]]
    size = height * width * depth
    places = _shape(turned)[:3]
    if (down.args[2], across.args[2], _shape(images)[3]) != (height, width, depth) or \
            _shape(matrix) != (size, outs) or _shape(rows) != (math.prod(places), size) or \
            _shape(image) != (*places, outs):
        return None
    padding = [0, 0]
    if images.target is functional.pad and len(images.users) == 1:
        wide, high = images.args[1][2:4], images.args[1][4:6]
        mode = images.kwargs.get("mode", "constant"), images.kwargs.get("value") or 0
        if mode == ("constant", 0) and wide[0] == wide[1] and len(high) == 2 and high[0] == high[1] and \
                not any(images.args[1][:2]) and not any(images.args[1][6:]):
            images, padding = images.args[0], [high[0], wide[0]]
    writer = Writer(node)
    first = writer.permuted(filters, (3, 2, 0, 1))
    known.add(first)
    given = writer.permuted(images, _FIRST)
    made = writer.call("call_function", torch.conv2d, (given, first, None, stride, padding, [1, 1], 1),
                       (places[0], outs, *places[1:]))
    last = writer.permuted(made, _LAST)
    replace(image, last)
    return _Product(made, last, given, first, None, (stride, padding, [1, 1], 1))


def _take_in(product: _Product, known: set[fx.Node]) -> fx.Node:
    """Rule 2b, as often as it can be done: the call, which is put where the last of them was."""
    node, last, given, filters, bias, others = product
    if others and last is node:
        return node
    outs = _shape(last)[-1]
    end = last
    while len(end.users) == 1:
        step = next(iter(end.users))
        number = _number_for_channels(step, end, known, outs)
        if number is None:
            break
        writer = Writer(step)
        if step.target in _TIMES:
            wide = writer.reshaped(number, (outs, 1, 1, 1)) if others and _shape(number) else number
            filters = writer.call("call_function", torch.mul, (filters, wide), _shape(filters))
            bias = None if bias is None else writer.call("call_function", torch.mul, (bias, number), (outs,))
            known.update(each for each in (wide, filters, bias) if each is not None)
        else:
            if _shape(number) != (outs,):
                number = writer.call("call_method", "expand", (number, outs), (outs,))
            bias = number if bias is None else writer.call("call_function", torch.add, (bias, number), (outs,))
            known.update((number, bias))
        end = step
    writer = Writer(end)
    if bias is not None:  # engines read it as it lies
        bias = writer.call("call_method", "contiguous", (bias,), (outs,))
        known.add(bias)
    if others:
        made = writer.call("call_function", torch.conv2d, (given, filters, bias, *others), _shape(node))
        replace(end, writer.permuted(made, _LAST))
    else:
        lines = writer.call("call_method", "t", (filters,), _shape(filters)[::-1])
        known.add(lines)
        made = writer.call("call_function", functional.linear, (given, lines, bias), _shape(node))
        replace(end, made)
    return made


def _number_for_channels(step: fx.Node, value: fx.Node, known: set[fx.Node], outs: int) -> fx.Node | None:
    """The settled numbers, one or one for each channel, by which `step` multiplies a value, or which it adds to it."""
    if step.target not in _TIMES and step.target not in _PLUS or len(step.args) != 2 or step.kwargs:
        return None
    other = step.args[1] if step.args[0] is value else step.args[0]
    if other not in known or _value(other).dtype != torch.float32 or _value(step).shape != _value(value).shape:
        return None
    shape = _shape(other)
    if shape in ((), (outs,)):
        return other  # type: ignore[return-value]
    if shape[-1:] == (outs,) and _value(other).numel() == outs:
        writer = Writer(step)
        flat = writer.reshaped(other, (outs,))  # type: ignore[arg-type]
        known.add(flat)
        return flat
    return None
