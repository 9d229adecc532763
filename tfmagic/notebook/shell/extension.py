"""Loading and unloading: everything that tfmagic changes in an IPython shell, and how it is taken back."""

from __future__ import annotations

import contextlib
import functools
import sys
import weakref
from typing import TYPE_CHECKING, Any

from tfmagic.base import source
from tfmagic.notebook.legacy import alias, former, plots, printing
from tfmagic.notebook.live.drawn import Drawings
from tfmagic.notebook.shell import (
    comm,
    completion,
    display,
    drawing,
    headers,
    python2,
    sessions,
    tracebacks,
    transforms,
)
from tfmagic.notebook.shell.cells import Cells
from tfmagic.notebook.shell.language import of_surroundings
from tfmagic.notebook.shell.magics import TfMagics
from tfmagic.notebook.shell.names import CellNames
from tfmagic.notebook.shell.questions import Questions
from tfmagic.notebook.shell.widgets import Widgets
from tfmagic.view import phrases

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# The shells that have the extension, each with what undoes it.
_loaded: weakref.WeakKeyDictionary[InteractiveShell, contextlib.ExitStack] = weakref.WeakKeyDictionary()

_questions: weakref.WeakKeyDictionary[InteractiveShell, Questions] = weakref.WeakKeyDictionary()


def questions_of(shell: InteractiveShell) -> Questions:
    """What answers the front ends of a shell that has the extension."""
    return _questions[shell]


def load(shell: InteractiveShell) -> None:
    """Add magics, displays, completion and cell following to a shell; lead `import tensorflow` to tfmagic.

    Where a real TensorFlow is installed the name stays with it, and one line says how to change that.

    Args:
      shell: the IPython shell.
    """
    if shell in _loaded:
        return
    with contextlib.ExitStack() as undo:
        _install_alias(undo)
        undo.callback(printing.plain_scalars())
        undo.enter_context(former.bring_back())
        undo.callback(plots.forgive_missing(shell))
        undo.callback(phrases.follow(functools.cache(lambda: of_surroundings(shell.user_ns))))
        kept = sessions.KeptSessions(shell)
        undo.callback(kept.close)
        widgets = Widgets(shell)
        undo.callback(widgets.close)
        studio = drawing.Studio(shell, CellNames(), kept, Drawings(), widgets)
        cells = Cells(studio)
        _follow_cells(shell, cells, undo)
        _transform_input(shell, cells, undo)
        python2.register(shell, undo)
        undo.callback(TfMagics(studio).register())
        undo.callback(display.register(shell, studio))
        undo.callback(tracebacks.register(shell, cells.names))
        undo.callback(completion.register(shell))
        questions = _questions[shell] = Questions(studio)
        widgets.answer = questions.answer
        undo.callback(_questions.pop, shell, None)
        undo.callback(comm.register(shell, questions))
        _loaded[shell] = undo.pop_all()


def unload(shell: InteractiveShell) -> None:
    """Take back what `load` did.

    Args:
      shell: the IPython shell.
    """
    undo = _loaded.pop(shell, None)
    if undo is not None:
        undo.close()


def _install_alias(undo: contextlib.ExitStack) -> None:
    if not alias.install():
        print(f"tfmagic: TensorFlow {alias.real_tensorflow()} is installed here, so `import tensorflow` stays with it. "
              "`%tensorflow_version 1.x` leads it to tfmagic; `from tfmagic import tf` always works.", file=sys.stderr)
    undo.callback(alias.uninstall)


def _follow_cells(shell: InteractiveShell, cells: Cells, undo: contextlib.ExitStack) -> None:
    for event, function in (("pre_run_cell", cells.before), ("post_run_cell", cells.after)):
        shell.events.register(event, function)
        undo.callback(_unregister, shell, event, function)
    source.set_display_name(cells.names.display_name)
    undo.callback(source.set_display_name, None)


def _unregister(shell: InteractiveShell, event: str, function: Any) -> None:
    # A program may have taken the callback off itself.
    with contextlib.suppress(ValueError):
        shell.events.unregister(event, function)


def _transform_input(shell: InteractiveShell, cells: Cells, undo: contextlib.ExitStack) -> None:
    shell.input_transformers_cleanup.append(headers.comment_out)
    undo.callback(_remove, shell.input_transformers_cleanup, headers.comment_out)
    for transformer in (transforms.PoliteInstalls(), transforms.HeaderEffects(cells.is_refused, cells.wants_fetch)):
        shell.ast_transformers.append(transformer)
        undo.callback(_remove, shell.ast_transformers, transformer)
    for name, function in ((transforms.FETCH_NAME, cells.fetch_last), (transforms.REFUSE_NAME, cells.refuse)):
        for namespace, value in ((shell.user_ns, function), (shell.user_ns_hidden, None)):
            namespace[name] = value
            undo.callback(namespace.pop, name, None)


def _remove(items: list[Any], item: Any) -> None:
    # IPython itself drops a transformer that raised an error.
    if item in items:
        items.remove(item)
