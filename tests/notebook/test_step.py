"""`%step`: a run node by node, drawn with its steps, that leaves the session as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from shells import Shell

from tfmagic import tf
from tfmagic.view import build_scene, theme
from tfmagic.view.paint.bundle import picture_of
from tfmagic.view.paint.document import GRAPH_MIME
from tfmagic.view.paint.save import written
from tfmagic.view.scene.annotations import Annotations, RunStep

MODEL = """
x = tf.placeholder(tf.float32, [None, 2], name="x")
w = tf.Variable([[1.0], [2.0]], name="w")
y = tf.nn.relu(tf.matmul(x, w) + 1.0, name="y")
loss = tf.reduce_sum(y, name="loss")
train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
i, total = tf.while_loop(lambda i, s: i < 3, lambda i, s: [i + 1, s * 2.0], [0, 1.0])
chosen = tf.cond(loss > 1.0, lambda: loss * 2.0, lambda: loss - 1.0)
"""


@pytest.fixture
def model(shell: Shell) -> Iterator[Shell]:
    shell.ok(MODEL)
    shell.ok("sess = tf.InteractiveSession(); sess.run(tf.global_variables_initializer())")
    yield shell
    shell.ok("sess.close()")


def steps(shell: Shell, line: str) -> list[list]:
    (bundle,) = shell.ok(line).bundles
    return bundle[GRAPH_MIME]["steps"]


def named(found: list[list]) -> dict[str, list]:
    return {step[1]: step for step in found}


def test_every_node_comes_after_its_inputs_with_value_and_shape(model: Shell) -> None:
    found = steps(model, "%step y --feed x=[[3., 4.]]")
    names = [step[1] for step in found]
    assert names.index("x") < names.index("MatMul") < names.index("add") < names.index("y")
    assert named(found)["MatMul"][2:4] == ["[[11.0]]", "(1, 1) float32"]
    assert named(found)["y"][2] == "[[12.0]]"


def test_a_product_and_its_bias_are_steps_of_their_own_though_the_plan_joins_them(model: Shell) -> None:
    model.ok("b = tf.Variable([1.0]); sess.run(b.initializer); z = tf.matmul(x, w, name='product') + b")
    found = named(steps(model, "%step z --feed x=[[1., 1.]]"))
    assert found["product"][2] == "[[3.0]]" and model.ok("z.op.name").result.result in found


def test_a_loop_counts_its_turns(model: Shell) -> None:
    found = steps(model, "%step total")
    products = [(step[2], step[5][0][1]) for step in found if step[1] == "while/mul"]
    assert products == [("2.0", 1), ("4.0", 2), ("8.0", 3)]
    assert [step[2] for step in found if step[1] == "while/Less"] == ["True", "True", "True", "False"]
    assert found[-1][1:3] == ["while/Exit_1", "8.0"]


def test_the_last_test_of_a_loop_is_no_turn(model: Shell) -> None:
    found = steps(model, "%step total")
    assert [step[5][0][1] for step in found if step[1] == "while/Less"] == [1, 2, 3, -3]
    model.ok("none = tf.while_loop(lambda i: i < 0, lambda i: i + 1, [0], name='none')")
    assert [step[5][0][1] for step in steps(model, "%step none") if step[1] == "none/Less"] == [0]
    model.ok("def outer(i, s):\n"
             "    inner = tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t + 1), [0, s], name='inner')\n"
             "    return i + 1, inner[1]\n"
             "_, nested = tf.while_loop(lambda i, s: i < 3, outer, [0, 0], name='outer')")
    found = steps(model, "%step nested")
    tests = [tuple(mark for _, mark in step[5]) for step in found if step[1] == "outer/inner/Less"]
    assert tests == [(1, 0), (2, 1), (2, -1), (3, 1), (3, 2), (3, -2)]


def test_a_step_uses_the_session_of_the_last_named_cell(model: Shell) -> None:
    model.ok("%%session other --init\n_ = tf.get_default_session().run(w.assign([[5.0], [7.0]]))")
    model.ok("sess.close()")
    assert steps(model, "%step w")[-1][2] == "[[5.0], [7.0]]"


def test_a_branch_shows_the_way_taken(model: Shell) -> None:
    high, low = (named(steps(model, f"%step chosen --feed x={x}")) for x in ("[[3.,4.]]", "[[-3.,-4.]]"))
    assert high["cond/mul"][5][-1][1] is True and "cond/sub" not in high
    assert low["cond/sub"][5][-1][1] is False and "cond/mul" not in low


def test_stepping_a_training_op_changes_nothing(model: Shell) -> None:
    found = named(steps(model, "%step train --feed x=[[1., 1.]] --time"))
    assert found["GradientDescent/update_w/ApplyGradientDescent"][2] == "[[0.5], [1.5]]"
    np.testing.assert_array_equal(model.ok("sess.run(w)").result.result, [[1.0], [2.0]])


def test_random_numbers_of_a_session_do_not_move_on(model: Shell) -> None:
    model.ok("r = tf.random_uniform([], seed=1)")
    shown = named(steps(model, "%step r"))["random_uniform"][2]
    assert float(shown) == pytest.approx(float(model.ok("sess.run(r)").result.result), rel=1e-3)


def test_without_a_feed_the_last_one_counts(model: Shell) -> None:
    model.ok("sess.run(y, {x: [[5., 5.]]})")
    assert named(steps(model, "%step y"))["y"][2] == "[[16.0]]"


def test_times_are_there_when_they_are_asked_for(model: Shell) -> None:
    assert not any(len(step) > 6 for step in steps(model, "%step y --feed x=[[1., 1.]]"))
    timed = named(steps(model, "%step y --feed x=[[1., 1.]] --time"))
    assert timed["MatMul"][6] > 0 and len(timed["w"]) < 7


def test_the_picture_has_the_colours_of_the_times_and_says_what_they_mean(model: Shell) -> None:
    (bundle,) = model.ok("%step y --feed x=[[1., 1.]] --time").bundles
    picture = picture_of(bundle)
    times = [(step[0], step[6]) for step in bundle[GRAPH_MIME]["steps"] if len(step) > 6]
    slowest = max(times, key=lambda item: item[1])
    title = next(node["lines"][0][1] for node in bundle[GRAPH_MIME]["nodes"] if node["id"] == slowest[0])
    assert title in {"MatMul", "add", "y"}
    for rule in (".heat0{fill:var(--heat0)}", ".heat4{fill:var(--heat4)}", "--heat4:#ff9a5c", "--heat4:#9a4a08"):
        assert rule in picture, rule
    hot = re.findall(r'class="n[^"]* heat(\d)"', picture)
    assert len(hot) == 5 + len(times) and hot.count("4") >= 2  # those of the legend, and the nodes
    assert "heat" not in picture_of(model.ok("%step y --feed x=[[1., 1.]]").bundles[0])


def test_a_folded_scope_has_the_colour_of_the_times_inside_it() -> None:
    with tf.Graph().as_default() as graph, tf.name_scope("inner"):
        tf.square(tf.square(tf.constant(1.0), name="a"), name="b")
    timed = [RunStep("inner/a", seconds=2e-3), RunStep("inner/b", seconds=1e-3)]
    folded, opened = (build_scene(graph, depth=depth, annotations=Annotations(steps=timed)) for depth in (0, 1))
    assert [(node.name, node.heat) for node in folded.nodes] == [("inner", 1.0)] and folded.slowest == 3e-3
    assert {node.name: node.heat for node in opened.nodes} == {"inner/Const": 0.0, "inner/a": 1.0, "inner/b": 0.5}
    assert {theme.heat(share) for share in (0.01, 0.3, 0.5, 0.7, 1.0)} == {f"heat{i}" for i in range(5)}
    for saved in (written(opened, "dot").decode(), written(opened, "svg").decode()):
        assert "heat" in saved or theme.HEAT[4][0] in saved


def test_of_a_long_run_the_beginning_and_the_end_are_kept(model: Shell) -> None:
    model.ok("_, long = tf.while_loop(lambda i, s: i < 500, lambda i, s: [i + 1, s + 1.0], [0, 0.0])")
    (bundle,) = model.ok("%step long").bundles
    document = bundle[GRAPH_MIME]
    after, left_out = document["leftOut"]
    assert len(document["steps"]) <= 280 and after < len(document["steps"]) and left_out > 1000
    assert document["steps"][-1][2] == "500.0"
    assert len(json.dumps(bundle)) < 50_000
    assert f"{left_out} steps left out" in bundle["text/plain"]


def test_the_text_lists_the_steps_and_the_picture_holds_the_end_state(model: Shell) -> None:
    (bundle,) = model.ok("%step y --feed x=[[3., 4.]]").bundles
    assert "= [[12.0]]  (1, 1) float32" in bundle["text/plain"].partition("Steps")[2]
    assert "[[12.0]]" in bundle["text/html"]


def test_a_folded_scope_stands_for_the_nodes_inside_it(model: Shell) -> None:
    model.ok("with tf.name_scope('inner'):\n    q = tf.square(y) + 1.0")
    (bundle,) = model.ok("%step q --feed x=[[1., 1.]] --depth 0").bundles
    scope = next(node["id"] for node in bundle[GRAPH_MIME]["nodes"] if node["name"] == "inner")
    inside = {node["id"] for node in bundle[GRAPH_MIME]["nodes"] if node.get("in") == scope} | {scope}
    assert [step[0] in inside for step in bundle[GRAPH_MIME]["steps"] if step[1] == "inner/Square"] == [True]


# --- runs that fail ---------------------------------------------------------------------------------------------------


def failed(shell: Shell, line: str) -> tuple[dict, dict, list[list]]:
    """The document drawn after the error, its failed node, and the steps."""
    done = shell.run(line)
    assert done.error is not None and len(done.bundles) == 1
    document = done.bundles[0][GRAPH_MIME]
    (node,) = [node for node in document["nodes"] if "failed" in node.get("classes", ()) and node["role"] != "scope"]
    return document, node, document.get("steps", [])


def test_a_step_that_fails_is_drawn_with_its_ports_and_the_steps_before_it(model: Shell) -> None:
    model.ok("at = tf.cast(tf.reduce_sum(x, name='sum'), tf.int32, name='at'); g = tf.gather([1, 2, 3], at, name='g')")
    document, node, found = failed(model, "%step g --feed x=[[1.,3.]]")
    assert node["name"] == "g" and "indices: () int32" in [line[1] for line in node["lines"]]
    assert any(style == "error" and "indices = 4 is not in [0, 3)" in text for style, text, *_ in node["lines"])
    told = named(found)
    assert told["sum"][2] == "4.0" and told["at"][2] == "4"
    assert [step[1] for step in found].count("g") == 1 and found[-1][1] == "g"
    assert found[-1][0] == node["id"] and "indices = 4" in found[-1][4]


@pytest.mark.parametrize("options", ["", " --time"])
def test_a_turn_of_a_loop_that_fails_is_told(model: Shell, options: str) -> None:
    model.ok("def turn(i, a):\n    return i + 1, a + tf.gather([5, 6], i, name='g')")
    model.ok("_, t = tf.while_loop(lambda i, a: i < 9, turn, [0, 0])")
    document, node, found = failed(model, "%step t" + options)
    name = node["name"]
    assert [(step[2], step[5][0][1]) for step in found if step[1] == name] == [("5", 1), ("6", 2), ("", 3)]
    assert not any(line[1].startswith("= ") for line in node["lines"])
    assert model.ok("sess.run(w)").result.result.tolist() == [[1.0], [2.0]]


def test_a_run_that_cannot_be_planned_is_drawn_without_steps(model: Shell) -> None:
    model.ok("free = tf.placeholder(tf.float32, None, name='free'); p = tf.matmul(free, w, name='p')")
    document, node, found = failed(model, "%step p --feed free=[[1.,2.,3.]]")
    assert node["name"] == "p" and "x: <unknown> ← (1, 3) float32" in [line[1] for line in node["lines"]] and not found


@pytest.mark.parametrize(("line", "message"), [
    ("%step", "needs an expression"),
    ("%step 'a' + 'b'", "no tensor"),
    ("%step y", "feed"),
    ("%step tf.py_func(lambda: 1.0, [], tf.float32)", "Python code"),
])
def test_what_cannot_be_stepped_is_said(model: Shell, line: str, message: str) -> None:
    done = model.run(line)
    assert done.error is not None and message in str(done.error)
