"""`io`, with the `StringIO` of Python 2, which holds text and bytes alike."""

from __future__ import annotations

import io
from typing import Any


class StringIO:
    """A file in memory: of bytes once bytes are written to it or given, else of text."""

    def __init__(self, initial: Any = ""):
        self._file: Any = io.BytesIO(initial) if isinstance(initial, bytes | bytearray | memoryview) \
            else io.StringIO(initial)

    def write(self, data: Any) -> int:
        """Write text or bytes."""
        if not isinstance(data, str) and isinstance(self._file, io.StringIO):
            text, place = self._file.getvalue(), self._file.tell()
            self._file = io.BytesIO(text.encode("utf-8", "surrogateescape"))
            self._file.seek(place)
        elif isinstance(data, str) and isinstance(self._file, io.BytesIO):
            data = data.encode("utf-8", "surrogateescape")
        return int(self._file.write(data))

    def writelines(self, lines: Any) -> None:
        """Write lines, one after another."""
        for line in lines:
            self.write(line)

    def __iter__(self) -> Any:
        return iter(self._file)

    def __enter__(self) -> StringIO:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def __getattr__(name: str) -> Any:
    return getattr(io, name)
