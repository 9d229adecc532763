"""Mutexes: what keeps critical sections apart.

A run takes its mutexes whole: it claims them as it claims the variables that it changes (`session.execution`), from its
first operation to its commit. Within a run one operation follows another, each section as a whole: a section that uses
what another makes waits for it by an edge.
"""

from __future__ import annotations

from typing import Any

from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register


def _no_output(op: Any, *dims: Any) -> tuple[()]:
    return ()


register("MutexV2", shape_rules.scalar, lambda op: op.constant(op.op.name), objects=True, effect="reads")
register("MutexLock", shape_rules.scalar, lambda op, mutex: mutex, objects=True, effect="writes")
register("ConsumeMutexLock", _no_output, lambda op, lock: None, objects=True, effect="writes")
