"""Search: everything that a drawing could show, found by name, op, shape or dtype, whether its scope is open or not."""

from __future__ import annotations

from tfmagic.view import labels
from tfmagic.view.escape import visible
from tfmagic.view.phrases import say
from tfmagic.view.scene.outline import ROLES, Outline


class Search:
    """The texts of all that an outline draws, made once.

    Args:
      outline: what there is to draw.
      as_quiz: whether shapes and dtypes are to be guessed: then nothing is found by them.
    """

    def __init__(self, outline: Outline, as_quiz: bool = False) -> None:
        notes = outline.notes
        self._texts: list[tuple[list[str], str]] = []
        for name, (own, home) in outline.places.items():
            words = [visible(name)]
            record = outline.graph.get(name)
            if record is not None:
                words += [record.type, notes.labels.get(name, ""), notes.cells.get(name, "")]
                if record.type in ROLES:
                    words.append(say(ROLES[record.type]))
                if not as_quiz:
                    words += [f"{tensor.name} {labels.tensor_text(tensor, notes.dims(tensor.name))}"
                              for tensor in record.op.outputs]
            around = [scope.id for scope in home.chain() if scope.parent is not None]
            self._texts.append(([own, *around], "\n".join(words).lower()))

    def find(self, query: str, most: int) -> tuple[list[list[str]], int]:
        """What holds every word of a query: the ids of the first `most` with those of the scopes around each, the
        innermost first; and how many there are."""
        words = query.lower().split()
        hits = [ids for ids, text in self._texts if all(word in text for word in words)] if words else []
        return hits[:most], len(hits)
