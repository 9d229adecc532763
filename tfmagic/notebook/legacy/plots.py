"""`%matplotlib inline`, with which old notebooks begin: one line where matplotlib is missing, and no error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def forgive_missing(shell: InteractiveShell) -> Callable[[], None]:
    """Let `%matplotlib` go by where there is no matplotlib; the first plot, if one comes, is the error then.

    Returns:
      A function that undoes it.
    """
    before = shell.enable_matplotlib

    def enable_matplotlib(gui: str | None = None) -> tuple[str | None, str | None]:
        try:
            return before(gui)
        except ModuleNotFoundError as error:
            if error.name != "matplotlib":
                raise
            print("tfmagic: matplotlib is not installed, so %matplotlib does nothing; plots need "
                  "`%pip install matplotlib`.", file=sys.stderr)
            return gui, "none"

    vars(shell)["enable_matplotlib"] = enable_matplotlib

    def undo() -> None:
        vars(shell).pop("enable_matplotlib", None)

    return undo
