"""A shell to run cells in and look at what they did, and notebooks made of cells."""

from __future__ import annotations

from typing import Any

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config


class Cell:
    """What a cell did: IPython's result, its output streams and its displays."""

    def __init__(self, result: Any, captured: Any) -> None:
        self.result = result
        self.stdout: str = captured.stdout
        self.stderr: str = captured.stderr
        self.bundles: list[dict[str, Any]] = [o.data for o in captured.outputs]

    @property
    def error(self) -> BaseException | None:
        return self.result.error_before_exec or self.result.error_in_exec


class Shell:
    """An IPython shell without history in which cells run and are looked at."""

    def __init__(self) -> None:
        InteractiveShell.clear_instance()
        config = Config()
        config.HistoryManager.enabled = False
        self.ip = InteractiveShell.instance(config=config, colors="nocolor")

    def run(self, cell: str) -> Cell:
        with capture_output() as captured:
            result = self.ip.run_cell(cell, store_history=True)
        return Cell(result, captured)

    def ok(self, cell: str) -> Cell:
        """Run a cell that must come through."""
        done = self.run(cell)
        done.result.raise_error()
        return done


def notebook_of(*cells: str) -> Any:
    """A notebook of code cells."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
