"""Readers: tensors of the records of files whose names come out of a queue (`tf.TextLineReader`)."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import raw
from tfmagic.tf.platform.tf_record import TFRecordOptions
from tfmagic.tf.queues.producers import INSTEAD

_INSTEAD = INSTEAD.removesuffix("Dataset.")
_MODULE = "tensorflow.python.ops.io_ops"


@export("ReaderBase")
class ReaderBase:
    """Reads records of files.

    Args:
      reader_ref: the tensor of the reader.
      supports_serialize: whether it can tell where it stands.
    """

    def __init__(self, reader_ref: Tensor, supports_serialize: bool = False):
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize

    @property
    def reader_ref(self) -> Tensor:
        """The tensor of the reader."""
        return self._reader_ref

    def _call(self, function: str, *inputs: Any, name: str | None = None) -> Any:
        """A node that works with the reader, in the form that its handle has."""
        version = "_v2" if self._reader_ref.dtype == dtypes.resource else ""
        return getattr(raw, function + version)(self._reader_ref, *inputs, name=name)

    def _queue(self, queue: Any) -> Tensor:
        """The handle of a queue in the form that the reader's has."""
        ref = queue if isinstance(queue, Tensor) else queue.queue_ref
        return ref if self._reader_ref.dtype == dtypes.resource else raw.fake_queue(ref)

    def read(self, queue: Any, name: str | None = None) -> Any:
        """The next record: (key, value), string scalars. What they are is the reader's.

        Args:
          queue: a queue of names of files, or its handle.
          name: the name of the node.
        """
        return self._call("reader_read", self._queue(queue), name=name)

    def read_up_to(self, queue: Any, num_records: Any, name: str | None = None) -> Any:
        """The next records of a file, `num_records` at most: (keys, values), string vectors; see `read`."""
        return self._call("reader_read_up_to", self._queue(queue), num_records, name=name)

    def num_records_produced(self, name: str | None = None) -> Tensor:
        """How many records it has given, an int64 scalar."""
        return self._call("reader_num_records_produced", name=name)

    def num_work_units_completed(self, name: str | None = None) -> Tensor:
        """How many files it is done with, an int64 scalar."""
        return self._call("reader_num_work_units_completed", name=name)

    def serialize_state(self, name: str | None = None) -> Tensor:
        """Where it stands, a string scalar, for `restore_state`."""
        return self._call("reader_serialize_state", name=name)

    def restore_state(self, state: Any, name: str | None = None) -> Operation:
        """An operation that goes to where a reader stood."""
        return self._call("reader_restore_state", state, name=name)

    @property
    def supports_serialize(self) -> bool:
        """Whether it can tell where it stands."""
        return self._supports_serialize

    def reset(self, name: str | None = None) -> Operation:
        """An operation that begins anew."""
        return self._call("reader_reset", name=name)


@export("WholeFileReader")
class WholeFileReader(ReaderBase):
    """Gives each file as a record: (its name, its bytes)."""

    @deprecated(None, f"{INSTEAD}map(tf.read_file)`.", module=_MODULE)
    def __init__(self, name: str | None = None):
        super().__init__(raw.whole_file_reader_v2(name=name), supports_serialize=True)


@export("TextLineReader")
class TextLineReader(ReaderBase):
    """Gives each line as a record: ("FILE:NUMBER", the line).

    Args:
      skip_header_lines: how many lines at the beginning of each file to leave out.
      name: the name of the node.
    """

    @deprecated(None, f"{_INSTEAD}TextLineDataset`.", module=_MODULE)
    def __init__(self, skip_header_lines: int | None = None, name: str | None = None):
        super().__init__(raw.text_line_reader_v2(skip_header_lines=skip_header_lines or 0, name=name))


@export("FixedLengthRecordReader")
class FixedLengthRecordReader(ReaderBase):
    """Gives records of one length: ("FILE:NUMBER", the bytes).

    Args:
      record_bytes: the length of a record.
      header_bytes, footer_bytes: how many bytes at the beginning and at the end of each file to leave out.
      hop_bytes: how many bytes after a record the next one begins; 0: where it ends.
      name: the name of the node.
      encoding: "ZLIB" for compressed files.
    """

    @deprecated(None, f"{_INSTEAD}FixedLengthRecordDataset`.", module=_MODULE)
    def __init__(self, record_bytes: int, header_bytes: int | None = None, footer_bytes: int | None = None,
                 hop_bytes: int | None = None, name: str | None = None, encoding: str | None = None):
        super().__init__(raw.fixed_length_record_reader_v2(
            record_bytes=record_bytes, header_bytes=header_bytes or 0, footer_bytes=footer_bytes or 0,
            hop_bytes=hop_bytes or 0, encoding=encoding or "", name=name))


@export("TFRecordReader")
class TFRecordReader(ReaderBase):
    """Gives the records of TFRecord files: ("FILE:PLACE", the bytes).

    Args:
      name: the name of the node.
      options: a `TFRecordOptions`, for compressed files.
    """

    @deprecated(None, f"{_INSTEAD}TFRecordDataset`.", module=_MODULE)
    def __init__(self, name: str | None = None, options: Any = None):
        compression = TFRecordOptions.get_compression_type_string(options)
        super().__init__(raw.tf_record_reader_v2(compression_type=compression, name=name))


@export("LMDBReader")
class LMDBReader(ReaderBase):
    """Gives the entries of LMDB databases: (key, value).

    Args:
      name: the name of the node.
      options: is there for TensorFlow's sake.
    """

    @deprecated(None, f"{_INSTEAD.removesuffix('tf.data.')}tf.contrib.data.LMDBDataset`.", module=_MODULE)
    def __init__(self, name: str | None = None, options: Any = None):
        super().__init__(raw.lmdb_reader(name=name))


@export("IdentityReader")
class IdentityReader(ReaderBase):
    """Gives each name as a record: (the name, the name)."""

    @deprecated(None, f"{INSTEAD}map(...)`.", module=_MODULE)
    def __init__(self, name: str | None = None):
        super().__init__(raw.identity_reader_v2(name=name), supports_serialize=True)
