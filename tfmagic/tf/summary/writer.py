"""`tf.summary.FileWriter`: writes summaries, graphs and more into a file of events; and its cache."""

from __future__ import annotations

import os
import threading
import warnings
from typing import Any

from tfmagic.base import messages, tf_logging
from tfmagic.base.export import export
from tfmagic.formats import events, gfile
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.graph import Graph
from tfmagic.tf.saving.meta_graph import create_meta_graph_def
from tfmagic.tf.summary.event_writers import EventFileWriter, EventFileWriterV2
from tfmagic.tf.summary.plugin_assets import get_all_plugin_assets


class SummaryToEventTransformer:
    """Makes events of summaries, graphs and more, and hands them to a writer.

    Args:
      event_writer: the writer, which has `add_event`.
      graph: a `Graph` that is written first.
      graph_def: deprecated; a `GraphDef` that is written first.
    """

    def __init__(self, event_writer: Any, graph: Any = None, graph_def: Any = None):
        self.event_writer = event_writer
        self._tags: set[str] = set()
        self._run_tags: set[str] = set()
        if graph is not None or graph_def is not None:
            self.add_graph(graph, graph_def=graph_def)
            self.add_meta_graph(create_meta_graph_def(graph_def=_definition(graph, graph_def)))

    def _send(self, event: Any) -> None:
        self.event_writer.add_event(event)

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Write a summary.

        Args:
          summary: a `Summary`, or the bytes of one, as a session gives them.
          global_step: the training step that it belongs to.

        Raises:
          DecodeError: the bytes are no `Summary`.
        """
        pb2 = messages.module("summary_pb2")
        if isinstance(summary, (bytes, str)):
            summary = pb2.Summary.FromString(summary.encode() if isinstance(summary, str) else summary)
        # What plugins need to know of a tag is written once.
        for value in summary.value:
            if not value.metadata.ByteSize():
                continue
            if value.tag in self._tags:
                value.ClearField("metadata")
                continue
            self._tags.add(value.tag)
        self._add(events.event(summary=summary), global_step)

    def _add(self, event: Any, global_step: Any) -> None:
        if global_step is not None:
            event.step = int(global_step)
        self._send(event)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Write a graph.

        Args:
          graph: a `Graph`, or (deprecated) a `GraphDef`.
          global_step: the training step that it belongs to.
          graph_def: deprecated; a `GraphDef`.

        Raises:
          ValueError: both or neither are given.
          TypeError: the graph is none.
        """
        definition = _definition(graph, graph_def)
        self._add(events.event(graph_def=definition.SerializeToString()), global_step)
        given = graph if isinstance(graph, Graph) else graph_def
        if isinstance(given, Graph):
            self._write_assets(given)

    def _write_assets(self, graph: Graph) -> None:
        """Write the files that plugins keep beside a graph."""
        folder = os.path.join(self.event_writer.get_logdir(), "plugins")
        for asset in get_all_plugin_assets(graph):
            gfile.make_dirs(os.path.join(folder, asset.plugin_name))
            for name, content in asset.assets().items():
                with gfile.GFile(os.path.join(folder, asset.plugin_name, name), "w") as file:
                    file.write(content)

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Write a `MetaGraphDef`.

        Raises:
          TypeError: it is none.
        """
        kind = messages.module("meta_graph_pb2").MetaGraphDef
        if not isinstance(meta_graph_def, kind):
            raise TypeError(f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}")
        self._add(events.event(meta_graph_def=meta_graph_def.SerializeToString()), global_step)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Write a `SessionLog`: that a session started, stopped or saved."""
        self._add(events.event(session_log=session_log), global_step)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Write what a run took.

        Args:
          run_metadata: a `RunMetadata` that a session filled.
          tag: its name, which no other has.
          global_step: the training step that it belongs to.

        Raises:
          ValueError: the tag was used before.
        """
        if tag in self._run_tags:
            raise ValueError("The provided tag was already used for this event type")
        self._run_tags.add(tag)
        tagged = messages.module("event_pb2").TaggedRunMetadata(tag=tag, run_metadata=run_metadata.SerializeToString())
        self._add(events.event(tagged_run_metadata=tagged), global_step)


@export("summary.FileWriter")
class FileWriter(SummaryToEventTransformer):
    """Writes a file of events into a folder, for TensorBoard.

    Events reach the file when `max_queue` of them wait, with the first one after `flush_secs`, at `flush`, at `close`
    and at the end of the process.
    """

    def __init__(self, logdir: Any, graph: Any = None, max_queue: int = 10, flush_secs: float = 120,
                 graph_def: Any = None, filename_suffix: str | None = None, session: Any = None) -> None:
        """
        Args:
          logdir: the folder; it is made where it does not exist.
          graph: a `Graph` that is written first.
          max_queue: how many events may wait for the file.
          flush_secs: how many seconds they may wait.
          graph_def: deprecated; a `GraphDef` that is written first.
          filename_suffix: what the file's name ends in.
          session: a session whose ops write, into the file that `tf.contrib.summary` has for the same folder; nodes
            are added to its graph. By default events are written from Python.

        Raises:
          OpError: the folder or the file cannot be written.
        """
        self._closed = False
        super().__init__(EventFileWriter(logdir, max_queue, flush_secs, filename_suffix) if session is None
                         else EventFileWriterV2(session, logdir, max_queue, flush_secs, filename_suffix),
                         graph, graph_def)

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.close()

    def get_logdir(self) -> str:
        """The folder."""
        return self.event_writer.get_logdir()

    def _send(self, event: Any) -> None:
        self.add_event(event)

    def add_event(self, event: Any) -> None:
        """Write an `Event`."""
        self._warn_if_closed()
        self.event_writer.add_event(event)

    def flush(self) -> None:
        """Write everything that waits."""
        self._warn_if_closed()
        self.event_writer.flush()

    def close(self) -> None:
        """Write everything that waits, and close the file."""
        self.event_writer.close()
        self._closed = True

    def reopen(self) -> None:
        """Go on after `close`, with a new file; nothing happens where the file is open."""
        self.event_writer.reopen()
        self._closed = False

    def _warn_if_closed(self) -> None:
        if self._closed:
            warnings.warn("Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter "
                          "is explicitly reopened.", stacklevel=4)


def _definition(graph: Any, graph_def: Any) -> Any:
    """The `GraphDef` to be written: see `FileWriter.add_graph`."""
    if graph is not None and graph_def is not None:
        raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
    if isinstance(graph, Graph) or isinstance(graph_def, Graph):
        if not isinstance(graph, Graph):
            tf_logging.warning("When passing a `Graph` object, please use the `graph` named argument instead of "
                               "`graph_def`.")
        definition = (graph if isinstance(graph, Graph) else graph_def).as_graph_def(add_shapes=True)
    elif _is_graph_def(graph) or _is_graph_def(graph_def):
        definition = graph if _is_graph_def(graph) else graph_def
        tf_logging.warning("Passing a `GraphDef` to the SummaryWriter is deprecated. Pass a `Graph` object "
                           "instead, such as `sess.graph`.")
    else:
        raise TypeError("The passed graph must be an instance of `Graph` or the deprecated `GraphDef`")
    return definition


def _is_graph_def(graph: Any) -> bool:
    return isinstance(graph, messages.module("graph_pb2").GraphDef)


@export("summary.FileWriterCache")
class FileWriterCache:
    """One `FileWriter` for each folder."""

    _cache: dict[str, FileWriter] = {}
    _lock = threading.RLock()

    @staticmethod
    def clear() -> None:
        """Close all writers of the cache and forget them."""
        with FileWriterCache._lock:
            for writer in FileWriterCache._cache.values():
                writer.close()
            FileWriterCache._cache.clear()

    @staticmethod
    def get(logdir: str) -> FileWriter:
        """The writer for a folder; a new one writes the default graph first."""
        with FileWriterCache._lock:
            if logdir not in FileWriterCache._cache:
                FileWriterCache._cache[logdir] = FileWriter(logdir, graph=get_default_graph())
            return FileWriterCache._cache[logdir]
