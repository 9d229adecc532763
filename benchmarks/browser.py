"""What a person waits for in a notebook: drawings in a headless Chromium, in JupyterLab and on a page of their own.

    python -m benchmarks --only browser
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import drawings, watching

TESTS = Path(__file__).parent.parent / "tests"

LOAD = "%load_ext tfmagic\nfrom tfmagic import tf"
SMALL = """%%graph
tf.reset_default_graph()
h = tf.placeholder(tf.float32, [None, 8], name="x")
for layer in range(3):
    with tf.name_scope("layer"):
        for _ in range(9):
            h = tf.tanh(h)
done = tf.identity(h, name="done_{number}")"""
TOWER = """
{name} = tf.Graph()
with {name}.as_default():
    h = tf.placeholder(tf.float32, [None, 6], name="x")
    for block in range({blocks}):
        with tf.name_scope(f"block_{{block}}"):
            start = h
            for unit in range({units}):
                with tf.name_scope(f"unit_{{unit}}"):
                    for _ in range(25):
                        h = tf.tanh(h, name="t")
            h = tf.add(h, start, name="out")
    tf.reduce_mean(h, name="loss")"""
LARGE = TOWER.format(name="large", blocks=20, units=10)  # 5,023 nodes
HUGE = TOWER.format(name="huge", blocks=70, units=20)  # 35,073 nodes
VALUES = """%%graph
tf.reset_default_graph()
x = tf.placeholder(tf.float32, [None, 6], name="x")
h = x
for step in range(12):
    h = tf.tanh(tf.matmul(h, tf.ones([6, 6])), name=f"h_{step}")"""
RUN = "sess = tf.Session()\nr = sess.run(h, {x: [[1.] * 6] * 128})"
CNN = """%%graph
x = tf.placeholder(tf.float32, [None, 28, 28, 1], name="x")
y = tf.placeholder(tf.int64, [None], name="y")
h = tf.layers.max_pooling2d(tf.layers.conv2d(x, 32, 5, activation=tf.nn.relu, name="conv1"), 2, 2)
h = tf.layers.max_pooling2d(tf.layers.conv2d(h, 64, 5, activation=tf.nn.relu, name="conv2"), 2, 2)
h = tf.layers.dense(tf.layers.flatten(h), 1024, tf.nn.relu, name="dense")
logits = tf.layers.dense(tf.layers.dropout(h), 10, name="logits")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss")
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), y), tf.float32), name="accuracy")
train = tf.train.AdamOptimizer().minimize(loss)"""

HELPERS = """window.bench = {
  // Asked in each frame: only where the drawing may be, for to look is work too.
  views: (around = document) => [...around.querySelectorAll(".jp-OutputArea-output, .jp-OutputArea-output *, #drawing")]
    .map((element) => element.shadowRoot).filter((root) => root?.querySelector(".tfm .node")),
  cell: (i) => window.jupyterapp.shell.currentWidget.content.widgets[i],
  viewIn: (i) => window.bench.views(window.bench.cell(i).node)[0],
  named: (root, name) => [...root.querySelectorAll("[data-id]")].find((thing) =>
    (thing.getAttribute("aria-label") + ", ").startsWith(name + ", ")),
  // Brings a cell into sight: the notebook holds no elements of those far away.
  shown: async (i) => {
    const { content } = window.jupyterapp.shell.currentWidget;
    void content.scrollToItem(i, "start"); // its promise may stay open
    await window.bench.until(() => window.bench.cell(i).node.isConnected);
  },
  // Until something is so, and on the screen.
  until: async (is) => {
    const start = performance.now();
    while (!is()) {
      if (performance.now() - start > 60000) throw new Error(`not seen within a minute: ${is}`);
      await new Promise((found) => requestAnimationFrame(found));
    }
    await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
  },
  timed: async (act, is) => {
    const start = performance.now();
    act();
    await window.bench.until(is);
    return performance.now() - start;
  },
  press: (thing) => [PointerEvent, PointerEvent, MouseEvent].forEach((Kind, i) =>
    (thing.querySelector(".shape") ?? thing).dispatchEvent(new Kind(["pointerdown", "pointerup", "click"][i],
      { bubbles: true, composed: true, button: 0, clientX: 300, clientY: 200 }))),
  // Opens or folds a scope; the drawing has said so when another number of things is in sight.
  toggle: (root, name) => {
    const before = root.querySelectorAll("[data-id]").length;
    return window.bench.timed(() => window.bench.press(window.bench.named(root, name)),
      () => root.querySelectorAll("[data-id]").length !== before);
  },
  value: (root, name) => window.bench.timed(() => window.bench.press(window.bench.named(root, name)),
    () => root.querySelector(".panel .value .kind")?.textContent.startsWith(name + ":")),
  search: (root, text) => {
    const [field, said] = [root.querySelector("input[type=search]"), root.querySelector(".found")];
    said.textContent = "";
    return window.bench.timed(() => {
      field.value = text;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }, () => said.textContent !== "");
  },
  // Frames a second while a pointer drags the drawing, and the longest frame.
  pan: async (root, seconds) => {
    const canvas = root.querySelector("svg.graph");
    const { left, top } = canvas.getBoundingClientRect();
    const send = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
      bubbles: true, pointerId: 1, button: 0, buttons: 1, clientX: left + x, clientY: top + y }));
    canvas.setPointerCapture = () => {};
    send("pointerdown", 300, 200);
    const times = [];
    const start = performance.now();
    for (let now = start; now - start < seconds * 1000;) {
      const turn = (now - start) / 400;
      send("pointermove", 300 + 250 * Math.sin(turn), 200 + 180 * Math.cos(turn * 0.7));
      const next = await new Promise(requestAnimationFrame);
      times.push(next - now);
      now = next;
    }
    send("pointerup", 300, 200);
    return { frames: (times.length - 1) / (times.slice(1).reduce((sum, time) => sum + time, 0) / 1000),
             longest: Math.max(...times.slice(1)) };
  },
};"""

_DRAWN = """async (i) => {
  const { bench } = window;
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = i;
  content.mode = "command";
  await bench.shown(i);
  bench.cell(i).node.focus();
  const before = bench.viewIn(i);
  const pressed = new Promise((go) => document.addEventListener("keydown", (event) =>
    event.key === "Enter" && go(performance.now()), { capture: true }));
  window.drawn = pressed.then(async (start) => {
    await bench.until(() => bench.viewIn(i) && bench.viewIn(i) !== before);
    return performance.now() - start;
  });
}"""


class Meter:
    """The work that a page's main thread does, by Chromium's own count."""

    KINDS = ("TaskDuration", "ScriptDuration", "LayoutDuration")

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def __call__(self) -> list[float]:
        """Milliseconds of tasks, and of scripts and layout among them, since the page was opened."""
        found = {metric["name"]: metric["value"] for metric in self._session.send("Performance.getMetrics")["metrics"]}
        return [found[kind] * 1e3 for kind in self.KINDS]


def several(meter: Meter, what: str, times: int, measure: Callable[[int], float], limit: float) -> dict[str, Any]:
    """A row of the table: the median of several measures in milliseconds, and the page's work for one of them."""
    found, work = [], []
    for i in range(times):
        before = meter()
        found.append(measure(i))
        work.append([after - start for start, after in zip(before, meter())])
    task, script, layout = (statistics.median(kind) for kind in zip(*work))
    return {"what": what, "ms": statistics.median(found), "first": found[0], "worst": max(found), "task": task,
            "script": script, "layout": layout, "limit": limit, "met": statistics.median(found) < limit}


def measure(repeats: int = 5) -> Iterator[dict[str, Any]]:
    """The rows of the table, one after the other.

    Raises:
      ImportError: what the tests in a browser need is not installed.
      LookupError: there is no browser.
    """
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    from browser.chromium import ARGUMENTS, MISSING, executable
    from browser.jupyter import Jupyter, NotebookPage
    from playwright.sync_api import sync_playwright

    path = executable()
    if path is None:
        raise LookupError(MISSING)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        context = chromium.new_context(viewport={"width": 1300, "height": 1000})
        context.add_init_script(HELPERS)
        with _closing(Jupyter(Path(folder))) as server:
            yield from in_lab(server, lambda file: NotebookPage(context.new_page(), server, "lab").open(file), repeats)
        yield from unfolded(context, repeats)
        chromium.close()
    yield from sizes()
    watched = watching.measure()
    ratio = (watched["ratio"] - 1) * 100
    yield {"what": "%%session --watch on the MLP step", "figure": f"{ratio:+.1f} %", "limit": "2 %", "met": ratio < 2}


@contextmanager
def _closing(server: Any) -> Iterator[Any]:
    try:
        yield server
    finally:
        server.close()


def in_lab(server: Any, opened: Callable[[Path], Any], repeats: int) -> Iterator[dict[str, Any]]:
    """What is measured in JupyterLab with a kernel."""
    smalls = [SMALL.format(number=i) for i in range(repeats)]
    cells = [LOAD, *smalls, f"{LARGE}\n{HUGE}", *["%graph large"] * repeats, *["%graph huge"] * 3, VALUES, RUN]
    notebook = opened(server.write("speed.ipynb", cells))
    page, meter = notebook.page, Meter(notebook.page)

    def run(cell: int) -> None:
        """Run a cell and wait until the kernel is done with it."""
        page.evaluate("""async (i) => {
          const { content, sessionContext } = window.jupyterapp.shell.currentWidget;
          await sessionContext.ready;
          await sessionContext.session.kernel.info;
          content.activeCellIndex = i;
          await window.jupyterapp.commands.execute("notebook:run-cell");
        }""", cell)

    def drawn(cell: int) -> float:
        """Milliseconds from the key to the picture."""
        page.evaluate(_DRAWN, cell)
        page.keyboard.press("Control+Enter")
        return page.evaluate("window.drawn")

    def called(name: str, cell: int, thing: str) -> float:
        return page.evaluate("""async ([name, i, thing]) => {
          await bench.shown(i);
          await bench.until(() => bench.viewIn(i));
          return await bench[name](bench.viewIn(i), thing);
        }""", [name, cell, thing])

    run(0)
    yield several(meter, "drawing after Enter, 30 nodes", repeats, lambda i: drawn(1 + i), 150)
    at = 1 + repeats
    run(at)
    yield several(meter, "drawing after Enter, 5,000 nodes", repeats, lambda i: drawn(at + 1 + i), 1000)
    large = at + repeats
    blocks = [f"block_{i}" for i in range(repeats)]
    yield several(meter, "opening a scope of 5,000 nodes", repeats,
                  lambda i: called("toggle", large, blocks[i]), 100)
    units = [f"block_0/unit_{i}" for i in range(repeats)]
    yield several(meter, "the same, its inside asked for", repeats,
                  lambda i: called("toggle", large, units[i]), 100)
    yield several(meter, "folding it", repeats, lambda i: called("toggle", large, blocks[-1 - i]), 100)
    yield several(meter, "opening it again", repeats, lambda i: called("toggle", large, blocks[i]), 100)
    yield several(meter, "search in it", repeats, lambda i: called("search", large, f"unit_{i}"), 50)
    yield several(meter, "35,000 nodes, collapsed, after Enter", 3, lambda i: drawn(large + 1 + i), 3000)
    run(large + 4)
    run(large + 5)
    called("value", large + 4, "x")  # the first question opens the way to the kernel
    yield several(meter, "click to value", repeats, lambda i: called("value", large + 4, f"h_{i}"), 100)
    page.close()


def unfolded(context: Any, repeats: int) -> Iterator[dict[str, Any]]:
    """What is measured on a page that has nothing but a drawing of 1,000 boxes."""
    from browser.page import DrawingPage

    page = DrawingPage(context.new_page()).mount(boxes(1000), width=1300)
    meter = Meter(page.page)
    root = "bench.views()[0]"
    before = meter()
    seconds = 2
    panned = [page.page.evaluate(f"bench.pan({root}, {seconds})") for _ in range(3)]
    work = (meter()[0] - before[0]) / (3 * seconds) / 10
    frames = statistics.median(run["frames"] for run in panned)
    yield {"what": "panning 1,000 boxes", "figure": f"{frames:.0f} frames/s, longest "
           f"{max(run['longest'] for run in panned):.0f} ms, main thread {work:.0f} % busy", "limit": "30 frames/s",
           "met": frames >= 30}
    for what, call, limit in (("folding a scope among 1,000 boxes", "toggle({root}, 'block_1')", 100),
                              ("opening it again", "toggle({root}, 'block_1')", 100),
                              ("search among 1,000 boxes", "search({root}, 'unit_{i}')", 50)):
        # Each second toggle undoes the first and is not counted.
        def one(i: int, call: str = call, what: str = what) -> float:
            if i and "toggle" in call:
                page.page.evaluate("bench." + call.format(root=root, i=i))
            return page.page.evaluate("bench." + call.format(root=root, i=i))
        yield several(meter, what, repeats, one, limit)


def boxes(least: int) -> dict[str, Any]:
    """The document of the large graph with as many scopes open as bring so many things into sight, no layout in it."""
    from tfmagic import tf
    from tfmagic.view.paint.document import document
    from tfmagic.view.scene.build import build_scene

    names: dict[str, Any] = {"tf": tf}
    exec(LARGE, names)
    asked: list[str] = []
    while True:
        found = document(build_scene(names["large"], asked=frozenset(asked), depth=0), None)
        homes = {node.get("in") for node in found["nodes"]}
        known = [node["id"] for node in found["nodes"] if node["id"] in homes]
        if len(found["nodes"]) >= least:
            return found | {"open": [[scope, "scope", ""] for scope in known], "layout": None}
        asked += [node["id"] for node in found["nodes"] if node.get("holds") and node["id"] not in homes][:10]


def sizes() -> Iterator[dict[str, Any]]:
    """Bytes of one output."""
    for what, cell, limit in (("output of a 30-node cell", SMALL.format(number=0), 25),
                              ("output of a CNN with Adam", CNN, 50)):
        size = drawings.size(cell) / 1e3
        yield {"what": what, "figure": f"{size:.1f} KB", "limit": f"{limit} KB", "met": size <= limit}


def line(row: dict[str, Any]) -> str:
    if "figure" in row:
        return f"{row['what']:<38} {row['figure']}"
    return (f"{row['what']:<38} {row['ms']:>6.0f} ms  (first {row['first']:.0f}, worst {row['worst']:.0f}; page's work "
            f"{row['task']:.0f}, script {row['script']:.0f}, layout {row['layout']:.0f})")


def wanted(row: dict[str, Any]) -> str:
    return row["limit"] if "figure" in row else f"{row['limit']} ms"
