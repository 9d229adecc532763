"""`tf.train.SessionManager`: sessions whose model is initialised, restored from a checkpoint or waited for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import errors, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.session import Session
from tfmagic.tf.saving.state import get_checkpoint_state


def _name(thing: Any) -> Any:
    """What stands in a message for a tensor, an operation or None."""
    if thing is None:
        return "None"
    return getattr(thing, "name", f"<no name for {type(thing)}>")


@export("train.SessionManager")
class SessionManager:
    """Makes sessions that are ready to train.

    Args:
      local_init_op: initialises what each worker has for itself, after the model is initialised or restored.
      ready_op: a tensor of the names of what is not initialised.
      ready_for_local_init_op: the same, before `local_init_op`.
      graph: the graph; by default the default graph.
      recovery_wait_secs: how long to wait before it looks again.
      local_init_run_options: a `RunOptions` proto for `local_init_op`.

    Raises:
      ValueError: there is a `ready_for_local_init_op` without a `local_init_op`.
    """

    def __init__(self, local_init_op: Any = None, ready_op: Any = None, ready_for_local_init_op: Any = None,
                 graph: Any = None, recovery_wait_secs: float = 30, local_init_run_options: Any = None):
        if ready_for_local_init_op is not None and local_init_op is None:
            raise ValueError("If you pass a ready_for_local_init_op you must also pass a local_init_op , "
                             f"ready_for_local_init_op [{ready_for_local_init_op}]")
        self._local_init_op = local_init_op
        self._ready_op = ready_op
        self._ready_for_local_init_op = ready_for_local_init_op
        self._graph = get_default_graph() if graph is None else graph
        self._wait = recovery_wait_secs
        self._local_init_run_options = local_init_run_options

    def prepare_session(self, master: str, init_op: Any = None, saver: Any = None, checkpoint_dir: Any = None,
                        checkpoint_filename_with_path: Any = None, wait_for_checkpoint: bool = False,
                        max_wait_secs: float = 7200, config: Any = None, init_feed_dict: Any = None,
                        init_fn: Callable[[Any], Any] | None = None) -> Any:
        """A session with the model of the last checkpoint, or else a new one.

        Args:
          master: "" (this machine).
          init_op: initialises the model where there is no checkpoint.
          saver: restores it where there is one.
          checkpoint_dir: the folder of the checkpoints.
          checkpoint_filename_with_path: or the checkpoint.
          wait_for_checkpoint: whether to wait for one.
          max_wait_secs: how long.
          config: a `ConfigProto`.
          init_feed_dict: what to feed `init_op`.
          init_fn: called with the session after `init_op`.

        Raises:
          RuntimeError: the model is not ready then, or nothing initialises it.
          ValueError: a folder and a checkpoint are given.
        """
        session, loaded = self._restored(master, saver, checkpoint_dir, checkpoint_filename_with_path,
                                         wait_for_checkpoint, max_wait_secs, config)
        if not loaded:
            if init_op is None and init_fn is None and self._local_init_op is None:
                raise RuntimeError("Model is not initialized and no init_op or init_fn or local_init_op was given")
            if init_op is not None:
                session.run(init_op, feed_dict=init_feed_dict)
            if init_fn is not None:
                init_fn(session)
        done, why = self._run_local_init(session)
        if not done:
            raise RuntimeError("Init operations did not make model ready for local_init.  "
                               f"Init op: {_name(init_op)}, init fn: {init_fn}, error: {why}")
        ready, why = self._is_ready(session)
        if not ready:
            raise RuntimeError(f"Init operations did not make model ready.  Init op: {_name(init_op)}, init fn: "
                               f"{init_fn}, local_init_op: {self._local_init_op}, error: {why}")
        return session

    def recover_session(self, master: str, saver: Any = None, checkpoint_dir: Any = None,
                        checkpoint_filename_with_path: Any = None, wait_for_checkpoint: bool = False,
                        max_wait_secs: float = 7200, config: Any = None) -> tuple[Any, bool]:
        """A session with the model of the last checkpoint, as far as there is one; see `prepare_session`.

        Returns:
          The session, and whether its model is ready.
        """
        session, loaded = self._restored(master, saver, checkpoint_dir, checkpoint_filename_with_path,
                                         wait_for_checkpoint, max_wait_secs, config)
        if not loaded:
            return session, False
        place = checkpoint_dir or checkpoint_filename_with_path
        done, why = self._run_local_init(session)
        if not done:
            tf_logging.info("Restoring model from %s did not make model ready for local init: %s", place, why)
            return session, False
        ready, why = self._is_ready(session)
        if not ready:
            tf_logging.info("Restoring model from %s did not make model ready: %s", place, why)
            return session, False
        tf_logging.info("Restored model from %s", place)
        return session, True

    def wait_for_session(self, master: str, config: Any = None, max_wait_secs: float = float("Inf")) -> Any:
        """A session, as soon as others have made its model ready.

        Args:
          master: "" (this machine).
          config: a `ConfigProto`.
          max_wait_secs: how long to wait.

        Raises:
          DeadlineExceededError: the model was not ready in time.
        """
        limit = float("inf") if max_wait_secs is None else max_wait_secs
        end = time.monotonic() + limit
        while True:
            session = Session(master, graph=self._graph, config=config)
            why_not_local, why_not = None, None
            done, why_not_local = self._run_local_init(session)
            if done:
                ready, why_not = self._is_ready(session)
                if ready:
                    return session
            with contextlib.suppress(errors.OpError):  # the next one is made whatever becomes of this one
                session.close()
            if end - time.monotonic() - self._wait < 0:
                raise errors.DeadlineExceededError(None, None,
                                                   f"Session was not ready after waiting {limit:.0f} secs.\n"
                                                   "tfmagic runs on this machine only: no other process makes the "
                                                   "model ready. Let this one be the chief (is_chief=True).")
            tf_logging.info("Waiting for model to be ready.  Ready_for_local_init_op:  %s, ready: %s", why_not_local,
                            why_not)
            time.sleep(self._wait)

    def _restored(self, master: str, saver: Any, folder: Any, path: Any, wait: bool, max_wait: float,
                  config: Any) -> tuple[Any, bool]:
        """A new session, and whether a checkpoint was restored into it."""
        session = Session(master, graph=self._graph, config=config)
        if folder and path:
            raise ValueError("Can not provide both checkpoint_dir and checkpoint_filename_with_path.")
        if not saver or not (folder or path):
            return session, False
        if path:
            saver.restore(session, path)
            return session, True
        waited = 0.0
        while (state := get_checkpoint_state(folder)) is None or not state.model_checkpoint_path:
            if not wait or waited >= max_wait:
                return session, False
            tf_logging.info("Waiting for checkpoint to be available.")
            time.sleep(self._wait)
            waited += self._wait
        saver.restore(session, state.model_checkpoint_path)
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        return session, True

    def _run_local_init(self, session: Any) -> tuple[bool, str | None]:
        """Run `local_init_op` if the model is ready for it: whether it is, and why not."""
        if self._local_init_op is None:
            return True, None
        ready, why = tells_ready(self._ready_for_local_init_op, session, "Model not ready for local init")
        if not ready:
            return False, why
        tf_logging.info("Running local_init_op.")
        session.run(self._local_init_op, options=self._local_init_run_options)
        tf_logging.info("Done running local_init_op.")
        return True, None

    def _is_ready(self, session: Any) -> tuple[bool, str | None]:
        return tells_ready(self._ready_op, session, "Model not ready")


def tells_ready(op: Any, session: Any, words: str) -> tuple[bool, str | None]:
    """Whether a tensor of what is not initialised says that all is; and what is not."""
    if op is None:
        return True, None
    try:
        value = session.run(op)
    except errors.FailedPreconditionError as error:
        if "uninitialized" not in str(error):
            tf_logging.warning("%s : error [%s]", words, str(error))
            raise
        return False, str(error)
    # Old programs give what assert_variables_initialized makes: ranks, that is int32.
    if value is None or getattr(value, "dtype", None) == np.int32 or np.size(value) == 0:
        return True, None
    return False, "Variables not initialized: " + ", ".join(name.decode(errors="replace") for name in value)
