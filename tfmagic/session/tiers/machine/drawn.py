"""Draws as two calls: one with the effect takes the share of the stream, the other makes few numbers of it.

So machine code can make the numbers among what is computed of them: that of which nothing but the place in a stream
changes between runs has no effect.

1. The shape is known, and the numbers are few. Bounds are known too.
2. They are uniform or normal floats, or uniform whole numbers.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import fx

from tfmagic.base.machine.code import Code
from tfmagic.ops.random import compiled, distributions
from tfmagic.ops.random.philox import Stream
from tfmagic.session.element_rules import KINDS
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall, RunTimeKernel
from tfmagic.session.tiers.draws import share

# Numbers that one thread makes.
_MOST = 1 << 14
_FLOATS = {("RandomUniform", torch.float32): "unit_floats", ("RandomUniform", torch.float64): "unit_doubles",
           ("RandomStandardNormal", torch.float32): "normals"}
_MAKES: dict[str, Callable[..., torch.Tensor]] = {"RandomUniform": distributions.uniform,
                                                  "RandomStandardNormal": distributions.normal}


class Bounds(NamedTuple):
    """Of whole numbers the smallest, and how many there are."""

    low: int
    span: int


class Numbers(PlanCall, shown_under="tfmagic.ops"):
    """The numbers of a draw, from where its share of a stream begins.

    Attributes:
      bounds: of whole numbers.
    """

    effect = "none"

    def __init__(self, kernel: RunTimeKernel, sizes: tuple[int, ...], dtype: torch.dtype, bounds: Bounds | None):
        self.__name__ = self.__qualname__ = kernel.__name__
        self._type, self._sizes, self._dtype, self.bounds = kernel.op.type, sizes, dtype, bounds

    def __call__(self, *values: Any) -> Any:
        (stream,) = values
        if self.bounds is None:
            return _MAKES[self._type](stream, self._sizes, self._dtype)
        low, span = self.bounds
        return distributions.uniform_int(stream, self._sizes, low, low + span, self._dtype)

    def write(self, code: Code) -> None:
        """Write what fills the numbers at `%out` from the stream of `%low`, `%high`, `%k0`, `%k1`."""
        count, bounds, kind = math.prod(self._sizes), self.bounds, KINDS[self._dtype]
        if bounds is None:
            compiled.write(code, _FLOATS[self._type, self._dtype], count)
        else:
            compiled.write_all(code, kind, count,
                               lambda words: compiled.whole_numbers(code, words, kind, bounds.low, bounds.span))


def with_draws_apart(plan: PlanGraph) -> PlanGraph:
    """The plan with two calls for each draw of few numbers; itself where there is none."""
    found = {node: bounds for node in plan.graph.nodes if (bounds := _drawn(node, plan)) is not None}
    if not found:
        return plan
    graph = fx.Graph()
    twins: dict[fx.Node, fx.Node] = {}
    for node in plan.graph.nodes:
        if node not in found:
            twins[node] = graph.node_copy(node, twins.__getitem__)
            continue
        kernel, value = node.target, node.meta["val"]
        taken = graph.create_node("call_function", share(kernel, value.numel(), _itself), (), {}, f"{node.name}_share")
        taken.meta = {key: kept for key, kept in node.meta.items() if key != "val"}
        numbers = Numbers(kernel, tuple(value.shape), value.dtype, found[node] or None)
        twins[node] = twin = graph.create_node("call_function", numbers, (taken,), {}, node.name)
        twin.meta = {**node.meta, "effect": "none"}
    return dataclasses.replace(plan, graph=graph)


def _itself(stream: Stream) -> Stream:
    return stream


def _drawn(node: fx.Node, plan: PlanGraph) -> Bounds | tuple[()] | None:
    """The bounds of whole numbers that a call draws; nothing of floats; None where it draws neither."""
    value, kernel = node.meta.get("val"), node.target
    if type(kernel) is not RunTimeKernel or not isinstance(value, torch.Tensor) or not 0 < value.numel() <= _MOST \
            or node.meta.get("device", "cpu") != "cpu":
        return None
    known = [plan.constants.get(str(given.target)) if isinstance(given, fx.Node) else None for given in node.args]
    if not all(isinstance(constant, torch.Tensor) for constant in known):
        return None
    if (kernel.op.type, value.dtype) in _FLOATS:
        return ()
    if kernel.op.type != "RandomUniformInt" or value.dtype not in (torch.int32, torch.int64):
        return None
    low, high = (int(bound) for bound in known[1:])  # type: ignore[arg-type]
    return Bounds(low, high - low) if low < high else None
