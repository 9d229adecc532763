"""Peeking: what a run would give, with everything left as it is: variables, random streams, queues."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.graph import registry
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import running
from tfmagic.session.session import BaseSession

_PLACEHOLDERS = ("Placeholder", "PlaceholderV2")


class Found(Exception):
    """Carries the values out of a run before it changes anything."""

    def __init__(self, values: list[Any]):
        self.values = values


class Look:
    """A run that ends before its commit.

    Args:
      session: the session whose state counts.
      tensors: what to compute.
      feeds: the feed dictionary; feeds that the tensors do not need are ignored.

    Raises:
      tf.errors.OpError: the run would call Python code, wait for something or print, which a look must not do.
    """

    def __init__(self, session: BaseSession, tensors: Sequence[Tensor], feeds: Mapping[Any, Any]):
        from tfmagic.session import feeds as feeding
        from tfmagic.session.call import Call

        session._check_open()
        self._session = session
        given = expanded(session, feeds)
        call = Call(lambda shapes: session.execution(tensors, (), list(given), shapes), list(given),
                    [feeding.converter(tensor) for tensor in given], leave, single=False, edits=session.graph._edits)
        self._values = [convert(value) for convert, value in zip(call.converters, given.values())]
        self._runner = call.runner(self._values)
        refuse_acts(self._runner.plan.ops)

    @property
    def lacking(self) -> list[Operation]:
        """The variables that have no value yet."""
        from tfmagic.session.resources.keys import key_of

        present = self._session.resources.variables.values
        return [root for root in self._runner.plan.must_read if key_of(root) not in present]

    def values(self) -> list[Any]:
        """The NumPy values, one per tensor.

        Raises:
          tf.errors.OpError: an operation failed.
        """
        return looking(lambda: self._runner.run(self._values))


def looking(run: Callable[[], Any]) -> list[Any]:
    """The values of a run that ends in `leave`, with copies of what it would move on."""
    current = running.current
    current.copies = {}
    try:
        run()
    except Found as found:
        return found.values
    finally:
        current.copies = None
    raise errors.InternalError(None, None, "a look ended without its values")


def leave(values: Sequence[Any]) -> Any:
    """End a run before its commit, with its values."""
    raise Found(list(values))


def refuse_acts(ops: Iterable[Operation]) -> None:
    """Refuse operations that a look must not run.

    Raises:
      FailedPreconditionError: one of them would call Python code, wait for something or print.
    """
    for op in ops:
        if _acts(op):
            raise errors.FailedPreconditionError(
                None, op, f"{op.name} ({op.type}) runs Python code, prints or waits for something outside of the "
                "graph; only a run of your own does that.")


def expanded(session: BaseSession, feeds: Mapping[Any, Any]) -> dict[Tensor, Any]:
    """A feed dictionary by tensors."""
    from tfmagic.session import feeds as feeding

    return dict(feeding.expand(session.graph, dict(feeds))) if feeds else {}


def peek(session: BaseSession, tensors: Sequence[Tensor], feeds: Mapping[Any, Any]) -> list[Any]:
    """The values of tensors, as a run with these feeds would give them now; the session stays as it is.

    Args:
      session: the session whose state counts.
      tensors: what to compute.
      feeds: the feed dictionary; feeds that the tensors do not need are ignored.

    Raises:
      tf.errors.OpError: an operation failed, or the run would do what a look must not.
    """
    return Look(session, tensors, feeds).values()


def _acts(op: Operation) -> bool:
    """Whether an operation does something that cannot be left out or taken back."""
    from tfmagic.session.lower import effects

    declaration = registry.lookup(op.type)
    if declaration is None or declaration.effect != "writes":
        return effects.waits(op)
    return declaration.state is None and not effects.writes(op)  # copies stand for states, and nothing is committed


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
    missing = [op for op in needed if op.type in _PLACEHOLDERS and op.outputs[0] not in feeds]
    return {tensor: value for tensor, value in feeds.items() if tensor in inputs}, missing


def run_shapes(session: BaseSession, tensors: Iterable[Tensor], feeds: Mapping[Tensor, Any],
               seconds: float = 0.5) -> dict[Tensor, tuple[int, ...]]:
    """The shapes that tensors have in a run with these feeds, as far as they follow without computing anything.

    Args:
      session: the session, for its devices and state.
      tensors: those asked for.
      feeds: what such a run is fed.
      seconds: how long to look for them.
    """
    from tfmagic.session.planning import make_plan

    found = {tensor: np.shape(value) for tensor, value in feeds.items()}
    shapes = list(found.values())
    end = time.monotonic() + seconds
    unfed = _unfed(session.graph, feeds)
    stack = [[tensor for tensor in tensors if tensor not in feeds and tensor.op not in unfed]]
    while stack and time.monotonic() < end:
        part = stack.pop()
        if not part:
            continue
        try:
            plan = make_plan(part, (), list(feeds), session._torch_device, session.resources, shapes, optimize=False)
        except errors.OpError:  # one of them cannot run: the others can
            half = len(part) // 2
            stack += [part[half:], part[:half]] if half else []
            continue
        for tensor, node in zip(part, plan.results[0]):
            meta: Any = getattr(node, "meta", {}).get("val")
            if isinstance(getattr(meta, "shape", None), tuple):
                found[tensor] = tuple(meta.shape)
    return found


def _unfed(graph: Graph, feeds: Mapping[Tensor, Any]) -> set[Operation]:
    """The operations that need a placeholder which nothing feeds."""
    found: set[Operation] = set()
    for op in graph.get_operations():
        if op.type in _PLACEHOLDERS and op.outputs[0] not in feeds or any(
                tensor.op in found and tensor not in feeds for tensor in op._inputs):
            found.add(op)
    return found
