"""The notebooks that come with tfmagic give the outputs that stand in them (nbval compares every one)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tfmagic.notebook.command import kernelspec, places
from tfmagic.notebook.shell import language

SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")
NOTEBOOKS = sorted(places.notebooks().rglob("*.ipynb"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which Jupyter finds the tfmagic kernel of this interpreter."""
    prefix = tmp_path_factory.mktemp("kernels")
    kernelspec.install(prefix=str(prefix))
    return {**os.environ, "JUPYTER_PATH": str(prefix / "share" / "jupyter")}


def compare(notebook: Path, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    configuration = folder / "pytest.ini"
    configuration.write_text("[pytest]\n")
    spoken = language.of_metadata(nbformat.read(notebook, as_version=4).metadata)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", str(configuration), "-p", "no:cacheprovider", "-p", "no:xdist",
         "--nbval", "--nbval-sanitize-with", str(SANITIZE), str(notebook)],
        cwd=folder, env={**environment, language.VARIABLE: spoken}, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_gives_the_outputs_that_stand_in_it(notebook: Path, environment: dict[str, str],
                                                       tmp_path: Path) -> None:
    done = compare(notebook, environment, tmp_path)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


def test_a_changed_output_is_found(environment: dict[str, str], tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(2)")])
    notebook.metadata["kernelspec"] = {"name": "tfmagic", "display_name": "tfmagic", "language": "python"}
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="3\n")]
    nbformat.write(notebook, tmp_path / "changed.ipynb")
    assert compare(tmp_path / "changed.ipynb", environment, tmp_path).returncode == 1


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_valid_and_names_its_kernel_and_its_language(notebook: Path) -> None:
    found = nbformat.read(notebook, as_version=4)
    nbformat.validate(found)
    assert found.metadata.kernelspec.name == "tfmagic"
    assert found.metadata.tfmagic.lang == notebook.parent.name
