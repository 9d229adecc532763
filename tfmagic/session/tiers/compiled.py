"""The compiled tier: regions of a plan are machine code of torch's compiler, the rest runs as in the Python tier.

A region is compiled when it runs for the first time. Where that cannot be done, or compiled code fails, the Python tier
runs the region, and explains the failure if it is one of the program.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers import elementary, python
from tfmagic.session.tiers.compilable import divided
from tfmagic.session.tiers.inductor import COMPILER
from tfmagic.session.tiers.regions import Region, with_calls


def function(plan: PlanGraph, marked_only: bool = False) -> Callable[..., Any]:
    """A callable of the plan's parameters that gives its triple of outputs; `failures.explained` reads its errors.

    Args:
      plan: the plan, which stays as it is.
      marked_only: whether only what a `jit_scope` marks is compiled.
    """
    order = divided(plan, is_marked if marked_only else lambda node: True)
    inner = functools.partial(function, marked_only=marked_only)
    return python.function(plan if order is None else with_calls(plan, order, functools.partial(_call_of, plan)), inner)


def is_marked(node: fx.Node) -> bool:
    """Whether a node's operation, or the call of a function that it is in, stands in a `jit_scope`."""
    op, path = node.meta.get("op"), node.meta.get("path")
    return op is not None and bool(op._attrs.get("_XlaCompile")) or \
        path is not None and any(call.call._attrs.get("_XlaCompile") for call in path.calls())


class CompiledRegion(PlanCall, shown_under="tfmagic.compiled"):
    """A region of a plan as one call: machine code as soon as that is made.

    Args:
      plan: the region by itself.
      graph: the same for the compiler.
    """

    effect = "none"

    def __init__(self, plan: PlanGraph, graph: fx.Graph):
        self.__name__ = self.__qualname__ = "compiled_region"
        self._plan, self._graph = plan, graph
        self._run: Callable[..., Any] | None = None
        self._strides: list[tuple[int, ...]] = []

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        return self._call

    def _call(self, *values: Any) -> Any:
        run = self._run
        if run is None:
            return self._first(values)
        try:
            return run(*values)
        except Exception:
            return self._again(values)

    @functools.cached_property
    def _uncompiled(self) -> Callable[..., Any]:
        whole = python.function(self._plan)
        return lambda *values: whole(*values)[0]

    def _first(self, values: tuple[Any, ...]) -> Any:
        """Compile, and see whether what the code gives is memory of its own, as the plan takes it to be."""
        strides = [value.stride() for value in values]
        run = COMPILER.compiled(self._graph, values)
        if run is None:
            self._run = self._uncompiled
            return self._uncompiled(*values)
        try:
            results = run(*values)
        except Exception:
            results = self._uncompiled(*values)  # raises what explains it
            self._give_up()
            return results
        taken = {value.untyped_storage().data_ptr() for value in values}
        shared = []
        for index, result in enumerate(results):
            place = result.untyped_storage().data_ptr()
            if place in taken:
                shared.append(index)
            taken.add(place)
        self._strides = strides
        self._run = _with_copies(run, shared) if shared else run
        return self._run(*values) if shared else results

    def _again(self, values: tuple[Any, ...]) -> Any:
        """After a failure: memory laid out in another way is laid out as the code takes it; else it is explained."""
        if self._run is self._uncompiled:
            return self._uncompiled(*values)
        laid_out = [value if value.stride() == stride else torch.empty_strided(
            value.shape, stride, dtype=value.dtype, device=value.device).copy_(value)
            for value, stride in zip(values, self._strides)]
        if any(one is not other for one, other in zip(laid_out, values)):
            with contextlib.suppress(Exception):  # the calls below say what it is
                return self._run(*laid_out)  # type: ignore[misc]  # it is there: it has failed
        results = self._uncompiled(*values)
        self._give_up()
        return results

    def _give_up(self) -> None:
        COMPILER.say("compiled code failed where the same calls of torch do not.")
        self._run = self._uncompiled


def _with_copies(run: Callable[..., Any], shared: list[int]) -> Callable[..., Any]:
    """`run`, with these of its results in memory of their own."""

    def copying(*values: Any) -> Any:
        results = list(run(*values))
        for index in shared:
            results[index] = results[index].clone()
        return results

    return copying


def _call_of(plan: PlanGraph, region: Region) -> CompiledRegion:
    compiler = fx.Graph()
    given: dict[fx.Node, fx.Node] = {}
    for node in region.inputs:
        given[node] = compiler.create_node("placeholder", node.name, (), {}, node.name)
        given[node].meta.update(node.meta, source=node)
    for node in region.scalars:
        value = plan.constants[str(node.target)]
        given[node] = compiler.call_function(torch.full, ((), value.item()), {"dtype": value.dtype})
    for node in region.nodes:
        if elementary.is_tanh(node):
            given[node] = elementary.tanh(compiler, given[node.all_input_nodes[0]])
            continue
        given[node] = compiler.node_copy(node, given.__getitem__)
        given[node].meta = {}
    compiler.output(tuple(given[node] for node in region.outputs))
    return CompiledRegion(region.alone(plan.constants, "compiled region"), compiler)
