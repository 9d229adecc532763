"""`string`, with the functions that became methods of texts."""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import Any

letters = string.ascii_letters
lowercase = string.ascii_lowercase
uppercase = string.ascii_uppercase
atoi, atol, atof = int, int, float
# Each is the method of this name, called with the text first.
_METHODS = frozenset({"capitalize", "center", "count", "expandtabs", "find", "index", "ljust", "lower", "lstrip",
                      "replace", "rfind", "rindex", "rjust", "rstrip", "split", "rsplit", "strip", "swapcase",
                      "translate", "upper", "zfill"})


def join(words: Iterable[str], sep: str = " ") -> str:
    """The words with `sep` between them."""
    return sep.join(words)


def maketrans(old: str, new: str) -> dict[int, int]:
    """A table for `translate`: each character of `old` becomes the one in `new` at its place."""
    return str.maketrans(old, new)


def __getattr__(name: str) -> Any:
    return getattr(str if name in _METHODS else string, name)
