"""Readers: what a session keeps of one. It takes names of files from a queue, and gives their records one by one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from tfmagic.base import errors, messages
from tfmagic.base.lazy import torch
from tfmagic.formats import streams
from tfmagic.formats.databases import entries
from tfmagic.formats.files import as_tensorflow, local_path
from tfmagic.formats.records import RecordReader
from tfmagic.ops.array.rules import objects, single
from tfmagic.ops.queues.queues import Queue
from tfmagic.ops.queues.waiting import own_name

Record = tuple[bytes, bytes]


class Reader:
    """A reader; a subclass says what the records of a file are.

    Args:
      op: the node that makes it.
      named: what the session keeps by name: it waits, too.
    """

    # Whether a file is done with when its only record is read.
    single = False

    def __init__(self, op: Any, named: Any):
        self.name = own_name(op)
        self.op_type = op.type
        self._shown = op._attrs.get("shared_name") or op.name
        self._named = named
        self._lock = threading.Lock()
        self._work: str | None = None
        self._records: Iterator[Record] | None = None
        self._started = self._finished = self._produced = 0

    is_handle = True

    def records(self, filename: str) -> Iterator[Record]:
        """The keys and values of a file."""
        raise NotImplementedError

    def read(self, queue: Queue) -> tuple[Any, Any]:
        """The next record: its key and its value.

        Raises:
          OutOfRangeError: there are no more files.
        """
        self._named.acquire(self._lock)
        try:
            while True:
                record = self._next(self._open(queue))
                if record is not None:
                    self._produced += 1
                    if self.single:
                        self._finish()
                    return single(record[0]), single(record[1])
                self._finish()
        finally:
            self._lock.release()

    def read_up_to(self, queue: Queue, count: Any) -> tuple[Any, Any]:
        """The next records of a file, `count` at most: their keys and their values; see `read`."""
        most = int(count)
        found: list[Record] = []
        self._named.acquire(self._lock)
        try:
            while most > 0 and not found:
                records = self._open(queue)
                while len(found) < most:
                    record = self._next(records)
                    if record is None:
                        break
                    found.append(record)
                self._produced += len(found)
                if len(found) < most or self.single:
                    self._finish()
        finally:
            self._lock.release()
        keys, values = ([record[part] for record in found] for part in (0, 1))
        return objects(keys, (len(keys),)), objects(values, (len(values),))

    def _open(self, queue: Queue) -> Iterator[Record]:
        """The records of the file that is being read, or of the next one."""
        if self._records is None:
            if len(queue.types) != 1:
                raise errors.InvalidArgumentError(None, None, "Expected single component queue")
            if queue.types[0] != "string":
                raise errors.InvalidArgumentError(None, None, "Expected queue with single string component")
            self._work = None
            (name,) = queue.dequeue()
            work = name.item()
            records = self.records(work.decode(errors="surrogateescape"))
            self._started += 1
            self._work, self._records = work, records
        return self._records

    def _next(self, records: Iterator[Record]) -> Record | None:
        """The next record of a file, or None at its end; where reading fails the reader stays, and fails again."""
        try:
            return next(records, None)
        except errors.OpError as error:
            self._records = _failing(error)
            raise

    def _finish(self) -> None:
        self._finished += 1
        self._records = None

    def produced(self) -> Any:
        """How many records it gave, as a tensor."""
        return torch.tensor(self._produced, dtype=torch.int64)

    def completed(self) -> Any:
        """How many files it is done with, as a tensor."""
        return torch.tensor(self._finished, dtype=torch.int64)

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self._work = self._records = None
            self._started = self._finished = self._produced = 0

    def saved(self) -> Any:
        """Where it stands, as bytes in a tensor.

        Raises:
          UnimplementedError: that is not known in the midst of a file.
        """
        if not self.single:
            raise errors.UnimplementedError(None, None, "Reader SerializeState")
        with self._lock:
            state = messages.module("reader_base_pb2").ReaderBaseState(
                work_started=self._started, work_finished=self._finished, num_records_produced=self._produced,
                current_work=self._work or b"")
            return single(state.SerializeToString())

    def restore(self, saved: Any) -> None:
        """Go to where a reader stood.

        Raises:
          UnimplementedError: see `saved`.
          InvalidArgumentError: the bytes are no state of a reader.
        """
        if not self.single:
            raise errors.UnimplementedError(None, None, "Reader RestoreState")
        given = saved.item()
        state = messages.module("reader_base_pb2").ReaderBaseState()
        try:
            state.ParseFromString(given)
        except Exception:
            raise errors.InvalidArgumentError(
                None, None, f"Could not parse state for {self.op_type.removesuffix('V2')} '{self._shown}': "
                f"{_escaped(given)}") from None
        if min(state.work_started, state.work_finished, state.num_records_produced) < 0 or \
                state.work_started != state.work_finished:
            raise errors.InvalidArgumentError(
                None, None, f"Inconsistent state for {self.op_type.removesuffix('V2')} '{self._shown}': "
                f"{_escaped(given)}")
        with self._lock:
            self._started, self._finished = state.work_started, state.work_finished
            self._produced, self._work, self._records = state.num_records_produced, state.current_work, None

    def close(self) -> None:
        """Forget the file; who waits for another one waits for the queue."""
        self._records = None


class Lines(Reader):
    """Each line is a record; its key tells the file and the line."""

    def __init__(self, op: Any, named: Any):
        super().__init__(op, named)
        self._skipped = op._attrs["skip_header_lines"]
        if self._skipped < 0:
            raise errors.InvalidArgumentError(None, None, f"skip_header_lines must be >= 0 not {self._skipped}")

    def records(self, filename: str) -> Iterator[Record]:
        return self._lines(filename, streams.lines(streams.InputStream(filename)))

    def _lines(self, filename: str, file: Any) -> Iterator[Record]:
        with file:
            for number, line in enumerate(file, 1):
                if number > self._skipped:
                    text = line.removesuffix(b"\n").removesuffix(b"\r")
                    if text or line.endswith(b"\n"):
                        yield f"{filename}:{number}".encode(), text


class TFRecords(Reader):
    """The records of TFRecord files; the key of one tells the file and where it begins."""

    def __init__(self, op: Any, named: Any):
        super().__init__(op, named)
        self._compression = op._attrs["compression_type"]
        self._compression = self._compression.decode() if isinstance(self._compression, bytes) else self._compression

    def records(self, filename: str) -> Iterator[Record]:
        return self._read(filename, RecordReader(filename, self._compression))

    def _read(self, filename: str, reader: RecordReader) -> Iterator[Record]:
        with reader:
            while True:
                place = reader.offset
                record = reader.read()
                if record is None:
                    return
                yield f"{filename}:{place}".encode(), record


class FixedLength(Reader):
    """Records of one length between a header and a footer; the key of one tells the file and its number."""

    def __init__(self, op: Any, named: Any):
        super().__init__(op, named)
        attrs = op._attrs
        self._sizes = [attrs[f"{name}_bytes"] for name in ("header", "record", "footer", "hop")]
        for name, value in zip(("header", "record", "footer", "hop"), self._sizes):
            if value < 0:
                raise errors.InvalidArgumentError(None, None, f"{name}_bytes must be >= 0 not {value}")
        encoding = attrs.get("encoding") or ""
        self._encoding = "ZLIB" if encoding == "ZLIB" else ""

    def records(self, filename: str) -> Iterator[Record]:
        stream = streams.InputStream(filename, self._encoding)
        if len(stream.read(self._sizes[0])) < self._sizes[0]:
            raise errors.OutOfRangeError(None, None, "reached end of file")
        return self._read(filename, stream)

    def _read(self, filename: str, stream: streams.InputStream) -> Iterator[Record]:
        _, record, footer, hop = self._sizes
        hop = hop or record
        number = 0
        with stream:
            held = stream.read(max(record + footer, 1 << 18))
            place = 0
            while True:
                if place + record + footer > len(held):
                    held = held[place:] + stream.read(max(record + footer, 1 << 18))
                    place = 0
                if place + record + footer > len(held):
                    return
                yield f"{filename}:{number}".encode(), held[place:place + record]
                number += 1
                skipped = hop - max(0, len(held) - place)
                if skipped > 0:
                    stream.read(skipped)
                    held, place = b"", 0
                else:
                    place += hop


class WholeFiles(Reader):
    """Each file is a record; its key is the file's name."""

    single = True

    def records(self, filename: str) -> Iterator[Record]:
        with as_tensorflow(), open(local_path(filename), "rb") as file:
            content = file.read()
        yield filename.encode(errors="surrogateescape"), content


class Names(Reader):
    """Each name is a record, its own key and value."""

    single = True

    def records(self, filename: str) -> Iterator[Record]:
        name = filename.encode(errors="surrogateescape")
        return iter([(name, name)])


class Databases(Reader):
    """The entries of LMDB databases in the order of their keys."""

    def records(self, filename: str) -> Iterator[Record]:
        return entries(filename)


READERS: dict[str, type[Reader]] = {
    "TextLineReader": Lines, "TFRecordReader": TFRecords, "FixedLengthRecordReader": FixedLength,
    "WholeFileReader": WholeFiles, "IdentityReader": Names, "LMDBReader": Databases}


def _failing(error: errors.OpError) -> Iterator[Record]:
    """No records: an error whenever one is asked for."""
    def fail() -> Record:
        raise error

    return iter(fail, None)


def _escaped(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in data)
