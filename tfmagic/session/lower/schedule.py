"""The order in which a plan computes: a topological order that is the same each time and changes variables last.

What a plan is made of are steps: single operations, or whole loops and branches that were recovered from the graph
(`lower.control_flow`). Readers of a variable that no edge orders come before its writers, so that a run sees the values
from before the run, and a failure comes before anything is changed. What waits, and what it needs, comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from tfmagic.base import errors
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import run_errors
from tfmagic.session.lower import effects
from tfmagic.session.lower.lowering import Lowering
from tfmagic.session.plan.order import Cycle, in_order


class Step(Protocol):
    """A part of a plan that is computed as a whole.

    Attributes:
      id: orders steps that no edge orders.
      ops: the operations inside.
      inputs: tensors that it reads from outside.
      controls: operations outside that it must follow.
      writes: whether it changes variables.
      waits: whether it may wait for something outside of the run.
    """

    @property
    def id(self) -> int: ...
    @property
    def ops(self) -> Sequence[Operation]: ...
    @property
    def inputs(self) -> Sequence[Tensor]: ...
    @property
    def controls(self) -> Sequence[Operation]: ...
    @property
    def writes(self) -> bool: ...
    @property
    def waits(self) -> bool: ...

    def lower(self, lowering: Lowering) -> Iterable[Lowered] | None:
        """Lower into `lowering`: afterwards the outputs that others read have values.

        Returns:
          What is to be lowered for that right now (the body of a function), or None.
        """


class Lowered(Protocol):
    """What `lower_all` lowers."""

    def lower(self, lowering: Lowering) -> Iterable[Lowered] | None: ...


def lower_all(steps: Iterable[Lowered], lowering: Lowering) -> None:
    """Lower steps one after another. Functions that call functions take no Python stack, however deep."""
    stack = [iter(steps)]
    try:
        while stack:
            for step in stack[-1]:
                inner = step.lower(lowering)
                if inner is not None:
                    stack.append(iter(inner))
                    break
            else:
                stack.pop()
    except errors.OpError as error:
        run_errors.add_path(error, lowering.path)
        raise


class OpStep:
    """A single operation."""

    __slots__ = ("id", "ops", "inputs", "controls", "writes", "waits")

    def __init__(self, op: Operation):
        self.id = op._id
        self.ops = (op,)
        self.inputs = op._inputs
        self.controls = op._control_inputs
        self.writes = effects.writes(op)
        self.waits = effects.waits(op)

    def lower(self, lowering: Lowering) -> Iterable[Lowered] | None:
        return lowering.lower(self.ops[0])


def schedule(steps: Iterable[Step], fed: Iterable[Tensor]) -> list[Step]:
    """Steps in the order of their computation.

    Args:
      steps: all steps of a plan.
      fed: tensors whose values are given.

    Raises:
      InvalidArgumentError: the graph has a cycle.
    """
    fed = set(fed)
    steps = list(steps)
    step_of = producers(steps)
    try:
        early = _early(steps, step_of, fed)
        return in_order(steps, lambda step: sources(step, step_of, fed),
                        lambda step: (step.writes, step not in early, step.id))
    except Cycle as cycle:
        stuck = cycle.node.ops[0]
        raise run_errors.error(errors.InvalidArgumentError, stuck,
                               f"The graph has a cycle through {stuck.name}.") from None


def _early(steps: Sequence[Step], step_of: dict[Operation, Step], fed: set[Tensor]) -> set[Step]:
    """The steps that wait, and those that they wait for themselves."""
    stack = [step for step in steps if step.waits]
    early = set(stack)
    while stack:
        for step in sources(stack.pop(), step_of, fed):
            if step not in early:
                early.add(step)
                stack.append(step)
    return early


def producers(steps: Iterable[Step]) -> dict[Operation, Step]:
    """The step in which each operation is."""
    return {op: step for step in steps for op in step.ops}


def sources(step: Step, step_of: dict[Operation, Step], fed: set[Tensor]) -> list[Step]:
    """The steps that `step` waits for."""
    inputs = [step_of[t.op] for t in step.inputs if t not in fed and t.op in step_of]
    return [*inputs, *(step_of[c] for c in step.controls if c in step_of)]
