"""Hooks that watch a training: when it ends, what it logs, what it feeds, when it may begin."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfmagic.base import errors, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.tf.monitored.hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from tfmagic.tf.monitored.timing import Never, SecondOrStepTimer, Timer
from tfmagic.tf.train.global_steps import get_or_create_global_step_read

# How long a waiting worker sleeps before it looks at the global step again, and after how many steps it says so.
_NAP = 0.5
_STEPS_BETWEEN_WORDS = 1000


def step_read(hook: str) -> Any:
    """The tensor from which a hook reads the global step.

    Raises:
      RuntimeError: the graph has none.
    """
    step = get_or_create_global_step_read()
    if step is None:
        raise RuntimeError(f"Global step should be created to use {hook}.")
    return step


@export("train.StopAtStepHook")
class StopAtStepHook(SessionRunHook):
    """Ends the training at a step.

    Args:
      num_steps: after how many steps, counted from where the session begins.
      last_step: or at which global step.

    Raises:
      ValueError: both or neither are given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None):
        if num_steps is None and last_step is None:
            raise ValueError("One of num_steps or last_step must be specified.")
        if num_steps is not None and last_step is not None:
            raise ValueError("Only one of num_steps or last_step can be specified.")
        self._num_steps = num_steps
        self._last_step = last_step

    def begin(self) -> None:
        self._step = step_read("StopAtStepHook")

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self._last_step is None:
            self._last_step = session.run(self._step) + self._num_steps

    def before_run(self, run_context: SessionRunContext) -> Any:
        return SessionRunArgs(self._step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        # The value is that from before the run: only near the end it has to be read again.
        if run_values.results + 1 >= self._last_step and run_context.session.run(self._step) >= self._last_step:
            run_context.request_stop()


@export("train.NanLossDuringTrainingError")
class NanLossDuringTrainingError(RuntimeError):
    """The loss became NaN."""

    def __str__(self) -> str:
        return "NaN loss during training."


@export("train.NanTensorHook")
class NanTensorHook(SessionRunHook):
    """Ends the training when the loss is NaN.

    Args:
      loss_tensor: the loss.
      fail_on_nan_loss: whether that is an error.
    """

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True):
        self._loss_tensor = loss_tensor
        self._fail_on_nan_loss = fail_on_nan_loss

    def before_run(self, run_context: SessionRunContext) -> Any:
        return SessionRunArgs(self._loss_tensor)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        if not np.isnan(run_values.results):
            return
        message = "Model diverged with loss = NaN."
        if self._fail_on_nan_loss:
            tf_logging.error(message)
            raise NanLossDuringTrainingError
        tf_logging.warning(message)
        run_context.request_stop()


@export("train.LoggingTensorHook")
class LoggingTensorHook(SessionRunHook):
    """Logs the values of tensors.

    Args:
      tensors: tensors or their names; a dict gives them other names in the log.
      every_n_iter: at every how many runs.
      every_n_secs: or after how many seconds.
      at_end: whether at the end too.
      formatter: makes the line from a dict of the values.

    Raises:
      ValueError: it is not said when.
    """

    def __init__(self, tensors: Any, every_n_iter: int | None = None, every_n_secs: float | None = None,
                 at_end: bool = False, formatter: Callable[[Mapping[Any, Any]], str] | None = None):
        only_at_end = at_end and every_n_iter is None and every_n_secs is None
        if not only_at_end and (every_n_iter is None) == (every_n_secs is None):
            raise ValueError("either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.")
        if every_n_iter is not None and every_n_iter <= 0:
            raise ValueError(f"invalid every_n_iter={every_n_iter}.")
        if isinstance(tensors, dict):
            self._tags = sorted(tensors)
            self._tensors = tensors
        else:
            self._tags = list(tensors)
            self._tensors = {item: item for item in self._tags}
        self._timer: Timer = Never() if only_at_end else SecondOrStepTimer(every_secs=every_n_secs,
                                                                           every_steps=every_n_iter)
        self._formatter = formatter
        self._log_at_end = at_end

    def begin(self) -> None:
        self._timer.reset()
        self._runs = 0
        self._current = {tag: _graph_element(tensor) for tag, tensor in self._tensors.items()}

    def before_run(self, run_context: SessionRunContext) -> Any:
        self._is_time = self._timer.should_trigger_for_step(self._runs)
        return SessionRunArgs(self._current) if self._is_time else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        if self._is_time:
            self._log(run_values.results)
        self._runs += 1

    def end(self, session: Any) -> None:
        if self._log_at_end:
            self._log(session.run(self._current))

    def _log(self, values: Mapping[Any, Any]) -> None:
        seconds, _ = self._timer.update_last_triggered_step(self._runs)
        with np.printoptions(suppress=True):
            if self._formatter:
                tf_logging.info(self._formatter(values))
                return
            words = ", ".join(f"{tag} = {values[tag]}" for tag in self._tags)
        if seconds is None:
            tf_logging.info("%s", words)
        else:
            tf_logging.info("%s (%.3f sec)", words, seconds)


def _graph_element(thing: Any) -> Any:
    """The tensor or operation of the default graph that a name, tensor or variable stands for.

    Raises:
      ValueError: it is one of another graph.
    """
    graph = get_default_graph()
    if isinstance(thing, str):
        name = thing if ":" in thing or thing.startswith("/") else thing + ":0"
        return graph.as_graph_element(name)
    if getattr(thing, "graph", None) is not graph:
        raise ValueError(f"Passed {thing} should have graph attribute that is equal to current graph {graph}.")
    return thing


@export("train.FinalOpsHook")
class FinalOpsHook(SessionRunHook):
    """Computes something at the end of the training.

    Args:
      final_ops: tensors, operations or a nesting of them.
      final_ops_feed_dict: values to feed.
    """

    def __init__(self, final_ops: Any, final_ops_feed_dict: Any = None):
        self._final_ops = final_ops
        self._feeds = final_ops_feed_dict
        self._values: Any = None

    @property
    def final_ops_values(self) -> Any:
        """The values of `final_ops`, after the end."""
        return self._values

    def end(self, session: Any) -> None:
        if self._final_ops is None:
            return
        try:
            self._values = session.run(self._final_ops, feed_dict=self._feeds)
        except (errors.OutOfRangeError, StopIteration) as error:
            tf_logging.warning("FinalOpsHook's final_ops asked for another element of an input that has ended: let "
                               "them read variables only. %s", error)
            raise


@export("train.FeedFnHook")
class FeedFnHook(SessionRunHook):
    """Feeds each run.

    Args:
      feed_fn: gives the values to feed.
    """

    def __init__(self, feed_fn: Callable[[], Any]):
        self.feed_fn = feed_fn

    def before_run(self, run_context: SessionRunContext) -> Any:
        return SessionRunArgs(None, feed_dict=self.feed_fn())


@export("train.GlobalStepWaiterHook")
class GlobalStepWaiterHook(SessionRunHook):
    """Lets the first run wait until others have brought the global step so far.

    Args:
      wait_until_step: the step.
    """

    def __init__(self, wait_until_step: int):
        self._wait_until_step = wait_until_step

    def begin(self) -> None:
        self._done = False
        self._step = step_read("_GlobalStepWaiterHook")

    def before_run(self, run_context: SessionRunContext) -> Any:
        if self._done:
            return
        if self._wait_until_step > 0:
            self._wait(run_context.session)
        self._done = True

    def _wait(self, session: Any) -> None:
        tf_logging.info("Waiting for global step %d before starting training.", self._wait_until_step)
        told = 0
        while (step := session.run(self._step)) < self._wait_until_step:
            if step - told > _STEPS_BETWEEN_WORDS:
                told = step
                tf_logging.info("Waiting for global step %d before starting training. Current step is %d.",
                                self._wait_until_step, step)
            time.sleep(_NAP)
        tf_logging.info("Done waiting.")


