"""Random numbers in CUDA graphs: the host takes a run's share of a stream, and the GPU makes the numbers of it.

A kernel that draws does both, in one call with an effect. Here it is two calls: one with the effect gives the words of
the counter, with which the share begins; the other makes the numbers of these, and of nothing else that changes.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from tfmagic.ops.random.ops import DRAWS
from tfmagic.ops.random.philox import Stream, counter_words
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall, RunTimeKernel

# Draws whose numbers the GPU makes without looking at any, and from how many numbers on: fewer are made on the host.
_KINDS = frozenset({"RandomUniform", "RandomStandardNormal"})
_FEWEST = 128
# Kernels of torch that make the numbers of one draw.
_KERNELS = 130


def with_draws(plan: PlanGraph, gpu: str) -> PlanGraph:
    """The plan with two calls for each draw of a known number of numbers; itself where there is none."""
    if not any(_is_draw(node, gpu) for node in plan.graph.nodes):
        return plan
    graph = fx.Graph()
    twins: dict[fx.Node, fx.Node] = {}
    for node in plan.graph.nodes:
        if not _is_draw(node, gpu):
            twins[node] = graph.node_copy(node, twins.__getitem__)
            continue
        kernel: Any = node.target
        sizes = tuple(node.meta["val"].shape)
        taken = graph.create_node("call_function", share(kernel, math.prod(sizes), counter_words), (), {},
                                  f"{node.name}_share")
        words = graph.create_node("call_method", "to", (taken, gpu), {}, f"{node.name}_words")
        twin = twins[node] = graph.create_node("call_function", _Numbers(kernel, sizes, gpu), (words,), {}, node.name)
        for made, device in ((taken, "cpu"), (words, gpu)):
            made.meta = {**node.meta, "device": device, "val": torch.empty(4, dtype=torch.int64, device="meta")}
        twin.meta = {**node.meta, "effect": "none"}
        words.meta["effect"] = "none"
    return dataclasses.replace(plan, graph=graph)


def _is_draw(node: fx.Node, gpu: str) -> bool:
    value = node.meta.get("val")
    return type(node.target) is RunTimeKernel and node.target.op.type in _KINDS and node.meta.get("device") == gpu \
        and isinstance(value, torch.Tensor) and value.numel() >= _FEWEST


def share(kernel: RunTimeKernel, count: int, told: Callable[[Stream], Any]) -> RunTimeKernel:
    """The kernel of a draw as one that only takes its share.

    Args:
      kernel: it.
      count: how many numbers it draws.
      told: what is given of the stream that begins where the share does.
    """
    made = copy.copy(kernel)
    made.kernel = lambda op, state: told(state.reserve_outputs(count))
    made.device, made.host, made.grouped, made.checks = "cpu", [], None, ()
    return made


class _Numbers(PlanCall, shown_under="tfmagic.ops"):
    """The numbers of a draw, of the words of a counter."""

    effect = "none"
    launches = _KERNELS

    def __init__(self, kernel: RunTimeKernel, sizes: tuple[int, ...], gpu: str):
        self.__name__ = self.__qualname__ = kernel.__name__
        self._kernel, self._sizes, self._gpu = kernel, sizes, gpu

    @functools.cached_property
    def _stream_key(self) -> int:
        kernel: Any = self._kernel
        return kernel.resources.nodes.get(kernel.key, functools.partial(kernel.make_state, kernel.node)).key

    def __call__(self, *values: Any) -> Any:
        (words,) = values
        with torch.device(self._gpu):
            return DRAWS[self._kernel.op.type](self._kernel.node, Stream(self._stream_key, words), self._sizes)
