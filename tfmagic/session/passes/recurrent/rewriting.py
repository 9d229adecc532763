"""Rewriting: what is the same of all loops that become calls: shapes, states, and the change of the plan."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.ops.nn.lstm_layers import Layer
from tfmagic.session.passes.recurrent import lstm
from tfmagic.session.passes.recurrent.calls import Layers, LayersBack
from tfmagic.session.passes.recurrent.meanings import Meanings, Otherwise, need
from tfmagic.session.passes.recurrent.turns import Turns, TurnsBack
from tfmagic.session.plan.plan_graph import PlanGraph, replace
from tfmagic.session.plan.run_time import PlanCall


class Rewriting:
    """One loop with those of its gradients: everything is looked at before anything is changed.

    Raises:
      Otherwise: it is no recurrent net.

    Attributes:
      inputs: the value whose rows are the inputs.
      limit: after how many turns it ends, where that is not after all inputs: a number, or a node.
      backs: the loops of its gradients.
      doomed: nodes that go with the loops.
    """

    turns: Turns
    inputs: fx.Node
    backs: Sequence[TurnsBack]
    doomed: list[Any]

    def __init__(self, plan: PlanGraph, node: fx.Node):
        self.plan = plan
        self.table = Meanings()
        self._look(node)

    # --- what is done with arrays, or lists -----------------------------------------------------------------------

    def _look(self, node: fx.Node) -> None:
        """See what the loops are, and what else is done with what they read and write."""
        raise NotImplementedError

    def _gathered(self) -> Iterable[fx.Node]:
        """The nodes that take all outputs together."""
        raise NotImplementedError

    def _given_back(self, place: int) -> list[Any]:
        """The gradients of the outputs, all together, that one of the loops back reads; they are added up."""
        raise NotImplementedError

    def _taken_back(self, place: int) -> list[fx.Node]:
        """The nodes that take the gradients of the inputs, all together, of one of the loops back."""
        raise NotImplementedError

    def _wants_inputs(self, place: int) -> bool:
        """Whether one of the loops back computes them."""
        return bool(self._taken_back(place))

    # --- looking --------------------------------------------------------------------------------------------------

    def _look_at_turns(self) -> None:
        """See what net the loop is, once it is known what its inputs are."""
        self.dims = dims_of(self.inputs)
        need(len(self.dims) == 3)
        time, batch, depth = self.dims
        self.net = lstm.recognise(self.turns, self.table, depth)
        settled = min((limit for limit in self.turns.limits if isinstance(limit, int)), default=0)
        given = [limit for limit in self.turns.limits if isinstance(limit, fx.Node)]
        need(0 < settled <= time and batch > 0 and len(given) <= (settled == time))
        self.limit = given[0] if given else settled if settled < time else None

    def _look_back(self) -> None:
        """See what gradients the loops back compute."""
        self.gradients = [lstm.recognise_back(self.net, self.turns, back, self.table) for back in self.backs]
        self._check_shapes(self.dims[1])
        self._check_taken()

    def _check_shapes(self, batch: int) -> None:
        view, net, depth = self.turns.view, self.net, self.net.depth
        for cell in net.cells:
            units = cell.layer.units
            need(dims_of(view.outer[cell.c]) == dims_of(view.outer[cell.h]) == (batch, units))
            need(self._dims_of(cell.kernel) == (depth + units, 4 * units))
            need(cell.bias is None or self._dims_of(cell.bias) == (4 * units,))
            depth = units
        need(net.lengths is None or self._dims_of(net.lengths) == (batch,))
        need(self.inputs.meta["val"].dtype in (torch.float32, torch.float64))

    def _dims_of(self, number: int) -> tuple[int, ...]:
        constant = self.turns.reading.constants.get(number)
        return dims_of(self.table.outside(number)) if constant is None else tuple(constant.shape)

    def _check_taken(self) -> None:
        view = self.turns.view
        states = {slot for cell in self.net.cells for slot in (cell.c, cell.h)}
        counts = {back.count for back in self.backs}
        for slot, nodes in view.taken.items():
            if slot in self.turns.counters:
                need(all(node in counts and all(user in {b.view.node for b in self.backs} for user in node.users)
                         for node in nodes))
            else:
                need(slot in states or slot not in self.turns.variables or slot in self.turns.lists)
        for back, gradient in zip(self.backs, self.gradients):
            known = {*back.kept, *gradient.kernels, *gradient.biases, *(s for pair in gradient.states for s in pair)}
            need(all(slot in known or slot in back.lists for slot in back.view.taken))

    # --- changing -------------------------------------------------------------------------------------------------

    def carry_out(self) -> None:
        """Replace the loops."""
        view, net = self.turns.view, self.net
        layers = [cell.layer for cell in net.cells]
        given: list[Any] = []
        for cell in net.cells:
            given += [view.outer[cell.c], view.outer[cell.h], self._value(cell.kernel),
                      None if cell.bias is None else self._value(cell.bias)]
        lengths = None if net.lengths is None else self._value(net.lengths)
        call = self._call(view.node, Layers(layers, bool(self.backs)), (self.inputs, self.limit, lengths, *given))
        call.meta["work"] = max(_largest_product(self.dims, self._dims_of(cell.kernel), cell.layer)
                                for cell in net.cells)
        for node in self._gathered():
            replace(node, self._part(view.node, call, 0, node))
        for index, cell in enumerate(net.cells):
            for place, slot in ((1, cell.c), (2, cell.h)):
                for node in view.taken.get(slot, ()):
                    replace(node, self._part(view.node, call, 2 * index + place, node))
        for slot, nodes in view.taken.items():
            if not (slot in self.turns.variables or slot in self.turns.counters or slot in self.turns.lists):
                for node in nodes:
                    replace(node, view.outer[slot])
        if self.backs:
            kept = self._part(view.node, call, 2 * len(net.cells) + 1, None)
            for place in range(len(self.backs)):
                self._back(place, layers, kept, call.meta["work"])
        order = {node: place for place, node in enumerate(self.plan.graph.nodes)}
        doomed = {node for node in self.doomed if node in order}
        doomed |= {user for node in (view.node, *(b.view.node for b in self.backs)) for user in node.users}
        for node in sorted(doomed, key=order.__getitem__, reverse=True):
            self.plan.graph.erase_node(node)

    def _back(self, place: int, layers: list[Layer], kept: fx.Node, work: float) -> None:
        back, gradient = self.backs[place], self.gradients[place]
        node, outer = back.view.node, back.view.outer
        graph = self.plan.graph
        given: Any = None
        for value in self._given_back(place):
            if given is None:
                given = value
            else:
                with graph.inserting_before(node):
                    given = graph.call_function(torch.add, (given, value))
                given.meta.update(op=node.meta.get("op"), device="cpu", inputs=[], effect="none")
        taken_back = self._taken_back(place)
        states = [outer[slot] for pair in gradient.states for slot in pair]
        call = self._call(node, LayersBack(layers, self.dims[0], self._wants_inputs(place)), (kept, given, *states))
        call.meta["work"] = work
        places = {slot: 1 + 4 * index + which for index, pair in enumerate(gradient.states)
                  for which, slot in enumerate(pair)}
        sums = {slot: 3 + 4 * index for slot, index in gradient.kernels.items()}
        sums.update({slot: 4 + 4 * index for slot, index in gradient.biases.items()})
        for slot, nodes in back.view.taken.items():
            for taken in nodes if slot not in back.lists else ():
                if slot in back.kept:
                    replace(taken, outer[slot])
                    continue
                part = self._part(node, call, places.get(slot, sums.get(slot)), taken)
                if slot in sums and not self._is_zero(outer[slot]):
                    with graph.inserting_before(node):
                        whole = graph.call_function(torch.add, (outer[slot], part))
                    whole.meta.update(part.meta, op=node.meta.get("op"))
                    part = whole
                replace(taken, part)
        for gather in taken_back:
            replace(gather, self._part(node, call, 0, gather))

    def _is_zero(self, value: Any) -> bool:
        if getattr(getattr(value, "target", None), "__name__", "") == "zeros_like":
            return True
        if not isinstance(value, fx.Node) or value.op != "get_attr":
            return False
        constant = self.plan.constants[str(value.target)]
        return isinstance(constant, torch.Tensor) and not constant.any()

    def _value(self, number: int) -> fx.Node:
        """A node of the plan that gives a weight, or lengths."""
        value = self.turns.reading.constants.get(number)
        if value is None:
            return self.table.outside(number)
        constant = self.plan.constant_node(value)
        self.turns.view.node.prepend(constant)
        constant.meta.update(device=str(value.device), val=value.to("meta"))
        return constant

    def _call(self, at: fx.Node, target: PlanCall, arguments: tuple[Any, ...]) -> fx.Node:
        with self.plan.graph.inserting_before(at):
            call = self.plan.graph.call_function(target, arguments)
        call.meta.update({key: at.meta[key] for key in ("op", "path", "device") if key in at.meta}, inputs=[],
                         effect="none")
        return call

    def _part(self, at: fx.Node, call: fx.Node, index: int | None, like: fx.Node | None) -> fx.Node:
        assert index is not None
        with self.plan.graph.inserting_before(at):
            part = self.plan.graph.call_function(operator.getitem, (call, index))
        part.meta.update({key: call.meta[key] for key in ("op", "path", "device") if key in call.meta}, inputs=[],
                         effect="none")
        if like is not None:
            part.meta.update({key: like.meta[key] for key in ("val", "device") if key in like.meta})
        return part


def dims_of(value: Any) -> tuple[int, ...]:
    meta = value.meta.get("val") if isinstance(value, fx.Node) else None
    if not isinstance(meta, torch.Tensor):
        raise Otherwise
    return tuple(meta.shape)


def _largest_product(dims: tuple[int, ...], kernel: tuple[int, ...], layer: Layer) -> int:
    """What the largest product of a layer has to do: that of all inputs; those of the states are done turn by turn."""
    return 2 * dims[0] * dims[1] * (kernel[0] - layer.units) * kernel[1]
