"""Documents that mean harm, and documents that are wrong: nothing is executed, and the page stays alive."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from playwright.sync_api import expect

from . import graphs
from .page import DrawingPage

HOSTILE = {
    "handler": "<img src=x onerror=\"alert(1)\">",
    "address": "javascript:alert(1)",
    "script": "</script><script>alert(1)</script>",
    "style": "</style><style>*{display:none}</style>",
    "foreign": "<image href='http://evil.test/x.png'/>",
    "svg": "</text></svg><svg onload=alert(1)>",
    "right to left": "a\u202egnp.exe\u202c",
    "control": "a\u0000b\u001bc\u0085",
    "long": "very/" * 2000,
    "quotes": "\"'`${alert(1)}\\",
    "selector": "\"],*[x=\"",
}


def poisoned(text: str) -> dict[str, Any]:
    """A network in which all that a user can name says `text`."""
    document = copy.deepcopy(graphs.network())
    document["title"] = document["description"] = text
    document["devices"] = [text]
    document["folded"] = [[text, 1]]
    for node in document["nodes"]:
        node["name"] = f"{node['name']}/{text}"
        node["lines"] = [[style, text] for style, _ in node["lines"]]
        node["details"] = [[text, text]]
        node["cell"] = node["message"] = text
        node["device"] = 0
        node["classes"] = [text]
    document["edges"] = [[source, target, None if words is None else text, text]
                         for source, target, words, *_ in document["edges"]]
    document["open"] = [[ident, kind, text] for ident, kind, _ in document["open"]]
    return document


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_in_a_name_is_executed_and_the_drawing_lives(drawing: DrawingPage, text: str) -> None:
    report = {"op": text, "attributes": [[text, text]], "inputs": [[text, text]], "outputs": [[text, text]],
              "controls": [text], "device": text, "collections": [text], "source": text, "plan": [text]}
    value = {"tensor": text, "dtype": text, "shape": [2], "text": text}
    drawing.mount(poisoned(text), answer=lambda question: report if question["kind"] == "node" else value)
    things = drawing.root.locator("[data-id]")
    assert things.count() > 8
    things.last.dispatch_event("click")
    expect(drawing.panel.locator(".value")).to_be_attached()
    drawing.page.keyboard.press("Escape")
    things.first.dispatch_event("click")
    drawing.root.get_by_role("button", name="As text").click()
    drawing.root.get_by_role("button", name="As text").click()
    drawing.root.get_by_role("searchbox").fill(text[:40])
    with drawing.page.expect_download():
        drawing.root.get_by_role("combobox").select_option("svg")
    made = drawing.page.evaluate("""() => [...document.getElementById("drawing").shadowRoot.querySelectorAll("*")]
      .flatMap((e) => [...e.attributes].filter((a) => /^on/i.test(a.name) || /href|src/.test(a.name)).map((a) => a.name)
        .concat(/^(script|img|image|iframe|object|foreignObject)$/i.test(e.tagName) ? [e.tagName] : []))""")
    assert made == []


@pytest.mark.parametrize("text", [HOSTILE["script"], HOSTILE["control"], HOSTILE["foreign"]])
def test_what_the_kernel_says_is_text_too(drawing: DrawingPage, text: str) -> None:
    def answer(question: dict[str, Any]) -> Any:
        raise LookupError(text)
    drawing.mount(graphs.network(), answer=answer)
    drawing.click("loss")
    expect(drawing.panel.locator("pre").first).to_be_visible()


@pytest.mark.parametrize("answer", [
    None, 7, "x", [], {}, {"shape": 3}, {"op": None, "attributes": "no"}, {"base64": 5}], ids=repr)
def test_an_answer_of_another_form_leaves_the_drawing_alive(drawing: DrawingPage, answer: Any) -> None:
    drawing.mount(graphs.network(), answer=lambda question: answer)
    drawing.click("loss")
    expect(drawing.panel).to_be_visible()
    drawing.click("square")
    expect(drawing.panel.locator("h2").first).to_have_text("square")


WRONG = {
    "another version": {"version": 99, "nodes": []},
    "nothing": None,
    "a text": "graph",
    "a list": [],
    "an empty object": {},
}


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG)
def test_a_document_that_cannot_be_read_is_refused_in_words(drawing: DrawingPage, document: Any) -> None:
    with pytest.raises(Exception, match=r"version 99, and version \d can be read|no drawing of a graph"):
        drawing.mount(document)


def test_an_empty_graph_is_drawn(drawing: DrawingPage) -> None:
    drawing.mount({**graphs.network(), "nodes": [], "edges": [], "open": [],
                   "layout": {"size": [0, 0], "nodes": {}, "boxes": {}, "edges": []}})
    expect(drawing.root).to_be_visible()
    assert drawing.names() == []
