"""The quiet line under values that are not finite."""

from __future__ import annotations

import pytest
from shells import Shell

HINT = "⚠ Not every value is finite: {} shows where the first NaN or infinity comes from."


@pytest.fixture
def logs(shell: Shell) -> Shell:
    shell.ok("x = tf.placeholder(tf.float32, [None], name='x'); y = tf.log(x, name='y'); n = tf.size(x)")
    return shell


@pytest.mark.parametrize("line", [
    "y", "sess.run(y, {x: [0.]})", "sess.run({'a': [y, n]}, {x: [1., -1.]})", "[sess.run(y, {x: [v]}) for v in (1, 0)]",
    "sess.run(y, {x: [0.]})[0]", "tf.cast(y, tf.bfloat16)"])
def test_a_session_cell_names_its_option_once(logs: Shell, line: str) -> None:
    done = logs.ok(f"%%session sess --feed x=[-1.,0.]\n{line}")
    assert done.stdout.count(HINT.format("%%session --check")) == 1
    assert done.stdout.rstrip().endswith("comes from.")  # under the result


@pytest.mark.parametrize("cell", [
    "%%session sess --feed x=[1.,2.]\ny", "%%session sess --feed x=[0.]\ny;", "%%session sess --feed x=[0.]\nn",
    "%%session sess\nr = sess.run(y, {x: [0.]})", "%%session sess\n'text', None, float('nan')", "%%session sess\n",
    "%%session sess\nsess.run(tf.constant(['nan']))", "import numpy as np\nnp.array([np.nan])",
    "%fetch y --feed x=[1.]"])
def test_where_all_is_finite_or_nothing_is_shown_nothing_is_said(logs: Shell, cell: str) -> None:
    assert "⚠" not in logs.ok(cell).stdout


def test_fetch_names_its_own_option(logs: Shell) -> None:
    done = logs.ok("%fetch y n --feed x=[0.]")
    assert HINT.format("%fetch … --check") in done.stdout


@pytest.mark.parametrize("cell", ["%%session sess --check --feed x=[0.]\ny", "%fetch y --check --feed x=[0.]"])
def test_with_the_option_the_origin_is_told_and_no_hint_given(logs: Shell, cell: str) -> None:
    done = logs.ok(cell)
    assert "⚠ Not every" not in done.stdout and "y (Log) made 1 Inf" in done.stdout


def test_a_cell_that_fails_has_no_hint(logs: Shell) -> None:
    done = logs.run("%%session sess --feed x=[0.]\ny\n1 / 0")
    assert done.error is not None and "⚠" not in done.stdout
