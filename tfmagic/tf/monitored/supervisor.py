"""`tf.train.Supervisor`: initialises a training, and saves and sums it up in threads of its own; `basic_train_loop`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfmagic.base import errors, messages, tf_logging
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.monitored.manager import SessionManager
from tfmagic.tf.monitored.writing import session_log
from tfmagic.tf.saving.meta_graph import create_meta_graph_def
from tfmagic.tf.saving.saver import Saver
from tfmagic.tf.summary.writer import FileWriter
from tfmagic.tf.train import global_steps
from tfmagic.tf.train.coordinator import Coordinator, LooperThread
from tfmagic.tf.variable.initialization import (
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)
from tfmagic.tf.variable.lists import global_variables
from tfmagic.tf.variable.resources import tables_initializer


def _first(key: str, make: Callable[[], Any] = lambda: None, keep: bool = True) -> Any:
    """The first thing of a collection, or what is made, which then stands in it."""
    graph = get_default_graph()
    found = graph.get_collection(key)
    if found:
        return found[0]
    made = make()
    if made is not None and keep:
        graph.add_to_collection(key, made)
    return made


def _local_init() -> Any:
    return group(local_variables_initializer(), tables_initializer())


@export("train.Supervisor")
class Supervisor:
    """Initialises or restores a model, and saves it and writes its summaries from time to time.

    Args:
      graph: the graph, which is finalized; by default the default graph.
      ready_op: a tensor of the names of what is not initialised.
      ready_for_local_init_op: the same, before `local_init_op`.
      is_chief: whether this process initialises and saves.
      init_op: initialises the model.
      init_feed_dict: what to feed it.
      local_init_op: initialises what each worker has for itself.
      logdir: the folder of checkpoints and summaries.
      summary_op: all summaries, or None.
      saver: the `Saver`, or None.
      global_step: the global step, or None.
      save_summaries_secs: after how many seconds it writes summaries; 0 for never.
      save_model_secs: after how many seconds it saves; 0 for never.
      recovery_wait_secs: how long one that is not the chief waits before it looks again.
      stop_grace_secs: how many seconds threads may go on at the end.
      checkpoint_basename: what the names of the checkpoints begin with.
      session_manager: a `SessionManager`.
      summary_writer: the `FileWriter`, or None.
      init_fn: called with the session after `init_op`.
      local_init_run_options: a `RunOptions` proto for `local_init_op`.

    Raises:
      ValueError: a variable has no device where this is not the chief.
    """

    USE_DEFAULT = 0

    @deprecated(None, "Please switch to tf.train.MonitoredTrainingSession",
                module="tensorflow.python.training.supervisor")
    def __init__(self, graph: Any = None, ready_op: Any = USE_DEFAULT, ready_for_local_init_op: Any = USE_DEFAULT,
                 is_chief: bool = True, init_op: Any = USE_DEFAULT, init_feed_dict: Any = None,
                 local_init_op: Any = USE_DEFAULT, logdir: Any = None, summary_op: Any = USE_DEFAULT,
                 saver: Any = USE_DEFAULT, global_step: Any = USE_DEFAULT, save_summaries_secs: float = 120,
                 save_model_secs: float = 600, recovery_wait_secs: float = 30, stop_grace_secs: float = 120,
                 checkpoint_basename: str = "model.ckpt", session_manager: Any = None,
                 summary_writer: Any = USE_DEFAULT, init_fn: Callable[[Any], Any] | None = None,
                 local_init_run_options: Any = None):
        def default(given: Any) -> bool:
            return isinstance(given, int) and given == Supervisor.USE_DEFAULT

        self._graph = get_default_graph() if graph is None else graph
        self._is_chief = is_chief
        self._coord = Coordinator()
        self._grace = stop_grace_secs
        self._init_feed_dict = init_feed_dict
        self._init_fn = init_fn
        with self._graph.as_default():
            self._ready_op = _first(GraphKeys.READY_OP, report_uninitialized_variables) \
                if default(ready_op) else ready_op
            self._ready_for_local_init_op = _first(GraphKeys.READY_FOR_LOCAL_INIT_OP) \
                if default(ready_for_local_init_op) else ready_for_local_init_op
            self._init_op = _first(GraphKeys.INIT_OP, global_variables_initializer) if default(init_op) else init_op
            self._local_init_op = _first(GraphKeys.LOCAL_INIT_OP, _local_init) \
                if default(local_init_op) else local_init_op
            self._saver = _first(GraphKeys.SAVERS, lambda: Saver() if global_variables() else None) \
                if default(saver) else saver
            self._summary_op = _first(GraphKeys.SUMMARY_OP, api.summary.merge_all) \
                if default(summary_op) else summary_op
            self._global_step = _first(GraphKeys.GLOBAL_STEP, global_steps.get_global_step, keep=False) \
                if default(global_step) else global_step
        self._refuse_variables_without_a_device()
        self._logdir = os.fspath(logdir) if logdir is not None and is_chief else None
        self._save_path = os.path.join(self._logdir, checkpoint_basename) if self._logdir else None
        self._save_model_secs = save_model_secs
        self._save_summaries_secs = save_summaries_secs
        if not is_chief:
            self._summary_op, self._summary_writer = None, None
        elif default(summary_writer):
            self._summary_writer = FileWriter(self._logdir) if self._logdir else None
        else:
            self._summary_writer = summary_writer
        self._graph_added = False
        self._graph.finalize()
        self._session_manager = session_manager or SessionManager(
            local_init_op=self._local_init_op, ready_op=self._ready_op,
            ready_for_local_init_op=self._ready_for_local_init_op, graph=self._graph,
            recovery_wait_secs=recovery_wait_secs, local_init_run_options=local_init_run_options)

    def _refuse_variables_without_a_device(self) -> None:
        for op in () if self._is_chief else self._graph.get_operations():
            if op.type in ("Variable", "VariableV2") and not op.device:
                raise ValueError(f"When using replicas, all Variables must have their device set: {op}")

    # --- what it has ----------------------------------------------------------------------------------------------

    @property
    def is_chief(self) -> bool:
        """Whether this process initialises and saves."""
        return self._is_chief

    @property
    def session_manager(self) -> Any:
        """The `SessionManager`."""
        return self._session_manager

    @property
    def coord(self) -> Coordinator:
        """The `Coordinator` of its threads."""
        return self._coord

    @property
    def init_op(self) -> Any:
        """Initialises the model."""
        return self._init_op

    @property
    def init_feed_dict(self) -> Any:
        """What to feed `init_op`."""
        return self._init_feed_dict

    @property
    def ready_op(self) -> Any:
        """A tensor of the names of what is not initialised."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """A tensor of the names of what is not initialised before `local_init_op`."""
        return self._ready_for_local_init_op

    @property
    def summary_writer(self) -> Any:
        """The `FileWriter`."""
        return self._summary_writer

    @property
    def summary_op(self) -> Any:
        """All summaries."""
        return self._summary_op

    @property
    def save_summaries_secs(self) -> float:
        """After how many seconds it writes summaries."""
        return self._save_summaries_secs

    @property
    def global_step(self) -> Any:
        """The global step."""
        return self._global_step

    @property
    def saver(self) -> Any:
        """The `Saver`."""
        return self._saver

    @property
    def save_model_secs(self) -> float:
        """After how many seconds it saves."""
        return self._save_model_secs

    @property
    def save_path(self) -> str | None:
        """What the paths of the checkpoints begin with."""
        return self._save_path

    # --- sessions -------------------------------------------------------------------------------------------------

    def prepare_or_wait_for_session(self, master: str = "", config: Any = None, wait_for_checkpoint: bool = False,
                                    max_wait_secs: float = 7200, start_standard_services: bool = True) -> Any:
        """A session that is ready to train.

        Args:
          master: "" (this machine).
          config: a `ConfigProto`.
          wait_for_checkpoint: whether to wait for a checkpoint.
          max_wait_secs: how long to wait.
          start_standard_services: whether its threads and those of queues start.
        """
        self._coord.clear_stop()
        if self._summary_writer:
            self._summary_writer.reopen()
        if self._is_chief:
            session = self._session_manager.prepare_session(
                master, init_op=self._init_op, saver=self._saver, checkpoint_dir=self._logdir,
                wait_for_checkpoint=wait_for_checkpoint, max_wait_secs=max_wait_secs, config=config,
                init_feed_dict=self._init_feed_dict, init_fn=self._init_fn)
            self._write_graph()
            if start_standard_services:
                tf_logging.info("Starting standard services.")
                self.start_standard_services(session)
        else:
            session = self._session_manager.wait_for_session(master, config=config, max_wait_secs=max_wait_secs)
        if start_standard_services:
            tf_logging.info("Starting queue runners.")
            self.start_queue_runners(session)
        return session

    @contextlib.contextmanager
    def managed_session(self, master: str = "", config: Any = None, start_standard_services: bool = True,
                        close_summary_writer: bool = True) -> Iterator[Any]:
        """A context with a session that is ready to train; at its end all threads stop, and an error of one is raised.

        Args:
          master: "" (this machine).
          config: a `ConfigProto`.
          start_standard_services: whether its threads and those of queues start.
          close_summary_writer: whether the writer is closed at the end.
        """
        session = None
        try:
            session = self.prepare_or_wait_for_session(master=master, config=config,
                                                       start_standard_services=start_standard_services)
            yield session
        except Exception as error:  # `stop` raises it, or what a thread reported before
            self.request_stop(error)
        finally:
            try:
                self.stop(close_summary_writer=close_summary_writer)
            finally:
                if session is not None:
                    session.close()

    def start_standard_services(self, sess: Any) -> list[LooperThread] | None:
        """Start the threads that write summaries, count steps and save.

        Returns:
          The threads.

        Raises:
          RuntimeError: this is not the chief.
        """
        if not self._is_chief:
            raise RuntimeError("Only chief supervisor can start standard services. Because only chief supervisors can "
                               "write events.")
        if not self._logdir:
            tf_logging.warning("Standard services need a 'logdir' passed to the SessionManager")
            return None
        if self._global_step is not None and self._summary_writer:
            self._summary_writer.add_session_log(session_log("START"),
                                                 global_steps.global_step(sess, self._global_step))
        threads: list[LooperThread] = []
        if self._save_summaries_secs and self._summary_writer:
            if self._summary_op is not None:
                threads.append(_SummaryThread(self, sess))
            if self._global_step is not None:
                threads.append(_StepCounterThread(self, sess))
        if self._saver and self._save_model_secs:
            threads.append(_CheckpointThread(self, sess))
        for thread in threads:
            thread.start()
        return threads

    def start_queue_runners(self, sess: Any, queue_runners: Sequence[Any] | None = None) -> list[Any]:
        """Start the threads of queues.

        Args:
          sess: the session.
          queue_runners: by default those of the graph.
        """
        runners = self._graph.get_collection(GraphKeys.QUEUE_RUNNERS) if queue_runners is None else queue_runners
        threads: list[Any] = []
        for runner in runners:
            threads.extend(runner.create_threads(sess, coord=self._coord, daemon=True, start=True))
        return threads

    def loop(self, timer_interval_secs: float | None, target: Callable[..., Any], args: Sequence[Any] | None = None,
             kwargs: dict[str, Any] | None = None) -> LooperThread:
        """Start a thread that calls a function again and again; see `LooperThread`."""
        thread = LooperThread(self._coord, timer_interval_secs, target=target, args=args, kwargs=kwargs)
        thread.start()
        return thread

    def stop(self, threads: Sequence[Any] | None = None, close_summary_writer: bool = True,
             ignore_live_threads: bool = False) -> None:
        """Stop all threads.

        Args:
          threads: others to wait for.
          close_summary_writer: whether the writer is closed.
          ignore_live_threads: whether threads that still run after that are no error.
        """
        self._coord.request_stop()
        try:
            self._coord.join(threads, stop_grace_period_secs=self._grace, ignore_live_threads=ignore_live_threads)
        finally:
            if close_summary_writer and self._summary_writer:
                self._summary_writer.add_session_log(session_log("STOP"))
                self._summary_writer.close()
                self._graph_added = False

    def request_stop(self, ex: Any = None) -> None:
        """Ask the threads to end; see `Coordinator.request_stop`."""
        self._coord.request_stop(ex)

    def should_stop(self) -> bool:
        """Whether a stop was asked for."""
        return self._coord.should_stop()

    def stop_on_exception(self) -> Any:
        """A context that asks for the end when an exception is raised in it."""
        return self._coord.stop_on_exception()

    def wait_for_stop(self) -> None:
        """Wait until a stop is asked for."""
        self._coord.wait_for_stop()

    def summary_computed(self, sess: Any, summary: Any, global_step: Any = None) -> None:
        """Write a summary.

        Args:
          sess: the session.
          summary: what it gave.
          global_step: the step; by default that of the session.

        Raises:
          RuntimeError: there is no writer.
        """
        if not self._summary_writer:
            raise RuntimeError("Writing a summary requires a summary writer.")
        if global_step is None and self._global_step is not None:
            global_step = global_steps.global_step(sess, self._global_step)
        self._summary_writer.add_summary(summary, global_step)

    def _write_graph(self) -> None:
        definition = self._graph.as_graph_def(add_shapes=True)
        if self._logdir:
            api.train.write_graph(definition, self._logdir, "graph.pbtxt")
        if self._summary_writer and not self._graph_added:
            self._summary_writer.add_graph(self._graph)
            with self._graph.as_default():
                meta = create_meta_graph_def(graph_def=definition,
                                             saver_def=self._saver.saver_def if self._saver else None)
            self._summary_writer.add_meta_graph(meta)
            self._graph_added = True

    PrepareSession = prepare_or_wait_for_session
    StartStandardServices = start_standard_services
    StartQueueRunners = start_queue_runners
    Loop = loop
    Stop = stop
    RequestStop = request_stop
    ShouldStop = should_stop
    StopOnException = stop_on_exception
    WaitForStop = wait_for_stop
    SummaryComputed = summary_computed


class _SummaryThread(LooperThread):
    """Writes summaries."""

    def __init__(self, supervisor: Supervisor, session: Any):
        super().__init__(supervisor.coord, supervisor.save_summaries_secs)
        self._supervisor = supervisor
        self._session = session

    def run_loop(self) -> None:
        supervisor = self._supervisor
        if supervisor.global_step is not None:
            summary, step = self._session.run([supervisor.summary_op, supervisor.global_step])
        else:
            summary, step = self._session.run(supervisor.summary_op), None
        tf_logging.info("Recording summary at step %s.", step)
        supervisor.summary_writer.add_summary(summary, step)


class _StepCounterThread(LooperThread):
    """Logs how many steps a second the training makes, and writes it as a summary."""

    def __init__(self, supervisor: Supervisor, session: Any):
        super().__init__(supervisor.coord, supervisor.save_summaries_secs)
        self._supervisor = supervisor
        self._session = session
        self._tag = f"{supervisor.global_step.op.name}/sec"

    def start_loop(self) -> None:
        self._last = time.time(), global_steps.global_step(self._session, self._supervisor.global_step)

    def run_loop(self) -> None:
        now = time.time(), global_steps.global_step(self._session, self._supervisor.global_step)
        seconds, steps = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now
        speed = steps / seconds if seconds > 0 else float("inf")
        pb2 = messages.module("summary_pb2")
        self._supervisor.summary_writer.add_summary(
            pb2.Summary(value=[pb2.Summary.Value(tag=self._tag, simple_value=speed)]), now[1])
        tf_logging.info("%s: %g", self._tag, speed)


class _CheckpointThread(LooperThread):
    """Saves checkpoints."""

    def __init__(self, supervisor: Supervisor, session: Any):
        super().__init__(supervisor.coord, supervisor.save_model_secs)
        self._supervisor = supervisor
        self._session = session

    def run_loop(self) -> None:
        supervisor = self._supervisor
        tf_logging.info("Saving checkpoint to path %s", supervisor.save_path)
        supervisor.saver.save(self._session, supervisor.save_path, global_step=supervisor.global_step)
        if supervisor.summary_writer and supervisor.global_step is not None:
            supervisor.summary_writer.add_session_log(
                session_log("CHECKPOINT", checkpoint_path=supervisor.save_path),
                global_steps.global_step(self._session, supervisor.global_step))


@export("train.basic_train_loop")
def basic_train_loop(supervisor: Supervisor, train_step_fn: Callable[..., Any], args: Sequence[Any] | None = None,
                     kwargs: dict[str, Any] | None = None, master: str = "") -> None:
    """Call a function of the session until the supervisor stops.

    Args:
      supervisor: a `Supervisor`.
      train_step_fn: takes the session, and then `args` and `kwargs`.
      args: its further arguments.
      kwargs: its arguments with names.
      master: "" (this machine).
    """
    given = {} if kwargs is None else kwargs
    while True:
        try:
            with supervisor.managed_session(master) as session:
                while not supervisor.should_stop():
                    train_step_fn(session, *(args or ()), **given)
            return
        except errors.AbortedError:
            tf_logging.debug("The session was lost: a new one goes on from the last checkpoint.")
