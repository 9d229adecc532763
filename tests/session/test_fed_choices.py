"""A bool that is fed counts with its value: there is a plan for each, in which its branches are no branches."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf


def plans(sess):
    """The code of the plans made so far."""
    return [execution.plan.code() for execution in sess._plans.entries.values()]


@pytest.mark.parametrize("shape", [None, []])
def test_a_plan_for_each_value_has_no_branch(shape):
    x = tf.placeholder(tf.float32, [4])
    training = tf.placeholder(tf.bool, shape)
    y = tf.cond(training, lambda: x * 2.0, lambda: x - 1.0)
    with tf.Session() as sess:
        for chosen in (True, False, np.bool_(True), 0):
            want = np.full(4, 6.0 if chosen else 2.0)
            np.testing.assert_array_equal(sess.run(y, {x: np.full(4, 3.0), training: bool(chosen)}), want)
        found = plans(sess)
    assert len(found) == 2
    assert not any("control_flow" in code for code in found)


def test_gradients_and_running_means_follow_the_branch():
    tf.set_random_seed(1)
    x, training = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.bool)
    hidden = tf.layers.batch_normalization(tf.layers.dense(x, 4), training=training, momentum=0.5)
    hidden = tf.layers.dropout(hidden, 0.5, training=training)
    loss = tf.reduce_sum(hidden ** 2)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    mean = next(v for v in tf.global_variables() if "moving_mean" in v.name)
    rows = np.random.RandomState(0).rand(8, 3)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run(mean)
        first = sess.run(loss, {x: rows, training: False})
        assert sess.run(loss, {x: rows, training: False}) == first
        np.testing.assert_array_equal(sess.run(mean), before)
        sess.run(train, {x: rows, training: True})
        assert np.abs(sess.run(mean) - before).max() > 0
        assert sess.run(loss, {x: rows, training: True}) != sess.run(loss, {x: rows, training: True})


def test_a_branch_that_is_not_taken_has_no_value():
    training = tf.placeholder(tf.bool, [])
    switch = tf.raw_ops.Switch(data=tf.constant(1.0) + 1.0, pred=training)
    with tf.Session() as sess:
        assert sess.run(switch.output_true, {training: True}) == 2.0
        assert sess.run(switch.output_false, {training: False}) == 2.0
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Retval\[0\] does not have value"):
            sess.run(switch.output_true, {training: False})


def test_a_condition_that_is_no_scalar_is_refused_by_its_shape():
    training = tf.placeholder(tf.bool)
    y = tf.cond(training, lambda: tf.constant(1.0), lambda: tf.constant(0.0))
    with tf.Session() as sess:
        assert sess.run(y, {training: True}) == 1.0
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(y, {training: [True, False]})


def test_a_fed_bool_may_be_fetched_and_computed_with():
    training = tf.placeholder(tf.bool, [])
    with tf.Session() as sess:
        for value in (True, False):
            got = sess.run([training, tf.logical_not(training), tf.cast(training, tf.int32)], {training: value})
            assert got == [value, not value, int(value)]
