"""`tf.train.SessionRunHook` and what it is told: work that a monitored session does around each of its runs."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfmagic.base.export import export


class _Args(NamedTuple):
    fetches: Any
    feed_dict: Any = None
    options: Any = None


class _Values(NamedTuple):
    results: Any
    options: Any
    run_metadata: Any


@export("train.SessionRunArgs")
class SessionRunArgs(_Args):
    """What a hook wants of the next run besides what the user fetches.

    Args:
      fetches: tensors, operations or a nesting of them.
      feed_dict: values for tensors.
      options: a `RunOptions` proto; that of the user and of all hooks become one.
    """

    __slots__ = ()


@export("train.SessionRunValues")
class SessionRunValues(_Values):
    """What a hook gets after a run.

    Attributes:
      results: the values of its `fetches`, in their form; None where it asked for nothing.
      options: the `RunOptions` of the run.
      run_metadata: its `RunMetadata`.
    """

    __slots__ = ()


@export("train.SessionRunContext")
class SessionRunContext:
    """The run that a hook is called for.

    Args:
      original_args: the user's arguments of the run, as `SessionRunArgs`.
      session: the session that runs.
    """

    def __init__(self, original_args: Any, session: Any):
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    @property
    def original_args(self) -> Any:
        """The user's arguments of the run, as `SessionRunArgs`."""
        return self._original_args

    @property
    def session(self) -> Any:
        """The session that runs."""
        return self._session

    @property
    def stop_requested(self) -> bool:
        """Whether a hook has asked for the end of the training."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Ask for the end of the training: the session's `should_stop` is True after this run."""
        self._stop_requested = True


@export("train.SessionRunHook")
class SessionRunHook:
    """Work around the runs of a monitored session; a subclass has what it needs of these methods."""

    def begin(self) -> None:
        """Called once, before the session is made: the graph can still grow."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Called when a session has been made, again after a recovery.

        Args:
          session: the new `Session`.
          coord: the `Coordinator` of its threads.
        """

    def before_run(self, run_context: Any) -> Any:
        """Called before each run.

        Args:
          run_context: a `SessionRunContext`.

        Returns:
          None, or `SessionRunArgs` with what the run has to do for this hook too.
        """
        return None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Called after each run, unless it failed.

        Args:
          run_context: a `SessionRunContext`.
          run_values: `SessionRunValues`.
        """

    def end(self, session: Any) -> None:
        """Called at the end of the training, unless an exception ended it.

        Args:
          session: the session, which is still open.
        """
