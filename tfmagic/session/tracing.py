"""Traced runs: the time of every node, as `StepStats` in a `RunMetadata` proto."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
from torch import fx

from tfmagic.graph.operation import Operation
from tfmagic.session.call import Runner
from tfmagic.session.execution import Execution
from tfmagic.session.passes.ownership import is_fresh
from tfmagic.session.plan.run_time import BodyCall, RunTimeKernel
from tfmagic.session.tiers import traced


class _Given(NamedTuple):
    """A tensor that a node gave, without its memory."""

    size: int
    shape: tuple[int, ...]
    allocator: str

    @staticmethod
    def of(value: Any) -> _Given | None:
        if not isinstance(value, torch.Tensor):
            return None
        allocator = "cpu" if value.device.type == "cpu" else f"GPU_{value.device.index or 0}_bfc"
        return _Given(value.element_size() * value.numel(), tuple(value.shape), allocator)


def run(session: Any, call: Any, feeds: list[Any], run_metadata: Any) -> Any:
    """Run a call node by node and fill `run_metadata.step_stats`: one record per execution of an operation.

    Args:
      session: the session.
      call: the prepared call.
      feeds: the values for its feeds.
      run_metadata: the `RunMetadata` proto to fill.

    Returns:
      What the call returns.
    """
    values, feeds = feeds, [convert(value) for convert, value in zip(call.converters, feeds)]
    times: list[tuple[fx.Node, int, int, _Given | None]] = []

    def record(node: fx.Node, begin: int, end: int, value: Any) -> None:
        times.append((node, begin, end, _Given.of(value)))  # what it gave itself may be needed no longer

    plan = call.runner(feeds).plan
    execution = Execution(plan, session.resources, functools.partial(traced.function, record=record))
    result = Runner(execution, call).run(feeds)
    _fill(run_metadata.step_stats, times, lambda op: session.placer.place(op).name)
    return call.completed(result, values)


def tell_partitions(session: Any, call: Any, feeds: list[Any], run_metadata: Any) -> None:
    """Fill `run_metadata.partition_graphs`: for each device a `GraphDef` with those nodes of a call that run there.

    Args:
      session: the session.
      call: the prepared call.
      feeds: the values for its feeds.
      run_metadata: the `RunMetadata` proto to fill.
    """
    plan = call.runner([convert(value) for convert, value in zip(call.converters, feeds)]).plan
    del run_metadata.partition_graphs[:]
    graphs: dict[str, Any] = {}
    for op in sorted(plan.ops, key=lambda op: op._id):
        name = session.placer.place(op).name
        if name not in graphs:
            graphs[name] = run_metadata.partition_graphs.add(versions=session.graph.graph_def_versions)
        graphs[name].node.add().CopyFrom(op.node_def)
        graphs[name].node[-1].device = name


def _fill(step_stats: Any, times: Iterable[tuple[fx.Node, int, int, _Given | None]],
          device_of: Callable[[Operation], str]) -> None:
    """One record for each execution of an operation: calls of torch that belong to it count together.

    A loop or branch has none: what runs in it has.
    """
    devices: dict[str, Any] = {}
    step_stats.SetInParent()  # a plan whose values are all known has no record, but it has been traced
    open_records: dict[Operation, tuple[Any, set[fx.Node]]] = {}
    for node, begin, end, given in times:
        op = node.meta.get("op")
        if op is None or isinstance(node.target, BodyCall):
            continue
        name = device_of(op)
        if name not in devices:
            devices[name] = step_stats.dev_stats.add(device=name)
        stats, seen = open_records.get(op, (None, set()))
        if stats is None or node in seen:  # the next turn of a loop
            inputs = ", ".join(t.name for t in op._inputs)
            stats = devices[name].node_stats.add(
                node_name=op.name, all_start_micros=begin // 1000, timeline_label=f"{op.name} = {op.type}({inputs})",
                all_start_nanos=begin)
            seen = set()
        seen.add(node)
        open_records[op] = stats, seen
        stats.all_end_rel_nanos += end - begin
        stats.op_end_rel_nanos = stats.all_end_rel_nanos
        stats.op_end_rel_micros = stats.all_end_rel_micros = -(-stats.all_end_rel_nanos // 1000)
        if given is not None:
            _tell_of(stats, given, is_fresh(node) or isinstance(node.target, RunTimeKernel))


def _tell_of(stats: Any, given: _Given, allocated: bool) -> None:
    """Say in a record what was given, and that memory was taken for it."""
    if allocated:
        memory = stats.memory[0] if stats.memory else stats.memory.add(allocator_name=given.allocator)
        memory.total_bytes += given.size
        memory.peak_bytes += given.size
        memory.live_bytes = given.size
    del stats.output[:]
    output = stats.output.add(slot=0)
    allocation = output.tensor_description.allocation_description
    allocation.requested_bytes = given.size
    allocation.allocator_name = given.allocator
    output.tensor_description.shape.SetInParent()
    for length in given.shape:
        output.tensor_description.shape.dim.add(size=length)
