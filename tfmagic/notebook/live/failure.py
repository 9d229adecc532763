"""Failure: the node in which an error of building or running happened, what stands at its ports, what is around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tfmagic.base import errors
from tfmagic.base.shapes import Dims
from tfmagic.graph.conflict import conflict
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.static_value import static_value
from tfmagic.notebook.live.unbuilt import Unbuilt
from tfmagic.ops import refusals
from tfmagic.view import labels
from tfmagic.view.scene import ports
from tfmagic.view.scene.model import Port

_NEAR = 24  # operations around the failed one
_PORTS = 6
# How a refused dtype is told (`ops.call`): of which input, and which other input it does not match.
_WRONG_TYPE = re.compile(r"Input '(\w+)' of '\w+' Op has type|Value passed to parameter '(\w+)' has DataType")
_OTHER = re.compile(r"of argument '(\w+)'\.$")


@dataclass(frozen=True)
class Failure:
    """Where an error happened.

    Attributes:
      op: the operation; one that could not be built is not in its graph.
      message: the first line of the error.
      ports: what stands at its inputs.
      shapes: the shapes of its inputs in a run, by tensor name.
      unbuilt: what it is when it could not be built.
    """

    op: Operation
    message: str
    ports: tuple[Port, ...]
    shapes: dict[str, tuple[int, ...]]
    unbuilt: Unbuilt | None = None


def of_error(error: BaseException) -> Failure | None:
    """Where an error happened, or None when it belongs to no node."""
    if isinstance(error, errors.OpError):
        return _of_run(error) if isinstance(error.op, Operation) else None
    for found in _chain(error):
        op = refusals.refused_by(found)
        if op is not None:
            if op.graph._by_name.get(op.name) is op:
                return Failure(op, _first_line(found), _ports(op, [t._dims for t in op._inputs]), {})
            shown = _ports(op, [t._dims for t in op._inputs], str(found))
            return Failure(op, _first_line(found), shown, {}, Unbuilt.of(op))
    return None


def of_call(error: BaseException, call: Operation) -> Failure:
    """A call of a library function that failed before any node came of it (`calls.refused_call`)."""
    shown = tuple(ports.port(name, tensor, value=_constant(tensor)) for name, tensor in
                  list(zip(ports.names(call), call._inputs))[:_PORTS])
    return Failure(call, _first_line(error), shown, {}, Unbuilt.of(call))


def _of_run(error: errors.OpError) -> Failure:
    op, dims = error.op, error._input_dims
    shapes = {t.name: shape for t, shape in zip(op._inputs, dims or ())
              if shape is not None and None not in shape and t._dtype.name != "resource"}
    return Failure(op, _first_line(error), _ports(op, dims or [t._dims for t in op._inputs]), shapes)


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those behind it that a library function put into words of its own."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _ports(op: Operation, dims: list[Dims], message: str = "") -> tuple[Port, ...]:
    """What stands at the inputs: of many those that do not fit come first."""
    refused = conflict(op, dims) if len(dims) == len(op._inputs) else {}
    match = _WRONG_TYPE.match(message)
    types = {match[1] or match[2], *_OTHER.findall(message)} if match else set()
    named = list(enumerate(zip(ports.names(op), op._inputs, dims)))
    if len(named) > _PORTS:
        named.sort(key=lambda item: item[0] not in refused)
    return tuple(ports.port(name, tensor, run if run != tensor._dims else None, refused.get(index), name in types,
                            _constant(tensor)) for index, (name, tensor, run) in named[:_PORTS])


def _constant(tensor: Tensor) -> str:
    """A small constant argument's value: shapes, axes, paddings."""
    if tensor._dtype.name not in ("int32", "int64") or tensor.op.type != "Const":
        return ""
    value = static_value(tensor)
    text = "" if value is None else labels.small_text(value)
    return f"= {text}" if text else ""


def around(op: Operation, more: Iterable[Operation] = (), limit: int = _NEAR) -> list[Operation]:
    """The operations around one: what it reads, level by level, as many as stay readable.

    Args:
      op: the operation.
      more: what else is worth drawing, if it is not too much.
      limit: how many operations are readable.

    Returns:
      Operations in the order of their making, itself last.
    """
    found: dict[Operation, None] = {op: None}
    level = [op]
    while level and len(found) < limit:
        level = [t.op for item in level for t in item.inputs] + [c for item in level for c in item.control_inputs]
        level = [item for item in dict.fromkeys(level) if item not in found]
        found.update(dict.fromkeys(level[:limit]))
    del found[op]
    whole = dict.fromkeys([*found, *(item for item in more if item.graph is op.graph and item is not op)])
    if not found:  # a call that was given no tensors: the latest of the cell stand around it
        whole = dict.fromkeys(list(whole)[-2 * limit:])
    return [*sorted(whole if len(whole) <= 2 * limit else found, key=lambda item: item._id), op]
