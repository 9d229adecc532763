"""The quiz in a browser: asked and answered by keyboard and pointer, and telling nothing before."""

from __future__ import annotations

from typing import Any

import pytest

from tfmagic import tf

from .page import DrawingPage, document_of, violations


@pytest.fixture(scope="module")
def document() -> Any:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 61], name="x")
        w = tf.Variable(tf.ones([61, 43]), name="w")
        h = tf.matmul(x, w, name="product")
        tf.argmax(h, 1, name="best")
    return document_of(graph, as_quiz=True)


def score(drawing: DrawingPage) -> list[int]:
    """How many are right, wrong, shown and still hidden."""
    words = drawing.root.locator(".quiz .score").inner_text().split()
    return [int(word) for word in words if word.isdigit()]


def said(drawing: DrawingPage) -> str:
    return drawing.root.locator(".quiz .said").inner_text()


def in_focus(drawing: DrawingPage) -> str:
    return drawing.page.evaluate("""() => { const active = document.getElementById("drawing").shadowRoot.activeElement;
      return active?.getAttribute("aria-label") ?? active?.textContent ?? ""; }""")


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("pt", "dark")])
def test_by_keyboard_alone(drawing: DrawingPage, document: Any, language: str, theme: str) -> None:
    drawing.mount(document, language=language, theme=theme)
    assert violations(drawing.page) == []
    assert score(drawing) == [0, 0, 0, 2]
    drawing.thing("product").focus()
    drawing.press("Enter")
    assert "product:0" in in_focus(drawing)
    drawing.page.keyboard.type("None x 43")
    drawing.press("Enter")
    drawing.page.keyboard.type("int")  # a t in it is no command
    drawing.press("Enter")
    assert score(drawing) == [0, 1, 0, 2] and said(drawing).startswith("✗")
    assert violations(drawing.page) == []
    drawing.press("Control+a")
    drawing.page.keyboard.type("tf.float32")
    drawing.press("Enter")
    assert score(drawing) == [1, 1, 0, 1] and "(?, 43) float32" in said(drawing)
    drawing.press("Enter")  # the focus is on the button for the next question
    assert "best:0" in in_focus(drawing)
    drawing.press("Escape")
    assert drawing.focused() == "best"
    assert violations(drawing.page) == [] and drawing.faults == []


def test_a_click_on_an_edge_or_on_its_question_mark_asks(drawing: DrawingPage, document: Any) -> None:
    drawing.mount(document)
    drawing.root.locator(".label.asked").click()
    assert "product:0" in in_focus(drawing)
    drawing.press("Escape")
    drawing.root.locator(".edge.asked .touch").dispatch_event("click")
    assert "product:0" in in_focus(drawing)


def test_nothing_tells_an_answer_before(drawing: DrawingPage, document: Any) -> None:
    report = {"attributes": [], "inputs": [], "controls": [], "device": "", "collections": [], "source": "", "plan": []}
    facts = {"w": {**report, "op": "VariableV2", "outputs": [["w:0", "(61, 43) float32"]]},
             "product": {**report, "op": "MatMul", "outputs": [["product:0", "(?, 43) float32"]]}}

    def kernel(question: dict[str, Any]) -> Any:
        if question["kind"] == "node":
            return facts[question["name"]]
        raise LookupError("no session")

    drawing.mount(document, answer=kernel)

    def text() -> str:
        return drawing.page.evaluate("""() => { const root = document.getElementById("drawing").shadowRoot;
          const labels = [...root.querySelectorAll("[aria-label],[title]")]
            .map((one) => `${one.ariaLabel} ${one.title}`);
          return [...root.querySelectorAll(":not(style)")].filter((one) => !one.children.length)
            .map((one) => one.textContent).concat(labels).join("\\n"); }""")

    drawing.root.locator("input[type=search]").fill("int64")
    assert drawing.root.locator(".found").inner_text() == "nothing found"
    drawing.root.locator("input[type=search]").fill("")
    drawing.root.locator(".edge.asked").dispatch_event("pointerenter")
    drawing.root.locator(".tip").wait_for()
    assert "43)" not in drawing.root.locator(".tip").inner_text()
    drawing.thing("w").focus()
    drawing.press("Enter")
    drawing.panel.get_by_text("(61, 43) float32").last.wait_for()
    drawing.thing("product").focus()
    drawing.press("t")
    drawing.root.locator(".twin").wait_for()
    assert "int64" not in text() and "(?, 43)" not in text()
    assert [question["name"] for question in drawing.asked if question["kind"] == "value"] == ["w"]
    drawing.root.get_by_role("button", name="Show all answers").click()
    assert "(?, 43) float32" in drawing.root.locator(".twin").inner_text()


def test_shown_answers_and_a_new_start(drawing: DrawingPage, document: Any) -> None:
    drawing.mount(document)
    drawing.click("best")
    drawing.root.get_by_role("button", name="Show the answer").click()
    assert score(drawing) == [0, 0, 1, 1] and "→ (?,) int64" in (drawing.thing("best").text_content() or "")
    drawing.click("best")
    drawing.panel.wait_for()  # what is known is a node as any other
    drawing.root.get_by_role("button", name="Show all answers").click()
    assert score(drawing) == [0, 0, 2, 0]
    drawing.root.get_by_role("button", name="Start again").click()
    assert score(drawing) == [0, 0, 0, 2] and "→ ?" in (drawing.thing("best").text_content() or "")
