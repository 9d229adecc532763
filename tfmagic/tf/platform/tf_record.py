"""`tf.python_io`: TFRecord files written and read in Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfmagic.base import errors
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.formats.records import RecordReader, RecordWriter


@export("io.TFRecordCompressionType")
class TFRecordCompressionType:
    """The kinds of compression."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


@export("io.TFRecordOptions")
class TFRecordOptions:
    """How a TFRecord file is compressed; the arguments but the first are zlib's.

    Args:
      compression_type: "GZIP", "ZLIB", "", a `TFRecordCompressionType` or None.
      flush_mode: how much `flush` writes; only None.
      input_buffer_size: accepted; the size of a buffer changes no byte.
      output_buffer_size: accepted; the size of a buffer changes no byte.
      window_bits: base two logarithm of the window.
      compression_level: 0 to 9.
      compression_method: only zlib's deflate.
      mem_level: 1 to 9.
      compression_strategy: zlib's strategy.

    Raises:
      ValueError: there is no such compression.
    """

    compression_type_map = {
        TFRecordCompressionType.NONE: "",
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
    }

    def __init__(self, compression_type: Any = None, flush_mode: int | None = None,
                 input_buffer_size: int | None = None, output_buffer_size: int | None = None,
                 window_bits: int | None = None, compression_level: int | None = None,
                 compression_method: int | None = None, mem_level: int | None = None,
                 compression_strategy: int | None = None):
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """The name of a compression: "GZIP", "ZLIB" or "".

        Args:
          options: `TFRecordOptions`, or what they take for `compression_type`.
        """
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if not options:
            return ""
        if options in cls.compression_type_map:
            return cls.compression_type_map[options]
        if options in cls.compression_type_map.values():
            return str(options)
        raise ValueError(f'Not a valid compression_type: "{options}"')


@export("io.tf_record_iterator")
@deprecated(None, "Use eager execution and: \n`tf.data.TFRecordDataset(path)`")
def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """The records of a file.

    Args:
      path: the file.
      options: its `TFRecordOptions`.

    Yields:
      The bytes of one record after the other.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: it is damaged, or cut off within a record (in the header of one it just ends, as in TensorFlow).
    """
    compression = TFRecordOptions.get_compression_type_string(options)
    with RecordReader(path, compression, cut_header_ends=True) as records:
        yield from records


@export("io.TFRecordWriter")
class TFRecordWriter:
    """Writes records to a file, whose former content is gone; a context manager.

    Args:
      path: the file.
      options: its `TFRecordOptions`, or the name or kind of compression.

    Raises:
      NotFoundError: its folder does not exist.
    """

    def __init__(self, path: Any, options: Any = None):
        if not isinstance(options, TFRecordOptions):
            options = TFRecordOptions(compression_type=options)
        for name in ("flush_mode", "compression_method"):
            if getattr(options, name) is not None:
                raise errors.UnimplementedError(
                    None, None, f"TFRecordOptions({name}=...) is not supported.\nLeave it out: zlib's default is used.")
        self._writer: RecordWriter | None = RecordWriter(
            path, TFRecordOptions.get_compression_type_string(options),
            -1 if options.compression_level is None else options.compression_level,
            window_bits=options.window_bits, mem_level=options.mem_level, strategy=options.compression_strategy)

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.close()

    def write(self, record: bytes | str) -> None:
        """Write one record: bytes, or text as UTF-8."""
        if isinstance(record, str):
            record = record.encode()
        if not isinstance(record, bytes):
            raise TypeError(f"expected bytes, {type(record).__name__} found")
        self._open().write(record)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._open().flush()

    def close(self) -> None:
        """Close the file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def _open(self) -> RecordWriter:
        if self._writer is None:
            raise errors.FailedPreconditionError(None, None, "Writer not initialized or previously closed")
        return self._writer
