"""`%%session --watch`: curves of what the cell's runs give, and how far its loop is."""

from __future__ import annotations

import math

import pytest
from shells import Shell

from tfmagic.notebook.live import watching
from tfmagic.notebook.shell import loops
from tfmagic.view.paint.bundle import picture_of
from tfmagic.view.paint.curves import Curve, Progress, curves_bundle, curves_text, draw_curves

TRAINING = """
from tfmagic import tf
x = tf.placeholder(tf.float32, [None, 1], name="x")
w = tf.get_variable("w", [1, 1], initializer=tf.ones_initializer())
loss = tf.reduce_mean(tf.square(tf.matmul(x, w)), name="loss")
norm = tf.reduce_sum(w * w, name="norm")
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
"""


def test_fetched_and_other_tensors_are_watched_and_the_last_state_stays(shell: Shell) -> None:
    shell.ok(TRAINING)
    cell = shell.ok("%%session sess --init --watch loss,norm\n"
                    "for i in range(40):\n    _, value = sess.run([train, loss], {x: [[1.0]]})")
    (bundle,) = cell.bundles
    text = bundle["text/plain"]
    assert text.startswith("40 steps · ") and "100 %" in text
    assert f"loss = {float(shell.ip.user_ns['value']):.4g}" in text
    assert "norm = " in text and "(first" in text
    assert picture_of(bundle).startswith("<svg")
    assert "run" not in vars(shell.ip.user_ns["sess"]), "nothing watches after the cell"


def test_a_loop_that_fails_keeps_its_curve(shell: Shell) -> None:
    shell.ok(TRAINING)
    cell = shell.run("%%session sess --init --watch loss\nfor i in range(40):\n"
                     "    sess.run([train, loss], {x: [[1.]]})\n    1 / (i - 9)")
    assert isinstance(cell.error, ZeroDivisionError)
    assert cell.bundles[-1]["text/plain"].startswith("10 steps") and "100 %" not in cell.bundles[-1]["text/plain"]


def test_what_has_no_value_is_refused(shell: Shell) -> None:
    shell.ok(TRAINING)
    cell = shell.run("%%session sess --init --watch train\nsess.run(train, {x: [[1.]]})")
    assert "--watch train" in str(cell.error)


def test_a_look_changes_nothing(shell: Shell) -> None:
    shell.ok(TRAINING)
    loop = "for i in range(30):\n    sess.run(train, {x: [[1.]]})\nresult = sess.run(w)"
    shell.ok("%%session sess --init\n" + loop)
    alone = shell.ip.user_ns["result"]
    shell.ok("%%session sess --init --watch loss,norm\n" + loop)
    assert shell.ip.user_ns["result"] == pytest.approx(alone)


@pytest.mark.parametrize("code, names, share", [
    ("for i in range(10):\n    sess.run(t)", {"i": 4}, 0.5),
    ("for i in range(n):\n    sess.run(t)", {"i": 4, "n": 5}, 1.0),
    ("for e in range(2):\n  for b in range(4):\n    sess.run(t)", {"e": 1, "b": 1}, 0.75),
    ("with tf.name_scope('a'):\n  for i in range(2, 12, 5):\n    sess.run(t)", {"i": 2}, 0.5),
    ("for i, item in enumerate(items):\n    sess.run(t)", {"i": 0, "items": [1, 2]}, 0.5),
    ("while True:\n    sess.run(t)", {}, None),
    ("for item in stream():\n    sess.run(t)", {}, None),
])
def test_how_far_a_loop_is_is_read_from_its_variable(code, names, share) -> None:
    assert loops.share_of(code, names)() == pytest.approx(share) if share is not None else (
        loops.share_of(code, names)() is None)


def test_wide_ranges_take_a_scale_of_powers_and_gaps_stay_gaps() -> None:
    curve = Curve("loss", [1, 2, 3, 4], [100.0, 1.0, math.nan, 0.01])
    svg = draw_curves([curve], Progress(4, 10.0))
    assert "scale of powers of ten" in svg and svg.count("M") >= 2
    assert "not finite" in curves_text([curve], Progress(4, 10.0))
    assert "scale of powers" not in draw_curves([Curve("a", [1, 2], [0.0, 100.0])], Progress(2, 1.0))


def test_names_are_text_and_never_markup() -> None:
    bundle = curves_bundle([Curve("<script>", [1], [1.0])], Progress(1, 1.0))
    assert "<script" not in bundle["text/html"] and "<script" not in picture_of(bundle)


def test_many_points_are_thinned_and_keep_their_ends() -> None:
    watch = watching.Watch(None, list, lambda: None, lambda *_: None)
    watch.curves = [Curve("a")]
    for step in range(5000):
        watch.progress.step = step
        watch._add(0, float(step))
    (curve,) = watch.curves
    assert len(curve.steps) < 600 and (curve.steps[0], curve.steps[-1]) == (0, 4999)
