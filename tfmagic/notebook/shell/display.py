"""Rich display of tensors, operations, variables, graphs and sessions, and of lists and dictionaries that hold them.

text/plain stays TensorFlow's and Python's; beside it stand a card in HTML and the data of one that opens.
"""

from __future__ import annotations

import dataclasses
import itertools
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.notebook.live import reports
from tfmagic.notebook.live import state as live_state
from tfmagic.notebook.live.drawn import Drawing
from tfmagic.notebook.shell import drawing, evaluate
from tfmagic.notebook.shell.drawing import Studio
from tfmagic.notebook.shell.values import Blocks, Fetched, FetchedItem, array_of, html
from tfmagic.view.cards import tables as cards
from tfmagic.view.cards.items import CARDS_MIME, Item, cards_document, cards_html
from tfmagic.view.escape import shorten
from tfmagic.view.labels import dims_text, static_dims
from tfmagic.view.paint.bundle import picture_of
from tfmagic.view.paint.document import GRAPH_MIME
from tfmagic.view.phrases import plural, say
from tfmagic.view.scene.outline import Outline

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_DRAWN_WITH_CARD = 40  # operations: a larger part of a graph is drawn when it is asked for
_LOOKED_AT = 100  # entries of a list that are looked at for something of ours
_DEEPEST = 4
_SHOWN = 24  # entries of a container that have cards
_VARIABLE = "tensorflow.python.ops.variables.VariableV1"  # imported with the first variable that somebody makes
_CONTAINERS = (list, tuple, dict)

Bundle = dict[str, Any]


def register(shell: InteractiveShell, studio: Studio) -> Callable[[], None]:
    """Show graph objects as cards in a shell.

    Args:
      shell: the shell.
      studio: what drawing in it takes.

    Returns:
      A function that undoes it.
    """
    from tfmagic.session import BaseSession

    formatter: Any = shell.display_formatter.mimebundle_formatter  # type: ignore[union-attr]
    page: Any = shell.display_formatter.formatters["text/html"]  # type: ignore[union-attr]
    shown = Displays(studio)
    kinds: list[tuple[Any, Callable[[Any], Bundle]]] = [
        (Tensor, shown.element), (Operation, shown.element), (_VARIABLE, shown.variable), (Graph, shown.graph),
        (BaseSession, shown.session), (Fetched, shown.fetched), (Blocks, shown.blocks),
        *((kind, shown.container) for kind in _CONTAINERS)]

    def in_notebook(function: Callable[[Any], Bundle]) -> Callable[[Any], Bundle]:
        return lambda value: function(value) if page.enabled else {}  # a terminal takes text alone

    before = [(kind, formatter.for_type(kind, in_notebook(function))) for kind, function in kinds]

    def undo() -> None:
        for kind, old in before:
            if old is None:
                formatter.pop(kind, None)
            else:
                formatter.for_type(kind, old)

    return undo


class Displays:
    """The MIME bundles of what a cell's value can be.

    Args:
      studio: where its values are asked for, and what the user calls the nodes.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._keys: weakref.WeakKeyDictionary[Graph, str] = weakref.WeakKeyDictionary()
        self._numbers = itertools.count(1)

    def element(self, element: Tensor | Operation) -> Bundle:
        """A tensor or an operation, with a drawing of what it is computed from where that is small."""
        below: Bundle = {}
        operations = drawing.needed_for([element])
        if 1 < len(operations) <= _DRAWN_WITH_CARD:
            below = drawing.small_bundle(operations, self._studio)
        picture = below.get("text/html", "")
        page = (cards.tensor_card(element, below=picture) if isinstance(element, Tensor) else
                cards.operation_card(element, below=picture))
        return self._bundle(self._item(element), page, below)

    def variable(self, variable: Any) -> Bundle:
        """A variable, with the value that it has in the session in use."""
        page = cards.variable_card(variable.name, static_dims(variable), variable.dtype.name,
                                   self._state([variable]).get(variable.op.name), variable.trainable, variable.device)
        return self._bundle(self._item(variable), page)

    def graph(self, graph: Graph) -> Bundle:
        """A graph with its drawing."""
        below = drawing.small_bundle(graph, self._studio)
        return self._bundle(Item("graph", say("Graph"), rows=cards.graph_rows(graph)),
                            cards.graph_card(graph, drawing=below.get("text/html", "")), below)

    def session(self, session: Any) -> Bundle:
        """A session with the variables of its graph."""
        rows = [("graph", plural(len(session.graph.get_operations()), "operation")),
                ("state", say("closed" if session._closed else "open"))]
        variables = session.graph.get_collection("variables")
        inside = [self._item(variable) for variable in variables[:_SHOWN]]
        item = Item("session", say("Session"), rows=rows, items=inside, more=len(variables) - len(inside))
        return self._bundle(item, cards.session_card(rows))

    def container(self, value: Any) -> Bundle:
        """A list, tuple or dictionary that holds something of ours; any other one is left to Python's own text."""
        kind = type(value)
        if kind not in _CONTAINERS and any(hasattr(kind, name) for name in ("_repr_mimebundle_", "_repr_html_")):
            method = getattr(value, "_repr_mimebundle_", None)
            return (method() if callable(method) else None) or {}
        if not _holds_ours(value):
            return {}
        item = self._item(value)
        return self._bundle(item, cards_html(item))

    def fetched(self, found: Fetched) -> Bundle:
        """What a run gave: cards that hold the values of that run."""
        items = [self._run(item, "" if len(found.items) == 1 else item.expression) for item in found.items]
        card = items[0] if len(items) == 1 else Item(
            "run", plural(len(items), "value"), items=items[:_SHOWN], more=max(0, len(items) - _SHOWN))
        return self._bundle(card, html(found.items))

    def blocks(self, drawn: Blocks) -> Bundle:
        """A value as blocks, above a card that opens."""
        bundle = drawn._repr_mimebundle_()
        parts = [(name, array_of(value)) for name, value in (*drawn.factors, (drawn.title, drawn.array))]
        items = [Item("array", name, rows=_array_rows(array), report=reports.array_report(array, name))
                 for name, array in parts]
        card = items[0] if len(items) == 1 else Item("matrix product", drawn.title, items=items)
        document = cards_document(dataclasses.replace(card, is_open=False), picture=picture_of(bundle),
                                  words=bundle["text/plain"].partition("\n")[0])
        return {CARDS_MIME: document, **bundle, **self._studio.widgets.view_of(document)}

    def _run(self, item: FetchedItem, label: str) -> Item:
        element = item.element
        if isinstance(element, Operation):
            return Item("operation", element.name, label, cards.operation_rows(element))
        report = reports.array_report(array_of(item.value), element.name)
        return Item("tensor", element.name, label, cards.tensor_rows(element), report=report, is_open=True)

    def _bundle(self, item: Item, page: str, below: Bundle | None = None) -> Bundle:
        document = cards_document(item, (below or {}).get(GRAPH_MIME))
        return {CARDS_MIME: document, "text/html": page, **self._studio.widgets.view_of(document)}

    def _item(self, value: Any, label: str = "", depth: int = 0) -> Item:
        if isinstance(value, Tensor):
            return Item("tensor", value.name, label, cards.tensor_rows(value),
                        self._question(value.op, value.value_index))
        if isinstance(value, Operation):
            return Item("operation", value.name, label, cards.operation_rows(value))
        if _is_variable(value):
            rows = cards.variable_rows(static_dims(value), value.dtype.name, value.trainable, value.device)
            return Item("variable", value.name, label, rows, self._question(value.op),
                        value=self._state([value]).get(value.op.name))
        if isinstance(value, np.ndarray | np.generic):
            return Item("array", "NumPy", label, _array_rows(value), report=reports.array_report(value), value=value)
        if isinstance(value, _CONTAINERS) and depth < _DEEPEST:
            pairs: Iterable[tuple[str, Any]] = (
                ((repr(key), inner) for key, inner in value.items()) if isinstance(value, dict) else
                ((f"[{i}]", inner) for i, inner in enumerate(value)))
            inside = [self._item(inner, name, depth + 1) for name, inner in itertools.islice(pairs, _SHOWN)]
            return Item(type(value).__name__, plural(len(value), "element"), label, items=inside,
                        more=len(value) - len(inside))
        return Item("", shorten(repr(value), 200), label)

    def _question(self, operation: Operation, output: int = 0) -> dict[str, Any]:
        """What to ask for the value, as the panel of a drawing asks."""
        graph = operation.graph
        assert isinstance(graph, Graph)
        key = self._keys.get(graph)
        if key is None:
            key = self._keys[graph] = f"cards-{next(self._numbers)}"  # the same when the notebook runs again
        self._studio.drawings.keep(key, Drawing(weakref.ref(graph), Outline))
        return {"kind": "value", "key": key, "name": operation.name, **({"output": output} if output else {})}

    def _state(self, variables: list[Any]) -> dict[str, np.ndarray]:
        operations = [variable.op for variable in variables]
        session = self._studio.kept.at_hand(operations[0].graph)
        return {name.rpartition(":")[0]: value for name, value in live_state.variables(session, operations)[0].items()}


def _array_rows(value: Any) -> list[cards.Row]:
    return [("shape", dims_text(np.shape(value))), ("dtype", value.dtype.name)]


def _is_variable(value: Any) -> bool:
    return hasattr(value, "_as_graph_element") and hasattr(value, "trainable") and isinstance(
        evaluate.element(value), Tensor)


def _holds_ours(value: Any, depth: int = 0) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    for item in itertools.islice(inner, _LOOKED_AT):
        if isinstance(item, Tensor | Operation) or isinstance(item, _CONTAINERS) and (
                depth < _DEEPEST - 1 and _holds_ours(item, depth + 1)):
            return True
        if not isinstance(item, _CONTAINERS) and hasattr(type(item), "_as_graph_element") and _is_variable(item):
            return True
    return False
