"""A run notebook as one self-contained HTML page: nothing in it is fetched from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# The drawings follow their reader's colour scheme, light or dark; so does the page around them, except on paper.
_TEMPLATE = """{% extends "lab/index.html.j2" %}
{% block html_head_css %}{{ super() }}<meta name="color-scheme" content="light dark">
{{ resources.include_css("static/theme-dark.css") | replace(
   '<style type="text/css">', '<style media="screen and (prefers-color-scheme: dark)">') }}{% endblock %}
{% block body_header %}<body class="jp-Notebook"><main>{% endblock %}"""


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
    exporter.raw_template = _TEMPLATE
    exporter.exclude_anchor_links = True
    # What a cell prints arrives in pieces, cut by chance.
    exporter.register_preprocessor(CoalesceStreamsPreprocessor, enabled=True)
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body, "utf-8")
    return path
