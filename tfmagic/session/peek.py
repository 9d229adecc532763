"""Peeking: what a run would give, with everything left as it is: variables, random streams, queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfmagic.base import errors
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session.session import BaseSession


class _Found(Exception):
    """Carries the values out of a run before it changes anything."""

    def __init__(self, values: list[Any]):
        self.values = values


def peek(session: BaseSession, tensors: Sequence[Tensor], feeds: Mapping[Any, Any]) -> list[Any]:
    """The values of tensors, as a run with these feeds would give them now.

    Args:
      session: the session whose state counts. It stays as it is: the run ends before its commit.
      tensors: what to compute.
      feeds: the feed dictionary; feeds that the tensors do not need are ignored.

    Returns:
      NumPy values, one per tensor.

    Raises:
      tf.errors.OpError: an operation failed, or the run would call Python code or wait for something (a queue), which
        a look must not do.
    """
    def leave(values: list[Any]) -> None:
        raise _Found(list(values))

    from tfmagic.session import feeds as feeding
    from tfmagic.session.call import Call
    from tfmagic.session.lower import effects

    session._check_open()
    given = feeding.expand(session.graph, dict(feeds)) if feeds else {}
    call = Call(lambda shapes: session.execution(tensors, (), list(given), shapes), list(given),
                [feeding.converter(tensor) for tensor in given], leave, single=False, edits=session.graph._edits)
    values = [convert(value) for convert, value in zip(call.converters, given.values())]
    runner = call.runner(values)
    for op in runner.plan.ops:
        if effects.waits(op):
            raise errors.FailedPreconditionError(None, op, f"{op.name} ({op.type}) runs Python code or waits for "
                                                 "something outside of the graph; only a run of your own does that.")
    try:
        runner.run(values)
    except _Found as found:
        return found.values
    raise errors.InternalError(None, None, "a peek ended without its values")


def needed_feeds(tensors: Sequence[Tensor], feeds: Mapping[Any, Any]) -> tuple[dict[Tensor, Any], list[Operation]]:
    """The feeds that the tensors need, and the placeholders that none of them feeds.

    Args:
      tensors: what to compute.
      feeds: values by tensor.
    """
    from tfmagic.session.plan.prune import prune

    needed = prune(tensors, set(feeds))
    inputs = {tensor for op in needed for tensor in op._inputs} | set(tensors)
    missing = [op for op in needed if op.type in ("Placeholder", "PlaceholderV2") and op.outputs[0] not in feeds]
    return {tensor: value for tensor, value in feeds.items() if tensor in inputs}, missing
