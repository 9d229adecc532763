"""Files of data sets: the folders in which they may lie, a mirror, and downloads with a bar and a checksum."""

from __future__ import annotations

import os
import sys
import tarfile
import urllib.error
from collections.abc import Iterable, Iterator
from pathlib import Path

from tfmagic.base import kept

MIRROR = "TFMAGIC_MIRROR"
DATA = "TFMAGIC_DATA"
SYNTHETIC = "TFMAGIC_SYNTHETIC"
_SECONDS = 20  # without an answer, then a server counts as out of reach


class DataSetNotFound(urllib.error.URLError):
    """A data set is neither on this machine nor in reach: TensorFlow's error, and what to do."""

    def __init__(self, reason: object, advice: str) -> None:
        super().__init__(str(reason))
        self.advice = advice

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.advice}"


def wants_synthetic() -> bool:
    """Whether the user asked for made-up data where the real is missing."""
    return os.environ.get(SYNTHETIC, "") not in ("", "0")


def announce_synthetic(text: str) -> None:
    """Say on screen that data is made up."""
    print(f"tfmagic: {text}", file=sys.stderr)


def cache(name: str) -> Path:
    """The folder in which tfmagic itself keeps a data set."""
    return kept.folder() / "datasets" / name


def of_keras() -> Path:
    """The folder in which Keras keeps its data sets."""
    return Path("~/.keras/datasets").expanduser()


def places(name: str) -> Iterator[Path]:
    """The folders in which a data set may lie, beside the one that a program names."""
    for folder in os.environ.get(DATA, "").split(os.pathsep):
        if folder:
            yield Path(folder) / name
            yield Path(folder)
    yield cache(name)
    yield of_keras()
    yield Path("data")
    yield Path("~/data").expanduser()


def advice(name: str, folder: Path, files: Iterable[str], forms: str, made_up: str,
           fetched: str | None = None) -> str:
    """What to do where the web cannot be reached.

    Args:
      name: of the data set.
      folder: where the program looks for it.
      files: that it is made of.
      forms: in which `tfmagic data NAME FILE` takes it.
      made_up: what it is made up of where it is missing.
      fetched: the file that is fetched (default: the first of `files`).
    """
    files = list(files)
    ways = {f"tfmagic data {name} FILE": f"takes it from {forms}",
            f"tfmagic data {name} --synthetic": f"makes up {made_up} in its form, to try a program out",
            f"{DATA}=FOLDER": "names a folder that has it",
            f"{MIRROR}=ADDRESS": f"names a mirror, which has ADDRESS/{name}/{fetched or files[0]}",
            f"{SYNTHETIC}=1": f"makes up {made_up} where the data set is missing"}
    width = max(map(len, ways)) + 2
    these = "these files" if len(files) > 1 else "this file"
    return (f"The data set {name} is not on this machine. Put {these} into {folder.absolute()}:\n  "
            + "\n  ".join(files) + "\nor take one of these ways (a command, or a variable of the environment):\n"
            + "\n".join(f"  {way:{width}}{meaning}" for way, meaning in ways.items()))


def address(name: str, folder: str, file_name: str) -> str:
    """Where a file is fetched from: the user's mirror, else the folder of the web that is its own."""
    mirror = os.environ.get(MIRROR)
    return f"{mirror.rstrip('/')}/{name}/{file_name}" if mirror else f"{folder.rstrip('/')}/{file_name}"


def file(url: str, path: Path, algorithm: str, checksum: str | None, advice: str) -> Path:
    """Fetch a file from the web; half a file never stays.

    Args:
      url: its address.
      path: where to.
      algorithm: of the checksum: "md5" or "sha256".
      checksum: in hexadecimal digits, or None where it is not known.
      advice: what to do where the web cannot be reached.

    Returns:
      `path`.

    Raises:
      DataSetNotFound: the server is out of reach, has no such file, or sent something else.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(url, checksum and f"{algorithm}:{checksum}", path.name, path.parent,
                       downloader=pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=_SECONDS))
    except requests.RequestException as error:
        raise DataSetNotFound(_reason(error), advice) from None  # it has the reason, without 100 lines of libraries
    except ValueError as error:  # pooch's word for another checksum
        raise DataSetNotFound(f"{url} sent another file than the known one", advice) from error
    return path


def _reason(error: BaseException) -> str:
    """The words of the error at the bottom: the way up to it holds addresses of objects."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return str(error)


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpack an archive; nothing in it reaches outside the folder."""
    archive.extractall(folder, filter="data")
