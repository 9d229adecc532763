"""The specification: every code cell of the course notebook, unmodified, prints what the course shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tfmagic.notebook.command import execute, figures, places

# What may differ from run to run: addresses, and the values of unseeded random tensors.
ADDRESS = re.compile(r"0x[0-9a-f]+")
RANDOM_CELL = "in-27"
NUMBER = re.compile(r"-?\d+\.\d*(e-?\d+)?")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each cell as executed, by its id."""
    folder = tmp_path_factory.mktemp("course")
    figures.write_all(Path(folder, "imagens"))
    notebook = nbformat.read(places.course(), as_version=4)
    outcome = execute.run_notebook(notebook, folder, title="course")
    assert not outcome.error, outcome.error
    return {cell.id: cell for cell in outcome.notebook.cells}


RECORDED = {cell.id: cell for cell in nbformat.read(places.course(), as_version=4).cells if cell.cell_type == "code"}


def shown(cell: Any) -> list[tuple[str, str]]:
    """What a cell printed, by stream, and its text result."""
    found: dict[str, str] = {}
    for output in cell.outputs:
        if output.output_type == "stream":
            found[output.name] = found.get(output.name, "") + output.text
        elif "image/png" not in output.get("data", {}):
            found["result"] = output["data"]["text/plain"]
    return sorted(found.items())


@pytest.mark.parametrize("name", [n for n, cell in RECORDED.items() if cell.outputs])
def test_a_cell_prints_what_the_course_shows(run: dict[str, Any], name: str) -> None:
    def comparable(cell: Any) -> list[tuple[str, str]]:
        pairs = [(stream, ADDRESS.sub("0x", text)) for stream, text in shown(cell)]
        if name == RANDOM_CELL:
            # As many numbers, between the same words; how wide NumPy prints them depends on their values.
            pairs = [(stream, " ".join(NUMBER.sub("#", text).split()).replace("[ #", "[#").replace("# ]", "#]"))
                     for stream, text in pairs]
        return pairs

    assert comparable(run[name]) == comparable(RECORDED[name])
    assert run[name].execution_count == RECORDED[name].execution_count


@pytest.mark.parametrize("name", [n for n, cell in RECORDED.items() if "Image(" in cell.source])
def test_a_figure_is_a_picture(run: dict[str, Any], name: str) -> None:
    (output,) = run[name].outputs
    assert len(output.data["image/png"]) > 1000


@pytest.mark.parametrize("name", [n for n, cell in RECORDED.items()
                                  if not cell.outputs and "Image(" not in cell.source and n not in ("in-1", "in-9")])
def test_other_cells_print_nothing(run: dict[str, Any], name: str) -> None:
    assert run[name].outputs == []


def test_the_install_line_installs_nothing_and_says_so_in_one_line(run: dict[str, Any]) -> None:
    (output,) = run["in-9"].outputs
    assert output.name == "stderr" and output.text.count("\n") == 1 and "tensorflow==1.15.2" in output.text
