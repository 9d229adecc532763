"""Monitored sessions beyond what is recorded from TensorFlow 1.15: threads, speed, files that others read."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def model() -> tuple:
    w = tf.get_variable("w", [], initializer=tf.constant_initializer(3.0))
    step = tf.train.get_or_create_global_step()
    loss = tf.square(w, name="loss")
    tf.summary.scalar("the_loss", loss)
    return w, step, loss, tf.train.GradientDescentOptimizer(0.25).minimize(loss, global_step=step)


def test_a_training_as_tensorboard_and_a_reader_find_it(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    _, _, _, train = model()
    with tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), save_summaries_steps=1,
                                           save_checkpoint_steps=2, log_step_count_steps=2,
                                           hooks=[tf.train.StopAtStepHook(num_steps=4)]) as session:
        while not session.should_stop():
            session.run(train)
    tf.summary.FileWriterCache.clear()
    board = EventAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in board.Scalars("the_loss")] == [1, 2, 3, 4]
    assert [event.step for event in board.Scalars("global_step/sec")] == [3]
    assert tf.train.load_variable(str(tmp_path), "global_step") == 4
    assert (tmp_path / "graph.pbtxt").read_text().startswith("node {")


@pytest.mark.parametrize("error", [ValueError("of a thread"), tf.errors.DataLossError(None, None, "of a thread")])
def test_the_error_of_a_thread_comes_out_of_run(error: Exception) -> None:
    v = tf.get_variable("v", [])

    class Starts(tf.train.SessionRunHook):
        def after_create_session(self, session, coord):
            self.coord = coord

        def after_run(self, run_context, run_values):
            thread = threading.Thread(target=lambda: self.coord.request_stop(error))
            thread.start()
            thread.join()
            raise RuntimeError("what came of it")

    with pytest.raises(type(error), match="of a thread"), tf.train.MonitoredSession(hooks=[Starts()]) as session:
        session.run(v)


def test_a_thread_that_asks_for_the_end_ends_the_training() -> None:
    v = tf.get_variable("v", [])

    class Starts(tf.train.SessionRunHook):
        def after_create_session(self, session, coord):
            self.coord = coord

        def after_run(self, run_context, run_values):
            self.coord.request_stop()

    with tf.train.MonitoredSession(hooks=[Starts()]) as session:
        assert not session.should_stop()
        session.run(v)
        assert session.should_stop()


def test_options_of_hooks_become_one_and_a_trace_is_taken() -> None:
    v = tf.get_variable("v", [])
    doubled = v * 2
    seen = []

    class Asks(tf.train.SessionRunHook):
        def before_run(self, run_context):
            return tf.train.SessionRunArgs(None, options=tf.RunOptions(trace_level=tf.RunOptions.SOFTWARE_TRACE,
                                                                       timeout_in_ms=5000))

        def after_run(self, run_context, run_values):
            seen.append((run_values.options.trace_level, run_values.options.timeout_in_ms,
                         len(run_values.run_metadata.step_stats.dev_stats)))

    with tf.train.MonitoredSession(hooks=[Asks()]) as session:
        session.run(doubled)
        session.run(doubled, options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE, timeout_in_ms=9000))
    assert seen == [(1, 5000, 1), (3, 9000, 1)]


def test_timelines_are_written(tmp_path: Path) -> None:
    _, _, _, train = model()
    with tf.train.MonitoredSession(hooks=[tf.train.ProfilerHook(save_steps=2, output_dir=str(tmp_path))]) as session:
        for _ in range(5):
            session.run(train)
    assert sorted(path.name for path in tmp_path.glob("timeline*")) == ["timeline-2.json", "timeline-4.json"]
    events = json.loads((tmp_path / "timeline-2.json").read_text())["traceEvents"]
    assert {"ApplyGradientDescent", "Square"} & {event["name"] for event in events if event["ph"] == "X"}


def test_a_session_costs_little_more_than_its_run() -> None:
    """A run with hooks calls the session once, without the options that would take it off its shortest way."""
    _, step, loss, train = model()
    calls = []
    hooks = [tf.train.StopAtStepHook(num_steps=100), tf.train.NanTensorHook(loss)]
    with tf.train.MonitoredSession(hooks=hooks) as session:
        run = session._coordinated_creator.session.run
        session._coordinated_creator.session.run = lambda *args, **kwargs: calls.append(kwargs) or run(*args, **kwargs)
        session.run(train)
    assert [(call["options"], call["run_metadata"]) for call in calls] == [(None, None)]


def test_two_items_in_a_collection_are_named(graph) -> None:
    tf.add_to_collection("things", 1)
    tf.add_to_collection("things", 2)
    with pytest.raises(RuntimeError, match=r'^More than one item in the collection "things".*tf.Scaffold\(part=item'):
        tf.train.Scaffold.get_or_default("part", "things", lambda: 3)


def test_a_worker_says_that_nobody_else_is_there() -> None:
    model()
    with pytest.raises(tf.errors.DeadlineExceededError, match=r"Session was not ready[\s\S]*is_chief=True"):
        tf.train.MonitoredTrainingSession(is_chief=False, max_wait_secs=0)


def test_a_vocabulary_of_no_variable_is_refused_by_name() -> None:
    tf.get_variable("w", [3, 2])
    with pytest.raises(ValueError, match=r"var_name_to_vocab_info that were not used: \{'other'\}.*: \[\]"):
        tf.train.warm_start("model", "zz", {"other": tf.train.VocabInfo("new", 3, 1, "old")})


def test_the_services_of_a_supervisor(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _, _, _, train = model()
    boss = tf.train.Supervisor(logdir=str(tmp_path), save_model_secs=1, save_summaries_secs=1)
    tf.logging.set_verbosity(tf.logging.INFO)
    logging.getLogger("tensorflow").addHandler(caplog.handler)
    try:
        with boss.managed_session() as session:
            for _ in range(3):
                session.run(train)
            boss.coord.wait_for_stop(1.5)
    finally:
        logging.getLogger("tensorflow").removeHandler(caplog.handler)
        tf.logging.set_verbosity(tf.logging.WARN)
    assert {"Recording summary at step 3.", f"Saving checkpoint to path {tmp_path}/model.ckpt"} <= set(caplog.messages)
    assert tf.train.latest_checkpoint(str(tmp_path)) == f"{tmp_path}/model.ckpt-3"
    steps = [event.step for path in tmp_path.glob("events*") for event in tf.train.summary_iterator(str(path))
             if [value.tag for value in event.summary.value] == ["the_loss"]]
    assert steps[-1] == 3 and np.all(np.diff(steps) >= 0)
