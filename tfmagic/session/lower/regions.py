"""Which nodes of a region run under which conditions, and the branches that follow from it.

A region is the root of a graph or the body of a loop. Every Switch in it splits what follows by its condition; a node
that reads behind one runs only on that side. The path of a node is the set of (condition, side) pairs under which it
runs. Nodes of one condition that can be computed together become one `BranchStep`; so a branch of a gradient, which
comes later than the branch it belongs to, becomes a step of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import Any

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session.lower.abilities import MERGES, SWITCHES
from tfmagic.session.lower.merges import MergeStep
from tfmagic.session.lower.schedule import Step, producers, sources
from tfmagic.session.plan.order import Cycle, Order, in_order

Path = tuple[tuple[Tensor, int], ...]



class Irregular(Exception):
    """Raised when a graph's control flow has no structure of branches and loops."""


def condition_of(op: Operation, fed: set[Tensor]) -> Tensor:
    """The tensor that decides a Switch, seen through copies of it."""
    pred = op._inputs[1]
    while pred.op.type == "Identity" and pred not in fed and pred.op._inputs[0] not in fed \
            and not pred.op._control_inputs:
        pred = pred.op._inputs[0]
    return pred


class Region:
    """The paths of all units of a region.

    Args:
      units: single operations, and loops as one unit each.
      fed: tensors whose values are given.
      needed: tensors that are read after the region.
    """

    def __init__(self, units: Sequence[Step], fed: set[Tensor], needed: Iterable[Tensor] = ()):
        self.fed = fed
        self.needed = set(needed)
        self.producer = producers(units)
        try:
            self.order = in_order(units, lambda unit: sources(unit, self.producer, fed), lambda unit: unit.id)
        except Cycle:
            raise Irregular("a cycle outside of loops") from None
        self.rank: dict[Tensor, int] = {}
        self.paths: dict[Step, Path | None] = {}
        self.clean: dict[Step, tuple[Tensor, dict[int, int]]] = {}
        self._of_tensor: dict[Tensor, Path | None] = {}
        self.readers: dict[Tensor, list[Step]] = {}
        for unit in self.order:
            self._visit(unit)

    def _visit(self, unit: Step) -> None:
        for tensor in unit.inputs:
            self.readers.setdefault(tensor, []).append(unit)
        controls = [self.paths[self.producer[c]] for c in unit.controls if c in self.producer
                    and self.producer[c] is not unit]
        op = unit.ops[0] if len(unit.ops) == 1 else None
        if op is not None and op.type in MERGES:
            path = self._merged(unit, op, controls)
        elif op is not None and op.type == "ControlTrigger":  # runs whatever becomes of what it waits for
            path = ()
        else:
            path = self._union([self._path(t) for t in unit.inputs] + controls)
        self.paths[unit] = path
        for pred in self.deciding(unit):
            self.readers.setdefault(pred, []).append(unit)
        if op is not None and op.type in SWITCHES:
            pred = condition_of(op, self.fed)
            self.rank.setdefault(pred, len(self.rank))
            for side in (0, 1):
                self._of_tensor[op._outputs[side]] = None if path is None else self._union([path, ((pred, side),)])

    def _path(self, tensor: Tensor) -> Path | None:
        if tensor in self.fed or tensor.op not in self.producer:
            return ()
        if tensor in self._of_tensor:
            return self._of_tensor[tensor]
        return self.paths[self.producer[tensor.op]]

    def _union(self, paths: list[Path | None]) -> Path | None:
        """All conditions of several paths together; None when they exclude each other."""
        found: dict[Tensor, int] = {}
        for path in paths:
            if path is None:
                return None
            for pred, side in path:
                if found.setdefault(pred, side) != side:
                    return None
        return tuple(sorted(found.items(), key=lambda literal: self.rank[literal[0]]))

    def _merged(self, unit: Step, op: Operation, controls: list[Path | None]) -> Path | None:
        alive = [(index, set(path)) for index, path in enumerate(self._path(t) for t in op._inputs)
                 if path is not None]
        if not alive:
            return None
        common = set.intersection(*(path for _, path in alive))
        path = self._union([tuple(common), *controls])
        if path is not None and set(path) == common and len(alive) == 2:
            rests = [path_of - common for _, path_of in alive]
            if all(len(rest) == 1 for rest in rests):
                (pred, side), = rests[0]
                (other, other_side), = rests[1]
                if pred is other and side != other_side:
                    self.clean[unit] = (pred, {side: alive[0][0], other_side: alive[1][0]})
        return path

    def deciding(self, unit: Step) -> list[Tensor]:
        """The conditions that must be known where `unit` is computed."""
        found = [pred for pred, _ in self.paths[unit] or ()]
        if unit in self.clean:
            found.append(self.clean[unit][0])
        elif len(unit.ops) == 1 and unit.ops[0].type in SWITCHES:
            found.append(condition_of(unit.ops[0], self.fed))
        return found

    def key(self, unit: Step, path: Path) -> Tensor | None:
        """The condition of the branch to which `unit` belongs within `path`, or None when it just runs."""
        own = self.paths[unit]
        assert own is not None
        if len(own) > len(path):
            return own[len(path)][0]
        if len(unit.ops) == 1:
            if unit.ops[0].type in SWITCHES:
                return condition_of(unit.ops[0], self.fed)
            if unit in self.clean:
                return self.clean[unit][0]
        return None

    def steps(self, units: Sequence[Step], path: Path, branch: Any) -> list[Step]:
        """The steps that compute `units`, all of which run within `path`.

        Args:
          branch: makes the step of a branch: `(region, path, condition, units) -> Step`.
        """
        units = [unit for unit in units if self.paths[unit] is not None]
        producer = producers(units)
        number = {unit: index for index, unit in enumerate(units)}
        plain: list[tuple[int, Step]] = []
        keyed: dict[Tensor, list[Step]] = {}

        def ready(unit: Step) -> None:
            key = self.key(unit, path)
            if key is None:
                heapq.heappush(plain, (number[unit], unit))
            else:
                keyed.setdefault(key, []).append(unit)

        order = Order(units, lambda unit: sources(unit, producer, self.fed), ready)
        result: list[Step] = []
        while plain or keyed:
            if plain:
                unit = heapq.heappop(plain)[1]
                alone = unit.ops[0].type in MERGES and len(unit.ops) == 1
                step: Step = MergeStep(unit.ops[0]) if alone else unit
                result.append(step)
                order.done(unit)
                continue
            key = min(keyed, key=lambda pred: min(number[unit] for unit in keyed[pred]))
            cluster: list[Step] = []
            while key in keyed:
                for unit in keyed.pop(key):
                    cluster.append(unit)
                    order.done(unit)
            result.append(branch(self, path, key, cluster))
        return result
