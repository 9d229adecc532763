"""Runs: what traced runs tell of nodes, step by step, and how a profile writes times and memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfmagic.session.spent import spent

# What a traced run tells of a node, by the name of the measure.
TIMES = ("micros", "accelerator_micros", "cpu_micros")
MEMORY = ("bytes", "peak_bytes", "residual_bytes", "output_bytes")
MEASURED = (*MEMORY, *TIMES, "runs")


class Runs:
    """The traced runs of a graph, by step."""

    def __init__(self) -> None:
        self._steps: dict[int, list[Any]] = {}

    def add(self, step: int, run_meta: Any) -> None:
        """Add a run; those of one step count together."""
        self._steps.setdefault(step, []).append(run_meta)

    def of(self, step: int) -> dict[str, dict[str, int]]:
        """What each node took, by its name and measure.

        Args:
          step: the step, or the last one before it; -1: the mean of all.
        """
        if step < 0:
            chosen = list(self._steps)
        else:
            chosen = [max(known)] if (known := [number for number in self._steps if number <= step]) else []
        found: dict[str, dict[str, int]] = {}
        for name, took in spent(run for number in chosen for run in self._steps[number]).items():
            whole = {"micros": took.cpu + took.accelerator, "accelerator_micros": took.accelerator,
                     "cpu_micros": took.cpu, "bytes": took.requested, "peak_bytes": took.peak,
                     "residual_bytes": took.residual, "output_bytes": took.output, "runs": took.count}
            found[name] = {measure: value // len(chosen) for measure, value in whole.items()}
        return found

    def devices(self) -> dict[str, str]:
        """The device on which each node ran, by the node's name."""
        return {stats.node_name: device.device.lower() for runs in self._steps.values() for run in runs
                for device in run.step_stats.dev_stats for stats in device.node_stats}


def columns(select: Iterable[str]) -> list[str]:
    """The measures of runs that are shown, in their order: the time in all comes with its parts."""
    select = set(select)
    wanted = select | set(TIMES) if "micros" in select else select
    return [measure for measure in (*MEMORY, *TIMES) if measure in wanted]


def text(measure: str, value: int) -> str:
    """A time or an amount of memory: `28us`, `27.87ms`, `12.80KB`."""
    units = (("sec", 10**6), ("ms", 10**3)) if measure in TIMES else (("GB", 10**9), ("MB", 10**6), ("KB", 10**3))
    for unit, scale in units:
        if value >= scale:
            return f"{value / scale:.2f}{unit}"
    return f"{value}{'us' if measure in TIMES else 'B'}"
