"""Captures: the CUDA graphs that a session keeps, and the memory of each GPU that they share."""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch

from tfmagic.session.cache import Cache
from tfmagic.session.devices.transfers import upload_into

# Graphs that a session keeps: one takes some megabytes of the GPU's memory.
_KEPT = 64
# torch captures one graph at a time in a process.
_capturing = threading.Lock()


class Inputs:
    """From where a graph reads its arguments.

    Attributes:
      gpu: its device.
      read: where the graph reads each.

    Args:
      values: tensors like those that it will get.
      same: the places of those that are read where they are.
    """

    def __init__(self, values: Sequence[torch.Tensor], same: set[int], gpu: str):
        self.gpu = gpu
        with torch.inference_mode(False):  # memory that may be written outside of runs too
            self.read = [value if place in same else _room_for(value, gpu) for place, value in enumerate(values)]
        self._same = [(place, self.read[place]) for place in sorted(same)]
        self._copied = [(place, room) for place, room in enumerate(self.read) if place not in same]

    def others(self, values: Sequence[Any]) -> set[int] | None:
        """The places of arguments that are not the tensors that are read where they are; None: shapes are others."""
        if any(getattr(values[place], "shape", None) != room.shape for place, room in self._copied):
            return None
        return {place for place, value in self._same if values[place] is not value}

    def copy(self, values: Sequence[torch.Tensor]) -> None:
        """Copy arguments to where they are read."""
        here = [(room, values[place]) for place, room in self._copied if values[place].is_cuda]
        if len(here) > 1:
            torch._foreach_copy_([room for room, _ in here], [value for _, value in here], non_blocking=True)
        for place, room in self._copied:
            if len(here) < 2 or not values[place].is_cuda:
                upload_into(room, values[place])


def _room_for(value: torch.Tensor, gpu: str) -> torch.Tensor:
    return torch.empty_like(value, device=gpu)


class _Memory:
    """What the graphs of one GPU share.

    Attributes:
      lock: held while arguments are copied in, a graph is replayed, and results are copied out.
      stream: that of the runs.
    """

    def __init__(self, gpu: str):
        self.lock = threading.Lock()
        self.stream = torch.cuda.current_stream(gpu)
        self.side = torch.cuda.Stream(gpu)
        self.pool = torch.cuda.graph_pool_handle()


class Captured:
    """A CUDA graph.

    Attributes:
      inputs: from where it reads its arguments.
      recent: for the cache.
    """

    def __init__(self, graph: Any, inputs: Inputs, results: Sequence[torch.Tensor], memory: _Memory):
        self.recent = True
        self.inputs = inputs
        self._graph, self._results, self._memory = graph, results, memory

    def run(self, values: Sequence[torch.Tensor]) -> list[torch.Tensor] | None:
        """The results for these arguments, in memory of their own; None: the run is on another stream."""
        memory = self._memory
        with memory.lock:
            if torch.cuda.current_stream(self.inputs.gpu) != memory.stream:
                return None
            self.inputs.copy(values)
            self._graph.replay()
            return [result.clone() for result in self._results]


class Captures(Cache[Captured]):
    """The CUDA graphs of one session.

    Attributes:
      gone: keys of graphs that nobody asks for any more. (Python may find out at any time, whatever is locked then.)
    """

    def __init__(self) -> None:
        super().__init__(_KEPT)
        self.gone: collections.deque[Hashable] = collections.deque()
        self._memory: dict[str, _Memory] = {}

    def capture(self, function: Callable[..., Sequence[torch.Tensor]], values: Sequence[torch.Tensor],
                inputs: Inputs) -> Captured:
        """Capture what a function does with tensors.

        Args:
          function: calls of torch, in an order and with arguments that do not depend on values.
          values: arguments.
          inputs: from where the graph is to read them.

        Raises:
          Exception: what torch raises where that cannot be done.
        """
        while self.gone:
            self.entries.pop(self.gone.popleft(), None)
        with _capturing:
            memory = self._memory.get(inputs.gpu)
            if memory is None:
                memory = self._memory[inputs.gpu] = _Memory(inputs.gpu)
            with memory.lock:  # the side stream has what libraries need while they work, as replays have
                return self._captured(function, values, inputs, memory)

    def _captured(self, function: Callable[..., Sequence[torch.Tensor]], values: Sequence[torch.Tensor],
                  inputs: Inputs, memory: _Memory) -> Captured:
        inputs.copy(values)
        graph = torch.cuda.CUDAGraph()
        memory.side.wait_stream(torch.cuda.current_stream(inputs.gpu))
        try:
            with torch.cuda.stream(memory.side):
                function(*inputs.read)  # what libraries do once per stream is not to be captured
                graph.capture_begin(pool=memory.pool, capture_error_mode="thread_local")
                try:
                    results = function(*inputs.read)
                finally:
                    graph.capture_end()
        except BaseException:
            self._memory.pop(inputs.gpu, None)  # nobody knows what state the stream is in
            raise
        torch.cuda.current_stream(inputs.gpu).wait_stream(memory.side)
        return Captured(graph, inputs, results, memory)

    def clear(self) -> None:
        """Let go of all graphs, and of the memory that they share."""
        super().clear()
        self._memory.clear()
