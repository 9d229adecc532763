"""Files read and written from front to back, with GZIP or ZLIB compression."""

from __future__ import annotations

import io
import zlib
from typing import Any, BinaryIO, TypeVar

from tfmagic.base import errors
from tfmagic.formats.files import as_tensorflow, local_path

# Bits of the window for zlib, by the name of the compression: with the header of gzip, or its own.
_WINDOW = {"GZIP": 31, "ZLIB": 15}
_CHUNK = 1 << 18
_C = TypeVar("_C")


def window_of(compression: str) -> int | None:
    """What zlib takes for a compression; None for any other name, which means that there is none."""
    return _WINDOW.get(compression)


class Closing:
    """What is closed where its `with` block ends."""

    def close(self) -> None:
        """Close it."""
        raise NotImplementedError

    def __enter__(self: _C) -> _C:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.close()


class InputStream(Closing):
    """The bytes of a file, decompressed.

    Args:
      path: the file.
      compression: "GZIP", "ZLIB" or "".

    Raises:
      NotFoundError, PermissionDeniedError, FailedPreconditionError: it cannot be opened.
    """

    def __init__(self, path: Any, compression: str = ""):
        name = local_path(path)
        with as_tensorflow():
            self._file: BinaryIO = open(name, "rb")  # noqa: SIM115  # closed by `close`
        self._name = name
        window = window_of(compression)
        self._window = window
        self._inflate: Any = None if window is None else zlib.decompressobj(window)
        self._left = b""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer only at the end.

        Raises:
          DataLossError: what is compressed is damaged.
        """
        with as_tensorflow():
            if self._inflate is None:
                return self._file.read(size)
            parts: list[bytes] = []
            while size > 0:
                part = self._inflated(size)
                if not part:
                    break
                parts.append(part)
                size -= len(part)
            return b"".join(parts)

    def _inflated(self, size: int) -> bytes:
        while True:
            given = self._left or self._file.read(_CHUNK)
            if not given:
                return b""
            if self._inflate.eof:  # several compressed files one after another are one
                self._inflate = zlib.decompressobj(self._window or 0)
            try:
                part = self._inflate.decompress(given, size)
            except zlib.error as error:
                reason = str(error).partition(": ")[2] or str(error)
                raise errors.DataLossError(
                    None, None, f"inflate() failed with error -3: {reason}\nThe file is {self._name}: it is damaged, "
                    "or not compressed in the way that was said.") from None
            self._left = self._inflate.unconsumed_tail or self._inflate.unused_data
            if part:
                return part

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class OutputStream:
    """A file to write to, compressed.

    Args:
      path: the file; what it held is gone.
      compression: "GZIP", "ZLIB" or "".
      level: zlib's level of compression.
      append: whether to write after what the file holds (without compression).
      window_bits: zlib's window, in place of the usual one.
      mem_level: zlib's level of memory.
      strategy: zlib's strategy.
    """

    def __init__(self, path: Any, compression: str = "", level: int = -1, append: bool = False,
                 window_bits: int | None = None, mem_level: int | None = None, strategy: int | None = None):
        window = window_of(compression)
        if window is not None and window_bits is not None:
            window = window_bits
        with as_tensorflow():
            self._file: Any = open(local_path(path), "ab" if append else "wb")  # noqa: SIM115  # closed by `close`
        self._deflate: Any = None if window is None else zlib.compressobj(
            level, zlib.DEFLATED, window, zlib.DEF_MEM_LEVEL if mem_level is None else mem_level,
            zlib.Z_DEFAULT_STRATEGY if strategy is None else strategy)

    def write(self, data: bytes) -> None:
        """Write bytes."""
        with as_tensorflow():
            self._file.write(data if self._deflate is None else self._deflate.compress(data))

    def flush(self) -> None:
        """Hand everything to the operating system."""
        with as_tensorflow():
            if self._deflate is not None:
                self._file.write(self._deflate.flush(zlib.Z_PARTIAL_FLUSH))
            self._file.flush()

    def close(self) -> None:
        """End the compression and close the file."""
        if self._file.closed:
            return
        with as_tensorflow():
            if self._deflate is not None:
                self._file.write(self._deflate.flush())
            self._file.close()


def lines(stream: InputStream) -> io.BufferedReader:
    """The stream as a buffered reader."""
    return io.BufferedReader(_Raw(stream), _CHUNK)


class _Raw(io.RawIOBase):
    def __init__(self, stream: InputStream):
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[:len(data)] = data
        return len(data)

    def close(self) -> None:
        super().close()
        self._stream.close()
