"""Loops of Enter and Exit nodes: TensorArrays that one scatter fills and that are only gathered, and stacks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import fx

from tfmagic.base import shapes
from tfmagic.session.passes.recurrent.meanings import need, only
from tfmagic.session.passes.recurrent.rewriting import Rewriting, dims_of
from tfmagic.session.passes.recurrent.turns import Turns, TurnsBack, loops, number_of


class OfArrays(Rewriting):
    """One loop with those of its gradients, which read and write TensorArrays."""

    def _look(self, node: fx.Node) -> None:
        table, turns = self.table, Turns(self.plan, node, self.table)
        self.turns = turns
        self.array = table.outside(only(turns.effects("read")).on)
        self.scatter, self.inputs = self._scattered(self.array)
        self._look_at_turns()
        stacks = set(turns.stacks)
        users = dict.fromkeys(user for stack in stacks for user in stack.users if user is not node)
        need(all(user in loops([user]) for user in users))
        self.backs = [TurnsBack(turns, user, table) for user in users]
        self._look_back()
        self.doomed = [node, *users, *stacks, self.scatter, self.array]
        self.gathers: list[fx.Node] = []
        self.d_outputs: dict[str, list[fx.Node]] = {}
        self.d_inputs: dict[str, list[fx.Node]] = {}
        self._look_at_arrays()

    def _gathered(self) -> Iterable[fx.Node]:
        return self.gathers

    def _given_back(self, place: int) -> list[Any]:
        return [scatter.args[2] for scatter in self.d_outputs.get(self.gradients[place].outputs or "", ())]

    def _taken_back(self, place: int) -> list[fx.Node]:
        return self.d_inputs.get(self.gradients[place].inputs or "", [])

    def _wants_inputs(self, place: int) -> bool:
        return self.gradients[place].inputs is not None

    def _scattered(self, array: fx.Node) -> tuple[fx.Node, fx.Node]:
        """The node that fills an array, and with what."""
        need(getattr(array.target, "__name__", "") == "new_array" and array.meta.get("on_object"))
        scatter = only(user for user in array.users if _is_call(user, "scatter", array))
        need(not scatter.users)
        value: Any = scatter.args[2]
        self._check_array(array, dims_of(value))
        self._check_places(scatter.args[1], dims_of(value)[0])
        return scatter, value

    def _check_array(self, array: fx.Node, dims: tuple[int, ...]) -> None:
        size, _, dtype, element, dynamic, *_ = list[Any](array.args)
        need(number_of(self.plan, size) == dims[0] and not dynamic and dtype in ("float32", "float64"))
        need(shapes.compatible(element, dims[1:]))

    def _check_places(self, places: Any, count: int) -> None:
        need(isinstance(places, fx.Node) and places.op == "get_attr")
        value = self.plan.constants[str(places.target)]
        need(isinstance(value, torch.Tensor) and value.tolist() == list(range(count)))

    def _look_at_arrays(self) -> None:
        """See what else is done with the arrays."""
        mine = {self.turns.view.node, *(back.view.node for back in self.backs)}
        for user in self.array.users:
            if user not in mine and user is not self.scatter:
                self._look_at_gradient(user, self.array, "gather", self.d_inputs)
        outputs = self.net.outputs
        if outputs is not None:
            units = self.net.cells[-1].layer.units
            self._check_array(outputs, (self.dims[0], self.dims[1], units))
            self.doomed.append(outputs)
            for user in outputs.users:
                if user in mine:
                    continue
                if _is_call(user, "gather", outputs):
                    self._check_places(user.args[1], self.dims[0])
                    stated: Any = user.args[2] if len(user.args) > 2 else None
                    need(shapes.compatible(stated, (self.dims[1], units)))
                    self.gathers.append(user)
                else:
                    self._look_at_gradient(user, outputs, "scatter", self.d_outputs)
        for gradient in self.gradients:
            need(gradient.outputs is None or gradient.outputs in self.d_outputs)
        need(set(self.d_outputs) <= {g.outputs for g in self.gradients})
        need(set(self.d_inputs) <= {g.inputs for g in self.gradients})
        written = [g.inputs for g in self.gradients if g.inputs is not None]
        read = [g.outputs for g in self.gradients if g.outputs is not None]
        need(len(written) == len(set(written)) and len(read) == len(set(read)))

    def _look_at_gradient(self, node: fx.Node, array: fx.Node, kind: str, found: dict[str, list[fx.Node]]) -> None:
        need(_is_call(node, "gradient", array) and len(node.args) == 2)
        self.doomed.append(node)
        mine = {back.view.node for back in self.backs}
        uses = found.setdefault(str(node.args[1]), [])
        for user in node.users:
            if user in mine:
                continue
            need(_is_call(user, kind, node))
            self._check_places(user.args[1], self.dims[0])
            uses.append(user)
            if kind == "scatter":
                need(not user.users and dims_of(user.args[2]) == (*self.dims[:2], self.net.cells[-1].layer.units))
                self.doomed.append(user)


def _is_call(node: fx.Node, kind: str, on: fx.Node) -> bool:
    return node.op == "call_method" and node.target == kind and node.args[0] is on and not node.kwargs \
        and bool(node.meta.get("on_object"))
