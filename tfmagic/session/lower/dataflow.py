"""Runs graphs whose control flow has no structure of loops and branches, node by node, as TensorFlow's executor does.

Every node waits for its inputs; a Switch makes one of its outputs dead, and what reads a dead value is dead; a Merge
takes the first live input. Each loop is a frame, each iteration of it a set of values of its own.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from tfmagic.base import errors
from tfmagic.graph import registry
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.torch_types import as_torch
from tfmagic.session import run_errors
from tfmagic.session.lower import effects
from tfmagic.session.lower.abilities import ENTERS, EXITS, MERGES, NEXT, SWITCHES, VARIABLE_OPS, refused
from tfmagic.session.lower.body import DEAD
from tfmagic.session.lower.lowering import Lowering, VariableRef, uninitialized
from tfmagic.session.plan.run_time import PlanCall, RunTimeKernel
from tfmagic.session.running import check_deadline, current


class DataflowStep:
    """A whole plan as one step."""

    def __init__(self, ops: Sequence[Operation], fed: set[Tensor], needed: Iterable[Tensor]):
        self.ops = tuple(ops)
        self.id = min(op._id for op in ops)
        self.inputs: tuple[Tensor, ...] = ()
        self.controls: tuple[Operation, ...] = ()
        self.waits = any(effects.waits(op) for op in ops)
        self.writes = any(effects.writes(op) for op in ops)
        self._fed = [tensor for tensor in fed if any(tensor in op._inputs for op in ops) or tensor in needed]
        self._needed = [tensor for tensor in needed if tensor not in fed]

    def lower(self, lowering: Lowering) -> None:
        roots = [op for op in self.ops if op.type in VARIABLE_OPS]
        written = [op for op in roots if self.writes]
        interpreter = Interpreter(self.ops, self._fed, self._needed, roots, lowering.resources)
        tracer = lowering.tracer
        tracer.op, tracer.device, tracer.inputs = self.ops[0], "cpu", []
        call: Any = tracer.create_proxy("call_function", interpreter, (
            *(lowering.values[tensor] for tensor in self._fed), *(lowering.variable(root) for root in roots)), {})
        for index, tensor in enumerate(self._needed):
            lowering.values[tensor] = call[index]
        for index, root in enumerate(written):
            lowering.write(root, call[len(self._needed) + index])


class _Frame:
    """One execution of a loop (or the root).

    Attributes:
      invariants: (node, output value) pairs that every iteration starts with.
      busy: nodes queued and inner frames at work.
      entries: Enter nodes that have not sent their value yet; when both are 0 the loop is over.
    """

    def __init__(self, name: str, parent: tuple[_Frame, int] | None, entries: int = 0):
        self.name = name
        self.parent = parent
        self.iterations: list[_Iteration] = [_Iteration()]
        self.invariants: list[tuple[Operation, Any]] = []
        self.children: dict[tuple[str, int], _Frame] = {}
        self.busy = 0
        self.entries = entries
        self.dead_exits: set[Operation] = set()
        self.live_exits: set[Operation] = set()


class _Iteration:
    def __init__(self) -> None:
        self.values: dict[Tensor, Any] = {}
        self.arrived: dict[Operation, int] = {}
        self.dead: dict[Operation, bool] = {}
        self.started: set[Operation] = set()


class Interpreter(PlanCall):
    """Called at run time with the fed values and the variables; gives the needed values and the variables after."""

    __name__ = __qualname__ = "dataflow"

    def __init__(self, ops: Sequence[Operation], fed: list[Tensor], needed: list[Tensor], roots: list[Operation],
                 resources: Any):
        self.ops, self.fed, self.needed, self.roots, self.resources = ops, fed, needed, roots, resources
        known = set(ops)
        self.readers: dict[Operation, list[tuple[Operation, Tensor | None]]] = collections.defaultdict(list)
        self.expected: dict[Operation, int] = {}
        fed_set = set(fed)
        for op in ops:
            count = 0
            for tensor in op._inputs:
                if tensor not in fed_set and tensor.op in known:
                    self.readers[tensor.op].append((op, tensor))
                    count += 1
            for control in op._control_inputs:
                if control in known:
                    self.readers[control].append((op, None))
                    count += 1
            self.expected[op] = count
        self.entries = collections.Counter(op._attrs["frame_name"] for op in ops if op.type in ENTERS)
        self.kernels: dict[Operation, _Single] = {}
        declarations = [registry.lookup(op.type) for op in ops]
        self.keeps_state = any(d is not None and d.state is not None for d in declarations)
        self.effect = "waits" if any(effects.waits(op) for op in ops) else "writes"

    def __call__(self, *values: Any) -> tuple[Any, ...]:
        return _Run(self, values).results()


class _Run:
    """One run of an `Interpreter`."""

    def __init__(self, plan: Interpreter, values: Sequence[Any]):
        self.plan = plan
        self.feeds = dict(zip(plan.fed, values))
        self.variables = dict(zip(plan.roots, values[len(plan.fed):]))
        self.root = _Frame("", None)
        self.given: dict[Tensor, list[Any]] = {tensor: [] for tensor in plan.needed}
        self.queue: collections.deque[tuple[Operation, _Frame, int]] = collections.deque()

    def results(self) -> tuple[Any, ...]:
        """Run every node; give the needed values and the variables after."""
        for op in self.plan.ops:
            if self.plan.expected[op] == 0:
                self._start(op, self.root, 0)
        deadline = current.deadline
        while self.queue:
            if deadline is not None:
                check_deadline(deadline)
            op, frame, number = self.queue.popleft()
            self._run(op, frame, number)
            frame.busy -= 1
            self._finish(frame)
        results = []
        for index, tensor in enumerate(self.plan.needed):
            values = self.given[tensor]
            if not values:
                raise run_errors.error(errors.InvalidArgumentError, tensor.op, f"Retval[{index}] does not have value\n"
                                       f"{tensor.name} is in a branch that this run did not take.")
            if len(values) > 1:
                raise run_errors.error(errors.InternalError, tensor.op, f"Retval[{index}] has already been set.\n"
                                       f"{tensor.name} has a value in each turn of a loop: fetch what it returns.")
            results.append(self._read(values[0], tensor.op))
        return (*results, *(self.variables[root] for root in self.plan.roots))

    def _start(self, op: Operation, frame: _Frame, number: int) -> None:
        iteration = frame.iterations[number]
        if op not in iteration.started:
            iteration.started.add(op)
            frame.busy += 1
            self.queue.append((op, frame, number))

    def _finish(self, frame: _Frame) -> None:
        """Send dead exits on when a loop is over."""
        while frame.parent is not None and frame.busy == 0 and frame.entries == 0:
            parent, number = frame.parent
            for op in sorted(frame.dead_exits - frame.live_exits, key=lambda op: op._id):
                self._send(op, [DEAD], True, parent, number)
            frame.dead_exits.clear()
            frame.busy = -1
            parent.busy -= 1
            frame = parent

    # --- one node ---------------------------------------------------------------------------------------------

    def _run(self, op: Operation, frame: _Frame, number: int) -> None:
        iteration = frame.iterations[number]
        inputs = [self.feeds[t] if t in self.feeds else iteration.values.get(t, DEAD) for t in op._inputs]
        dead = iteration.dead.get(op, False)
        if op.type in MERGES:
            live = [(i, v) for i, v in enumerate(inputs) if v is not DEAD]
            if dead or not live:
                self._send(op, [DEAD, DEAD], True, frame, number)
            else:
                self._send(op, [live[0][1], torch.tensor(live[0][0], dtype=torch.int32)], False, frame, number)
            return
        dead = (dead or any(v is DEAD for v in inputs)) and op.type != "ControlTrigger"
        if op.type in ENTERS:
            self._enter(op, inputs[0], dead, frame, number)
        elif op.type in EXITS:
            if dead:
                frame.dead_exits.add(op)
            else:
                frame.live_exits.add(op)
                parent, at = frame.parent  # type: ignore[misc]
                self._send(op, inputs, False, parent, at)
        elif op.type in NEXT:
            if not dead:
                if number + 1 == len(frame.iterations):
                    frame.iterations.append(_Iteration())
                    for source, value in frame.invariants:
                        self._send(source, [value], value is DEAD, frame, number + 1)
                self._send(op, inputs, False, frame, number + 1)
        elif dead:
            self._send(op, [DEAD] * len(op._outputs), True, frame, number)
        elif op.type in SWITCHES:
            pair = [DEAD, DEAD]
            pair[1 if inputs[1] else 0] = inputs[0]
            self._send(op, pair, False, frame, number)
        else:
            self._send(op, self._compute(op, inputs), False, frame, number)

    def _enter(self, op: Operation, value: Any, dead: bool, frame: _Frame, number: int) -> None:
        key = (op._attrs["frame_name"], number)
        inner = frame.children.get(key)
        if inner is None:
            inner = frame.children[key] = _Frame(key[0], (frame, number), self.plan.entries[key[0]])
            frame.busy += 1
        value = DEAD if dead else value
        if op._attrs["is_constant"]:
            inner.invariants.append((op, value))
            for at in range(len(inner.iterations)):
                self._send(op, [value], dead, inner, at)
        else:
            self._send(op, [value], dead, inner, 0)
        inner.entries -= 1
        self._finish(inner)

    def _send(self, op: Operation, outputs: Sequence[Any], dead: bool, frame: _Frame, number: int) -> None:
        """Give a node's outputs to its readers in one iteration of a frame."""
        iteration = frame.iterations[number]
        for tensor, value in zip(op._outputs, outputs):
            iteration.values[tensor] = value
            if tensor in self.given and value is not DEAD:
                self.given[tensor].append(value)
        for reader, read in self.plan.readers.get(op, ()):
            iteration.arrived[reader] = iteration.arrived.get(reader, 0) + 1
            if read is None and dead:
                iteration.dead[reader] = True
            if reader.type in MERGES:
                live = read is not None and iteration.values[read] is not DEAD
                back = sum(t.op.type in NEXT for t in reader._inputs)
                if live or iteration.arrived[reader] >= self.plan.expected[reader] - (back if number == 0 else 0):
                    self._start(reader, frame, number)
            elif iteration.arrived[reader] == self.plan.expected[reader]:
                self._start(reader, frame, number)

    def _read(self, value: Any, op: Operation) -> Any:
        if type(value) is VariableRef:
            present = self.variables[value.root]
            if present is None:
                raise uninitialized(value.root, op, any(v is not None for v in self.variables.values()))
            return present
        return value

    def _compute(self, op: Operation, inputs: list[Any]) -> Sequence[Any]:
        if op.type in VARIABLE_OPS:
            return [VariableRef(op)]
        if op.type == "Const":
            return [as_torch(op._attrs["value"], op._attrs["dtype"])]
        if op.type == "NoOp" or not op._op_def.inputs and not op._op_def.outputs:
            return []
        if op._outputs and op._outputs[0]._dtype._is_ref_dtype and inputs and type(inputs[0]) is VariableRef \
                and not registry.written_inputs(op):
            return [inputs[0]]
        return self._kernel(op, inputs)

    def _kernel(self, op: Operation, inputs: list[Any]) -> Sequence[Any]:
        """Call an op's kernel through a small plan of its own, made once."""
        one = self.plan.kernels.get(op)
        if one is None:
            one = self.plan.kernels[op] = _Single(op, self.plan.resources)
        written = registry.written_inputs(op)
        roots = [value.root for value in inputs if type(value) is VariableRef]
        values = [self.variables[v.root] if type(v) is VariableRef else v for v in inputs]
        if not written:
            for root, value in zip(roots, (self.variables[r] for r in roots)):
                if value is None:
                    raise uninitialized(root, op, any(v is not None for v in self.variables.values()))
        result = one(values)
        if not written:
            return result
        names = registry.input_names(op)
        for name, value in zip(written, result):
            self.variables[inputs[names.index(name)].root] = value
        rest = list(result[len(written):])
        return rest or [inputs[names.index(name)] for name in written][:len(op._outputs)]


class _Single:
    """The kernel of one operation, called with values."""

    def __init__(self, op: Operation, resources: Any):
        declaration = registry.lookup(op.type)
        if declaration is None or declaration.kernel is None:
            raise refused(op)
        self._call = RunTimeKernel(op, declaration, resources if declaration.needs_session else None)
        self._op = op

    def __call__(self, values: list[Any]) -> Sequence[Any]:
        try:
            result = self._call(*values)
        except Exception as exception:
            raise run_errors.translate(exception, self._op, values) from exception
        if not isinstance(result, (tuple, list)):
            return [result]
        flat: list[Any] = []
        for item in result:
            flat.extend(item if isinstance(item, (tuple, list)) else (item,))
        return flat
