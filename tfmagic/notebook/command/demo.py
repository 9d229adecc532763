"""`tfmagic demo`: the introduction, run from the first cell to the last, as a page with its outputs and drawings."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tfmagic.notebook.command import execute, page, places


def run(html: Path, language: str) -> tuple[Path, str]:
    """Run the introduction and write the page.

    Args:
      html: the page to write.
      language: "en" or "pt".

    Returns:
      The page's absolute path, and the failing cell's traceback ("" when all cells came through).
    """
    import nbformat

    notebook = nbformat.read(places.introduction(language), as_version=4)
    heading = notebook.cells[0].source.split("\n")[0].lstrip("# ")
    with tempfile.TemporaryDirectory(prefix="tfmagic-demo-") as folder:
        outcome = execute.run_notebook(notebook, Path(folder), title="tfmagic demo")
    return page.write(outcome.notebook, html, heading, language, ours=True), outcome.error
