"""The comm over which JupyterLab's extension asks: one target, "tfmagic", for all drawings of a kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfmagic.notebook.shell.questions import Questions

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

TARGET = "tfmagic"


def register(shell: InteractiveShell, questions: Questions) -> Callable[[], None]:
    """Answer questions that arrive over comms; in a terminal, which has none, nothing happens.

    Returns:
      A function that undoes it.
    """
    kernel = getattr(shell, "kernel", None)
    manager = getattr(kernel, "comm_manager", None)
    if manager is None:
        return lambda: None

    def opened(comm: Any, message: Any) -> None:
        @comm.on_msg
        def asked(message: Any) -> None:
            comm.send(questions.answer(message.get("content", {}).get("data")))

    manager.register_target(TARGET, opened)
    return lambda: manager.unregister_target(TARGET, opened)
