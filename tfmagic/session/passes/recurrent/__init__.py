"""Recurrent nets: a loop that is nothing but LSTM cells, and the loops of its gradients, become one call each.

1. The loop counts its turns from 0, reads its inputs from a TensorArray that one scatter filled, writes outputs, if
   any, to another that is only gathered, and carries on only the states of its cells, one on top of the other. Rows
   may end before others (`sequence_length`).
2. What else looks into the loop keeps it: its stacks belong to loops of gradients that are recognised too, its counters
   are read by them alone, and its TensorArrays have no other readers and writers.
3. All shapes are known.
4. `ops.nn.lstm_layers` computes the same by torch's fused kernel.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.base import shapes
from tfmagic.ops.nn import lstm_layers
from tfmagic.ops.nn.lstm_layers import Layer
from tfmagic.session.passes.recurrent import lstm
from tfmagic.session.passes.recurrent.lstm import Gradient
from tfmagic.session.passes.recurrent.meanings import Meanings, Otherwise, need, only
from tfmagic.session.passes.recurrent.turns import Turns, TurnsBack, loops, number_of
from tfmagic.session.plan.plan_graph import PlanGraph, replace
from tfmagic.session.plan.run_time import PlanCall


class Layers(PlanCall, shown_under="tfmagic.session"):
    """Computes layers of LSTM: inputs, turns, lengths, then `c`, `h`, kernel and bias of each.

    It gives the outputs, the states of each layer, and what the gradient needs.
    """

    __name__ = __qualname__ = "lstm"
    effect = "none"

    def __init__(self, layers: list[Layer], keep: bool):
        self.layers, self.keep = layers, keep

    def __call__(self, *given: Any) -> Any:
        return self._computed(False, *given)

    def by_turns(self, *given: Any) -> Any:
        """The same without the fused kernel, in calls that can be traced."""
        return self._computed(True, *given)

    def _computed(self, by_turns: bool, inputs: Any, turns: Any, lengths: Any, *given: Any) -> Any:
        states, weights = [(g[0], g[1]) for g in _fours(given)], [(g[2], g[3]) for g in _fours(given)]
        outputs, after, kept = lstm_layers.forward(self.layers, inputs, turns, lengths, states, weights, self.keep,
                                                    by_turns)
        return (outputs, *(state for pair in after for state in pair), kept)


class LayersBack(PlanCall, shown_under="tfmagic.session"):
    """Computes the gradients of `Layers`: of the inputs, then of `c`, `h`, kernel and bias of each layer."""

    __name__ = __qualname__ = "lstm_gradient"
    effect = "none"

    def __init__(self, layers: list[Layer], time: int, wants_inputs: bool):
        self.layers, self.time, self.wants_inputs = layers, time, wants_inputs

    def __call__(self, *given: Any) -> Any:
        return self.by_turns(*given)

    def by_turns(self, kept: Any, d_outputs: Any, *given: Any) -> Any:
        """The gradients, as what was kept says: by the fused kernel, or in calls that can be traced."""
        d_states = list(zip(given[::2], given[1::2]))
        d_inputs, before, weights = lstm_layers.backward(self.layers, kept, self.time, d_outputs, d_states,
                                                         self.wants_inputs)
        return (d_inputs, *(value for pair in zip(before, weights) for part in pair for value in part))


def _fours(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[i:i + 4] for i in range(0, len(values), 4)]


def run(plan: PlanGraph) -> bool:
    """Replace the loops that are recurrent nets; say whether there were any."""
    found = loops(plan.graph.nodes)
    changed = False
    for node in found:
        if node.graph is plan.graph and node not in _erased(plan, found):
            try:
                _Rewriting(plan, node).carry_out()
                changed = True
            except Otherwise:
                continue
    return changed


def _erased(plan: PlanGraph, nodes: Iterable[fx.Node]) -> set[fx.Node]:
    there = set(plan.graph.nodes)
    return {node for node in nodes if node not in there}


class _Rewriting:
    """One loop with those of its gradients: everything is looked at before anything is changed.

    Raises:
      Otherwise: it is no recurrent net.
    """

    def __init__(self, plan: PlanGraph, node: fx.Node):
        self.plan = plan
        table = self.table = Meanings()
        turns = self.turns = Turns(plan, node, table)
        self.array = table.outside(only(turns.effects("read")).on)
        self.scatter, self.inputs = self._scattered(self.array)
        self.dims = _dims(self.inputs)
        need(len(self.dims) == 3)
        time, batch, depth = self.dims
        net = self.net = lstm.recognise(turns, table, depth)
        settled = min((limit for limit in turns.limits if isinstance(limit, int)), default=0)
        given = [limit for limit in turns.limits if isinstance(limit, fx.Node)]
        need(0 < settled <= time and batch > 0 and len(given) <= (settled == time))
        self.limit = given[0] if given else settled if settled < time else None
        stacks = set(turns.stacks)
        users = dict.fromkeys(user for stack in stacks for user in stack.users if user is not node)
        need(all(user in loops([user]) for user in users))
        self.backs = [TurnsBack(turns, user, table) for user in users]
        self.gradients = [lstm.recognise_back(net, turns, back, table) for back in self.backs]
        self._check_shapes(batch)
        self._check_taken()
        self.doomed = [node, *users, *stacks, self.scatter, self.array]
        self.gathers: list[fx.Node] = []
        self.d_outputs: dict[str, list[fx.Node]] = {}
        self.d_inputs: dict[str, list[fx.Node]] = {}
        self._look_at_arrays()

    # --- looking --------------------------------------------------------------------------------------------------

    def _scattered(self, array: fx.Node) -> tuple[fx.Node, fx.Node]:
        """The node that fills an array, and with what."""
        need(getattr(array.target, "__name__", "") == "new_array" and array.meta.get("on_object"))
        scatter = only(user for user in array.users if _is_call(user, "scatter", array))
        need(not scatter.users)
        value: Any = scatter.args[2]
        self._check_array(array, _dims(value))
        self._check_places(scatter.args[1], _dims(value)[0])
        return scatter, value

    def _check_array(self, array: fx.Node, dims: tuple[int, ...]) -> None:
        size, _, dtype, element, dynamic, *_ = list[Any](array.args)
        need(number_of(self.plan, size) == dims[0] and not dynamic and dtype in ("float32", "float64"))
        need(shapes.compatible(element, dims[1:]))

    def _check_places(self, places: Any, count: int) -> None:
        need(isinstance(places, fx.Node) and places.op == "get_attr")
        value = self.plan.constants[str(places.target)]
        need(isinstance(value, torch.Tensor) and value.tolist() == list(range(count)))

    def _check_shapes(self, batch: int) -> None:
        view, net, depth = self.turns.view, self.net, self.net.depth
        for cell in net.cells:
            units = cell.layer.units
            need(_dims(view.outer[cell.c]) == _dims(view.outer[cell.h]) == (batch, units))
            need(self._dims_of(cell.kernel) == (depth + units, 4 * units))
            need(cell.bias is None or self._dims_of(cell.bias) == (4 * units,))
            depth = units
        need(net.lengths is None or self._dims_of(net.lengths) == (batch,))
        need(self.inputs.meta["val"].dtype in (torch.float32, torch.float64))

    def _dims_of(self, number: int) -> tuple[int, ...]:
        constant = self.turns.reading.constants.get(number)
        return _dims(self.table.outside(number)) if constant is None else tuple(constant.shape)

    def _check_taken(self) -> None:
        view = self.turns.view
        states = {slot for cell in self.net.cells for slot in (cell.c, cell.h)}
        counts = {back.view.outer[back.counter] for back in self.backs}
        for slot, nodes in view.taken.items():
            if slot in self.turns.counters:
                need(all(node in counts and all(user in {b.view.node for b in self.backs} for user in node.users)
                         for node in nodes))
            else:
                need(slot in states or slot not in self.turns.variables)
        for back, gradient in zip(self.backs, self.gradients):
            known = {*back.kept, *gradient.kernels, *gradient.biases, *(s for pair in gradient.states for s in pair)}
            need(all(slot in known for slot in back.view.taken))

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
                need(not user.users and _dims(user.args[2]) == (*self.dims[:2], self.net.cells[-1].layer.units))
                self.doomed.append(user)

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
        if self.gathers:
            outputs = self._part(view.node, call, 0, self.gathers[0])
            for node in self.gathers:
                replace(node, outputs)
        for index, cell in enumerate(net.cells):
            for place, slot in ((1, cell.c), (2, cell.h)):
                for node in view.taken.get(slot, ()):
                    replace(node, self._part(view.node, call, 2 * index + place, node))
        for slot, nodes in view.taken.items():
            if slot not in self.turns.variables and slot not in self.turns.counters:
                for node in nodes:
                    replace(node, view.outer[slot])
        if self.backs:
            kept = self._part(view.node, call, 2 * len(net.cells) + 1, None)
            for back, gradient in zip(self.backs, self.gradients):
                self._back(back, gradient, layers, kept, call.meta["work"])
        order = {node: place for place, node in enumerate(self.plan.graph.nodes)}
        doomed = {node for node in self.doomed if node in order}
        doomed |= {user for node in (view.node, *(b.view.node for b in self.backs)) for user in node.users}
        for node in sorted(doomed, key=order.__getitem__, reverse=True):
            self.plan.graph.erase_node(node)

    def _back(self, back: TurnsBack, gradient: Gradient, layers: list[Layer], kept: fx.Node, work: float) -> None:
        node, outer = back.view.node, back.view.outer
        graph = self.plan.graph
        given: Any = None
        for scatter in self.d_outputs.get(gradient.outputs or "", ()):
            if given is None:
                given = scatter.args[2]
            else:
                with graph.inserting_before(node):
                    given = graph.call_function(torch.add, (given, scatter.args[2]))
                given.meta.update(op=node.meta.get("op"), device="cpu", inputs=[], effect="none")
        states = [outer[slot] for pair in gradient.states for slot in pair]
        call = self._call(node, LayersBack(layers, self.dims[0], gradient.inputs is not None), (kept, given, *states))
        call.meta["work"] = work
        places = {slot: 1 + 4 * index + place for index, pair in enumerate(gradient.states)
                  for place, slot in enumerate(pair)}
        sums = {slot: 3 + 4 * index for slot, index in gradient.kernels.items()}
        sums.update({slot: 4 + 4 * index for slot, index in gradient.biases.items()})
        for slot, nodes in back.view.taken.items():
            for taken in nodes:
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
        for gather in self.d_inputs.get(gradient.inputs or "", ()):
            replace(gather, self._part(node, call, 0, gather))

    def _is_zero(self, value: Any) -> bool:
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


def _is_call(node: fx.Node, kind: str, on: fx.Node) -> bool:
    return node.op == "call_method" and node.target == kind and node.args[0] is on and not node.kwargs \
        and bool(node.meta.get("on_object"))


def _dims(value: Any) -> tuple[int, ...]:
    meta = value.meta.get("val") if isinstance(value, fx.Node) else None
    if not isinstance(meta, torch.Tensor):
        raise Otherwise
    return tuple(meta.shape)


def _largest_product(dims: tuple[int, ...], kernel: tuple[int, ...], layer: Layer) -> int:
    """What the largest product of a layer has to do: that of all inputs; those of the states are done turn by turn."""
    return 2 * dims[0] * dims[1] * (kernel[0] - layer.units) * kernel[1]
