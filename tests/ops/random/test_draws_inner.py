"""`random_ops` beyond what is public: the numbers that TensorFlow 1.15 prints for the same seeds."""

from __future__ import annotations

import numpy as np

from tfmagic import tf
from tfmagic.tf import internal

random_ops = internal.module("tensorflow.python.ops.random_ops")


def test_numbers_within_bounds_are_tensorflows():
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(3)
        numbers = random_ops.parameterized_truncated_normal([3], 0.0, 1.0, -1.0, 1.0, seed=3)
        assert numbers.name == "parameterized_truncated_normal/ParameterizedTruncatedNormal:0"
        np.testing.assert_allclose(session.run(numbers), [-0.55362725, 0.33607864, 0.41944432], rtol=1e-6)


def test_poisson_numbers_with_the_shape_first_are_tensorflows():
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(3)
        numbers = random_ops.random_poisson_v2([2, 2], [1.0, 30.0], seed=5)
        assert session.run(numbers).tolist() == [[[0, 33], [0, 23]], [[0, 39], [2, 30]]]


def test_classes_without_a_scope_are_tensorflows():
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(3)
        classes = random_ops.multinomial_categorical_impl([[1.0, 2.0]], 4, tf.int32, 7)
        assert (classes.name, session.run(classes).tolist()) == ("Multinomial:0", [[1, 0, 1, 1]])
