"""A quiz hides what is computed, in every form of the drawing, and keeps the answers apart."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tfmagic import tf
from tfmagic.view import build_scene, mime_bundle, phrases
from tfmagic.view.paint.bundle import picture_of
from tfmagic.view.paint.document import GRAPH_MIME
from tfmagic.view.paint.layout import lay_out


@pytest.fixture
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 61], name="x")
        w = tf.get_variable("w", [61, 43], use_resource=True)
        h = tf.nn.relu(tf.matmul(x, w, name="product"), name="h")
        first, second = tf.split(h, [40, 3], 1, name="parts")
        tf.argmax(first, 1, name="best")
        tf.cast(second, tf.float64, name="wide")
    return graph


def asked(scene: Any) -> dict[str, tuple[str, str]]:
    return {question.tensor: (question.shape, question.dtype) for question in scene.quiz}


ANSWERS = {"product:0": ("(?, 43)", "float32"), "h:0": ("(?, 43)", "float32"), "parts:0": ("(?, 40)", "float32"),
           "parts:1": ("(?, 3)", "float32"), "best:0": ("(?,)", "int64"), "wide:0": ("(?, 3)", "float64")}


def test_what_is_computed_is_asked_and_what_is_given_is_not(graph: Any) -> None:
    assert asked(build_scene(graph, as_quiz=True)) == ANSWERS
    assert build_scene(graph).quiz is None


@pytest.mark.parametrize("show_all", [False, True])
def test_no_form_of_the_drawing_tells_an_answer(graph: Any, show_all: bool) -> None:
    bundle = mime_bundle(build_scene(graph, as_quiz=True, show_all=show_all))
    document = copy.deepcopy(bundle[GRAPH_MIME])
    document.pop("quiz")
    forms = [json.dumps(document, ensure_ascii=False), bundle["text/plain"], bundle["text/html"], picture_of(bundle)]
    for form in forms:
        for hidden in ("(?, 43)", "(?, 40)", "(?, 3)", "int64", "float64"):
            assert hidden not in form
    assert "(?, 61) float32" in bundle["text/plain"]
    assert show_all or "(61, 43) float32" in bundle["text/plain"]  # else a handle flows from the variable
    assert "→ ?" in bundle["text/plain"] and "Quiz: shapes and dtypes" in bundle["text/plain"]


def test_what_an_earlier_cell_made_is_given(graph: Any) -> None:
    operations = [graph.get_operation_by_name(name) for name in ("parts", "best", "wide")]
    assert list(asked(build_scene(operations, as_quiz=True))) == ["parts:0", "parts:1", "best:0", "wide:0"]


def test_a_folded_scope_asks_for_what_leaves_it_and_for_what_is_inside() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [2, 3], name="x")
        with tf.name_scope("block"):
            y = tf.exp(tf.reduce_sum(x, 1, name="sum"), name="y")
        tf.negative(y, name="out")
    scene = build_scene(graph, depth=0, as_quiz=True)
    assert set(asked(scene)) == {"block/sum:0", "block/y:0", "out:0"}
    assert {edge.text for edge in (*scene.edges, *scene.flows)} == {"(2, 3) float32", "?"}
    assert "(2,)" not in json.dumps(mime_bundle(scene)[GRAPH_MIME]["edges"])


def test_loops_branches_and_training_are_drawn_as_a_quiz_too() -> None:
    with tf.Graph().as_default() as graph:
        n = tf.placeholder(tf.int32, [], name="n")
        w = tf.get_variable("w", [7, 1])
        total = tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s + tf.reduce_sum(w)), [0, 0.0])[1]
        loss = tf.cond(n > 0, lambda: total * total, lambda: total, name="choose")
        tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    scene = build_scene(graph, as_quiz=True)
    assert scene.quiz
    assert "(7, 1) float32" in mime_bundle(scene)["text/plain"]


def test_there_is_room_for_every_answer(graph: Any) -> None:
    """An answer takes the place of its "?" without moving anything."""
    plain, quiz = build_scene(graph), build_scene(graph, as_quiz=True)
    sizes = {node: place[2:] for node, place in lay_out(plain).nodes.items()}
    for node, place in lay_out(quiz).nodes.items():
        assert place[2] >= sizes[node][0] and place[3] == sizes[node][1]


def test_a_drawing_without_computations_asks_nothing() -> None:
    with tf.Graph().as_default() as graph:
        tf.placeholder(tf.float32, [2])
    scene = build_scene(graph, as_quiz=True)
    assert scene.quiz == [] and "(2,) float32" in mime_bundle(scene)["text/plain"]


def test_it_is_said_in_portuguese(graph: Any) -> None:
    with phrases.speaking("pt"):
        assert "Quiz: as formas e os tipos" in mime_bundle(build_scene(graph, as_quiz=True))["text/plain"]
