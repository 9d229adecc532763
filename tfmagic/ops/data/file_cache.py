"""Caches of data sets in files: a TFRecord file whose records are elements, each a list of TensorProtos."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from tfmagic.base import errors
from tfmagic.formats.records import RecordReader, RecordWriter
from tfmagic.ops.data.datasets import Dataset, Derived, Element, Following, Iteration
from tfmagic.ops.data.serialized import element_from_bytes, element_to_bytes


class FileCache(Derived):
    """Elements kept in a file from the first whole pass on.

    Args:
      filename: the file is this name with an ending.
    """

    def __init__(self, source: Dataset, filename: str):
        super().__init__(source)
        self.path = filename + ".cache"
        self.lock = filename + ".lockfile"

    def iterator(self) -> Iteration:
        if os.path.exists(self.path):
            return _FromFile(self.path)
        return _IntoFile(self, self.source.iterator())


class _FromFile(Iteration):
    def __init__(self, path: str):
        self._path = path
        self._reader = RecordReader(path)

    def __next__(self) -> Element:
        record = self._reader.read()
        if record is None:
            raise StopIteration
        return element_from_bytes(record)

    def state(self) -> Any:
        return self._reader.offset

    def restore(self, state: Any) -> None:
        self._reader.close()
        self._reader = RecordReader(self._path, offset=state)

    def close(self) -> None:
        self._reader.close()


class _IntoFile(Following):
    def __init__(self, dataset: FileCache, source: Iteration):
        super().__init__(dataset, source)
        self._dataset = dataset
        self._writer: RecordWriter | None = None
        self._ended = False

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        if self._writer is None:
            self._begin()
        assert self._writer is not None
        try:
            element = next(self.source)
        except StopIteration:
            self._finish()
            raise
        self._writer.write(element_to_bytes(element))
        return element

    def _begin(self) -> None:
        lock = self._dataset.lock
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            raise errors.AlreadyExistsError(
                None, None, "There appears to be a concurrent caching iterator running - cache lockfile already "
                f"exists ('{lock}'). If you are sure no other running TF computations are using this cache prefix, "
                "delete the lockfile and re-initialize the iterator.") from None
        self._writer = RecordWriter(self._dataset.path + ".partial")

    def _finish(self) -> None:
        """Keep what was written: only a whole pass becomes a cache."""
        self._ended = True
        assert self._writer is not None
        self._writer.close()
        os.replace(self._dataset.path + ".partial", self._dataset.path)
        os.remove(self._dataset.lock)

    def close(self) -> None:
        super().close()
        if self._writer is not None and not self._ended:
            self._ended = True
            self._writer.close()
            for path in (self._dataset.path + ".partial", self._dataset.lock):
                with contextlib.suppress(FileNotFoundError):
                    os.remove(path)

    def __del__(self) -> None:
        self.close()

    def state(self) -> Any:
        raise errors.UnimplementedError(None, None, "The position of a cache that is being written cannot be saved. "
                                        "Save it in a later pass, or cache in memory.")
