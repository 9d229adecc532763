"""The tier of GPUs: regions of a plan whose kernels stay the same become CUDA graphs, each replayed as one call.

1. A region (`capturable` says of what) runs as it stands a few times, then it is captured. A replay runs the very
   kernels on the very memory of the capture: so each argument is copied to where the graph reads it, and each result
   is copied out.
2. An argument that was the same tensor in those runs, as a variable that is changed in place is, is read where it is.
   Once it is another one the graph is captured anew; after some times it is copied like the others.
3. Graphs of one GPU share memory: a run holds the lock from the first copy to the last, which are all only put into the
   GPU's queue. A run on another stream of the GPU than the first runs as it stands.
4. What has another shape than when it was captured runs as it stands. A capture that fails is not tried again.

Nothing that a run gives is memory that a replay writes.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch

from tfmagic.base import tf_logging
from tfmagic.session.devices.transfers import is_on_gpu, uploaded
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers import capturable, machine, python
from tfmagic.session.tiers.asynchronous import asynchronous
from tfmagic.session.tiers.captures import Captured, Captures, Inputs
from tfmagic.session.tiers.draws import with_draws
from tfmagic.session.tiers.regions import Region, with_calls

# Runs before a region is captured; captures after which arguments that have changed are copied.
_RUNS, _CAPTURES = 3, 3


def concern(plan: PlanGraph) -> bool:
    """Whether a plan, or a body in it, computes on a GPU."""
    return any(is_on_gpu(node) or any(map(concern, getattr(node.target, "bodies", ()))) for node in plan.graph.nodes)


def function(plan: PlanGraph, captures: Captures) -> Callable[..., Any]:
    """A callable of the plan's parameters that gives its triple of outputs; `failures.explained` reads its errors.

    Args:
      plan: the plan, which stays as it is.
      captures: the session's graphs.
    """
    gpu = capturable.gpu_of(plan)
    if gpu is not None:
        plan = with_draws(plan, gpu)
    order = None if gpu is None else capturable.divided(plan, gpu)
    if order is not None:
        constants = plan.constants
        plan = with_calls(plan, order, lambda region: CapturedRegion(region, constants, str(gpu), captures))
    return machine.function(asynchronous(plan), functools.partial(function, captures=captures))


class CapturedRegion(PlanCall, shown_under="tfmagic.cuda_graphs"):
    """A region of a plan as one call: a CUDA graph after some runs.

    Args:
      region: it.
      constants: those of its plan.
      gpu: where it computes.
      captures: the session's graphs.
    """

    effect = "none"

    def __init__(self, region: Region, constants: dict[str, Any], gpu: str, captures: Captures):
        self.__name__ = self.__qualname__ = "captured_region"
        self._function = python.function(region.alone(constants, "captured region"))
        self._gpu, self._captures = gpu, captures
        self._from_host = [place for place, node in enumerate(region.inputs) if not is_on_gpu(node)]
        self._lock = threading.Lock()  # held by who looks at what follows
        self._left = _RUNS
        self._seen: list[Any] = []
        self._made = 0
        self._changing: set[int] = set()
        self._refused = False
        self._key = object()
        self._graphs = captures.entries
        weakref.finalize(self, captures.gone.append, self._key).atexit = False

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        return self._call

    def _call(self, *values: Any) -> Any:
        captured = self._graphs.get(self._key)
        if captured is None:
            return self._count(values)
        others = captured.inputs.others(values)
        if others is None:
            return self._as_it_stands(values)
        if others:
            return self._with_others(captured, others, values)
        captured.recent = True
        results = captured.run(values)
        return self._as_it_stands(values) if results is None else results

    def _as_it_stands(self, values: Sequence[Any]) -> Any:
        if self._from_host:
            values = list(values)
            for place in self._from_host:
                if not isinstance(values[place], torch.Tensor) or values[place].ndim:
                    values[place] = uploaded(values[place], self._gpu)
        return self._function(*values)[0]

    def _count(self, values: Sequence[Any]) -> Any:
        """A run before the region is captured; the last of them captures it."""
        if self._refused or not all(isinstance(value, torch.Tensor) for value in values) \
                or not self._lock.acquire(blocking=False):
            return self._as_it_stands(values)
        try:
            same = {place for place, seen in enumerate(self._seen) if seen() is values[place]}
            self._seen = [weakref.ref(value) for value in values]
            self._left -= 1
            results = self._capture(values, same) if self._left <= 0 else None
        finally:
            self._lock.release()
        return self._as_it_stands(values) if results is None else results

    def _capture(self, values: Sequence[torch.Tensor], same: set[int]) -> list[torch.Tensor] | None:
        """Capture the region; the results of the first replay, or None where that cannot be done."""
        try:
            inputs = Inputs(values, same.difference(self._from_host, self._changing), self._gpu)
            captured = self._captures.capture(lambda *given: self._function(*given)[0], values, inputs)
            results = captured.run(values)
        except Exception as failure:  # whatever it is: plans run without a graph too, and explain their failures
            self._refuse(failure)
            return None
        self._made += 1
        self._left = _RUNS << self._made  # where the graph goes, be it that others come, it is not made anew at once
        self._captures.put(self._key, captured)
        return results

    def _refuse(self, failure: Exception) -> None:
        self._refused = True
        tf_logging.info("A part of a plan is not captured in a CUDA graph, and runs kernel by kernel: %s: %s",
                        type(failure).__name__, str(failure).partition("\n")[0])

    def _with_others(self, captured: Captured, others: set[int], values: Sequence[Any]) -> Any:
        """A run with other tensors than those that the graph reads: it is of no more use."""
        with self._lock:
            if self._graphs.get(self._key) is captured:
                self._captures.drop(self._key, captured)
                if self._made >= _CAPTURES:
                    self._changing |= others
                self._seen = []
        return self._count(values)
