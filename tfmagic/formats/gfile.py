"""tf.gfile: files and folders of the local file system, with TensorFlow's errors."""

from __future__ import annotations

import contextlib
import glob as globbing
import io
import os
import re
import shutil
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

from tfmagic.base import errors
from tfmagic.base.deprecation import deprecated, deprecated_args
from tfmagic.base.export import export
from tfmagic.base.text import as_bytes
from tfmagic.formats.files import as_tensorflow, local_path

_WILDCARD = re.compile(r"[*?\[\\]")
FileStatistics = namedtuple("FileStatistics", ["length", "mtime_nsec", "is_directory"])


@export("gfile.GFile")
class GFile:
    """A file, opened on first use; it is read and written at two places that know nothing of each other.

    Args:
      name: the path.
      mode: "r", "w", "a" or one of them with "+"; with "b" reading gives bytes, else texts (UTF-8). Both are written
        in any mode. A file is begun anew by the first thing that is written, not before.

    Raises:
      OpError: on first use, the file cannot be opened.
    """

    def __init__(self, name: Any, mode: str = "r"):
        kind = mode.replace("b", "") if "b" in mode else mode
        if kind not in ("r", "w", "a", "r+", "w+", "a+"):
            raise errors.InvalidArgumentError(None, None, "mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'")
        self._name = name
        self._mode = mode
        self._kind = kind
        self._reader: io.BufferedReader | None = None
        self._writer: io.BufferedWriter | None = None

    @property
    def name(self) -> Any:
        """The path as it was given."""
        return self._name

    @property
    def mode(self) -> str:
        return self._mode

    def _reading(self) -> io.BufferedReader:
        if self._reader is None:
            if self._kind in ("w", "a"):
                raise errors.PermissionDeniedError(None, None, "File isn't open for reading")
            with as_tensorflow():
                self._reader = open(local_path(self._name), "rb")  # noqa: SIM115  # closed by `close`
        return self._reader

    def _writing(self) -> io.BufferedWriter:
        if self._writer is None:
            if self._kind == "r":
                raise errors.PermissionDeniedError(None, None, "File isn't open for writing")
            with as_tensorflow():
                self._writer = open(local_path(self._name), "ab" if self._kind[0] == "a" else "wb")  # noqa: SIM115
        return self._writer

    def _given(self, content: bytes) -> Any:
        return content if "b" in self._mode else content.decode()

    def read(self, n: int = -1) -> Any:
        """The next `n` bytes, or all that are left, as bytes or as the text that they stand for."""
        file = self._reading()
        if n < -1:
            raise OverflowError("in method 'ReadFromStream', argument 2 of type 'size_t'")
        return self._given(file.read(n))

    def readline(self) -> Any:
        """The next line with its end, without carriage returns; an empty one at the end."""
        return self._given(self._reading().readline().replace(b"\r", b""))

    def readlines(self) -> list[Any]:
        """All lines that are left."""
        return list(self)

    def write(self, file_content: Any) -> None:
        """Write bytes or text."""
        self._writing().write(as_bytes(file_content))

    @deprecated_args(None, "position is deprecated in favor of the offset argument.", "position",
                     module="tensorflow.python.lib.io.file_io")
    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Go to a place from which to read: `offset` from the beginning, from here (1) or from the end (2).

        Raises:
          OutOfRangeError: it lies behind the end, where the next read begins then.
        """
        file = self._reading()
        offset = position if offset is None else offset
        if offset is None:
            raise TypeError("seek(): offset argument required")
        if whence not in (0, 1, 2):
            raise errors.InvalidArgumentError(
                None, None, f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2.")
        size = self.size()
        place = offset + (0, file.tell(), size)[whence]
        if place < 0:
            raise errors.InvalidArgumentError(None, None, f"Seeking to a negative position: {place}")
        raw = file.detach()  # what is buffered may have been written over
        raw.seek(min(place, size))
        self._reader = io.BufferedReader(raw)
        if place > size:
            raise errors.OutOfRangeError(None, None, "reached end of file")

    def tell(self) -> int:
        """The place in the file: of reading, where the mode allows that."""
        return (self._writing() if self._kind in ("w", "a") else self._reading()).tell()

    def seekable(self) -> bool:
        """Whether `seek` works: always, for a local file."""
        return True

    def next(self) -> Any:
        """The next line; StopIteration at the end."""
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    __next__ = next

    def size(self) -> int:
        """The file's size in bytes."""
        return stat(self._name).length

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        for file in (self._reader, self._writer):
            if file is not None:
                file.close()
        self._reader = self._writer = None

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.close()

    def __iter__(self) -> GFile:
        return self


@export("gfile.FastGFile")
class FastGFile(GFile):
    """`tf.gfile.GFile` under an old name."""

    @deprecated(None, "Use tf.gfile.GFile.", module="tensorflow.python.platform.gfile")
    def __init__(self, name: Any, mode: str = "r"):
        super().__init__(name, mode)


@export("gfile.Exists")
def exists(filename: Any) -> bool:
    """Whether a file or folder is there."""
    return os.path.exists(local_path(filename))


@export("gfile.IsDirectory")
def is_directory(dirname: Any) -> bool:
    """Whether a path is a folder."""
    return os.path.isdir(local_path(dirname))


@export("gfile.ListDirectory")
def list_directory(dirname: Any) -> list[str]:
    """The names in a folder. Raises NotFoundError when there is none."""
    if not is_directory(dirname):
        raise errors.NotFoundError(None, None, f"Could not find directory {dirname}")
    with as_tensorflow():
        return os.listdir(local_path(dirname))


@export("gfile.MakeDirs")
def make_dirs(dirname: Any) -> None:
    """Make a folder and those above it; one that is there already is fine."""
    with contextlib.suppress(errors.AlreadyExistsError), as_tensorflow():
        os.makedirs(local_path(dirname))


@export("gfile.MkDir")
def make_dir(dirname: Any) -> None:
    """Make a folder; one that is there already is fine. Raises NotFoundError when the one above it is not."""
    with contextlib.suppress(errors.AlreadyExistsError), as_tensorflow():
        os.mkdir(local_path(dirname))


@export("gfile.Remove")
def remove(filename: Any) -> None:
    """Remove a file. Raises NotFoundError when there is none."""
    with as_tensorflow():
        os.remove(local_path(filename))


@export("gfile.DeleteRecursively")
def delete_recursively(dirname: Any) -> None:
    """Remove a folder with all that is in it.

    Raises:
      NotFoundError: there is none.
      FailedPreconditionError: it is a file.
    """
    path = local_path(dirname)
    if not os.path.lexists(path):
        raise errors.NotFoundError(None, None, f"{dirname} not found")
    with as_tensorflow():
        shutil.rmtree(path)


def _there_already(path: Any) -> errors.OpError:
    return errors.AlreadyExistsError(None, None, f"file already exists\n\n{path} is there; overwrite=True replaces it.")


@export("gfile.Copy")
def copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copy a file. Raises AlreadyExistsError when the new one is there and `overwrite` is not set."""
    if not overwrite and exists(newpath):
        raise _there_already(newpath)
    with as_tensorflow():
        shutil.copyfile(local_path(oldpath), local_path(newpath))


@export("gfile.Rename")
def rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Rename a file or folder. Raises AlreadyExistsError when the new one is there and `overwrite` is not set."""
    if not overwrite and exists(newname):
        raise _there_already(newname)
    with as_tensorflow():
        os.replace(local_path(oldname), local_path(newname))


@export("gfile.Stat")
def stat(filename: Any) -> Any:
    """A file's length, time of change in nanoseconds, and whether it is a folder."""
    with as_tensorflow():
        found = os.stat(local_path(filename))
    return FileStatistics(found.st_size, found.st_mtime_ns, is_directory(filename))


@export("gfile.Glob")
def glob(filename: Any) -> list[str]:
    """The paths that match a pattern, or one of several, as the folders have them: sort them where order matters."""
    patterns = filename if isinstance(filename, (list, tuple)) else [filename]
    return [path for pattern in patterns for path in _matching(local_path(pattern))]


def _matching(pattern: str) -> list[str]:
    """The paths that match a pattern; those in the present folder begin with `./`, as TensorFlow's do."""
    fixed = _WILDCARD.split(pattern, maxsplit=1)[0]
    folder = os.path.dirname(fixed)
    if folder and not os.path.isdir(folder):
        raise errors.NotFoundError(None, None, f"{folder}; No such file or directory")
    found = globbing.glob(pattern)
    return found if "/" in fixed or os.sep in fixed else [f"./{path}" for path in found]


@export("gfile.Walk")
def walk(top: Any, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """The folders from `top` downwards (upwards when `in_order` is not set): (path, folders, files)."""
    yield from os.walk(local_path(top), topdown=in_order)


# --- the same under the names of tf.io.gfile, whose arguments are called otherwise --------------------------------


@export("io.gfile.exists")
def exists_v2(path: Any) -> bool:
    """Whether a file or folder is there."""
    return exists(path)


@export("io.gfile.isdir")
def is_directory_v2(path: Any) -> bool:
    """Whether a path is a folder."""
    return is_directory(path)


@export("io.gfile.listdir")
def list_directory_v2(path: Any) -> list[str]:
    """The names in a folder. Raises NotFoundError when there is none."""
    return list_directory(path)


@export("io.gfile.makedirs")
def make_dirs_v2(path: Any) -> None:
    """Make a folder and those above it; one that is there already is fine."""
    make_dirs(path)


@export("io.gfile.mkdir")
def make_dir_v2(path: Any) -> None:
    """Make a folder; one that is there already is fine. Raises NotFoundError when the one above it is not."""
    make_dir(path)


@export("io.gfile.remove")
def remove_v2(path: Any) -> None:
    """Remove a file. Raises NotFoundError when there is none."""
    remove(path)


@export("io.gfile.rmtree")
def delete_recursively_v2(path: Any) -> None:
    """Remove a folder with all that is in it. Raises NotFoundError when there is none."""
    delete_recursively(path)


@export("io.gfile.copy")
def copy_v2(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copy a file. Raises AlreadyExistsError when the new one is there and `overwrite` is not set."""
    copy(src, dst, overwrite)


@export("io.gfile.rename")
def rename_v2(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Rename a file or folder. Raises AlreadyExistsError when the new one is there and `overwrite` is not set."""
    rename(src, dst, overwrite)


@export("io.gfile.stat")
def stat_v2(path: Any) -> Any:
    """A file's length, time of change in nanoseconds, and whether it is a folder."""
    return stat(path)


@export("io.gfile.glob")
def glob_v2(pattern: Any) -> list[str]:
    """The paths that match a pattern, or one of several."""
    return glob(pattern)


@export("io.gfile.walk")
def walk_v2(top: Any, topdown: bool = True, onerror: Any = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """The folders from `top` downwards (upwards when `topdown` is not set): (path, folders, files)."""
    yield from os.walk(local_path(top), topdown=topdown, onerror=onerror)
