"""Summaries that ops write as they run (tf.contrib.summary): writers, when to record, and what."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph, get_default_session
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.graph import Graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array import constants
from tfmagic.ops.control_flow.cond import smart_cond
from tfmagic.ops.summary import tags
from tfmagic.tf.train.global_steps import get_or_create_global_step

_WRITERS = "_SUMMARY_WRITER_V2"


class _Present(threading.local):
    """What holds in this thread: the default writer, and whether to record."""

    writer: Any = None
    record: Any = None  # None: as the kind of summary has it
    step: Any = None


present = _Present()


def on_cpu() -> Any:
    """The device of what writes."""
    return get_default_graph().device("cpu:0")


# --- whether to record ------------------------------------------------------------------------------------------


def is_recorded(by_default: bool) -> Tensor:
    """Whether summaries are recorded here: a boolean tensor, `by_default` where no context says it."""
    record = present.record
    if record is None:
        record = by_default
    return raw.logical_and(True, record() if callable(record) else record)


@export("contrib.summary.should_record_summaries")
def should_record_summaries() -> Tensor:
    """Whether summaries are recorded here: a boolean tensor."""
    return is_recorded(False)


@contextlib.contextmanager
def record_if(condition: Any) -> Iterator[None]:
    """A context in which summaries are recorded where a condition holds.

    Args:
      condition: a boolean, a boolean tensor, or a function that gives one.
    """
    before = present.record
    present.record = condition
    try:
        yield
    finally:
        present.record = before


@export("contrib.summary.always_record_summaries")
def always_record_summaries() -> Any:
    """A context in which every summary is recorded."""
    return record_if(True)


@export("contrib.summary.never_record_summaries")
def never_record_summaries() -> Any:
    """A context in which no summary is recorded."""
    return record_if(False)


@export("contrib.summary.record_summaries_every_n_global_steps")
@contextlib.contextmanager
def record_summaries_every_n_global_steps(n: int, global_step: Any = None) -> Iterator[None]:
    """A context in which summaries are recorded when the global step is a multiple of `n`."""
    if global_step is None:
        global_step = get_or_create_global_step()
    with on_cpu():
        due = raw.equal(raw.floor_mod(global_step, n, name="mod"), 0)
    with record_if(due):
        yield


# --- writers ----------------------------------------------------------------------------------------------------


@export("contrib.summary.SummaryWriter")
class SummaryWriter:
    """What summaries are written by."""

    def set_as_default(self) -> None:
        """Make it the writer of this thread's summaries."""
        raise NotImplementedError

    def as_default(self) -> Any:
        """A context whose summaries it writes."""
        raise NotImplementedError

    def init(self) -> Any:
        """The op that begins its file."""
        raise NotImplementedError

    def flush(self) -> Any:
        """The op that writes what waits."""
        raise NotImplementedError

    def close(self) -> Any:
        """The op that writes what waits and closes the file."""
        raise NotImplementedError


class NoopSummaryWriter(SummaryWriter):
    """Writes nothing: for programs that want no summaries."""

    def set_as_default(self) -> None:
        """Nothing changes."""

    @contextlib.contextmanager
    def as_default(self) -> Iterator[None]:
        """Nothing changes."""
        yield

    def init(self) -> None:
        """There is no file."""

    def flush(self) -> None:
        """There is no file."""

    def close(self) -> None:
        """There is no file."""


class ResourceSummaryWriter(SummaryWriter):
    """Writes into what a session keeps.

    Args:
      shared_name: what the session calls it.
      make: makes the op that begins its file, of its handle.
      name: the handle's name.
    """

    def __init__(self, shared_name: str | None, make: Callable[[Tensor], Operation], name: str | None = None):
        self._resource = raw.summary_writer(shared_name=shared_name, name=name)
        self._make = make
        get_default_graph().add_to_collection(_WRITERS, make(self._resource))

    def set_as_default(self) -> None:
        """Make it the writer of this thread's summaries."""
        present.writer = self

    @contextlib.contextmanager
    def as_default(self) -> Iterator[ResourceSummaryWriter]:
        """A context whose summaries it writes; what waits is written at its end."""
        before = present.writer
        present.writer = self
        try:
            yield self
            self.flush()
        finally:
            present.writer = before

    def init(self) -> Operation:
        """The op that begins its file."""
        return self._make(self._resource)

    def flush(self) -> Operation:
        """The op that writes what waits."""
        return flush(self)

    def close(self) -> Operation:
        """The op that writes what waits and closes the file."""
        with get_default_graph().control_dependencies([self.flush()]), on_cpu():
            return raw.close_summary_writer(self._resource)


NoopSummaryWriter.__module__ = ResourceSummaryWriter.__module__ = "tensorflow.python.ops.summary_ops_v2"


@export("contrib.summary.create_file_writer")
def create_file_writer(logdir: Any, max_queue: Any = None, flush_millis: Any = None, filename_suffix: Any = None,
                       name: str | None = None) -> SummaryWriter:
    """A writer of a file of events.

    Args:
      logdir: the folder; None: nothing is written.
      max_queue: how many events may wait for the file, 10 by default.
      flush_millis: how many milliseconds they may wait, 120,000 by default.
      filename_suffix: what the file's name ends in, ".v2" by default.
      name: what the session calls the writer; by default it is that of its folder.
    """
    if logdir is None:
        return NoopSummaryWriter()
    folder = str(logdir)
    with on_cpu():
        if max_queue is None:
            max_queue = constant(10)
        if flush_millis is None:
            flush_millis = constant(2 * 60 * 1000)
        if filename_suffix is None:
            filename_suffix = constant(".v2")
        return ResourceSummaryWriter(
            "logdir:" + folder if name is None else name,
            lambda handle: raw.create_summary_file_writer(handle, folder, max_queue, flush_millis, filename_suffix))


@export("contrib.summary.create_summary_file_writer")
@deprecated(None, "Renamed to create_file_writer().")
def create_summary_file_writer(*args: Any, **kwargs: Any) -> SummaryWriter:
    """`tf.contrib.summary.create_file_writer` under its old name."""
    tf_logging.warning("Deprecation Warning: create_summary_file_writer was renamed to create_file_writer")
    return create_file_writer(*args, **kwargs)


# What names in a database may look like.
_TITLE = r"^[^\x00-\x1F<>]{0,256}$"
_USER = r"^[a-z]([-a-z0-9]{0,29}[a-z0-9])?$"


def _fitting(what: str, text: str, pattern: str) -> str:
    if text and not re.match(pattern, text, re.IGNORECASE):
        raise ValueError(f"{what} ({text}) must match {pattern}")
    return text


@export("contrib.summary.create_db_writer")
def create_db_writer(db_uri: str, experiment_name: str | None = None, run_name: str | None = None,
                     user_name: str | None = None, name: str | None = None) -> SummaryWriter:
    """A writer into a database of summaries, in SQLite, which TensorBoard's `--db` reads.

    Args:
      db_uri: the file; it is made where there is none.
      experiment_name, run_name: how TensorBoard names them; "" or None for none.
      user_name: whose experiment it is; None for whoever runs the program.
      name: the shared name of the writer.

    Raises:
      ValueError: a name has characters that it may not have.
    """
    with on_cpu():
        user_name = getpass.getuser() if user_name is None else user_name
        experiment, run, user = (
            constant(_fitting(what, "" if given is None else given, pattern)) for what, given, pattern in (
                ("experiment_name", experiment_name, _TITLE), ("run_name", run_name, _TITLE),
                ("user_name", user_name, _USER)))
        return ResourceSummaryWriter(
            name, lambda handle: raw.create_summary_db_writer(handle, db_uri, experiment, run, user))


@export("contrib.summary.flush")
def flush(writer: Any = None, name: str | None = None) -> Operation:
    """The op that writes what waits of a writer, or of the default one."""
    writer = present.writer if writer is None else writer
    if writer is None:
        return raw.no_op()
    with on_cpu():
        return raw.flush_summary_writer(writer._resource if isinstance(writer, ResourceSummaryWriter) else writer,
                                        name=name)


@export("contrib.summary.summary_writer_initializer_op")
def summary_writer_initializer_op() -> list[Operation]:
    """The ops that begin the files of all writers of the graph."""
    return get_default_graph().get_collection(_WRITERS)


@export("summary.all_v2_summary_ops")
def all_v2_summary_ops() -> list[Any]:
    """The ops that write all summaries of the graph."""
    return get_default_graph().get_collection(GraphKeys._SUMMARY_COLLECTION)


@export("summary.initialize")
def initialize(graph: Any = None, session: Any = None) -> None:
    """Begin the files of all writers of the graph.

    Args:
      graph: a graph that is written first.
      session: where to; the default session if it is None.

    Raises:
      RuntimeError: there is no default writer.
      ValueError: there is no session.
    """
    if present.writer is None:
        raise RuntimeError("No default tf.contrib.summary.SummaryWriter found")
    if session is None:
        session = get_default_session()
        if session is None:
            raise ValueError("session must be passed if no default session exists")
    session.run(summary_writer_initializer_op())
    if graph is not None:
        data = graph.as_graph_def(add_shapes=True) if isinstance(graph, Graph) else graph
        given = constants.placeholder(dtypes.string)
        session.run(graph_summary(given, 0), feed_dict={given: data.SerializeToString()})


@export("contrib.summary.eval_dir")
def eval_dir(model_dir: str, name: str | None = None) -> str:
    """The folder for the summaries of an evaluation."""
    return os.path.join(model_dir, "eval" if not name else "eval_" + name)


# --- summaries --------------------------------------------------------------------------------------------------


def _step(step: Any) -> Any:
    if step is None:
        return get_or_create_global_step()
    return step if isinstance(step, Tensor) else convert_to_tensor(step, dtypes.int64)


def _written(name: str, tensor: Any, family: str | None, write: Callable[[Any, str, str], Operation]) -> Any:
    """A summary that `write(handle, tag, scope)` makes where summaries are recorded."""
    scope = get_default_graph().get_name_scope()
    scope = scope + "/" if scope else scope
    writer = present.writer
    if writer is None:
        return raw.no_op()

    def record() -> Tensor:
        with name_scope(scope), tags.scope(name, family, values=[tensor]) as (tag, full), \
                get_default_graph().control_dependencies([write(writer._resource, tag, full)]):
            return constant(True)

    with on_cpu():
        op = smart_cond(should_record_summaries(), record, lambda: constant(False), name="")
        get_default_graph().add_to_collection(GraphKeys._SUMMARY_COLLECTION, op)
    return op


@export("contrib.summary.scalar")
def scalar(name: str, tensor: Any, family: str | None = None, step: Any = None) -> Any:
    """Write a number.

    Args:
      name: its tag, within the scopes around it.
      tensor: a real scalar.
      family: what TensorBoard groups it under.
      step: the training step; the global step by default.
    """
    return _written(name, tensor, family, lambda handle, tag, scope: raw.write_scalar_summary(
        handle, _step(step), tag, raw.identity(tensor), name=scope))


@export("contrib.summary.histogram")
def histogram(name: str, tensor: Any, family: str | None = None, step: Any = None) -> Any:
    """Write how often values of each size occur in a tensor; see `tf.contrib.summary.scalar`."""
    return _written(name, tensor, family, lambda handle, tag, scope: raw.write_histogram_summary(
        handle, _step(step), tag, raw.identity(tensor), name=scope))


@export("contrib.summary.image")
def image(name: str, tensor: Any, bad_color: Any = None, max_images: int = 3, family: str | None = None,
          step: Any = None) -> Any:
    """Write pictures.

    Args:
      name, family, step: see `tf.contrib.summary.scalar`.
      tensor: [n, height, width, channels].
      bad_color: what takes the place of pixels that are no number, red by default.
      max_images: how many pictures are kept at most.
    """

    def write(handle: Any, tag: str, scope: str) -> Operation:
        bad = constant([255, 0, 0, 255], dtypes.uint8) if bad_color is None else bad_color
        return raw.write_image_summary(handle, _step(step), tag, raw.identity(tensor), bad, max_images=max_images,
                                       name=scope)

    return _written(name, tensor, family, write)


@export("contrib.summary.audio")
def audio(name: str, tensor: Any, sample_rate: Any, max_outputs: int, family: str | None = None,
          step: Any = None) -> Any:
    """Write sounds.

    Args:
      name, family, step: see `tf.contrib.summary.scalar`.
      tensor: [n, frames] or [n, frames, channels], from -1 to 1.
      sample_rate: frames in a second.
      max_outputs: how many sounds are kept at most.
    """
    return _written(name, tensor, family, lambda handle, tag, scope: raw.write_audio_summary(
        handle, _step(step), tag, raw.identity(tensor), sample_rate, max_outputs=max_outputs, name=scope))


@export("contrib.summary.generic")
def generic(name: str, tensor: Any, metadata: Any = None, family: str | None = None, step: Any = None) -> Any:
    """Write a tensor.

    Args:
      name, family, step: see `tf.contrib.summary.scalar`.
      tensor: of any type.
      metadata: a `SummaryMetadata`, or its bytes: what a plugin wants to know.
    """

    def write(handle: Any, tag: str, scope: str) -> Operation:
        told = constant("") if metadata is None else constant(
            metadata.SerializeToString()) if hasattr(metadata, "SerializeToString") else metadata
        return raw.write_summary(handle, _step(step), raw.identity(tensor), tag, told, name=scope)

    return _written(name, tensor, family, write)


@export("contrib.summary.graph")
def graph_summary(param: Any, step: Any = None, name: str | None = None) -> Operation:
    """Write a graph.

    Args:
      param: a string tensor: the bytes of a `GraphDef`.
      step: the training step; the global step by default.

    Raises:
      TypeError: it is no tensor.
    """
    if not isinstance(param, Tensor):
        raise TypeError("graph() needs a tf.Tensor (e.g. tf.placeholder) in graph mode, but was: "
                        f"{type(param)}")
    writer = present.writer
    if writer is None:
        return raw.no_op()
    with on_cpu():
        tensor = raw.identity(param)
        return raw.write_graph_summary(writer._resource, _step(step), tensor, name=name)


@export("contrib.summary.import_event")
def import_event(tensor: Any, name: str | None = None) -> Operation:
    """Write an event.

    Args:
      tensor: a string scalar: the bytes of an `Event`.
    """
    return raw.import_event(present.writer._resource, tensor, name=name)
