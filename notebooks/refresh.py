"""Runs the notebooks of this folder again and keeps the new outputs: `python notebooks/refresh.py [NOTEBOOK ...]`.

For developers, after a change to drawings or cards: tests/notebook/test_notebooks.py compares outputs exactly.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from tfmagic.notebook.command import execute, places


def refresh(path: Path) -> None:
    """Run one notebook and write it back.

    Args:
      path: the notebook.

    Raises:
      SystemExit: a cell failed; the file is left as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        outcome = execute.run_notebook(notebook, Path(folder), title=path.stem)
    if outcome.error:
        sys.exit(f"{path}: {outcome.error}")
    CoalesceStreamsPreprocessor().preprocess(outcome.notebook, {})
    for cell in outcome.notebook.cells:
        cell.metadata.pop("execution", None)
    outcome.notebook.metadata.language_info = {"name": "python"}
    nbformat.write(outcome.notebook, path)


if __name__ == "__main__":
    chosen = [Path(name) for name in sys.argv[1:]]
    for found in chosen or sorted(places.notebooks().rglob("*.ipynb")):
        refresh(found)
