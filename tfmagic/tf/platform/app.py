"""`tf.app.run`: calls a program's `main` with what the flags leave of the command line, and ends the process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from absl import app, flags

from tfmagic.base.export import export
from tfmagic.tf.platform.absl_logging import keep_stderr_open
from tfmagic.tf.platform.flags import command_line


@export("app.run")
def run(main: Callable[[list[str]], Any] | None = None, argv: Sequence[str] | None = None) -> None:
    """Read the flags and call `main`.

    Args:
      main: takes the program's name and what is no known flag; `main` of the program itself by default.
      argv: the command line; the process's own by default.

    Raises:
      SystemExit: always, with what `main` gave back.
    """
    keep_stderr_open()
    main = main or sys.modules["__main__"].main
    app.run(main=main, argv=list(command_line() if argv is None else argv), flags_parser=_known_flags)


def _known_flags(argv: list[str]) -> list[str]:
    """Read the known flags of a command line; the rest is the program's."""
    return flags.FLAGS(argv, known_only=True)
