"""Hooks that write: checkpoints, summaries, how fast the steps go, timelines of runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tfmagic.base import messages, tf_logging
from tfmagic.base.export import export
from tfmagic.formats import gfile
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.tf.monitored.hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from tfmagic.tf.monitored.hooks import step_read
from tfmagic.tf.monitored.timing import SecondOrStepTimer
from tfmagic.tf.saving.meta_graph import create_meta_graph_def
from tfmagic.tf.summary.writer import FileWriterCache
from tfmagic.tf.train import global_steps


def session_log(status: str, **fields: Any) -> Any:
    """A `SessionLog`: that a session started, stopped or saved."""
    kind = messages.module("event_pb2").SessionLog
    return kind(status=kind.SessionStatus.Value(status), **fields)


@export("train.CheckpointSaverListener")
class CheckpointSaverListener:
    """Work around the saving of a `CheckpointSaverHook`; a subclass has what it needs of these methods."""

    def begin(self) -> None:
        """Called before the session is made."""

    def before_save(self, session: Any, global_step_value: int) -> None:
        """Called before a checkpoint is written."""

    def after_save(self, session: Any, global_step_value: int) -> Any:
        """Called after a checkpoint was written; what it returns says whether the training should end."""

    def end(self, session: Any, global_step_value: int) -> None:
        """Called at the end of the training, after the last checkpoint."""


@export("train.CheckpointSaverHook")
class CheckpointSaverHook(SessionRunHook):
    """Saves checkpoints: at the beginning, every so often, and at the end.

    Args:
      checkpoint_dir: the folder.
      save_secs: after how many seconds.
      save_steps: or after how many steps.
      saver: the `Saver`.
      checkpoint_basename: what the names of the checkpoints begin with.
      scaffold: or the `Scaffold` that has it; by default that of the collection `GraphKeys.SAVERS`.
      listeners: `CheckpointSaverListener` objects.

    Raises:
      ValueError: it is not said when, or there are two savers.
    """

    def __init__(self, checkpoint_dir: Any, save_secs: float | None = None, save_steps: int | None = None,
                 saver: Any = None, checkpoint_basename: str = "model.ckpt", scaffold: Any = None,
                 listeners: Sequence[Any] | None = None):
        tf_logging.info("Create CheckpointSaverHook.")
        if saver is not None and scaffold is not None:
            raise ValueError("You cannot provide both saver and scaffold.")
        self._saver = saver
        self._scaffold = scaffold
        self._checkpoint_dir = os.fspath(checkpoint_dir)
        self._save_path = os.path.join(self._checkpoint_dir, checkpoint_basename)
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._listeners = list(listeners or ())

    def begin(self) -> None:
        self._writer = FileWriterCache.get(self._checkpoint_dir)
        self._step = step_read("CheckpointSaverHook")
        for listener in self._listeners:
            listener.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        step = session.run(self._step)
        graph = get_default_graph()
        definition = graph.as_graph_def(add_shapes=True)
        api.train.write_graph(definition, self._checkpoint_dir, "graph.pbtxt")
        self._writer.add_graph(graph)
        self._writer.add_meta_graph(create_meta_graph_def(graph_def=definition, saver_def=self._find_saver().saver_def))
        self._save(session, step)
        self._timer.update_last_triggered_step(step)

    def before_run(self, run_context: SessionRunContext) -> Any:
        return SessionRunArgs(self._step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        if not self._timer.should_trigger_for_step(run_values.results + 1):
            return
        step = run_context.session.run(self._step)
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            if self._save(run_context.session, step):
                run_context.request_stop()

    def end(self, session: Any) -> None:
        step = session.run(self._step)
        if step != self._timer.last_triggered_step():
            self._save(session, step)
        for listener in self._listeners:
            listener.end(session, step)

    def _save(self, session: Any, step: int) -> bool:
        """Save a checkpoint; whether a listener asks for the end."""
        tf_logging.info("Saving checkpoints for %d into %s.", step, self._save_path)
        for listener in self._listeners:
            listener.before_save(session, step)
        self._find_saver().save(session, self._save_path, global_step=step)
        self._writer.add_session_log(session_log("CHECKPOINT", checkpoint_path=self._save_path), step)
        asks = False
        for listener in self._listeners:
            if listener.after_save(session, step):
                tf_logging.info("A CheckpointSaverListener requested that training be stopped. listener: %s", listener)
                asks = True
        return asks

    def _find_saver(self) -> Any:
        """The saver.

        Raises:
          RuntimeError: there is none, or several.
        """
        if self._saver is not None:
            return self._saver
        if self._scaffold is not None:
            return self._scaffold.saver
        found = get_default_graph().get_collection(GraphKeys.SAVERS)
        if not found:
            raise RuntimeError(f"No items in collection {GraphKeys.SAVERS}. Please add a saver to the collection or "
                               "provide a saver or scaffold.")
        if len(found) > 1:
            raise RuntimeError(f"More than one item in collection {GraphKeys.SAVERS}. Please indicate which one to use "
                               "by passing it to the constructor.")
        self._saver = found[0]
        return self._saver


@export("train.StepCounterHook")
class StepCounterHook(SessionRunHook):
    """Logs how many steps a second the training makes, and writes it as a summary.

    Args:
      every_n_steps: after how many steps.
      every_n_secs: or after how many seconds.
      output_dir: the folder of the summaries.
      summary_writer: or their `FileWriter`.

    Raises:
      ValueError: both or neither of the first two are given.
    """

    # How often it says that the global step stands still.
    _WARNINGS = 5
    _warned = 0

    def __init__(self, every_n_steps: int | None = 100, every_n_secs: float | None = None, output_dir: Any = None,
                 summary_writer: Any = None):
        if (every_n_steps is None) == (every_n_secs is None):
            raise ValueError("exactly one of every_n_steps and every_n_secs should be provided.")
        self._timer = SecondOrStepTimer(every_steps=every_n_steps, every_secs=every_n_secs)
        self._writer = summary_writer
        self._folder = output_dir
        self._last_step: int | None = None

    def begin(self) -> None:
        if self._writer is None and self._folder:
            self._writer = FileWriterCache.get(self._folder)
        self._step = step_read("StepCounterHook")
        self._tag = global_steps.get_global_step().op.name + "/sec"

    def before_run(self, run_context: SessionRunContext) -> Any:
        return SessionRunArgs(self._step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        before = run_values.results
        if self._timer.should_trigger_for_step(before + 1):
            step = run_context.session.run(self._step)
            if self._timer.should_trigger_for_step(step):
                seconds, steps = self._timer.update_last_triggered_step(step)
                if seconds is not None and steps is not None:
                    self._tell(steps / seconds if seconds > 0 else float("inf"), step)
        if before == self._last_step and StepCounterHook._warned < self._WARNINGS:
            StepCounterHook._warned += 1
            tf_logging.warning(
                "It seems that global step (tf.train.get_global_step) has not been increased. Current value (could be "
                "stable): %s vs previous value: %s. You could increase the global step by passing "
                "tf.train.get_global_step() to Optimizer.apply_gradients or Optimizer.minimize.",
                before, self._last_step)
        self._last_step = before

    def _tell(self, speed: float, step: int) -> None:
        if self._writer is not None:
            pb2 = messages.module("summary_pb2")
            self._writer.add_summary(pb2.Summary(value=[pb2.Summary.Value(tag=self._tag, simple_value=speed)]), step)
        tf_logging.info("%s: %g", self._tag, speed)


@export("train.SummarySaverHook")
class SummarySaverHook(SessionRunHook):
    """Writes summaries.

    Args:
      save_steps: at every how many steps.
      save_secs: or after how many seconds.
      output_dir: the folder.
      summary_writer: or the `FileWriter`.
      scaffold: the `Scaffold` that has the summary.
      summary_op: or the summary itself: a string tensor, or a list of them.

    Raises:
      ValueError: it is not said when, or not exactly one of the last two is given.
    """

    def __init__(self, save_steps: int | None = None, save_secs: float | None = None, output_dir: Any = None,
                 summary_writer: Any = None, scaffold: Any = None, summary_op: Any = None):
        if (scaffold is None) == (summary_op is None):
            raise ValueError("Exactly one of scaffold or summary_op must be provided.")
        self._summary_op = summary_op
        self._scaffold = scaffold
        self._folder = output_dir
        self._writer = summary_writer
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)

    def begin(self) -> None:
        if self._writer is None and self._folder:
            self._writer = FileWriterCache.get(self._folder)
        self._next_step: int | None = None
        self._step = step_read("SummarySaverHook")

    def before_run(self, run_context: SessionRunContext) -> Any:
        self._is_time = self._next_step is None or self._timer.should_trigger_for_step(self._next_step)
        wanted = {"global_step": self._step}
        if self._is_time:
            summary = self._summary()
            if summary is not None:
                wanted["summary"] = summary
        return SessionRunArgs(wanted)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        if self._writer is None:
            return
        step = run_values.results["global_step"] + 1
        if self._is_time:
            step = run_context.session.run(self._step)
        if self._next_step is None:
            self._writer.add_session_log(session_log("START"), step)
        if self._is_time:
            self._timer.update_last_triggered_step(step)
            for summary in run_values.results.get("summary", ()):
                self._writer.add_summary(summary, step)
        self._next_step = step + 1

    def end(self, session: Any = None) -> None:
        if self._writer is not None:
            self._writer.flush()

    def _summary(self) -> list[Any] | None:
        summary = self._summary_op if self._summary_op is not None else self._scaffold.summary_op
        if summary is None:
            return None
        return summary if isinstance(summary, list) else [summary]


@export("train.ProfilerHook")
class ProfilerHook(SessionRunHook):
    """Writes what each node of a run took, as files for Chrome's about:tracing and Perfetto.

    Args:
      save_steps: at every how many steps.
      save_secs: or after how many seconds.
      output_dir: the folder of `timeline-<step>.json`.
      show_dataflow: whether arrows go from nodes to those that use them.
      show_memory: whether memory is shown.

    Raises:
      ValueError: it is not said when.
    """

    def __init__(self, save_steps: int | None = None, save_secs: float | None = None, output_dir: str = "",
                 show_dataflow: bool = True, show_memory: bool = False):
        self._path = os.path.join(output_dir, "timeline-{}.json")
        self._writer = FileWriterCache.get(output_dir)
        self._show = show_dataflow, show_memory
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)

    def begin(self) -> None:
        self._next_step: int | None = None
        self._step = step_read("ProfilerHook")

    def before_run(self, run_context: SessionRunContext) -> Any:
        self._is_time = self._next_step is not None and self._timer.should_trigger_for_step(self._next_step)
        kind = messages.module("config_pb2").RunOptions
        return SessionRunArgs({"global_step": self._step},
                              options=kind(trace_level=kind.FULL_TRACE) if self._is_time else None)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        before = run_values.results["global_step"]
        if self._next_step is None:  # the first run is no measure of the others
            self._timer.update_last_triggered_step(before)
        step = before + 1
        if self._is_time:
            step = run_context.session.run(self._step)
            self._timer.update_last_triggered_step(step)
            self._save(step, self._path.format(step), run_values.run_metadata.step_stats)
            self._writer.add_run_metadata(run_values.run_metadata, f"step_{step}")
        self._next_step = step + 1

    def _save(self, step: int, path: str, step_stats: Any) -> None:
        from tfmagic.tf.profiler.timeline import Timeline

        tf_logging.info("Saving timeline for %d into '%s'.", step, path)
        dataflow, memory = self._show
        with gfile.GFile(path, "w") as file:
            file.write(Timeline(step_stats).generate_chrome_trace_format(dataflow, memory))
