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


class HookedSession:
    """Runs a session and calls hooks around each run.

    Args:
      session: the session.
      hooks: `SessionRunHook` objects.
    """

    def __init__(self, session: Any, hooks: Sequence[Any]):
        self.session = session
        self._hooks = hooks
        self._stops = False

    def should_stop(self) -> bool:
        """Whether a hook has asked for the end."""
        return self._stops

    def close(self) -> None:
        """Close the session."""
        self.session.close()

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Run what the user and the hooks want, at once.

        Raises:
          RuntimeError: a hook has asked for the end, or two feed the same tensor.
        """
        if self._stops:
            raise RuntimeError("Run called even after should_stop requested.")
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict), self.session)
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
        values = self.session.run(wanted, feed_dict=feeds, options=options,
                                  run_metadata=None if options is None else run_metadata)
        results = dict(zip(asking, values[1:]))
        options = pb2.RunOptions() if options is None else options
        for hook in self._hooks:
            hook.after_run(context, SessionRunValues(results.get(hook), options, run_metadata))
        self._stops = self._stops or context.stop_requested
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


class CoordinatedSession:
    """A hooked session with the coordinator of its threads: an error of a thread comes out of `run`.

    Args:
      hooked: the `HookedSession`.
      coord: the `Coordinator`.
      grace: how many seconds threads may go on at the end.
    """

    def __init__(self, hooked: HookedSession, coord: Coordinator, grace: float):
        self.session = hooked.session
        self._hooked = hooked
        self._coord = coord
        self._grace = grace

    def should_stop(self) -> bool:
        """Whether a thread or a hook has asked for the end."""
        self._coord.raise_requested_exception()
        return self._coord.should_stop() or self._hooked.should_stop()

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run with hooks."""
        return self._raising(self._hooked.run, *args, **kwargs)

    def run_step_fn(self, step_fn: Callable[[Any], Any]) -> Any:
        """Call a function with a `StepContext`."""
        return self._raising(step_fn, StepContext(self.session, self.run))

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
            self._coord.join(stop_grace_period_secs=self._grace, ignore_live_threads=True)
        finally:
            self._hooked.close()


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


class RecoverableSession:
    """A session that is made again when it is lost.

    Args:
      creator: the `CoordinatedSessionCreator`.
    """

    def __init__(self, creator: CoordinatedSessionCreator):
        self._creator = creator
        self._current: CoordinatedSession | None = self._created()

    def _created(self) -> CoordinatedSession:
        while True:
            try:
                return self._creator.create_session()
            except PREEMPTION as error:
                tf_logging.info(_LOST_WHILE_CREATED, _first_line(error))

    def should_stop(self) -> bool:
        """Whether a thread or a hook has asked for the end."""
        if self._current is None:
            return True
        try:
            return self._current.should_stop()
        except PREEMPTION as error:
            self._lose(error)
            self._current = self._created()
            return False
        except Exception as error:
            tf_logging.debug("A thread failed: %s", error)  # the next run raises it
            return False

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run with hooks, as often as sessions are lost."""
        return self._again(lambda session: session.run(*args, **kwargs))

    def run_step_fn(self, step_fn: Callable[[Any], Any]) -> Any:
        """Call a function with a `StepContext`, as often as sessions are lost."""
        return self._again(lambda session: session.run_step_fn(step_fn))

    def _again(self, work: Callable[[CoordinatedSession], Any]) -> Any:
        while True:
            try:
                if self._current is None:
                    self._current = self._created()
                return work(self._current)
            except PREEMPTION as error:
                self._lose(error)

    def _lose(self, error: Exception) -> None:
        tf_logging.info(_LOST_WHILE_RUNNING, _first_line(error))
        self.close()

    def close(self) -> None:
        """Close the session."""
        current, self._current = self._current, None
        if current is not None:
            try:
                current.close()
            except PREEMPTION as error:
                tf_logging.info("An error occurred when attempting to close the session. %s", _first_line(error))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
