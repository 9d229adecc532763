"""CellNames: how cells are called, which cell made a node, and the Python names of nodes."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Iterable
from typing import Any

from tfmagic.base import source
from tfmagic.graph.operation import Operation, OwnGraph
from tfmagic.view.phrases import say


class CellNames:
    """What the user calls things: cells by IPython's file name of each, nodes by the Python names that `--free` found.

    Attributes:
      shown: the name TensorFlow printed for each cell.
      prompts: the prompt of each cell, with its number.
      counts: that number.
      ids: what the front end calls the cell in its notebook, where it says so.
    """

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}
        self.prompts: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.ids: dict[str, str] = {}
        self._labels: weakref.WeakKeyDictionary[OwnGraph, dict[str, str]] = weakref.WeakKeyDictionary()

    def note(self, filename: str, count: int, code: str, cell_id: str | None = None) -> None:
        """Remember a cell that is about to run.

        Args:
          filename: the name under which IPython compiles it.
          count: the execution count.
          code: its code after IPython's translation, which names it in a terminal.
          cell_id: its id in the notebook.
        """
        digest = hashlib.sha1(code.encode("utf-8")).hexdigest()[:12]
        self.shown[filename] = f"<ipython-input-{count}-{digest}>"
        self.prompts[filename] = f"In [{count}]"
        self.counts[filename] = count
        if cell_id:
            self.ids[filename] = str(cell_id)

    def display_name(self, filename: str) -> str:
        """A file's name as messages show it."""
        return self.shown.get(filename, filename)

    def lines(self, operation: Operation) -> list[source.Line]:
        """The lines of cells that made a node, the innermost first."""
        return [line for line in source.lines(operation._frames) if line.filename in self.prompts]

    def made_by(self, operation: Operation) -> tuple[str, str, tuple[tuple[int, int], ...]] | None:
        """The cell that made a node, and the line of it, in words; and the numbers of all cells and lines that did.

        Returns:
          None when no cell did.
        """
        lines = self.lines(operation)
        if not lines:
            return None
        prompt = self.prompts[lines[0].filename]
        return (prompt, f"{prompt}, {say('line')} {lines[0].lineno}: {lines[0].text}",
                tuple((self.counts[line.filename], line.lineno) for line in lines))

    def all_made_by(self, operations: Iterable[Operation]) -> dict[str, tuple[str, str, tuple[tuple[int, int], ...]]]:
        """What `made_by` says of each operation that a cell made, by the operation's name.

        Thousands of operations come from one line of a loop, so each place is looked up once.
        """
        told: dict[tuple[tuple[int, int], ...], Any] = {}
        found = {}
        for operation in operations:
            # By identity: a code object's own hash goes through all of its constants.
            place = tuple([(id(code), at) for code, at in operation._frames])
            if place not in told:
                told[place] = self.made_by(operation)
            if told[place] is not None:
                found[operation.name] = told[place]
        return found

    def label(self, operation: Operation, name: str) -> None:
        """Remember the Python name of a node."""
        self._labels.setdefault(operation.graph, {})[operation.name] = name

    def labels_of(self, graph: OwnGraph) -> dict[str, str]:
        """The Python names of a graph's nodes, by the names of the nodes."""
        return self._labels.get(graph, {})
