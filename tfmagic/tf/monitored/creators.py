"""`tf.train.SessionCreator`: what makes the session of a monitored one, again after a recovery."""

from __future__ import annotations

import abc
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.tf.monitored.manager import SessionManager
from tfmagic.tf.monitored.scaffold import Scaffold


@export("train.SessionCreator")
class SessionCreator(abc.ABC):
    """Makes sessions."""

    @abc.abstractmethod
    def create_session(self) -> Any:
        """A new session that is ready to train."""


def _manager(scaffold: Scaffold) -> SessionManager:
    return SessionManager(local_init_op=scaffold.local_init_op, ready_op=scaffold.ready_op,
                          ready_for_local_init_op=scaffold.ready_for_local_init_op, graph=get_default_graph())


@export("train.ChiefSessionCreator")
class ChiefSessionCreator(SessionCreator):
    """Makes sessions whose model is restored from a checkpoint or initialised.

    Args:
      scaffold: a `Scaffold`; by default a new one.
      master: "" (this machine).
      config: a `ConfigProto`.
      checkpoint_dir: the folder of the checkpoints.
      checkpoint_filename_with_path: or the checkpoint.
    """

    def __init__(self, scaffold: Any = None, master: str = "", config: Any = None, checkpoint_dir: Any = None,
                 checkpoint_filename_with_path: Any = None):
        self._scaffold = scaffold or Scaffold()
        self._master = master
        self._config = config
        self._checkpoint_dir = checkpoint_dir
        self._checkpoint = checkpoint_filename_with_path
        self._session_manager: SessionManager | None = None

    def create_session(self) -> Any:
        """A new session that is ready to train."""
        self._scaffold.finalize()
        if self._session_manager is None:
            self._session_manager = _manager(self._scaffold)
        return self._session_manager.prepare_session(
            self._master, saver=self._scaffold.saver, checkpoint_dir=self._checkpoint_dir,
            checkpoint_filename_with_path=self._checkpoint, config=self._config, init_op=self._scaffold.init_op,
            init_feed_dict=self._scaffold.init_feed_dict, init_fn=self._scaffold.init_fn)


@export("train.WorkerSessionCreator")
class WorkerSessionCreator(SessionCreator):
    """Makes sessions whose model another process makes ready.

    Args:
      scaffold: a `Scaffold`; by default a new one.
      master: "" (this machine).
      config: a `ConfigProto`.
      max_wait_secs: how long to wait.
    """

    def __init__(self, scaffold: Any = None, master: str = "", config: Any = None, max_wait_secs: float = 30 * 60):
        self._scaffold = scaffold or Scaffold()
        self._master = master
        self._config = config
        self._max_wait_secs = max_wait_secs
        self._session_manager: SessionManager | None = None

    def create_session(self) -> Any:
        """A new session, as soon as its model is ready."""
        self._scaffold.finalize()
        if self._session_manager is None:
            self._session_manager = _manager(self._scaffold)
        return self._session_manager.wait_for_session(self._master, config=self._config,
                                                      max_wait_secs=self._max_wait_secs)
