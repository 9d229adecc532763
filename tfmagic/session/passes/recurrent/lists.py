"""Loops of While nodes: what is read and written in turns, and kept for gradients, are lists that a loop carries on.

A list changes by giving another one, so nobody else can see what becomes of it. In a loop it has one number, whatever
it holds by then: what is pushed to it, or put into it, are effects on this number, as on a stack or a TensorArray.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import fx

from tfmagic.base import shapes
from tfmagic.session.passes.recurrent.meanings import Meanings, need, only
from tfmagic.session.passes.recurrent.rewriting import Rewriting, dims_of
from tfmagic.session.passes.recurrent.turns import Turns, TurnsBack, is_count, loops, number_of


@dataclass(frozen=True, eq=False)
class Carried:
    """Stands for a list that a loop carries on in a slot."""

    slot: int


class ListTurns(Turns):
    """A loop that goes forward, with lists."""

    def _lists(self, table: Meanings) -> dict[int, int]:
        found = {}
        for slot, following in self.view.following.items():
            if _changes(following, self.view.parameters.get(slot)) in ("put", "push"):
                found[slot] = table("outside", Carried(slot))
        return found

    def slot_of(self, number: int) -> int | None:
        """The slot of a list by its number."""
        return next((slot for slot, known in self.lists.items() if known == number), None)

    def results_of(self, number: int) -> list[fx.Node]:
        """The nodes that take the list of that number after the loop."""
        return self.view.taken.get(self.slot_of(number), [])  # type: ignore[arg-type]


class ListTurnsBack(TurnsBack):
    """A loop that goes back through what another pushed to lists.

    Attributes:
      d_outputs: the slot of the list of the outputs' gradients, or None.
      d_inputs: that of the inputs' gradients, or None.
    """

    def __init__(self, forward: ListTurns, node: fx.Node, table: Meanings):
        self.d_outputs: int | None = None
        self.d_inputs: int | None = None
        super().__init__(forward, node, table)
        for slot in [slot for slot in self.variables if self._is_idle(slot)]:
            del self.variables[slot], self.next[slot]
        cleared = None if self.d_outputs is None else self.lists[self.d_outputs]
        for effect in self.effects("write"):
            if effect.on == cleared:  # what was read is not needed any more
                need(effect.given == (forward.turn, table("zeros")))
                self.reading.effects.remove(effect)

    def _is_idle(self, slot: int) -> bool:
        """Whether a sum is for nobody but itself: the gradient of something that has none."""
        view = self.view
        following: Any = view.following[slot]
        return not view.taken.get(slot) and set(view.parameters[slot].users) == {following} and \
            set(following.users) == {view.body.output_node}

    def _lists(self, forward: Turns, table: Meanings) -> dict[int, int]:
        assert isinstance(forward, ListTurns)
        view, found = self.view, {}
        pushed = {node: number for number in forward.lists.values() for node in forward.results_of(number)}
        for slot, following in view.following.items():
            kind = _changes(following, view.parameters.get(slot))
            if kind is None:
                continue
            need(not view.taken.get(slot) or kind == "plus_element")
            if kind == "pop":
                need(view.outer[slot] in pushed)
                found[slot] = pushed[view.outer[slot]]
            elif kind == "put":
                need(self.d_outputs is None and len(forward.effects("write")) == 1)
                self.d_outputs = slot
                found[slot] = table("gradient", forward.effects("write")[0].on, "outputs")
            else:
                need(self.d_inputs is None and kind == "plus_element" and len(forward.effects("read")) == 1)
                self.d_inputs = slot
                found[slot] = table("gradient", forward.effects("read")[0].on, "inputs")
        return found

    def _counter(self, forward: Turns) -> int:
        view = self.view
        slots = [slot for slot in view.counters("add") if view.initial(slot) == 0]
        need(len(slots) == 1)
        return slots[0]

    def _count(self, forward: Turns, table: Meanings, condition: int, counter: int) -> fx.Node:
        counted, limit = table.parts(condition, "lt", 2)
        count = table.outside(limit)
        need(counted == counter and is_count(forward, count))
        return count


class OfLists(Rewriting):
    """One loop with those of its gradients, which carry on lists."""

    turns: ListTurns
    backs: list[ListTurnsBack]

    def _look(self, node: fx.Node) -> None:
        table = self.table
        turns = self.turns = ListTurns(self.plan, node, table)
        self.inputs = self._rows(table.outside(only(turns.effects("read")).on))
        self._look_at_turns()
        pushed = [turns.results_of(table("outside", stack)) for stack in turns.stacks]
        users = dict.fromkeys(user for taken in pushed for each in taken for user in each.users)
        need(all(user in loops([user]) for user in users))
        self.backs = [ListTurnsBack(turns, user, table) for user in users]
        self._look_back()
        units = self.net.cells[-1].layer.units
        outputs = turns.effects("write")
        taken = turns.results_of(outputs[0].on) if outputs else []
        zeros = [user for each in taken for user in each.users if _name(user) == "zeros_like"]
        need(all(user in users for each in zeros for user in each.users))
        self.stacked = self._stacks([user for each in taken for user in each.users if user not in zeros], units)
        if outputs:
            made = turns.view.outer[turns.slot_of(outputs[0].on)]  # type: ignore[index]
            need(_name(made) == "new_list" and number_of(self.plan, made.args[1]) == self.dims[0])
        for place, back in enumerate(self.backs):
            for value in self._given_back(place):
                need(dims_of(value) == (*self.dims[:2], units))
            need(back.d_inputs is None or _name(back.view.outer[back.d_inputs]) == "zeros_like")
            self._taken_back(place)
        self.doomed = [node, *users, *zeros]

    def _rows(self, made: Any) -> fx.Node:
        """The value whose rows a list was made of."""
        need(_name(made) == "of_rows" and made.meta.get("on_object"))
        return made.args[0]

    def _stacks(self, users: Sequence[fx.Node], units: int) -> list[fx.Node]:
        """What is done with lists, if that is to stack all their elements."""
        for user in users:
            need(_name(user) == "_called" and user.args[1] == "stack" and len(user.args) == 5)
            need(shapes.compatible(user.args[2], (self.dims[1], units)))  # type: ignore[arg-type]
        return list(users)

    def _gathered(self) -> list[fx.Node]:
        return self.stacked

    def _given_back(self, place: int) -> list[Any]:
        back = self.backs[place]
        given = None if back.d_outputs is None else back.view.outer[back.d_outputs]
        return [] if given is None or _name(given) == "zeros_like" else [self._rows(given)]

    def _taken_back(self, place: int) -> list[fx.Node]:
        back = self.backs[place]
        taken = [] if back.d_inputs is None else back.view.taken.get(back.d_inputs, [])
        return self._stacks([user for each in taken for user in each.users], self.dims[2])


def _name(node: Any) -> str:
    """The name of the function that a node calls."""
    return getattr(node.target, "__name__", "") if isinstance(node, fx.Node) else ""


def _changes(following: Any, parameter: fx.Node | None) -> str | None:
    """By what call a list that comes in as a parameter becomes that which goes on, if nothing else is done with it."""
    if not isinstance(following, fx.Node) or parameter is None:
        return None
    call: Any = following
    if getattr(following.target, "__name__", "") == "getitem" and following.args[1] == 0:
        call = following.args[0]
    kind = getattr(call.target, "__name__", "")
    if not call.meta.get("on_object") or call.op != "call_function" or call.args[0] is not parameter:
        return None
    kind = "push" if kind == "_called" and call.args[1] == "push" else "pop" if kind == "_pop" else kind
    need((call is not following) is (kind == "pop"))
    others = [user for user in parameter.users if user is not call]
    need(all(kind == "put" and getattr(user.target, "__name__", "") == "get" for user in others))
    return kind


def carries_lists(node: fx.Node) -> bool:
    """Whether the turns of a loop call on lists."""
    loop: Any = node.target
    return any(each.op == "call_function" and each.meta.get("on_object") for each in loop.bodies[1].graph.nodes)
