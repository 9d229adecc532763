"""The quiet line under values that are not finite: which option finds where they come from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmagic.notebook.shell.options import Parsed
from tfmagic.notebook.shell.values import Fetched
from tfmagic.view import labels
from tfmagic.view.phrases import say

_LOOKED_AT = 1000  # of a list, which may hold what a whole training gave


def show(value: Any, session_options: Parsed | None) -> None:
    """Name `--check` where what a cell shows holds a NaN or an infinity and nobody has looked for its origin.

    Args:
      value: what the cell shows.
      session_options: those of the cell's `%%session`, where it has that header.
    """
    is_fetched = isinstance(value, Fetched)
    if session_options is None and not is_fetched or session_options is not None and session_options.check or \
            is_fetched and value.is_checked:
        return
    if all(labels.is_finite(array) for array in _arrays(value.value if is_fetched else value)):
        return
    option = "%fetch … --check" if session_options is None else "%%session --check"
    print(say("⚠ Not every value is finite: {} shows where the first NaN or infinity comes from.", option))


def _arrays(value: Any) -> Iterator[Any]:
    """The arrays and numbers of NumPy in what a run gave."""
    if isinstance(value, np.ndarray | np.generic):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(_arrays, itertools.islice(value.values(), _LOOKED_AT)))
    elif isinstance(value, list | tuple):
        yield from itertools.chain.from_iterable(map(_arrays, value[:_LOOKED_AT]))
