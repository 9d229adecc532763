"""The README's cells run and draw, and its table of magics is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shells import Shell

from tfmagic.notebook.shell.options import MAGICS

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
CELLS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("cell", CELLS, ids=[cell.split("\n")[0] for cell in CELLS])
def test_a_cell_of_the_readme_runs_and_draws(cell: str, shell: Shell) -> None:
    assert any("<svg" in str(bundle) for bundle in shell.ok(cell).bundles)


def test_the_readme_lists_the_magics() -> None:
    table = [line.split("|")[1] for line in README.splitlines() if line.startswith("| `%")]
    assert sorted(name for cell in table for name in re.findall(r"`(%%?\w+)`", cell)) == sorted(MAGICS)
