"""The tfmagic kernel as a client sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bundles import drawn
from shells import notebook_of

from tfmagic.notebook.command import execute, kernelspec


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    notebook = notebook_of(
        "import sys\nimport tensorflow as tf\nprint(tf.__version__, 'torch' in sys.modules)",
        "from tensorflow.python.framework import ops\nx = tf.constant(1)",
        "%%graph\ny = x + 1",
        "import warnings\nprint(y.op.source)",
        "%%session\ny",
    )
    outcome = execute.run_notebook(notebook, tmp_path_factory.mktemp("kernel"))
    assert not outcome.error
    return outcome.notebook.cells


def test_tensorflow_is_there_and_torch_is_not_loaded_for_it(cells: list[Any]) -> None:
    assert cells[0].outputs[0].text == "1.15.2 False\n"


def test_a_drawing_names_the_cell_of_each_node(cells: list[Any]) -> None:
    nodes = drawn(cells[2].outputs[0].data).values()
    assert [n["cell"] for n in nodes] == ["In [2]", "In [3]"]


def test_a_place_is_named_as_tensorflow_named_it(cells: list[Any]) -> None:
    printed = "".join(output.text for output in cells[3].outputs)  # a line may come in two messages
    assert printed.startswith("<ipython-input-3-") and printed.endswith(">:2\n")


def test_a_session_cell_shows_cards(cells: list[Any]) -> None:
    data = cells[4].outputs[0].data
    assert "\n2" in data["text/plain"] and "<table" in data["text/html"]


def test_a_failing_cell_ends_the_run_with_its_traceback(tmp_path: Path) -> None:
    outcome = execute.run_notebook(notebook_of("1 / 0", "print('never')"), tmp_path)
    assert "ZeroDivisionError" in outcome.error and not outcome.notebook.cells[1].outputs


def test_the_kernel_is_installed_with_this_interpreter(tmp_path: Path) -> None:
    folder = kernelspec.install(prefix=str(tmp_path), name="old-tf")
    spec = json.loads((folder / "kernel.json").read_text("utf-8"))
    assert spec["argv"][0] == sys.executable and "old-tf" in spec["display_name"]
    assert (folder / "logo-64x64.png").is_file()


def test_the_kernel_refuses_to_start_without_the_extension(tmp_path: Path) -> None:
    program = ("import tfmagic.notebook.shell.extension as e\n"
               "def broken(shell): raise RuntimeError('broken on purpose')\n"
               "e.load = broken\n"
               "from tfmagic.notebook.command.kernel import main; main()")
    done = subprocess.run([sys.executable, "-c", program, "-f", str(tmp_path / "connection.json")],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "broken on purpose" in done.stderr and "does not start" in done.stderr
