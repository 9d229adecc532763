"""Inspector: what the side panel asks about the graphs of a shell; every answer is a page of a list."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfmagic.graph import context
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation
from tfmagic.notebook.shell import evaluate, looks
from tfmagic.notebook.shell.drawing import Studio
from tfmagic.view import labels
from tfmagic.view.escape import visible
from tfmagic.view.phrases import plural, say

Question = Mapping[str, Any]

PAGE = 100
_LARGEST = 2_000_000  # elements of variables whose statistics are told unasked, on one page


class Inspector:
    """Answers about whole graphs: scopes, tensors, variables, sessions, devices.

    Args:
      studio: the shell, its cells and sessions.
    """

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self._defaults = context.default_graphs()
        self._numbers: weakref.WeakKeyDictionary[Graph, int] = weakref.WeakKeyDictionary()
        self.kinds: dict[str, Callable[[Question], Any]] = {
            "graphs": self.graphs, "scopes": self.scopes, "tensors": self.tensors, "variables": self.variables,
            "sessions": self.sessions, "devices": self.devices, "look": self.look}

    # --- graphs -------------------------------------------------------------------------------------------------

    def graphs(self, question: Question) -> list[dict[str, Any]]:
        """The graphs there are, the default one first: number, name, how many operations."""
        names = {id(value): name for name, value in list(self.studio.shell.user_ns.items())
                 if isinstance(value, Graph) and not name.startswith("_")}
        return [{"graph": self._numbers[graph], "operations": len(graph.get_operations()),
                 "name": names.get(id(graph)) or say("default graph" if not place else "graph")}
                for place, graph in enumerate(self._all())]

    def _all(self) -> list[Graph]:
        default = self._defaults[-1] if self._defaults else context.get_default_graph()
        found = {id(graph): graph for graph in [default, *evaluate.graphs_in(dict(self.studio.shell.user_ns))]}
        for graph in found.values():
            self._numbers.setdefault(graph, len(self._numbers) + 1)
        return list(found.values())

    def _graph(self, question: Question) -> Graph:
        asked, graphs = question.get("graph"), self._all()
        return next((graph for graph in graphs if self._numbers[graph] == asked), graphs[0])

    # --- what is in one -----------------------------------------------------------------------------------------

    def scopes(self, question: Question) -> dict[str, Any]:
        """What stands in the scope `name`: of each part its name, how many operations it holds, and its kind."""
        inside = f"{name}/" if (name := _text(question, "name")) else ""
        found: dict[str, list[Any]] = {}
        for op in self._graph(question).get_operations():
            if op.name.startswith(inside):
                first, slash, _ = op.name[len(inside):].partition("/")
                if not slash:
                    part = found.setdefault(first, [0, ""])
                    part[1] = _kind(op)
                else:
                    found.setdefault(first, [0, ""])[0] += 1
        rows = [[inside + first, visible(first), count, kind] for first, (count, kind) in found.items()]
        return _page(rows, question)

    def tensors(self, question: Question) -> dict[str, Any]:
        """The tensors whose name, op, shape and dtype hold every word of `filter`."""
        words = _text(question, "filter").lower().split()
        tensors = [tensor for op in self._graph(question).get_operations() for tensor in op.outputs]
        if words:
            tensors = [tensor for tensor in tensors if all(
                word in f"{tensor.name} {tensor.op.type} {labels.tensor_text(tensor)}".lower() for word in words)]
        page = _page(tensors, question)
        page["rows"] = [[visible(t.name), visible(t.op.type), labels.shape_text(t), labels.dtype_text(t),
                         labels.device_text(t.device)] for t in page["rows"]]
        return page

    def variables(self, question: Question) -> dict[str, Any]:
        """The variables and what state they are in on the session that the user works with."""
        from tfmagic.notebook.shell.sessions import variables_of

        graph = self._graph(question)
        page = _page(variables_of(graph), question)
        session = self.studio.kept.in_use(graph)
        values = {} if session is None or session._resources is None else session.resources.variables.values
        room, rows = _LARGEST, []
        for variable in page["rows"]:
            value = values.get(_key(variable)) if values else None
            state, told = say("no value yet") if value is None else say("initialised"), ""
            size = 0 if value is None else int(np.prod(value.shape, dtype=np.int64))
            if value is not None and size <= room:
                room -= size
                told = _told(session, variable)
            rows.append([visible(variable.name), labels.dims_text(labels.static_dims(variable)),
                         labels.dtype_text(variable), labels.device_text(variable.device), state, told])
        return {**page, "rows": rows, "session": session is not None}

    def look(self, question: Question) -> dict[str, Any]:
        """The value of the tensor or variable `name` with its plane `plane`, and the line that made it."""
        graph, name = self._graph(question), _text(question, "name")
        of, _, index = name.rpartition(":")
        operation = looks.operation(graph, of or name)
        places = self.studio.names.made_by(operation)
        report: dict[str, Any] = {"source": ""}
        for line in self.studio.names.lines(operation)[:1]:
            names = self.studio.names
            report = {"source": places[1] if places else "", "cell": names.counts[line.filename], "line": line.lineno,
                      "code": line.text, "cell_id": names.ids.get(line.filename)}
        try:
            number = int(index) if index.isdecimal() else 0
            tensor = operation.outputs[number] if 0 < number < len(operation.outputs) else looks.valued(operation)
            report["value"] = looks.value(self.studio.kept, graph, tensor, looks.plane_of(question))
        except Exception as error:  # the line is told all the same
            report["why"] = str(error).split("\n\n")[0]
        return report

    # --- where it runs ------------------------------------------------------------------------------------------

    def sessions(self, question: Question) -> list[list[str]]:
        """The sessions that the user can reach: name, graph, state, variables with a value and their memory."""
        from tfmagic.session import BaseSession

        kept = self.studio.kept
        named = {id(value): (name, value) for name, value in list(self.studio.shell.user_ns.items())
                 if isinstance(value, BaseSession) and not name.startswith("_")}
        if kept.unnamed is not None:
            named.setdefault(id(kept.unnamed), ("%%session", kept.unnamed))
        rows = []
        for name, session in named.values():
            values = [] if session._resources is None else list(session.resources.variables.values.values())
            size = sum(getattr(value, "nbytes", 0) for value in values)
            state = say("closed" if session._closed else "open")
            if session is kept.in_use(session.graph):
                state = f"{state}, {say('in use')}"
            rows.append([visible(name), plural(len(session.graph.get_operations()), "operation"), state,
                         plural(len(values), "variable"), labels.bytes_text(size)])
        return rows

    def devices(self, question: Question) -> dict[str, Any]:
        """The devices with their memory (once a run has imported torch), and that of the kernel."""
        rows = []
        if "torch" in sys.modules:
            from tfmagic.base.lazy import torch
            from tfmagic.session.devices import listing

            for device in listing.local_devices():
                on_gpu = device.device_type == "GPU"
                used = torch.cuda.memory_allocated(device.torch_name) if on_gpu else _kernel_memory()
                limit = device.memory_limit if on_gpu else _machine_memory()
                rows.append([labels.device_text(device.name), device.device_type, device.torch_name,
                             labels.bytes_text(used), labels.bytes_text(limit)])
        return {"rows": rows, "kernel": labels.bytes_text(_kernel_memory())}


def _text(question: Question, name: str) -> str:
    text = question.get(name)
    if text is not None and (not isinstance(text, str) or len(text) > 10_000):
        raise ValueError(f"{name} must be a text.")
    return text or ""


def _page(rows: list[Any], question: Question) -> dict[str, Any]:
    """The part of a list that starts at `from`."""
    start = question.get("from")
    start = start if isinstance(start, int) and 0 <= start < len(rows) else 0
    return {"rows": rows[start:start + PAGE], "from": start, "total": len(rows)}


def _kind(op: Operation) -> str:
    shape = labels.tensor_text(op.outputs[0]) if op.outputs else ""
    return f"{visible(op.type)} {shape}".strip()


def _key(variable: Any) -> str:
    from tfmagic.session.resources.keys import key_of

    return key_of(variable.op)


def _told(session: Any, variable: Any) -> str:
    """A variable's value as short text."""
    from tfmagic.session import peek

    read = evaluate.element(variable)
    try:
        return labels.value_text(peek.peek(session, [read], {})[0])  # type: ignore[list-item]
    except Exception:  # it has none that can be read
        return ""


def _machine_memory() -> int:
    import psutil

    return psutil.virtual_memory().total


def _kernel_memory() -> int:
    import psutil  # ipykernel brings it

    return psutil.Process().memory_info().rss
