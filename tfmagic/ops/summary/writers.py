"""Writers of summaries that a session keeps: ops that write events into a file or a database as they run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from tfmagic.base import dtypes, errors, messages
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.formats import events
from tfmagic.formats.summary_database import SummaryDatabase
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import unwrapped
from tfmagic.ops.summary import tags
from tfmagic.ops.summary.media import pictures_summary, sounds_summary
from tfmagic.ops.summary.values import histogram_summary, tensor_proto


class Writer:
    """A file of events, or a database of summaries, once it is opened.

    Args:
      name: what the op that makes it calls it.
    """

    is_handle = True

    def __init__(self, name: str):
        self._name = name
        self._lock = threading.Lock()
        self._file: events.EventFile | SummaryDatabase | None = None
        self._limits = (0, 0.0)
        self._waiting = 0

    def open(self, make: Callable[[], events.EventFile | SummaryDatabase], most: int = 1,
             seconds: float = 0.0) -> None:
        """Begin a file, unless one is open.

        Args:
          make: makes it.
          most: how many events may wait for the file.
          seconds: how long they may wait.
        """
        with self._lock:
            if self._file is None:
                self._file = make()
                self._limits = most, seconds

    def keeps_types(self) -> bool:
        """Whether numbers are kept in their types."""
        return self._file is not None and self._file.keeps_types

    def write(self, event: Any) -> None:
        """Write an event.

        Raises:
          NotFoundError: no file is open.
        """
        with self._lock:
            file = self._opened()
            file.write(event)
            self._waiting += 1
            if self._waiting >= self._limits[0] or file.waiting() >= self._limits[1]:
                file.flush()
                self._waiting = 0

    def check(self) -> None:
        """Look whether a file is open.

        Raises:
          NotFoundError: none is.
        """
        with self._lock:
            self._opened()

    def flush(self) -> None:
        """Write what waits.

        Raises:
          NotFoundError: no file is open.
        """
        with self._lock:
            self._opened().flush()
            self._waiting = 0

    def end(self) -> None:
        """Write what waits, and close the file.

        Raises:
          NotFoundError: no file is open.
        """
        with self._lock:
            self._opened().close()
            self._file = None

    def close(self) -> None:
        """The session is closed: close the file too."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _opened(self) -> events.EventFile | SummaryDatabase:
        if self._file is None:
            raise errors.NotFoundError(
                None, None, f"Resource localhost/{self._name}/N10tensorflow22SummaryWriterInterfaceE does not exist.")
        return self._file


def _text(value: Any) -> str:
    return value.item().decode("utf-8", "surrogateescape")


def open_file(handle: Any, folder: Any, most: Any, milliseconds: Any, suffix: Any) -> None:
    """Begin the file of a writer."""
    for name, value in (("logdir", folder), ("max_queue", most), ("flush_millis", milliseconds),
                        ("filename_suffix", suffix)):
        if value.ndim:
            raise invalid(f"{name} must be a scalar")
    unwrapped(handle).open(lambda: events.EventFile(_text(folder), _text(suffix)), int(most), int(milliseconds) / 1000)


def open_database(handle: Any, *texts: Any) -> None:
    """Begin a writer's run in a database: its path, the names of experiment, run and user."""
    for name, text in zip(("db_uri", "experiment_name", "run_name", "user_name"), texts):
        if text.ndim:
            raise invalid(f"{name} must be scalar")
    unwrapped(handle).open(lambda: SummaryDatabase(*map(_text, texts)))


def flush_file(handle: Any) -> None:
    """Write what waits for the file of a writer."""
    unwrapped(handle).flush()


def close_file(handle: Any) -> None:
    """Close the file of a writer."""
    unwrapped(handle).end()


def _summary(handle: Any, step: Any, packed: Any) -> None:
    unwrapped(handle).write(events.event(step=_number(step), summary=messages.module("summary_pb2").Summary.FromString(
        packed.item())))


def _number(step: Any) -> int:
    return int(step.reshape(-1)[0])


def _tag(tag: Any) -> bytes:
    return tag.ravel()[0]


def write_scalar(handle: Any, step: Any, tag: Any, value: Any, dtype: dtypes.DType) -> None:
    """Write a number."""
    if unwrapped(handle).keeps_types():
        shown = tags.value(tensor=tensor_proto(dtype, value))
        shown.metadata.plugin_data.plugin_name = "scalars"
        _summary(handle, step, tags.packed([(_tag(tag), shown)]))
        return
    number = float(value.reshape(-1)[0].to(torch.float32))
    _summary(handle, step, tags.packed([(_tag(tag), tags.value(simple_value=number))]))


def write_histogram(handle: Any, step: Any, tag: Any, values: Any) -> None:
    """Write how often values occur."""
    name = _tag(tag)
    _summary(handle, step, histogram_summary(name, name.decode(errors="replace"), values))


def write_image(handle: Any, step: Any, tag: Any, pictures: Any, bad_color: Any, limit: int) -> None:
    """Write pictures."""
    _summary(handle, step, pictures_summary(_tag(tag), pictures, bad_color.cpu().numpy(), limit))


def write_audio(handle: Any, step: Any, tag: Any, sounds: Any, rate: Any, limit: int) -> None:
    """Write sounds."""
    _summary(handle, step, sounds_summary(tag, sounds, float(rate), limit))


def write_tensor(handle: Any, step: Any, value: Any, tag: Any, metadata: Any, dtype: dtypes.DType) -> None:
    """Write a tensor, with what a plugin wants to know of it."""
    shown = tags.value(tensor=tensor_proto(dtype, value))
    if metadata.item():
        shown.metadata.SetInParent()
        try:
            shown.metadata.MergeFromString(metadata.item())
        except DecodeError:
            shown.metadata.Clear()
            shown.metadata.SetInParent()
    _summary(handle, step, tags.packed([(_tag(tag), shown)]))


def write_summaries(handle: Any, step: Any, value: Any) -> None:
    """Write summaries that are given as bytes.

    Raises:
      DataLossError: they are none.
    """
    merged = messages.module("summary_pb2").Summary()
    for place, item in enumerate(value.ravel().tolist()):
        try:
            merged.MergeFromString(item)
        except DecodeError:
            raise errors.DataLossError(None, None, "Bad tf.compat.v1.Summary binary proto tensor string at index "
                                       f"{place}") from None
    unwrapped(handle).write(events.event(step=_number(step), summary=merged))


def write_graph(handle: Any, step: Any, value: Any) -> None:
    """Write a graph that is given as bytes.

    Raises:
      DataLossError: it is none.
    """
    try:
        messages.module("graph_pb2").GraphDef.FromString(value.item())
    except DecodeError:
        raise errors.DataLossError(None, None, "Bad tf.GraphDef binary proto tensor string") from None
    unwrapped(handle).write(events.event(step=_number(step), graph_def=value.item()))


def import_event(handle: Any, value: Any) -> None:
    """Write an event that is given as bytes.

    Raises:
      DataLossError: it is none.
    """
    try:
        event = messages.module("event_pb2").Event.FromString(value.item())
    except DecodeError:
        raise errors.DataLossError(None, None, "Bad tf.Event binary proto tensor string") from None
    unwrapped(handle).write(event)


def _nothing(op: Any, *dims: Any) -> tuple[()]:
    return ()


def _declare(name: str, function: Any, *attrs: str) -> None:
    """Declare an op that does something with a writer: `function(handle, *inputs, *attrs)`."""
    def kernel(op: Any, *inputs: Any) -> Any:
        return op.call(function, *inputs, *(op.constant(getattr(op, attr)) for attr in attrs))

    register(name, _nothing, kernel, objects=True, effect="writes")


register("SummaryWriter", shape_rules.scalar, lambda op: op.constant(op.named.of(
    op.op, Writer, lambda container, name: Writer(name))), objects=True, effect="reads")
_declare("CreateSummaryFileWriter", open_file)
_declare("CreateSummaryDbWriter", open_database)
_declare("FlushSummaryWriter", flush_file)
_declare("CloseSummaryWriter", close_file)
_declare("WriteScalarSummary", write_scalar, "T")
_declare("WriteHistogramSummary", write_histogram)
_declare("WriteImageSummary", write_image, "max_images")
_declare("WriteAudioSummary", write_audio, "max_outputs")
_declare("WriteSummary", write_tensor, "T")
_declare("WriteRawProtoSummary", write_summaries)
_declare("WriteGraphSummary", write_graph)
_declare("ImportEvent", import_event)
