"""`tf.train.Coordinator` and `LooperThread`, as TensorFlow 1.15 answered the same programs."""

from __future__ import annotations

import threading

import pytest

import tfmagic.tf as tf


def test_the_first_reason_is_the_one_that_join_raises() -> None:
    coord = tf.train.Coordinator()
    coord.request_stop(ValueError("boom"))
    coord.request_stop(KeyError("second"))
    with pytest.raises(ValueError, match="^boom$"):
        coord.join([])
    assert coord.joined and coord.should_stop()


def test_the_end_of_the_data_is_no_error() -> None:
    coord = tf.train.Coordinator()
    with coord.stop_on_exception():
        raise tf.errors.OutOfRangeError(None, None, "end")
    coord.join()
    assert coord.joined


def test_which_exceptions_are_none_can_be_said() -> None:
    coord = tf.train.Coordinator(clean_stop_exception_types=(KeyError,))
    coord.request_stop(tf.errors.OutOfRangeError(None, None, "end"))
    with pytest.raises(tf.errors.OutOfRangeError, match="^end$"):
        coord.join([])


def test_a_reason_after_join_is_raised_at_once() -> None:
    coord = tf.train.Coordinator()
    coord.join([])
    with pytest.raises(ValueError, match="^late$"):
        coord.request_stop(ValueError("late"))


def test_threads_that_go_on_are_named() -> None:
    coord, end = tf.train.Coordinator(), threading.Event()
    thread = threading.Thread(target=end.wait, name="slow", daemon=True)
    thread.start()
    coord.request_stop()
    try:
        with pytest.raises(RuntimeError, match="^Coordinator stopped with threads still running: slow$"):
            coord.join([thread], stop_grace_period_secs=0.05)
        coord.join([thread], stop_grace_period_secs=0.05, ignore_live_threads=True)
    finally:
        end.set()


def test_a_stop_can_be_forgotten() -> None:
    coord = tf.train.Coordinator()
    coord.request_stop(ValueError("x"))
    with pytest.raises(ValueError, match="^x$"):
        coord.raise_requested_exception()
    coord.clear_stop()
    coord.raise_requested_exception()
    assert not coord.should_stop() and not coord.wait_for_stop(0.01)


def test_a_looper_runs_until_the_stop() -> None:
    coord, seen = tf.train.Coordinator(), []

    def turn(k: int, v: int = 0) -> None:
        seen.append((k, v))
        if len(seen) == 3:
            coord.request_stop()

    thread = tf.train.LooperThread.loop(coord, None, turn, args=(1,), kwargs={"v": 2})
    coord.join([thread])
    assert seen == [(1, 2)] * 3 and thread.daemon


def test_a_looper_hands_on_its_error() -> None:
    coord = tf.train.Coordinator()

    def turn() -> None:
        raise ValueError("in loop")

    tf.train.LooperThread(coord, 0.01, turn).start()
    with pytest.raises(ValueError, match="^in loop$"):
        coord.join()


def test_a_looper_wants_a_coordinator() -> None:
    with pytest.raises(ValueError, match="^'coord' argument must be a Coordinator: 3$"):
        tf.train.LooperThread(3, None)
