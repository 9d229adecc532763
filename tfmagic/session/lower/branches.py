"""Branches: the nodes of one condition as an if with two bodies, of which a run computes the one it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.fx.proxy import Proxy

from tfmagic.base import errors
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import run_errors
from tfmagic.session.lower.body import DEAD, Inner, common_meta, device_of, lives_on_host, passed
from tfmagic.session.lower.lowering import Lowering, VariableRef
from tfmagic.session.lower.regions import SWITCHES, Path, Region
from tfmagic.session.lower.schedule import Step, schedule
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import BodyCall, PlanCall


class Conditional(BodyCall):
    """Computes one of two bodies."""

    __name__ = __qualname__ = "cond"

    def __init__(self, bodies: tuple[PlanGraph, PlanGraph], places: tuple[list[int], list[int]]):
        super().__init__(*bodies)
        self._places = places

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
        places = self._places

        def cond(pred: Any, *values: Any) -> tuple[Any, ...]:
            side = 1 if pred else 0
            results, states, _ = bodies[side](*[values[i] for i in places[side]])
            return (*results, *states)

        return cond


class _SwitchAlias:
    """Inside a branch, the output of a Switch is its input."""

    writes = waits = False

    def __init__(self, op: Operation, side: int):
        self.id, self.ops = op._id, (op,)
        self.inputs, self.controls = op._inputs[:1], op._control_inputs
        self._side = side

    def lower(self, lowering: Lowering) -> None:
        op = self.ops[0]
        lowering.values[op._outputs[self._side]] = passed(lowering, op, op._inputs[0])


class _MergeAlias:
    """Inside a branch, the output of a Merge is its input from this branch."""

    writes = waits = False

    def __init__(self, op: Operation, index: int):
        self.id, self.ops = op._id, (op,)
        self.inputs, self.controls = op._inputs[index:index + 1], op._control_inputs
        self._index = index

    def lower(self, lowering: Lowering) -> None:
        op = self.ops[0]
        lowering.values[op._outputs[0]] = lowering.values[self.inputs[0]]
        lowering.values[op._outputs[1]] = torch.tensor(self._index, dtype=torch.int32)


class BranchStep:
    """All nodes that one condition decides on and that can be computed together.

    Attributes:
      pred: the condition.
      sides: the steps of the false and the true branch.
      results: tensors that are read outside: outputs of Merges, and values of one branch that a later branch reads.
    """

    def __init__(self, region: Region, path: Path, pred: Tensor, units: Sequence[Step]):
        self.pred = pred
        self.ops = tuple(op for unit in units for op in unit.ops)
        self.id = min(op._id for op in self.ops)
        self.writes = any(unit.writes for unit in units)
        self.waits = any(unit.waits for unit in units)
        inside = set(self.ops)
        self.inputs = tuple(dict.fromkeys(t for unit in units for t in unit.inputs if t.op not in inside))
        deciding = [p for unit in units for p, _ in region.paths[unit][len(path):]]  # type: ignore[index]
        self.inputs = tuple(dict.fromkeys([*self.inputs, *(p for p in (pred, *deciding) if p.op not in inside)]))
        self.controls = tuple(dict.fromkeys(c for unit in units for c in unit.controls if c not in inside))
        members = set(units)
        self.merges = [unit.ops[0] for unit in units if region.paths[unit] == path and unit in region.clean]
        self.results = [tensor for unit in units for op in unit.ops for tensor in op._outputs
                        if tensor in region.needed or any(reader not in members
                                                          for reader in region.readers.get(tensor, ()))]
        self._fed = region.fed
        self.sides = tuple(self._side(region, path, units, side) for side in (0, 1))
        self.at_root = path == ()
        self.needed = region.needed

    def _side(self, region: Region, path: Path, units: Sequence[Step], side: int) -> list[Any]:
        literal = (*path, (self.pred, side))
        steps: list[Any] = []
        own: list[Step] = []
        for unit in units:
            unit_path = region.paths[unit]
            if unit_path == path:
                op = unit.ops[0]
                steps.append(_SwitchAlias(op, side) if op.type in SWITCHES
                             else _MergeAlias(op, region.clean[unit][1][side]))
            elif unit_path[:len(literal)] == literal:  # type: ignore[index]
                own.append(unit)
        steps.extend(region.steps(own, literal, BranchStep))
        return steps

    def lower(self, lowering: Lowering) -> None:
        pred = lowering.value(self.pred)
        if not isinstance(pred, Proxy):
            for step in schedule(self.sides[int(bool(pred))], self._fed):
                step.lower(lowering)
            return
        inners = [self._lower_side(lowering, side) for side in (0, 1)]
        outputs: list[tuple[Tensor, str, list[Any]]] = []
        for tensor in self.results:
            values = [inner.lowering.values.get(tensor, DEAD) for inner in inners]
            same = self._known(values)
            if same is not None:
                lowering.values[tensor] = same
                continue
            values = [self._readable(inner, tensor, value) for inner, value in zip(inners, values)]
            devices = {device_of(v) for v in values if v is not DEAD}
            device = "cpu" if lives_on_host(tensor) or not devices - {"cpu"} else (devices - {"cpu"}).pop()
            outputs.append((tensor, device, values))
        written = dict.fromkeys(root for inner in inners for root in inner.lowering.written)
        results: list[list[Any]] = []
        for side, inner in enumerate(inners):
            row = [DEAD if values[side] is DEAD else inner.settled(values[side], device)
                   for _, device, values in outputs]
            results.append(row)
        name = self.pred.op.name
        bodies = [inner.finish(f"{name} {what}", [_as_constant(inner, value) for value in row], list(written))
                  for inner, row, what in zip(inners, results, ("false", "true"))]
        self._call(lowering, pred, bodies, outputs, list(written))

    def _call(self, lowering: Lowering, pred: Proxy, bodies: list[PlanGraph], outputs: list[Any],
              written: list[Operation]) -> None:
        arguments: dict[Any, int] = {}
        values: list[Any] = []
        places: list[list[int]] = []
        for body in bodies:
            row = []
            for source in body.parameters:
                key = source.node if isinstance(source, Proxy) else source
                if key not in arguments:
                    arguments[key] = len(values)
                    values.append(source if isinstance(source, Proxy) else lowering.variable(source))
                row.append(arguments[key])
            places.append(row)
        tracer = lowering.tracer
        tracer.op = self.merges[0] if self.merges else self.ops[0]
        tracer.device, tracer.inputs = "cpu", []
        call: Any = tracer.create_proxy("call_function", Conditional((bodies[0], bodies[1]), (places[0], places[1])),
                                   (pred, *values), {})
        for index, (tensor, device, given) in enumerate(outputs):
            part = call[index]
            part.node.meta["device"] = device
            meta = common_meta([value for value in given if value is not DEAD])
            if meta is not None:
                part.node.meta["val"] = meta
            if self.at_root and tensor in self.needed and tensor.op not in self.merges:
                part = tracer.create_proxy("call_function", _MustLive(tensor), (part,), {})
                part.node.meta["device"] = device
            lowering.values[tensor] = part
        for index, root in enumerate(written):
            part = call[len(outputs) + index]
            part.node.meta["device"] = lowering.place(root)
            lowering.write(root, part)

    def _lower_side(self, lowering: Lowering, side: int) -> Inner:
        inner = Inner(lowering)
        steps = self.sides[side]
        made = {op for step in steps for op in step.ops}
        for step in steps:
            for tensor in step.inputs:
                if tensor.op not in made or tensor in self._fed:
                    inner.bring(tensor, lowering.values[tensor])
        for step in schedule(steps, self._fed):
            step.lower(inner.lowering)
        return inner

    @staticmethod
    def _known(values: list[Any]) -> Any:
        """What a tensor stands for whichever branch is taken, if that is a variable or handle."""
        alive = [value for value in values if value is not DEAD]
        first = alive[0] if alive else None
        if type(first) is VariableRef and all(value == first for value in alive):
            return first
        return None

    @staticmethod
    def _readable(inner: Inner, tensor: Tensor, value: Any) -> Any:
        if type(value) is VariableRef:
            inner.lowering.require_initialized(tensor.op, value.root)
            return inner.lowering.variable(value.root)
        return value


def _as_constant(inner: Inner, value: Any) -> Any:
    if value is DEAD:
        tracer = inner.lowering.tracer
        return tracer.proxy(tracer.constant(DEAD))
    return value


class _MustLive(PlanCall):
    """Called at run time: refuses to hand out a value of a branch that was not taken."""

    __name__ = __qualname__ = "must_live"

    def __init__(self, tensor: Tensor):
        self._tensor = tensor

    def __call__(self, value: Any) -> Any:
        if value is DEAD:
            raise run_errors.error(errors.InvalidArgumentError, self._tensor.op,
                                   f"Retval[0] does not have value\n{self._tensor.name} is in a branch that this run "
                                   "did not take. Fetch the result of the tf.cond instead.")
        return value
