"""Parts: stretches of a plan on small values that machine code computes as a whole, products and sums included.

1. Every value in a part has a known shape of few numbers, but for what products, sums and joins take and give; what it
   has no rule for stays torch's.
2. A part ends where something outside asks for one of its values, save what only looks at a value from outside, which
   is left outside; there is only one part at a time, so there are no circles. Stacks and arrays wait for what they are
   handed until something else is asked of an object.
3. Products are not worth several threads.
4. A part without products, sums or joins is left to `runs`.
5. What is drawn by chance is in a part with what is computed of it, once its share of a stream was taken (`drawn`).
6. What is cut out of a value begins at numbers that are sure to be in it. A place on an axis is a number of Python,
   which was looked at before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.ops.array.indices import alone, slice_at
from tfmagic.session.element_rules import KINDS, rule_of
from tfmagic.session.passes import work
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import RunTimeKernel
from tfmagic.session.tiers.failures import kept_until
from tfmagic.session.tiers.machine.drawn import Numbers
from tfmagic.session.tiers.machine.ranges import range_of
from tfmagic.session.tiers.machine.views import view_of, whole

# Numbers of a value, and of what a product takes or gives.
_SMALL, _LARGE = 1 << 17, 1 << 22
_MOST = 2000
_FEWEST = 6
# About how many microseconds torch takes for calls on few numbers.
_SAVED = {"view": 0.4, "element": 0.7, "total": 2.5, "extreme": 2.5, "softmax": 6.0, "padded": 4.0, "draw": 12.0,
          "cut": 9.0, "gather": 8.0, "slice_at": 1.5, "alone": 4.0}
_FLOATS = (torch.float32, torch.float64)
# Kinds of calls whose last word is a number of Python.
_AT_NUMBERS = frozenset({"alone", "slice_at"})


class Part:
    """Calls that are computed together.

    Attributes:
      nodes: them, in order, each with what it is: ("element", rule), ("view",), ("copy",), ("product",), ...
      again: calls that only look at results, which the plan makes too, for who asks outside.
      kept: those of its values that other parts alone ask for; they lie together in one piece of memory.
      taken: for values that other parts keep, these parts.
    """

    def __init__(self, explaining: Any):
        self._explaining = explaining
        self.nodes: dict[fx.Node, tuple[Any, ...]] = {}
        self.kept: list[fx.Node] = []
        self.taken: dict[fx.Node, Part] = {}

    def results(self) -> list[fx.Node]:
        """The calls whose values are asked for outside, but for what is kept."""
        kept = set(self.kept)
        return [node for node in self._asked_for() if node not in kept]

    def _asked_for(self) -> list[fx.Node]:
        """The calls whose values are asked for outside; of several views at once, what they look at."""
        found: dict[fx.Node, None] = {}
        for node in self.nodes:
            if node.name in self._explaining or any(user not in self.nodes for user in node.users):
                if isinstance(node.meta["val"], torch.Tensor):
                    found[node] = None
                elif node.args[0] in self.nodes:
                    found[node.args[0]] = None  # type: ignore[index]
        return list(found)

    def keep(self, homes: Mapping[fx.Node, Part]) -> None:
        """Keep what other parts alone ask for.

        Args:
          homes: the parts in which calls are that the plan does not make.
        """
        self.kept = [node for node in self._asked_for() if node.name not in self._explaining
                     and self.nodes[node] != ("view",) and all(user in homes for user in node.users)]
        for node in self.kept:
            for user in node.users:
                if homes[user] is not self:
                    homes[user].taken[node] = self

    @property
    def again(self) -> list[fx.Node]:
        """Calls that give several views, which the plan makes too where somebody asks outside."""
        return [node for node in self.nodes if not isinstance(node.meta["val"], torch.Tensor)
                and any(user not in self.nodes for user in node.users)]

    def arguments(self) -> list[fx.Node]:
        """The tensors and streams from outside that the calls need, but for what other parts keep.

        Scalar constants of rules are in the code.
        """
        found: dict[fx.Node, None] = {}
        for node, kind in self.nodes.items():
            given: Any = kind[1][1] if kind[0] == "element" else kind[1:] if kind[0] == "cut" else node.all_input_nodes
            found.update((item, None) for item in given if isinstance(item, fx.Node) and item not in self.nodes)
        return [node for node in found if node not in self.taken]

    @property
    def streams(self) -> set[fx.Node]:
        """The arguments that are no tensors, but shares of streams of random numbers."""
        return {kind[1] for kind in self.nodes.values() if kind[0] == "draw"}

    @property
    def numbers(self) -> set[fx.Node]:
        """The arguments that are no tensors, but whole numbers."""
        return {kind[-1] for kind in self.nodes.values() if kind[0] in _AT_NUMBERS}

    def lenders(self) -> list[Part]:
        """The parts that keep values which this one needs."""
        return list(dict.fromkeys(self.taken.values()))

    def views_of_others(self, values: Iterable[fx.Node]) -> list[fx.Node] | None:
        """The calls that give those of some values which are from here, where all only look at others; else None."""
        found: dict[fx.Node, None] = {}
        waiting = [value for value in values if value in self.nodes]
        while waiting:
            node = waiting.pop()
            if self.nodes[node] != ("view",):
                return None
            found[node] = None
            waiting += [given for given in node.all_input_nodes if given in self.nodes]
        return [node for node in self.nodes if node in found]

    def pays(self) -> bool:
        """Whether one call of ours is less than the calls."""
        kinds = [kind[0] for kind in self.nodes.values()]
        if len(kinds) < _FEWEST and not {"draw", "cut"}.intersection(kinds):
            return False
        return any(kind not in ("element", "view") for kind in kinds) and self.saving() > 2

    def saving(self) -> float:
        """About how many microseconds one call of ours saves."""
        calls = sum(_SAVED.get(kind[0], 1.8) for kind in self.nodes.values())
        return calls * 0.8 - 1 - 0.7 * len(self.results()) - len(self.arguments()) / 8

    def cost(self) -> float:
        """About how many microseconds it takes to compile."""
        return 20_000 + 500 * len(self.nodes)


def find(plan: PlanGraph, items: Iterable[Any] | None = None) -> Iterator[Any]:
    """What a plan computes, in an order in which it can be, with parts in the place of their calls.

    Args:
      items: the plan's nodes, some of them perhaps taken together already in what has `arguments`.
    """
    items = list(plan.graph.nodes if items is None else items)
    nodes = [item for item in items if isinstance(item, fx.Node)]
    kinds = {node: kind for node in nodes if (kind := kind_in(node, plan)) is not None}
    explaining = kept_until(node for node in nodes if node not in kinds)
    part = Part(explaining)
    waiting: list[fx.Node] = []
    for node in items:
        if isinstance(node, fx.Node) and _hands_over(node):
            waiting.append(node)
            continue
        if waiting and not (isinstance(node, fx.Node) and _lets_wait(node)):
            if any(given in part.nodes for each in waiting for given in each.all_input_nodes):
                yield from _closed(part)
                part = Part(explaining)
            yield from waiting
            waiting.clear()
        if not isinstance(node, fx.Node):
            if any(given in part.nodes for given in node.arguments()):
                yield from _closed(part)
                part = Part(explaining)
            yield node
            continue
        kind = kinds.get(node)
        if any(given not in part.nodes and not isinstance(given.meta.get("val"), torch.Tensor)
               for given in node.all_input_nodes) and not isinstance(node.target, Numbers):
            kind = None  # one of several views, which lie in no part
        if kind == ("view",) and not _is_small(node) and any(given in part.nodes for given in node.all_input_nodes):
            kind = None  # who asks for it outside would get a copy
        if kind is not None and len(part.nodes) < _MOST:
            part.nodes[node] = kind
            continue
        ends = node.op == "output" or kind is not None or node.op == "call_method" and str(node.target).endswith("_")
        views = None if ends else part.views_of_others(node.all_input_nodes)
        if views is None:
            yield from _closed(part)
            part = Part(explaining)
        else:
            for view in views:
                del part.nodes[view]
            yield from views
        if kind is not None:
            part.nodes[node] = kind
        else:
            yield node


def _hands_over(node: fx.Node) -> bool:
    """Whether a call only gives values to an object, which may have them later."""
    return bool(node.meta.get("on_object")) and not node.users


def _lets_wait(node: fx.Node) -> bool:
    """Whether a call has nothing to do with objects, and changes no value that one waits for."""
    return node.op.startswith("call") and node.meta.get("effect") == "none" and not node.meta.get("on_object") and \
        not (node.op == "call_method" and str(node.target).endswith("_"))


def _closed(part: Part) -> Iterator[fx.Node | Part]:
    # What only looks at a value from outside, for somebody outside, would be a copy in it.
    for node in list(part.nodes):
        if part.nodes[node] == ("view",) and not any(given in part.nodes for given in node.all_input_nodes) \
                and not any(user in part.nodes for user in node.users):
            del part.nodes[node]
            yield node
    if part.pays():
        yield part
        yield from part.again
    else:
        yield from part.nodes


def kind_in(node: fx.Node, plan: PlanGraph) -> tuple[Any, ...] | None:
    """What a call of a plan is, where there is a rule for it."""
    if not node.op.startswith("call") or node.meta.get("effect") != "none" or node.meta.get("on_object"):
        return None
    given = node.all_input_nodes
    if isinstance(node.target, Numbers):
        return "draw", given[0], node.target
    if node.target in (alone, slice_at):
        return _at_number(node)
    if not given or not all(_has_code(item, _LARGE) for item in (node, *given)):
        return None
    if (node.target in ("index_select", torch.index_select)) and _is_small(node):
        return _gathered(node, plan)
    if type(node.target) is RunTimeKernel and node.target.op.type == "Slice":
        return _cut(node, plan) if _is_small(node) else None
    if not all(_is_small(item) for item in (node, *given)):
        if _is_view(node):
            return ("view",)
        return _KINDS[name](node, plan) if (name := _name(node)) in _OF_LARGE else None
    metas = [item.meta["val"] for item in (node, *given)]
    if not all(isinstance(meta, torch.Tensor) for meta in metas):
        return ("view",) if _is_view(node) else None
    rule = rule_of(node, plan.constants)
    if rule is not None:
        return "element", rule
    if _is_view(node):
        return ("view",)
    name = _name(node)
    return _KINDS[name](node, plan) if name in _KINDS else None


def _name(node: fx.Node) -> str:
    """The name of a function of torch on floats, all of one type; else ""."""
    if node.op == "call_method" and node.target in ("sum", "mean"):
        return str(node.target) if node.meta["val"].dtype in _FLOATS and _same_type(node) else ""
    name = getattr(node.target, "__name__", "") if node.op == "call_function" else ""
    if node.target is not getattr(torch, name, None) and node.target is not getattr(torch.nn.functional, name, None):
        return ""
    return name if _same_type(node) and node.meta["val"].dtype in _FLOATS else ""


def _same_type(node: fx.Node) -> bool:
    """Whether a call takes and gives tensors of one type alone."""
    metas = [item.meta["val"] for item in (node, *node.all_input_nodes)]
    return all(isinstance(meta, torch.Tensor) for meta in metas) and len({meta.dtype for meta in metas}) == 1


def _is_small(node: fx.Node) -> bool:
    return _has_code(node, _SMALL)


def _has_code(node: fx.Node, most: int) -> bool:
    """Whether a value, or each of several, is one that machine code can work on, of fewer than `most` numbers."""
    meta = node.meta.get("val")
    parts: Sequence[Any] = meta if isinstance(meta, (tuple, list)) else [meta]
    return bool(parts) and node.meta.get("device", "cpu") == "cpu" and "number" not in node.meta and all(
        isinstance(part, torch.Tensor) and part.dtype in KINDS and 0 < part.numel() < most for part in parts)


def _is_view(node: fx.Node) -> bool:
    first = node.args[0] if node.args else None
    if not isinstance(first, fx.Node) or len(node.all_input_nodes) != 1:
        return False
    meta = first.meta["val"]
    views = [whole("", part.shape) for part in meta] if isinstance(meta, (tuple, list)) else whole("", meta.shape)
    return view_of(node, views) is not None


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.meta["val"].shape)


def _product(node: fx.Node, plan: PlanGraph) -> tuple[Any, ...] | None:
    """A product of matrices, or of as many as the other has."""
    a, b = node.args[-2:]
    if node.kwargs or not all(isinstance(arg, fx.Node) for arg in node.args):
        return None
    first, second = _shape(a), _shape(b)
    if len(first) < 2 or len(first) != len(second) or first[:-2] != second[:-2]:
        return None
    if plan.threads > 1 and work.is_worth_threads(node):
        return None
    return "product", a, b, node.args[0] if len(node.args) == 3 else None


def _total(node: fx.Node, plan: PlanGraph) -> tuple[Any, ...] | None:
    """A sum or mean over axes."""
    x = node.args[0]
    if plan.threads > 1 and work.is_worth_threads(node):
        return None
    axes = node.args[1] if len(node.args) > 1 else None
    axes = [axes] if type(axes) is int else axes
    if not isinstance(x, fx.Node) or not isinstance(axes, (list, tuple)) or not axes or \
            set(node.kwargs) - {"dtype", "keepdim"}:
        return None
    rank = len(_shape(x))
    return "total", x, frozenset(axis % rank for axis in axes), node.target in (torch.mean, "mean")


def _cut(node: fx.Node, plan: PlanGraph) -> tuple[Any, ...] | None:
    """A box cut out of a value, which begins where only a run tells."""
    x, begin = node.args[:2]
    bounds = range_of(begin, plan)
    if bounds is None or not isinstance(x, fx.Node) or not isinstance(begin, fx.Node):
        return None
    room = torch.tensor(_shape(x)) - torch.tensor(_shape(node))
    inside = bool((bounds[0] >= 0).all()) and bool((bounds[1] <= room).all())
    return ("cut", x, begin) if inside else None


def _at_number(node: fx.Node) -> tuple[Any, ...] | None:
    """What lies at one place of an axis, or lies there alone."""
    x, axis, at = node.args[:3]
    if not isinstance(x, fx.Node) or not isinstance(at, fx.Node) or not _has_code(x, _LARGE) or not _is_small(node):
        return None
    return node.target.__name__, x, axis, at  # type: ignore[union-attr]


def _extreme(node: fx.Node, plan: PlanGraph) -> tuple[Any, ...] | None:
    """The largest or smallest numbers over axes."""
    found = _total(node, plan)
    return found and ("extreme", *found[1:3], "maximum" if node.target is torch.amax else "minimum")


def _padded(node: fx.Node, plan: PlanGraph) -> tuple[Any, ...] | None:
    """A value with zeros around it."""
    x, sizes = node.args[0], node.args[1] if len(node.args) == 2 else None
    kinds = dict(node.kwargs)
    if not isinstance(x, fx.Node) or not isinstance(sizes, (list, tuple)) or any(
            type(size) is not int or size < 0 for size in sizes) or kinds.pop("mode", "constant") != "constant" or \
            kinds.pop("value", None) or kinds:
        return None
    before = [0] * (len(_shape(x)) - len(sizes) // 2) + list(sizes[-2::-2])
    return "padded", x, tuple(before)


def _softmax(node: fx.Node, plan: PlanGraph) -> tuple[Any, ...] | None:
    x, axis = node.args[0], node.args[1] if len(node.args) > 1 else node.kwargs.get("dim")
    if set(node.kwargs) - {"dim"} or not isinstance(x, fx.Node) or axis not in (-1, len(_shape(x)) - 1):
        return None
    return "softmax", x, node.target in (torch.log_softmax, torch.nn.functional.log_softmax)


def _gathered(node: fx.Node, plan: PlanGraph) -> tuple[Any, ...] | None:
    """Rows of a value, or columns, whose places are known."""
    if node.kwargs or len(node.args) != 3:
        return None
    x, axis, index = node.args
    bounds = range_of(index, plan)
    if bounds is None or not isinstance(x, fx.Node) or type(axis) is not int or not _shape(x):
        return None
    axis %= len(_shape(x))
    return ("gather", x, axis, index) if bool((bounds[0] >= 0).all()) and bool((bounds[1] < _shape(x)[axis]).all()) \
        else None


def _joined(node: fx.Node, plan: PlanGraph) -> tuple[Any, ...] | None:
    values, axis = node.args[0], node.args[1] if len(node.args) > 1 else 0
    if node.kwargs or not isinstance(values, (list, tuple)) or type(axis) is not int or \
            any(len(_shape(value)) != len(_shape(node)) - (node.target is torch.stack) for value in values):
        return None
    return "join", tuple(values), axis % len(_shape(node)), node.target is torch.stack


_PRODUCTS = dict.fromkeys(("matmul", "mm", "bmm", "addmm"), _product)
_KINDS = {**_PRODUCTS, "sum": _total, "mean": _total, "softmax": _softmax, "log_softmax": _softmax, "cat": _joined,
          "stack": _joined, "amax": _extreme, "amin": _extreme, "pad": _padded,
          "zeros_like": lambda node, plan: None if node.kwargs else ("zeros",)}
# What may take, or give, large values.
_OF_LARGE = frozenset({*_PRODUCTS, "sum", "cat"})
