"""Evaluating a checkpoint, or each that comes, in a session of its own; the hooks that go with it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfmagic.base import dtypes, nest, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api, raw
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.monitored.creators import ChiefSessionCreator
from tfmagic.tf.monitored.hook import SessionRunArgs, SessionRunHook
from tfmagic.tf.monitored.hooks import FinalOpsHook
from tfmagic.tf.monitored.sessions import MonitoredSession
from tfmagic.tf.saving import reader
from tfmagic.tf.summary.writer import FileWriterCache
from tfmagic.tf.train import global_steps
from tfmagic.tf.variable.scope import get_variable

_USE_DEFAULT = 0


@export("contrib.training.get_or_create_eval_step")
def get_or_create_eval_step() -> Any:
    """The local variable that counts the steps of an evaluation, made if there is none.

    Raises:
      ValueError: there are several.
    """
    found = get_default_graph().get_collection(GraphKeys.EVAL_STEP)
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise ValueError("Multiple tensors added to tf.GraphKeys.EVAL_STEP")
    return get_variable("eval_step", shape=[], dtype=dtypes.int64, initializer=Zeros(), trainable=False,
                        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.EVAL_STEP])


@export("contrib.training.StopAfterNEvalsHook")
class StopAfterNEvalsHook(SessionRunHook):
    """Ends an evaluation after a number of steps.

    Args:
      num_evals: how many; None: until the data end.
      log_progress: whether it tells how far it is.
    """

    def __init__(self, num_evals: int | None, log_progress: bool = True):
        self._num_evals = num_evals
        self._evals_completed: Any = None
        self._log_progress = log_progress
        self._log_frequency = 1 if num_evals is None or num_evals < 20 else math.floor(num_evals / 10.0)

    def _set_evals_completed_tensor(self, updated_eval_step: Any) -> None:
        self._evals_completed = updated_eval_step

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs({"evals_completed": self._evals_completed})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        done = run_values.results["evals_completed"]
        if self._log_progress:
            if self._num_evals is None:
                tf_logging.info("Evaluation [%d]", done)
            elif done % self._log_frequency == 0 or self._num_evals == done:
                tf_logging.info("Evaluation [%d/%d]", done, self._num_evals)
        if self._num_evals is not None and done >= self._num_evals:
            run_context.request_stop()


@export("contrib.training.SummaryAtEndHook")
class SummaryAtEndHook(SessionRunHook):
    """Writes summaries at the end of an evaluation.

    Args:
      log_dir: the folder; or
      summary_writer: the writer.
      summary_op: by default all summaries, merged.
      feed_dict: what to feed.

    Raises:
      ValueError: there is neither folder nor writer.
    """

    def __init__(self, log_dir: Any = None, summary_writer: Any = None, summary_op: Any = None, feed_dict: Any = None):
        self._summary_op = summary_op
        self._replace_summary_op = summary_op is None
        self._feed_dict = feed_dict
        self._summary_writer = summary_writer
        self._log_dir = log_dir
        if self._log_dir is None and self._summary_writer is None:
            raise ValueError("One of log_dir or summary_writer should be used.")

    def begin(self) -> None:
        if self._replace_summary_op:
            self._summary_op = api.summary.merge_all()
        self._global_step = global_steps.get_or_create_global_step()

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self._summary_writer is None and self._log_dir:
            self._summary_writer = FileWriterCache.get(self._log_dir)

    def end(self, session: Any) -> None:
        step = session.run(self._global_step)
        summary = session.run(self._summary_op, self._feed_dict)
        if self._summary_writer:
            self._summary_writer.add_summary(summary, step)
            self._summary_writer.flush()


def _counted(eval_ops: Any, step: Any, hooks: list[Any], repeated: bool = False) -> Any:
    """What is run, and the step counted beside it; the hooks learn the count."""
    update = api.assign_add(step, 1, use_locking=not repeated)
    if isinstance(eval_ops, dict):
        eval_ops["update_eval_step"] = update
    elif isinstance(eval_ops, (tuple, list)):
        eval_ops = [*eval_ops, update]
    else:
        eval_ops = [eval_ops, update]
    if repeated:
        value = update
    else:
        updates = list(eval_ops.values()) if isinstance(eval_ops, dict) else nest.flatten(eval_ops)
        with get_default_graph().control_dependencies(updates):
            value = raw.identity(step.read_value())
    for hook in hooks:
        if isinstance(hook, StopAfterNEvalsHook):
            hook._set_evals_completed_tensor(value)
    return eval_ops


def _now() -> str:
    return time.strftime("%Y-%m-%d-%H:%M:%S", time.localtime())


def _evaluated(creator: ChiefSessionCreator, hooks: list[Any], eval_ops: Any, feed_dict: Any,
               repeated: bool = False) -> None:
    if not repeated:
        tf_logging.info("Starting evaluation at " + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.localtime()))
    with MonitoredSession(session_creator=creator, hooks=hooks) as session:
        if repeated:
            tf_logging.info("Starting evaluation at " + _now())
        if eval_ops is not None:
            while not session.should_stop():
                session.run(eval_ops, feed_dict)
    tf_logging.info("Finished evaluation at " + _now())


@export("contrib.training.evaluate_once")
def evaluate_once(checkpoint_path: str, master: str = "", scaffold: Any = None, eval_ops: Any = None,
                  feed_dict: Any = None, final_ops: Any = None, final_ops_feed_dict: Any = None,
                  hooks: Sequence[Any] | None = None, config: Any = None) -> Any:
    """Evaluate a checkpoint.

    Args:
      checkpoint_path: the checkpoint.
      master: "" (this machine).
      scaffold: a `Scaffold`.
      eval_ops: what to run until a hook or the data end it: an operation, or a list or dict of them.
      feed_dict: what to feed to it.
      final_ops: what to run at the end.
      final_ops_feed_dict: what to feed to that.
      hooks: `SessionRunHook` objects.
      config: a `ConfigProto`.

    Returns:
      The values of `final_ops`.
    """
    step = get_or_create_eval_step()
    every = list(hooks or [])
    if eval_ops is not None:
        eval_ops = _counted(eval_ops, step, every)
    final = FinalOpsHook(final_ops, final_ops_feed_dict)
    every.append(final)
    _evaluated(ChiefSessionCreator(scaffold=scaffold, checkpoint_filename_with_path=checkpoint_path, master=master,
                                   config=config), every, eval_ops, feed_dict)
    return final.final_ops_values


@export("contrib.training.evaluate_repeatedly")
def evaluate_repeatedly(checkpoint_dir: str, master: str = "", scaffold: Any = None, eval_ops: Any = None,
                        feed_dict: Any = None, final_ops: Any = None, final_ops_feed_dict: Any = None,
                        eval_interval_secs: float = 60, hooks: Sequence[Any] | None = None, config: Any = None,
                        max_number_of_evaluations: int | None = None, timeout: float | None = None,
                        timeout_fn: Callable[[], bool] | None = None) -> Any:
    """Evaluate each new last checkpoint of a folder.

    Args:
      checkpoint_dir: the folder.
      eval_interval_secs: how many seconds there are at least between two evaluations.
      max_number_of_evaluations: after how many it ends.
      timeout: how many seconds to wait for a checkpoint.
      timeout_fn: called when that time is over: True ends it.
      master, scaffold, eval_ops, feed_dict, final_ops, final_ops_feed_dict, hooks, config: as for `evaluate_once`.

    Returns:
      The values of `final_ops` at the last checkpoint, or None.
    """
    step = get_or_create_eval_step()
    every = list(hooks or [])
    if eval_ops is not None:
        eval_ops = _counted(eval_ops, step, every, repeated=True)
    final = FinalOpsHook(final_ops, final_ops_feed_dict)
    every.append(final)
    paths = checkpoints_iterator(checkpoint_dir, min_interval_secs=eval_interval_secs, timeout=timeout,
                                 timeout_fn=timeout_fn)
    for number, path in enumerate(paths, 1):
        _evaluated(ChiefSessionCreator(scaffold=scaffold, checkpoint_filename_with_path=path, master=master,
                                       config=config), every, eval_ops, feed_dict, repeated=True)
        if max_number_of_evaluations is not None and number >= max_number_of_evaluations:
            return final.final_ops_values
    return final.final_ops_values


@export("contrib.training.wait_for_new_checkpoint")
def wait_for_new_checkpoint(checkpoint_dir: Any, last_checkpoint: str | None = None, seconds_to_sleep: float = 1,
                            timeout: float | None = None) -> str | None:
    """Wait until a folder has another last checkpoint; gives it, or None where the time is over."""
    return reader.wait_for_new_checkpoint(checkpoint_dir, last_checkpoint, seconds_to_sleep, timeout)


@export("contrib.training.checkpoints_iterator")
def checkpoints_iterator(checkpoint_dir: Any, min_interval_secs: float = 0, timeout: float | None = None,
                         timeout_fn: Callable[[], bool] | None = None) -> Iterator[str]:
    """`tf.train.checkpoints_iterator`."""
    return reader.checkpoints_iterator(checkpoint_dir, min_interval_secs, timeout, timeout_fn)
