"""Sphinx's settings for the documentation site; `docs/build_site.py` lays out the sources and calls it."""

import json
import posixpath

import tfmagic
from tfmagic.view.cards.items import CARDS_MIME
from tfmagic.view.paint import interactive
from tfmagic.view.paint.document import GRAPH_MIME

project = "tfmagic"
copyright = "The tfmagic authors"
version = release = tfmagic.__version__
extensions = ["myst_nb"]
exclude_patterns = ["conf.py"]
html_theme = "furo"
html_title = "tfmagic"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks hold the outputs that tests compare
nb_merge_streams = True


def _read(app, name, source):
    """Puts each drawing's document beside its picture, where Sphinx reads a notebook."""
    path = app.env.doc2path(name)
    if posixpath.splitext(path)[1] != ".ipynb":
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if GRAPH_MIME in data and "text/html" in data:
                data["text/html"] = interactive.figure(data[GRAPH_MIME], f"<div>{''.join(data['text/html'])}</div>")
                del data[GRAPH_MIME]
            if "text/html" in data:  # a card shows that much where nobody answers it
                data.pop(CARDS_MIME, None)
    notebook["metadata"].setdefault("language_info", {"name": "python"})["pygments_lexer"] = "ipython3"
    source[0] = json.dumps(notebook)


def _written(app, name, template, context, tree):
    """Ends each page that has drawings with the renderer's script."""
    if "tfm-live" in context.get("body", ""):
        context["body"] += interactive.closing()


def setup(app):
    """Connects what is above."""
    app.connect("source-read", _read)
    app.connect("html-page-context", _written)
