"""Finished: which products of matrices are computed with what follows them number by number, block for block.

A product that is worth several threads leaves its numbers all over memory. What is made of each of them, an activation
or the gradient through one, is computed while its block is near the processor, and so are the sums of the columns of
one such value: the gradient of a bias.

1. What follows has a rule, the product's shape, and otherwise only values that are there before the product.
2. All of it is computed where the first of it is asked for, and before anything changes a tensor.
3. The engine is chosen for all of it together. Where it is another one than machine code, what follows is a run.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.session.passes import work
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers.candidates import BLOCKS, PRODUCTS, Engine, candidates
from tfmagic.session.tiers.engines import Engines, given_bytes, is_large
from tfmagic.session.tiers.failures import kept_until
from tfmagic.session.tiers.machine.runs import Run, changes_a_tensor, placed, rules_of

# Numbers that one thread passes over in a microsecond, about, each time that this is spared.
_PASSED = 1500


class Finished(Engines, shown_under="tfmagic.machine"):
    """A product and what follows it.

    Attributes:
      run: what follows it, number by number.
      total: the sums of the columns of the product or of a value of the run, if any.
      nodes: the calls that are computed, in order.

    Args:
      asked_for: the names of values that are asked for where something fails.
    """

    def __init__(self, node: fx.Node, engines: dict[str, Engine], threads: int, around: int, run: Run,
                 total: fx.Node | None, asked_for: Container[str]):
        super().__init__(node, engines, threads, around)
        self.run, self.total = run, total
        self.nodes = [node, *run.nodes, *([total] if total is not None else [])]
        self._results = [each for each in self.nodes if each is total or each.name in asked_for
                         or any(user not in self.nodes for user in each.users)]

    def results(self) -> list[fx.Node]:
        """The calls whose values are asked for outside."""
        return self._results

    @property
    def others(self) -> list[fx.Node]:
        """The values from outside beside the product's arguments."""
        return [each for each in self.run.arguments() if each is not self.node]

    def arguments(self) -> list[Any]:
        """The product's arguments, and then the others."""
        return [*super().arguments(), *self.others]

    def saving(self) -> float:
        """About how many microseconds are saved."""
        return super().saving() + len(self.nodes) * self.run.count / _PASSED

    def cost(self) -> float:
        """About how many microseconds it takes to compile what follows, in both ways, and to measure."""
        return super().cost() + 2 * self.run.cost()


def find(plan: PlanGraph, items: Iterable[Any]) -> Iterator[Any]:
    """What a plan computes, in an order in which it can be, with products and what follows them taken together.

    Args:
      items: the plan's nodes, some of them perhaps taken together already in what has `arguments`.
    """
    items = list(items)
    homes = {node: made for made in _found(plan, items) for node in made.nodes} if plan.threads > 1 else {}
    waiting: dict[Finished, None] = {}

    def needed(values: Iterable[fx.Node]) -> Iterator[Finished]:
        for made in dict.fromkeys(homes[value] for value in values if value in homes):
            if made in waiting:
                del waiting[made]
                yield from needed(made.arguments())
                yield made

    # As late as can be: what else is computed of the same values may then be computed together.
    for item in items:
        if item in homes:
            if item is homes[item].node:
                waiting[homes[item]] = None
            continue
        single = isinstance(item, fx.Node)
        yield from needed(list(homes) if single and _ends(item) else item.all_input_nodes if single else
                          item.arguments())
        yield item


def _ends(node: fx.Node) -> bool:
    return node.op == "output" or changes_a_tensor(node)


def _found(plan: PlanGraph, items: Sequence[Any]) -> Iterator[Finished]:
    places = {item: place for place, item in enumerate(items) if isinstance(item, fx.Node)}
    rules = rules_of(plan, places)
    asked_for = kept_until(node for node in places if node not in rules)
    ends = [place for node, place in places.items() if _ends(node)]
    around = given_bytes(places)
    taken: set[fx.Node] = set()
    for node, place in places.items():
        engines = candidates(node) if node.target in PRODUCTS and is_large(node) else None
        if engines is None or BLOCKS not in engines:
            continue
        until = next(iter(ends[bisect.bisect(ends, place):]), len(items))
        run, total = _following(items, places, place, until, rules, taken, asked_for)
        calls = [node, *run.nodes, *([total] if total is not None else [])]
        if run.nodes and work.are_worth_threads(calls):
            taken.update(calls)
            yield Finished(node, engines, plan.threads, around, run, total, asked_for)


def _following(items: Sequence[Any], places: dict[fx.Node, int], place: int, until: int,
               rules: Mapping[fx.Node, tuple[str, tuple[Any, ...]]], taken: Container[fx.Node],
               asked_for: Container[str]) -> tuple[Run, fx.Node | None]:
    """What follows the product at a place number by number, before another place, and the sums of columns."""
    run, total = Run(asked_for), None
    inside: set[fx.Node] = set()
    waiting: list[int] = []

    def take(node: fx.Node) -> None:
        inside.add(node)
        for user in node.users:
            if places.get(user, until) < until:
                heapq.heappush(waiting, places[user])

    take(items[place])
    shape = items[place].meta["val"].shape
    while waiting:
        node = items[heapq.heappop(waiting)]
        if node in inside or node in taken or node is total:
            continue
        if total is None and _sums_columns(node):
            total = node
        elif node in rules and node.meta["val"].shape == shape and all(
                given in inside or places.get(given, until) < place for given in node.all_input_nodes) and all(
                placed(given.meta["val"].shape, shape)[1] in (None, shape[-1]) for given in node.all_input_nodes) and \
                run.add(node, rules[node]):
            take(node)
    return run, total


def _sums_columns(node: fx.Node) -> bool:
    """Whether a call adds up all lines of a matrix, or of several below each other."""
    named = dict(node.kwargs)
    x, axes = (*node.args, named.pop("dim", None))[:2] if node.args else (None, None)
    if node.target not in (torch.sum, "sum") or not isinstance(x, fx.Node) or len(node.args) > 2 or \
            not isinstance(axes, (list, tuple)) or named.pop("keepdim", False):
        return False
    value = x.meta["val"]
    return named.pop("dtype", value.dtype) in (None, value.dtype) and not named and \
        value.dtype == node.meta["val"].dtype and value.is_floating_point() and \
        {axis % value.dim() for axis in axes} == {*range(value.dim() - 1)}
