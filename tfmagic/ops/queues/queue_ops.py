"""The ops of queues: each kernel is a call on the queue of the session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.errors import invalid
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import static_value
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.queues.queues import QUEUES, Queue
from tfmagic.ops.queues.waiting import unwrapped

_MAKERS = frozenset({*QUEUES, *(f"{name}V2" for name in QUEUES)})


def old_handle(op: Any, *dims: Any) -> Dims:
    """The handle of an object in TensorFlow's first form: a container and a name."""
    return (2,)


def _queue(op: Any) -> Any:
    kind = QUEUES[op.op.type.removesuffix("V2")]
    return op.constant(op.named.of(op.op, Queue, lambda *names: kind(op.op, op.named.pause)).check(op.op))


def _object(op: Any, queue: Any) -> Any:
    """The queue of a handle, which may have been chosen among several."""
    return queue if op.op._inputs[0].op.type in _MAKERS else op.call(unwrapped, queue)


def _typed(op: Any, queue: Any, types: Sequence[Any], adding: bool) -> Any:
    """The queue, once it is known to hold elements of these types: the graph shows it where it is not chosen."""
    if op.timeout_ms != -1:
        return op.call(refuse_timeout)
    handle = op.op._inputs[0]
    names = [dtype.base_dtype.proto_name for dtype in types]
    maker = handle.op
    if maker.type in _MAKERS:
        made = QUEUES[maker.type.removesuffix("V2")].dtypes_of(maker)
        if [dtype.base_dtype.proto_name for dtype in made] == names:
            return queue
    return _object(op, queue).typed("resource" if handle._dtype.name == "resource" else "string ref", names, adding)


def refuse_timeout() -> None:
    """Raise for an op with a time limit: TensorFlow has none, either."""
    raise invalid("Timeout not supported yet.")


def _enqueue(op: Any, queue: Any, components: list[Any]) -> None:
    _typed(op, queue, op.Tcomponents, True).enqueue(components)


def _enqueue_many(op: Any, queue: Any, components: list[Any]) -> None:
    _typed(op, queue, op.Tcomponents, True).enqueue_many(components)


def _dequeue(op: Any, queue: Any) -> Any:
    return _typed(op, queue, op.component_types, False).dequeue()


def _dequeue_many(op: Any, queue: Any, n: Any) -> Any:
    return _typed(op, queue, op.component_types, False).dequeue_many(n)


def _dequeue_up_to(op: Any, queue: Any, n: Any) -> Any:
    return _typed(op, queue, op.component_types, False).dequeue_up_to(n)


def _close(op: Any, queue: Any) -> None:
    _object(op, queue).finish(op.cancel_pending_enqueues)


def _unknown_components(op: Any, *dims: Any) -> list[Dims]:
    return [None] * len(op.component_types)


def _counted(op: Any, queue: Any, n: Dims) -> list[Dims]:
    count = static_value(op.op._inputs[1])
    if count is not None and count.size == 1 and count.item() < 0:
        raise ValueError(f"Input 'n' must be >= 0, but is {count.item()}")
    return [None] * len(op.component_types)


def _nothing(op: Any, *dims: Any) -> tuple[()]:
    return ()


def _both(name: str, shape: Callable[..., Any], kernel: Callable[..., Any], effect: Any) -> None:
    """Declare an op in its two forms, by name and by resource."""
    for version in ("", "V2"):
        register(name + version, shape, kernel, objects=True, effect=effect)


for _kind in QUEUES:
    register(_kind, old_handle, _queue, objects=True, effect="reads")
    register(f"{_kind}V2", shape_rules.scalar, _queue, objects=True)
register("FakeQueue", shape_rules.scalar, lambda op, resource: resource, objects=True)
_both("QueueEnqueue", _nothing, _enqueue, "waits")
_both("QueueEnqueueMany", _nothing, _enqueue_many, "waits")
_both("QueueDequeue", _unknown_components, _dequeue, "waits")
register("QueueDequeueMany", _unknown_components, _dequeue_many, objects=True, effect="waits")
register("QueueDequeueManyV2", _counted, _dequeue_many, objects=True, effect="waits")
_both("QueueDequeueUpTo", _unknown_components, _dequeue_up_to, "waits")
_both("QueueClose", _nothing, _close, "waits")
_both("QueueSize", shape_rules.scalar, lambda op, queue: _object(op, queue).count(), "reads")
_both("QueueIsClosed", shape_rules.scalar, lambda op, queue: _object(op, queue).is_closed(), "reads")
