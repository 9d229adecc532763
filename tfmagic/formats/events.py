"""Files of events, which TensorBoard reads: records that each hold an `Event`."""

from __future__ import annotations

import os
import socket
import time
from typing import Any

from tfmagic.base import messages
from tfmagic.formats.gfile import make_dirs
from tfmagic.formats.records import RecordWriter

_VERSION = "brain.Event:2"


def event(**fields: Any) -> Any:
    """An `Event` of this moment."""
    return messages.module("event_pb2").Event(wall_time=time.time(), **fields)


class EventFile:
    """A file of events that is being written.

    Attributes:
      path: where it is.

    Args:
      folder: where to; it is made where it does not exist.
      suffix: what the file's name ends in.

    Raises:
      OpError: the file cannot be written.
    """

    # Whether numbers keep their types: a summary has one for all.
    keeps_types = False

    def __init__(self, folder: str, suffix: str = ""):
        if folder:  # else where the program was started
            make_dirs(folder)
        self.path = _new_path(folder, suffix)
        self._writer = RecordWriter(self.path)
        self._unflushed_since: float | None = None
        self.write(event(file_version=_VERSION))
        self.flush()

    def write(self, event: Any) -> None:
        """Write one event; it reaches the file with the next `flush`."""
        self._writer.write(event.SerializeToString())
        if self._unflushed_since is None:
            self._unflushed_since = time.monotonic()

    def waiting(self) -> float:
        """For how many seconds the oldest event has waited for a `flush`."""
        return 0.0 if self._unflushed_since is None else time.monotonic() - self._unflushed_since

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._writer.flush()
        self._unflushed_since = None

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()


def _new_path(folder: str, suffix: str) -> str:
    """A path that no file has, in TensorFlow's form: a second file within one second gets a number."""
    stem = os.path.join(folder, f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}")
    path, number = stem + suffix, 0
    while os.path.exists(path):
        number += 1
        path = f"{stem}.{number}{suffix}"
    return path
