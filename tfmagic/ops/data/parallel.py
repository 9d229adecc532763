"""Elements computed beside the thread that asks for them, several at a time: parallel map, parallel interleave.

Order and errors are those of the elements one after another.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from typing import Any

from tfmagic.base import errors
from tfmagic.ops.data.batching import Batch
from tfmagic.ops.data.datasets import Dataset, Derived, Element, Following, Iteration, dataset_of
from tfmagic.ops.data.interleaving import Interleave, processors
from tfmagic.ops.data.mapping import Mapping
from tfmagic.ops.data.prefetching import Prefetch
from tfmagic.ops.data.rules import handle, positive
from tfmagic.ops.data.workers import Clock, Workers
from tfmagic.ops.declare import register


class ParallelMap(Derived):
    """A function of each element, of several at the same time.

    Args:
      calls: how many at the same time; -1 for as many as there are processors.
    """

    def __init__(self, source: Dataset, function: Any, calls: int):
        if calls == -1:
            calls = processors()
        if calls <= 0:
            raise errors.InvalidArgumentError(None, None, "num_parallel_calls must be greater than zero.")
        super().__init__(source)
        self.function, self.calls = function, calls

    class Pass(Mapping):
        def __init__(self, dataset: ParallelMap, source: Iteration):
            super().__init__(dataset, source)
            self._calls, self._clock = dataset.calls, Clock()
            self._workers: Workers | None = None
            self._rests = False
            self._waiting: deque[tuple[Element, Future[Any] | BaseException]] = deque()

        def __next__(self) -> Element:
            if self._rests and not self._waiting and self._workers is not None:
                self._workers.close()
                self._workers, self._rests = None, False
            if self._workers is None:
                element = next(self.source)
                start = time.perf_counter()
                try:
                    return self.function(*element)
                except errors.OutOfRangeError as error:
                    raise StopIteration from error
                finally:
                    if self._calls > 1 and self._clock.pays(start):
                        self._workers = Workers(self._calls)
            while len(self._waiting) < self._calls and not self._rests:
                try:
                    element = next(self.source)
                except StopIteration:
                    break
                except Exception as failure:
                    self._waiting.append(((), failure))
                    break
                self._waiting.append((element, self._workers.submit(self._timed, *element)))
            if not self._waiting:
                raise StopIteration
            future = self._waiting[0][1]
            if isinstance(future, BaseException):
                self._waiting.popleft()
                raise future
            try:
                return self._workers.result(future)
            except errors.OutOfRangeError as error:
                raise StopIteration from error
            finally:
                if future.done():
                    self._waiting.popleft()

        def _timed(self, *element: Any) -> Element:
            """The function, by a thread; notes whether threads pay no more."""
            start = time.perf_counter()
            try:
                return self.function(*element)
            finally:
                self._rests = self._clock.rests(start) or self._rests

        def state(self) -> Any:
            return [element for element, future in self._waiting if not isinstance(future, BaseException)], \
                self.source.state()

        def restore(self, state: Any) -> None:
            elements, source = state
            self.source.restore(source)
            self._waiting.clear()
            if elements:
                self._workers = self._workers or Workers(self._calls)
                for element in elements:
                    self._waiting.append((element, self._workers.submit(self._timed, *element)))

        def close(self) -> None:
            super().close()
            if self._workers is not None:
                self._workers.close()


class ParallelInterleave(Interleave):
    """The elements of several data sets by turns, each of which computes its next elements beside.

    Args:
      calls: of how many at the same time; -1 for as many as there are processors.
    """

    def __init__(self, source: Dataset, function: Any, cycle_length: int, block_length: int, calls: int):
        super().__init__(source, function, cycle_length, block_length)
        calls = processors() if calls == -1 else calls
        if calls <= 0:
            raise errors.InvalidArgumentError(None, None, "num_parallel_calls must be greater than zero.")
        if calls > self.cycle_length:
            raise errors.InvalidArgumentError(None, None, "num_parallel_calls must less than or equal to cycle_length.")
        self.calls = calls

    class Pass(Interleave.Pass):
        ERRORS_COUNT = True

        def _opened(self, element: Element) -> Iteration:
            inner = dataset_of(self._function, element, "`f`")
            return Prefetch(inner, self._block_length).iterator()


class StaggeredInterleave(Derived):
    """The elements of several data sets by turns; one that is at its end makes place for another at once.

    Args:
      cycle_length: of how many data sets.
      block_length: how many elements of one come together.
    """

    def __init__(self, source: Dataset, function: Any, cycle_length: int, block_length: int, buffer: int, ahead: int):
        for name, value in (("`cycle_length`", cycle_length), ("`block_length`", block_length),
                            ("`buffer_output_elements`", buffer)):
            if value <= 0:
                raise errors.InvalidArgumentError(None, None, f"{name} must be > 0")
        if ahead < 0:
            raise errors.InvalidArgumentError(None, None, "`prefetch_input_elements` must be >= 0")
        super().__init__(source)
        self.function, self.cycle_length, self.block_length, self.buffer = function, cycle_length, block_length, buffer

    def cardinality(self) -> int:
        return -2

    class Pass(Following):
        def __init__(self, dataset: StaggeredInterleave, source: Iteration):
            super().__init__(dataset, source)
            self._dataset = dataset
            self._open: list[tuple[Element, Iteration] | None] = []
            self._turn = self._taken = 0
            self._begun = False

        def __next__(self) -> Element:
            if not self._begun:
                self._begun = True
                while len(self._open) < self._dataset.cycle_length and (inner := self._next_open()) is not None:
                    self._open.append(inner)
            while any(inner is not None for inner in self._open):
                current = self._open[self._turn]
                if current is None:
                    self._advance()
                    continue
                try:
                    element = next(current[1])
                except StopIteration:
                    self._open[self._turn] = self._next_open()
                    self._advance()
                    continue
                except Exception:  # it takes the place of an element
                    self._take()
                    raise
                self._take()
                return element
            raise StopIteration

        def _take(self) -> None:
            self._taken += 1
            if self._taken == self._dataset.block_length:
                self._advance()

        def _advance(self) -> None:
            self._taken = 0
            self._turn = (self._turn + 1) % len(self._open)

        def _next_open(self) -> tuple[Element, Iteration] | None:
            try:
                element = next(self.source)
            except StopIteration:
                return None
            return element, self._iteration(element)

        def _iteration(self, element: Element) -> Iteration:
            inner = dataset_of(self._dataset.function, element, "`f`")
            return Prefetch(inner, max(1, self._dataset.buffer)).iterator()

        def state(self) -> Any:
            inner = [None if one is None else (one[0], one[1].state()) for one in self._open]
            return inner, self._turn, self._taken, self._begun, self.source.state()

        def restore(self, state: Any) -> None:
            inner, self._turn, self._taken, self._begun, source = state
            self.source.restore(source)
            self._open = []
            for saved in inner:
                if saved is None:
                    self._open.append(None)
                    continue
                iteration = self._iteration(saved[0])
                iteration.restore(saved[1])
                self._open.append((saved[0], iteration))

        def close(self) -> None:
            super().close()
            for inner in self._open:
                if inner is not None:
                    inner[1].close()


def map_and_batch(source: Dataset, function: Any, size: int, calls: int, drop_remainder: bool) -> Dataset:
    """Batches of a function of each element."""
    positive(size, "batch_size")
    return Batch(ParallelMap(source, function, min(size, processors()) if calls == -1 else calls), size, drop_remainder,
                 fused=True)


_INPUT = {"other_arguments": "f"}

register("ParallelMapDataset", handle("num_parallel_calls"), lambda op, source, f, calls: ParallelMap(source, f, calls),
         functions=_INPUT, host="num_parallel_calls")
register("ParallelInterleaveDatasetV2", handle("cycle_length", "block_length", "num_parallel_calls"),
         lambda op, source, f, cycle, block, calls: ParallelInterleave(source, f, cycle, block, calls),
         functions=_INPUT, host=("cycle_length", "block_length", "num_parallel_calls"))
for _name in ("ParallelInterleaveDataset", "ExperimentalParallelInterleaveDataset"):
    register(_name, handle("cycle_length", "block_length", "sloppy", "buffer_output_elements",
                           "prefetch_input_elements"),
             lambda op, source, f, cycle, block, sloppy, buffer, ahead: StaggeredInterleave(
                 source, f, cycle, block, buffer, ahead),
             functions=_INPUT, host=("cycle_length", "block_length", "sloppy", "buffer_output_elements",
                                     "prefetch_input_elements"))
for _name in ("MapAndBatchDataset", "ExperimentalMapAndBatchDataset"):
    register(_name, handle("batch_size", "num_parallel_calls", "drop_remainder"),
             lambda op, source, f, size, calls, drop: map_and_batch(source, f, size, calls, drop),
             functions=_INPUT, host=("batch_size", "num_parallel_calls", "drop_remainder"))
