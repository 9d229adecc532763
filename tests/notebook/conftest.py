"""Shells and kernels for the tests of the notebook floor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from tfmagic.graph import context
from tfmagic.notebook import extension
from tfmagic.notebook.legacy import alias


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


@pytest.fixture
def bare_shell() -> Iterator[Shell]:
    """A shell without the extension."""
    context.reset_default_graph()
    shell = Shell()
    yield shell
    extension.unload(shell.ip)
    InteractiveShell.clear_instance()
    context.reset_default_graph()


@pytest.fixture
def shell(bare_shell: Shell) -> Shell:
    """A shell with the extension loaded and `import tensorflow as tf` done."""
    bare_shell.ok("%load_ext tfmagic")
    bare_shell.ok("import tensorflow as tf")
    return bare_shell


@pytest.fixture
def tensorflow_alias() -> Iterator[None]:
    """`import tensorflow` leads to tfmagic within the test."""
    alias.install(force=True)
    yield
    alias.uninstall()


def notebook_of(*cells: str) -> Any:
    """A notebook of code cells."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
