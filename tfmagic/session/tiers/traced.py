"""The traced tier: computes a plan node by node and tells when each node began and ended, and what it gave."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers import failures

# Called with a node, the nanoseconds when it began and ended, and its value.
Record = Callable[[fx.Node, int, int, Any], None]
# Gives what each call of a plan, or of a body in it, happens within.
Around = Callable[[PlanGraph], contextlib.AbstractContextManager[Any]]


def function(plan: PlanGraph, record: Record, around: Around = contextlib.nullcontext) -> Callable[..., Any]:
    """A callable of the plan's parameters that gives its triple of outputs and calls `record` for every node."""
    nodes = list(plan.graph.nodes)
    targets: dict[fx.Node, Any] = {}
    for node in nodes:
        target = node.target
        targets[node] = target.bind(*(function(body, record, around) for body in target.bodies)) \
            if isinstance(target, PlanCall) else target

    def computed(parameters: tuple[Any, ...]) -> Any:
        values: dict[fx.Node, Any] = {}
        given = iter(parameters)
        for node in nodes:
            args, kwargs = fx.map_arg((node.args, node.kwargs), values.__getitem__)
            begin = time.time_ns()
            try:
                value = _compute(node, targets[node], args, kwargs, plan.constants, given)
            except Exception as exception:
                if node.meta.get("op") is None:
                    raise
                inputs = [values.get(item.node) if isinstance(item, fx.Proxy) else item
                          for item in node.meta.get("inputs", ())]
                raise failures.of_node(exception, node, inputs) from exception
            if isinstance(value, torch.Tensor) and value.is_cuda:
                torch.cuda.synchronize(value.device)
            record(node, begin, time.time_ns(), value)
            values[node] = value
        return values[nodes[-1]]

    def run(*parameters: Any) -> Any:
        with around(plan):
            return computed(parameters)

    return run


def _compute(node: fx.Node, target: Any, args: Any, kwargs: Any, constants: dict[str, Any], given: Any) -> Any:
    if node.op == "placeholder":
        return next(given)
    if node.op == "get_attr":
        return constants[target]
    if node.op == "call_function":
        return target(*args, **kwargs)
    if node.op == "call_method":
        return getattr(args[0], target)(*args[1:], **kwargs)
    return args[0]  # the output
