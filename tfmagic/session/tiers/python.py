"""The Python tier: the code that torch.fx prints for a plan, compiled as it stands."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers import threads
from tfmagic.session.tiers.failures import CODE, PlanCode, with_inputs_kept


def function(plan: PlanGraph, inner: Callable[[PlanGraph], Callable[..., Any]] | None = None) -> Callable[..., Any]:
    """A callable of the plan's parameters that gives its triple of outputs; `failures.explained` reads its errors.

    Args:
      plan: the plan.
      inner: what makes the bodies in it callable; by default this function does.
    """
    if plan.threads > 1:
        plan = threads.divided(plan)
    code = plan.graph.python_code("self")
    scope = {name: target.bind(*map(inner or function, target.bodies)) if isinstance(target, PlanCall)
             else getattr(target, "on_values", target) for name, target in code.globals.items()}
    constants = SimpleNamespace(**plan.constants)
    nodes, lines = list(plan.graph.nodes), getattr(code, "_lineno_map", None) or {}
    source = with_inputs_kept(code.src, lines, nodes)
    scope[CODE] = PlanCode(nodes, source, lines, constants)
    title = f" {plan.name}" if plan.name else ""
    exec(compile(source, f"<tfmagic plan{title} {id(plan):x}>", "exec"), scope)  # what fx printed for the graph
    return functools.partial(scope["forward"], constants)
