"""Statistics of data sets: how many bytes elements have, how long they take, how many a filter lets through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import messages
from tfmagic.base.lazy import torch
from tfmagic.formats import events
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import single
from tfmagic.ops.data import states
from tfmagic.ops.data.datasets import Dataset, Derived, Element, Following, Iteration
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import unwrapped
from tfmagic.ops.summary.values import Histogram


class Aggregator:
    """Collects statistics by their names, which a summary tells."""

    def __init__(self) -> None:
        self._values: dict[str, Histogram] = {}
        self._counts: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, name: str, value: float, step: int) -> None:
        """Add a value to a distribution.

        Args:
          step: how many elements came before.
        """
        with self._lock:
            self._values.setdefault(name, Histogram()).add(np.array([value], np.float64))

    def increment(self, name: str, step: int) -> None:
        """Count one more."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + 1

    def write_with(self, writer: Any) -> None:
        """Have a writer of summaries write what is collected, as it comes.

        Raises:
          NotFoundError: its file is not open.
        """
        unwrapped(writer).check()

    def summary(self) -> Any:
        """All that was collected, as a serialized `Summary` in a tensor."""
        summary = messages.module("summary_pb2").Summary()
        with self._lock:
            for name, values in self._values.items():
                summary.value.add(tag=name).histo.CopyFrom(values.proto())
            for name, count in self._counts.items():
                summary.value.add(tag=name, simple_value=count)
        return single(summary.SerializeToString())

    def close(self) -> None:
        """Nothing waits for it."""


class Reporter(Aggregator):
    """Writes statistics as they come, if there is a writer, and tells no summary."""

    def __init__(self) -> None:
        super().__init__()
        self._writer: Any = None

    def add(self, name: str, value: float, step: int) -> None:
        super().add(name, value, step)
        self._report(name, step, lambda told: told.histo.CopyFrom(self._values[name].proto()))

    def increment(self, name: str, step: int) -> None:
        super().increment(name, step)
        self._report(name, step, lambda told: setattr(told, "simple_value", self._counts[name]))

    def _report(self, name: str, step: int, fill: Callable[[Any], None]) -> None:
        if self._writer is not None:
            summary = messages.module("summary_pb2").Summary()
            with self._lock:
                fill(summary.value.add(tag=name))
            self._writer.write(events.event(step=step, summary=summary))

    def write_with(self, writer: Any) -> None:
        super().write_with(writer)
        self._writer = unwrapped(writer)

    def summary(self) -> Any:
        return single(b"")


class Prefixed:
    """An aggregator under whose names a prefix stands."""

    def __init__(self, aggregator: Aggregator, prefix: str):
        self._aggregator, self._prefix = aggregator, f"{prefix}::" if prefix else ""

    def add(self, name: str, value: float, step: int) -> None:
        """Add a value to a distribution."""
        self._aggregator.add(self._prefix + name, value, step)

    def increment(self, name: str, step: int) -> None:
        """Count one more."""
        self._aggregator.increment(self._prefix + name, step)


class Collected(Derived):
    """A data set whose statistics an aggregator collects."""

    def __init__(self, source: Dataset, aggregator: Aggregator, prefix: Any, counter_prefix: Any):
        super().__init__(source)
        self.statistics = Prefixed(aggregator, _text(prefix))

    def iterator(self) -> Iteration:
        current = states.current
        outer, current.statistics = current.statistics, self.statistics
        try:
            return self.source.iterator()
        finally:
            current.statistics = outer


class Bytes(Derived):
    """The elements as they are; their size counts under a name."""

    def __init__(self, source: Dataset, tag: Any):
        super().__init__(source)
        self.tag = _text(tag)

    class Pass(Following):
        def __init__(self, dataset: Bytes, source: Iteration):
            super().__init__(dataset, source)
            self._tag, self._statistics = dataset.tag, states.current.statistics
            self._count = 0

        def __next__(self) -> Element:
            element = next(self.source)
            if self._statistics is not None:
                self._add(sum(map(_size, element)))
            return element

        def _add(self, value: float) -> None:
            self._statistics.add(self._tag, value, self._count)
            self._count += 1


class Latency(Bytes):
    """The elements as they are; the time that each takes counts under a name, in microseconds."""

    class Pass(Bytes.Pass):
        def __next__(self) -> Element:
            if self._statistics is None:
                return next(self.source)
            start = time.perf_counter()
            element = next(self.source)
            self._add((time.perf_counter() - start) * 1e6)
            return element


# What TensorFlow counts for a string beside its bytes.
_STRING = 8


def _size(value: Any) -> int:
    """How many bytes a component has."""
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    return sum(_STRING + len(item) for item in np.asarray(value, object).ravel() if isinstance(item, bytes))


def _text(value: Any) -> str:
    return value.item().decode() if isinstance(value, np.ndarray) else str(value)


for _name in ("StatsAggregatorHandle", "ExperimentalStatsAggregatorHandle"):
    register(_name, shape_rules.scalar, lambda op: op.constant(op.named.of(
        op.op, Aggregator, lambda *names: Aggregator())), objects=True, effect="reads")
register("StatsAggregatorHandleV2", shape_rules.scalar, lambda op: op.constant(op.named.of(
    op.op, Reporter, lambda *names: Reporter())), objects=True, effect="reads")
register("StatsAggregatorSetSummaryWriter", lambda op, *dims: (), lambda op, aggregator, writer: aggregator.write_with(
    writer), objects=True, effect="writes")
for _name in ("StatsAggregatorSummary", "ExperimentalStatsAggregatorSummary"):
    register(_name, shape_rules.scalar, lambda op, aggregator: aggregator.summary(), objects=True, effect="reads")
for _name in ("SetStatsAggregatorDataset", "ExperimentalSetStatsAggregatorDataset"):
    register(_name, handle("tag", "counter_prefix"), lambda op, source, aggregator, tag, counter_prefix: op.call(
        Collected, source, aggregator, tag, counter_prefix), objects=True)
for _name in ("BytesProducedStatsDataset", "ExperimentalBytesProducedStatsDataset"):
    register(_name, handle("tag"), lambda op, source, tag: op.call(Bytes, source, tag), objects=True)
for _name in ("LatencyStatsDataset", "ExperimentalLatencyStatsDataset"):
    register(_name, handle("tag"), lambda op, source, tag: op.call(Latency, source, tag), objects=True)
