"""Loops as recurrent nets are written: counted from 0, with inputs and outputs in TensorArrays, filling stacks.

`Turns` reads one that goes forward, `TurnsBack` one that goes back through the stacks of another, for gradients. Where
arrays and stacks are lists that the loop carries on (`lists`), each of these has a number by which it is known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import fx

from tfmagic.session.passes.recurrent.meanings import Meanings, Reading, need, only
from tfmagic.session.plan.loop import Loop, parameters
from tfmagic.session.plan.plan_graph import PlanGraph


class View:
    """A loop of a plan, with what goes in and comes out by the number of its slot.

    Attributes:
      node: its call.
      outer: what is given, by slot.
      parameters: of the iteration, by slot.
      following: by slot, the node of the next value; what has none stays.
      taken: by slot, the nodes that take the value after the loop.
    """

    def __init__(self, plan: PlanGraph, node: fx.Node):
        self.plan, self.node = plan, node
        loop: Any = node.target
        self.cond, self.body = loop.bodies
        need(not self.cond.written and not self.body.written and not loop.cond_writes and not node.kwargs)
        self.outer: dict[int, Any] = dict(enumerate(node.args))
        self.parameters = dict(zip(loop.body_reads, parameters(self.body)))
        self.cond_parameters = dict(zip(loop.cond_reads, parameters(self.cond)))
        self.following = dict(zip(loop.body_writes, self.body.results[0]))
        self.taken: dict[int, list[fx.Node]] = {}
        for user in node.users:
            need(user.op == "call_function" and getattr(user.target, "__name__", "") == "getitem")
            self.taken.setdefault(loop.results[user.args[1]], []).append(user)

    def initial(self, slot: int) -> Any:
        """The number with which a slot begins, if it is known."""
        return number_of(self.plan, self.outer[slot])

    def counters(self, name: str) -> list[int]:
        """The slots whose next value is `name` (a function on numbers) of it and 1."""
        found = []
        for slot, node in self.following.items():
            parameter = self.parameters.get(slot)
            if isinstance(node, fx.Node) and getattr(node.target, "__name__", "").startswith(name + "_int") and \
                    node.args == (parameter, 1):
                found.append(slot)
        return found

    def outside(self, table: Meanings, slot: int) -> int:
        """The meaning of what does not change in the loop."""
        return outside(self.plan, table, self.outer[slot])


def number_of(plan: PlanGraph, value: Any) -> Any:
    """The number that a value of a plan is, or None."""
    if isinstance(value, fx.Node):
        value = plan.constants[str(value.target)] if value.op == "get_attr" else None
    if isinstance(value, torch.Tensor):
        return value.item() if value.dim() == 0 else None
    return value if isinstance(value, (bool, int, float)) else None


def outside(plan: PlanGraph, table: Meanings, value: Any) -> int:
    """The meaning of a value of the plan around a loop."""
    number = number_of(plan, value)
    if number is not None:
        return table("number", number)
    need(isinstance(value, fx.Node))
    if value.op == "call_method" and value.target == "gradient" and len(value.args) == 2 and \
            value.meta.get("on_object"):
        return table("gradient", table("outside", value.args[0]), value.args[1])
    return table("outside", value)


class Turns:
    """A loop that goes forward.

    Attributes:
      turn: the number of the count of turns.
      limits: the numbers of turns after which it ends: plain ones, or nodes of the plan.
      variables: by slot, the number of what a value carries on from turn to turn.
      next: by slot, the number of its next value.
      stacks: by the node of a stack, the number of what is pushed to it.
    """

    def __init__(self, plan: PlanGraph, node: fx.Node, table: Meanings):
        view = self.view = View(plan, node)
        self.lists = self._lists(table)
        self.counters = [slot for slot in view.counters("add") if view.initial(slot) == 0]
        need(self.counters)
        self.turn = table("turn")
        numbers: dict[int, int] = {}
        self.variables = {}
        for slot in {*view.parameters, *view.cond_parameters, *view.following}:
            if slot in self.counters:
                numbers[slot] = self.turn
            elif slot in self.lists:
                numbers[slot] = self.lists[slot]
            elif slot in view.following and view.following[slot] is not view.parameters.get(slot):
                numbers[slot] = self.variables[slot] = table("variable", slot)
            else:
                numbers[slot] = view.outside(table, slot)
        condition = Reading(table, view.cond, {p: numbers[slot] for slot, p in view.cond_parameters.items()}, {})
        reading = self.reading = Reading(table, view.body, {p: numbers[s] for s, p in view.parameters.items()}, {})
        need(condition.understood and not condition.effects and reading.understood)
        self.limits = [_limit(table, self.turn, number) for number in _all_of(table, condition.results()[0])]
        values = dict(zip(view.following, reading.results()))
        self.next = {slot: values[slot] for slot in self.variables}
        self.stacks: dict[fx.Node, int] = {}
        for effect in reading.effects:
            if effect.kind == "push":
                stack = table.outside(effect.on)
                need(stack not in self.stacks and len(effect.given) == 1)
                self.stacks[stack] = effect.given[0]
            else:
                need(effect.kind in ("read", "write") and effect.given and effect.given[0] == self.turn)

    def _lists(self, table: Meanings) -> dict[int, int]:
        """By slot, the numbers of lists that the loop carries on."""
        return {}

    def effects(self, kind: str) -> list[Any]:
        return [effect for effect in self.reading.effects if effect.kind == kind]


def _all_of(table: Meanings, number: int) -> list[int]:
    meaning = table.of(number)
    return [n for part in meaning[1:] for n in _all_of(table, part)] if meaning[0] == "and" else [number]


def _limit(table: Meanings, turn: int, number: int) -> Any:
    counted, limit = table.parts(number, "lt", 2)
    need(counted == turn and table.of(limit)[0] in ("number", "outside"))
    return table.of(limit)[1]


class TurnsBack:
    """A loop that goes back through the turns of another.

    Attributes:
      variables: by slot, the number of what a value carries back from turn to turn.
      next: by slot, the number of its next value.
      kept: slots that the loop does not change, numbers to which it adds nothing included.
      count: the node of how many turns there are.
    """

    def __init__(self, forward: Turns, node: fx.Node, table: Meanings):
        view = self.view = View(forward.view.plan, node)
        self.lists = self._lists(forward, table)
        self.counter = self._counter(forward)
        need(not view.taken.get(self.counter))
        numbers: dict[int, int] = {}
        self.variables: dict[int, int] = {}
        for slot in {*view.parameters, *view.cond_parameters, *view.following}:
            if slot in self.lists:
                numbers[slot] = self.lists[slot]
            elif slot in view.following:
                numbers[slot] = self.variables[slot] = table("back", node, slot)
            else:
                numbers[slot] = view.outside(table, slot)
        popped = {table("outside", stack): number for stack, number in forward.stacks.items()}
        condition = Reading(table, view.cond, {p: numbers[slot] for slot, p in view.cond_parameters.items()}, {})
        self.reading = Reading(table, view.body, {p: numbers[s] for s, p in view.parameters.items()}, popped)
        need(self.reading.understood and condition.understood and not condition.effects)
        self.count: fx.Node = self._count(forward, table, condition.results()[0], self.variables.pop(self.counter))
        values = dict(zip(view.following, self.reading.results()))
        self.kept = [slot for slot, number in self.variables.items() if values[slot] == number]
        for slot in self.kept:
            del self.variables[slot]
        self.next = {slot: values[slot] for slot in self.variables}
        pops = [effect.on for effect in self.reading.effects if effect.kind == "pop"]
        need(len(pops) == len(set(pops)) and set(pops) <= set(popped))
        need(all(effect.kind in ("pop", "read", "write") for effect in self.reading.effects))
        need(all(effect.given and effect.given[0] == forward.turn for effect in self.effects("read", "write")))

    def _lists(self, forward: Turns, table: Meanings) -> dict[int, int]:
        """By slot, the numbers of lists that the loop carries on."""
        return {}

    def _counter(self, forward: Turns) -> int:
        """The slot of what counts the turns."""
        view = self.view
        return only(slot for slot in view.counters("sub") if is_count(forward, view.outer[slot]))

    def _count(self, forward: Turns, table: Meanings, condition: int, counter: int) -> fx.Node:
        """The node of how many turns there are: as many as there were forward."""
        need(condition == table("ge", counter, table("number", 1)))
        return self.view.outer[self.counter]

    def effects(self, *kinds: str) -> list[Any]:
        return [effect for effect in self.reading.effects if effect.kind in kinds]


def is_count(forward: Turns, value: Any) -> bool:
    """Whether a value is the number of turns of a loop."""
    return any(value in forward.view.taken.get(slot, ()) for slot in forward.counters)


def loops(nodes: Iterable[fx.Node]) -> list[fx.Node]:
    """The loops among nodes."""
    return [node for node in nodes if isinstance(node.target, Loop)]
