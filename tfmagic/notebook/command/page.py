"""A run notebook as one self-contained HTML page: nothing in it is fetched from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write(notebook: Any, path: Path, title: str, language: str = "en") -> Path:
    """Write a notebook with its outputs as a page.

    Args:
      notebook: the notebook (nbformat 4) after its run.
      path: the file to write.
      title: the page's title.
      language: the code of the language that it is written in.

    Returns:
      The absolute path written.
    """
    from nbconvert.exporters import HTMLExporter
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    # The stock template loads scripts for widgets and mathematics from the web; the page shall do without.
    exporter = HTMLExporter(template_name="lab", embed_images=True, mathjax_url="", require_js_url="", jquery_url="",
                            mermaid_js_url="", language_code=language)
    exporter.exclude_anchor_links = True
    # What a cell prints arrives in pieces, cut by chance.
    exporter.register_preprocessor(CoalesceStreamsPreprocessor, enabled=True)
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body, "utf-8")
    return path
