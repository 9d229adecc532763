"""Makes the README's moving picture: the real renderer in a real browser, on drawings of cells that really run.

    python docs/make_moving_picture.py [FILE]

It needs the extra [test] and a Chromium, which TFMAGIC_CHROMIUM can name.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from IPython.utils.capture import capture_output
from make_pictures import Notebook
from PIL import Image
from playwright.sync_api import Page, sync_playwright

import tfmagic
from tfmagic.notebook.shell.extension import questions_of
from tfmagic.view.paint.document import GRAPH_MIME

SIZE = {"width": 840, "height": 664}
COLOURS = 96
_SITE = "http://picture.localhost/"
_MODULE = Path(tfmagic.__file__).parent / "view/static/graph.js"
_PAGE = """<!DOCTYPE html><html data-theme="light"><meta charset="utf-8"><style>
body{margin:0;padding:14px 16px;background:#fff;font-family:Helvetica,Arial,sans-serif;color:#1f2933}
h1{font-size:17px;margin:0 0 8px}
pre{margin:0 0 10px;padding:8px 12px;border-radius:6px;background:#f3f4f6;font:12.5px/1.5 Menlo,Consolas,monospace}
#hand{position:fixed;z-index:9;width:20px;height:20px;left:700px;top:60px}
</style><h1></h1><pre></pre><div id="drawing"></div>
<svg id="hand" viewBox="0 0 20 20"><path d="M3 2V16L7 12.5L9.5 18L12 17L9.5 11.5H15Z" fill="#111" stroke="#fff"
stroke-width="1.4"/></svg></html>"""
_CELL = """\
%%graph
x = tf.placeholder(tf.float32, [None, 2], name='x')
with tf.name_scope('layer'):
    W = tf.Variable([[1., -1.], [0., 2.]], name='W')
    h = tf.nn.relu(tf.matmul(x, W), name='h')"""
_STEPS = "%step h --feed x=[[1.,2.],[3.,-1.]] --init"
_WRONG = "%%graph\nV = tf.Variable(tf.zeros([3, 4]), name='V')\ny = tf.matmul(h, V, name='y')"


class Film:
    """Frames, each with how long it stands."""

    def __init__(self, page: Page, notebook: Notebook) -> None:
        self.page, self.notebook = page, notebook
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def shoot(self, milliseconds: int) -> None:
        """Keep what the page shows."""
        picture = Image.open(io.BytesIO(self.page.screenshot()))
        self.frames.append(picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE))
        self.times.append(milliseconds)

    def scene(self, title: str, code: str) -> None:
        """Run a cell and show its drawing below it."""
        with capture_output() as captured:
            self.notebook.shell.run_cell(code, store_history=False)
        drawn = [output.data[GRAPH_MIME] for output in captured.outputs if GRAPH_MIME in output.data]
        self.page.evaluate(
            """async ([title, code, data]) => {
              document.querySelector("h1").textContent = title;
              document.querySelector("pre").textContent = code;
              const { mount } = await import("./graph.js");
              const place = document.createElement("div");
              document.getElementById("drawing").replaceChildren(place);
              const ask = async (question) => {
                const { answer, error } = await window.answerOf({ ...question, key: data.key });
                if (error !== undefined) throw new Error(error);
                return answer;
              };
              mount(place, data, { link: { ask } });
            }""", [title, code, drawn[-1]])
        self.page.wait_for_selector(".node")

    def point(self, selector: str, milliseconds: int = 500) -> None:
        """Move the hand to a thing and click it."""
        box = self.page.locator(selector).first.bounding_box()
        assert box is not None, selector
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.evaluate("([x, y]) => {const s = document.getElementById('hand').style; s.left = x - 3 + 'px'; "
                           "s.top = y - 2 + 'px'; s.pointerEvents = 'none'}", [x, y])
        self.shoot(milliseconds)
        self.page.mouse.click(x, y)

    def save(self, path: Path) -> None:
        """Write the film as a GIF that runs again and again."""
        first, *others = self.frames
        first.save(path, save_all=True, append_images=others, duration=self.times, loop=0, optimize=True)


@contextmanager
def opened(notebook: Notebook) -> Iterator[Page]:
    """A page with the renderer, whose questions the notebook answers."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("TFMAGIC_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    answers = questions_of(notebook.shell)

    def serve(route: Any) -> None:
        if route.request.url.endswith("graph.js"):
            route.fulfill(content_type="text/javascript", body=_MODULE.read_text("utf-8"))
        else:
            route.fulfill(content_type="text/html", body=_PAGE)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        page.route("**/*", serve)
        page.expose_function("answerOf", answers.answer)
        page.goto(_SITE)
        yield page
        browser.close()


def main() -> None:
    """Point, value, step, failure."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("moving.gif")
    notebook = Notebook()
    with opened(notebook) as page:
        film = Film(page, notebook)
        film.scene("A cell draws what it builds", _CELL)
        film.shoot(1800)
        notebook.run("%%session --init --feed x=[[1.,2.],[3.,-1.]]\nh", counted=False)
        film.page.evaluate("document.querySelector('h1').textContent = 'Point at a node: what it is, and its value'")
        film.point("g.node[data-id]:has-text('Relu')", 700)
        page.wait_for_selector(".panel canvas, .panel .value, .panel pre")
        page.wait_for_timeout(500)
        page.locator(".panel").evaluate("(panel) => panel.scrollTo(0, panel.scrollHeight)")
        film.shoot(2600)
        film.scene("Step through a run", _STEPS)
        page.wait_for_selector(".player")
        page.locator(".player input").press("Home")
        film.shoot(900)
        for _ in range(3):
            page.locator(".player input").press("ArrowRight")
            page.wait_for_timeout(150)
            film.shoot(900)
        film.scene("An error is drawn: which node, and which dimensions do not fit", _WRONG)
        film.shoot(3200)
        film.save(path)
    print(f"{path}: {path.stat().st_size / 1024:.0f} KB, {len(film.frames)} frames")


if __name__ == "__main__":
    main()
