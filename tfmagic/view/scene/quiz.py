"""Quiz: the shapes and dtypes that a drawing hides until its reader has guessed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.view import labels
from tfmagic.view.escape import visible
from tfmagic.view.scene.model import Question, Scene

HIDDEN = "?"


class Quiz:
    """The questions of one drawing.

    What is computed is asked; what is given (placeholders, variables, constants, what earlier cells made) stays in
    sight, so that the rest can be worked out. A resource has no shape of its own to ask for.

    Args:
      is_given: whether the drawn thing that a tensor comes from shows its shape.
    """

    def __init__(self, is_given: Callable[[Any], bool]) -> None:
        self._is_given = is_given
        self._asked: dict[str, Any] = {}  # tensor's name -> tensor, in the order in which they were come across

    def hides(self, tensor: Any) -> bool:
        """Whether a tensor's shape and dtype are asked for; from now on they are then."""
        if labels.dtype_text(tensor) in ("resource", "variant") or self._is_given(tensor):
            return False
        self._asked[visible(tensor.name)] = tensor
        return True

    def complete(self, scene: Scene, drawn_by: Callable[[Any], str | None]) -> None:
        """Write the questions into a scene, and make room for their answers.

        Args:
          scene: a scene whose texts were written with `hides`.
          drawn_by: the id of the innermost node that draws what a tensor comes from.
        """
        scene.quiz = []
        for name, tensor in self._asked.items():
            place = drawn_by(tensor)
            if place is not None:
                scene.quiz.append(Question(name, place, labels.shape_text(tensor), labels.dtype_text(tensor)))
        scene.quiz.sort(key=lambda question: int(question.node[1:]))
        longest = max((f"{question.shape} {question.dtype}" for question in scene.quiz), key=len, default="")
        for edge in (*scene.edges, *scene.flows):
            if not self._asked.keys().isdisjoint(edge.tensors) and HIDDEN in edge.text:
                edge.room = edge.text.replace(HIDDEN, longest)
        for node in (*scene.nodes, *scene.inner):
            if self._asked.keys().isdisjoint(node.gives):
                node.gives = ()
            elif HIDDEN in node.output:
                node.room = node.output.replace(HIDDEN, longest)
