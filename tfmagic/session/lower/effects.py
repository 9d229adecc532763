"""What an operation does beside giving its outputs, the functions that it calls included."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

from tfmagic.base import errors
from tfmagic.graph import registry
from tfmagic.graph.function import Body
from tfmagic.graph.function_calls import bodies, calls
from tfmagic.graph.operation import Operation
from tfmagic.session import run_errors

# A run computes each call of a function anew; a plan with more operations than this would take minutes to make.
MOST_OPERATIONS = 1_000_000


@dataclass
class _Doings:
    """What a body does with all that it calls.

    Attributes:
      size: how many operations it comes to.
    """

    writes: bool = False
    waits: bool = False
    size: int = 0


_known: weakref.WeakKeyDictionary[Body, _Doings] = weakref.WeakKeyDictionary()


def writes(op: Operation) -> bool:
    """Whether an operation changes variables."""
    declaration = registry.lookup(op.type)
    if declaration is not None and declaration.kernel is not None:
        return bool(declaration.writes)
    return calls(op) and any(_of_body(body, op).writes for body in called_bodies(op))


def waits(op: Operation) -> bool:
    """Whether an operation may wait for something outside of the run."""
    declaration = registry.lookup(op.type)
    if declaration is not None and declaration.kernel is not None:
        return declaration.effect == "waits"
    return calls(op) and any(_of_body(body, op).waits for body in called_bodies(op))


def called_bodies(op: Operation) -> tuple[Body, ...]:
    """The bodies of the functions that an operation calls (`graph.function_calls.bodies`).

    Raises:
      OpError: one does not exist or is malformed; the message says where the call is.
    """
    try:
        return bodies(op)
    except errors.OpError as error:
        raise run_errors.translate(error, op) from error.__cause__


def _of_body(body: Body, op: Operation) -> _Doings:
    """What a body does; `op` calls it.

    Raises:
      UnimplementedError: a function calls itself.
      ResourceExhaustedError: it comes to too many operations.
    """
    done = _known.get(body)
    if done is not None:
        return done
    open_bodies: dict[Body, list[tuple[Operation, Body]]] = {body: _calls_in(body)}
    while open_bodies:
        current = next(reversed(open_bodies))
        waiting = open_bodies[current]
        while waiting and waiting[-1][1] in _known:
            waiting.pop()
        if waiting:
            inner = waiting[-1][1]
            if inner in open_bodies:
                raise _calls_itself(inner, op)
            open_bodies[inner] = _calls_in(inner)
            continue
        del open_bodies[current]
        done = _known[current] = _sum(current)
        if done.size > MOST_OPERATIONS:
            raise run_errors.error(errors.ResourceExhaustedError, op, f"The function {current.name} comes to "
                                   f"{done.size:,} operations with all that it calls; a run takes up to "
                                   f"{MOST_OPERATIONS:,}. Repeat it with tf.while_loop instead.")
    return _known[body]


def _calls_in(body: Body) -> list[tuple[Operation, Body]]:
    """The calls in a body: each operation with a body that it calls."""
    return [(op, inner) for op in body.graph._operations if calls(op) for inner in called_bodies(op)]


def _sum(body: Body) -> _Doings:
    done = _Doings()
    for op in body.graph._operations:
        done.size += 1
        for inner in called_bodies(op) if calls(op) else ():
            done.size += _known[inner].size
        done.writes = done.writes or writes(op)
        done.waits = done.waits or waits(op)
    return done


def _calls_itself(body: Body, op: Operation) -> errors.OpError:
    return run_errors.error(
        errors.UnimplementedError, op, f"The function {body.name} calls itself, directly or through others, so that it "
        "has no end that is known before the run. Compute it with tf.while_loop instead.")
