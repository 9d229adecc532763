"""Runs that wait for queues: interrupts, time limits, closed sessions, and what they leave behind."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from tfmagic import tf


@pytest.fixture
def queue():
    with tf.Graph().as_default():
        yield tf.FIFOQueue(3, tf.int32, shapes=[()], name="numbers")


def interrupted(session, fetches, after=0.3):
    """Run something that waits and press Ctrl-C meanwhile; how long it then took, in seconds."""
    pressed = []
    with tf.Graph().as_default(), tf.Session() as other:  # a first run imports what later ones need
        numbers = tf.FIFOQueue(3, tf.int32, shapes=[()])
        other.run(numbers.enqueue_many([[1, 2]]))
        other.run(numbers.dequeue_many(2))

    def press():
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Timer(after, press).start()
    with pytest.raises(KeyboardInterrupt):
        session.run(fetches)
    return time.monotonic() - pressed[0]


def test_ctrl_c_ends_a_waiting_run_at_once(queue):
    take, add = queue.dequeue(), queue.enqueue_many([[1, 2, 3, 4]])
    with tf.Session() as session:
        assert interrupted(session, take) < 0.2
        assert interrupted(session, add) < 0.2
        assert session.run(queue.size()) == 3


def test_an_interrupted_run_gives_back_what_it_had_taken(queue):
    with tf.Session() as session:
        session.run(queue.enqueue_many([[1, 2]]))
        interrupted(session, queue.dequeue_many(3))
        assert session.run(queue.dequeue_many(2)).tolist() == [1, 2]


def test_a_waiting_reader_is_interrupted_and_goes_on_later(tmp_path):
    (tmp_path / "lines").write_text("one\ntwo\n")
    with tf.Graph().as_default(), tf.Session() as session:
        names = tf.FIFOQueue(3, tf.string, shapes=[()])
        _, line = tf.TextLineReader().read(names)
        assert interrupted(session, line) < 0.2
        session.run(names.enqueue(str(tmp_path / "lines")))
        assert session.run(line) == b"one"


def test_a_time_limit_takes_nothing(queue):
    with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=100)) as session:
        session.run(queue.enqueue(1))
        with pytest.raises(tf.errors.DeadlineExceededError):
            session.run(queue.dequeue_many(2))
        assert session.run(queue.dequeue()) == 1


def test_a_queue_keeps_values_not_memory(queue):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [2])
        kept = tf.FIFOQueue(3, tf.float32, shapes=[(2,)])
        given = np.ones(2, np.float32)
        session.run(kept.enqueue(x), {x: given})
        given[:] = 7
        weights = tf.Variable([1.0, 2.0])
        session.run(weights.initializer)
        session.run(kept.enqueue(weights))
        session.run(weights.assign_add([1.0, 1.0]))
        assert session.run(kept.dequeue_many(2)).tolist() == [[1, 1], [1, 2]]


def test_nobody_waits_for_variables_while_a_step_waits_for_its_input(queue):
    total = tf.Variable(0)
    step = tf.assign_add(total, queue.dequeue())
    with tf.Session() as session:
        session.run(total.initializer)
        thread = threading.Thread(target=session.run, args=(step,))
        thread.start()
        time.sleep(0.1)
        session.run(tf.assign_add(total, 10))  # the step waits, and holds nothing
        session.run(queue.enqueue(5))
        thread.join(10)
        assert session.run(total) == 15


def test_many_threads_lose_and_repeat_nothing(queue):
    add, take = queue.enqueue(tf.placeholder(tf.int32, [], name="x")), queue.dequeue()
    found = []
    with tf.Session() as session:
        def put(start):
            for i in range(50):
                session.run(add, {"x:0": start + i})

        def get():
            for _ in range(50):
                found.append(int(session.run(take)))

        threads = [threading.Thread(target=put, args=(100 * i,)) for i in range(4)]
        threads += [threading.Thread(target=get) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sorted(found) == sorted(100 * i + j for i in range(4) for j in range(50))


def test_entries_of_a_database_are_read(tmp_path):
    lmdb = pytest.importorskip("lmdb")
    with lmdb.open(str(tmp_path / "base")) as environment, environment.begin(write=True) as transaction:
        for number in (2, 1, 3):
            transaction.put(b"key %d" % number, b"value %d" % number)
    with tf.Graph().as_default(), tf.Session() as session:
        names = tf.FIFOQueue(3, tf.string, shapes=[()])
        session.run(names.enqueue(str(tmp_path / "base")))
        session.run(names.close())
        entry = tf.LMDBReader().read(names)
        got = [session.run(tuple(entry)) for _ in range(3)]
        assert got == [(b"key %d" % number, b"value %d" % number) for number in (1, 2, 3)]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(tuple(entry))
