"""Gatherings: runs that compute a batch together, and what becomes of the others when one of them ends early."""

import threading
import time

import pytest

from tfmagic import tf
from tfmagic.base import errors
from tfmagic.ops.queues.gathering import Gathering, Task


class Rows:
    """Something with so many rows."""

    def __init__(self, count):
        self.shape = (count,)


def gathering(seconds=30.0, most=2):
    return Gathering({"num_batch_threads": 1, "max_batch_size": most, "batch_timeout_micros": int(seconds * 1e6),
                      "max_enqueued_batches": 10}, lambda condition, left=None: condition.wait(left))


def brought(place, process, count=1):
    """A thread that brings rows; what came of it is in the list."""
    came = []

    def bring():
        try:
            came.append(place.bring("", [Rows(count)], process))
        except BaseException as error:
            came.append(error)

    thread = threading.Thread(target=bring, daemon=True)
    thread.start()
    return thread, came


def waiting(place, count):
    """Wait until so many tasks stand in the open batch."""
    until = time.monotonic() + 10
    while sum(len(batch.tasks) for batch in place._queues.get("", [])) < count and time.monotonic() < until:
        time.sleep(0.005)


def test_a_full_batch_is_computed_once_for_all_its_runs():
    place, calls = gathering(), []

    def process(tasks: list[Task]):
        calls.append(len(tasks))
        return ["first", "second"]

    first, came = brought(place, process)
    waiting(place, 1)
    second, other = brought(place, process)
    first.join(10)
    second.join(10)
    assert calls == [2] and came + other == ["first", "second"]


def test_the_others_are_cancelled_when_the_run_that_computes_is_interrupted():
    place = gathering()

    def process(tasks):
        raise KeyboardInterrupt

    first, came = brought(place, process)
    waiting(place, 1)
    second, other = brought(place, process)
    first.join(10)
    second.join(10)
    assert {type(error) for error in came + other} == {KeyboardInterrupt, errors.CancelledError}


def test_a_run_whose_time_is_over_leaves_the_batch_to_the_others():
    graph = tf.Graph()
    with graph.as_default():
        x = tf.placeholder(tf.int32, [None])
        made = tf.raw_ops.Batch(in_tensors=[x], num_batch_threads=1, max_batch_size=2, grad_timeout_micros=0,
                                batch_timeout_micros=600_000_000)
    with tf.Session(graph=graph) as session:
        with pytest.raises(tf.errors.DeadlineExceededError):
            session.run(made.id, {x: [1]}, options=tf.RunOptions(timeout_in_ms=200))
        assert session.run(made.batched_tensors, {x: [2, 3]})[0].tolist() == [2, 3]


def test_closing_the_session_ends_the_wait():
    place = gathering()
    thread, came = brought(place, lambda tasks: [None])
    waiting(place, 1)
    place.close()
    thread.join(10)
    assert isinstance(came[0], errors.CancelledError)
