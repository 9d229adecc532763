"""Where values are on a machine with GPUs (pretended ones: any machine can run this)."""

import numpy as np
import pytest
from pretended_gpus import KIND, pretended_gpus

from tfmagic import tf
from tfmagic.session.planning import make_plan


@pytest.fixture(autouse=True)
def _gpus():
    with pretended_gpus(2), tf.Graph().as_default():
        yield


@pytest.mark.parametrize("behind_handle", [False, True])
def test_training_stays_on_the_first_gpu(behind_handle):
    x = tf.placeholder(tf.float32, [None, 3])
    w = tf.get_variable("w", [3, 2], initializer=tf.ones_initializer(), use_resource=behind_handle)
    loss = tf.reduce_sum(tf.matmul(x, w) ** 2)
    step = tf.train.AdamOptimizer().minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        first, last = [session.run([loss, step], {x: [[1, 2, 3]]})[0] for _ in range(2)]
        assert last < first
        assert {str(held.device) for held in session.resources.variables.values.values()} == {f"{KIND}:0"}
        assert isinstance(session.run(w), np.ndarray)


def plan_of(session, fetch, *feeds):
    return make_plan([fetch], [], list(feeds), session._torch_device, session.resources).code()


def test_numbers_of_numbers_are_computed_on_the_host():
    rate = tf.placeholder(tf.float32, [])
    halved = rate * 0.5
    moved = tf.fill([2], halved) + tf.ones([2])
    with tf.Session() as session:
        assert KIND not in plan_of(session, halved, rate)
        assert plan_of(session, moved, rate).count(".to(") == 1
        np.testing.assert_array_equal(session.run(moved, {rate: 0.5}), [1.25, 1.25])


def test_an_asked_device_gets_the_values_of_others():
    x = tf.placeholder(tf.float32, [2])
    with tf.device("/cpu:0"):
        a = x * 2
    with tf.device("/gpu:1"):
        b = a + 1
    with tf.device("/gpu:0"):
        c = b * 10
    with tf.Session() as session:
        code = plan_of(session, c, x)
        assert f"{KIND}:1" in code and f"{KIND}:0" in code
        np.testing.assert_array_equal(session.run(c, {x: [1, 2]}), [30, 50])


def test_what_a_kernel_takes_as_python_values_stays_on_the_host():
    x = tf.placeholder(tf.float32, [None, None])
    flat = tf.reshape(tf.exp(x), [tf.size(x)])
    with tf.Session() as session:
        assert plan_of(session, flat, x).count(".to(") == 1, "only the fed array"
        assert session.run(flat, {x: np.ones([2, 3])}).shape == (6,)


def test_a_position_outside_gives_zeros_as_tensorflow_gives_on_a_gpu():
    at = tf.placeholder(tf.int32, [2])
    found = tf.gather(tf.ones([3]), at)
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(found, {at: [0, 7]}), [1, 0])
