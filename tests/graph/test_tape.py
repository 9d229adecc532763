"""The gradients of a tape: what it watches, what it leaves out, and that its numbers are those of `tf.gradients`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.graph.tape import Tape

pytestmark = pytest.mark.usefixtures("graph")
ONE = {"sin": tf.sin, "tanh": tf.tanh, "square": tf.square, "stop": tf.stop_gradient,
       "gather": lambda x: tf.gather(x, [1, 0])}
TWO = {"add": tf.add, "sub": tf.subtract, "mul": tf.multiply, "max": tf.maximum,
       "first": lambda x, y: tf.unstack([x, y])[0]}


def made_now(function):
    """The types of the operations that a call makes."""
    graph = tf.get_default_graph()
    before = len(graph.get_operations())
    function()
    return [op.type for op in graph.get_operations()[before:]]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*ONE, *TWO]), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8),
       st.integers(1, 3))
def test_numbers_are_those_of_tf_gradients(steps, count):
    with tf.Graph().as_default(), tf.Session() as session:
        sources = [tf.constant([0.3, -0.5]), tf.constant([1.2, 0.7])]
        values = list(sources)
        with Tape(sources) as tape:
            for name, i, j in steps:
                x, y = values[-1 - i % len(values)], values[-1 - j % len(values)]
                values.append(ONE[name](x) if name in ONE else TWO[name](x, y))
        ys = values[-count:]
        weights = [tf.constant([1.0 + i, 2.0]) for i in range(len(ys))]
        wanted = tf.gradients(ys, sources, weights, stop_gradients=sources)
        found = tape.gradients(ys, weights)
        for one, other in zip(found, wanted):
            assert (one is None) == (other is None)
            if one is not None:
                one, other = session.run([tf.convert_to_tensor(one), tf.convert_to_tensor(other)])
                np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_only_what_was_made_while_it_watched_counts():
    x = tf.constant([1.0, 2.0])
    y = tf.sin(x)
    with Tape([x]) as tape:
        z = y * 2.0
    assert tape.gradients([z], [tf.ones_like(z)]) == [None]


@pytest.mark.parametrize(("function", "types"), [
    (lambda x: x * 2.0, ["Mul"]), (lambda x: x + 1.0, []), (lambda x: x - 1.0, []),
    (lambda x: 2.0 - x, ["BroadcastGradientArgs", "Neg"]), (lambda x: tf.matmul(x, [[1.0], [2.0]]), ["MatMul"]),
    (lambda x: tf.maximum(x, 0.0), ["GreaterEqual", "Select"]), (lambda x: x ** 3.0, ["Mul", "Sub", "Pow", "Mul"])])
def test_there_are_no_nodes_for_inputs_that_no_source_reaches(function, types):
    x = tf.constant([[1.0, 2.0]])
    with Tape([x]) as tape:
        y = function(x)
    grad = tf.ones_like(y)
    assert [name for name in made_now(lambda: tape.gradients([y], [grad])) if name != "Const"] == types


def test_branches_and_loops_have_the_gradients_of_tf_gradients():
    x = tf.constant([1.0, 2.0])
    powers = tf.recompute_grad(lambda v: tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * x), [0, v])[1])
    with tf.variable_scope("resources", use_resource=True):  # as TensorFlow asks
        y = powers(tf.sin(x))
    with tf.Session() as session:
        found, cosine = session.run([tf.gradients(y, x)[0], tf.cos(x)])
    np.testing.assert_allclose(found, cosine * [1.0, 8.0], rtol=1e-5)
