"""Looks: values and shapes on the session that the user works with, which stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.notebook.live import reports
from tfmagic.notebook.shell import evaluate
from tfmagic.notebook.shell.sessions import KeptSessions
from tfmagic.view.phrases import say

_LISTED = 5
_HANDLES = ("resource", "variant")


def operation(graph: Graph, name: str) -> Operation:
    """The operation of a graph that has a name.

    Raises:
      ValueError: none has.
    """
    found = graph._get_operation_by_name_unsafe(name.rstrip("/"))
    if found is None:
        raise ValueError(say("{} is a scope, or no node of this graph.", name.rstrip("/")))
    return found


def valued(operation: Operation, output: int = 0) -> Tensor:
    """The tensor whose value a node shows: a variable's is that of its memory.

    Raises:
      ValueError: it has none.
    """
    if operation.type == "VarHandleOp":
        for variable in operation.graph.get_collection("variables"):
            read = evaluate.element(variable)
            if variable.op is operation and isinstance(read, Tensor):
                return read
    if operation.graph._by_name.get(operation.name) is not operation:
        raise ValueError(say("{} could not be built, so it has no value.", operation.name))
    if not operation.outputs:
        raise ValueError(say("{} gives no value.", f"{operation.name} ({operation.type})"))
    if not isinstance(output, int) or not 0 <= output < len(operation.outputs):
        raise ValueError("output must be the index of one of the node's tensors.")
    tensor = operation.outputs[output]
    if tensor.dtype.base_dtype.name in _HANDLES:
        raise ValueError(say("{} gives a {}, which is a handle inside the session.", operation.name, tensor.dtype.name))
    return tensor


def plane_of(question: Mapping[str, Any]) -> list[int]:
    """The indices of the plane that a question asks for.

    Raises:
      ValueError: they are something else.
    """
    plane = question.get("plane")
    if plane is None:
        return []
    if not isinstance(plane, list) or len(plane) > 64 or not all(isinstance(index, int) for index in plane):
        raise ValueError("plane must be a list of indices.")
    return plane


def value(kept: KeptSessions, graph: Graph, tensor: Tensor, plane: Sequence[int] = ()) -> dict[str, Any]:
    """What a tensor's value is like now; placeholders take what the session was fed last.

    Args:
      kept: knows the session.
      graph: the tensor's graph.
      tensor: the tensor.
      plane: which plane of a value of rank above 2: an index for each axis that it leaves out.

    Raises:
      ValueError: a placeholder or variable has no value; the message says which, and what to run.
      tf.errors.OpError: it cannot be computed.
    """
    from tfmagic.session import peek

    with kept.for_look(graph) as session:
        needed, missing = peek.needed_feeds([tensor], peek.expanded(session, session.last_feeds))
        if missing:
            raise ValueError(say("The value depends on what is fed to {}: run it once with a feed_dict (or %fetch … "
                                 "--feed …).", _listed(missing)))
        look = peek.Look(session, [tensor], needed)
        if look.lacking:
            if session is kept.in_use(graph):
                raise ValueError(say("{} has no value yet: run sess.run(tf.global_variables_initializer()) in your "
                                     "session, or %%session --init.", _listed(look.lacking)))
            raise ValueError(say("{} has no value, for no session of this graph is open: open one with %%session "
                                 "--init, or with sess = tf.Session() and "
                                 "sess.run(tf.global_variables_initializer()).", _listed(look.lacking)))
        found = look.values()[0]
    return reports.value_report(tensor, found, plane)


def shapes(kept: KeptSessions, graph: Graph, names: Iterable[str]) -> dict[str, list[int]]:
    """The shapes that tensors had in the session's last run with feeds, by name, as far as they are known."""
    session = kept.in_use(graph)
    if session is None or not session.last_feeds:
        return {}
    from tfmagic.session import peek

    feeds = peek.expanded(session, session.last_feeds)
    tensors = [tensor for name in names if (tensor := _tensor(graph, name)) is not None]
    found = peek.run_shapes(session, tensors, feeds)
    return {tensor.name: list(found[tensor]) for tensor in tensors if tensor in found}


def _tensor(graph: Graph, name: str) -> Tensor | None:
    of, _, index = name.rpartition(":")
    found = graph._get_operation_by_name_unsafe(of)
    if found is None or not index.isdecimal() or int(index) >= len(found.outputs):
        return None
    tensor = found.outputs[int(index)]
    return None if tensor.dtype.base_dtype.name in _HANDLES else tensor


def _listed(operations: list[Operation]) -> str:
    names = ", ".join(op.name for op in operations[:_LISTED])
    more = len(operations) - _LISTED
    return f"{names} {say('and {} more', str(more))}" if more > 0 else names
