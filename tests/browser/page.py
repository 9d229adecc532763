"""A drawing on a page of its own, and what a test asks of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route

import tfmagic
from tfmagic import view

GRAPH_MIME = "application/vnd.tfmagic.graph+json"
RENDERER = Path(tfmagic.__file__).parent / "view/static/graph.js"
_SITE = "http://drawing.test/"
_PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>A drawing</title>
<body style="margin:8px;background:canvas;color:canvastext"><main><h1>A drawing</h1><div id="drawing"></div></main>
<div style="height:1500px"></div></body></html>"""


def document_of(graph: Any, **options: Any) -> dict[str, Any]:
    """The document of a graph's drawing, as a notebook's output holds it; the options are `build_scene`'s."""
    return json.loads(json.dumps(view.mime_bundle(view.build_scene(graph, **options))[GRAPH_MIME]))


def renderer() -> str:
    """The built module's text."""
    if not RENDERER.exists():
        pytest.fail("the renderer is not built: run `jlpm install && jlpm build` in labextension/")
    return RENDERER.read_text("utf-8")


def violations(page: Page, context: str | None = None) -> list[str]:
    """What axe-core finds wrong, one line for each element."""
    found = Axe().run(page, context=context).response["violations"]
    return [f"{rule['id']}: {rule['help']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
            for rule in found for node in rule["nodes"]]


class DrawingPage:
    """One page with one drawing. What goes wrong in it, or asks another address, is in `faults`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self._answer: Callable[[dict[str, Any]], Any] = dict
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", lambda message: message.type == "error" and self.faults.append(f"console: {message.text}"))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.route("**/*", self._serve)
        page.expose_function("answerOf", self._ask)

    def _serve(self, route: Route) -> None:
        address = route.request.url
        if address == _SITE:
            route.fulfill(content_type="text/html", body=_PAGE)
        elif address == f"{_SITE}graph.js":
            route.fulfill(content_type="text/javascript", body=renderer())
        elif address == f"{_SITE}favicon.ico":
            route.fulfill(status=204)
        else:
            self.faults.append(f"asked {address}")
            route.abort()

    def _ask(self, question: dict[str, Any]) -> Any:
        self.asked.append(question)
        try:
            return {"answer": self._answer(question)}
        except LookupError as error:
            return {"error": str(error)}

    def mount(self, document: Any, *, theme: str = "light", language: str = "en", width: int = 1100,
              answer: Callable[[dict[str, Any]], Any] | None = None) -> DrawingPage:
        """Draw a document.

        Args:
          theme: light or dark.
          width: of the window.
          answer: what the kernel says to a question, a `LookupError` when it cannot; None: no kernel is connected.
        """
        self._answer = answer or dict
        self.page.set_viewport_size({"width": width, "height": 760})
        self.page.goto(_SITE)
        self.page.evaluate(
            """async ([data, theme, language, connected]) => {
              document.documentElement.dataset.theme = theme;
              document.documentElement.style.colorScheme = theme;
              const { mount } = await import("./graph.js");
              const ask = async (question) => {
                const { answer, error } = await window.answerOf(question);
                if (error !== undefined) throw new Error(error);
                return answer;
              };
              const link = connected ? { ask } : undefined;
              window.view = mount(document.getElementById("drawing"), data, { language, link });
            }""", [document, theme, language, answer is not None])
        return self

    # --- what is there ------------------------------------------------------------------------------------------------

    @property
    def root(self) -> Locator:
        return self.page.locator("#drawing .tfm")

    @property
    def panel(self) -> Locator:
        return self.page.locator("#drawing .panel")

    @property
    def status(self) -> Locator:
        return self.page.locator("#drawing .status")

    def thing(self, name: str) -> Locator:
        """A node, a folded scope or an open one, by the graph's name of it."""
        return self.page.locator("#drawing [data-id]").and_(
            self.page.locator(f"[aria-label={json.dumps(name)}], [aria-label^={json.dumps(name + ', ')}]"))

    def names(self) -> list[str]:
        """The names of all things in sight."""
        return list(self.places())

    def places(self) -> dict[str, dict[str, Any]]:
        """By name, where things in sight stand in the drawing, and whether they are open boxes."""
        return self.page.evaluate("""() => Object.fromEntries(
          [...document.getElementById("drawing").shadowRoot.querySelectorAll("svg.graph [data-id]")].map((thing) => {
            const { x, y, width, height } = thing.querySelector(".shape:not(.lid)").getBBox();
            const all = thing.getBBox();
            const box = thing.classList.contains("box");
            return [thing.getAttribute("aria-label").split(", ")[0],
              box ? { x, y, width, height, box } : { x: all.x, y: all.y, width: all.width, height: all.height, box }];
          }))""")

    def edges(self) -> list[dict[str, Any]]:
        """Of each edge in sight the names of its ends (`source`, `target`), and where it leaves and arrives."""
        return self.page.evaluate("""() => {
          const root = document.getElementById("drawing").shadowRoot;
          const name = (id) => root.querySelector(`[data-id="${id}"]`)?.getAttribute("aria-label").split(", ")[0];
          return [...root.querySelectorAll("svg.graph .edge")].map((edge) => {
            const line = edge.querySelector(".line");
            const at = (length) => { const { x, y } = line.getPointAtLength(length); return [x, y]; };
            const [source, target] = [name(edge.dataset.from), name(edge.dataset.to)];
            return { source, target, start: at(0), end: at(line.getTotalLength()) };
          });
        }""")

    def on_screen(self, name: str) -> dict[str, float]:
        box = self.thing(name).locator("> .shape").first.bounding_box()
        assert box is not None, f"{name} is not in sight"
        return dict(box)

    def focused(self) -> str:
        """The name of the thing that has the focus, "" when none has."""
        return self.page.evaluate("""() => (document.getElementById("drawing").shadowRoot.activeElement
          ?.closest("[data-id]")?.getAttribute("aria-label") ?? "").split(", ")[0]""")

    def scale(self) -> float:
        return self.page.evaluate("""() => document.getElementById("drawing").shadowRoot
          .querySelector("svg.graph .view").getScreenCTM().a""")

    # --- what a person does -------------------------------------------------------------------------------------------

    def click(self, name: str) -> None:
        """Click the face of a node, or the heading of an open box; what is out of sight is brought there before."""
        self.thing(name).evaluate("""(thing) => {
          const [place, stage] = [thing.getBoundingClientRect(), thing.closest(".stage").getBoundingClientRect()];
          if (place.top < stage.top || place.top + 20 > stage.bottom) window.view.goTo(thing.dataset.id, false);
        }""")
        is_open = self.thing(name).get_attribute("aria-expanded") == "true"  # its heading lies above it
        self.thing(name).locator("> .shape").first.click(position={"x": 8, "y": 9}, force=is_open)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def tab_to_graph(self) -> None:
        """Put the focus on the thing that Tab leads to."""
        self.page.locator("#drawing [data-id][tabindex='0']").focus()
