"""Tracebacks of a cell's errors: the user's own lines and the message, without the frames of tfmagic's inside."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

import IPython

from tfmagic.base import errors, source
from tfmagic.notebook.shell.names import CellNames

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# Errors that tfmagic raises. Syntax and usage errors are left to IPython, which shows them without frames anyway.
_KINDS = (errors.OpError, ValueError, TypeError, RuntimeError, AttributeError, LookupError, ImportError)
_IPYTHON = os.path.dirname(os.path.abspath(IPython.__file__)) + os.sep


def register(shell: InteractiveShell, names: CellNames) -> Callable[[], None]:
    """Shorten the tracebacks of a shell (`%xmode Verbose` shows them whole).

    Returns:
      A function that undoes it.
    """
    before = (shell.custom_exceptions, shell.CustomTB)

    def show(ip: InteractiveShell, kind: type[BaseException], error: BaseException, trace: TracebackType | None,
             tb_offset: int | None = None) -> None:
        show_error(shell, names, error, trace)

    shell.set_custom_exc(_KINDS, show)

    def undo() -> None:
        shell.custom_exceptions, shell.CustomTB = before

    return undo


def show_error(shell: InteractiveShell, names: CellNames, error: BaseException, trace: TracebackType | None) -> None:
    """Show an error as a cell's, without the frames inside tfmagic.

    Args:
      shell: where to show it.
      names: which files are cells.
      error: the error.
      trace: its traceback.
    """
    if shell.InteractiveTB.mode == "Verbose" or not _frames(trace, source.is_own):
        shell.showtraceback((type(error), error, trace))
        return
    with _causes_hidden(error, names):
        shell.showtraceback((type(error), error, shortened(trace, names)))


def shortened(trace: TracebackType | None, names: CellNames) -> TracebackType | None:
    """The frames up to the first inside tfmagic, and after it only those of cells (bodies of loops, Python functions).

    Args:
      trace: a traceback, outermost frame first.
      names: which files are cells.
    """
    kept: list[TracebackType] = []
    inside = False
    for entry in _entries(trace):
        code = entry.tb_frame.f_code
        if not inside and source.is_own(code):
            inside = True
            # The machinery by which a magic is called says nothing to the user.
            while len(kept) > 1 and kept[-1].tb_frame.f_code.co_filename.startswith(_IPYTHON):
                kept.pop()
        if not inside or code.co_filename in names.shown:
            kept.append(entry)
    result: TracebackType | None = None
    for entry in reversed(kept):
        result = TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return result


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _frames(trace: TracebackType | None, test: Callable[[Any], bool]) -> bool:
    return any(test(entry.tb_frame.f_code) for entry in _entries(trace))


@contextlib.contextmanager
def _causes_hidden(error: BaseException, names: CellNames) -> Iterator[None]:
    """Hide causes that happened inside tfmagic or torch: the message says it in the user's terms.

    A cause in the user's own code (an exception within a Python function of the graph) stays.
    """
    cause, context, suppressed = error.__cause__, error.__context__, error.__suppress_context__
    shown = cause or (None if suppressed else context)
    if shown is None or (shown is not error and _frames(shown.__traceback__, lambda c: c.co_filename in names.shown)):
        yield
        return
    error.__cause__, error.__suppress_context__ = None, True
    try:
        yield
    finally:
        error.__cause__, error.__context__ = cause, context
        error.__suppress_context__ = suppressed
