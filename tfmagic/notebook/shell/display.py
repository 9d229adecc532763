"""Rich display of tensors, operations, variables, graphs and sessions: text/plain is TensorFlow's, text/html a card."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.notebook.shell import drawing
from tfmagic.notebook.shell.names import CellNames
from tfmagic.view.cards import tables as cards
from tfmagic.view.labels import static_dims
from tfmagic.view.phrases import plural, say

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_DRAWN_WITH_CARD = 40  # operations: a larger part of a graph is drawn when it is asked for


def register(shell: InteractiveShell, names: CellNames) -> Callable[[], None]:
    """Show graph objects as cards in a shell.

    Args:
      shell: the shell.
      names: what the user calls the nodes.

    Returns:
      A function that undoes it.
    """
    from tfmagic.session import BaseSession

    formatter: Any = shell.display_formatter.formatters["text/html"]  # type: ignore[union-attr]
    kinds: list[tuple[Any, Callable[[Any], str]]] = [
        (Tensor, lambda tensor: cards.tensor_card(tensor, below=_picture([tensor], names))),
        (Operation, lambda operation: cards.operation_card(operation, below=_picture([operation], names))),
        (Graph, lambda graph: cards.graph_card(graph, drawing=drawing.picture(graph, names))),
        (BaseSession, _session_card),
        # By name: the class is imported with the first variable that somebody makes.
        ("tensorflow.python.ops.variables.VariableV1", _variable_card),
    ]
    before = [(kind, _replaced(formatter, kind, function)) for kind, function in kinds]

    def undo() -> None:
        for kind, old in before:
            if old is None:
                formatter.pop(kind, None)
            else:
                formatter.for_type(kind, old)

    return undo


def _replaced(formatter: Any, kind: Any, function: Callable[[Any], str]) -> Any:
    """Register a function for a class; returns the one that was there."""
    return formatter.for_type(kind, function)


def _picture(elements: list[Operation | Tensor], names: CellNames) -> str:
    operations = drawing.needed_for(elements)
    return drawing.picture(operations, names) if 1 < len(operations) <= _DRAWN_WITH_CARD else ""


def _variable_card(variable: Any) -> str:
    return cards.variable_card(variable.name, static_dims(variable), variable.dtype.name, trainable=variable.trainable,
                               device=variable.device)


def _session_card(session: Any) -> str:
    return cards.session_card([("graph", plural(len(session.graph.get_operations()), "operation")),
                               ("state", say("closed" if session._closed else "open"))])
