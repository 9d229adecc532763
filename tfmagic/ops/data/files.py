"""Data sets of files: lines, TFRecords, records of one length; files that match a pattern."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.shapes import Dims
from tfmagic.formats import gfile, streams
from tfmagic.formats.records import RecordReader
from tfmagic.ops.array.rules import single
from tfmagic.ops.data.datasets import Dataset, Element, Iteration, Tokens, strings
from tfmagic.ops.declare import register
from tfmagic.ops.shape_rules import with_rank, with_rank_at_most


class Opened:
    """An open file out of which records are read."""

    def read(self) -> bytes | None:
        """The next record, or None at the end."""
        raise NotImplementedError

    def take(self, count: int) -> list[bytes]:
        """The next records, up to so many, as far as they are in memory already."""
        return []

    def place(self) -> int:
        """Where the next record begins."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""


class OfFiles(Dataset):
    """The records of files, one file after the other.

    Args:
      filenames: string tensor.
      options: what the kind of file needs besides.
    """

    stays = False  # whether a file of which reading fails is not left

    def __init__(self, filenames: Any, *options: Any):
        self.filenames = [name.decode() for name in np.asarray(filenames, object).ravel()]
        self.options = options

    def iterator(self) -> Iteration:
        return _OfFiles(self)

    def open(self, filename: str, place: int) -> Opened:
        """Open a file at a place where a record begins."""
        raise NotImplementedError


class _OfFiles(Iteration):
    def __init__(self, dataset: OfFiles):
        self._dataset, self._index = dataset, 0
        self._file: Opened | None = None
        self._failure: Exception | None = None

    def __next__(self) -> Element:
        return (single(self._record()),)

    def tokens(self) -> Tokens:
        return Tokens(self._record, strings, strings=True, some=self._some)

    def _some(self, count: int) -> list[bytes]:
        return (self._file.take(count) if self._file is not None else []) or [self._record()]

    def _record(self) -> bytes:
        filenames, stays = self._dataset.filenames, self._dataset.stays
        if self._failure is not None:
            raise self._failure
        while True:
            file = self._file
            if file is None:
                if self._index >= len(filenames):
                    raise StopIteration
                file = self._file = self._dataset.open(filenames[self._index], 0)
                self._index += 1
            try:
                record = file.read()
            except Exception as error:
                self._leave()
                if stays:
                    self._failure = error
                raise
            if record is not None:
                return record
            self._leave()

    def _leave(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def state(self) -> Any:
        return self._index, None if self._file is None else self._file.place()

    def restore(self, state: Any) -> None:
        self._leave()
        self._failure = None
        self._index, place = state
        if place is not None:
            self._file = self._dataset.open(self._dataset.filenames[self._index - 1], place)

    def close(self) -> None:
        self._leave()


class TextLines(OfFiles):
    """Lines of text, without what ends them."""

    stays = True

    def open(self, filename: str, place: int) -> Opened:
        return _Lines(filename, self.options[0], place)


class _Lines(Opened):
    def __init__(self, filename: str, compression: str, place: int):
        self._reader = streams.lines(streams.InputStream(filename, compression))
        self._place = 0
        while self._place < place:
            self._place += len(self._reader.read(min(1 << 18, place - self._place)))

    def read(self) -> bytes | None:
        line = self._reader.readline()
        if not line:
            return None
        self._place += len(line)
        ended = line.endswith(b"\n")
        if ended:
            line = line[:-1]
        if b"\r" in line:  # none stays, and what is nothing else is no line where the file ends
            line = line.replace(b"\r", b"")
            if not line and not ended:
                return None
        return line

    def place(self) -> int:
        return self._place

    def close(self) -> None:
        self._reader.close()


class Records(OfFiles):
    """The records of TFRecord files."""

    def open(self, filename: str, place: int) -> Opened:
        return _Records(filename, self.options[0], place)


class _Records(Opened):
    def __init__(self, filename: str, compression: str, place: int):
        self._reader = RecordReader(filename, compression, place, cut_header_ends=True)
        self.read = self._reader.read  # type: ignore[method-assign]  # one call less for each record
        self.take = self._reader.take  # type: ignore[method-assign]

    def place(self) -> int:
        return self._reader.offset

    def close(self) -> None:
        self._reader.close()


class FixedLength(OfFiles):
    """Records of one length, between a header and a footer."""

    def __init__(self, filenames: Any, header: int, record: int, footer: int, compression: str):
        for name, value, least in (("header_bytes", header, 0), ("record_bytes", record, 1),
                                   ("footer_bytes", footer, 0)):
            if value < least:
                raise errors.InvalidArgumentError(None, None, f"`{name}` must be {'> 0' if least else '>= 0'}")
        super().__init__(filenames, header, record, footer, compression)

    def open(self, filename: str, place: int) -> Opened:
        header, record, footer, compression = self.options
        return _Fixed(filename, header, record, footer, compression, place)


class _Fixed(Opened):
    def __init__(self, filename: str, header: int, record: int, footer: int, compression: str, place: int):
        self._stream = streams.InputStream(filename, compression)
        self._record, self._footer = record, footer
        if not compression:
            body = os.path.getsize(filename) - header - footer
            if body % record:
                raise errors.InvalidArgumentError(
                    None, None, f"Excluding the header ({header} bytes) and footer ({footer} bytes), input file "
                    f"\"{filename}\" has body length {body} bytes, which is not an exact multiple of the record length "
                    f"({record} bytes).")
        self._place = 0
        self._buffer = self._stream.read(max(header, place))
        self._place, self._buffer = len(self._buffer), b""

    def read(self) -> bytes | None:
        wanted = self._record + self._footer
        if len(self._buffer) < wanted:
            self._buffer += self._stream.read(max(wanted, 1 << 18) - len(self._buffer))
        if len(self._buffer) < wanted:
            return None
        record, self._buffer = self._buffer[:self._record], self._buffer[self._record:]
        self._place += self._record
        return record

    def place(self) -> int:
        return self._place

    def close(self) -> None:
        self._stream.close()


class Matching(Dataset):
    """The names of the files that match patterns, in order."""

    def __init__(self, patterns: Any):
        self.patterns = np.asarray(patterns, object).ravel()

    def iterator(self) -> Iteration:
        from tfmagic.ops.data.windows import Elements

        return Elements([(name,) for name in matching(self.patterns)]).iterator()


def matching(patterns: Any) -> np.ndarray:
    """The names of the files that match patterns, in order, as a string tensor."""
    found = sorted({name for pattern in patterns for name in gfile.glob(pattern.decode())})
    made = np.empty(len(found), object)
    made[:] = [name.encode() for name in found]
    return made


def _strings(op: Any, filenames: Dims, *scalars: Dims) -> Dims:
    with_rank_at_most(filenames, 1)
    for dims in scalars:
        with_rank(dims, 0)
    return ()


def _compression(value: Any) -> str:
    return value.item().decode() if isinstance(value, np.ndarray) else str(value)


def _supported(value: Any) -> str:
    """A compression.

    Raises:
      InvalidArgumentError: there is none of this name.
    """
    compression = _compression(value)
    if compression not in ("", "ZLIB", "GZIP"):
        raise errors.InvalidArgumentError(None, None, "Unsupported compression_type.")
    return compression


def _buffered(size: Any, nothing: str = "default") -> None:
    """Refuse a buffer of less than no bytes; otherwise its size changes nothing here."""
    if int(size) < 0:
        raise errors.InvalidArgumentError(None, None, f"`buffer_size` must be >= 0 (0 == {nothing})")


def text_lines(filenames: Any, compression: Any, size: Any) -> Dataset:
    """The data set of lines of files."""
    _buffered(size)
    return TextLines(filenames, _supported(compression))


def records(filenames: Any, compression: Any, size: Any) -> Dataset:
    """The data set of records of files."""
    _buffered(size, "no buffering")
    return Records(filenames, _compression(compression))


def _found(op: Any, pattern: Any) -> Any:
    with_rank_at_most(pattern, 1)
    return (None,)


def fixed_length(filenames: Any, header: int, record: int, footer: int, compression: Any = "") -> Dataset:
    """The data set of records of one length."""
    return FixedLength(filenames, header, record, footer, _supported(compression))


register("TextLineDataset", _strings, lambda op, names, compression, size: op.call(
    text_lines, names, compression, size), objects=True)
register("TFRecordDataset", _strings, lambda op, names, compression, size: op.call(records, names, compression, size),
         objects=True)
_SIZES = ("header_bytes", "record_bytes", "footer_bytes")
register("FixedLengthRecordDataset", _strings, lambda op, names, header, record, footer, size: op.call(
    fixed_length, names, header, record, footer), host=_SIZES, objects=True)
register("FixedLengthRecordDatasetV2", _strings, lambda op, names, header, record, footer, size, compression: op.call(
    fixed_length, names, header, record, footer, compression), host=_SIZES, objects=True)
for _name in ("MatchingFilesDataset", "ExperimentalMatchingFilesDataset"):
    register(_name, _strings, lambda op, patterns: op.call(Matching, patterns), objects=True)
register("MatchingFiles", _found, lambda op, pattern: matching(
    np.asarray(pattern, object).ravel()), traced=False, because="looks at the file system", effect="reads")
