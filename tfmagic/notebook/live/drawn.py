"""Drawn: the drawings of one shell by their keys, so that a front end can ask about them later."""

from __future__ import annotations

import collections
import weakref
from collections.abc import Callable, Container
from dataclasses import dataclass

from tfmagic.graph.graph import Graph
from tfmagic.notebook.live.unbuilt import Unbuilt
from tfmagic.view.scene.model import Scene

_KEPT = 200


@dataclass
class Drawing:
    """What it takes to draw a part of a graph again.

    Attributes:
      graph: the graph, as long as anybody else has it.
      build: makes the scene again, from the graph, the ids of the folded nodes whose insides are wanted, and those of
        the scopes that a reader has open (None: as it was drawn first).
      unbuilt: a node drawn that could not be built.
      quiz: whether shapes and dtypes are hidden in it until they are guessed.
    """

    graph: weakref.ref[Graph]
    build: Callable[[Graph, Container[str], Container[str] | None], Scene]
    unbuilt: Unbuilt | None = None
    quiz: bool = False


class Drawings:
    """The latest drawings of a shell, by the key that their documents carry."""

    def __init__(self) -> None:
        self._by_key: collections.OrderedDict[str, Drawing] = collections.OrderedDict()

    def keep(self, key: str, drawing: Drawing) -> None:
        """Remember a drawing; of many the oldest are forgotten."""
        self._by_key[key] = drawing
        self._by_key.move_to_end(key)
        while len(self._by_key) > _KEPT:
            self._by_key.popitem(last=False)

    def graphs(self) -> list[Graph]:
        """The graphs that were drawn and are still there, the oldest drawing's first."""
        return [graph for drawing in self._by_key.values() if (graph := drawing.graph()) is not None]

    def find(self, key: str) -> tuple[Drawing, Graph]:
        """A drawing and its graph.

        Raises:
          LookupError: it is of another kernel, long ago, or its graph is gone.
        """
        drawing = self._by_key.get(key)
        graph = drawing.graph() if drawing is not None else None
        if drawing is None or graph is None:
            raise LookupError("This drawing was made before the kernel started, or its graph is gone. "
                              "Run its cell again.")
        return drawing, graph
