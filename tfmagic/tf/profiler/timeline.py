"""`timeline.Timeline`: the statistics of a traced run as a file for Chrome's about:tracing and for Perfetto."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

# name = Op(input, ...)
_LABEL = re.compile(r"(?P<name>.*) = (?P<op>.*)\((?P<inputs>.*)\)$")


class AllocationMaximum(NamedTuple):
    """When the most memory of an allocator was in use.

    Attributes:
      timestamp: in microseconds.
      num_bytes: how much.
      tensors: the names of the tensors in it.
    """

    timestamp: int
    num_bytes: int
    tensors: set[str]


class StepStatsAnalysis(NamedTuple):
    """What `Timeline.analyze_step_stats` gives.

    Attributes:
      chrome_trace: the trace; `format_to_string` writes it.
      allocator_maximums: an `AllocationMaximum` for each allocator.
    """

    chrome_trace: ChromeTrace
    allocator_maximums: dict[str, AllocationMaximum]


class ChromeTrace:
    """Events in the form of Chrome's tracing."""

    def __init__(self) -> None:
        self.metadata: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def process(self, name: str, pid: int) -> None:
        """Name a group of rows."""
        self.metadata.append({"name": "process_name", "args": {"name": name}, "pid": pid, "ph": "M"})

    def event(self, phase: str, category: str, name: str, pid: int, tid: int, time: int, **more: Any) -> None:
        """Add an event at a time in microseconds."""
        self.events.append({"ph": phase, "cat": category, "name": name, "pid": pid, "tid": tid, "ts": time, **more})

    def format_to_string(self, pretty: bool = False) -> str:
        """The file's text."""
        trace = {"traceEvents": self.metadata + self.events}
        return json.dumps(trace, indent=4, separators=(",", ": ")) if pretty else json.dumps(trace,
                                                                                             separators=(",", ":"))


class _Tensor:
    """What a node made: when, in which row, how large, and who used it."""

    def __init__(self, name: str, number: int, pid: int, begin: int, allocator: str, size: int):
        self.name = name
        self.number = number
        self.pid = pid
        self.begin = begin
        self.allocator = allocator
        self.size = size
        self.last_use = begin


class _Record:
    """What a node took: its statistics, and the row where it stands."""

    __slots__ = ("stats", "begin", "end", "row")

    def __init__(self, stats: Any, rows: list[int]):
        self.stats = stats
        self.begin: int = stats.all_start_micros
        self.end: int = self.begin + stats.all_end_rel_micros
        # Those of one device that run at the same time stand in different rows.
        self.row = next((row for row, free in enumerate(rows) if free < self.begin), len(rows))
        rows[self.row:self.row + 1] = [self.end]


class _Device(NamedTuple):
    name: str
    pid: int
    records: list[_Record]

    @property
    def runs_nodes(self) -> bool:
        """What streams of a GPU and the host's threads did is told a second time for those."""
        return "/stream:" not in self.name and "/memcpy" not in self.name and not self.name.startswith("/host:")


class Timeline:
    """Draws the statistics of a run.

    Args:
      step_stats: the `StepStats` of a `RunMetadata` that a session filled.
      graph: TensorFlow's argument; the statistics have what is drawn.
    """

    def __init__(self, step_stats: Any, graph: Any = None):
        self._step_stats = step_stats
        self._graph = graph

    def generate_chrome_trace_format(self, show_dataflow: bool = True, show_memory: bool = False) -> str:
        """The text of a file for Chrome's about:tracing and Perfetto.

        Args:
          show_dataflow: whether arrows go from nodes to those in other rows that use them.
          show_memory: whether tensors and the memory in use are shown.
        """
        return self.analyze_step_stats(show_dataflow, show_memory).chrome_trace.format_to_string(pretty=True)

    def analyze_step_stats(self, show_dataflow: bool = True, show_memory: bool = True) -> StepStatsAnalysis:
        """The trace, and when the most memory was in use; see `generate_chrome_trace_format`."""
        trace = ChromeTrace()
        trace.process("Allocators", 0)
        devices = []
        for number, device in enumerate(self._step_stats.dev_stats):
            rows: list[int] = []
            devices.append(_Device(device.device, 2 * number + 1,
                                   [_Record(stats, rows) for stats in device.node_stats]))
            trace.process(device.device + " Compute", 2 * number + 1)
            trace.process(device.device + " Tensors", 2 * number + 2)
        tensors = _tensors(trace, devices, show_memory)
        _show_nodes(trace, devices, tensors, show_dataflow)
        return StepStatsAnalysis(trace, _memory(trace, tensors, show_memory))


def _tensors(trace: ChromeTrace, devices: list[_Device], show: bool) -> dict[str, _Tensor]:
    tensors: dict[str, _Tensor] = {}
    for device in devices:
        for record in device.records if device.runs_nodes else ():
            name, pid = record.stats.node_name, device.pid + 1
            for output in record.stats.output:
                allocation = output.tensor_description.allocation_description
                if name not in tensors:
                    tensors[name] = _Tensor(name, len(tensors), pid, record.begin, allocation.allocator_name,
                                            allocation.requested_bytes)
                if show:
                    number = tensors[name].number
                    trace.event("N", "Tensor", name, pid, record.row, record.begin, id=number)
                    text = str(output.tensor_description).replace('"', "")
                    trace.event("O", "Tensor", name, pid, record.row, record.end - 1, id=number,
                                args={"snapshot": {"tensor_description": text}})
    return tensors


def _show_nodes(trace: ChromeTrace, devices: list[_Device], tensors: dict[str, _Tensor], show_dataflow: bool) -> None:
    makers = {record.stats.node_name: (device.pid, record) for device in devices if device.runs_nodes
              for record in device.records}
    for name, tensor in tensors.items():
        tensor.last_use = makers[name][1].end
    used: set[str] = set()
    flows = 0
    for device in devices:
        for record in device.records:
            op, inputs = _parsed(record.stats.timeline_label) if device.runs_nodes else ("unknown", [])
            arguments = {f"input{place}": name for place, name in enumerate(inputs)}
            trace.event("X", "Op", op, device.pid, record.row, record.begin, dur=record.end - record.begin,
                        args={"name": record.stats.node_name, "op": op, **arguments})
            for name in inputs:
                if name not in tensors:
                    continue
                tensors[name].last_use = max(tensors[name].last_use if name in used else 0, record.end - 1)
                used.add(name)
                pid, maker = makers[name]
                if show_dataflow and (pid, maker.row) != (device.pid, record.row):
                    trace.event("s", "DataFlow", name, pid, maker.row, maker.end, id=flows)
                    trace.event("t", "DataFlow", name, device.pid, record.row, record.begin, id=flows)
                    flows += 1


def _memory(trace: ChromeTrace, tensors: dict[str, _Tensor], show: bool) -> dict[str, AllocationMaximum]:
    changes: dict[str, list[tuple[int, int, _Tensor]]] = {}
    for tensor in tensors.values():
        if show:
            trace.event("D", "Tensor", tensor.name, tensor.pid, 0, tensor.last_use, id=tensor.number)
        changes.setdefault(tensor.allocator, []).extend(
            [(tensor.begin, tensor.size, tensor), (tensor.last_use, -tensor.size, tensor)])
    maximums = {}
    for allocator, moments in changes.items():
        used = 0
        alive: set[str] = set()
        best = AllocationMaximum(0, 0, set())
        for time, size, tensor in sorted(moments, key=lambda moment: moment[0]):
            used += size
            if size > 0:
                alive.add(tensor.name)
            else:
                alive.discard(tensor.name)
            if show:
                trace.event("C", "Memory", allocator, 0, 0, time, args={allocator: used})
            if used > best.num_bytes:
                best = AllocationMaximum(time, used, set(alive))
        maximums[allocator] = best
    return maximums


def _parsed(label: str) -> tuple[str, list[str]]:
    """The op and the inputs that a label tells."""
    found = _LABEL.match(label)
    if found is None or label.startswith("["):
        return "unknown", []
    return found["op"], found["inputs"].split(", ") if found["inputs"] else []
