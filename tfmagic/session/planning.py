"""How a plan is made: prune, recover, schedule, lower, passes."""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch.fx.proxy import Proxy

from tfmagic.base import errors
from tfmagic.graph import registry
from tfmagic.graph.function_calls import calls
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import run_errors
from tfmagic.session.lower import control_flow
from tfmagic.session.lower.dataflow import DataflowStep
from tfmagic.session.lower.functions import lower_call
from tfmagic.session.lower.lowering import Lowering, VariableRef
from tfmagic.session.lower.schedule import Step, lower_all, schedule
from tfmagic.session.passes import BrokenPlan, run_passes
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.prune import prune
from tfmagic.session.plan.run_time import Asked


def make_plan(fetches: Sequence[Tensor], targets: Sequence[Operation], feeds: Sequence[Tensor],
              place: Callable[[Operation], str], resources: Any, shapes: Sequence[Any] | None = None,
              optimize: bool = True, keep_stages: bool = False, stepwise: bool = False,
              assumed: Mapping[Tensor, tuple[int, ...]] = MappingProxyType({})) -> PlanGraph:
    """The plan of a run.

    Args:
      fetches: the tensors to compute.
      targets: the operations to run.
      feeds: the tensors that are given, in the order of the run's arguments.
      place: the torch device of an operation.
      resources: the session's `ResourceStore`.
      shapes: the shapes of the feeds: the plan is made for just these. None: it takes feeds of any shape that the graph
        allows. A bool stands for the one value that a feed has: branches that it decides on are no branches then.
      optimize: whether the passes run.
      keep_stages: whether to keep the readable code after lowering and after each pass.
      stepwise: whether every node is to be seen by itself: no pass runs, and the plans keep `values`.
      assumed: shapes of tensors that only a run tells: one in which they are others ends in `run_time.Disproved`.

    Raises:
      OpError: an operation cannot run.
    """
    try:
        with _uncollected():
            return _make(fetches, targets, feeds, place, resources, shapes, optimize, keep_stages, stepwise, assumed)
    except (errors.OpError, BrokenPlan):
        raise
    except Exception as exception:
        raise run_errors.internal(exception, "Making the plan of this run") from exception


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage: it would go through all nodes of a plan again and again, and find none."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _make(fetches: Sequence[Tensor], targets: Sequence[Operation], feeds: Sequence[Tensor],
          place: Callable[[Operation], str], resources: Any, shapes: Sequence[Any] | None, optimize: bool,
          keep_stages: bool, stepwise: bool, assumed: Mapping[Tensor, tuple[int, ...]]) -> PlanGraph:
    fed = set(feeds)
    ops = prune([*fetches, *targets], fed)
    place = functools.cache(place)
    # A device that is not there is told of in TensorFlow's order: what makes a value from nothing comes last.
    for op in sorted(ops, key=lambda op: (not op._inputs and len(op._outputs) == 1, op._id)):
        place(op)

    def lowered(steps: list[Step]) -> Lowering:
        lowering = Lowering(place, resources, lower_call)
        lowering.stepwise, lowering.assumed = stepwise, assumed
        for index, tensor in enumerate(feeds):
            dims = tensor._dims if shapes is None else shapes[index]
            if isinstance(dims, bool):
                lowering.feed(tensor, ())
                lowering.values[tensor] = torch.tensor(dims)
            else:
                lowering.feed(tensor, None if dims is None or None in dims else dims)
        lower_all(schedule(steps, feeds), lowering)
        return lowering

    lowering = lowered(control_flow.recover(ops, fed, fetches))
    if not all(tensor in lowering.values for tensor in fetches):
        # One is inside a loop or branch of an imported graph: only node by node is it told what becomes of it.
        lowering = lowered([DataflowStep(ops, fed, fetches)])
    tracer = lowering.tracer
    written = [root for root in lowering.written if lowering.state[root] is not lowering.state_inputs.get(root)]
    results = tuple(_result(lowering, tensor) for tensor in fetches)
    states = tuple(lowering.state[root] for root in written)
    _keep_asked(lowering, targets)
    tracer.op, tracer.device = None, "cpu"
    tracer.graph.output(tracer.create_arg((results, states, ())))
    plan = PlanGraph("", tracer.graph, tracer.taken_constants(), written, updates=lowering.updates,
                     must_read=dict(lowering.read), feeds=tuple(feeds), fetches=tuple(fetches), ops=frozenset(ops))
    if keep_stages:
        plan.stages["lowered"] = plan.code()
    if stepwise:
        plan.values = lowering.values
    elif optimize:
        run_passes(plan, keep_stages)
    return plan


def _keep_asked(lowering: Lowering, targets: Sequence[Operation]) -> None:
    """Let operations run that are asked for, by themselves or as members of a group, though nobody takes their results.

    What changes variables runs anyway, for their sake.
    """
    tracer, stack, seen = lowering.tracer, list(targets), set()
    while stack:
        op = stack.pop()
        if op in seen:
            continue
        seen.add(op)
        if op.type == "NoOp":
            stack += op._control_inputs
        declaration = registry.lookup(op.type)
        if (declaration is None or declaration.effect != "none") and not calls(op):
            continue
        for tensor in op._outputs:
            value = lowering.values.get(tensor)
            if isinstance(value, Proxy) and value.node.op.startswith("call"):
                tracer.op, tracer.inputs = op, []
                with tracer.graph.inserting_after(value.node):
                    tracer.create_proxy("call_function", Asked(), (value,), {})


def _result(lowering: Lowering, tensor: Tensor) -> Any:
    root = lowering.aliases.get(tensor)
    if root is not None:  # a reference is fetched as what it refers to when the run ends
        return lowering.variable(root)
    value = lowering.values[tensor]
    if type(value) is VariableRef:
        lowering.require_initialized(tensor.op, value.root)
        return lowering.variable(value.root)
    return value
