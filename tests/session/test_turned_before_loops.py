"""What a loop multiplies by the other way round is turned once, before it: the same values."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session.passes import turned_before_loops
from tfmagic.session.planning import make_plan

pytestmark = pytest.mark.usefixtures("graph")


def loop(weights, changes=False, turns=4):
    """A state multiplied by transposed weights in each turn; perhaps they change meanwhile."""
    state = tf.constant(np.random.RandomState(1).rand(5, 40).astype(np.float32))

    def turn(i, h, w):
        return i + 1, tf.tanh(tf.matmul(h, w, transpose_b=True)), w * 0.5 if changes else w

    return tf.while_loop(lambda i, *_: i < turns, turn, [tf.constant(0), state, weights])[1]


def numbers(*dims):
    return tf.constant(np.random.RandomState(0).rand(*dims).astype(np.float32) - 0.5)


def turned(fetch, monkeypatch):
    """Whether weights are turned before a loop; its values are those of the loop as it is written."""
    with tf.Session() as sess:
        code = make_plan([fetch], [], [], sess._torch_device, sess.resources).code()
        sess.run(tf.global_variables_initializer())
        value = sess.run(fetch)
    with tf.Session() as sess, monkeypatch.context() as patch:
        patch.setattr(turned_before_loops, "run", lambda plan: False)
        sess.run(tf.global_variables_initializer())
        np.testing.assert_allclose(value, sess.run(fetch), rtol=1e-5, atol=1e-6)
    return ".contiguous()" in code.split("# iteration")[0]


@pytest.mark.parametrize("turns", [0, 1, 4])
def test_weights_of_a_loop(turns, monkeypatch):
    assert turned(loop(numbers(40, 40), turns=turns), monkeypatch)


def test_gradients_of_a_recurrent_net(monkeypatch):
    x = numbers(3, 6, 30)
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(40, kernel_initializer=tf.constant_initializer(0.1)), x,
                                   dtype=tf.float32)
    gradient = tf.gradients(tf.reduce_sum(outputs), x)[0]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        code = make_plan([gradient], [], [], sess._torch_device, sess.resources).code()
    assert code.split("# iteration")[0].count(".contiguous()") == 2  # kernels of gates and candidate


def test_weights_that_change_are_turned_as_they_are(monkeypatch):
    assert not turned(loop(numbers(40, 40), changes=True), monkeypatch)


def test_small_weights_are_left_alone(monkeypatch):
    state = numbers(3, 4)
    weights = numbers(4, 4)
    fetch = tf.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, tf.matmul(h, weights, transpose_b=True)),
                          [tf.constant(0), state])[1]
    assert not turned(fetch, monkeypatch)


def test_several_weights_of_unlike_sizes_are_each_the_right_one(monkeypatch):
    """Their parameters have names of their own, whatever names the iteration has already."""
    weights = [tf.Variable(numbers(*dims)) for dims in ((50, 40), (60, 50), (40, 60))]

    def turn(i, h):
        for each in weights:
            h = tf.tanh(tf.matmul(h, each, transpose_b=True))
        return i + 1, h + tf.tile(h[:1], [5, 1])  # where a copy is made, under the name that the others ask for

    fetch = tf.while_loop(lambda i, _: i < 3, turn, [tf.constant(0), numbers(5, 40)])[1]
    with tf.Session() as sess:
        plan = make_plan([fetch], [], [], sess._torch_device, sess.resources)
    (loop,) = (node.target for node in plan.graph.nodes if getattr(node.target, "bodies", ()))
    names = [node.target for node in loop.bodies[1].graph.nodes if node.op == "placeholder"]
    assert names == [node.name for node in loop.bodies[1].graph.nodes if node.op == "placeholder"]
    assert turned(fetch, monkeypatch)
