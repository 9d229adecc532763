"""Drawings and the side panel on a running kernel: values, shapes of the last run, cells and lines, the widget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from .jupyter import Jupyter, NotebookPage
from .page import violations

LOAD = "%load_ext tfmagic\nfrom tfmagic import tf"
BUILD = """%%graph
x = tf.placeholder(tf.float32, [None, 6], name='x')
w = tf.Variable(tf.ones([6, 4]), name='w')
h = tf.matmul(x, w, name='h')
y = tf.nn.relu(h, name='y')"""
FILLER = "\n".join(f"line_{i} = {i}" for i in range(40))
RUN = "sess = tf.Session()\nsess.run(w.initializer)\nr = sess.run(y, {x: [[1.] * 6] * 128})\nprint('done')"

Open = Callable[[Path, str], NotebookPage]
APPS = pytest.mark.parametrize("app", ["lab", "notebook"])

_CLICK = """async ([label]) => {
  const all = [...document.querySelectorAll('.jp-OutputArea *')].map((element) => element.shadowRoot);
  const root = all.filter((found) => found?.querySelector('.tfm')).at(-1);
  const node = root.querySelector(`.node[aria-label^="${label}"] .shape`);
  const start = performance.now();
  node.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }));
  while (!root.querySelector('.panel .value')) await new Promise((resolve) => setTimeout(resolve, 1));
  return performance.now() - start;
}"""
_MARKED = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const { editor } = content.activeCell;
  const { start, end } = editor.getSelection();
  const box = content.activeCell.node.getBoundingClientRect();
  const around = content.node.getBoundingClientRect();
  const text = editor.getLine(start.line).slice(start.column, end.column);
  return { cell: content.activeCellIndex, line: start.line, text,
    seen: box.bottom > around.top && box.top < around.bottom };
}"""


@APPS
def test_a_drawing_answers_while_the_kernel_runs(jupyter: Jupyter, open_notebook: Open, app: str) -> None:
    cells = [LOAD, BUILD, RUN, *[FILLER] * 6, "%%graph --all\nz = tf.square(y, name='z')"]
    notebook = open_notebook(jupyter.write(f"live-{app}.ipynb", cells), app)
    page = notebook.page
    notebook.run_all()
    page.wait_for_function("window.jupyterapp.shell.currentWidget.content.widgets[9].model.executionCount === 10")
    last = notebook.output(9)
    last.scroll_into_view_if_needed()
    last.locator(".node[aria-label^='y,']").wait_for()

    # A click tells the value.
    node = last.locator(".node[aria-label^='y,']")
    node.click()
    last.locator(".panel .value").wait_for()
    last.locator(".panel .value", has_text="(128, 4) float32").wait_for()
    last.locator(".panel", has_text="(?, 4) ← (128, 4) float32").wait_for()
    times = page.evaluate("async () => { const found = []; for (const label of ['h,', 'w,', 'z,']) "
                          f"found.push(await ({_CLICK})([label])); return found; }}")
    print(app, "click to value, ms:", [round(time) for time in times])  # `python -m benchmarks` has the bound

    # An edge tells the shape of the last run.
    start = last.locator(".node[aria-label^='x,']").get_attribute("data-id")
    last.locator(f".edge[data-from='{start}']").dispatch_event("pointerenter", {"clientX": 300, "clientY": 300})
    last.locator(".tip", has_text="(?, 6) ← (128, 6) float32").wait_for()

    # The line that made it, in a cell that is out of sight.
    last.locator(".panel button", has_text="In [10]").wait_for()
    last.locator(".node[aria-label^='h,']").click()
    last.locator(".panel button", has_text="In [2], line 4").click()
    page.wait_for_function("window.jupyterapp.shell.currentWidget.content.activeCellIndex === 1")
    page.wait_for_function("window.jupyterapp.shell.currentWidget.content.activeCell.editor?.hasFocus()")
    marked = page.evaluate(_MARKED)
    assert marked == {"cell": 1, "line": 3, "text": "h = tf.matmul(x, w, name='h')", "seen": True}

    # The cursor stands in that line: its node lights up, here and there.
    page.keyboard.press("ArrowLeft")
    notebook.output(1).locator(".node.traced[aria-label^='h,']").wait_for()
    assert notebook.output(1).locator(".traced").count() == 1
    page.keyboard.press("ArrowDown")
    notebook.output(1).locator(".node.traced[aria-label^='y,']").wait_for()

    # Colours by cell.
    last.scroll_into_view_if_needed()
    last.locator("button[aria-pressed]").click()
    assert last.locator(".legend span").all_inner_texts() == ["In [2]", "In [10]"]
    assert last.locator(".cell-number").count() >= 5
    page.screenshot(path=str(jupyter.folder / f"live-{app}.png"))
    assert violations(page, ".jp-OutputArea") == []
    assert notebook.faults == []


def test_a_cell_that_ran_again_is_found_by_its_id(jupyter: Jupyter, open_notebook: Open) -> None:
    notebook = open_notebook(jupyter.write("again.ipynb", [LOAD, "def f(x):\n    return tf.square(x, name='s')",
                                                           "%%graph\nf(tf.constant(2., name='c'))"]), "lab")
    page = notebook.page
    notebook.run_all()
    # The first is the drawing, the second that of the card of the cell's result.
    notebook.output(2).locator(".node[aria-label^='s,']").first.wait_for()
    page.evaluate("""async () => {
      const { content } = window.jupyterapp.shell.currentWidget;
      const cell = content.widgets[1];
      cell.model.sharedModel.setSource("# A comment\\n" + cell.model.sharedModel.getSource());
      content.deselectAll();
      content.activeCellIndex = 1;
      await window.jupyterapp.commands.execute("notebook:run-cell");
    }""")
    notebook.output(2).locator(".node[aria-label^='s,']").first.click()
    notebook.output(2).locator(".panel button", has_text="In [2], line 2").click()
    page.wait_for_function("window.jupyterapp.shell.currentWidget.content.activeCell.editor?.hasFocus()")
    marked = page.evaluate(_MARKED)
    assert (marked["cell"], marked["line"]) == (1, 2)


@APPS
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_side_panel_follows_the_notebook(jupyter: Jupyter, open_notebook: Open, app: str, theme: str) -> None:
    jupyter.set_theme(theme)
    many = "for i in range(5000): tf.constant(0, name=f'many/c{i}')"
    notebook = open_notebook(jupyter.write(f"side-{app}-{theme}.ipynb", [LOAD, BUILD, RUN, many]), app)
    page = notebook.page
    page.evaluate("window.jupyterapp.shell.activateById('tfmagic-graph')")
    side = page.locator(".tfmagic-side")
    side.locator("[role=tablist]").wait_for()
    notebook.run_all()
    side.locator("[role=treeitem]", has_text="many").first.wait_for()

    # By keyboard alone: the tree, then the tabs.
    side.locator("[role=treeitem]").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    side.locator("[role=treeitem]", has_text="c99").first.wait_for()
    assert side.locator("[role=treeitem]").count() < 120
    page.keyboard.press("ArrowLeft")
    side.locator("[role=tab][aria-selected=true]").focus()
    page.keyboard.press("ArrowRight")
    side.locator("td", has_text="x:0").first.wait_for()
    assert "of 5," in side.locator(".tools").inner_text()
    side.locator("button", has_text="›").click()
    side.locator(".tools", has_text="101–200").wait_for()
    side.locator("input").fill("relu")
    side.locator("tbody tr").and_(side.locator(":only-child")).wait_for()
    side.locator("td button", has_text="y:0").click()
    side.locator(".look .value", has_text="(128, 4) float32").wait_for()
    page.screenshot(path=str(jupyter.folder / f"side-{app}-{theme}.png"))
    assert violations(page, ".tfmagic-side") == []
    side.locator(".look button", has_text="In [2], line 5").click()
    page.wait_for_function("window.jupyterapp.shell.currentWidget.content.activeCell.editor?.hasFocus()")
    assert page.evaluate(_MARKED)["line"] == 4

    side.locator("[role=tab]", has_text="Variables").click()
    side.locator("tr", has_text="w:0").and_(side.locator(":has-text('initialised')")).wait_for()
    page.screenshot(path=str(jupyter.folder / f"side-variables-{app}-{theme}.png"))
    # It looks again after each cell.
    page.evaluate("""async () => {
      const { content, context } = window.jupyterapp.shell.currentWidget;
      context.sessionContext.session.kernel.requestExecute({ code: "sess.run(tf.assign(w, 7 * tf.ones([6, 4])))" });
    }""")
    side.locator("td", has_text="all 7.0").wait_for()
    for tab in ("Sessions", "Devices", "Scopes"):
        side.locator("[role=tab]", has_text=tab).click()
        side.locator("td", has_text={"Sessions": "sess", "Devices": "CPU:0"}.get(tab, "")).first.wait_for() \
            if tab != "Scopes" else side.locator("[role=treeitem]").first.wait_for()
        assert violations(page, ".tfmagic-side") == []
    assert notebook.faults == []


def test_the_widget_draws_and_answers_where_the_extension_is_not(jupyter: Jupyter, open_notebook: Open) -> None:
    jupyter.set_extension(False)
    notebook = open_notebook(jupyter.write("widget.ipynb", [
        "import os\nos.environ['TFMAGIC_WIDGET'] = '1'\n" + LOAD, BUILD, RUN]), "lab")
    notebook.run_all()
    output = notebook.output(1)
    notebook.output(2).get_by_text("done").wait_for()
    output.locator(".node[aria-label^='y,']").click()
    output.locator(".panel .value", has_text="(128, 4) float32").wait_for()
    notebook.page.screenshot(path=str(jupyter.folder / "widget.png"))
    assert notebook.faults == []


def drawn(jupyter: Jupyter, open_notebook: Open, file: str, build: str, last: str) -> tuple[Page, Locator]:
    """The page of a notebook that draws what `build` makes, and its drawing, in which the node `last` can be seen."""
    notebook = open_notebook(jupyter.write(file, [LOAD, build]), "lab")
    notebook.run_all()
    output = notebook.output(1)
    output.locator(f".node[aria-label^='{last},']").wait_for()
    return notebook.page, output


def test_a_search_goes_where_nobody_has_been(jupyter: Jupyter, open_notebook: Open) -> None:
    build = """%%graph
h = tf.placeholder(tf.float32, [None, 6], name='x')
for block in range(20):
    with tf.name_scope(f'block_{block}'):
        for unit in range(10):
            with tf.name_scope(f'unit_{unit}'):
                for _ in range(5):
                    h = tf.tanh(h, name='t')"""
    _, output = drawn(jupyter, open_notebook, "search.ipynb", build, "block_19")
    assert output.locator("[aria-label^='block_17/']").count() == 0
    output.get_by_role("searchbox").fill("block_17/unit_8/t_3")
    output.locator(".found", has_text="1 found").wait_for()
    output.locator(".hit[aria-label^='block_17,']").wait_for()  # the folded scope that holds it
    output.get_by_role("searchbox").press("Enter")
    hit = output.locator(".node.hit[aria-label^='block_17/unit_8/t_3,']")
    hit.wait_for()
    assert hit.is_visible() and output.locator(".complaint").is_hidden()


def test_what_is_near_the_pointer_is_known_before_it_is_opened(jupyter: Jupyter, open_notebook: Open) -> None:
    build = """%%graph
h = tf.placeholder(tf.float32, [None, 6], name='x')
for block in range(12):
    with tf.name_scope(f'block_{block}'):
        for unit in range(20):
            h = tf.tanh(h, name='t')"""
    page, output = drawn(jupyter, open_notebook, "near.ipynb", build, "block_11")
    page.evaluate("""() => {
      window.asked = [];
      const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
      kernel.anyMessage.connect((_, { direction, msg }) => direction === "send" && msg.header.msg_type === "comm_msg" &&
        window.asked.push(msg.content.data));
    }""")
    output.locator(".stage").hover()
    page.wait_for_function("window.asked.length")
    page.wait_for_timeout(500)
    count = page.evaluate("window.asked.length")
    output.locator(".node[aria-label^='block_11,']").dispatch_event("click")
    output.locator(".node[aria-label^='block_11/t_3,']").wait_for()
    assert page.evaluate("window.asked.length") == count, "its inside was there"
