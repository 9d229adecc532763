"""Named slots: what a lower floor needs from a higher one. `tfmagic.assembly` fills them all, first use loads each."""

from __future__ import annotations

import importlib
from typing import Any

_places: dict[str, str] = {}


def fill(places: dict[str, str]) -> None:
    """Say what stands in each slot: "module:attribute" (called once, by `tfmagic.assembly`)."""
    _places.update(places)


class Slot:
    """Stands for a function or object of a higher floor: calls and attributes go on to it.

    Args:
      name: what it is, as the table in `tfmagic.assembly` has it.
    """

    __slots__ = ("name", "_thing")

    def __init__(self, name: str):
        self.name = name
        self._thing: Any = None

    def load(self) -> Any:
        """The object itself; its module is imported on first use."""
        if self._thing is None:
            module, _, attribute = _places[self.name].partition(":")
            self._thing = getattr(importlib.import_module("tfmagic." + module), attribute)
        return self._thing

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.load()(*args, **kwargs)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(self.load(), attribute)

    def __repr__(self) -> str:
        return f"<slot '{self.name}'>"
