"""`data_flow_ops.RecordInput`: batches of records of files without a queue or data set."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.platform.tf_record import TFRecordOptions


@export("contrib.framework.RecordInput")
class RecordInput:
    """Reads the records of TFRecord files in random order, again and again.

    Args:
      file_pattern: names or patterns of files.
      batch_size: how many records make a batch.
      buffer_size: among so many one is chosen.
      parallelism: how many files are read at the same time.
      shift_ratio: by which part of the files each epoch begins later than the one before.
      seed: of the order.
      name: of the node.
      batches: how many batches a run gives; None: one, as a tensor.
      compression_type: a `TFRecordCompressionType`.
    """

    def __init__(self, file_pattern: Any, batch_size: int = 1, buffer_size: int = 1, parallelism: int = 1,
                 shift_ratio: float = 0, seed: int = 0, name: str | None = None, batches: int | None = None,
                 compression_type: Any = None):
        self._batch_size = batch_size if batches is None else batch_size * batches
        self._batches, self._file_pattern, self._buffer_size = batches, file_pattern, buffer_size
        self._parallelism, self._shift_ratio, self._seed, self._name = parallelism, shift_ratio, seed, name
        self._compression_type = "" if compression_type is None else (
            TFRecordOptions.get_compression_type_string(TFRecordOptions(compression_type)))

    def get_yield_op(self) -> Any:
        """The next batch: a vector of strings, or lists of scalars where there are several batches."""
        records = raw.record_input(
            file_pattern=self._file_pattern, file_buffer_size=self._buffer_size, file_parallelism=self._parallelism,
            file_shuffle_shift_ratio=self._shift_ratio, batch_size=self._batch_size, file_random_seed=self._seed,
            compression_type=self._compression_type, name=self._name)
        if self._batches is None:
            return records
        with name_scope(self._name):
            made: list[list[Any]] = [[] for _ in range(self._batches)]
            for index, record in enumerate(api.split(records, self._batch_size, 0)):
                made[index % self._batches].append(api.reshape(record, []))
            return made
