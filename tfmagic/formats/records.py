"""TFRecord files: records of any bytes, each with its length and two checksums."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.formats.crc32c import MASK, masked, unmasked, value
from tfmagic.formats.streams import Closing, InputStream, OutputStream

_HEADER = struct.Struct("<QI")
_LENGTH = struct.Struct("<Q")
_SUM = struct.Struct("<I")
# What stands around the bytes of a record.
_EXTRA = _HEADER.size + _SUM.size
# How many bytes are read at a time.
_CHUNK = 1 << 18
# So many of one length are worth looking at together.
_MANY = 8


class RecordReader(Closing):
    """Reads the records of a file one after another.

    Attributes:
      offset: where the next record begins, in the file without compression.

    Args:
      path: the file.
      compression: "GZIP", "ZLIB" or "".
      offset: where to begin.
      cut_header_ends: whether a file that ends within the header of a record just ends there.

    Raises:
      OpError: the file cannot be opened.
    """

    def __init__(self, path: Any, compression: str = "", offset: int = 0, cut_header_ends: bool = False):
        self._cut_header_ends = cut_header_ends
        self._stream = InputStream(path, compression)
        self._buffer = b""
        self._position = 0
        self._ahead: list[bytes] = []  # records that were looked at already; the next one is the last
        self.offset = 0
        while self.offset < offset:
            skipped = len(self._stream.read(min(_CHUNK, offset - self.offset)))
            if not skipped:
                break
            self.offset += skipped

    def read(self) -> bytes | None:
        """The next record, or None at the end.

        Raises:
          DataLossError: the file is damaged or cut off here.
        """
        if self._ahead:
            data = self._ahead.pop()
            self.offset += len(data) + _EXTRA
            return data
        start = self._position
        buffer = self._buffer
        end = start + _HEADER.size
        if end > len(buffer):
            buffer = self._more(start, _HEADER.size)
            start, end = 0, _HEADER.size
            if not buffer or (self._cut_header_ends and len(buffer) < end):
                return None
            if end > len(buffer):
                raise self._truncated()
        length, length_sum = _HEADER.unpack_from(buffer, start)
        if masked(value(buffer[start:start + 8])) != length_sum:
            raise errors.DataLossError(None, None, f"corrupted record at {self.offset}")
        stop = end + length
        if stop + 4 > len(buffer):
            buffer = self._more(start, length + _EXTRA)
            start, end, stop = 0, _HEADER.size, _HEADER.size + length
            if stop + 4 > len(buffer):
                raise self._truncated()
        data = buffer[end:stop]
        if masked(value(data)) != _SUM.unpack_from(buffer, stop)[0]:
            raise errors.DataLossError(None, None, f"corrupted record at {self.offset + _HEADER.size}")
        self._position = stop + 4
        self.offset += length + _EXTRA
        self._look_ahead()
        return data

    def take(self, count: int) -> list[bytes]:
        """The next records, up to so many, as far as they were looked at already."""
        ahead = self._ahead
        found = ahead[:-count - 1:-1]
        del ahead[-count:]
        self.offset += sum(map(len, found)) + _EXTRA * len(found)
        return found

    def _look_ahead(self) -> None:
        """Take the whole records of the buffer, as far as they are sound."""
        self._look_at_equal()
        buffer, position, found = self._buffer, self._position, self._ahead
        size, head, length, sum_of, stored = len(buffer), b"", 0, value, _SUM.unpack_from
        while (end := position + _HEADER.size) <= size:
            if buffer[position:end] != head:  # those of one length have the same
                length, length_sum = _HEADER.unpack_from(buffer, position)
                if masked(value(buffer[position:position + 8])) != length_sum:
                    break
                head = buffer[position:end]
            stop = end + length
            if stop + 4 > size:
                break
            data = buffer[end:stop]
            crc = sum_of(data)
            if (crc >> 15 | crc << 17) + MASK & 0xFFFFFFFF != stored(buffer, stop)[0]:  # as `masked` has it
                break
            found.append(data)
            position = stop + 4
        found.reverse()
        self._position = position

    def _look_at_equal(self) -> None:
        """Take those that have the length of the next one, all at once: what they hold is compared by C code."""
        buffer, position = self._buffer, self._position
        if position + _HEADER.size > len(buffer):
            return
        length = _LENGTH.unpack_from(buffer, position)[0]
        count = (len(buffer) - position) // (length + _EXTRA)
        if count < _MANY:
            return
        rows = np.frombuffer(buffer, np.uint8, count * (length + _EXTRA), position).reshape(count, length + _EXTRA)
        heads = rows[:, :_HEADER.size]
        unlike = np.flatnonzero((heads != heads[0]).any(1))
        count = int(unlike[0]) if len(unlike) else count
        if count < _MANY or _HEADER.unpack_from(buffer, position)[1] != masked(value(buffer[position:position + 8])):
            return
        stored = np.ascontiguousarray(rows[:count, -_SUM.size:]).view("<u4").ravel()
        first, step = position + _HEADER.size, length + _EXTRA
        found = [buffer[start:start + length] for start in range(first, first + count * step, step)]
        if list(map(value, found)) == unmasked(stored.astype(np.int64)).tolist():
            self._ahead += found
            self._position = position + count * step

    def _more(self, start: int, size: int) -> bytes:
        """The rest of the buffer with what follows, at least `size` bytes where there are as many."""
        parts = [self._buffer[start:]]
        have = len(parts[0])
        while have < size:
            part = self._stream.read(_CHUNK)
            if not part:
                break
            parts.append(part)
            have += len(part)
        self._buffer, self._position = b"".join(parts), 0
        return self._buffer

    def _truncated(self) -> errors.OpError:
        return errors.DataLossError(None, None, f"truncated record at {self.offset}")

    def __iter__(self) -> Iterator[bytes]:
        while (record := self.read()) is not None:
            yield record

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class RecordWriter(Closing):
    """Writes records to a file; see `OutputStream` for its arguments."""

    def __init__(self, path: Any, compression: str = "", level: int = -1, append: bool = False, **deflate: int | None):
        self._stream = OutputStream(path, compression, level, append, **deflate)

    def write(self, record: bytes) -> None:
        """Write one record."""
        length = _LENGTH.pack(len(record))
        sums = [_SUM.pack(masked(value(part))) for part in (length, record)]
        self._stream.write(b"".join((length, sums[0], record, sums[1])))

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
