"""`--check`: where the first NaN or infinity of a run comes from, in words and drawn."""

from __future__ import annotations

import pytest
from bundles import drawn
from shells import Shell

NET = """x = tf.placeholder(tf.float32, [None], name='x')
w = tf.get_variable('w', [3], initializer=tf.zeros_initializer())
z = tf.log(tf.nn.relu(x) * 2., name='log')
loss = tf.reduce_mean(z + w, name='loss')"""


@pytest.fixture
def net(shell: Shell) -> Shell:
    shell.ok(NET)
    return shell


def test_fetch_says_and_draws_it(net: Shell) -> None:
    done = net.ok("%fetch loss --check --init --feed x=[-1.,2.,3.]")
    assert "log (Log) made 1 Inf of 3 from finite inputs: log of 0." in done.stdout
    assert "In [3], line 3: z = tf.log(" in done.stdout and "[0.0, 4.0, 6.0]" in done.stdout
    assert "x → Relu → mul → log → add → loss" in done.stdout
    nodes = drawn(done.bundles[0])
    assert "failed" in nodes["log"]["classes"] and "= [-inf, 1.386, 1.792]" in nodes["log"]["values"]
    assert all("not-finite" in nodes[name]["classes"] for name in ("add", "loss"))
    assert not {"not-finite", "failed"} & {*nodes["x"].get("classes", ()), *nodes["mul"].get("classes", ())}
    assert "log: made 1 Inf of 3" in done.bundles[0]["text/html"]
    assert done.result.result.value == float("-inf")


def test_finite_runs_are_told_in_a_line(net: Shell) -> None:
    done = net.ok("%fetch loss --check --init --feed x=[1.,2.,3.]")
    assert "1 run checked: every value is finite." in done.stdout and not done.bundles


def test_a_cell_of_many_runs_tells_of_the_first_that_was_not_finite(net: Shell) -> None:
    done = net.ok("%%session --check --init\nfor v in (3., 2., float('nan'), 0.):\n"
                  "    tf.get_default_session().run(loss, {x: [v, 1., 2.]})")
    assert "run 3 of the cell: x (Placeholder) was fed with 1 NaN of 3." in done.stdout
    assert "was fed with 1 NaN of 3" in drawn(done.bundles[0])["x"]["message"]
    assert len(done.bundles) == 1


def test_the_last_line_of_a_cell_is_checked_too(net: Shell) -> None:
    done = net.ok("%%session --check --init --feed x=[0.,1.,2.]\nv = tf.Variable(tf.ones([2]))\nz")
    assert "log (Log) made 1 Inf of 3" in done.stdout


def test_what_came_before_the_run_is_told(net: Shell) -> None:
    net.ok("%%session --init\nw.load([0., float('inf'), 0.], tf.get_default_session())")
    done = net.ok("%%session --check\nw + 1.")
    assert "w (VariableV2) held 1 Inf of 3 before the run." in done.stdout


def test_a_gradient_that_drawings_fold_is_drawn_by_itself(net: Shell) -> None:
    done = net.ok("%%session --check --init\nstep = tf.train.GradientDescentOptimizer(.1).minimize("
                  "tf.reduce_sum(tf.sqrt(w)))\ntf.get_default_session().run(step)")
    assert "SqrtGrad (SqrtGrad) made 3 Inf of 3 from finite inputs: division by 0." in done.stdout
    assert "It goes into: w" in done.stdout
    assert any(node["name"].endswith("SqrtGrad") and "failed" in node["classes"]
               for node in drawn(done.bundles[0]).values() if node.get("classes"))


def test_without_check_a_session_runs_as_ever(net: Shell) -> None:
    net.ok("%%session --check --init kept\nw")
    assert "run" not in net.ip.user_ns["kept"].__dict__
