"""Settling: a plan that reads variables which stay as they are computes once what follows from them alone.

Filters are then multiplied by what normalises the images, and laid out as the quickest engine wants them
(`passes/settled.py`, `tiers/settled.py`).

A plan settles when it has run often, and its variables were the same in the last runs. Once one is another value, or
was changed in place, what was kept is gone, and the plan runs as if it had never settled until some runs saw no change.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import fx

from tfmagic.base.machine import compiler
from tfmagic.session.changes import changes
from tfmagic.session.passes import check_plan, settled, work
from tfmagic.session.passes.ownership import is_made_anew, lenders
from tfmagic.session.passes.settled import filters_of
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.running import current
from tfmagic.session.tiers import python
from tfmagic.session.tiers.engines import Engines, given_bytes, threads_of
from tfmagic.session.tiers.settled import ByFilters, Filters, concerns

# Operations of the products of a plan that settles: about a tenth of a millisecond.
_LEAST = 1e7
# Runs that see the same variables before what follows from them is computed anew.
_PATIENCE = 4
# Numbers that one plan keeps between runs beside filters, at most; and all plans of the process, filters included.
_MOST, _MOST_OF_ALL = 1 << 26, 1 << 27


@dataclass(frozen=True)
class Kept:
    """A parameter of the rest: a result of the first plan.

    Attributes:
      index: which.
    """

    index: int


class Parts(NamedTuple):
    """A plan as two.

    Attributes:
      first: what needs no run to be known, of variables alone.
      rest: what needs one; its last parameters are what `first` gives.
      variables: the places of the parameters of `first` among those of the plan.
      others: the places of the first parameters of `rest` among them.
      numbers: how many are kept.
    """

    first: PlanGraph
    rest: PlanGraph
    variables: list[int]
    others: list[int]
    numbers: int


def wanted(plan: PlanGraph, divided: Callable[[PlanGraph], Iterable[Any]]) -> set[str]:
    """The names of the large products by settled filters of a plan; none where they are too few.

    A plan that changes variables in place settles never: nobody could tell its changes from others'.

    Args:
      divided: gives what the plan computes when it does not settle, `Engines` among it.
    """
    nodes = list(plan.graph.nodes)
    if plan.in_place or not any(map(_is_of_images, nodes)) or sum(map(_work, filter(concerns, nodes))) < _LEAST:
        return set()
    known = settled.found(plan)
    large = [item.node for item in divided(plan) if isinstance(item, Engines)]
    found = [node for node in large if filters_of(node) in known and node not in known and concerns(node)]
    return {node.name for node in found} if sum(map(_work, found)) >= _LEAST else set()


def _is_of_images(node: fx.Node) -> bool:
    """Whether a plan with such a call gains: the filters of products alone lie well as they are."""
    return node.target in (torch.conv2d, torch.ops.aten.native_batch_norm)


def _work(node: fx.Node) -> float:
    return work.of_all([node])


def apart(plan: PlanGraph, names: Container[str]) -> Parts | None:
    """The two plans; None where too much would be kept, or somebody be given what is kept.

    Args:
      names: of the products whose filters are kept.
    """
    folded = plan.copy()
    calls = settled.fold(folded, lambda node: node.name in names)
    known = settled.found(folded)
    nodes = list(folded.graph.nodes)
    handed = list(dict.fromkeys(given for node in nodes if node not in known for given in node.all_input_nodes
                                if given in known and given.op.startswith("call_")
                                and not (node in calls and given is filters_of(node))))
    own = [node for node in nodes if node.op == "placeholder"]
    beside = sum(node.meta["val"].numel() for node in handed if not lenders(node, own))
    if not calls or beside > _MOST:
        return None
    rest, twins, filters = _rest(folded, known, handed, calls)
    around = given_bytes(nodes)
    targets = [ByFilters(call, threads_of(call, folded.threads, ours=True), around, _made_positive(twins[call]))
               for call in calls]
    given_away = [*rest.results[0], *rest.results[1], *(
        given for node in rest.graph.nodes if node.meta.get("effect") in ("writes", "waits")
        for given in node.all_input_nodes)]
    if any(_lies_in_what_is_kept(value) for value in given_away):
        return None
    for call, target, parameter in zip(calls, targets, filters):
        twins[call].target = target
        twins[call].args = (twins[call].args[0], parameter, twins[call].args[2])
        twins[call].meta["work"] = work.of_all([call])
        del parameter.meta["val"]
    first = _first(folded, known, handed, list(zip(calls, targets)))
    check_plan(first)
    check_plan(rest)
    places = {source: place for place, source in enumerate(plan.parameters)}
    others = [source for source in rest.parameters if not isinstance(source, Kept)]
    return Parts(first, rest, [places[source] for source in first.parameters], [places[source] for source in others],
                 beside + sum(filters_of(call).meta["val"].numel() for call in calls))


def _lies_in_what_is_kept(node: fx.Node) -> bool:
    """Whether the value of a node may lie in the memory of a parameter that is kept between runs.

    An object gives what it was given.
    """
    waiting, seen = [node], set()
    while waiting:
        node = waiting.pop()
        if node in seen or node.meta.get("on_object") or is_made_anew(node):
            continue
        if node.op == "placeholder" and isinstance(node.meta["source"], Kept):
            return True
        seen.add(node)
        waiting += node.all_input_nodes
    return False


def _first(plan: PlanGraph, known: set[fx.Node], handed: Iterable[fx.Node],
           calls: Iterable[tuple[fx.Node, ByFilters]]) -> PlanGraph:
    """What gives the `handed` values, and the filters of the calls as they want them."""
    graph = fx.Graph()
    twins: dict[fx.Node, fx.Node] = {}
    needed = {*handed, *(filters_of(call) for call, _ in calls)}
    for node in reversed(plan.graph.nodes):
        if node in known and node in needed:
            needed.update(node.all_input_nodes)
    for places in (True, False):
        for node in plan.graph.nodes:
            if node in needed and (node.op == "placeholder") is places:
                twins[node] = graph.node_copy(node, twins.__getitem__)
    results = [twins[node] for node in handed]
    for call, target in calls:
        made = graph.call_function(Filters(target), (twins[filters_of(call)],))
        made.meta = {"op": call.meta.get("op"), "effect": "none", "inputs": []}
        results.append(made)
    graph.output((tuple(results), (), ()))
    return PlanGraph("settled", graph, plan.constants, ops=plan.ops, threads=plan.threads)


def _rest(plan: PlanGraph, known: set[fx.Node], handed: Sequence[fx.Node], calls: Sequence[fx.Node]) \
        -> tuple[PlanGraph, dict[fx.Node, fx.Node], list[fx.Node]]:
    """The plan whose last parameters are the values handed over, and filters; its nodes; the parameters for filters."""
    graph = fx.Graph()
    twins: dict[fx.Node, fx.Node] = {}
    nodes = [node for node in plan.graph.nodes if node not in known]
    filters_only = {filters_of(node) for node in calls} - {
        given for node in nodes for given in node.all_input_nodes if not (node in calls and given is filters_of(node))}
    asked = {given for node in nodes for given in node.all_input_nodes} - filters_only

    def parameter(node: fx.Node, source: Any) -> fx.Node:
        made = graph.placeholder(node.name)
        made.target = made.name  # two calls may have the same filters
        made.meta = {**node.meta, "source": source}
        return made

    for node in plan.graph.nodes:
        if node.op == "placeholder" and (node not in known or node in asked):
            twins[node] = parameter(node, node.meta["source"])
    for index, node in enumerate(handed):
        twins[node] = parameter(node, Kept(index))
    filters = [parameter(filters_of(call), Kept(len(handed) + index)) for index, call in enumerate(calls)]
    for call, each in zip(calls, filters):
        twins.setdefault(filters_of(call), each)
    for node in plan.graph.nodes:
        if node.op == "get_attr" and node in asked or node not in known and node.op != "placeholder":
            twins[node] = graph.node_copy(node, twins.__getitem__)
    rest = PlanGraph(plan.name, graph, plan.constants, plan.written, feeds=plan.feeds, fetches=plan.fetches,
                     ops=plan.ops, threads=plan.threads)
    return rest, twins, filters


def _made_positive(call: fx.Node) -> bool:
    """Whether all that is done with what a call gives is to make it positive; the `relu` is gone then."""
    value = call
    while len(value.users) == 1:
        (user,) = value.users
        if user.target is torch.relu and user.op == "call_function":
            user.replace_all_uses_with(value)
            user.graph.erase_node(user)
            return True
        if user.op != "call_method" or user.target not in ("permute", "reshape"):
            return False
        value = user
    return False


class _Seen:
    """Variables as runs saw them.

    Attributes:
      same: how many runs saw them so, after the first.
      kept: what follows from them, where it was computed.

    Args:
      values: of the variables.
    """

    __slots__ = ("same", "kept", "_values", "_in_place", "__weakref__")

    def __init__(self, values: Iterable[Any]):
        self.same = 0
        self.kept: Sequence[Any] | None = None
        self._values = list(map(weakref.ref, values))
        self._in_place = changes.in_place

    def are(self, values: Sequence[Any]) -> bool:
        """Whether these are the same."""
        return len(values) == len(self._values) and (not values or self._in_place == changes.in_place and all(
            map(operator.is_, values, [value() for value in self._values])))


# How many numbers are kept for what was seen.
_held: weakref.WeakKeyDictionary[_Seen, int] = weakref.WeakKeyDictionary()


class _Settled(NamedTuple):
    """A plan in two that can be called.

    Attributes:
      parts: the two plans.
      first, rest: their callables.
    """

    parts: Parts
    first: Callable[..., Any]
    rest: Callable[..., Any]


class Settling:
    """A plan's callable that settles.

    Attributes:
      call: takes the plan's parameters.

    Args:
      plan: the plan.
      names: of the products whose filters are kept.
      counted, plain: the callable for runs that see other variables than the last, and for those before it settles.
      calls: after how many it settles.
      with_machine_code: makes the plan of the rest another one.
    """

    def __init__(self, plan: PlanGraph, names: Container[str], counted: Callable[..., Any], plain: Callable[..., Any],
                 calls: int, with_machine_code: Callable[[PlanGraph], PlanGraph]):
        self._counted, self._plain = counted, plain
        self._later = compiler.Later(lambda: _made(plan, names, with_machine_code), calls)
        known = settled.found(plan)
        parameters = [node for node in plan.graph.nodes if node.op == "placeholder"]
        self._places = [place for place, node in enumerate(parameters) if node in known]
        # Threads that see other variables replace what others have seen, and never change it.
        self._seen: _Seen | None = None
        self._settled: _Settled | None = None

    def call(self, *parameters: Any) -> Any:
        values = [parameters[place] for place in self._places]
        seen, settled = self._seen, self._settled
        if seen is None or not seen.are(values):
            self._seen = None if any(value is None for value in values) else _Seen(values)
            return self._counted(*parameters)
        if seen.kept is None:
            seen.same += 1
            settled = settled or self._asked()
            if settled is None or seen.same < _PATIENCE or not self._keep(seen, settled, parameters):
                return self._plain(*parameters)
        others, kept = settled.parts.others, seen.kept  # type: ignore[union-attr]
        return settled.rest(*[parameters[place] for place in others], *kept)  # type: ignore[misc,union-attr]

    def _asked(self) -> _Settled | None:
        """The two plans, once they were made."""
        if self._later.waits and current.deadline is None:  # who has little time waits for no compiler
            self._later.count()
            parts: Parts | None = None if self._later.waits else self._later.made
            if parts is not None:
                self._settled = _Settled(parts, python.function(parts.first), python.function(parts.rest))
        return self._settled

    def _keep(self, seen: _Seen, settled: _Settled, parameters: Sequence[Any]) -> bool:
        """Keep what follows from the variables; whether it can be computed, and other plans do not keep too much."""
        if sum(list(_held.values())) + settled.parts.numbers > _MOST_OF_ALL:
            return False
        try:
            seen.kept = settled.first(*[parameters[place] for place in settled.parts.variables])[0]
        except Exception:  # the plan itself says what is wrong
            self._settled = None
            return False
        _held[seen] = settled.parts.numbers
        return True


def _made(plan: PlanGraph, names: Container[str], with_machine_code: Callable[[PlanGraph], PlanGraph]) -> Parts | None:
    parts = apart(plan, names)
    if parts is None:
        return None
    for node in parts.rest.graph.nodes:
        if isinstance(node.target, ByFilters):
            node.target.prepare()
    return parts._replace(rest=with_machine_code(parts.rest))
