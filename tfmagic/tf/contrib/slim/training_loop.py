"""slim.learning.train: a loop over train_step under a Supervisor, with summaries, checkpoints and a trace."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from tfmagic.base import errors, messages, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.monitored.supervisor import Supervisor
from tfmagic.tf.train import global_steps

_USE_DEFAULT = 0


@export("contrib.slim.learning.train_step")
def train_step(sess: Any, train_op: Any, global_step: Any, train_step_kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """One step: trains, and traces and logs where the step asks for it.

    Args:
      sess: the session.
      train_op: what trains and gives the loss.
      global_step: the number of the step.
      train_step_kwargs: bool tensors "should_stop", "should_log", "should_trace"; for the last also "logdir", and
        perhaps "summary_writer".

    Returns:
      The loss, and whether to stop.

    Raises:
      ValueError: a trace is asked for without a folder.
    """
    start = time.time()
    options, metadata = None, None
    if "should_trace" in train_step_kwargs:
        if "logdir" not in train_step_kwargs:
            raise ValueError("logdir must be present in train_step_kwargs when should_trace is present")
        if sess.run(train_step_kwargs["should_trace"]):
            config = messages.module("config_pb2")
            options = config.RunOptions(trace_level=config.RunOptions.FULL_TRACE)
            metadata = config.RunMetadata()
    loss, step = sess.run([train_op, global_step], options=options, run_metadata=metadata)
    elapsed = time.time() - start
    if metadata is not None:
        _write_trace(metadata, step, train_step_kwargs)
    if "should_log" in train_step_kwargs and sess.run(train_step_kwargs["should_log"]):
        tf_logging.info("global step %d: loss = %.4f (%.3f sec/step)", step, loss, elapsed)
    stop = sess.run(train_step_kwargs["should_stop"]) if "should_stop" in train_step_kwargs else False
    return loss, stop


def _write_trace(metadata: Any, step: Any, kwargs: dict[str, Any]) -> None:
    from tfmagic.tf.profiler.timeline import Timeline

    path = os.path.join(kwargs["logdir"], f"tf_trace-{step}.json")
    tf_logging.info("Writing trace to %s", path)
    with open(path, "w", encoding="utf-8") as file:
        file.write(Timeline(metadata.step_stats).generate_chrome_trace_format())
    if "summary_writer" in kwargs:
        kwargs["summary_writer"].add_run_metadata(metadata, f"run_metadata-{step}")


def _step_arguments(global_step: Any, number_of_steps: int | None, log_every: int, trace_every: int | None,
                    logdir: Any) -> dict[str, Any]:
    """The tensors that tell a step what to do."""
    with name_scope("train_step"):
        made: dict[str, Any] = {"should_stop": (api.greater_equal(global_step, number_of_steps) if number_of_steps
                                                else api.constant(False))}
        if log_every > 0:
            made["should_log"] = api.equal(api.mod(global_step, log_every), 0)
        if trace_every is not None:
            made["should_trace"] = api.equal(api.mod(global_step, trace_every), 0)
            made["logdir"] = logdir
    return made


def _wait_for_step(sess: Any, global_step: Any, step: int) -> None:
    while sess.run(global_step) < step:
        time.sleep(1.0)


@export("contrib.slim.learning.train")
def train(train_op: Any, logdir: Any, train_step_fn: Callable[..., Any] = train_step,
          train_step_kwargs: Any = _USE_DEFAULT, log_every_n_steps: int = 1, graph: Any = None, master: str = "",
          is_chief: bool = True, global_step: Any = None, number_of_steps: int | None = None,
          init_op: Any = _USE_DEFAULT, init_feed_dict: Any = None, local_init_op: Any = _USE_DEFAULT,
          init_fn: Any = None, ready_op: Any = _USE_DEFAULT, summary_op: Any = _USE_DEFAULT,
          save_summaries_secs: float = 600, summary_writer: Any = _USE_DEFAULT, startup_delay_steps: int = 0,
          saver: Any = None, save_interval_secs: float = 600, sync_optimizer: Any = None, session_config: Any = None,
          session_wrapper: Any = None, trace_every_n_steps: int | None = None,
          ignore_live_threads: bool = False) -> Any:
    """Train until the number of steps is reached, the data end, or somebody asks to stop.

    Args:
      train_op: what `create_train_op` gives.
      logdir: the folder of checkpoints and summaries; None: nothing is written.
      train_step_fn: what makes a step: `(sess, train_op, global_step, train_step_kwargs) -> loss, whether to stop`.
      train_step_kwargs: what it gets; by default tensors that tell whether to stop, log and trace.
      log_every_n_steps: at every how many steps the loss is logged.
      graph: by default the default graph.
      master: "" (this machine).
      is_chief: whether this process initialises and saves.
      global_step: by default the graph's, made if there is none.
      number_of_steps: how many steps there are in all; None: no end.
      init_op, init_feed_dict, local_init_op, init_fn, ready_op, summary_op, summary_writer: as for `Supervisor`.
      save_summaries_secs, save_interval_secs: after how many seconds summaries and checkpoints are written.
      startup_delay_steps: for which step one that is not the chief waits first.
      saver: by default a new one.
      sync_optimizer: not supported: training on several machines.
      session_config: a `ConfigProto`.
      session_wrapper: a function of the session that gives the one to use.
      trace_every_n_steps: at every how many steps a trace is written.
      ignore_live_threads: whether threads may go on at the end.

    Returns:
      The last loss.

    Raises:
      ValueError: arguments contradict each other.
    """
    if train_op is None:
        raise ValueError("train_op cannot be None.")
    if logdir is None:
        if summary_op != _USE_DEFAULT:
            raise ValueError("Cannot provide summary_op because logdir=None")
        if saver is not None:
            raise ValueError("Cannot provide saver because logdir=None")
        if trace_every_n_steps is not None:
            raise ValueError("Cannot provide trace_every_n_steps because logdir=None")
    if sync_optimizer is not None:
        if startup_delay_steps > 0:
            raise ValueError("startup_delay_steps must be zero when sync_optimizer is supplied.")
        raise NotImplementedError("tfmagic trains in one process: call slim.learning.train without sync_optimizer.")
    if number_of_steps is not None and number_of_steps <= 0:
        raise ValueError("`number_of_steps` must be either None or a positive number.")
    graph = graph or get_default_graph()
    with graph.as_default():
        if global_step is None:
            global_step = global_steps.get_or_create_global_step()
        saver = saver or api.train.Saver()
        with name_scope("init_ops"):
            if init_op == _USE_DEFAULT:
                init_op = api.global_variables_initializer()
            if ready_op == _USE_DEFAULT:
                ready_op = api.report_uninitialized_variables()
            if local_init_op == _USE_DEFAULT:
                local_init_op = api.group(api.local_variables_initializer(), api.tables_initializer())
        if summary_op == _USE_DEFAULT:
            summary_op = api.summary.merge_all()
        if summary_writer == _USE_DEFAULT:
            summary_writer = Supervisor.USE_DEFAULT
        if train_step_kwargs == _USE_DEFAULT:
            train_step_kwargs = _step_arguments(global_step, number_of_steps, log_every_n_steps,
                                                trace_every_n_steps if is_chief else None, logdir)
    supervisor = Supervisor(
        graph=graph, is_chief=is_chief, logdir=logdir, init_op=init_op, init_feed_dict=init_feed_dict,
        local_init_op=local_init_op, ready_for_local_init_op=Supervisor.USE_DEFAULT,
        ready_op=ready_op, summary_op=summary_op, summary_writer=summary_writer, global_step=global_step, saver=saver,
        save_summaries_secs=save_summaries_secs, save_model_secs=save_interval_secs, init_fn=init_fn)
    if summary_writer is not None:
        train_step_kwargs["summary_writer"] = supervisor.summary_writer
    delay = min(startup_delay_steps, number_of_steps or sys.maxsize)
    run = _Run(supervisor, train_op, train_step_fn, train_step_kwargs, global_step, logdir, delay, session_wrapper,
               ignore_live_threads)
    while not run.went_through(master, session_config):
        tf_logging.info("Retrying training!")
    return run.loss


class _Run:
    """The loop of a training, which begins again when its session is lost."""

    def __init__(self, supervisor: Supervisor, train_op: Any, step: Callable[..., Any], step_kwargs: dict[str, Any],
                 global_step: Any, logdir: Any, delay: int, wrapper: Any, ignore_live_threads: bool):
        self.supervisor, self.train_op, self.step, self.step_kwargs = supervisor, train_op, step, step_kwargs
        self.global_step, self.logdir, self.delay, self.wrapper = global_step, logdir, delay, wrapper
        self.ignore_live_threads = ignore_live_threads
        self.loss: Any = None

    def went_through(self, master: str, config: Any) -> bool:
        """Whether the training came to its end, and not to that of its session."""
        try:
            with self.supervisor.managed_session(master, start_standard_services=False, config=config) as session:
                self._train(session)
        except errors.AbortedError:
            return False
        return True

    def _train(self, session: Any) -> None:
        supervisor = self.supervisor
        tf_logging.info("Starting Session.")
        if self.wrapper is not None:
            tf_logging.info("Wrapping session with wrapper function: %s", self.wrapper)
            session = self.wrapper(session)
        if supervisor.is_chief:
            if self.logdir:
                supervisor.start_standard_services(session)
        elif self.delay > 0:
            _wait_for_step(session, self.global_step, self.delay)
        threads = supervisor.start_queue_runners(session)
        tf_logging.info("Starting Queues.")
        try:
            while not supervisor.should_stop():
                self.loss, stop = self.step(session, self.train_op, self.global_step, self.step_kwargs)
                if stop:
                    tf_logging.info("Stopping Training.")
                    supervisor.request_stop()
                    break
        except errors.OutOfRangeError as error:
            tf_logging.info("Caught OutOfRangeError. Stopping Training. %s", error)
        if self.logdir and supervisor.is_chief:
            tf_logging.info("Finished training! Saving model to disk.")
            supervisor.saver.save(session, supervisor.save_path, global_step=supervisor.global_step)
            supervisor.stop(threads, close_summary_writer=True, ignore_live_threads=self.ignore_live_threads)
