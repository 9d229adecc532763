"""Loops that are nothing but LSTM cells run by torch's fused kernel, with the values and gradients of the loop."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from tfmagic import tf, to_module
from tfmagic.base import nest
from tfmagic.base.machine import compiler
from tfmagic.ops.nn import lstm_layers
from tfmagic.session.passes import recurrent
from tfmagic.session.planning import make_plan
from tfmagic.session.tiers import machine
from tfmagic.session.tiers.machine import layers

pytestmark = pytest.mark.usefixtures("graph")

rnn_cell = tf.nn.rnn_cell
BATCH, TIME, DEPTH, UNITS = 3, 6, 4, 5


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


def stacked():
    return rnn_cell.MultiRNNCell([rnn_cell.BasicLSTMCell(UNITS), rnn_cell.LSTMCell(UNITS + 2), rnn_cell.LSTMCell(3)])


CELLS = {
    "basic": lambda: rnn_cell.BasicLSTMCell(UNITS),
    "forget bias": lambda: rnn_cell.BasicLSTMCell(UNITS, forget_bias=0.3),
    "no forget bias": lambda: rnn_cell.LSTMCell(UNITS, forget_bias=0.0),
    "lstm": lambda: rnn_cell.LSTMCell(UNITS, initializer=tf.random_uniform_initializer(-0.5, 0.5)),
    "block": lambda: tf.contrib.rnn.LSTMBlockCell(UNITS),
    "stacked": stacked,
}
LENGTHS = {"whole": None, "lengths": [0, 4, 6], "short": [2, 3, 1], "too long": [9, 1, -2]}


def numbers(*shape, seed=0, dtype="float32"):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(dtype)


def net(cell, lengths=None, dtype=tf.float32, time_major=False, initial=True):
    """Outputs, states and all gradients of a loss that reads both."""
    x = tf.placeholder(dtype, [TIME, BATCH, DEPTH] if time_major else [BATCH, TIME, DEPTH])
    given = None if lengths is None else tf.constant(lengths)
    state = None
    if initial:
        state = cell.zero_state(BATCH, dtype)
        parts = [tf.Variable(numbers(BATCH, part.shape[1].value, seed=i, dtype=dtype.as_numpy_dtype))
                 for i, part in enumerate(nest.flatten(state))]
        state = nest.pack_sequence_as(state, parts)
    outputs, after = tf.nn.dynamic_rnn(cell, x, given, initial_state=state, dtype=dtype, time_major=time_major)
    loss = tf.reduce_sum(tf.sin(outputs * 3)) + sum(tf.reduce_sum(tf.square(part) * (i + 1))
                                                    for i, part in enumerate(nest.flatten(after)))
    grads = tf.gradients(loss, [x, *tf.trainable_variables()])
    feed = numbers(*x.shape.as_list(), seed=9, dtype=dtype.as_numpy_dtype)
    return x, feed, [outputs, *nest.flatten(after), *grads]


def code_of(sess, fetches, x, shape):
    return make_plan(fetches, [], [x], sess._torch_device, sess.resources, [shape]).code()


def values(fetches, x, feed, monkeypatch=None):
    """What a new session gives; with `monkeypatch`, by the loop."""
    with tf.Session() as other:
        tf.set_random_seed(1)
        for index, variable in enumerate(tf.global_variables()):
            variable.load(numbers(*variable.shape.as_list(), seed=20 + index, dtype=variable.dtype.as_numpy_dtype),
                          other)
        if monkeypatch is not None:
            with monkeypatch.context() as patch:
                patch.setattr(recurrent, "run", lambda plan: False)
                return other.run(fetches, {x: feed})
        return other.run(fetches, {x: feed})


def by_machine(fetches, x, feed, monkeypatch):
    """What a new session gives once the plan is machine code; and how many calls of layers were written out."""
    written_out = []
    turn_by_turn = layers.turn_by_turn
    with monkeypatch.context() as patch:
        patch.setattr(machine, "_calls_before", lambda plan: 2)
        patch.setattr(layers, "turn_by_turn", lambda plan: written_out.extend(layers.found(plan)) or turn_by_turn(plan))
        with tf.Session() as other:
            for index, variable in enumerate(tf.global_variables()):
                variable.load(numbers(*variable.shape.as_list(), seed=20 + index, dtype=variable.dtype.as_numpy_dtype),
                              other)
            return [other.run(fetches, {x: feed}) for _ in range(3)][-1], len(written_out)


def assert_same(fetches, x, feed, monkeypatch, tolerance=2e-5):
    """The fused net, and machine code, give what the loop gives."""
    looped = values(fetches, x, feed, monkeypatch)
    for given in (values(fetches, x, feed), by_machine(fetches, x, feed, monkeypatch)[0]):
        for mine, expected in zip(given, looped):
            np.testing.assert_allclose(mine, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("cell", CELLS)
def test_values_and_gradients_are_those_of_the_loop(nodes, sess, monkeypatch, cell, lengths) -> None:
    x, feed, fetches = net(CELLS[cell](), LENGTHS[lengths])
    code = code_of(sess, fetches, x, feed.shape)
    assert "flow_while_loop" not in code and "new_array" not in code and "new_stack" not in code
    assert_same(fetches, x, feed, monkeypatch)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("cell", CELLS)
def test_machine_code_does_it_turn_by_turn(sess, monkeypatch, cell, dtype) -> None:
    if not compiler.available():
        pytest.skip("no machine code")
    if cell == "block" and dtype == tf.float64:
        pytest.skip("TensorFlow has no such cell of doubles")
    x, feed, fetches = net(CELLS[cell](), dtype=dtype)
    found, written_out = by_machine(fetches, x, feed, monkeypatch)
    assert written_out == 2, "forward and back"
    for mine, expected in zip(found, values(fetches, x, feed, monkeypatch)):
        tolerance = 2e-5 if dtype == tf.float32 else 1e-12
        np.testing.assert_allclose(mine, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("lengths", "longest"), [([1, 2, 3], TIME), (None, TIME - 1)])
def test_rows_that_end_and_long_sequences_stay_with_the_fused_kernel(sess, monkeypatch, lengths, longest) -> None:
    monkeypatch.setattr(layers, "_LONGEST", longest)
    x, feed, fetches = net(rnn_cell.BasicLSTMCell(UNITS), lengths)
    assert by_machine(fetches, x, feed, monkeypatch)[1] == 0


@pytest.mark.parametrize("lengths", LENGTHS)
def test_double_precision_takes_a_loop_of_its_own(nodes, sess, monkeypatch, lengths) -> None:
    x, feed, fetches = net(rnn_cell.LSTMCell(UNITS), LENGTHS[lengths], tf.float64)
    assert "flow_while_loop" not in code_of(sess, fetches, x, feed.shape)
    assert_same(fetches, x, feed, monkeypatch, 1e-12)


def test_without_the_fused_kernel_the_values_are_the_same(sess, monkeypatch) -> None:
    x, feed, fetches = net(stacked(), [2, 6, 5])
    fused = values(fetches, x, feed)
    monkeypatch.setattr(lstm_layers, "_is_fusable", lambda *given: False)
    for mine, plain in zip(fused, values(fetches, x, feed)):
        np.testing.assert_allclose(mine, plain, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("wanted", ["outputs", "states", "weights", "inputs", "weights by states"])
def test_any_part_may_be_asked_for(nodes, sess, monkeypatch, wanted) -> None:
    x = tf.placeholder(tf.float32, [BATCH, TIME, DEPTH])
    outputs, after = tf.nn.dynamic_rnn(rnn_cell.BasicLSTMCell(UNITS), x, dtype=tf.float32)
    weights = tf.trainable_variables()
    fetches = {"outputs": lambda: [outputs], "states": lambda: list(after),
               "weights": lambda: tf.gradients(outputs, weights), "inputs": lambda: tf.gradients(outputs[:, -1], [x]),
               "weights by states": lambda: tf.gradients(after.c + after.h, weights[:1])}[wanted]()
    feed = numbers(BATCH, TIME, DEPTH)
    assert "flow_while_loop" not in code_of(sess, fetches, x, feed.shape)
    assert_same(fetches, x, feed, monkeypatch)


def test_both_directions_are_calls_of_their_own(nodes, sess, monkeypatch) -> None:
    x = tf.placeholder(tf.float32, [BATCH, TIME, DEPTH])
    outputs, after = tf.nn.bidirectional_dynamic_rnn(rnn_cell.LSTMCell(UNITS), rnn_cell.LSTMCell(UNITS), x,
                                                     tf.constant([1, 6, 3]), dtype=tf.float32)
    loss = tf.reduce_sum(tf.square(tf.concat(outputs, 2))) + tf.reduce_sum(after[1].c)
    fetches = [loss, *tf.gradients(loss, [x, *tf.trainable_variables()])]
    feed = numbers(BATCH, TIME, DEPTH)
    code = code_of(sess, fetches, x, feed.shape)
    assert "flow_while_loop" not in code and len(re.findall(r"_lstm_gradient(?:_\d+)?\(", code)) == 2
    assert_same(fetches, x, feed, monkeypatch)


def test_two_gradients_of_one_net(nodes, sess, monkeypatch) -> None:
    x = tf.placeholder(tf.float32, [BATCH, TIME, DEPTH])
    outputs, after = tf.nn.dynamic_rnn(rnn_cell.LSTMCell(UNITS), x, dtype=tf.float32)
    weights = tf.trainable_variables()
    fetches = [*tf.gradients(tf.square(outputs), weights), *tf.gradients(tf.sin(after.c), [*weights, x])]
    feed = numbers(BATCH, TIME, DEPTH)
    # The second one of a While node goes through the lists of the first, too: that stays a loop.
    assert ("flow_while_loop" in code_of(sess, fetches, x, feed.shape)) is (nodes == "While nodes")
    assert_same(fetches, x, feed, monkeypatch)


def test_weights_that_are_constants(nodes, sess, monkeypatch) -> None:
    x = tf.placeholder(tf.float32, [BATCH, TIME, DEPTH])
    with tf.variable_scope("rnn", custom_getter=lambda getter, name, shape=None, **given: tf.constant(
            numbers(*tf.TensorShape(shape).as_list(), seed=len(name)))):
        outputs, _ = tf.nn.dynamic_rnn(rnn_cell.LSTMCell(UNITS), x, dtype=tf.float32)
    feed = numbers(BATCH, TIME, DEPTH)
    assert "flow_while_loop" not in code_of(sess, [outputs], x, feed.shape)
    assert_same([outputs], x, feed, monkeypatch)


def test_what_lies_beyond_the_end_of_a_row_does_not_matter(nodes, sess, monkeypatch) -> None:
    x = tf.placeholder(tf.float32, [BATCH, TIME, DEPTH])
    outputs, after = tf.nn.dynamic_rnn(stacked(), x, tf.constant([2, 0, 6]), dtype=tf.float32)
    fetches = [outputs, *nest.flatten(after)]
    feed = numbers(BATCH, TIME, DEPTH)
    feed[0, 2:], feed[1] = np.nan, np.inf
    assert "flow_while_loop" not in code_of(sess, fetches, x, feed.shape)
    assert_same(fetches, x, feed, monkeypatch)


class Scaled(rnn_cell.BasicLSTMCell):
    """Almost an LSTM cell."""

    def call(self, inputs, state):
        output, after = super().call(inputs, state)
        return output * 0.5, after


OTHERS = {
    "peepholes": lambda: rnn_cell.LSTMCell(UNITS, use_peepholes=True),
    "a projection": lambda: rnn_cell.LSTMCell(UNITS, num_proj=3),
    "a clipped cell": lambda: rnn_cell.LSTMCell(UNITS, cell_clip=0.1),
    "another activation": lambda: rnn_cell.BasicLSTMCell(UNITS, activation=tf.nn.relu),
    "something after it": lambda: Scaled(UNITS),
    "dropout": lambda: rnn_cell.DropoutWrapper(rnn_cell.BasicLSTMCell(UNITS), output_keep_prob=0.5, seed=3),
    "a residual": lambda: rnn_cell.ResidualWrapper(rnn_cell.BasicLSTMCell(DEPTH)),
    "gru": lambda: rnn_cell.GRUCell(UNITS),
    "one state": lambda: rnn_cell.BasicLSTMCell(UNITS, state_is_tuple=False),
}


@pytest.mark.parametrize("cell", OTHERS)
def test_what_is_no_plain_lstm_stays_a_loop(nodes, sess, cell) -> None:
    x, feed, fetches = net(OTHERS[cell](), initial=False)
    code = code_of(sess, fetches, x, feed.shape)
    assert "flow_while_loop" in code and "_lstm(" not in code


def test_a_value_of_the_loop_that_somebody_else_wants_keeps_it(sess, monkeypatch) -> None:
    x = tf.placeholder(tf.float32, [BATCH, TIME, DEPTH])
    seen = tf.TensorArray(tf.float32, TIME)
    cell = rnn_cell.BasicLSTMCell(UNITS)

    def turn(time, output, state, _):
        if output is None:
            return tf.constant(False), x[:, 0], cell.zero_state(BATCH, tf.float32), None, seen
        return time >= TIME, x[:, 1], state, output, _.write(time - 1, state.c)

    outputs, _, states = tf.nn.raw_rnn(cell, turn)
    fetches = [outputs.stack(), states.stack()]
    feed = numbers(BATCH, TIME, DEPTH)
    assert "flow_while_loop" in code_of(sess, fetches, x, feed.shape)
    for mine, looped in zip(values(fetches, x, feed), values(fetches, x, feed, monkeypatch)):
        np.testing.assert_allclose(mine, looped, rtol=2e-5, atol=2e-5)


def test_training_makes_the_same_steps(sess, monkeypatch) -> None:
    x = tf.placeholder(tf.float32, [None, TIME, DEPTH])
    outputs, _ = tf.nn.dynamic_rnn(stacked(), x, dtype=tf.float32)
    loss = tf.reduce_mean(tf.square(outputs - 0.3))
    train = tf.train.AdamOptimizer(0.05).minimize(loss)

    def losses():
        with tf.Session() as other:
            other.run(tf.global_variables_initializer())
            for index, variable in enumerate(tf.trainable_variables()):
                variable.load(numbers(*variable.shape.as_list(), seed=index), other)
            return [other.run([loss, train], {x: numbers(BATCH, TIME, DEPTH, seed=i)})[0] for i in range(8)]

    fused = losses()
    monkeypatch.setattr(recurrent, "run", lambda plan: False)
    np.testing.assert_allclose(fused, losses(), rtol=1e-4)


def test_a_module_of_it_has_gradients(sess) -> None:
    x = tf.placeholder(tf.float32, [BATCH, TIME, DEPTH])
    outputs, _ = tf.nn.dynamic_rnn(rnn_cell.LSTMCell(UNITS), x, dtype=tf.float32)
    grads = tf.gradients(outputs, tf.trainable_variables())
    sess.run(tf.global_variables_initializer())
    feed = numbers(BATCH, TIME, DEPTH)
    module = to_module(outputs, [x], sess)
    module(torch.from_numpy(feed)).sum().backward()
    for (_, parameter), expected in zip(sorted(module.named_parameters(), reverse=True), sess.run(grads, {x: feed})):
        np.testing.assert_allclose(parameter.grad.numpy(), expected, rtol=2e-5, atol=2e-5)


def test_turns_are_written_out_without_torchs_compiler() -> None:
    """What torch would say of shapes only after importing it takes as long as `import torch`."""
    if not compiler.available():
        pytest.skip("no machine code")
    code = """
import sys, numpy as np
from tfmagic import tf
from tfmagic.session.tiers import machine
from tfmagic.session.tiers.machine import layers
seen = []
calls_before = machine._calls_before
machine._calls_before = lambda plan: seen.append(plan) or calls_before(plan)
x = tf.placeholder(tf.float32, [3, 6, 4])
outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(5), x, dtype=tf.float32)
gradients = tf.gradients(tf.reduce_sum(outputs * outputs), tf.trainable_variables())
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(gradients, {x: np.ones([3, 6, 4])})
before = len(seen[-1].graph.nodes)
assert len(layers.turn_by_turn(seen[-1]).graph.nodes) > before + 100
assert not {"sympy", "torch._dynamo"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
