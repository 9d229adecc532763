"""What loops only add up is computed when they end: the values of the loop that adds it up turn by turn."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session.passes import sums_over_turns
from tfmagic.session.planning import make_plan

pytestmark = pytest.mark.usefixtures("graph")

BATCH, TIME, DEPTH, UNITS = 10, 7, 30, 40


def numbers(*shape, seed=0):
    return np.random.RandomState(seed).uniform(-0.5, 0.5, shape).astype(np.float32)


def gradients_of(cell, lengths=None, batch=BATCH):
    """The gradients of a recurrent net's weights, inputs and first state."""
    x = tf.constant(numbers(batch, TIME, DEPTH))
    state = tf.constant(numbers(batch, UNITS, seed=1))
    outputs, after = tf.nn.dynamic_rnn(cell, x, lengths, initial_state=state)
    loss = tf.reduce_sum(tf.sin(outputs * 3)) + tf.reduce_sum(after)
    return tf.gradients(loss, [*tf.trainable_variables(), x, state])


def values(fetches, monkeypatch=None):
    """What a new session gives; with `monkeypatch`, turn by turn."""
    with tf.Session() as sess:
        for index, variable in enumerate(tf.global_variables()):
            variable.load(numbers(*variable.shape.as_list(), seed=20 + index), sess)
        if monkeypatch is None:
            return sess.run(fetches)
        with monkeypatch.context() as patch:
            patch.setattr(sums_over_turns, "run", lambda plan: False)
            return sess.run(fetches)


def code_of(fetches):
    with tf.Session() as sess:
        return make_plan(fetches, [], [], sess._torch_device, sess.resources).code()


def check(fetches, monkeypatch, sums=1):
    assert code_of(fetches).count(".totals(") == sums
    for value, expected in zip(values(fetches), values(fetches, monkeypatch)):
        np.testing.assert_allclose(value, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("lengths", [None, [0, 7, 3, 1, 7, 7, 2, 0, 5, 6]], ids=["whole", "lengths"])
def test_gradients_of_a_cell(nodes, lengths, monkeypatch):
    check(gradients_of(tf.nn.rnn_cell.GRUCell(UNITS), lengths), monkeypatch)


def test_gradients_of_cells_on_cells_with_dropout(monkeypatch):
    tf.set_random_seed(3)
    cells = [tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(UNITS), output_keep_prob=0.7, seed=1)
             for _ in range(2)]
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), tf.constant(numbers(BATCH, TIME, DEPTH)),
                                   dtype=tf.float32)
    check(tf.gradients(tf.reduce_sum(tf.square(outputs)), tf.trainable_variables()), monkeypatch)


def test_a_small_cell_is_left_alone():
    assert ".totals(" not in code_of(gradients_of(tf.nn.rnn_cell.GRUCell(UNITS), batch=1))


@pytest.mark.parametrize("turns", [0, 1, 5, 2000])
def test_a_loop_that_adds_up_products(turns, monkeypatch):
    """Begun with other than 0; of more rows than are kept; also of a first matrix that is not turned."""
    x, y, z = (tf.constant(numbers(*dims, seed=i)) for i, dims in enumerate([(20, 60), (20, 50), (60, 20)]))

    def turn(i, turned, plain, rows):
        scale = tf.cast(i, tf.float32) / 1000
        scaled = y * scale
        return (i + 1, turned + tf.matmul(x, scaled, transpose_a=True), tf.matmul(z, y) + plain,
                rows + tf.reduce_sum(scaled, 0))

    starts = [tf.constant(0), tf.ones([60, 50]), tf.ones([60, 50]), tf.ones([50])]
    check(tf.while_loop(lambda i, *_: i < turns, turn, starts)[1:], monkeypatch)


@pytest.mark.parametrize("reads", ["the iteration", "the condition"])
def test_a_sum_that_the_loop_reads_is_computed_turn_by_turn(reads, monkeypatch):
    x = tf.constant(numbers(20, 60))

    def turn(i, total):
        factor = total[0, 0] if reads == "the iteration" else 1.0
        return i + 1, total + tf.matmul(x * factor, x, transpose_a=True)

    def goes_on(i, total):
        return (i < 5) & (total[0, 0] < 100.0 if reads == "the condition" else True)

    check(tf.while_loop(goes_on, turn, [tf.constant(0), tf.ones([60, 60])])[1:], monkeypatch, sums=0)


def test_a_loop_in_a_loop(monkeypatch):
    x = tf.constant(numbers(20, 60))

    def turn(i, total):
        inner = tf.while_loop(lambda j, _: j < 3, lambda j, s: (j + 1, s + tf.matmul(x, x * tf.cast(i, tf.float32),
                                                                                     transpose_a=True)),
                              [tf.constant(0), tf.zeros([60, 60])])[1]
        return i + 1, total * 0.5 + inner

    check(tf.while_loop(lambda i, _: i < 4, turn, [tf.constant(0), tf.ones([60, 60])])[1:], monkeypatch)


def test_of_what_a_loop_adds_up_only_what_is_asked_for_is_kept():
    x = tf.constant(numbers(20, 60))
    loop = tf.while_loop(lambda i, *_: i < 3, lambda i, a, b: (i + 1, a + tf.matmul(x, x, transpose_a=True), b + 1.0),
                         [tf.constant(0), tf.ones([60, 60]), tf.constant(0.0)])
    assert ".totals(" not in code_of([loop[2]])
