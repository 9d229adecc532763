"""Test cases with files of records, lines and examples, and what data sets of them should give."""

from __future__ import annotations

import gzip
import itertools
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.messages import module
from tfmagic.tf.data.records import make_batched_features_dataset
from tfmagic.tf.parsing.features import FixedLenFeature, VarLenFeature
from tfmagic.tf.platform.tf_record import TFRecordWriter
from tfmagic.tf.test.datasets import DatasetTestBase

_LABEL = b"fake-label"


def _by_turns(iterators: Iterable[Iterator[Any]], cycle_length: int) -> Iterator[Any]:
    """What iterators give, so many of them at a time; one at its end makes place for the next."""
    waiting = iter(iterators)
    open_ = list(itertools.islice(waiting, cycle_length))
    while open_:
        for place, one in enumerate(open_):
            try:
                yield next(one)
            except StopIteration:
                open_[place] = next(waiting, None)  # type: ignore[arg-type]
        open_ = [one for one in open_ if one is not None]


def _in_batches(records: Sequence[Any], size: int, drop_final_batch: bool = False) -> Iterator[Sequence[Any]]:
    for start in range(0, len(records), size):
        batch = records[start:start + size]
        if len(batch) == size or not drop_final_batch:
            yield batch


class _WithFiles(DatasetTestBase):
    """A test case with two files of seven records each.

    Attributes:
      test_filenames: their names.
    """

    def setUp(self) -> None:
        """Make the files."""
        super().setUp()
        self._num_files, self._num_records = 2, 7
        self.test_filenames = self._createFiles()

    def _createFiles(self) -> list[str]:
        raise NotImplementedError

    def _written(self, name: str, data: bytes) -> str:
        path = os.path.join(self.get_temp_dir(), name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def _interleave(self, iterators: Iterable[Iterator[Any]], cycle_length: int) -> Iterator[Any]:
        return _by_turns(iterators, cycle_length)

    def _in_order(self, file_indices: Sequence[int], num_epochs: int, cycle_length: int) -> list[tuple[int, int]]:
        """The numbers of files and records as data sets read them."""
        once = list(_by_turns([iter([(f, r) for r in range(self._num_records)]) for f in file_indices], cycle_length))
        return once * num_epochs


class FixedLengthRecordDatasetTestBase(DatasetTestBase):
    """A test case with files of records of one length."""

    def setUp(self) -> None:
        """Settle how many files and records there are, and how long their parts."""
        super().setUp()
        self._num_files, self._num_records = 2, 7
        self._header_bytes, self._record_bytes, self._footer_bytes = 5, 3, 2

    def _record(self, f: int, r: int) -> bytes:
        return str(f * 2 + r).encode() * self._record_bytes

    def _createFiles(self) -> list[str]:
        names = []
        for f in range(self._num_files):
            names.append(os.path.join(self.get_temp_dir(), f"fixed_length_record.{f}.txt"))
            with open(names[-1], "wb") as file:
                file.write(b"".join([b"H" * self._header_bytes, *(
                    self._record(f, r) for r in range(self._num_records)), b"F" * self._footer_bytes]))
        return names


class TextLineDatasetTestBase(DatasetTestBase):
    """A test case with files of lines."""

    def _lineText(self, f: int, l: int) -> bytes:  # noqa: E741
        return f"{f}: {l}".encode()

    def _createFiles(self, num_files: int, num_lines: int, crlf: bool = False,
                     compression_type: str | None = None) -> list[str]:
        """Make files; the last line of the last one has no end.

        Raises:
          ValueError: there is no such compression.
        """
        names = []
        for f in range(num_files):
            lines = [self._lineText(f, line) for line in range(num_lines)]
            ends = [b"\r\n" if crlf else b"\n"] * num_lines
            if f + 1 == num_files and ends:
                ends[-1] = b""
            data = b"".join(line + end for line, end in zip(lines, ends))
            if compression_type == "GZIP":
                data = gzip.compress(data)
            elif compression_type == "ZLIB":
                data = zlib.compress(data)
            elif compression_type:
                raise ValueError("Unsupported compression_type", compression_type)
            names.append(os.path.join(self.get_temp_dir(), f"text_line.{f}.txt"))
            with open(names[-1], "wb") as file:
                file.write(data)
        return names


class TFRecordDatasetTestBase(_WithFiles):
    """A test case with TFRecord files of texts."""

    def _record(self, f: int, r: int) -> bytes:
        return f"Record {r} of file {f}".encode()

    def _createFiles(self) -> list[str]:
        names = [os.path.join(self.get_temp_dir(), f"tf_record.{f}.txt") for f in range(self._num_files)]
        for f, name in enumerate(names):
            with TFRecordWriter(name) as writer:
                for r in range(self._num_records):
                    writer.write(self._record(f, r))
        return names

    def _next_expected_batch(self, file_indices: Sequence[int], batch_size: int, num_epochs: int, cycle_length: int,
                             drop_final_batch: bool, use_parser_fn: bool) -> Iterator[list[bytes]]:
        records = [self._record(f, r) for f, r in self._in_order(file_indices, num_epochs, cycle_length)]
        if use_parser_fn:  # which leaves the first letter out
            records = [record[1:] for record in records]
        return _in_batches(records, batch_size, drop_final_batch)  # type: ignore[return-value]

    def _verify_records(self, outputs: Any, batch_size: int, file_index: Any, num_epochs: int,
                        interleave_cycle_length: int, drop_final_batch: bool, use_parser_fn: bool) -> None:
        files = range(self._num_files) if file_index is None else np.atleast_1d(file_index)
        for expected in self._next_expected_batch(files, batch_size, num_epochs, interleave_cycle_length,  # type: ignore[arg-type]
                                                  drop_final_batch, use_parser_fn):
            self.assertAllEqual(expected, self.evaluate(outputs()))


class MakeBatchedFeaturesDatasetTestBase(_WithFiles):
    """A test case with TFRecord files of examples.

    Attributes:
      outputs: a test sets it: what gives the tensors of the next batch.
    """

    outputs: Any

    def _get_keywords(self, f: int, r: int) -> list[bytes]:
        return [f"keyword{index}".encode() for index in range(1 + (f + r) % 2)]

    def _sum_keywords(self, num_files: int) -> int:
        return sum(len(self._get_keywords(f, r)) for f in range(num_files) for r in range(self._num_records))

    def _record(self, f: int, r: int, l: bytes) -> bytes:  # noqa: E741
        example = module("example_pb2").Example()
        feature = example.features.feature
        feature["file"].int64_list.value.append(f)
        feature["record"].int64_list.value.append(r)
        feature["keywords"].bytes_list.value.extend(self._get_keywords(f, r))
        feature["label"].bytes_list.value.append(l.encode() if isinstance(l, str) else l)
        return example.SerializeToString()

    def _createFiles(self) -> list[str]:
        names = [os.path.join(self.get_temp_dir(), f"tf_record.{f}.txt") for f in range(self._num_files)]
        for f, name in enumerate(names):
            with TFRecordWriter(name) as writer:
                for r in range(self._num_records):
                    writer.write(self._record(f, r, _LABEL))
        return names

    def make_batch_feature(self, filenames: Any, num_epochs: int, batch_size: int, label_key: str | None = None,
                           reader_num_threads: int = 1, parser_num_threads: int = 1, shuffle: bool = False,
                           shuffle_seed: int | None = None, drop_final_batch: bool = False) -> Any:
        """A data set of batches of the examples in files; see `make_batched_features_dataset`."""
        features = {"file": FixedLenFeature([], dtypes.int64), "record": FixedLenFeature([], dtypes.int64),
                    "keywords": VarLenFeature(dtypes.string), "label": FixedLenFeature([], dtypes.string)}
        self.filenames, self.num_epochs, self.batch_size = filenames, num_epochs, batch_size
        return make_batched_features_dataset(
            filenames, batch_size, features, label_key=label_key, num_epochs=num_epochs, shuffle=shuffle,
            shuffle_seed=shuffle_seed, reader_num_threads=reader_num_threads, parser_num_threads=parser_num_threads,
            drop_final_batch=drop_final_batch)

    def _next_actual_batch(self, label_key_provided: bool = False) -> list[Any]:
        return self._run_actual_batch(self.outputs, label_key_provided)

    def _run_actual_batch(self, outputs: Any, label_key_provided: bool = False) -> list[Any]:
        features, label = outputs() if label_key_provided else (outputs(), None)
        keywords = features["keywords"]
        return self.evaluate([features["file"], keywords.indices, keywords.values, keywords.dense_shape,
                              features["record"], features["label"] if label is None else label])

    def _next_expected_batch(self, file_indices: Sequence[int], batch_size: int, num_epochs: int,
                             cycle_length: int = 1) -> Iterator[list[Any]]:
        for batch in _in_batches(self._in_order(file_indices, num_epochs, cycle_length), batch_size):
            words = [self._get_keywords(f, r) for f, r in batch]
            indices = [[row, column] for row, some in enumerate(words) for column in range(len(some))]
            yield [[f for f, _ in batch], indices, [word for some in words for word in some],
                   [len(batch), max(map(len, words))], [r for _, r in batch], [_LABEL] * len(batch)]

    def verify_records(self, batch_size: int, file_index: int | None = None, num_epochs: int = 1,
                       label_key_provided: bool = False, interleave_cycle_length: int = 1) -> None:
        """Check that `outputs` gives the examples of all files, or of one."""
        files = range(self._num_files) if file_index is None else [file_index]
        for expected in self._next_expected_batch(files, batch_size, num_epochs, interleave_cycle_length):
            for have, wanted in zip(self._next_actual_batch(label_key_provided), expected):
                self.assertAllEqual(wanted, have)
