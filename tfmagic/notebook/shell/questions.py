"""Questions that a front end asks about a drawing, and their answers as plain data."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from tfmagic.base import source
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.notebook.live import reports
from tfmagic.notebook.shell import evaluate
from tfmagic.notebook.shell.drawing import Studio
from tfmagic.view.paint.document import document

Question = Mapping[str, Any]


class Questions:
    """Answers the questions of front ends about the drawings of one shell.

    Args:
      studio: its drawings, which cell made which node, and where values are computed.
    """

    def __init__(self, studio: Studio) -> None:
        self.drawings, self.names, self.kept = studio.drawings, studio.names, studio.kept
        self._kinds: dict[str, Callable[[Question], Any]] = {
            "load": self.load, "node": self.node, "value": self.value, "export": self.export}

    def answer(self, question: Question) -> dict[str, Any]:
        """The reply to a message: {"id": …, "answer": …}, or "error" with the reason in place of the answer.

        Args:
          question: {"id": …, "key": the drawing's key, "kind": one of "load", "node", "value", "export", …}; whatever
            else a page sends is refused in words, never an exception in the kernel.
        """
        reply: dict[str, Any] = {"id": question.get("id")}
        try:
            kind = self._kinds.get(str(question.get("kind")))
            if kind is None:
                raise LookupError(f"no question is called {question.get('kind')!r}")
            reply["answer"] = kind(question)
        except Exception as error:  # the message goes to whoever asked
            reply["error"] = str(error).split("\n\n")[0] or type(error).__name__
        return reply

    def load(self, question: Question) -> dict[str, Any]:
        """The document with the insides of the nodes `asked`."""
        drawing, graph = self.drawings.find(str(question.get("key")))
        asked = question.get("asked")
        return document(drawing.build(graph, frozenset(map(str, asked if isinstance(asked, list) else ()))), None)

    def node(self, question: Question) -> dict[str, Any]:
        """What is known of the node `name` beside its place in the drawing."""
        operation, graph = self._operation(question)
        report = reports.node_report(operation, graph)
        for line in source.lines(operation._frames):
            prompt = self.names.prompts.get(line.filename)
            if prompt is not None:
                report |= {"source": f"{prompt}, line {line.lineno}: {line.text}", "line": line.lineno,
                           "cell": self.names.counts.get(line.filename)}
                break
        return report

    def value(self, question: Question) -> dict[str, Any]:
        """The value of the node `name` on the live session, which stays as it is.

        Placeholders take what the session was fed last.
        """
        from tfmagic.session import peek

        operation, _ = self._operation(question)
        tensor = _valued(operation)
        with self.kept.for_run(operation.graph) as session:
            needed, missing = peek.needed_feeds([tensor], peek.last_feeds(session))
            if missing:
                names = ", ".join(op.name for op in missing)
                raise ValueError(f"The value depends on what is fed to {names}; run it once with a feed_dict (or "
                                 "%fetch … --feed …) to see values.")
            value = peek.peek(session, [tensor], needed)[0]
        return reports.value_report(tensor, value, int(question.get("plane") or 0))

    def export(self, question: Question) -> dict[str, str]:
        """The drawing as a file of the format asked for, its bytes in base64."""
        from tfmagic.view.paint.save import written

        drawing, graph = self.drawings.find(str(question.get("key")))
        form = str(question.get("format"))
        if form == "pbtxt":
            data = str(graph.as_graph_def()).encode()
        else:
            data = written(drawing.build(graph, ()), form)
        return {"base64": base64.b64encode(data).decode()}

    def _operation(self, question: Question) -> tuple[Operation, Graph]:
        _, graph = self.drawings.find(str(question.get("key")))
        name = str(question.get("name")).rstrip("/")
        found = graph._get_operation_by_name_unsafe(name)
        if found is None:
            raise LookupError(f"{name} is a scope, or no node of this graph.")
        return found, graph


def _valued(operation: Operation) -> Tensor:
    """The tensor whose value a node shows: a variable's is that of its memory."""
    if operation.type == "VarHandleOp":
        for variable in operation.graph.get_collection("variables"):
            read = evaluate.element(variable)
            if variable.op is operation and isinstance(read, Tensor):
                return read
    if not operation.outputs:
        raise ValueError(f"{operation.name} ({operation.type}) gives no value.")
    tensor = operation.outputs[0]
    if tensor.dtype.base_dtype.name in ("resource", "variant"):
        raise ValueError(f"{operation.name} gives a {tensor.dtype.name}, which is a handle inside the session.")
    return tensor
