"""What writes events into a file: from Python, or by a session's ops; and files that plugins keep beside them."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

from tfmagic.base import dtypes
from tfmagic.formats import events, gfile
from tfmagic.graph.convert import constant
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.tf.summary import recording


class EventFileWriter:
    """Writes a file of events from Python.

    Args:
      logdir: the folder; it is made where it does not exist.
      max_queue: how many events may wait for the file.
      flush_secs: how many seconds they may wait.
      filename_suffix: what the file's name ends in.

    Raises:
      OpError: the folder or the file cannot be written.
    """

    def __init__(self, logdir: Any, max_queue: int = 10, flush_secs: float = 120, filename_suffix: str | None = None):
        self._folder = os.fspath(logdir)
        self._suffix = filename_suffix or ""
        self._limits = max_queue, flush_secs
        self._lock = threading.RLock()
        self._waiting = 0
        self._file: events.EventFile | None = None
        self.reopen()

    def get_logdir(self) -> str:
        """The folder."""
        return self._folder

    def add_event(self, event: Any) -> None:
        """Write an `Event`; nothing happens after `close`."""
        with self._lock:
            if self._file is None:
                return
            self._file.write(event)
            self._waiting += 1
            if self._waiting >= self._limits[0] or self._file.waiting() >= self._limits[1]:
                self.flush()

    def flush(self) -> None:
        """Write everything that waits."""
        with self._lock:
            if self._file is not None:
                self._file.flush()
                self._waiting = 0

    def close(self) -> None:
        """Write everything that waits, and close the file."""
        with self._lock:
            if self._file is not None:
                self._closing()
                self._file = None

    def reopen(self) -> None:
        """Go on after `close`, with a new file; nothing happens where the file is open."""
        with self._lock:
            if self._file is None:
                self._file = events.EventFile(self._folder, self._suffix)
                self._closing = weakref.finalize(self, self._file.close)  # at the end of the process at the latest


class EventFileWriterV2:
    """Writes a file of events by ops of a session: the file is that of `tf.contrib.summary` for the same folder.

    Args:
      session: the session; nodes are added to its graph.
      logdir: the folder; it is made where it does not exist.
      max_queue: how many events may wait for the file.
      flush_secs: how many seconds they may wait.
      filename_suffix: what the file's name ends in, ".v2" if it is None.
    """

    def __init__(self, session: Any, logdir: Any, max_queue: int = 10, flush_secs: float = 120,
                 filename_suffix: str | None = ""):
        self._session = session
        self._folder = os.fspath(logdir)
        self._closed = False
        gfile.make_dirs(self._folder)
        with session.graph.as_default(), name_scope("filewriter"):
            writer = recording.create_file_writer(self._folder, max_queue, int(flush_secs * 1000), filename_suffix)
            with writer.as_default():
                self._event = raw.placeholder_with_default(constant("unused", dtypes.string), shape=[])
                self._add = recording.import_event(self._event)
            self._begin, self._flush, self._close = writer.init(), writer.flush(), writer.close()
        session.run(self._begin)

    def get_logdir(self) -> str:
        """The folder."""
        return self._folder

    def add_event(self, event: Any) -> None:
        """Write an `Event`; nothing happens after `close`."""
        if not self._closed:
            self._session.run(self._add, {self._event: event.SerializeToString()})

    def flush(self) -> None:
        """Write everything that waits."""
        self._session.run(self._flush)

    def close(self) -> None:
        """Write everything that waits, and close the file."""
        if not self._closed:
            self.flush()
            self._session.run(self._close)
            self._closed = True

    def reopen(self) -> None:
        """Go on after `close`, with a new file; nothing happens where the file is open."""
        if self._closed:
            self._closed = False
            self._session.run(self._begin)
