"""Where a node was made: the frames of the user's code, kept cheaply and resolved only when somebody asks."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FrameType

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_MOST_FILES = 10_000
_own_files: dict[str, bool] = {}  # by file, not by code object: a code object would be kept for ever

Frames = tuple[tuple[CodeType, int], ...]


def _same(filename: str) -> str:
    return filename


_display_name: Callable[[str], str] = _same


def set_display_name(function: Callable[[str], str] | None) -> None:
    """Offer how file names are shown: a notebook maps its cells to `<ipython-input-3-0a1b...>`; None undoes it."""
    global _display_name
    _display_name = function or _same


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the user's code: file or cell, line number, function, source text."""

    filename: str
    lineno: int
    function: str

    @property
    def display_name(self) -> str:
        """The file's or cell's name as it is shown to the user."""
        return _display_name(self.filename)

    @property
    def text(self) -> str:
        """The line itself, stripped ("" when it is not known)."""
        return linecache.getline(self.filename, self.lineno).strip()

    def __str__(self) -> str:
        return f"{self.display_name}:{self.lineno}"


def is_own(code: CodeType) -> bool:
    """Whether `code` belongs to this package (and so is not the user's)."""
    filename = code.co_filename
    own = _own_files.get(filename)
    if own is None:
        if len(_own_files) >= _MOST_FILES:  # every cell of a notebook is a file
            _own_files.clear()
        own = _own_files[filename] = filename.startswith(_PACKAGE)
    return own


def capture() -> Frames:
    """The user's frames of the current call, innermost first, up to and including the module's or cell's own."""
    frame: FrameType | None = sys._getframe(2)
    found = []
    own_files = _own_files
    while frame is not None:
        code = frame.f_code
        own = own_files.get(code.co_filename)
        if own is None:
            own = is_own(code)
        if not own:
            found.append((code, frame.f_lasti))
            if code.co_name == "<module>":
                break
        frame = frame.f_back
    return tuple(found)


def lines(frames: Frames) -> list[Line]:
    """Resolve captured frames to lines, innermost first."""
    return [Line(code.co_filename, _lineno(code, lasti), code.co_name) for code, lasti in frames]


def caller() -> Line | None:
    """The innermost line of the user's code that is running now."""
    frames = capture()
    return lines(frames[:1])[0] if frames else None


def _lineno(code: CodeType, lasti: int) -> int:
    for start, end, line in code.co_lines():
        if start <= lasti < end and line is not None:
            return line
    return code.co_firstlineno
