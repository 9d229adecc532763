"""Datasets of files: lines of text, TFRecords, records of one length, names of files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import api, raw
from tfmagic.tf.data import structure
from tfmagic.tf.data.dataset import DatasetV2, Node
from tfmagic.tf.data.dataset_v1 import DatasetV1Adapter
from tfmagic.tf.data.experimental.interleaving import parallel_interleaved

_BUFFER = 256 * 1024
_TEXT = TensorSpec([], dtypes.string)


def _filenames(filenames: Any) -> DatasetV2:
    """A data set of names of files.

    Raises:
      TypeError: it is none of scalars of text.
    """
    if isinstance(filenames, DatasetV2):
        if structure.legacy(filenames.element_spec, 0) != dtypes.string:
            raise TypeError("`filenames` must be a `tf.data.Dataset` of `tf.string` elements.")
        if not structure.legacy(filenames.element_spec, 1).is_compatible_with([]):
            raise ValueError("`filenames` must be a `tf.data.Dataset` of scalar `tf.string` elements.")
        return filenames
    names = convert_to_tensor(filenames, dtypes.string)
    return DatasetV2.from_tensor_slices(api.reshape(names, [-1], name="flat_filenames"))


def _optional(name: str, value: Any, default: Any, dtype: Any) -> Tensor:
    return convert_to_tensor(default if value is None else value, dtype, name)


def _reading(filenames: Any, open_: Callable[[Tensor], DatasetV2], parallel: Any) -> DatasetV2:
    """A data set of what a function makes of each file."""
    names = _filenames(filenames)

    def read_one_file(filename: Any) -> DatasetV2:
        return open_(convert_to_tensor(filename, dtypes.string, "filename"))

    if parallel is None:
        return names.flat_map(read_one_file)
    return parallel_interleaved(names, read_one_file, parallel, 1, False, None, None)


class _Reader(DatasetV1Adapter):
    """A dataset of files; in TensorFlow's classes for version 1."""


@export("data.TextLineDataset")
class TextLineDatasetV1(_Reader):
    """The lines of text files.

    Args:
      filenames: names of files, as a tensor or dataset.
      compression_type: "", "ZLIB" or "GZIP".
      buffer_size: how many bytes are read at a time.
      num_parallel_reads: how many files are read at the same time.
    """

    def __init__(self, filenames: Any, compression_type: Any = None, buffer_size: Any = None,
                 num_parallel_reads: Any = None):
        def open_(name: Tensor) -> DatasetV2:
            return Node(raw.text_line_dataset(
                name, _optional("compression_type", compression_type, "", dtypes.string),
                _optional("buffer_size", buffer_size, _BUFFER, dtypes.int64)), _TEXT)

        super().__init__(_reading(filenames, open_, num_parallel_reads))


@export("data.TFRecordDataset")
class TFRecordDatasetV1(_Reader):
    """The records of TFRecord files.

    Args:
      filenames: names of files, as a tensor or dataset.
      compression_type: "", "ZLIB" or "GZIP".
      buffer_size: how many bytes are read at a time.
      num_parallel_reads: how many files are read at the same time.
    """

    def __init__(self, filenames: Any, compression_type: Any = None, buffer_size: Any = None,
                 num_parallel_reads: Any = None):
        def open_(name: Tensor) -> DatasetV2:
            return Node(raw.tf_record_dataset(
                name, _optional("compression_type", compression_type, "", dtypes.string),
                _optional("buffer_size", buffer_size, _BUFFER, dtypes.int64)), _TEXT)

        super().__init__(_reading(filenames, open_, num_parallel_reads))


@export("data.FixedLengthRecordDataset")
class FixedLengthRecordDatasetV1(_Reader):
    """Records of one length.

    Args:
      filenames: names of files, as a tensor or dataset.
      record_bytes: how long a record is.
      header_bytes, footer_bytes: how many bytes stand before and after the records of a file.
      buffer_size: how many bytes are read at a time.
      compression_type: "", "ZLIB" or "GZIP".
      num_parallel_reads: how many files are read at the same time.
    """

    def __init__(self, filenames: Any, record_bytes: Any, header_bytes: Any = None, footer_bytes: Any = None,
                 buffer_size: Any = None, compression_type: Any = None, num_parallel_reads: Any = None):
        def open_(name: Tensor) -> DatasetV2:
            record = convert_to_tensor(record_bytes, dtypes.int64, "record_bytes")
            header = _optional("header_bytes", header_bytes, 0, dtypes.int64)
            footer = _optional("footer_bytes", footer_bytes, 0, dtypes.int64)
            size = _optional("buffer_size", buffer_size, _BUFFER, dtypes.int64)
            compression = _optional("compression_type", compression_type, "", dtypes.string)
            return Node(raw.fixed_length_record_dataset_v2(name, header, record, footer, size, compression), _TEXT)

        super().__init__(_reading(filenames, open_, num_parallel_reads))
