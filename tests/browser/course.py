"""One notebook with every kind of drawing, run once in an app, and what the tests of it ask of a drawing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from nbformat.v4 import new_code_cell
from playwright.sync_api import Locator, Page

from .jupyter import Jupyter, NotebookPage

# What would show itself if anything of it were executed.
HOSTILE = "<img src=x onerror=window.executed=1>"
_FILLER = "\n".join(f"line_{i} = {i}" for i in range(40))

CELLS = {
    "load": "%load_ext tfmagic\nfrom tfmagic import tf\nimport numpy as np",
    "build": """%%graph --title "A network"
x = tf.placeholder(tf.float32, [None, 6], name='x')
labels = tf.placeholder(tf.float32, [None, 3], name='labels')
with tf.name_scope('first'):
    w = tf.Variable(tf.random_normal([6, 4], seed=1), name='w')
    h = tf.nn.relu(tf.matmul(x, w, name='product'), name='h')
with tf.name_scope('second'):
    v = tf.Variable(tf.random_normal([4, 3], seed=2), name='v')
    logits = tf.matmul(h, v, name='logits')
loss = tf.reduce_mean(tf.squared_difference(logits, labels, name='difference'), name='loss')
train = tf.train.GradientDescentOptimizer(.05).minimize(loss)""",
    "watch": """%%session --init --watch loss
import time
data, wanted = np.random.RandomState(3).rand(20, 6), np.eye(3)[np.arange(20) % 3]
for i in range(100):
    tf.get_default_session().run([train, loss], {x: data, labels: wanted})
    time.sleep(.02)""",
    "train": "%graph train",
    "step": "%step loss --time",
    "loop": """%%graph
n = tf.placeholder(tf.int32, [], name='n')
total = tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s + tf.square(i)), [0, 0], name='count')[1]
big = tf.cond(total > 10, lambda: total * 2, lambda: total - 1, name='choose')""",
    "turns": "%step big --feed n=4",
    "torch": "%torch loss",
    "other": """%%graph
with tf.name_scope('first'):
    h2 = tf.nn.tanh(tf.matmul(x, w, name='product'), name='h')
with tf.name_scope('second'):
    logits2 = tf.matmul(h2, v, name='logits')
loss2 = tf.reduce_mean(tf.squared_difference(logits2, labels, name='difference'), name='loss')""",
    "diff": "%graph --diff loss loss2",
    "unbuilt": "%%graph\nwrong = tf.matmul(h, w, name='wrong')",
    "failed": "%%session\ntf.get_default_session().run(loss, {x: data, labels: wanted[:7]})",
    "check": """%%session --check
low = tf.subtract(logits, 1000., name='low')
tf.get_default_session().run(tf.reduce_mean(tf.log(low, name='log'), name='bad'), {x: data})""",
    "quiz": """%%graph --quiz
guess = tf.matmul(tf.ones([2, 3], name='left'), tf.ones([3, 5], name='right'), name='guess')""",
    "cards": "[w, loss, np.eye(3)]",
    "hostile": f"""%%graph --title "{HOSTILE}"
spoken = tf.identity(tf.constant('{HOSTILE}', name='text'), name='spoken')""",
    **{f"filler {i}": _FILLER for i in range(5)},
    "last": """%%graph --device /cpu:0
planes = tf.reshape(tf.range(24), [2, 3, 4], name='planes')""",
}
_RAISE = ("unbuilt", "failed")


class Part:
    """The drawing in the output of one cell."""

    def __init__(self, course: Course, cell: str) -> None:
        self.page = course.page
        self.index = list(CELLS).index(cell)
        self.output = course.notebook.output(self.index)
        self.root = self.output.locator(".tfm").last
        self.panel = self.root.locator(".panel")

    # --- what is there ------------------------------------------------------------------------------------------------

    def thing(self, name: str) -> Locator:
        """A node, a folded scope or an open one, by its name."""
        return self.root.locator("[data-id]").and_(
            self.output.locator(f"[aria-label={json.dumps(name)}], [aria-label^={json.dumps(name + ', ')}]"))

    def names(self, classes: str = "") -> list[str]:
        """The names of the things in sight, or of those of some classes."""
        return self.root.locator(f"svg.graph [data-id]{classes}").evaluate_all(
            "(all) => all.map((thing) => thing.getAttribute('aria-label').split(', ')[0])")

    def edges(self, classes: str = "") -> set[tuple[str, str]]:
        """The names of the ends of the edges in sight, or of those of some classes."""
        return {(source, target) for source, target in self.root.locator(f"svg.graph .edge{classes}").evaluate_all(
            """(all) => all.map((edge) => [edge.dataset.from, edge.dataset.to].map((id) => edge.closest(".graph")
              .querySelector(`[data-id="${id}"]`).getAttribute("aria-label").split(", ")[0]))""")}

    def texts(self, name: str) -> list[str]:
        """The lines of a thing."""
        return self.thing(name).locator("> text").all_text_contents()

    def transform(self) -> tuple[float, float, float]:
        """Where the drawing's corner is, and its scale."""
        x, y, scale = self.root.locator("svg.graph .view").evaluate(
            "(view) => { const { e, f, a } = view.transform.baseVal.consolidate().matrix; return [e, f, a]; }")
        return x, y, scale

    def focused(self) -> str:
        """What of the drawing has the focus: the name of a thing, or the element's own name."""
        return self.root.evaluate("""(root) => { const active = root.getRootNode().activeElement;
          return active?.dataset.id ? active.getAttribute("aria-label").split(", ")[0] : active?.localName ?? ""; }""")

    def wait_for_focus(self, name: str) -> None:
        """Wait until a thing, or an element of that name, has the focus."""
        deadline = time.monotonic() + 5
        while self.focused() != name:
            assert time.monotonic() < deadline, f"the focus is on {self.focused()!r}, not on {name!r}"
            self.page.wait_for_timeout(20)

    def is_in_sight(self, name: str) -> bool:
        """Whether a thing lies in the stage, with nothing above it."""
        return self.thing(name).locator("> .shape").first.evaluate("""(shape) => {
          const [box, stage] = [shape, shape.closest(".stage")].map((element) => element.getBoundingClientRect());
          const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
          const isAcross = box.left >= stage.left && box.right <= stage.right;
          const isCovered = shape.getRootNode().elementFromPoint(x, y)?.closest(".minimap, .panel");
          return isAcross && box.top >= stage.top && box.bottom <= stage.bottom && !isCovered; }""")

    # --- what a person does -------------------------------------------------------------------------------------------

    def show(self, where: str = "start") -> Part:
        """Scroll to the drawing, which is as it was at first."""
        self.page.evaluate("""async ([index, where]) => {
          const { content } = window.jupyterapp.shell.currentWidget;
          content.activeCellIndex = index;
          await content.scrollToItem(index, where);
        }""", [self.index, where])
        self.output.scroll_into_view_if_needed()
        return self

    def bring(self, name: str) -> Locator:
        """The outline of a thing, after all was brought into sight."""
        self.root.get_by_role("button", name="Show all", exact=True).click()
        self.root.locator(".stage").scroll_into_view_if_needed()
        return self.thing(name).locator("> .shape").first

    def click(self, name: str) -> None:
        """Click a node or a folded scope in its middle, an open one at its heading."""
        is_open = self.thing(name).get_attribute("aria-expanded") == "true"
        self.bring(name).click(position={"x": 5, "y": 5} if is_open else None, force=is_open)  # the heading lies above


class Course:
    """The notebook, open in an app, all of it run."""

    def __init__(self, notebook: NotebookPage) -> None:
        self.notebook = notebook

    @classmethod
    def run(cls, jupyter: Jupyter, open_notebook: Callable[..., NotebookPage], app: str) -> Course:
        """Open the notebook and run all of it."""
        cells = [new_code_cell(code, metadata={"tags": ["raises-exception"]} if name in _RAISE else {})
                 for name, code in CELLS.items()]
        course = cls(open_notebook(jupyter.write(f"course-{app}.ipynb", cells), app))
        course.notebook.run_all()
        course.page.set_default_timeout(20_000)
        return course

    @property
    def page(self) -> Page:
        return self.notebook.page

    def part(self, cell: str) -> Part:
        """The drawing of a cell, as it was when it was drawn."""
        part = Part(self, cell).show()
        self.page.evaluate("""(index) => {
          const { model } = window.jupyterapp.shell.currentWidget.content.widgets[index];
          model.outputs.fromJSON(model.outputs.toJSON());
        }""", part.index)
        part.root.locator("svg.graph .view").wait_for()
        return part.show()

    def set_theme(self, theme: str) -> None:
        """Light or dark, as a user changes it while the notebook is open."""
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
                           f"JupyterLab {theme.title()}")
        is_light = "false" if theme == "dark" else "true"
        self.page.wait_for_selector(f"body[data-jp-theme-light={is_light}]", state="attached")

    def state(self) -> dict[str, Any]:
        """What a stray key would change: the number of cells, the active one, the mode, a dialog."""
        return self.page.evaluate("""() => {
          const { content } = window.jupyterapp.shell.currentWidget;
          return { cells: content.widgets.length, active: content.activeCellIndex, mode: content.mode,
            types: content.widgets.map(({ model }) => model.type).join(),
            dialog: document.querySelector(".jp-Dialog") !== null };
        }""")
