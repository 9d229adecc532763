"""`tf.train.QueueRunner`: threads that fill a queue; how they are kept in a graph, and started."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Sequence
from typing import Any

from tfmagic.base import errors, messages, tf_logging
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph, get_default_session
from tfmagic.graph.keys import GraphKeys
from tfmagic.tf.variable.save_slices import prepend_scope, strip_scope

_INSTEAD = "To construct input pipelines, use the `tf.data` module."


@export("train.queue_runner.QueueRunner")
class QueueRunner:
    """Threads that fill a queue, each by an operation that it runs again and again.

    The first error of one reaches the coordinator; an error that says that the input has ended lets the thread end,
    and the last one closes the queue.

    Args:
      queue: the queue.
      enqueue_ops: an operation for each thread.
      close_op: closes the queue; by default it is made.
      cancel_op: closes the queue and cancels who waits to add something; by default it is made.
      queue_closed_exception_types: errors that say that the input has ended; by default `OutOfRangeError`.
      queue_runner_def: a `QueueRunnerDef` to make it from, instead of all this.
      import_scope: a scope to put before names in it.
    """

    @deprecated(None, _INSTEAD, module="tensorflow.python.training.queue_runner_impl")
    def __init__(self, queue: Any = None, enqueue_ops: Sequence[Any] | None = None, close_op: Any = None,
                 cancel_op: Any = None, queue_closed_exception_types: Any = None, queue_runner_def: Any = None,
                 import_scope: str | None = None):
        if queue_runner_def is not None:
            if queue or enqueue_ops:
                raise ValueError("queue_runner_def and queue are mutually exclusive.")
            self._init_from_proto(queue_runner_def, import_scope)
        else:
            self._init_from_args(queue, enqueue_ops, close_op, cancel_op, queue_closed_exception_types)
        self._lock = threading.Lock()
        self._runs_per_session: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._exceptions_raised: list[BaseException] = []

    def _init_from_args(self, queue: Any, enqueue_ops: Any, close_op: Any, cancel_op: Any, closed: Any) -> None:
        if not queue or not enqueue_ops:
            raise ValueError("Must provide queue and enqueue_ops.")
        self._queue = queue
        self._enqueue_ops = list(enqueue_ops)
        self._close_op = close_op
        self._cancel_op = cancel_op
        if closed is not None and (not isinstance(closed, tuple) or not closed or not all(
                isinstance(kind, type) and issubclass(kind, errors.OpError) for kind in closed)):
            shown = closed[0] if isinstance(closed, tuple) and len(closed) == 1 else closed
            raise TypeError("queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: "
                            f"{shown}")
        self._queue_closed_exception_types = closed or (errors.OutOfRangeError,)
        if self._close_op is None:
            self._close_op = queue.close()
        if self._cancel_op is None:
            self._cancel_op = queue.close(cancel_pending_enqueues=True)

    def _init_from_proto(self, proto: Any, scope: str | None) -> None:
        assert isinstance(proto, messages.module("queue_runner_pb2").QueueRunnerDef)
        graph = get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(prepend_scope(name, scope))

        self._queue = element(proto.queue_name)
        self._enqueue_ops = [element(name) for name in proto.enqueue_op_name]
        self._close_op = element(proto.close_op_name)
        self._cancel_op = element(proto.cancel_op_name)
        self._queue_closed_exception_types = tuple(
            errors.exception_type_from_error_code(code) for code in proto.queue_closed_exception_types) or (
                errors.OutOfRangeError,)

    @property
    def queue(self) -> Any:
        """The queue."""
        return self._queue

    @property
    def enqueue_ops(self) -> list[Any]:
        """The operations that the threads run."""
        return self._enqueue_ops

    @property
    def close_op(self) -> Any:
        """The operation that closes the queue."""
        return self._close_op

    @property
    def cancel_op(self) -> Any:
        """The operation that closes the queue and cancels who waits to add something."""
        return self._cancel_op

    @property
    def queue_closed_exception_types(self) -> tuple[type[errors.OpError], ...]:
        """The errors that say that the input has ended."""
        return self._queue_closed_exception_types

    @property
    def exceptions_raised(self) -> list[BaseException]:
        """What the threads raised, where no coordinator took it."""
        return self._exceptions_raised

    @property
    def name(self) -> str:
        """The name of the queue's node."""
        return self._queue.name

    def _run(self, sess: Any, enqueue_op: Any, coord: Any) -> None:
        """What a thread does."""
        counted = True
        try:
            enqueue = sess.make_callable(enqueue_op)
            while not (coord and coord.should_stop()):
                try:
                    enqueue()
                except self._queue_closed_exception_types:
                    with self._lock:
                        self._runs_per_session[sess] -= 1
                        counted = False
                        last = self._runs_per_session[sess] == 0
                    if last:
                        with contextlib.suppress(errors.OpError, RuntimeError):  # it, or the session, is closed already
                            sess.run(self._close_op)
                    return
        except Exception as error:
            if coord:
                coord.request_stop(error)
            else:
                tf_logging.error("Exception in QueueRunner: %s", str(error))
                with self._lock:
                    self._exceptions_raised.append(error)
                raise
        finally:
            if counted:
                with self._lock:
                    self._runs_per_session[sess] -= 1

    def _close_on_stop(self, sess: Any, cancel_op: Any, coord: Any) -> None:
        """What the thread does that wakes the others when the coordinator stops."""
        coord.wait_for_stop()
        with contextlib.suppress(errors.OpError, RuntimeError):  # it, or the session, is closed already
            sess.run(cancel_op)

    def create_threads(self, sess: Any, coord: Any = None, daemon: bool = False,
                       start: bool = False) -> list[threading.Thread]:
        """Make the threads for a session; none, while those of an earlier call run.

        Args:
          sess: the session.
          coord: a `Coordinator`: the threads end when it stops, and report errors to it.
          daemon: whether the process may end while they run.
          start: whether to start them.
        """
        with self._lock:
            if self._runs_per_session.get(sess, 0) > 0:
                return []
            self._runs_per_session[sess] = len(self._enqueue_ops)
            self._exceptions_raised = []
        threads = [threading.Thread(target=self._run, args=(sess, op, coord),
                                    name=f"QueueRunnerThread-{self.name}-{op.name}") for op in self._enqueue_ops]
        if coord:
            threads.append(threading.Thread(target=self._close_on_stop, args=(sess, self._cancel_op, coord),
                                            name=f"QueueRunnerThread-{self.name}-close_on_stop"))
        for thread in threads:
            if coord:
                coord.register_thread(thread)
            if daemon:
                thread.daemon = True
            if start:
                thread.start()
        return threads

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A `QueueRunnerDef`, or None where it is outside of the scope."""
        if export_scope is not None and not self.queue.name.startswith(export_scope):
            return None
        proto = messages.module("queue_runner_pb2").QueueRunnerDef()
        proto.queue_name = strip_scope(self.queue.name, export_scope)
        proto.enqueue_op_name.extend(strip_scope(op.name, export_scope) for op in self._enqueue_ops)
        proto.close_op_name = strip_scope(self._close_op.name, export_scope)
        proto.cancel_op_name = strip_scope(self._cancel_op.name, export_scope)
        proto.queue_closed_exception_types.extend(
            errors.error_code_from_exception_type(kind) for kind in self._queue_closed_exception_types)
        return proto

    @staticmethod
    def from_proto(queue_runner_def: Any, import_scope: str | None = None) -> QueueRunner:
        """The queue runner of a `QueueRunnerDef`."""
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)


@export("train.queue_runner.add_queue_runner")
@deprecated(None, _INSTEAD)
def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """Keep a queue runner in the graph, for `start_queue_runners`."""
    get_default_graph().add_to_collection(collection, qr)


@export("train.queue_runner.start_queue_runners")
@deprecated(None, _INSTEAD)
def start_queue_runners(sess: Any = None, coord: Any = None, daemon: bool = True, start: bool = True,
                        collection: str = GraphKeys.QUEUE_RUNNERS) -> list[threading.Thread]:
    """Start the threads of all queue runners in the graph.

    Args:
      sess: the session; by default the default session.
      coord: a `Coordinator`, which stops them.
      daemon: whether the process may end while they run.
      start: whether to start them, or only to make them.
      collection: the collection that has the queue runners.

    Returns:
      The threads.

    Raises:
      ValueError: there is no default session.
      TypeError: `sess` is none.
    """
    if sess is None:
        sess = get_default_session()
        if not sess:
            raise ValueError("Cannot start queue runners: No default session is registered. Use `with "
                             "sess.as_default()` or pass an explicit session to tf.start_queue_runners(sess=sess)")
    if not (hasattr(sess, "run") and hasattr(sess, "graph")):
        raise TypeError(f"sess must be a `tf.Session` object. Given class: {type(sess)}")
    runners = get_default_graph().get_collection(collection)
    if not runners:
        tf_logging.warning("`tf.train.start_queue_runners()` was called when no queue runners were defined. You can "
                           "safely remove the call to this deprecated function.")
    with sess.graph.as_default():
        threads = []
        for runner in get_default_graph().get_collection(collection):
            threads.extend(runner.create_threads(sess, coord=coord, daemon=daemon, start=start))
    return threads
