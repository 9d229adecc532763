"""Drawings in JupyterLab and Notebook 7: live, saved, and without the extension."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .jupyter import Jupyter, NotebookPage

LOAD = "%load_ext tfmagic\nfrom tfmagic import tf"
LAYER = """%%graph --title "A layer"
x = tf.placeholder(tf.float32, [None, 6], name='x')
with tf.name_scope('layer'):
    w = tf.Variable(tf.ones([6, 4]), name='w')
    h = tf.nn.relu(tf.matmul(x, w), name='relu')
y = tf.nn.softmax(h, name='y')"""

Open = Callable[[Path, str], NotebookPage]
APPS = pytest.mark.parametrize("app", ["lab", "notebook"])


@APPS
def test_a_cell_draws_its_graph(jupyter: Jupyter, open_notebook: Open, app: str) -> None:
    notebook = open_notebook(jupyter.write(f"draws-{app}.ipynb", [LOAD, LAYER]), app)
    notebook.run_all()
    notebook.output(1).locator(".node[aria-label^='x,']").wait_for()
    assert notebook.output(1).locator(".bar .title").inner_text() == "A layer"
    assert notebook.faults == []
