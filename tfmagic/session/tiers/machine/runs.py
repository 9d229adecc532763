"""Runs: which calls of a plan are computed together, number by number.

1. A call belongs to a run when it has a rule and its result a known shape. Every run has one shape; scalars that its
   calls need, or that nothing else asks for earlier, are computed in it too, once.
2. A value from outside is of the run's shape, a scalar, or the same along the first or the last axes: then all such
   agree on where the axes part. Other calls that broadcast stay torch's.
3. A run is computed where its values are first asked for: whatever asks for one closes it, so there are no circles.
4. What has an effect, and what another plan computes, is never part of one.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.session.element_rules import KINDS, rule_of
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers.failures import kept_until

# Of what torch makes no vectors, or slower ones: one call of ours pays alone.
_QUICKER = frozenset({"where", "isfinite", "tanh", "softsign", "eq", "ne", "lt", "le", "gt", "ge", "sqrt", "exp", "log",
                      "sigmoid", "isnan", "isinf", "expm1", "log1p", "softplus"})
# What takes our code so many times as long for a number as a sum does.
_LONGER = {"tanh": 15, "sigmoid": 15, "exp": 12, "log": 18, "pow": 4, "elu": 12, "selu": 12, "expm1": 20,
           "log1p": 20, "softplus": 30}
# Calls in a run: more take the compiler long.
_MOST = 400
# From so many numbers on every pass over memory counts, and a short row is worth a loop of its own no more.
MANY, _SHORT = 1 << 14, 64


class Run:
    """Calls that are computed together.

    Args:
      kept: the names of values that are asked for where something fails.

    Attributes:
      nodes: the calls, in order, each with the name of its rule and the rule's arguments.
      shape: that of the results that are no scalars; None where all are.
      columns: how many numbers the last axes have together, where a value from outside broadcasts.
    """

    def __init__(self, kept: Container[str] = ()) -> None:
        self._kept = kept
        self.nodes: dict[fx.Node, tuple[str, tuple[Any, ...]]] = {}
        self.shape: tuple[int, ...] | None = None
        self.columns: int | None = None

    def add(self, node: fx.Node, rule: tuple[str, tuple[Any, ...]]) -> bool:
        """Take in a call with its rule; say whether it fits."""
        shape = _shape(node)
        columns = self.columns
        if math.prod(shape) != 1:
            if self.shape not in (None, shape):
                return False
            for argument in rule[1]:
                if isinstance(argument, fx.Node) and argument not in self.nodes:
                    kind, parted = placed(_shape(argument), shape)
                    if kind == "other" or None not in (columns, parted) and columns != parted:
                        return False
                    columns = parted if columns is None else columns
            if columns is not None and columns < _SHORT and math.prod(shape) >= MANY:
                return False
            self.shape, self.columns = shape, columns
        self.nodes[node] = rule
        return True

    @property
    def count(self) -> int:
        """How many numbers a result has."""
        return math.prod(self.shape or ())

    def pays(self) -> bool:
        """Whether one call of ours is less than the calls."""
        if self.count < MANY:
            return self.saving() > 0.4
        return len(self.nodes) >= 2 or any(name in _QUICKER for name, _ in self.nodes.values())

    def work(self) -> float:
        """How many times as long as a sum the calls take for a number."""
        return sum(_LONGER.get(name, 1) for name, _ in self.nodes.values())

    def arguments(self) -> list[fx.Node]:
        """The values from outside."""
        return list(dict.fromkeys(argument for _, arguments in self.nodes.values() for argument in arguments
                                  if isinstance(argument, fx.Node) and argument not in self.nodes))

    def results(self) -> list[fx.Node]:
        """The calls whose values are asked for outside."""
        return [node for node in self.nodes
                if node.name in self._kept or any(user not in self.nodes for user in node.users)]

    def saving(self) -> float:
        """About how many microseconds one call of ours saves."""
        values = len(self.arguments()) / 8 + sum(not node.meta["val"].is_contiguous() for node in self.arguments())
        call = 0.4 + 0.6 * len(self.results()) + values
        return 0.7 * len(self.nodes) - call + len(self.nodes) * self.count / 4000

    def cost(self) -> float:
        """About how many microseconds it takes to compile."""
        return 8000 + 200 * len(self.nodes)


def placed(given: Sequence[int], shape: Sequence[int]) -> tuple[str, int | None]:
    """How a value lies in a shape: "whole", "scalar", "rows" (one number for each), "columns" or "other".

    The second is the number of columns, where there are rows and columns.
    """
    given = tuple(given)
    if math.prod(given) == 1:
        return "scalar", None
    if given == tuple(shape):
        return "whole", None
    given = (1,) * (len(shape) - len(given)) + given
    for axis in range(len(shape) + 1):
        ones = (1,) * axis, (1,) * (len(shape) - axis)
        if given == (*ones[0], *shape[axis:]):
            return "columns", math.prod(shape[axis:])
        if given == (*shape[:axis], *ones[1]):
            return "rows", math.prod(shape[axis:])
    return "other", None


def _shape(node: fx.Node) -> tuple[int, ...]:
    return tuple(node.meta["val"].shape)


def find(plan: PlanGraph, items: Iterable[Any] | None = None) -> Iterator[Any]:
    """What a plan computes, in an order in which it can be, with runs in the place of their calls.

    Args:
      items: the plan's nodes, some of them perhaps taken together already in what has `arguments`.
    """
    items = list(plan.graph.nodes if items is None else items)
    nodes = [item for item in items if isinstance(item, fx.Node)]
    open_runs: list[Run] = []
    inside: dict[fx.Node, Run] = {}
    rules = rules_of(plan, nodes)
    kept = kept_until(node for node in nodes if node not in rules)  # what has a rule cannot fail

    def close(run: Run) -> Iterator[Any]:
        open_runs.remove(run)
        for node in run.nodes:
            del inside[node]
        if run.pays():
            yield run
        else:
            yield from run.nodes

    for node in items:
        single = isinstance(node, fx.Node)
        rule = rules.get(node) if single else None
        given = node.all_input_nodes if single else node.arguments()
        needed = list(dict.fromkeys(inside[value] for value in given if value in inside))
        chosen = None
        if not single:
            pass
        elif rule is not None:
            others = [run for run in reversed(open_runs) if run not in needed]
            chosen = next((run for run in (*needed, *others) if run.add(node, rule)), None)
        elif node.op == "output" or changes_a_tensor(node):
            needed = list(open_runs)
        for run in needed:
            if run is not chosen:
                yield from close(run)
        if chosen is None and rule is not None:
            chosen = Run(kept)
            open_runs.append(chosen)
            if not chosen.add(node, rule):
                open_runs.remove(chosen)
                chosen = None
        if chosen is None:
            yield node
            continue
        inside[node] = chosen
        if len(chosen.nodes) >= _MOST:
            yield from close(chosen)


def rules_of(plan: PlanGraph, nodes: Iterable[fx.Node]) -> dict[fx.Node, tuple[str, tuple[Any, ...]]]:
    """Those of a plan's nodes for which there is a rule, each with its name and the rule's arguments."""
    return {node: rule for node in nodes if node.op.startswith("call") and _known(node)
            and (rule := rule_of(node, plan.constants)) is not None}


def changes_a_tensor(node: fx.Node) -> bool:
    """Whether a call changes a tensor that others may hold."""
    return node.op == "call_method" and str(node.target).endswith("_") and not node.meta.get("on_object")


def _known(node: fx.Node) -> bool:
    """Whether a call has no effect, and its arguments and result are tensors of known shapes on the CPU."""
    return node.meta.get("effect") == "none" and _is_tensor(node) and node.meta["val"].numel() > 0 and \
        node.meta["val"].dtype in KINDS and all(map(_is_tensor, node.all_input_nodes))


def _is_tensor(node: fx.Node) -> bool:
    meta = node.meta
    return isinstance(meta.get("val"), torch.Tensor) and meta.get("device", "cpu") == "cpu" and "number" not in meta
