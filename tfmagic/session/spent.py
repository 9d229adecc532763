"""Spent: what the operations of traced runs took, read from `RunMetadata`: the one reading that all profiles share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Spent:
    """What an operation took.

    Attributes:
      count: how often it was executed.
      nanoseconds: how long that lasted in all.
      cpu, accelerator: microseconds, by the kind of device; those of an execution are whole.
      requested: bytes of memory that it asked for.
      peak, residual: bytes that it held at most, and when it ended.
      output: bytes of what it gave.
    """

    count: int = 0
    nanoseconds: int = 0
    cpu: int = 0
    accelerator: int = 0
    requested: int = 0
    peak: int = 0
    residual: int = 0
    output: int = 0

    def add(self, other: Spent) -> None:
        """Add what others took."""
        for name in (field.name for field in fields(self)):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def spent(runs: Iterable[Any]) -> dict[str, Spent]:
    """What each operation took in all of these runs, by its name, in the order of their first execution.

    Args:
      runs: the `RunMetadata` that a session filled.
    """
    found: dict[str, Spent] = {}
    for run in runs:
        for device in run.step_stats.dev_stats:
            for stats in device.node_stats:
                micros = stats.all_end_rel_micros
                on_cpu = "GPU" not in device.device.upper()
                found.setdefault(stats.node_name, Spent()).add(Spent(
                    1, stats.all_end_rel_nanos, micros if on_cpu else 0, 0 if on_cpu else micros,
                    sum(memory.total_bytes for memory in stats.memory),
                    sum(memory.peak_bytes for memory in stats.memory),
                    sum(memory.live_bytes for memory in stats.memory),
                    sum(output.tensor_description.allocation_description.requested_bytes for output in stats.output)))
    return found
