"""What a monitored session is made of: layers that call hooks, stop threads together, and recover a lost session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import errors, export, messages, tf_logging
from tfmagic.graph.keys import GraphKeys
from tfmagic.tf.monitored.hook import SessionRunArgs, SessionRunContext, SessionRunValues
from tfmagic.tf.train.coordinator import Coordinator

# Errors after which a new session can go on from the last checkpoint.
PREEMPTION = (errors.AbortedError, errors.UnavailableError)
_LOST = ("This may be due to a preemption {} a connected worker or parameter server. {} This error may also occur due "
         "to a gRPC failure caused by high memory or network bandwidth usage in the parameter servers. If this error "
         "occurs repeatedly, try increasing the number of parameter servers assigned to the job. Error: %s")
_LOST_WHILE_RUNNING = "An error was raised. " + _LOST.format(
    "in", "The current session will be closed and a new session will be created.")
_LOST_WHILE_CREATED = "An error was raised while a session was being created. " + _LOST.format(
    "of", "A new session will be created.")


class StepContext:
    """What a function for `run_step_fn` gets.

    Args:
      session: the session.
      run_with_hooks_fn: runs with hooks.
    """

    def __init__(self, session: Any, run_with_hooks_fn: Callable[..., Any]):
        self._session = session
        self._run_with_hooks_fn = run_with_hooks_fn

    @property
    def session(self) -> Any:
        """The session: what it runs no hook hears of."""
        return self._session

    def run_with_hooks(self, *args: Any, **kwargs: Any) -> Any:
        """`run` with hooks."""
        return self._run_with_hooks_fn(*args, **kwargs)

    def request_stop(self) -> None:
        """End the training."""
        raise StopIteration("step_fn has requested the iterations to stop.")


class WrappedSession:
    """What stands around a session, or around another one of these, and hands on what is asked of it.

    Args:
      sess: the session.
    """

    def __init__(self, sess: Any):
        self._sess = sess

    @property
    def graph(self) -> Any:
        """The graph of the session."""
        return self._sess.graph

    @property
    def sess_str(self) -> Any:
        """The target that the session was made for."""
        return self._sess.sess_str

    @property
    def session(self) -> Any:
        """The session within; None once it is closed."""
        return self._sess.session if isinstance(self._sess, WrappedSession) else self._sess

    def should_stop(self) -> bool:
        """Whether the end was asked for here or further within, or the session is closed."""
        if self._check_stop() or self._sess is None:
            return True
        return isinstance(self._sess, WrappedSession) and self._sess.should_stop()

    def _check_stop(self) -> bool:
        """Whether the end was asked for here."""
        return False

    def close(self) -> None:
        """Close the session; that it is lost already is no error."""
        session, self._sess = self._sess, None
        if session is not None:
            try:
                session.close()
            except PREEMPTION as error:
                tf_logging.info("An error occurred when attempting to close the session. %s", _first_line(error))

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the session."""
        return self._sess.run(*args, **kwargs)

    def run_step_fn(self, step_fn: Callable[[Any], Any], raw_session: Any = None,
                    run_with_hooks: Callable[..., Any] | None = None) -> Any:
        """Call a function with a `StepContext`.

        Args:
          step_fn: the function.
          raw_session: the session that it gets; by default the one within.
          run_with_hooks: what runs with hooks; by default `run`.
        """
        session = self.session if raw_session is None else raw_session
        return step_fn(StepContext(session, run_with_hooks or self.run))


class HookedSession(WrappedSession):
    """Runs a session and calls hooks around each run.

    Args:
      sess: the session.
      hooks: `SessionRunHook` objects.
    """

    def __init__(self, sess: Any, hooks: Sequence[Any]):
        super().__init__(sess)
        self._hooks = hooks
        self._should_stop = False

    def _check_stop(self) -> bool:
        return self._should_stop

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Run what the user and the hooks want, at once.

        Raises:
          RuntimeError: a hook has asked for the end, or two feed the same tensor.
        """
        if self.should_stop():
            raise RuntimeError("Run called even after should_stop requested.")
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict), self._sess)
        feeds = dict(feed_dict) if feed_dict else {}
        fed_by_hooks: dict[Any, Any] = {}
        wanted: list[Any] = [fetches]
        asking: list[Any] = []
        for hook in self._hooks:
            asked = hook.before_run(context)
            if asked is None:
                continue
            if asked.fetches is not None:
                asking.append(hook)
                wanted.append(asked.fetches)
            if asked.feed_dict:
                _refuse_twice(fed_by_hooks, asked.feed_dict, "Same tensor is fed by two hooks.")
                fed_by_hooks.update(asked.feed_dict)
            if asked.options is not None:
                options = _joined(options, asked.options)
        if fed_by_hooks:
            _refuse_twice(feeds, fed_by_hooks, "Same tensor is fed by a SessionRunHook and user.")
            feeds.update(fed_by_hooks)
        pb2 = messages.module("config_pb2")
        run_metadata = pb2.RunMetadata() if run_metadata is None else run_metadata
        # Without options there is nothing to note of the run, and the session's shortest way is free.
        values = self._sess.run(wanted, feed_dict=feeds, options=options,
                                  run_metadata=None if options is None else run_metadata)
        results = dict(zip(asking, values[1:]))
        options = pb2.RunOptions() if options is None else options
        for hook in self._hooks:
            hook.after_run(context, SessionRunValues(results.get(hook), options, run_metadata))
        self._should_stop = self._should_stop or context.stop_requested
        return values[0]


def _refuse_twice(feeds: dict[Any, Any], more: dict[Any, Any], words: str) -> None:
    both = [tensor for tensor in more if tensor in feeds]
    if both:
        raise RuntimeError(f"{words} Conflict(s): {both}")


def _joined(first: Any, second: Any) -> Any:
    """The `RunOptions` that do what both ask for."""
    options = messages.module("config_pb2").RunOptions()
    if first is not None:
        options.CopyFrom(first)
    options.trace_level = max(options.trace_level, second.trace_level)
    options.timeout_in_ms = max(options.timeout_in_ms, second.timeout_in_ms)
    options.inter_op_thread_pool = max(options.inter_op_thread_pool, second.inter_op_thread_pool)
    options.output_partition_graphs |= second.output_partition_graphs
    options.report_tensor_allocations_upon_oom |= second.report_tensor_allocations_upon_oom
    options.debug_options.debug_tensor_watch_opts.extend(second.debug_options.debug_tensor_watch_opts)
    return options


class CoordinatedSession(WrappedSession):
    """A session with the coordinator of its threads: an error of a thread comes out of `run`.

    Args:
      sess: the session, usually a `HookedSession`.
      coord: the `Coordinator`.
      stop_grace_period_secs: how many seconds threads may go on at the end.
    """

    def __init__(self, sess: Any, coord: Coordinator, stop_grace_period_secs: float = 120):
        super().__init__(sess)
        self._coord = coord
        self._stop_grace_period_secs = stop_grace_period_secs

    def _check_stop(self) -> bool:
        self._coord.raise_requested_exception()
        return self._coord.should_stop()

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the session."""
        return self._raising(self._sess.run, *args, **kwargs)

    def run_step_fn(self, step_fn: Callable[[Any], Any], raw_session: Any = None,
                    run_with_hooks: Callable[..., Any] | None = None) -> Any:
        """Call a function with a `StepContext`; see `WrappedSession.run_step_fn`."""
        return self._raising(super().run_step_fn, step_fn, raw_session, run_with_hooks)

    def _raising(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return work(*args, **kwargs)
        except PREEMPTION:
            raise
        except Exception:
            # What failed here may only be what a thread's failure led to.
            try:
                self._coord.raise_requested_exception()
            except PREEMPTION:
                raise
            except Exception as error:
                tf_logging.debug("A thread failed: %s", error)
            raise

    def close(self) -> None:
        """Stop the threads and close the session."""
        self._coord.request_stop()
        try:
            self._coord.join(stop_grace_period_secs=self._stop_grace_period_secs, ignore_live_threads=True)
        finally:
            super().close()


class CoordinatedSessionCreator:
    """Makes coordinated sessions: threads of queues start, hooks hear of each new session.

    Args:
      creator: a `SessionCreator`.
      hooks: `SessionRunHook` objects.
      grace: how many seconds threads may go on at the end.
    """

    def __init__(self, creator: Any, hooks: Sequence[Any], grace: float):
        self._creator = creator
        self._hooks = hooks
        self._grace = grace
        self.session: Any = None
        self.coord: Coordinator | None = None

    def create_session(self) -> CoordinatedSession:
        """A new session."""
        self.session = self._creator.create_session()
        self.coord = Coordinator(clean_stop_exception_types=[])
        if self.session.graph.get_collection(GraphKeys.QUEUE_RUNNERS):
            export.find("train.queue_runner.start_queue_runners")(sess=self.session, coord=self.coord)
        for hook in self._hooks:
            hook.after_create_session(self.session, self.coord)
        return CoordinatedSession(HookedSession(self.session, self._hooks), self.coord, self._grace)


class RecoverableSession(WrappedSession):
    """A session that is made again when it is lost.

    Args:
      sess_creator: makes sessions: a `CoordinatedSessionCreator` or another `SessionCreator`.
    """

    def __init__(self, sess_creator: Any):
        self._sess_creator = sess_creator
        super().__init__(self._create_session())

    def _create_session(self) -> Any:
        while True:
            try:
                return self._sess_creator.create_session()
            except PREEMPTION as error:
                tf_logging.info(_LOST_WHILE_CREATED, _first_line(error))

    def _check_stop(self) -> bool:
        if self._sess is None:
            return True
        try:
            return self._sess._check_stop()
        except PREEMPTION as error:
            self._lose(error)
            self._sess = self._create_session()
            return False
        except Exception as error:
            tf_logging.debug("A thread failed: %s", error)  # the end of the session raises it
            return True

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run, as often as sessions are lost."""
        return self._again(lambda session: session.run(*args, **kwargs))

    def run_step_fn(self, step_fn: Callable[[Any], Any], raw_session: Any = None,
                    run_with_hooks: Callable[..., Any] | None = None) -> Any:
        """Call a function with a `StepContext`, as often as sessions are lost: each time with the present one."""
        return self._again(lambda session: session.run_step_fn(step_fn, None, session.run))

    def _again(self, work: Callable[[Any], Any]) -> Any:
        while True:
            try:
                if self._sess is None:
                    self._sess = self._create_session()
                return work(self._sess)
            except PREEMPTION as error:
                self._lose(error)

    def _lose(self, error: Exception) -> None:
        tf_logging.info(_LOST_WHILE_RUNNING, _first_line(error))
        self.close()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
