"""absl's log goes to whatever `sys.stderr` is at the time, and closing the log leaves that open."""

from __future__ import annotations

import sys
from typing import Any

from absl import logging


class _PresentStderr:
    """`sys.stderr` of the moment: a notebook, a test runner replaces it; absl would keep the first, and close it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()

    def fileno(self) -> int:
        return sys.stderr.fileno()

    def close(self) -> None:
        """Nothing: it is not the log's to close."""


def keep_stderr_open() -> None:
    """Let absl's handler write to the `sys.stderr` of the moment."""
    handler: Any = logging.get_absl_handler()
    handler.python_handler.stream = _PresentStderr()
