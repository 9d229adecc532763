"""Files that are there in full or not at all, and the operating system's errors in TensorFlow's classes.

A file is written under a temporary name beside its own and takes its place when all is on the disk. As long as the
writer lives, it holds a lock on the temporary file: `sweep` removes those that nobody holds, which a dead process left.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from typing import Any

from tfmagic.base import errors

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

TEMPORARY = ".tempstate-"  # TensorFlow's own have no dash: those of another process are left to it
_LEFT_FILE = re.compile(re.escape(TEMPORARY) + r"\d{18}$")
# Where the shards of one checkpoint are written before they are merged, and what marks such a folder as made here.
_LEFT_FOLDER = re.compile(r"_temp_[0-9a-f]{32}$")
_MARK = ".tfmagic"
_FLUSHED_AT_ONCE = 64 << 20

_CLASSES: tuple[tuple[type[OSError], type[errors.OpError]], ...] = (
    (FileNotFoundError, errors.NotFoundError), (FileExistsError, errors.AlreadyExistsError),
    (PermissionError, errors.PermissionDeniedError), (IsADirectoryError, errors.FailedPreconditionError),
    (NotADirectoryError, errors.FailedPreconditionError))
_CODES = {errno.ENOSPC: errors.ResourceExhaustedError, errno.EDQUOT: errors.ResourceExhaustedError,
          errno.ENOTEMPTY: errors.FailedPreconditionError, errno.EINVAL: errors.InvalidArgumentError,
          errno.ENAMETOOLONG: errors.InvalidArgumentError}


@contextlib.contextmanager
def as_tensorflow(path: Any = None) -> Iterator[None]:
    """Errors of the operating system in TensorFlow's classes; `path` is what they are about where they do not say."""
    try:
        yield
    except OSError as error:
        cls: Any = next((ours for theirs, ours in _CLASSES if isinstance(error, theirs)), None)
        cls = cls or _CODES.get(error.errno or 0, errors.UnknownError)
        name = path if error.filename is None else error.filename
        raise cls(None, None, f"{os.fsdecode(name) if name is not None else 'file'}; {error.strerror}") from None


def local_path(filename: Any) -> str:
    """The path of a file on this machine.

    Raises:
      UnimplementedError: it is on a file system of another kind.
    """
    path = os.fspath(filename)
    path = os.fsdecode(path) if isinstance(path, bytes) else path
    scheme, separator, rest = path.partition("://")
    if not separator:
        return path
    if scheme == "file":
        return rest
    raise errors.UnimplementedError(None, None, f"File system scheme '{scheme}' not implemented (file: '{path}'): copy "
                                                "the file to a local folder first.")


class Replacement:
    """A file that is being written under a temporary name, and then takes the place of `path`.

    Used with `with`: what is not committed in the block is removed at its end.
    """

    def __init__(self, path: str, number: str | None = None):
        self.path = path
        self.temporary = f"{path}{TEMPORARY}{number or new_number()}"
        self._there = True
        self._flushing: threading.Thread | None = None
        self._failure: OSError | None = None
        self._waiting = 0
        self._file: Any = open(self.temporary, "wb", buffering=0)  # noqa: SIM115  # closed by `__exit__`
        _lock(self._file.fileno())

    def write(self, data: Any) -> None:
        """Write bytes or a buffer."""
        view = memoryview(data).cast("B") if not isinstance(data, bytes) else data
        written = self._file.write(view)
        while written < len(view):  # the system writes at most two gigabytes at a time
            view = memoryview(view)[written:]
            written = self._file.write(view)
        self._waiting += len(view)
        if self._waiting >= _FLUSHED_AT_ONCE and (self._flushing is None or not self._flushing.is_alive()):
            self._waiting = 0
            self._flushing = threading.Thread(target=self._flush_beside, daemon=True)
            self._flushing.start()

    def _flush_beside(self) -> None:
        """Put on the disk what is written so far, while more is being written: the disk need not wait for the end."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            self._failure = error  # the system tells it only once

    def flush(self) -> None:
        """Wait until all is on the disk."""
        if self._flushing is not None:
            self._flushing.join()
        os.fsync(self._file.fileno())
        if self._failure is not None:
            raise self._failure

    def commit(self) -> None:
        """Take the place of `path`."""
        os.replace(self.temporary, self.path)
        self._there = False

    def __enter__(self) -> Replacement:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        if self._flushing is not None:
            self._flushing.join()
        if self._there:
            with contextlib.suppress(OSError):
                os.unlink(self.temporary)
        self._file.close()


def new_number() -> str:
    """What sets the temporary files of one save apart from those of others."""
    return str(secrets.randbelow(9 * 10**17) + 10**17)


def write_whole(path: str, content: bytes) -> None:
    """Write a file so that whoever opens it sees all of it or the one before."""
    with Replacement(path) as file:
        file.write(content)
        file.flush()
        file.commit()
    flush_folder(path)


def flush_folder(path: str) -> None:
    """Wait until the names in a file's folder are on the disk."""
    with contextlib.suppress(OSError):  # some file systems cannot
        handle = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lock(handle: int) -> bool:
    """Mark a file or folder as one that this process works on; whether nobody else does."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


_own_folders: dict[str, int] = {}


def make_folder(folder: str) -> None:
    """Make a folder for files that are to be written; one for shards is marked as this process's own."""
    if not folder or os.path.isdir(folder):
        return
    os.mkdir(folder)
    if _LEFT_FOLDER.search(folder):
        handle = _own_folders[os.path.abspath(folder)] = os.open(os.path.join(folder, _MARK), os.O_CREAT | os.O_RDWR)
        _lock(handle)


def remove_folder(folder: str) -> None:
    """Remove a folder made by `make_folder` when it is empty."""
    handle = _own_folders.pop(os.path.abspath(folder), None)
    if handle is not None:
        os.close(handle)
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(folder, _MARK))
    with contextlib.suppress(OSError):
        os.rmdir(folder)


def sweep(folder: str) -> None:
    """Remove from a folder what saves that died have left."""
    with contextlib.suppress(OSError), os.scandir(folder or ".") as entries:
        for entry in entries:
            is_folder = _LEFT_FOLDER.search(entry.name) is not None
            if not is_folder and not _LEFT_FILE.search(entry.name):
                continue
            with contextlib.suppress(OSError):  # another process was faster
                if is_dead(os.path.join(entry.path, _MARK) if is_folder else entry.path):
                    shutil.rmtree(entry.path) if is_folder else os.unlink(entry.path)


def is_dead(path: str) -> bool:
    """Whether no process holds a file any more that one of ours wrote under a temporary name."""
    handle = os.open(path, os.O_RDONLY)
    try:
        return _lock(handle)
    finally:
        os.close(handle)
