"""Critical sections of several runs, and tensors that a session keeps between runs."""

import gc
import threading

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.ops.queues.session_tensors import SessionTensors


def test_sections_of_runs_in_several_threads_never_overlap(graph):
    inside, most = [0], [0]

    def work(x):
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        threading.Event().wait(0.01)
        inside[0] -= 1
        return x

    section = tf.CriticalSection()
    result = section.execute(lambda: tf.py_func(work, [np.float32(1)], tf.float32))
    with tf.Session() as session:
        threads = [threading.Thread(target=session.run, args=(result,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert most == [1]


def test_an_overwriting_section_loses_no_count(graph):
    count = tf.get_variable("count", initializer=0, use_resource=True)
    section = tf.CriticalSection()

    def step():
        seen = count.read_value()
        return count.assign(tf.py_func(lambda n: n + np.int32(1), [seen], tf.int32))

    result = section.execute(step).op
    with tf.Session() as session:
        session.run(count.initializer)
        threads = [threading.Thread(target=lambda: [session.run(result) for _ in range(10)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert session.run(count) == 40


def test_a_tensor_is_forgotten_with_its_handle(graph):
    handle = tf.get_session_handle(tf.constant([1.0, 2.0]))
    with tf.Session() as session:
        kept = session.run(handle)
        store = SessionTensors.of(session.resources.named)
        assert kept.eval().tolist() == [1.0, 2.0]
        assert len(store._values) == 1
        del kept
        gc.collect()
        assert not store._values


def test_a_fed_handle_of_another_type_is_refused(graph):
    handle = tf.get_session_handle(tf.constant(3))
    x = tf.placeholder(tf.float32, [])
    doubled = x * 2
    with tf.Session() as session, pytest.raises(
            tf.errors.InvalidArgumentError, match="Expects arg.0. to be float but int32 is provided"):
        session.run(doubled, {x: session.run(handle)})
