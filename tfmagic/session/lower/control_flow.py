"""Recovers loops and branches from Switch, Merge, Enter, Exit and NextIteration nodes as steps of a plan."""

from __future__ import annotations

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session.lower.schedule import OpStep, Step


def recover(ops: list[Operation], fed: set[Tensor]) -> list[Step]:
    """The steps of a plan: one per operation outside loops and branches."""
    return [OpStep(op) for op in ops]
