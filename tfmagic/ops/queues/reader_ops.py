"""The ops of readers: each kernel is a call on the reader of the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.queues.queue_ops import old_handle
from tfmagic.ops.queues.readers import READERS, Reader
from tfmagic.ops.queues.waiting import unwrapped


def _reader(op: Any) -> Any:
    kind = READERS[op.op.type.removesuffix("V2")]
    return op.constant(op.named.of(op.op, Reader, lambda *names: kind(op.op, op.named)))


def _queue(op: Any, queue: Any) -> Any:
    """The queue of a handle, which may have been chosen among several."""
    return op.call(unwrapped, queue) if op.op._inputs[1].op.type.startswith(("Gather", "Pack")) else queue


def _read(op: Any, reader: Any, queue: Any) -> Any:
    return reader.read(_queue(op, queue))


def _read_up_to(op: Any, reader: Any, queue: Any, count: Any) -> Any:
    return reader.read_up_to(_queue(op, queue), count)


def _vectors(op: Any, reader: Dims, queue: Dims, count: Dims) -> list[Dims]:
    shape_rules.with_rank(count, 0)
    return [(None,), (None,)]


def _restoring(op: Any, reader: Dims, state: Dims) -> tuple[()]:
    shape_rules.with_rank(state, 0)
    return ()


def _both(name: str, shape: Callable[..., Any], kernel: Callable[..., Any], effect: Any) -> None:
    """Declare an op in its two forms, by name and by resource."""
    for version in ("", "V2"):
        register(name + version, shape, kernel, objects=True, effect=effect)


for _kind in READERS:
    register(_kind, old_handle, _reader, objects=True, effect="reads")
    if _kind != "LMDBReader":
        register(f"{_kind}V2", shape_rules.scalar, _reader, objects=True)
_both("ReaderRead", lambda op, *dims: [(), ()], _read, "waits")
_both("ReaderReadUpTo", _vectors, _read_up_to, "waits")
_both("ReaderNumRecordsProduced", shape_rules.scalar, lambda op, reader: reader.produced(), "reads")
_both("ReaderNumWorkUnitsCompleted", shape_rules.scalar, lambda op, reader: reader.completed(), "reads")
_both("ReaderSerializeState", shape_rules.scalar, lambda op, reader: reader.saved(), "reads")
_both("ReaderRestoreState", _restoring, lambda op, reader, state: reader.restore(state), "writes")
_both("ReaderReset", lambda op, reader: (), lambda op, reader: reader.reset(), "writes")
