"""Refusals: the node that was being built when an error was raised, read from the error's traceback.

Building pays nothing for it: only who asks reads the frames of the two functions that build nodes.
"""

from __future__ import annotations

from types import FrameType
from typing import Any

from tfmagic.base import source
from tfmagic.graph.graph import Graph
from tfmagic.graph.opdefs import OpDef
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.call import OpCaller


def refused_by(error: BaseException) -> Operation | None:
    """The node that was being built when an error was raised, or None; it may be in its graph already."""
    found = None
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code is Graph.make.__code__:
            found = frame.f_locals.get("op", found)
        elif frame.f_code is OpCaller.node.__code__:
            found = _half_made(frame)
        trace = trace.tb_next
    return found


def _half_made(frame: FrameType) -> Operation | None:
    """The node whose inputs were being looked at when one of them was refused."""
    known = frame.f_locals
    if "scope" not in known:
        return None
    flat = [item for value in known["values"] for item in (value if isinstance(value, list | tuple) else (value,))]
    graph = known["graph"]
    inputs = tuple(t for t in flat if isinstance(t, Tensor) and t.graph is graph)
    if not inputs:
        return None
    return unmade(graph, known["self"].op_def, known["scope"], inputs, dict(known.get("attrs", {})),
                   _frames_of(frame))


def _frames_of(frame: FrameType | None) -> source.Frames:
    """The user's frames in which a frame was called (`source.capture` takes those of a call that is going on)."""
    found = []
    while frame is not None:
        if not source.is_own(frame.f_code):
            found.append((frame.f_code, frame.f_lasti))
            if frame.f_code.co_name == "<module>":
                break
        frame = frame.f_back
    return tuple(found)


def unmade(graph: Any, op_def: OpDef, name: str, inputs: tuple[Tensor, ...], attrs: dict[str, Any],
           frames: source.Frames) -> Operation:
    """An operation that `graph` does not know of, without outputs."""
    op = Operation()
    op.graph, op.name, op.type, op._op_def = graph, name, op_def.name, op_def
    op._inputs, op._attrs, op._frames = inputs, attrs, frames
    op._device, op._outputs, op._control_inputs = "", (), ()
    op._static = op._control_flow_context = None
    op._id = graph.version + 1
    return op
