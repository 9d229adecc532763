"""Numbers too small to be normal count as 0 while a run computes, as in TensorFlow 1.15, and only then."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.ops.denormals import kept


def test_an_average_of_gradients_decays_to_zero_and_not_below_the_normal_numbers():
    with tf.Graph().as_default(), tf.Session() as session:
        weight, gradient = tf.Variable([1.0, 1.0]), tf.placeholder(tf.float32, [2])
        optimizer = tf.train.AdamOptimizer(0.001)
        step = optimizer.apply_gradients([(gradient, weight)])
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(step, {gradient: [1.0, 1e-36]})
        for _ in range(60):
            session.run(step, {gradient: [0.0, 0.0]})
        average = session.run(optimizer.get_slot(weight, "m"))
    assert average[0] > 0 and average[1] == 0


def test_the_users_own_numbers_stay_denormal():
    with tf.Graph().as_default(), tf.Session() as session:
        weight = tf.Variable([1.0])
        step = tf.train.AdamOptimizer(0.001).minimize(tf.reduce_sum(weight))
        session.run(tf.global_variables_initializer())
        session.run(step)
    assert np.float32(1e-40) * np.float32(1.0) > 0 and float(torch.tensor(1e-40) * 1) > 0


@pytest.mark.parametrize("dtype, tiny, small", [(tf.float32, 1e-40, 2e-38), (tf.float64, 1e-310, 4e-308)])
@pytest.mark.parametrize("count", [4, 10000])
def test_a_run_computes_with_zeros_in_their_place(dtype, tiny, small, count):
    with tf.Graph().as_default(), tf.Session() as session:
        x, y = tf.placeholder(dtype, [None]), tf.placeholder(dtype, [None])
        quarter = tf.constant(0.25, dtype)
        sums = [x + x, y * quarter, tf.nn.relu(x), tf.reduce_sum(x), tf.cast(x > 0, dtype), tf.cumsum(x), tf.sign(x),
                tf.tensordot(x, tf.ones_like(x), 1), tf.constant(tiny, dtype) * tf.constant(1.0, dtype)]
        handed_on = [tf.identity(x), tf.concat([x, y], 0)[:count], tf.gather(x, [0, 1]), tf.reshape(x, [2, -1])]
        feeds = {x: np.full(count, tiny), y: np.full(count, small)}
        assert not any(np.any(value) for value in session.run(sums, feeds))
        assert all(np.all(value > 0) for value in session.run(handed_on, feeds))


@pytest.mark.parametrize("threads", [0, 2])
def test_threads_that_torch_had_before_compute_with_zeros_too(threads):
    """In a process of its own: threads are told once."""
    code = f"""
import numpy as np, torch
torch.set_num_threads(2)
torch.ones(3_000_000) * 2  # starts the second thread
from tfmagic import tf
x = tf.placeholder(tf.float32, [3_000_000])
given = np.full(3_000_000, 1e-40, np.float32)
with tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads={threads})) as session:
    assert not session.run(tf.nn.relu(x) * 2.0, {{x: given}}).any()
assert (torch.from_numpy(given)[:10] * 2 > 0).all()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_within_a_run_leaves_the_outer_one_as_it_is():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [])
        doubled = x * 2.0

        def inner(value):
            session.run(doubled, {x: 1.0})
            return value

        y = tf.placeholder(tf.float32, [])
        assert session.run(tf.py_func(inner, [y], tf.float32) * 1.0, {y: 1e-40}) == 0
        assert np.float32(1e-40) * np.float32(1.0) > 0


def halved_least():
    """Whether half of the least normal number is a number now."""
    return bool(np.float64(2.0 ** -1022) * np.float64(0.5))


@pytest.mark.parametrize("computes", [False, True])
def test_small_numbers_are_kept_and_what_comes_after_is_as_before(computes):
    torch.set_flush_denormal(computes)
    try:
        found, after = kept(float)("1e-310"), halved_least()
    finally:
        torch.set_flush_denormal(False)
    assert found == float("1e-310") > 0
    assert after is not computes


def test_a_failure_leaves_it_as_before():
    torch.set_flush_denormal(True)
    try:
        with pytest.raises(ValueError, match="no number"):
            kept(float)("no number")
        after = halved_least()
    finally:
        torch.set_flush_denormal(False)
    assert not after
