"""Gradients of gradients: each input of an op counts for itself, also where one is a function of another."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf


def slope(function, x, step=1e-3):
    """The derivative of a scalar function of an array by differences of four points."""
    found = np.zeros(x.size)
    for index in range(x.size):
        values = []
        for turns in (-2, -1, 1, 2):
            moved = x.copy().reshape(-1)
            moved[index] += turns * step
            values.append(function(moved.reshape(x.shape)))
        found[index] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    return found.reshape(x.shape)


@pytest.mark.parametrize("training", [True, False])
def test_a_penalty_on_the_gradient_of_a_batch_normalisation(training: bool) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2, 2, 2, 1])
        moments = [] if training else [[0.1], [0.9]]
        y = tf.nn.fused_batch_norm(x, [1.5], [0.5], *moments, is_training=training)[0]
        penalty = tf.reduce_sum(tf.gradients(y ** 3.0, x)[0] ** 2.0)
        given = np.random.RandomState(0).normal(size=[2, 2, 2, 1]).astype(np.float32)
        with tf.Session() as session:
            found = session.run(tf.gradients(penalty, x)[0], {x: given})
            wanted = slope(lambda value: float(session.run(penalty, {x: value})), given)
    np.testing.assert_allclose(found, wanted, rtol=0.02, atol=0.02 * np.abs(wanted).max())


def test_a_function_computed_again_for_its_gradient_may_take_functions_of_one_tensor() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant([0.3, 0.5])
        with tf.variable_scope("resources", use_resource=True):  # as TensorFlow asks
            y = tf.recompute_grad(lambda a, b: a * b * b)(x, x * x)
        np.testing.assert_allclose(session.run(tf.gradients(y, x)[0]), [5 * 0.3 ** 4, 5 * 0.5 ** 4], rtol=1e-5)
