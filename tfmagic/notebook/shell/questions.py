"""Questions that a front end asks about drawings and graphs, and their answers as plain data."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation
from tfmagic.notebook.live import reports
from tfmagic.notebook.shell import looks, plans
from tfmagic.notebook.shell.drawing import Studio
from tfmagic.notebook.shell.inspector import Inspector
from tfmagic.view.paint.document import document
from tfmagic.view.phrases import say

Question = Mapping[str, Any]

_HITS = 200  # nodes that are told of a search
_MOST = 10_000  # names in one question, and characters in one name


class Questions:
    """Answers the questions of front ends about the drawings of one shell.

    Args:
      studio: its drawings, which cell made which node, and where values are computed.
    """

    def __init__(self, studio: Studio) -> None:
        self.drawings, self.names, self.kept = studio.drawings, studio.names, studio.kept
        self._kinds: dict[str, Callable[[Question], Any]] = {
            "load": self.load, "find": self.find, "node": self.node,
            "value": self.value, "shapes": self.shapes, "export": self.export,
            **Inspector(studio).kinds}

    def answer(self, question: Any) -> dict[str, Any]:
        """The reply to a message: {"id": …, "answer": …}, or "error" with the reason in place of the answer.

        Args:
          question: {"id": …, "key": the drawing's key, "kind": one of "load", "find", "node", "value", "shapes",
            "export", …}; whatever else a page sends is refused in words, never an exception in the kernel.
        """
        if not isinstance(question, Mapping):
            return {"id": None, "error": "A question is an object with a kind."}
        number = question.get("id")
        reply: dict[str, Any] = {"id": number if isinstance(number, int) else None}
        try:
            kind = self._kinds.get(text_of(question, "kind"))
            if kind is None:
                raise LookupError(f"No question is called {text_of(question, 'kind')[:40]!r}.")
            reply["answer"] = kind(question)
        except Exception as error:  # the message goes to whoever asked
            words = error.args[0] if isinstance(error, LookupError) and error.args else error
            reply["error"] = str(words).split("\n\n")[0] or type(error).__name__
        return reply

    def load(self, question: Question) -> dict[str, Any]:
        """The document with the insides of the nodes `asked`; of it only what is new to who knows those of `known`."""
        drawing, graph = self.drawings.find(text_of(question, "key"))
        known = frozenset(texts_of(question, "known"))
        scene = drawing.build(graph, known.union(texts_of(question, "asked")), None)
        return document(scene, None, known if "known" in question else None)

    def find(self, question: Question) -> dict[str, Any]:
        """The nodes of the drawing, also those in folded scopes, that hold every word of `query`.

        "hits" has the ids of the first ones with those of the scopes around each, the innermost first; "count" says how
        many there are.
        """
        drawing, graph = self.drawings.find(text_of(question, "key"))
        hits, count = drawing.search(graph).find(text_of(question, "query"), _HITS)
        return {"hits": hits, "count": count}

    def node(self, question: Question) -> dict[str, Any]:
        """What is known of the node `name` beside its place in the drawing."""
        operation, graph = self._operation(question)
        tensors = [*operation.inputs, *operation.outputs]
        shapes = looks.shapes(self.kept, graph, [tensor.name for tensor in tensors])
        report = reports.node_report(operation, graph, shapes)
        for line in self.names.lines(operation)[:1]:
            report |= {"source": f"{self.names.prompts[line.filename]}, {say('line')} {line.lineno}: {line.text}",
                       "cell": self.names.counts[line.filename], "line": line.lineno, "code": line.text,
                       "cell_id": self.names.ids.get(line.filename)}
        if "torch" in sys.modules:  # else no session has run
            session = self.kept.in_use(graph)
            report["plan"] = plans.lines_of(session, operation) if session is not None else []
        return report

    def value(self, question: Question) -> dict[str, Any]:
        """The value of the node `name` on the live session, which stays as it is.

        Placeholders take what the session was fed last; `plane` has the indices of the plane that is shown,
        `output` says which of the node's tensors it is.
        """
        operation, graph = self._operation(question)
        return looks.value(self.kept, graph, looks.valued(operation, question.get("output", 0)),
                           looks.plane_of(question))

    def shapes(self, question: Question) -> dict[str, list[int]]:
        """The shapes that the tensors `names` had in the session's last run with feeds, as far as they are known."""
        graph = self.drawings.find(text_of(question, "key"))[1]
        return looks.shapes(self.kept, graph, texts_of(question, "names"))

    def export(self, question: Question) -> dict[str, str]:
        """The drawing with the scopes `open` as a file of the format asked for, its bytes in base64."""
        from tfmagic.view.paint.save import written

        drawing, graph = self.drawings.find(text_of(question, "key"))
        form = text_of(question, "format")
        if form == "pbtxt":
            if drawing.quiz:
                raise LookupError(say("A quiz hides types and shapes, and a PBTXT file tells them. Export it from a "
                                      "drawing without --quiz."))
            data = str(graph.as_graph_def()).encode()
        else:
            opened = None if question.get("open") is None else frozenset(texts_of(question, "open"))
            data = written(drawing.build(graph, (), opened), form)
        return {"base64": base64.b64encode(data).decode()}

    def _operation(self, question: Question) -> tuple[Operation, Graph]:
        drawing, graph = self.drawings.find(text_of(question, "key"))
        name = text_of(question, "name")
        if drawing.unbuilt is not None and drawing.unbuilt.name == name:
            return drawing.unbuilt.operation(graph), graph
        return looks.operation(graph, name), graph


def text_of(question: Question, name: str) -> str:
    """A text of the question, "" where there is none.

    Raises:
      ValueError: it is something else, or too long.
    """
    text = question.get(name)
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > _MOST:
        raise ValueError(f"{name} must be a text of at most {_MOST:,} characters.")
    return text


def texts_of(question: Question, name: str) -> list[str]:
    """A list of texts of the question, empty where there is none.

    Raises:
      ValueError: it is something else, or too long.
    """
    items = question.get(name)
    if items is None:
        return []
    if not isinstance(items, list) or len(items) > _MOST or not all(isinstance(item, str) for item in items):
        raise ValueError(f"{name} must be a list of at most {_MOST:,} texts.")
    return items
