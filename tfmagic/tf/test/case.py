"""`tf.test.TestCase`: a test case with a graph of its own, sessions, threads and a folder."""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tfmagic.base import errors, messages, tf_logging
from tfmagic.base.export import export
from tfmagic.graph import context
from tfmagic.graph.context import get_default_session
from tfmagic.ops import api
from tfmagic.session import Session
from tfmagic.tf.test.comparing import ComparingTestCase
from tfmagic.tf.test.environment import get_temp_dir, gpu_device_name

# The seed that all tests begin with.
_SEED = 87654321


class ErrorLoggingSession(Session):
    """A session that logs its errors: a test that expects one shows it all the same."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """See `Session.run`."""
        try:
            return super().run(*args, **kwargs)
        except Exception as error:
            if not isinstance(error, errors.OutOfRangeError):
                tf_logging.error(str(error))
            raise


@export("test.TestCase")
class TensorFlowTestCase(ComparingTestCase):
    """A test case with a fresh graph and fixed seeds, sessions and comparisons of arrays and tensors."""

    def __init__(self, methodName: str = "runTest"):
        super().__init__(methodName)
        self._threads: list[_CheckedThread] = []
        self._folder: str | None = None
        self._cached: Session | None = None
        self._cached_with: dict[str, Any] = {}

    def setUp(self) -> None:
        """Begin with a new default graph and the same seeds."""
        super().setUp()
        self._forget_session()
        random.seed(_SEED)
        np.random.seed(_SEED)
        context.default_graphs().clear()  # a test that failed may have left one
        context.reset_default_graph()
        api.random.set_random_seed(_SEED)

    def tearDown(self) -> None:
        """Check that all threads were joined, and close the session."""
        for thread in self._threads:
            thread.check_termination()
        self._forget_session()
        super().tearDown()

    def _forget_session(self) -> None:
        if self._cached is not None:
            self._cached.close()
            self._cached = None

    def get_temp_dir(self) -> str:
        """A folder of this test; it goes with the process."""
        if self._folder is None:
            self._folder = tempfile.mkdtemp(dir=get_temp_dir())
        return self._folder

    # --- sessions -------------------------------------------------------------------------------------------------

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors, in the default session or that of `test_session`.

        Args:
          tensors: tensors, operations or a nesting of them.
        """
        session = get_default_session()
        if session is not None:
            return session.run(tensors)
        with self.test_session() as session:
            return session.run(tensors)

    @contextlib.contextmanager
    def session(self, graph: Any = None, config: Any = None, use_gpu: bool = False,
                force_gpu: bool = False) -> Iterator[Session]:
        """A context with a new session, the default one in it.

        Args:
          graph: its graph; by default the default graph.
          config: a `ConfigProto`.
          use_gpu: whether nodes made in it may run on a GPU; else they are put on the CPU.
          force_gpu: whether they are put on a GPU.
        """
        with self._new_session(graph, config, force_gpu) as session, _on_devices(session, use_gpu, force_gpu) as chosen:
            yield chosen

    @contextlib.contextmanager
    def cached_session(self, graph: Any = None, config: Any = None, use_gpu: bool = False,
                       force_gpu: bool = False) -> Iterator[Session]:
        """A context with the test's session, which stays open until the test ends; see `session` for the arguments.

        Raises:
          ValueError: it was made for other arguments.
        """
        session = self._cached_session(graph, config, force_gpu, strict=True)
        with _on_devices(session, use_gpu, force_gpu) as chosen:
            yield chosen

    def test_session(self, graph: Any = None, config: Any = None, use_gpu: bool = False,
                     force_gpu: bool = False) -> Any:
        """`cached_session`, or with a graph `session`; it is no test, and runners that take it for one skip it."""
        if self.id().endswith(".test_session"):
            self.skipTest("Not a test.")
        if graph is not None:
            return self.session(graph, config, use_gpu, force_gpu)
        return _on_devices(self._cached_session(graph, config, force_gpu, strict=False), use_gpu, force_gpu)

    def _new_session(self, graph: Any, config: Any, force_gpu: bool) -> Session:
        made = messages.module("config_pb2").ConfigProto()
        if config is not None:
            made.CopyFrom(config)
        else:
            made.allow_soft_placement = not force_gpu
        return ErrorLoggingSession(graph=graph, config=made)

    def _cached_session(self, graph: Any, config: Any, force_gpu: bool, strict: bool) -> Session:
        """The test's session, made by the first call; `strict` refuses other arguments than those of that call."""
        if self._cached is None:
            self._cached = self._new_session(graph, config, force_gpu)
            self._cached_with = {"graph": graph, "config": config, "force_gpu value": force_gpu}
        for name, value in (("graph", graph), ("config", config), ("force_gpu value", force_gpu)) if strict else ():
            if self._cached_with[name] is not value:
                raise ValueError(f"The {name} used to get the cached session is different than the one that was used "
                                 "to create the session. Maybe create a new session with self.session()")
        return self._cached

    # --- threads and streams --------------------------------------------------------------------------------------

    def checkedThread(self, target: Callable[..., Any], args: Sequence[Any] | None = None,
                      kwargs: dict[str, Any] | None = None) -> Any:
        """A thread whose failure fails the test when it is joined, which it has to be.

        Args:
          target: what it runs.
          args: the arguments.
          kwargs: the arguments with names.
        """
        thread = _CheckedThread(self, target, args, kwargs)
        self._threads.append(thread)
        return thread

    @contextlib.contextmanager
    def captureWritesToStream(self, stream: Any) -> Iterator[Any]:
        """A context in which a stream of the process is written to a file; `contents` of its value reads it.

        Args:
          stream: `sys.stdout` or `sys.stderr`.
        """
        stream.flush()
        number = stream.fileno()
        handle, path = tempfile.mkstemp(dir=self.get_temp_dir())
        kept = os.dup(number)
        os.dup2(handle, number)
        os.close(handle)
        try:
            yield _Captured(path)
        finally:
            stream.flush()
            os.dup2(kept, number)
            os.close(kept)


@contextlib.contextmanager
def _on_devices(session: Session, use_gpu: bool, force_gpu: bool) -> Iterator[Session]:
    """The session as the default one, with the device that its nodes are put on."""
    graph = session.graph
    with graph.as_default(), session.as_default():
        if force_gpu:
            with graph.device(gpu_device_name() or "/device:GPU:0"):
                yield session
        elif use_gpu:
            yield session
        else:
            with graph.device("/device:CPU:0"):
                yield session


class _CheckedThread:
    """A thread of a test: its failure is raised by `join`."""

    def __init__(self, case: TensorFlowTestCase, target: Callable[..., Any], args: Any, kwargs: Any):
        self._case = case
        self._work = target, args or (), kwargs or {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._error: BaseException | None = None
        self._joined = False

    def _run(self) -> None:
        target, args, kwargs = self._work
        try:
            target(*args, **kwargs)
        except Exception as error:  # `join` fails the test with it
            self._error = error

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    def join(self) -> None:
        """Wait until it has ended, and fail if it has failed."""
        self._joined = True
        self._thread.join()
        if self._error is not None:
            self._case.fail(f"Error in checkedThread: {self._error}")

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._thread.is_alive()

    def check_termination(self) -> None:
        """Fail if it was not joined."""
        if self._joined:
            if self.is_alive():
                self._case.fail("Thread was not joined with main thread, and is still running when the test finished.")
        else:
            self._case.fail("A checked thread was not joined.")


class _Captured:
    """What was written to a stream."""

    def __init__(self, path: str):
        self._path = path

    def contents(self) -> str:
        """What was written so far."""
        with open(self._path, encoding="utf-8") as file:
            return file.read()


