"""A run notebook as one self-contained HTML page, its drawings interactive: nothing in it is fetched from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfmagic.view.paint import interactive
from tfmagic.view.paint.document import GRAPH_MIME

# The drawings follow their reader's colour scheme, light or dark; so does the page around them, except on paper.
# A picture too wide is scrolled, not shrunk until nobody can read it. What the stock template would load from the web
# (for widgets, mathematics and charts) the page does without.
_STYLE = ("@media screen{html{color-scheme:light dark}.tfm-figure{overflow-x:auto}.tfm-figure>img.tfm-picture"
          "{max-width:none}}@media print{.jp-Notebook pre{white-space:pre-wrap}"
          ".tfm-live,.tfm-figure{break-inside:avoid}}"
          "@media(max-width:640px){body.jp-Notebook{padding:8px}.jp-Cell{padding:2px 0}"
          ".jp-InputPrompt,.jp-OutputPrompt{display:none}}"
          # The stock colours of these are too pale to read.
          ".jp-Notebook :is(.jp-InputPrompt,.jp-OutputPrompt){opacity:1!important;"
          "color:light-dark(#595959,#b0b0b0)!important}"
          ".highlight :is(.mf,.mi){color:light-dark(#060,#6abf6e)}.highlight .c1{color:light-dark(#2b6666,#78b8b8)}"
          ".highlight .ow{color:light-dark(#8a00d4,#d08cff)}")
_TEMPLATE = """{% extends "lab/index.html.j2" %}
{% block html_head_js %}{{ resources.tfmagic_policy }}{% endblock %}
{% block jupyter_widgets %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block html_head_css %}{{ super() }}<meta name="color-scheme" content="light dark">
{{ resources.include_css("static/theme-dark.css") | replace(
   '<style type="text/css">', '<style media="screen and (prefers-color-scheme: dark)">') }}
<style data-tfmagic>{{ resources.tfmagic_style }}</style>{% endblock %}
{% block body_header %}<body class="jp-Notebook"><main>{% endblock %}
{% block body_footer %}</main>{{ resources.tfmagic_closing }}</body>{% endblock %}"""


def write(notebook: Any, path: Path, title: str, language: str = "en", ours: bool = False) -> Path:
    """Write a notebook with its outputs as a page.

    Args:
      notebook: the notebook (nbformat 4) after its run.
      path: the file to write.
      title: the page's title.
      language: the code of the language that it is written in.
      ours: whether no script may run but the renderer's; otherwise those run too that the notebook's outputs hold.

    Returns:
      The absolute path written.
    """
    from nbconvert.exporters import HTMLExporter
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    exporter = HTMLExporter(template_name="lab", embed_images=True, language_code=language)
    exporter.raw_template = _TEMPLATE
    exporter.exclude_anchor_links = True
    # What a cell prints arrives in pieces, cut by chance.
    exporter.register_preprocessor(CoalesceStreamsPreprocessor, enabled=True)
    exporter.register_preprocessor(_interactive, enabled=True)
    body, _ = exporter.from_notebook_node(notebook, resources={
        "metadata": {"name": title}, "tfmagic_policy": interactive.policy(only_ours=ours),
        "tfmagic_style": _STYLE + interactive.STYLE, "tfmagic_closing": interactive.closing()})
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body, "utf-8")
    return path


def _interactive(notebook: Any, resources: Any) -> tuple[Any, Any]:
    """The preprocessor that puts each drawing's document beside its picture."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if GRAPH_MIME in data and "text/html" in data:
                data["text/html"] = interactive.figure(data[GRAPH_MIME], f"<div>{data['text/html']}</div>")
    return notebook, resources
