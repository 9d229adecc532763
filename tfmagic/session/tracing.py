"""Traced runs: the time of every node, as `StepStats` in a `RunMetadata` proto."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import fx

from tfmagic.session.call import Runner
from tfmagic.session.execution import Execution
from tfmagic.session.tiers import traced


def run(session: Any, call: Any, feeds: list[Any], run_metadata: Any) -> Any:
    """Run a call node by node and fill `run_metadata.step_stats`: one record per operation and device.

    Args:
      session: the session.
      call: the prepared call.
      feeds: the values for its feeds.
      run_metadata: the `RunMetadata` proto to fill.

    Returns:
      What the call returns.
    """
    values, feeds = feeds, [convert(value) for convert, value in zip(call.converters, feeds)]
    times: list[tuple[fx.Node, int, int, Any]] = []

    def record(*of_node: Any) -> None:
        times.append(of_node)

    plan = call.runner(feeds).plan
    execution = Execution(plan, session.resources, functools.partial(traced.function, record=record))
    result = Runner(execution, call).run(feeds)
    devices: dict[str, Any] = {}
    nodes: dict[str, Any] = {}
    for node, begin, end, value in times:
        op = node.meta.get("op")
        if op is None:
            continue
        name = session.placer.place(op).name
        if name not in devices:
            devices[name] = run_metadata.step_stats.dev_stats.add(device=name)
        stats = nodes.get(op.name)
        if stats is None:
            stats = nodes[op.name] = devices[name].node_stats.add(
                node_name=op.name, all_start_micros=begin // 1000, timeline_label=f"{op.name} = {op.type}("
                f"{', '.join(t.name for t in op._inputs)})", all_start_nanos=begin)
        stats.op_end_rel_micros = stats.all_end_rel_micros = max(end // 1000 - stats.all_start_micros, 0)
        stats.op_end_rel_nanos = stats.all_end_rel_nanos = max(end - stats.all_start_nanos, 0)
        if isinstance(value, torch.Tensor):
            del stats.output[:]
            output = stats.output.add(slot=0)
            allocation = output.tensor_description.allocation_description
            allocation.requested_bytes = value.element_size() * value.numel()
            allocation.allocator_name = "cpu" if value.device.type == "cpu" else f"GPU_{value.device.index or 0}_bfc"
            output.tensor_description.shape.SetInParent()
            for size in value.shape:
                output.tensor_description.shape.dim.add(size=size)
    return call.completed(result, values)
