"""`tfmagic demo`: the course notebook, run unmodified, as a page with its outputs and drawings."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tfmagic.notebook.command import execute, figures, page, places

TITLE = "tfmagic demo: the course notebook"


def run(html: Path) -> tuple[Path, str]:
    """Run the course notebook and write the page.

    Args:
      html: the page to write.

    Returns:
      The page's absolute path, and the failing cell's traceback ("" when all cells came through).
    """
    import nbformat

    notebook = nbformat.read(places.course(), as_version=4)
    last = nbformat.v4.new_code_cell('%graph --title "The graph that this notebook has built"')
    notebook.cells.append(last)
    with tempfile.TemporaryDirectory(prefix="tfmagic-demo-") as folder:
        figures.write_all(Path(folder, "imagens"))
        outcome = execute.run_notebook(notebook, Path(folder), title="tfmagic demo")
    return page.write(outcome.notebook, html, TITLE), outcome.error
