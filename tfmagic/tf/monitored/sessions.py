"""`tf.train.MonitoredTrainingSession` and its kin: sessions that hooks watch over from the beginning to the end."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import errors
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.tf.monitored.creators import ChiefSessionCreator, SessionCreator, WorkerSessionCreator
from tfmagic.tf.monitored.hook import SessionRunHook
from tfmagic.tf.monitored.hooked import (
    CoordinatedSession,
    CoordinatedSessionCreator,
    RecoverableSession,
    StepContext,
)
from tfmagic.tf.monitored.scaffold import Scaffold
from tfmagic.tf.monitored.writing import CheckpointSaverHook, StepCounterHook, SummarySaverHook

USE_DEFAULT = object()

# What ends a training without being an error.
_CLEAN_END = (errors.OutOfRangeError, StopIteration)


class _MonitoredSession:
    """What `MonitoredSession` and `SingularMonitoredSession` share."""

    StepContext = StepContext

    def __init__(self, session_creator: Any, hooks: Sequence[Any] | None, should_recover: bool,
                 stop_grace_period_secs: float = 120):
        self._graph_was_finalized = get_default_graph().finalized
        self._hooks: list[SessionRunHook] = list(hooks or ())
        for hook in self._hooks:
            hook.begin()
        self._coordinated_creator = CoordinatedSessionCreator(session_creator or ChiefSessionCreator(), self._hooks,
                                                              stop_grace_period_secs)
        self._sess: RecoverableSession | CoordinatedSession | None = (
            RecoverableSession(self._coordinated_creator) if should_recover
            else self._coordinated_creator.create_session())

    @property
    def graph(self) -> Any:
        """The graph of the session."""
        session = self._coordinated_creator.session
        return None if session is None else session.graph

    def _open(self) -> RecoverableSession | CoordinatedSession:
        if self._sess is None:
            raise AttributeError("'NoneType' object has no attribute 'run'\nThe session is closed: make a new one.")
        return self._sess

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Run parts of the graph, and what the hooks want besides; see `Session.run`.

        Raises:
          RuntimeError: the end was asked for.
        """
        return self._open().run(fetches, feed_dict=feed_dict, options=options, run_metadata=run_metadata)

    def run_step_fn(self, step_fn: Callable[[Any], Any]) -> Any:
        """Call a function that does a step.

        Args:
          step_fn: takes one argument, `step_context`, which has the session, `run_with_hooks` and `request_stop`.

        Returns:
          What it returns.

        Raises:
          ValueError: its argument has another name.
          StopIteration: it has asked for the end.
        """
        try:
            names = tuple(inspect.signature(step_fn).parameters)
        except (TypeError, ValueError):
            raise TypeError(f"{step_fn!r} is not a Python function") from None
        if names not in (("step_context",), ("self", "step_context")):
            raise ValueError("`step_fn` may either have one `step_context` argument, or `self` and `step_context` "
                             f"arguments if it's an instance method. Got {names} instead.")
        return self._open().run_step_fn(step_fn)

    def should_stop(self) -> bool:
        """Whether the training should end."""
        return self._sess is None or self._sess.should_stop()

    def close(self) -> None:
        """Let the hooks end, and close the session.

        Raises:
          RuntimeError: it is closed already.
        """
        self._close(hooks_end=True)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, traceback: Any) -> bool:
        clean = kind is None or kind in _CLEAN_END
        self._close(hooks_end=clean)
        return clean

    def _close(self, hooks_end: bool) -> None:
        try:
            if hooks_end:
                if self._sess is None:
                    raise RuntimeError("Session is already closed.")
                for hook in self._hooks:
                    hook.end(self._coordinated_creator.session)
        finally:
            try:
                if self._sess is not None:
                    self._sess.close()
            finally:
                self._sess = None
                self._coordinated_creator.session = None
                self._coordinated_creator.coord = None
                if not self._graph_was_finalized:
                    get_default_graph()._unsafe_unfinalize()


@export("train.MonitoredSession")
class MonitoredSession(_MonitoredSession):
    """A session that is initialised or restored, has hooks, and is made again after `AbortedError`.

    Args:
      session_creator: a `ChiefSessionCreator` (the default) or `WorkerSessionCreator`.
      hooks: `SessionRunHook` objects.
      stop_grace_period_secs: how many seconds threads may go on at the end.
    """

    def __init__(self, session_creator: Any = None, hooks: Sequence[Any] | None = None,
                 stop_grace_period_secs: float = 120):
        super().__init__(session_creator, hooks, should_recover=True, stop_grace_period_secs=stop_grace_period_secs)


@export("train.SingularMonitoredSession")
class SingularMonitoredSession(_MonitoredSession):
    """A session that is initialised or restored and has hooks; an `AbortedError` ends it.

    Args:
      hooks: `SessionRunHook` objects.
      scaffold: a `Scaffold`.
      master: "" (this machine).
      config: a `ConfigProto`.
      checkpoint_dir: the folder of the checkpoints.
      stop_grace_period_secs: how many seconds threads may go on at the end.
      checkpoint_filename_with_path: or the checkpoint.
    """

    def __init__(self, hooks: Sequence[Any] | None = None, scaffold: Any = None, master: str = "", config: Any = None,
                 checkpoint_dir: Any = None, stop_grace_period_secs: float = 120,
                 checkpoint_filename_with_path: Any = None):
        creator = ChiefSessionCreator(scaffold=scaffold, master=master, config=config, checkpoint_dir=checkpoint_dir,
                                      checkpoint_filename_with_path=checkpoint_filename_with_path)
        super().__init__(creator, hooks, should_recover=False, stop_grace_period_secs=stop_grace_period_secs)

    def raw_session(self) -> Any:
        """The session itself, for those that take one; None after the end."""
        return self._coordinated_creator.session


@export("train.MonitoredTrainingSession")
def MonitoredTrainingSession(master: str = "", is_chief: bool = True, checkpoint_dir: Any = None, scaffold: Any = None,
                             hooks: Sequence[Any] | None = None, chief_only_hooks: Sequence[Any] | None = None,
                             save_checkpoint_secs: Any = USE_DEFAULT, save_summaries_steps: Any = USE_DEFAULT,
                             save_summaries_secs: Any = USE_DEFAULT, config: Any = None,
                             stop_grace_period_secs: float = 120, log_step_count_steps: int | None = 100,
                             max_wait_secs: float = 7200, save_checkpoint_steps: Any = USE_DEFAULT,
                             summary_dir: Any = None) -> MonitoredSession:
    """A session that saves, writes summaries and logs its speed while it trains.

    Args:
      master: "" (this machine).
      is_chief: whether this process initialises and saves; others wait.
      checkpoint_dir: the folder of the checkpoints: the last is restored; None for none.
      scaffold: a `Scaffold`.
      hooks: `SessionRunHook` objects.
      chief_only_hooks: those of the chief alone.
      save_checkpoint_secs: after how many seconds it saves; 600 by default.
      save_summaries_steps: at every how many steps it writes summaries; 100 by default.
      save_summaries_secs: or after how many seconds.
      config: a `ConfigProto`.
      stop_grace_period_secs: how many seconds threads may go on at the end.
      log_step_count_steps: at every how many steps it logs its speed; None for never.
      max_wait_secs: how long one that is not the chief waits.
      save_checkpoint_steps: or after how many steps it saves.
      summary_dir: the folder of the summaries; by default that of the checkpoints.
    """
    if save_summaries_steps is USE_DEFAULT and save_summaries_secs is USE_DEFAULT:
        save_summaries_steps, save_summaries_secs = 100, None
    save_summaries_steps = None if save_summaries_steps is USE_DEFAULT else save_summaries_steps
    save_summaries_secs = None if save_summaries_secs is USE_DEFAULT else save_summaries_secs
    if save_checkpoint_secs is USE_DEFAULT and save_checkpoint_steps is USE_DEFAULT:
        save_checkpoint_secs, save_checkpoint_steps = 600, None
    save_checkpoint_secs = None if save_checkpoint_secs is USE_DEFAULT else save_checkpoint_secs
    save_checkpoint_steps = None if save_checkpoint_steps is USE_DEFAULT else save_checkpoint_steps

    scaffold = scaffold or Scaffold()
    creator: SessionCreator
    if not is_chief:
        creator = WorkerSessionCreator(scaffold=scaffold, master=master, config=config, max_wait_secs=max_wait_secs)
        return MonitoredSession(creator, hooks, stop_grace_period_secs)
    all_hooks = list(chief_only_hooks or ())
    creator = ChiefSessionCreator(scaffold=scaffold, checkpoint_dir=checkpoint_dir, master=master, config=config)
    summary_dir = summary_dir or checkpoint_dir
    if summary_dir:
        if log_step_count_steps and log_step_count_steps > 0:
            all_hooks.append(StepCounterHook(output_dir=summary_dir, every_n_steps=log_step_count_steps))
        if (save_summaries_steps or 0) > 0 or (save_summaries_secs or 0) > 0:
            all_hooks.append(SummarySaverHook(scaffold=scaffold, save_steps=save_summaries_steps,
                                              save_secs=save_summaries_secs, output_dir=summary_dir))
    if checkpoint_dir and ((save_checkpoint_secs or 0) > 0 or (save_checkpoint_steps or 0) > 0):
        all_hooks.append(CheckpointSaverHook(checkpoint_dir, save_steps=save_checkpoint_steps,
                                             save_secs=save_checkpoint_secs, scaffold=scaffold))
    all_hooks.extend(hooks or ())
    return MonitoredSession(creator, all_hooks, stop_grace_period_secs)
