"""Sums over turns: what a loop only adds up, products of matrices as gradients of weights, is computed when it ends.

One product of all turns' rows takes a fraction of the time of as many small ones, and of adding each to the sum.

1. A loop variable of the iteration that becomes `variable + matmul(x, y)`, of matrices of known shapes, or
   `variable + sum(y, [0])`, and which nothing else reads during the loop, is a sum over turns.
2. The loop gives `x` and `y` of every turn to a `Sums`, and `totals` of it takes the place of what the loop gave.
3. At least one product must do so much that keeping its matrices is less.
"""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import torch
from torch import fx

from tfmagic.session.passes import work
from tfmagic.session.plan.loop import Loop, given, parameters, unread, without
from tfmagic.session.plan.plan_graph import PlanGraph, replace

# Operations of a product, per turn, from which on it is kept for the end; how many turns are reckoned with; and rows
# of which a sum is computed at the latest, so that memory has a limit.
_LEAST, _TURNS, _ROWS = 100_000, 32, 8192


class Sum(NamedTuple):
    """What is added to a variable in every turn.

    Attributes:
      slot: the variable's.
      nodes: those that compute its next value: the sum, what is added, and where that turns a matrix, this.
      work: how much what is added has to do, if it is a product.
      first: the first matrix, [m, k], or if `turned` [k, m]; None: rows are added up.
      second: the second one, [k, n].
      turned: how the first lies.
    """

    slot: int
    nodes: tuple[fx.Node, ...]
    work: float
    first: fx.Node | None
    second: fx.Node
    turned: bool


class Sums:
    """Sums of one loop in one run: a host object on whose methods plans call.

    Args:
      recipe: of each sum the places of its matrices among the values of a turn (None: the rows of the second are added
        up), and whether the first is turned.
    """

    __slots__ = ("_recipe", "_kept", "_rows", "_sums")

    def __init__(self, recipe: tuple[tuple[int | None, int, bool], ...]):
        self._recipe = recipe
        self._kept: list[tuple[Any, ...]] = []
        self._rows = 0
        self._sums: list[Any] | None = None

    def keep(self, rows: int, *values: Any) -> None:
        """Keep the matrices of a turn, which have so many rows at most."""
        self._kept.append(values)
        self._rows += rows
        if self._rows >= _ROWS:
            self._add_up()

    def totals(self, *starts: Any) -> tuple[Any, ...]:
        """What the loop has added up, each begun with one of these."""
        if self._kept:
            self._add_up()
        if self._sums is None:
            return starts
        return tuple(start + total for start, total in zip(starts, self._sums))

    def _add_up(self) -> None:
        columns = list(zip(*self._kept))
        self._kept, self._rows = [], 0
        joined: dict[tuple[int, int], Any] = {}

        def whole(place: int, axis: int) -> Any:
            if (place, axis) not in joined:
                joined[place, axis] = torch.cat(columns[place], axis)
            return joined[place, axis]

        found = []
        for first, second, turned in self._recipe:
            rows = whole(second, 0)
            if first is None:
                found.append(rows.sum(0))
            else:
                found.append(torch.mm(whole(first, 0).t() if turned else whole(first, 1), rows))
        self._sums = found if self._sums is None else [a + b for a, b in zip(self._sums, found)]


def run(plan: PlanGraph) -> bool:
    """Take sums out of loops; say whether there were any."""
    changed = False
    for node in list(plan.graph.nodes):
        if isinstance(node.target, Loop):
            found = _sums(node, node.target)
            if any(each.work >= _LEAST for each in found):
                _take_out(plan, node, node.target, found)
                changed = True
    return changed


def _sums(node: fx.Node, loop: Loop) -> list[Sum]:
    """The sums over the turns of a loop that somebody asks for."""
    if loop.cond_writes or loop.bodies[1].written:
        return []
    read = dict(zip(loop.body_reads, parameters(loop.bodies[1])))
    taken = {_slot(loop, user) for user in node.users}
    found = []
    for slot, following in zip(loop.body_writes, loop.bodies[1].results[0]):
        parameter = read.get(slot)
        if parameter is not None and slot in taken and slot not in loop.cond_reads and len(parameter.users) == 1 \
                and loop.body_writes.count(slot) == 1:
            each = _sum(slot, parameter, following)
            if each is not None:
                found.append(each)
    return found


def _sum(slot: int, parameter: fx.Node, following: Any) -> Sum | None:
    """What a variable's next value adds to it, if that is all it does."""
    if not (isinstance(following, fx.Node) and following.target in (torch.add, operator.add)) or following.kwargs or \
            parameter not in following.args or len(following.users) != 1:
        return None
    term = following.args[1 - following.args.index(parameter)]
    if not isinstance(term, fx.Node) or len(term.users) != 1 or _dims(term) != _dims(parameter):
        return None
    arguments: Any = term.args
    if term.target in (torch.matmul, torch.mm) and not term.kwargs and len(_dims(term) or ()) == 2:
        first, second = arguments
        turned = is_turned(first)
        nodes = (following, term, first) if turned else (following, term)
        first = first.args[0] if turned else first
        if len(_dims(first) or ()) == len(_dims(second) or ()) == 2:
            return Sum(slot, nodes, work.of_all([term]), first, second, turned)
    if term.target is torch.sum and arguments[1:] == ([0],) and len(_dims(arguments[0]) or ()) == 2 and \
            term.kwargs.get("dtype", _dtype(term)) is _dtype(arguments[0]):
        return Sum(slot, (following, term), 0, None, arguments[0], False)
    return None


def _slot(loop: Loop, user: fx.Node) -> int | None:
    """The slot of the value that a node takes out of what a loop gives."""
    place: Any = user.args[1] if user.target is operator.getitem else None
    return None if place is None else loop.results[place]


def is_turned(value: Any) -> bool:
    """Whether a value is the transpose of a matrix."""
    return isinstance(value, fx.Node) and value.op == "call_method" and value.target == "t"


def _dims(value: Any) -> tuple[int, ...] | None:
    meta = value.meta.get("val") if isinstance(value, fx.Node) else None
    return tuple(meta.shape) if isinstance(meta, torch.Tensor) and meta.dtype.is_floating_point else None


def _dtype(value: Any) -> torch.dtype | None:
    return value.meta["val"].dtype if _dims(value) is not None else None


def _take_out(plan: PlanGraph, node: fx.Node, loop: Loop, found: list[Sum]) -> None:
    """Let the loop keep what is added up, and add it up when it has ended."""
    values: list[fx.Node] = list(dict.fromkeys(
        value for each in found for value in (each.first, each.second) if value is not None))
    recipe = tuple((None if each.first is None else values.index(each.first), values.index(each.second), each.turned)
                   for each in found)
    about: dict[str, Any] = {"op": node.meta.get("op"), "path": node.meta.get("path"),
                             "device": node.meta.get("device", "cpu"), "inputs": [], "effect": "writes",
                             "on_object": True, "repeats": True, "work": _TURNS * sum(each.work for each in found)}
    with plan.graph.inserting_before(node):
        sums = plan.graph.call_function(Sums, (recipe,))
    sums.meta.update(about, work=0)
    parameter, body = given(node, sums), loop.bodies[1]
    with body.graph.inserting_before(body.output_node):
        kept = body.graph.call_method("keep", (parameter, max(_rows(each) for each in found), *values))
    kept.meta.update(about)
    without(node, {each.slot for each in found})
    for gone in (gone for each in found for gone in each.nodes if not gone.users):
        body.graph.erase_node(gone)
    unread(node)
    node.meta["effect"] = "writes"
    with plan.graph.inserting_after(node):
        totals = plan.graph.call_method("totals", (sums, *(node.args[each.slot] for each in found)))
    totals.meta.update(about)
    for user in list(node.users):
        place = next((place for place, each in enumerate(found) if each.slot == _slot(loop, user)), None)
        if place is not None:
            with plan.graph.inserting_after(totals):
                part = plan.graph.call_function(operator.getitem, (totals, place))
            part.meta.update(user.meta)
            replace(user, part)


def _rows(found: Sum) -> int:
    return found.second.meta["val"].shape[0]
