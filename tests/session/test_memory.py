"""What runs do with memory."""

import resource
import sys

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session.memory import keep_between_runs


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


def pages_of_runs(sess, y, feed):
    """How many pages ten runs take from the system."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        sess.run(y, feed)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries keep memory as they like")
def test_a_run_takes_the_memory_that_the_last_one_gave_back(sess, monkeypatch):
    x = tf.placeholder(tf.float32, [1000, 1000])
    y = tf.reduce_sum(tf.tanh(tf.matmul(x, x)) * x)
    feed = {x: np.ones((1000, 1000), np.float32)}
    for _ in range(40):  # by then it is machine code, for which the compiler has been loaded
        sess.run(y, feed)
    pages_of_one_value = 1000 * 1000 * 4 // resource.getpagesize()
    assert min(pages_of_runs(sess, y, feed) for _ in range(3)) < pages_of_one_value  # another thread may take some once
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
    assert not keep_between_runs()  # who says how memory is kept has it so
