"""What plans know of shapes inside loops, and on how many threads they run."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.session.passes import recurrent
from tfmagic.session.planning import make_plan

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


def plan_of(sess, fetches, feeds, shapes):
    return make_plan(fetches, [], list(feeds), sess._torch_device, sess.resources, shapes)


@pytest.mark.parametrize("cell", ["BasicLSTMCell", "LSTMCell", "GRUCell", "BasicRNNCell"])
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["all", "lengths"])
def test_the_gradient_of_a_recurrent_net_leaves_nothing_but_torch(sess, monkeypatch, cell, lengths) -> None:
    monkeypatch.setattr(recurrent, "run", lambda plan: False)  # which would leave nothing of some of the loops
    x = tf.placeholder(tf.float32, [None, 3, 4])
    outputs, _ = tf.nn.dynamic_rnn(getattr(tf.nn.rnn_cell, cell)(5), x, lengths, dtype=tf.float32)
    gradients = tf.gradients(tf.reduce_sum(outputs * outputs), [x, *tf.trainable_variables()])
    code = plan_of(sess, gradients, [x], [(2, 3, 4)]).code()
    assert code.count(".pop()") > 3, "the gradient is a loop"
    assert not re.findall(r"tfmagic_ops_(?!control_flow|assert)\w+", code)
    sess.run(tf.global_variables_initializer())
    given = np.random.RandomState(0).rand(2, 3, 4).astype(np.float32)
    known = sess.run(gradients, {x: given})
    run = sess.make_callable(gradients, [x])
    for rows in range(3, 12):  # more shapes than there are plans for particular ones
        run(np.zeros([rows, 3, 4], np.float32)) if lengths is None else None
    for ours, general in zip(known, run(given)):
        np.testing.assert_allclose(ours, general, rtol=1e-5, atol=1e-6)


def test_a_loop_variable_that_grows_is_not_taken_for_what_it_was_at_first(sess) -> None:
    x = tf.placeholder(tf.float32, [None])
    _, grown, other = tf.while_loop(
        lambda i, *_: i < 3, lambda i, a, b: (i + 1, tf.concat([a, b], 0), b * tf.cast(tf.size(a), tf.float32)),
        [tf.constant(0), x, x], shape_invariants=[tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None])])
    gradient = tf.gradients(grown, x)[0]
    first, second, slope = sess.run([grown, other, gradient], {x: [1.0, 2.0]})
    assert first.tolist() == [1, 2, 1, 2, 2, 4, 8, 16] and second.tolist() == [48, 96]
    assert slope.tolist() == [1 + 1 + 2 + 8] * 2


def test_what_grows_in_the_inner_of_two_loops_is_not_taken_for_what_it_was_at_first(sess) -> None:
    x = tf.placeholder(tf.float32, [None])
    vector = tf.TensorShape([None])

    def outer(i, a):
        return i + 1, tf.while_loop(lambda j, _: j < 2, lambda j, b: (j + 1, tf.concat([b, a], 0)), [tf.constant(0), a],
                                    shape_invariants=[tf.TensorShape([]), vector])[1]

    result = tf.while_loop(lambda i, _: i < 2, outer, [tf.constant(0), x],
                           shape_invariants=[tf.TensorShape([]), vector])
    assert sess.run(result[1], {x: [1.0]}).tolist() == [1.0] * 9
    assert sess.run(tf.gradients(result[1], x), {x: [1.0]})[0].tolist() == [9.0]


def test_rows_of_different_length_in_one_array_stay_what_they_are(sess) -> None:
    x = tf.placeholder(tf.float32, [None])
    array = tf.TensorArray(tf.float32, 2, infer_shape=False, element_shape=[None])
    array = array.write(0, x).write(1, tf.concat([x, x], 0))
    lengths = [tf.size(array.read(i)) for i in (0, 1)]
    assert sess.run(lengths, {x: [1.0, 2.0]}) == [2, 4]


def test_small_plans_run_on_one_thread_and_large_ones_on_all(graph) -> None:
    if torch.get_num_threads() == 1:
        pytest.skip("torch has one thread here")
    before = torch.get_num_threads()

    def threads(size, config=None, whole=True):
        with tf.Session(config=config) as sess:
            x = tf.placeholder(tf.float32, [size, size])
            product = tf.matmul(x, x)
            given = product if whole else product[0, 0]
            seen = tf.py_func(lambda _: np.int64(torch.get_num_threads()), [given], tf.int64)
            return sess.run(seen, {x: np.ones([size, size])})

    assert threads(8) == 1 and threads(1000) == before
    assert threads(1000, whole=False) == 1  # a small call beside a large one
    assert torch.get_num_threads() == before
    assert threads(8, tf.ConfigProto(intra_op_parallelism_threads=before)) == before


def test_a_loop_variable_of_which_rows_are_scattered_into_zeros_keeps_its_shape(sess) -> None:
    x = tf.placeholder(tf.float32, [None, 3])

    def turn(state: tf.Tensor) -> tf.Tensor:
        places = tf.to_int32(tf.where(state[:, 0] > 0.5))
        return tf.scatter_nd(places, tf.gather_nd(state, places) * 0.9, tf.shape(state))

    def body(n: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return n + 1, tf.cond(n > 2, lambda: state, lambda: turn(state))

    last = tf.while_loop(lambda n, _: n < 4, body, [0, x])[1]
    gradient, = tf.gradients(tf.reduce_sum(tf.square(last)), [x])
    code = plan_of(sess, [last, tf.shape(last)], [x], [(5, 3)]).code()
    assert "scatter_nd(" in code and not re.findall(r"tfmagic_ops_shape\w*\(", code)
    given = np.linspace(0, 2, 15, dtype=np.float32).reshape(5, 3)
    given[3] = given[3, ::-1]
    expected = given.copy()
    factor = np.ones((5, 1), np.float32)
    for _ in range(3):
        kept = expected[:, :1] > 0.5
        expected = np.where(kept, expected * np.float32(0.9), 0)
        factor = np.where(kept, factor * np.float32(0.9), 0)
    found, slope = sess.run([last, gradient], {x: given})
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(slope, 2 * expected * factor, rtol=1e-5)
