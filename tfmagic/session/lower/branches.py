"""Branches: the nodes of one condition as an if with two bodies, of which a run computes the one it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.fx.proxy import Proxy

from tfmagic.base import errors
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import run_errors
from tfmagic.session.lower.abilities import SWITCHES
from tfmagic.session.lower.body import DEAD, Inner, aliased, common_meta, lives_on_host, passed, require_scalar
from tfmagic.session.lower.lowering import Lowering, VariableRef
from tfmagic.session.lower.regions import Path, Region
from tfmagic.session.lower.schedule import Step, lower_all, schedule
from tfmagic.session.lower.tracer import device_of
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import BodyCall, PlanCall


class Conditional(BodyCall):
    """Computes one of several bodies: that of a number, or the second when a condition holds and else the first.

    Attributes:
      places: for each body, which of the values its parameters are.
    """

    __name__ = __qualname__ = "cond"

    def __init__(self, bodies: Sequence[PlanGraph], places: Sequence[list[int]]):
        super().__init__(*bodies)
        self.places = places

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
        places = self.places

        def cond(choice: Any, *values: Any) -> tuple[Any, ...]:
            side = int(choice)
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
        output = op._outputs[self._side]
        root = aliased(lowering, op._inputs[0])
        value = lowering.values[output] = passed(lowering, op, op._inputs[0])
        if root is not None and type(value) is not VariableRef:
            lowering.aliases[output] = root


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
        deciding = [p for unit in units for p in region.deciding(unit)[len(path):]]
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
        require_scalar(pred, next((op for op in self.ops if op.type in SWITCHES), None))
        if not isinstance(pred, Proxy):
            lower_all(schedule(self.sides[int(bool(pred))], self._fed), lowering)
            return
        inners = [self._lower_side(lowering, side) for side in (0, 1)]
        rows = [(tensor, [inner.lowering.values.get(tensor, DEAD) for inner in inners]) for tensor in self.results]
        name = self.pred.op.name
        op = self.merges[0] if self.merges else self.ops[0]
        results = join(lowering, op, pred, inners, [f"{name} {what}" for what in ("false", "true")], rows)
        for tensor, value in zip(self.results, results):
            if isinstance(value, Proxy) and self.at_root and tensor in self.needed and tensor.op not in self.merges:
                device = value.node.meta["device"]
                value = lowering.tracer.create_proxy("call_function", _MustLive(tensor), (value,), {})
                value.node.meta["device"] = device
            lowering.values[tensor] = value
        for tensor, given in rows:  # what a later branch reads shows what is assigned until then
            roots = {inner.lowering.aliases.get(tensor) for inner, value in zip(inners, given) if value is not DEAD}
            root = roots.pop() if len(roots) == 1 else None
            if root is not None and tensor not in self.needed:
                lowering.aliases[tensor] = root

    def _lower_side(self, lowering: Lowering, side: int) -> Inner:
        inner = Inner(lowering)
        steps = self.sides[side]
        made = {op for step in steps for op in step.ops}
        for step in steps:
            for tensor in step.inputs:
                if (tensor.op not in made or tensor in self._fed) and tensor in lowering.values:  # else never alive
                    inner.bring(tensor, lowering.current(tensor), lowering.aliases.get(tensor))
        lower_all(schedule(steps, self._fed), inner.lowering)
        return inner


def join(lowering: Lowering, op: Operation, choice: Proxy, inners: Sequence[Inner], names: Sequence[str],
         rows: Sequence[tuple[Tensor, list[Any]]]) -> list[Any]:
    """Call one of several bodies; the variables that one changes are changed afterwards.

    Args:
      op: the operation that is to blame.
      choice: says which: a number, or a bool.
      inners: the bodies, lowered.
      names: what each is.
      rows: a tensor that is read outside, with what stands for it in each body (DEAD: nothing does).

    Returns:
      Per row, what stands for its tensor outside.
    """
    results: list[Any] = [_known(values) for _, values in rows]
    called: list[tuple[int, str, list[Any]]] = []
    for index, (tensor, given) in enumerate(rows):
        if results[index] is None:
            sides = [_readable(inner, tensor, value) for inner, value in zip(inners, given)]
            devices = {device_of(v) for v in sides if v is not DEAD}
            device = "cpu" if lives_on_host(tensor) or not devices - {"cpu"} else (devices - {"cpu"}).pop()
            called.append((index, device, [v if v is DEAD else inner.settled(v, device)
                                           for inner, v in zip(inners, sides)]))
    written = list(dict.fromkeys(root for inner in inners for root in inner.lowering.written))
    bodies = [inner.finish(name, [_as_constant(inner, values[side]) for _, _, values in called], written)
              for side, (inner, name) in enumerate(zip(inners, names))]
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
    tracer.op, tracer.device, tracer.inputs = op, "cpu", []
    call: Any = tracer.create_proxy("call_function", Conditional(bodies, places), (choice, *values), {})
    for position, (index, device, given) in enumerate(called):
        part = results[index] = call[position]
        part.node.meta["device"] = device
        meta = common_meta([value for value in given if value is not DEAD])
        if meta is not None:
            part.node.meta["val"] = meta
    for position, root in enumerate(written):
        part = call[len(called) + position]
        part.node.meta["device"] = lowering.place(root)
        if any(root in inner.lowering.replaced for inner in inners):
            lowering.replace(root)
        lowering.write(root, part)
    return results


def _known(values: list[Any]) -> Any:
    """What a tensor stands for whichever branch is taken, if that is a variable or handle."""
    alive = [value for value in values if value is not DEAD]
    first = alive[0] if alive else None
    if type(first) is VariableRef and all(value == first for value in alive):
        return first
    return None


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
