"""MergeStep: a Merge whose inputs have no one condition, which takes at run time the one that is alive."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx.proxy import Proxy

from tfmagic.graph.operation import Tensor
from tfmagic.session.lower.body import DEAD
from tfmagic.session.lower.lowering import Lowering, VariableRef
from tfmagic.session.lower.schedule import OpStep
from tfmagic.session.plan.run_time import PlanCall


class MergeStep(OpStep):
    """A Merge whose inputs have no one condition: takes the one that is alive in the run."""

    __slots__ = ()

    def lower(self, lowering: Lowering) -> None:
        op = self.ops[0]
        values = [_arrived(lowering, t) if t in lowering.values else None for t in op._inputs]
        tracer = lowering.tracer
        tracer.op, tracer.device = op, lowering.place(op)
        present = [(index, value) for index, value in enumerate(values) if value is not None]
        if len(present) == 1 or not any(isinstance(value, Proxy) for _, value in present):
            index, value = present[0]
            lowering.values[op._outputs[0]] = value
            lowering.values[op._outputs[1]] = torch.tensor(index, dtype=torch.int32)
            return
        call: Any = tracer.create_proxy("call_function", _FirstAlive([index for index, _ in present]),
                                   tuple(value for _, value in present), {})
        for index, tensor in enumerate(op._outputs):
            lowering.values[tensor] = call[index]
        lowering.values[op._outputs[1]].node.meta["device"] = "cpu"


def _arrived(lowering: Lowering, tensor: Tensor) -> Any:
    """What a tensor holds; of one that is a variable's memory what it held, for that alone tells whether it is dead."""
    value = lowering.values[tensor]
    return lowering.value(tensor) if type(value) is VariableRef else value


class _FirstAlive(PlanCall):
    """Called at run time: the first value that is not dead, and its number."""

    __name__ = __qualname__ = "merge"

    def __init__(self, numbers: list[int]):
        self._numbers = numbers

    def __call__(self, *values: Any) -> tuple[Any, Any]:
        for number, value in zip(self._numbers, values):
            if value is not DEAD:
                return value, torch.tensor(number, dtype=torch.int32)
        return DEAD, DEAD
