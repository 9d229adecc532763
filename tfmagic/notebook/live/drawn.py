"""Drawn: the drawings of one shell by their keys, so that a front end can ask about them later."""

from __future__ import annotations

import collections
import weakref
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfmagic.graph.graph import Graph
from tfmagic.notebook.live.unbuilt import Unbuilt
from tfmagic.view.phrases import speaking
from tfmagic.view.scene.build import scene_of
from tfmagic.view.scene.model import Scene
from tfmagic.view.scene.outline import Outline
from tfmagic.view.scene.search import Search

_KEPT = 200


@dataclass
class Drawing:
    """What it takes to draw a part of a graph again.

    Attributes:
      graph: the graph, as long as anybody else has it.
      outlined: reads the graph.
      options: how it is drawn: keyword arguments of `scene_of`.
      language: the language of its texts; None: that of the shell.
      unbuilt: a node drawn that could not be built.
    """

    graph: weakref.ref[Graph]
    outlined: Callable[[Graph], Outline]
    options: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None
    unbuilt: Unbuilt | None = None
    _outline: Outline | None = None
    _search: Search | None = None

    @property
    def quiz(self) -> bool:
        """Whether shapes and dtypes are hidden in it until they are guessed."""
        return bool(self.options.get("as_quiz"))

    def build(self, graph: Graph, asked: Container[str] = (), opened: Container[str] | None = None) -> Scene:
        """The scene; what was read of the graph for it is kept until `forget`.

        Args:
          graph: the graph.
          asked: ids of folded nodes whose insides are wanted.
          opened: ids of the scopes that a reader has open; None: as it was drawn first.
        """
        with speaking(self.language):
            return scene_of(self._read(graph), asked=asked, opened=opened, **self.options)

    def search(self, graph: Graph) -> Search:
        """Finds what there is to draw of the graph, kept as long as what was read."""
        with speaking(self.language):
            if self._search is None:
                self._search = Search(self._read(graph), self.quiz)
            return self._search

    def _read(self, graph: Graph) -> Outline:
        if self._outline is None:
            self._outline = self.outlined(graph)
        return self._outline

    def forget(self) -> None:
        """Let go of the graph."""
        self._outline = self._search = None


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

    def forget(self) -> None:
        """Let go of all graphs: a cell may be about to change or to drop them."""
        for drawing in self._by_key.values():
            drawing.forget()

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
