"""Loops: the nodes of one frame as a Python loop over two bodies, the condition and the iteration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch.fx.proxy import Proxy

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session.lower import effects
from tfmagic.session.lower.abilities import ENTERS, EXITS, MERGES, NEXT, SWITCHES
from tfmagic.session.lower.body import (
    Inner,
    aliased,
    common_meta,
    lives_on_host,
    meta_of,
    passed,
    require_scalar,
    static_meta,
)
from tfmagic.session.lower.branches import BranchStep
from tfmagic.session.lower.lowering import Lowering, VariableRef
from tfmagic.session.lower.regions import Irregular, Region
from tfmagic.session.lower.schedule import OpStep, Step, lower_all, schedule
from tfmagic.session.lower.tracer import device_of
from tfmagic.session.passes import host_scalars
from tfmagic.session.plan.loop import Loop
from tfmagic.session.plan.order import Cycle, in_order
from tfmagic.session.plan.plan_graph import PlanGraph


class Frame:
    """The nodes of one loop: those of its own, and loops inside.

    Attributes:
      enters: the Enter nodes that lead into it.
      ops: its own nodes, with the Enter nodes of inner loops among them.
      inner: the loops inside.
    """

    def __init__(self, name: str, parent: Frame | None):
        self.name = name
        self.parent = parent
        self.enters: list[Operation] = []
        self.ops: list[Operation] = []
        self.inner: dict[str, Frame] = {}
        self.depth: int = 0 if parent is None else parent.depth + 1

    def child(self, name: str) -> Frame:
        if name not in self.inner:
            self.inner[name] = Frame(name, self)
        return self.inner[name]

    def all_ops(self) -> list[Operation]:
        return [*self.ops, *(op for frame in self.inner.values() for op in frame.all_ops())]


# How often a loop is lowered again with less assumed before nothing is, and to which depth anything is at all: each
# loop around one multiplies the tries.
TRIES = 3
DEEPEST = 3


def frames(ops: Sequence[Operation], fed: set[Tensor]) -> Frame:
    """The tree of frames of a graph: which loop each node is in.

    Raises:
      Irregular: there is a cycle outside of loops.
    """
    root = Frame("", None)
    outside: dict[Operation, Frame] = {}  # where the outputs of a node are

    def before(op: Operation) -> list[Operation]:
        inputs = [t.op for t in op._inputs if t not in fed and not (op.type in MERGES and t.op.type in NEXT)]
        return [*inputs, *op._control_inputs]

    try:
        order = in_order(ops, before, lambda op: op._id)
    except Cycle:
        raise Irregular("a cycle outside of loops") from None
    for op in order:
        found = [outside[t.op] for t in op._inputs if t not in fed and t.op in outside]
        found += [outside[c] for c in op._control_inputs if c in outside]
        frame = max(found, key=lambda f: f.depth, default=root)
        frame.ops.append(op)
        if op.type in ENTERS:
            inner = frame.child(op._attrs["frame_name"])
            inner.enters.append(op)
            outside[op] = inner
        elif op.type in EXITS and frame.parent is not None:
            outside[op] = frame.parent
        else:
            outside[op] = frame
    return root


def units_of(frame: Frame, fed: set[Tensor], without: Iterable[Operation] = ()) -> list[Step]:
    """The nodes of a frame as units: inner loops are one unit each."""
    loops: list[Step] = [LoopStep(inner, fed) for inner in frame.inner.values()]
    taken = {op for loop in loops for op in loop.ops}
    taken.update(without)
    return [*(OpStep(op) for op in frame.ops if op not in taken), *loops]


class LoopStep:
    """One loop.

    Raises:
      Irregular: it has not exactly one LoopCond, or a Switch on it leads to something else than an Exit.
    """

    def __init__(self, frame: Frame, fed: set[Tensor]):
        self.name = frame.name
        self.enters = frame.enters
        inside = frame.all_ops()
        self.ops = (*frame.enters, *inside)
        self.id = min(op._id for op in self.ops)
        members = set(self.ops)
        self.inputs = tuple(dict.fromkeys(t for op in self.ops for t in op._inputs if t.op not in members))
        self.controls = tuple(dict.fromkeys(c for op in self.ops for c in op._control_inputs if c not in members))
        self.writes = any(effects.writes(op) for op in inside)
        self.waits = any(effects.waits(op) for op in inside)
        self._fed = fed
        conds = [op for op in frame.ops if op.type == "LoopCond"]
        if len(conds) != 1:
            raise Irregular(f"{len(conds)} conditions in loop {frame.name}")
        self.cond = conds[0]
        self.merges = [op for op in frame.ops if op.type in MERGES and any(t.op.type in NEXT for t in op._inputs)]
        self.switches = [op for op in frame.ops if op.type in SWITCHES and op._inputs[1].op is self.cond]
        self.exits = [op for op in frame.ops if op.type in EXITS]
        nexts = [op for op in frame.ops if op.type in NEXT]
        self._gates = self._gated_exits(frame)
        routing = {self.cond, *self.merges, *self.switches, *self.exits, *nexts, *self._gates}
        self._check(frame)
        units = units_of(frame, fed, routing)
        self._split(units)

    def _gated_exits(self, frame: Frame) -> set[Operation]:
        """The copies between a Switch and an Exit, as optimizers put them there to have gradients come together.

        They wait for nothing but Switches of the loop, so an Exit may as well take what they copy.
        """
        switches, leaving = set(self.switches), {op._outputs[0] for op in self.switches}
        waited_for = {control for op in frame.ops for control in op._control_inputs}
        gates: set[Operation] = set()
        for op in frame.ops:
            if op.type == "Identity" and op._inputs[0] in leaving and op._outputs[0] not in self._fed and \
                    op not in waited_for and all(
                        control.type == "NoOp" and switches.issuperset(control._control_inputs)
                        for control in op._control_inputs):
                gates.add(op)
                leaving.add(op._outputs[0])
        return gates

    def _leaves(self, op: Operation) -> Tensor:
        """What an Exit hands out: the output of a Switch that is on the loop's condition, where the loop is regular."""
        tensor = op._inputs[0]
        while tensor.op in self._gates:
            tensor = tensor.op._inputs[0]
        return tensor

    def _check(self, frame: Frame) -> None:
        false_sides = {op._outputs[0] for op in self.switches}
        leaving = false_sides | {op._outputs[0] for op in self._gates}
        for op in frame.ops:
            if op.type in EXITS:
                if self._leaves(op) not in false_sides:
                    raise Irregular(f"{op.name} does not leave by the loop's condition")
            elif op not in self._gates and any(t in leaving for t in op._inputs):
                raise Irregular(f"{op.name} runs after the last iteration of a loop, inside of it")
        for op in self.merges:
            if len(op._inputs) != 2 or op._inputs[0].op not in self.enters or op._inputs[1].op.type not in NEXT:
                raise Irregular(f"{op.name} does not merge an entry and an iteration")
            if any(op._outputs[1] in other._inputs for other in frame.ops):
                raise Irregular(f"{op.name} tells whether it is the first iteration")

    def _split(self, units: list[Step]) -> None:
        """Tell what the condition needs from what the iteration needs."""
        producer = {op: unit for unit in units for op in unit.ops}
        merged = {op._outputs[0] for op in self.merges}
        targets = [self.cond._inputs[0], *(op._inputs[0] for op in self.switches if op._inputs[0] not in merged)]
        for_cond: set[Step] = set()
        stack = [producer[t.op] for t in targets if t.op in producer]
        while stack:
            unit = stack.pop()
            if unit not in for_cond:
                for_cond.add(unit)
                stack.extend(producer[t.op] for t in unit.inputs if t.op in producer)
                stack.extend(producer[c] for c in unit.controls if c in producer)
        cond_units = [unit for unit in units if unit in for_cond]
        body_units = [unit for unit in units if unit not in for_cond]
        self.next_values = [op._inputs[1].op._inputs[0] for op in self.merges]
        wanted = {t for unit in body_units for t in unit.inputs} | set(self.next_values) | set(targets[1:])
        made = [t for unit in cond_units for op in unit.ops for t in op._outputs]
        self.handed_on = [t for t in made if t in wanted]  # from the condition to the iteration
        self.exit_data = [self._leaves(op).op._inputs[0] for op in self.exits]
        self.cond_steps = Region(cond_units, self._fed, {*targets, *self.handed_on}).steps(cond_units, (), BranchStep) \
            if cond_units else []
        if body_units:
            region = Region(body_units, self._fed, self.next_values)
            self.body_steps = region.steps(region.order, (), BranchStep)
        else:
            self.body_steps = []

    def following(self, merge: Operation) -> tuple[Tensor, Tensor]:
        """What a loop variable is at the beginning, and in the next iteration."""
        return merge._inputs[0].op._inputs[0], merge._inputs[1].op._inputs[0]

    def lower(self, lowering: Lowering) -> None:
        plan = _LoopPlan(self, lowering)
        plan.run()


class _LoopPlan:
    """One lowering of a loop: gives every value a slot."""

    def __init__(self, step: LoopStep, lowering: Lowering):
        self.step = step
        self.outer = lowering
        self.initial: list[Any] = []
        self.slots: dict[Any, int] = {}
        self.known: dict[Tensor, Any] = {}
        self.devices: dict[int, str] = {}
        self.metas: dict[Tensor, Any] = {}
        self.tries = 0

    def slot(self, key: Any) -> int:
        if key not in self.slots:
            self.slots[key] = len(self.slots)
        return self.slots[key]

    def run(self) -> None:
        step, outer = self.step, self.outer
        values = {op: passed(outer, op, op._inputs[0]) for op in step.enters}
        variables: list[Operation] = []
        for op in step.merges:
            value = values[op._inputs[0].op]
            if type(value) is VariableRef:
                self.known[op._outputs[0]] = value
                continue
            variables.append(op)
            tensor = op._outputs[0]
            index = self.slot(tensor)
            self.devices[index] = "cpu" if lives_on_host(tensor) else outer.place(op)
            self.initial.append(self._entry(value, self.devices[index]))
        self._assume(variables)
        mark, known = outer.log.mark(), dict(self.known)
        while True:
            cond, body, handed, following = self._bodies(values, variables)
            wrong = [op for op in variables if not self._holds(op, following[op])]
            if not wrong:
                break
            self.tries += 1
            outer.log.forget(mark)
            self.known = dict(known)
            for op in wrong if self.tries < TRIES else variables:
                self.metas[op._outputs[0]] = static_meta(op._outputs[0], *step.following(op))
        cond_lowering = cond.lowering
        goes_on = cond_lowering.value(step.cond._inputs[0])
        require_scalar(goes_on, step.switches[0] if step.switches else None)
        written = list(dict.fromkeys([*cond_lowering.written, *body.lowering.written]))
        cond_results = [goes_on, *(cond_lowering.values[t] for t in handed)]
        body_results = [body.settled(following[op], self.devices[self.slots[op._outputs[0]]]) for op in variables]
        exits = {data: cond_lowering.values.get(data) for data in step.exit_data}
        self._call(cond.finish(f"condition of {step.name}", cond_results, list(cond_lowering.written)),
                   body.finish(f"iteration of {step.name}", body_results, list(body.lowering.written)),
                   variables, handed, written, exits)

    def _assume(self, variables: list[Operation]) -> None:
        """Take the shape with which a loop variable enters for its shape in every iteration, until disproved."""
        for op, value in zip(variables, self.initial):
            tensor = op._outputs[0]
            meta = static_meta(tensor, *self.step.following(op))
            if meta is None and self.outer.depth < DEEPEST and not lives_on_host(tensor) and not self.outer.stepwise:
                meta = meta_of(value)
            self.metas[tensor] = meta

    def _holds(self, op: Operation, following: Any) -> bool:
        """Whether a loop variable keeps the shape that was assumed."""
        assumed = self.metas[op._outputs[0]]
        if assumed is None or static_meta(op._outputs[0], *self.step.following(op)) is not None:
            return True  # as far as the graph itself promises it
        return common_meta([assumed, following]) is not None

    def _bodies(self, values: dict[Operation, Any], variables: list[Operation]) -> Any:
        """The condition and the iteration lowered, what the one hands on to the other, and the next values."""
        step = self.step
        cond = self._open(values)
        self._lower(cond, step.cond_steps)
        cond_lowering = cond.lowering
        handed = []
        for tensor in step.handed_on:
            value = cond_lowering.values.get(tensor)
            if isinstance(value, Proxy):
                handed.append(tensor)
            elif value is not None:
                self.known[tensor] = value
        body = self._open(values)
        for tensor in handed:
            value = cond_lowering.values[tensor]
            body.parameter(tensor, tensor, device_of(value), meta_of(value))
        body.lowering.values[step.cond._outputs[0]] = torch.tensor(True)
        for op in step.switches:
            body.lowering.values[op._outputs[1]] = body.lowering.values[op._inputs[0]]
        self._lower(body, step.body_steps)
        following = {op: body.lowering.value(value) for op, value in zip(step.merges, step.next_values)
                     if op in variables}
        return cond, body, handed, following

    def _entry(self, value: Any, device: str) -> Any:
        """A loop variable's first value where it stays during the loop."""
        tracer = self.outer.tracer
        tracer.op, tracer.device = self.step.cond, device
        if isinstance(value, Proxy):
            return tracer.moved(value, device)
        return tracer.proxy(tracer.constant(value, device))

    def _open(self, values: dict[Operation, Any]) -> Inner:
        """A body with the loop variables and invariants in it."""
        inner = Inner(self.outer)
        for op in self.step.merges:
            tensor = op._outputs[0]
            if tensor in self.known:
                inner.lowering.values[tensor] = self.known[tensor]
            else:
                inner.parameter(tensor, tensor, self.devices[self.slots[tensor]],
                                self.metas[tensor])
        variable_enters = {op._inputs[0].op for op in self.step.merges}
        for op, value in values.items():
            if op not in variable_enters:
                self._bring(inner, op._outputs[0], op._inputs[0], value)
        for tensor in self.step.inputs:  # what is read without an Enter
            if tensor in self.outer.values and tensor not in inner.lowering.values:
                self._bring(inner, tensor, tensor, self.outer.current(tensor))
        inner.lowering.values.update(self.known)
        return inner

    def _bring(self, inner: Inner, tensor: Tensor, source: Tensor, value: Any) -> None:
        """Let `tensor` stand in a body for the value of `source`; a variable changed there for its present one."""
        root = None if type(value) is VariableRef else aliased(self.outer, source)
        if root is None or not self.step.writes:
            inner.bring(tensor, value)
        else:
            inner.bring(tensor, inner.lowering.variable(root), root)

    def _lower(self, inner: Inner, steps: list[Any]) -> None:
        lower_all(schedule(steps, self.step._fed), inner.lowering)

    def _call(self, cond: PlanGraph, body: PlanGraph, variables: list[Operation], handed: list[Tensor],
              written: list[Operation], exits: dict[Tensor, Any]) -> None:
        outer, step = self.outer, self.step
        wanted = [*dict.fromkeys(data for data in step.exit_data)]
        results = call_loop(outer, step.cond, cond, body, self.initial, [op._outputs[0] for op in variables], handed,
                            written, wanted)
        for op, data in zip(step.exits, step.exit_data):
            part = results.get(data)
            if part is None:
                outer.values[op._outputs[0]] = exits[data]  # known without the loop
                continue
            part.node.meta["device"] = self.devices.get(self.slots.get(data, -1), "cpu")
            meta = self.metas[data] if data.op in variables else static_meta(data)
            if meta is not None:
                part.node.meta["val"] = meta
            outer.values[op._outputs[0]] = part


def call_loop(outer: Lowering, op: Operation, cond: PlanGraph, body: PlanGraph, initial: Sequence[Any],
              variables: Sequence[Tensor], handed: Sequence[Tensor], written: Sequence[Operation],
              wanted: Iterable[Tensor]) -> dict[Tensor, Any]:
    """Call a loop; the variables that it changes are changed afterwards.

    Args:
      op: the operation that is to blame.
      cond: gives whether to go on, then what it hands on, then the variables that it changes.
      body: gives the next values of the loop variables, then the variables that it changes.
      initial: the first values of the loop variables.
      variables: the loop variables, by which the bodies' parameters name them.
      handed: what the condition hands on to the iteration.
      written: the variables that either changes.
      wanted: what is to be known after the loop: loop variables, or what the condition hands on.

    Returns:
      The values of `wanted` after the loop, as far as it has them.
    """
    arguments = list(initial)
    keys: dict[Any, int] = {tensor: i for i, tensor in enumerate(variables)}
    for source in [*cond.parameters, *body.parameters, *written]:
        key = source.node if isinstance(source, Proxy) else source
        if key in keys or isinstance(source, Tensor):
            continue
        keys[key] = len(arguments)
        arguments.append(source if isinstance(source, Proxy) else outer.variable(source))
    size = len(arguments)
    for tensor in handed:
        keys[tensor] = size
        size += 1

    numbers = {} if outer.stepwise else host_scalars.run(cond, body, variables)

    def place(source: Any) -> int:
        return keys[source.node if isinstance(source, Proxy) else source]

    shown = [tensor for tensor in wanted if tensor in keys]
    loop = Loop(cond, [place(s) for s in cond.parameters], [keys[t] for t in (*handed, *cond.written)],
                body, [place(s) for s in body.parameters], [keys[t] for t in (*variables, *body.written)], size,
                [keys[t] for t in (*shown, *written)], {keys[key]: kind for key, kind in numbers.items()})
    tracer = outer.tracer
    tracer.op, tracer.device, tracer.inputs = op, "cpu", []
    call: Any = tracer.create_proxy("call_function", loop, tuple(arguments), {})
    for index, root in enumerate(written):
        part = call[len(shown) + index]
        part.node.meta["device"] = outer.place(root)
        outer.write(root, part)
    return {tensor: call[index] for index, tensor in enumerate(shown)}
