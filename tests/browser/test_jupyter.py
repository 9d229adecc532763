"""Drawings in JupyterLab and Notebook 7: live, saved, and without the extension."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_output
from playwright.sync_api import expect

from tfmagic import tf, view

from .jupyter import Jupyter, NotebookPage
from .page import violations

LOAD = "%load_ext tfmagic\nfrom tfmagic import tf"
LAYER = """%%graph --title "A layer"
x = tf.placeholder(tf.float32, [None, 6], name='x')
with tf.name_scope('layer'):
    w = tf.Variable(tf.ones([6, 4]), name='w')
    h = tf.nn.relu(tf.matmul(x, w), name='relu')
y = tf.nn.softmax(h, name='y')"""
RUN = """import numpy as np
sess = tf.InteractiveSession()
sess.run(tf.global_variables_initializer())
sess.run(y, {x: np.full((2, 6), 3.)}).shape"""

Open = Callable[[Path, str], NotebookPage]
APPS = pytest.mark.parametrize("app", ["lab", "notebook"])


def saved(jupyter: Jupyter, name: str) -> Path:
    """A saved notebook that nobody has trusted, whose kernel is not there, with a drawing in its output."""
    with tf.Graph().as_default() as graph:
        with tf.name_scope("layer"):
            h = tf.nn.relu(tf.placeholder(tf.float32, [None, 6], name="x"), name="relu")
        tf.nn.softmax(h, name="y")
    bundle = view.mime_bundle(view.build_scene(graph, title="A layer"))
    cell = new_code_cell("draw()", execution_count=1, outputs=[new_output("display_data", data=bundle)])
    return jupyter.write(name, [cell], kernel="no-such-kernel")


@APPS
def test_a_click_shows_the_value_from_the_live_session(jupyter: Jupyter, open_notebook: Open, app: str) -> None:
    notebook = open_notebook(jupyter.write(f"extension-{app}.ipynb", [LOAD, LAYER, RUN]), app)
    notebook.run_all()
    output = notebook.output(1)
    assert output.locator(".bar .title").inner_text() == "A layer"
    output.locator(".node[aria-label^='layer/w,'] > .shape").first.click()
    expect(output.locator(".panel .value")).to_contain_text("(6, 4) float32", timeout=60_000)
    expect(output.locator(".panel .value")).to_contain_text("mean 1")
    assert notebook.faults == []


@APPS
def test_a_saved_notebook_is_interactive_untrusted_and_without_a_kernel(
        jupyter: Jupyter, open_notebook: Open, app: str) -> None:
    notebook = open_notebook(saved(jupyter, f"saved-{app}.ipynb"), app)
    output = notebook.output(0)
    output.locator(".node[aria-label^='y,'] > .shape").first.dispatch_event("click")
    expect(output.locator(".panel h2").first).to_have_text("y")
    output.locator(".box[aria-label^='layer']").dispatch_event("click")
    expect(output.locator(".node[aria-label^='layer/relu']")).to_have_count(0)
    assert notebook.faults == []


@APPS
def test_without_the_extension_an_untrusted_notebook_shows_the_picture(
        jupyter: Jupyter, open_notebook: Open, app: str) -> None:
    jupyter.set_extension(False)
    notebook = open_notebook(saved(jupyter, f"picture-{app}.ipynb"), app)
    picture = notebook.output(0).locator("img")
    picture.wait_for()
    assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") > 100
    assert notebook.page.locator(".tfm").count() == 0


@APPS
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_an_output(jupyter: Jupyter, open_notebook: Open, app: str, theme: str) -> None:
    jupyter.set_theme(theme)
    notebook = open_notebook(saved(jupyter, f"axe-{app}-{theme}.ipynb"), app)
    host = notebook.output(0).locator(f"[theme={theme}]")
    host.wait_for()
    host.locator(".node[aria-label^='y,'] > .shape").first.dispatch_event("click")
    host.locator(".panel h2").first.wait_for()
    assert violations(notebook.page, ".jp-OutputArea-output") == []
