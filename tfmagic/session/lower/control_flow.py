"""Recovers loops and branches from Switch, Merge, Enter, Exit and NextIteration nodes as steps of a plan."""

from __future__ import annotations

from collections.abc import Iterable

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session.lower.abilities import ENTERS, MERGES, SWITCHES
from tfmagic.session.lower.branches import BranchStep
from tfmagic.session.lower.dataflow import DataflowStep
from tfmagic.session.lower.loops import frames, units_of
from tfmagic.session.lower.regions import Irregular, Region
from tfmagic.session.lower.schedule import OpStep, Step


def recover(ops: list[Operation], fed: set[Tensor], needed: Iterable[Tensor] = ()) -> list[Step]:
    """The steps of a plan: single operations, branches and loops.

    Args:
      ops: the operations of the plan.
      fed: tensors whose values are given.
      needed: tensors that are read after the plan (its fetches).
    """
    if not any(op.type in SWITCHES or op.type in MERGES or op.type in ENTERS for op in ops):
        return [OpStep(op) for op in ops]
    try:
        root = frames(ops, fed)
        region = Region(units_of(root, fed), fed, needed)
        return region.steps(region.order, (), BranchStep)
    except Irregular:
        return [DataflowStep(ops, fed, needed)]
