"""What some drawings have beside the graph: the steps of a run, the plan, the marks of a comparison."""

from __future__ import annotations

from typing import Any

import pytest

from tfmagic import tf
from tfmagic.view.scene.annotations import Annotations, RunStep

from .page import DrawingPage, document_of, violations


@pytest.fixture(scope="module")
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [2], name="x")
        with tf.name_scope("inner"):
            doubled = tf.multiply(x, 2.0, name="doubled")
            inside = tf.negative(doubled, name="minus")
        tf.exp(inside, name="out")
    return graph


@pytest.fixture
def stepped(drawing: DrawingPage, graph: Any) -> DrawingPage:
    steps = [RunStep("x", "[1.0, 2.0]", "(2,) float32"),
             RunStep("inner/doubled", "[2.0, 4.0]", "(2,) float32", seconds=1e-5),
             RunStep("out", "[7.389, 54.6]", "(2,) float32", seconds=4e-5)]
    texts = {f"{step.operation}:0": step.value for step in steps}
    drawing.mount(document_of(graph, annotations=Annotations(texts=texts, steps=steps)))
    return drawing


def classes(drawing: DrawingPage, name: str) -> set[str]:
    return set((drawing.thing(name).get_attribute("class") or "").split())


def text(drawing: DrawingPage, name: str) -> str:
    return drawing.thing(name).text_content() or ""


def at_step(drawing: DrawingPage, number: str) -> None:
    drawing.root.locator(".told b", has_text=number).wait_for()


def test_the_slider_shows_what_has_run_by_then(stepped: DrawingPage) -> None:
    slider = stepped.root.locator(".player input")
    assert "[7.389, 54.6]" in text(stepped, "out")
    slider.focus()
    stepped.page.keyboard.press("Home")
    assert "now" in classes(stepped, "x") and "pending" in classes(stepped, "out")
    assert "[7.389, 54.6]" not in text(stepped, "out")
    assert stepped.root.locator(".player .told").inner_text().startswith("1/3 x = [1.0, 2.0]")
    stepped.page.keyboard.press("ArrowRight")
    assert not {"pending"} & classes(stepped, "inner/doubled")


def test_play_goes_through_the_run_from_its_beginning(stepped: DrawingPage) -> None:
    play = stepped.root.locator(".player button").nth(1)
    play.click()
    at_step(stepped, "1/3")
    at_step(stepped, "3/3")
    assert "now" in classes(stepped, "out")


def test_times_are_colours_and_figures(stepped: DrawingPage) -> None:
    assert "heat4" in classes(stepped, "out") and "heat1" in classes(stepped, "inner/doubled")
    assert "40 µs" in stepped.root.locator(".player .heat").inner_text()


def test_a_folded_scope_lights_for_what_is_inside(stepped: DrawingPage) -> None:
    stepped.click("inner")
    stepped.page.keyboard.press(",")
    assert "now" in classes(stepped, "inner")
    assert "doubled = [2.0, 4" in text(stepped, "inner")


def test_a_line_of_the_plan_and_its_node_light_together(drawing: DrawingPage, graph: Any) -> None:
    notes = Annotations(plan=[("def forward(x):", ""), ("    mul = x * 2.0", "inner/doubled"),
                              ("    return exp", "")], not_in_plan={"out"})
    drawing.mount(document_of(graph, annotations=notes))
    line = drawing.root.locator(".plan .line[role]")
    line.hover()
    assert "lit" in classes(drawing, "inner/doubled")
    assert "lit" in (line.get_attribute("class") or "")
    assert "fused" in classes(drawing, "out") and "fused" not in classes(drawing, "inner/doubled")


def test_a_comparison_marks_by_sign(drawing: DrawingPage, graph: Any) -> None:
    drawing.mount(document_of(graph, annotations=Annotations(changes={"out": ("new", ""), "x": ("gone", "")})))
    assert text(drawing, "out").startswith("+ out") and "new" in classes(drawing, "out")
    assert text(drawing, "x").startswith("− x") and "gone" in classes(drawing, "x")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(drawing: DrawingPage, graph: Any, theme: str) -> None:
    notes = Annotations(steps=[RunStep("x", "1"), RunStep("out", "2", seconds=1e-5)], plan=[("y = exp(x)", "out")])
    drawing.mount(document_of(graph, annotations=notes), theme=theme)
    assert violations(drawing.page) == []
