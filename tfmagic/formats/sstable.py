"""Sorted tables of keys and values in a file, in the format of LevelDB: what the index of a checkpoint is.

A table is a row of blocks, an index of their last keys and a footer. Each block is followed by the kind of its
compression and a checksum.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tfmagic.base import errors
from tfmagic.formats import crc32c

_BLOCK_SIZE = 262144
_RESTART_INTERVAL = 16
_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5


class NoTable(ValueError):
    """A file does not end as a table does; the message is TensorFlow's."""


class DamagedTable(ValueError):
    """A table cannot be read; the message is TensorFlow's."""


def varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes | memoryview, position: int, bits: int = 64) -> tuple[int, int]:
    """The number that stands at a position, and the position behind it.

    Raises:
      ValueError: there is none.
    """
    number = shift = 0
    while shift < bits:
        if position >= len(data):
            raise ValueError("a number is cut off")
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
        shift += 7
    raise ValueError("a number is too long")


class _Block:
    """A block that is being made: keys are stored without what they share with the one before."""

    def __init__(self, interval: int):
        self._interval = interval
        self._data = bytearray()
        self._restarts = [0]
        self._count = 0
        self._last = b""

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._count < self._interval:
            limit = min(len(key), len(self._last))
            while shared < limit and key[shared] == self._last[shared]:
                shared += 1
        else:
            self._restarts.append(len(self._data))
            self._count = 0
        self._data += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        self._last = key
        self._count += 1

    def __bool__(self) -> bool:
        return bool(self._data)

    def size(self) -> int:
        return len(self._data) + 4 * len(self._restarts) + 4

    def finish(self) -> bytes:
        """The block's bytes."""
        return bytes(self._data) + struct.pack(f"<{len(self._restarts) + 1}I", *self._restarts, len(self._restarts))


def encode(items: Iterator[tuple[bytes, bytes]] | list[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a table.

    Args:
      items: keys with values, in the order of the keys.
    """
    out = bytearray()
    index = _Block(1)
    block = _Block(_RESTART_INTERVAL)
    last: bytes | None = None
    pending: bytes | None = None  # the place of a block whose last key is not in the index yet

    def write(content: bytes) -> bytes:
        place = varint(len(out)) + varint(len(content))
        out.extend(content)
        out.append(0)
        out.extend(struct.pack("<I", crc32c.masked(crc32c.extend(crc32c.value(content), b"\0"))))
        return place

    for key, value in items:
        if pending is not None and last is not None:
            index.add(_between(last, key), pending)
            pending = None
        block.add(key, value)
        last = key
        if block.size() >= _BLOCK_SIZE:
            pending = write(block.finish())
            block = _Block(_RESTART_INTERVAL)
    if block:
        pending = write(block.finish())
    of_others = write(_Block(_RESTART_INTERVAL).finish())
    if pending is not None and last is not None:
        index.add(_behind(last), pending)
    footer = of_others + write(index.finish())
    return bytes(out) + footer.ljust(_FOOTER - 8, b"\0") + struct.pack("<Q", _MAGIC)


def _between(low: bytes, high: bytes) -> bytes:
    """A short key that is not below `low`, and below `high`."""
    at = 0
    while at < min(len(low), len(high)) and low[at] == high[at]:
        at += 1
    if at < min(len(low), len(high)) and low[at] < 0xFF and low[at] + 1 < high[at]:
        return low[:at] + bytes([low[at] + 1])
    return low


def _behind(key: bytes) -> bytes:
    """A short key that is not below `key`."""
    for at, byte in enumerate(key):
        if byte != 0xFF:
            return key[:at] + bytes([byte + 1])
    return key


def is_table(end: bytes) -> bool:
    """Whether these are the last bytes of a table."""
    return len(end) >= 8 and struct.unpack("<Q", end[-8:])[0] == _MAGIC


def decode(data: bytes) -> list[tuple[bytes, bytes]]:
    """The keys and values of a table, in their order.

    Raises:
      NoTable, DamagedTable: it is none, or a damaged one.
    """
    if len(data) < _FOOTER:
        raise NoTable("file is too short to be an sstable")
    if not is_table(data):
        raise NoTable("not an sstable (bad magic number)")
    items: list[tuple[bytes, bytes]] = []
    try:
        footer = data[-_FOOTER:-8]
        _, position = read_varint(footer, 0)
        _, position = read_varint(footer, position)
        start, position = read_varint(footer, position)
        size, _ = read_varint(footer, position)
        taken = 0
        for _, place in _entries(_content(data, start, size)):
            start, position = read_varint(place, 0)
            size, _ = read_varint(place, position)
            taken += size
            if taken > len(data):
                raise ValueError("the index names a block twice")
            items.extend(_entries(_content(data, start, size)))
        if any(items[i][0] >= items[i + 1][0] for i in range(len(items) - 1)):
            raise ValueError("the keys are not in order")
    except ValueError as error:
        raise DamagedTable(str(error)) from None
    return items


def _content(data: bytes, start: int, size: int) -> bytes:
    """A block whose checksum is right."""
    end = start + size
    if end + _TRAILER > len(data) - _FOOTER:
        raise ValueError("truncated block read")
    if crc32c.masked(crc32c.value(data[start:end + 1])) != struct.unpack_from("<I", data, end + 1)[0]:
        raise ValueError("block checksum mismatch")
    if data[end] == 1:
        raise errors.UnimplementedError(None, None, "A block of this table is compressed by Snappy, which tfmagic does "
                                        "not read. Load the checkpoint with TensorFlow and save it again.")
    if data[end]:
        raise ValueError("bad block type")
    return data[start:end]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(block) < 4:
        raise ValueError("bad entry in block")
    end = len(block) - 4 - 4 * struct.unpack_from("<I", block, len(block) - 4)[0]
    if end < 0:
        raise ValueError("bad entry in block")
    position, key, total = 0, b"", 0
    while position < end:
        shared, position = read_varint(block, position, 32)
        own, position = read_varint(block, position, 32)
        size, position = read_varint(block, position, 32)
        total += shared
        # A few bytes that name a long key again and again would otherwise fill the memory.
        if shared > len(key) or position + own + size > end or total > max(1 << 26, 2 * len(block)):
            raise ValueError("bad entry in block")
        key = key[:shared] + block[position:position + own]
        position += own
        yield key, block[position:position + size]
        position += size
