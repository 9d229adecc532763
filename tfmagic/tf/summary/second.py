"""Summaries of TensorFlow 2 in graphs: writers, steps, what is written; and what an old summary op says of itself."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import messages, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow.cond import smart_cond
from tfmagic.tf.inner.framework import uid
from tfmagic.tf.summary import recording

# --- writers and steps ------------------------------------------------------------------------------------------------


def create_file_writer_v2(logdir: Any, max_queue: Any = None, flush_millis: Any = None, filename_suffix: Any = None,
                          name: str | None = None) -> recording.SummaryWriter:
    """A writer of a file of events, which no other writer shares.

    Args:
      logdir: the folder.
      max_queue: how many events may wait for the file, 10 by default.
      flush_millis: how many milliseconds they may wait, 120,000 by default.
      filename_suffix: what the file's name ends in, ".v2" by default.
      name: the name scope, and what the session calls the writer.

    Raises:
      ValueError: there is no folder.
    """
    if logdir is None:
        raise ValueError("logdir cannot be None")
    with name_scope(name, "create_file_writer") as scope, recording.on_cpu():
        folder = constant(os.fspath(logdir))
        max_queue = constant(10) if max_queue is None else max_queue
        flush_millis = constant(2 * 60 * 1000) if flush_millis is None else flush_millis
        suffix = constant(".v2") if filename_suffix is None else filename_suffix
        unique = constant(f".{os.getpid()}.{uid()}")
        ending = unique + suffix
        return recording.ResourceSummaryWriter(
            scope.rstrip("/"),
            lambda handle: raw.create_summary_file_writer(handle, folder, max_queue, flush_millis, ending), name=name)


def create_noop_writer() -> recording.SummaryWriter:
    """A writer that writes nothing."""
    return recording.NoopSummaryWriter()


def set_step(step: Any) -> None:
    """Say at which step summaries of this thread are that are not told one; None: at none."""
    recording.present.step = step


def get_step() -> Any:
    """The step that `set_step` was told."""
    return recording.present.step


# --- summaries --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def summary_scope(name: str | None, default_name: str = "summary",
                  values: list[Any] | None = None) -> Iterator[tuple[str, str]]:
    """The name scope of a summary.

    Args:
      name: what the summary is called.
      default_name: its name where there is none.
      values: its inputs.

    Yields:
      The tag, with the names of the scopes around it, and the name of the scope.
    """
    name = name or default_name
    around = get_default_graph().get_name_scope()
    tag = f"{around}/{name}" if around else name
    # What a scope's name cannot hold is left out of it; the tag keeps it.
    with name_scope(re.sub(r"[^A-Za-z0-9_.\\/-]", "", name) or None, default_name, values) as scope:
        yield tag, scope


def _written(name: str, step: Any, write: Callable[[Any, Any, str], Operation]) -> Any:
    """Whether a summary was written that `write(handle, step, scope)` makes: a boolean tensor."""
    writer = recording.present.writer
    with name_scope(name) as scope:
        if writer is None:
            return constant(False)
        step = get_step() if step is None else step
        if step is None:
            raise ValueError("No step set via 'step' argument or tf.summary.experimental.set_step()")

        def record() -> Any:
            with get_default_graph().control_dependencies([write(writer._resource, step, scope)]):
                return constant(True)

        with recording.on_cpu():
            done = smart_cond(recording.is_recorded(True), record, lambda: constant(False), name="summary_cond")
            get_default_graph().add_to_collection(GraphKeys._SUMMARY_COLLECTION, done)
        return done


def write(tag: str, tensor: Any, step: Any = None, metadata: Any = None, name: str | None = None) -> Any:
    """Write a tensor to the default writer.

    Args:
      tag: its tag.
      tensor: of any type, or a function that gives it.
      step: the training step, an int64 scalar; by default the one of `set_step`.
      metadata: a `SummaryMetadata`, or its bytes: what a plugin wants to know.
      name: the name scope.

    Returns:
      A boolean tensor: whether it was written.

    Raises:
      ValueError: there is no step.
    """
    told = b"" if metadata is None else metadata.SerializeToString() if hasattr(
        metadata, "SerializeToString") else metadata
    return _written(name or "write_summary", step, lambda handle, at, scope: raw.write_summary(
        handle, *_at(at, tensor), tag, told, name=scope))


def write_raw_pb(tensor: Any, step: Any = None, name: str | None = None) -> Any:
    """Write summaries that a tensor holds.

    Args:
      tensor: a string scalar: the bytes of a `Summary`, or a function that gives it.
      step: the training step, an int64 scalar; by default the one of `set_step`.
      name: the name scope.

    Returns:
      A boolean tensor: whether it was written.

    Raises:
      ValueError: there is no step.
    """
    return _written(name or "write_raw_pb", step, lambda handle, at, scope: raw.write_raw_proto_summary(
        handle, *_at(at, tensor), name=scope))


def _at(step: Any, tensor: Any) -> tuple[Any, Any]:
    return step, raw.identity(tensor() if callable(tensor) else tensor)


def _of_plugin(name: str, data: bytes, step: Any, plugin: str) -> Any:
    pb2 = messages.module("summary_pb2")
    metadata = pb2.SummaryMetadata(plugin_data=pb2.SummaryMetadata.PluginData(plugin_name=plugin, content=b"1"))
    with summary_scope(name, plugin, [data, step]) as (tag, _):
        with recording.on_cpu():
            content = constant(data)
        return write(tag, content, step, metadata)


def run_metadata(name: str, data: Any, step: Any = None) -> Any:
    """Write a `RunMetadata`; see `write`."""
    return _of_plugin(name, data.SerializeToString(), step, "graph_run_metadata")


def run_metadata_graphs(name: str, data: Any, step: Any = None) -> Any:
    """Write the graphs that a `RunMetadata` holds; see `write`."""
    graphs = messages.module("config_pb2").RunMetadata(
        function_graphs=data.function_graphs, partition_graphs=data.partition_graphs)
    return _of_plugin(name, graphs.SerializeToString(), step, "graph_run_metadata_graph")


def keras_model(name: str, data: Any, step: Any = None) -> Any:
    """Write a model as JSON; see `write`.

    Args:
      name: its tag.
      data: the model, which has `to_json`.
      step: the training step.

    Returns:
      A boolean tensor, or False where the model cannot be written as JSON.
    """
    try:
        text = data.to_json()
    except Exception as error:  # a model may refuse in any way: the program goes on without the summary
        tf_logging.warning("Model failed to serialize as JSON. Ignoring... %s", error)
        return False
    return _of_plugin(name, text.encode(), step, "graph_keras_model")


# --- traces: of code that runs at once, which graphs do not -----------------------------------------------------------


def trace_on(graph: bool = True, profiler: bool = False) -> None:
    """Say, as TensorFlow 1.15 does in a graph, that there is nothing to trace; `%%session --profile` traces runs."""
    tf_logging.warning("Must enable trace in eager mode.")


def trace_export(name: str, step: Any = None, profiler_outdir: Any = None) -> None:
    """Say, as TensorFlow 1.15 does in a graph, that there is no trace; see `trace_on`."""
    tf_logging.warning("Can only export trace while executing eagerly.")


def trace_off() -> None:
    """Nothing is traced; see `trace_on`."""


@export("summary.get_summary_description")
def get_summary_description(node_def: Any) -> Any:
    """The `SummaryDescription` of a TensorSummary node.

    Args:
      node_def: a `NodeDef`.

    Raises:
      ValueError: it is another op's.
    """
    if node_def.op != "TensorSummary":
        raise ValueError(f"Can't get_summary_description on {node_def.op}")
    from google.protobuf import json_format

    text = node_def.attr["description"].s.decode("utf-8", "surrogateescape")
    return json_format.Parse(text, messages.module("summary_pb2").SummaryDescription())
