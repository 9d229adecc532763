"""Peeking: what a run would give, with everything left as it is: variables, random streams, queues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfmagic.base import errors
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session.session import BaseSession


class Found(Exception):
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
    from tfmagic.session import feeds as feeding
    from tfmagic.session.call import Call

    session._check_open()
    given = expanded(session, feeds)
    call = Call(lambda shapes: session.execution(tensors, (), list(given), shapes), list(given),
                [feeding.converter(tensor) for tensor in given], leave, single=False, edits=session.graph._edits)
    values = [convert(value) for convert, value in zip(call.converters, given.values())]
    runner = call.runner(values)
    refuse_waiting(runner.plan.ops)
    try:
        runner.run(values)
    except Found as found:
        return found.values
    raise errors.InternalError(None, None, "a peek ended without its values")


def leave(values: Sequence[Any]) -> Any:
    """End a run before its commit, with its values."""
    raise Found(list(values))


def refuse_waiting(ops: Iterable[Operation]) -> None:
    """Refuse operations that a look must not run.

    Raises:
      FailedPreconditionError: one of them would call Python code or wait for something.
    """
    from tfmagic.session.lower import effects

    for op in ops:
        if effects.waits(op):
            raise errors.FailedPreconditionError(None, op, f"{op.name} ({op.type}) runs Python code or waits for "
                                                 "something outside of the graph; only a run of your own does that.")


def needed_feeds(tensors: Sequence[Tensor | Operation],
                 feeds: Mapping[Any, Any]) -> tuple[dict[Tensor, Any], list[Operation]]:
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


def expanded(session: BaseSession, feeds: Mapping[Any, Any]) -> dict[Tensor, Any]:
    """A feed dictionary by tensors."""
    from tfmagic.session import feeds as feeding

    return dict(feeding.expand(session.graph, dict(feeds))) if feeds else {}


def last_feeds(session: BaseSession) -> dict[Tensor, Any]:
    """What the session was fed last, by tensors."""
    return expanded(session, session.last_feeds)
