"""Elements computed beside the thread that asks for them: prefetch, parallel map, parallel interleave.

Threads pay where an element takes its time: a file, a Python function that waits, torch on large tensors. To hand over
an element from one thread to another costs more than to compute a small one. So an iteration begins in the thread that
asks, looks at the clock, and goes on with threads once elements take longer than handing over. Order and errors are
the same either way: those of the elements one after another.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops.data import states
from tfmagic.ops.data.batching import Batch
from tfmagic.ops.data.datasets import Dataset, Derived, Element, Following, Iteration, dataset_of
from tfmagic.ops.data.interleaving import Interleave, processors
from tfmagic.ops.data.mapping import Mapping
from tfmagic.ops.data.rules import handle, positive
from tfmagic.ops.declare import register

# Seconds that elements must take before threads compute them: so many in a row, or a single one.
_WORTH_A_THREAD, _IN_A_ROW, _SINGLE = 2e-4, 4, 2e-2
# How long a wait lasts before it is looked whether the iterator was closed.
_PATIENCE = 0.05


class _Clock:
    """Tells when elements take so long that threads pay."""

    def __init__(self) -> None:
        self._slow = 0

    def pays(self, start: float) -> bool:
        """Whether threads pay, after an element whose computation began at `start`."""
        took = time.perf_counter() - start
        self._slow = self._slow + 1 if took > _WORTH_A_THREAD else 0
        return self._slow >= _IN_A_ROW or took > _SINGLE


class Workers:
    """Threads that compute for the iterator of the thread that made them."""

    def __init__(self, count: int):
        self._states = states.current.states
        self._pool = ThreadPoolExecutor(count, "tfmagic-data", self._begin)

    def _begin(self) -> None:
        states.current.states = self._states
        states.current.guard = torch._C._InferenceMode(True)

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Have a function called."""
        try:
            return self._pool.submit(_outcome, function, args)
        except RuntimeError:  # the pool was shut down
            raise cancelled() from None

    def result(self, future: Future[Any]) -> Any:
        """What the function gave.

        Raises:
          CancelledError: the iterator was closed meanwhile.
        """
        while True:
            try:
                value, failure = future.result(_PATIENCE)
            except TimeoutError:
                states.look_around()
                if self._states is not None and self._states.closed:
                    raise cancelled() from None
                continue
            if failure is not None:
                raise failure
            return value

    def close(self) -> None:
        """End the threads as soon as they have computed what they are at."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    """What a call gave or raised: a Future would not take a StopIteration."""
    try:
        return function(*args), None
    except BaseException as failure:  # noqa: B036  # it is raised where the value is asked for
        return None, failure


def cancelled() -> errors.OpError:
    """The error of a wait for an iterator that was closed."""
    return errors.CancelledError(None, None, "Iterator was cancelled")


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
            self._calls, self._clock = dataset.calls, _Clock()
            self._workers: Workers | None = None
            self._waiting: deque[tuple[Element, Future[Any] | BaseException]] = deque()

        def __next__(self) -> Element:
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
            while len(self._waiting) < self._calls:
                try:
                    element = next(self.source)
                except StopIteration:
                    break
                except Exception as failure:
                    self._waiting.append(((), failure))
                    break
                self._waiting.append((element, self._workers.submit(self.function, *element)))
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
                    self._waiting.append((element, self._workers.submit(self.function, *element)))

        def close(self) -> None:
            super().close()
            if self._workers is not None:
                self._workers.close()


class Prefetch(Derived):
    """Elements computed before they are asked for.

    Args:
      buffer_size: how many; -1 for a good number; 0 for none.
    """

    def __init__(self, source: Dataset, buffer_size: int):
        if buffer_size < -1:
            raise errors.InvalidArgumentError(None, None, "buffer_size must be >= 0 or set buffer_size to be "
                                              "-1 for auto-tuning")
        super().__init__(source)
        self.buffer_size = buffer_size

    class Pass(Following):
        def __init__(self, dataset: Prefetch, source: Iteration):
            super().__init__(dataset, source)
            self._size = processors() if dataset.buffer_size == -1 else dataset.buffer_size
            self._ahead: _Ahead | None = None
            self._clock = _Clock()
            self._given: deque[Element] = deque()

        def __next__(self) -> Element:
            if self._given:
                return self._given.popleft()
            if self._ahead is not None:
                return self._ahead.take()
            start = time.perf_counter()
            try:
                return next(self.source)
            finally:
                if self._size and self._clock.pays(start):
                    self._ahead = _Ahead(self.source, self._size)

        def state(self) -> Any:
            if self._ahead is None:
                return list(self._given), self.source.state()
            with self._ahead.paused():
                return [*self._given, *self._ahead.values()], self.source.state()

        def restore(self, state: Any) -> None:
            if self._ahead is not None:
                self._ahead.stop()
                self._ahead = None
            given, source = state
            self._given = deque(given)
            self.source.restore(source)

        def close(self) -> None:
            if self._ahead is not None:
                self._ahead.stop()
            super().close()

        def __del__(self) -> None:
            if self._ahead is not None:
                self._ahead.stop()


class _Ahead:
    """A thread that takes elements from an iteration into a buffer of limited size."""

    def __init__(self, source: Iteration, size: int):
        self._source, self._size = source, size
        self._buffer: deque[tuple[Any, BaseException | None]] = deque()
        self._change = threading.Condition()
        self._at_work = threading.Lock()  # held while an element is computed
        self._stopped = self._ended = False
        self._states = states.current.states
        self._thread = threading.Thread(target=self._work, name="tfmagic-data-prefetch", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        states.current.states = self._states
        with torch._C._InferenceMode(True):
            while True:
                with self._change:
                    while len(self._buffer) >= self._size and not self._stopped:
                        self._change.wait()
                    if self._stopped:
                        return
                with self._at_work:
                    outcome = _outcome(next, (self._source,))
                    if isinstance(outcome[1], SystemExit):  # the process ends
                        return
                    with self._change:
                        self._ended = isinstance(outcome[1], StopIteration)
                        self._buffer.append(outcome)
                        self._change.notify_all()
                        if self._ended:
                            return

    def take(self) -> Element:
        """The next element; waits for it."""
        with self._change:
            while not self._buffer:
                if self._ended:
                    raise StopIteration
                if self._stopped or self._states is not None and self._states.closed:
                    raise cancelled()
                self._change.wait(_PATIENCE)
                states.look_around()
            value, failure = self._buffer.popleft()
            self._change.notify_all()
        if failure is not None:
            raise failure
        return value

    def paused(self) -> Any:
        """A context in which nothing is computed."""
        return self._at_work

    def values(self) -> list[Element]:
        """The elements in the buffer."""
        return [value for value, failure in self._buffer if failure is None]

    def stop(self) -> None:
        """End the thread as soon as it has computed what it is at."""
        with self._change:
            self._stopped = True
            self._change.notify_all()


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
register("PrefetchDataset", handle("buffer_size"), lambda op, source, size: op.call(Prefetch, source, size),
         host="buffer_size", objects=True)
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
