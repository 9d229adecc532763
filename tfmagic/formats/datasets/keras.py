"""The files of Keras' data sets beside MNIST's: where they lie or are fetched from, and how a user brings them."""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tfmagic.formats.datasets import fetch, made_up

_WEB = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"


@dataclass(frozen=True)
class Part:
    """A file of a data set, or a folder that is fetched as an archive.

    Attributes:
      name: what it is called in Keras' folder.
      url: its address.
      checksum: of what is fetched: 64 digits are SHA-256, 32 MD5.
      members: the files in it, if it is a folder.
    """

    name: str
    url: str
    checksum: str
    members: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The last part of its address."""
        return self.url.rpartition("/")[2]


def _on_web(name: str, checksum: str) -> Part:
    return Part(name, _WEB + name, checksum)


MNIST = _on_web("mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1")
CIFAR10 = Part("cifar-10-batches-py", f"{_TORONTO}cifar-10-python.tar.gz",
               "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
               (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"))
CIFAR100 = Part("cifar-100-python", f"{_TORONTO}cifar-100-python.tar.gz",
                "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7", ("train", "test"))
IMDB = _on_web("imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f")
IMDB_WORDS = _on_web("imdb_word_index.json", "bfafd718b763782e994055a2d397834f")
REUTERS = _on_web("reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916")
REUTERS_WORDS = _on_web("reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")
BOSTON = _on_web("boston_housing.npz", "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5")

# What a data set consists of, and what is made up where it is missing.
SOURCES: dict[str, tuple[Part, ...]] = {
    "cifar10": (CIFAR10,), "cifar100": (CIFAR100,), "imdb": (IMDB, IMDB_WORDS), "reuters": (REUTERS, REUTERS_WORDS)}


def find(name: str, part: Part, path: str | os.PathLike[str] | None = None) -> Path | None:
    """Where a part of a data set lies on this machine.

    Args:
      name: of the data set.
      part: which.
      path: the file that the program names, as Keras takes it: relative to Keras' folder.

    Returns:
      The file or folder, or None.
    """
    places = [fetch.of_keras() / (path or part.name)]
    if not path or os.fspath(path) == part.name:
        places += [place / part.name for place in fetch.places(name)]
    return next((place for place in places if _is_whole(part, place)), None)


def get(name: str, part: Part, path: str | os.PathLike[str] | None = None) -> Path:
    """Where a part of a data set lies: found, made up if the user asked for that, else fetched into Keras' folder.

    Raises:
      DataSetNotFound: it is nowhere, and the web cannot be reached.
    """
    found = find(name, part, path)
    if found is None and name in SOURCES and (fetch.wants_synthetic() or _is_whole(
            part, _synthetic_folder(name) / part.name)):
        found = synthesize(name) / part.name
    return found or fetch_part(name, part, fetch.of_keras() / (path or part.name))


def _is_whole(part: Part, path: Path) -> bool:
    if part.members:
        return all((path / member).is_file() for member in part.members)
    return path.is_file()


def fetch_part(name: str, part: Part, target: Path) -> Path:
    """Fetch a part of a data set from the web, and unpack it if it is an archive.

    Returns:
      `target`.

    Raises:
      DataSetNotFound: the server is out of reach, has no such file, or sent something else.
    """
    address = fetch.address(name, part.url.rpartition("/")[0], part.file)
    algorithm = "md5" if len(part.checksum) == 32 else "sha256"
    advice = _advice(name, part, target)
    print(f"Downloading data from {address}", file=sys.stderr)
    if not part.members:
        return fetch.file(address, target, algorithm, part.checksum, advice)
    archive = fetch.file(address, target.with_name(f"{target.name}.tar.gz"), algorithm, part.checksum, advice)
    with tarfile.open(archive) as tar:
        fetch.unpack(tar, target.parent)
    return target


def _advice(name: str, part: Part, target: Path) -> str:
    return fetch.advice(name, target if part.members else target.parent, part.members or (part.name,), _forms(part),
                        made_up.WHAT.get(name, "digits"), part.file)


def _forms(part: Part) -> str:
    return f"{part.file}, or a folder that has its files" if part.members else f"{part.name}, or a folder that has it"


def download(name: str, folder: Path | None = None) -> Path:
    """Fetch what is missing of a data set.

    Args:
      name: which.
      folder: where to (default: tfmagic's own folder, where every program finds it).

    Returns:
      The folder.

    Raises:
      DataSetNotFound: the web cannot be reached.
    """
    folder = folder or fetch.cache(name)
    for part in SOURCES[name]:
        if not _is_whole(part, folder / part.name):
            fetch_part(name, part, folder / part.name)
    return folder


def _synthetic_folder(name: str) -> Path:
    return fetch.cache("synthetic") / name


def synthesize(name: str, folder: Path | None = None) -> Path:
    """Write a made-up data set in the form of a real one; what is written already stays.

    Args:
      name: whose form.
      folder: where to (default: tfmagic's folder of made-up data sets).

    Returns:
      The folder with its parts.
    """
    folder = folder or _synthetic_folder(name)
    fetch.announce_synthetic(f"These are made-up {made_up.WHAT[name]} in the form of {name}, from {folder}; "
                             f"`tfmagic data {name}` fetches the data set itself.")
    if not all(_is_whole(part, folder / part.name) for part in SOURCES[name]):
        _replace(folder, lambda scratch: made_up.write(name, scratch))
    return folder


def install(name: str, path: Path, folder: Path | None = None) -> Path:
    """Take a data set from a file or folder into tfmagic's own folder, where every program finds it.

    Args:
      name: which.
      path: one of its files, an archive of them, or a folder that has them.
      folder: where to (default: tfmagic's cache).

    Returns:
      The folder.

    Raises:
      FileNotFoundError: none of its parts is there.
    """
    folder = folder or fetch.cache(name)
    with tempfile.TemporaryDirectory() as unpacked:
        found = dict(_parts_in(name, path, Path(unpacked)))
        if not found:
            raise FileNotFoundError(f"{path} has not all of "
                                    f"{', '.join(SOURCES[name][0].members or (SOURCES[name][0].name,))}")

        def copy(scratch: Path) -> None:
            for part, place in found.items():
                for member in part.members or ("",):
                    (scratch / part.name / member).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(place / member, scratch / part.name / member)

        _replace(folder, copy)
    return folder


def _parts_in(name: str, path: Path, unpacked: Path) -> Iterator[tuple[Part, Path]]:
    """The parts of a data set that are in a file or folder, each with its place."""
    if path.is_file():
        if path.suffix != ".npz" and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(unpacked)
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as tar:
                fetch.unpack(tar, unpacked)
        else:
            for part in SOURCES[name]:
                if not part.members and path.suffix == Path(part.name).suffix:
                    yield part, path
            return
        path = unpacked
    for part in SOURCES[name]:
        for root, _, _ in os.walk(path):
            place = Path(root) if part.members else Path(root) / part.name
            if _is_whole(part, place):
                yield part, place
                break


def _replace(folder: Path, write: Callable[[Path], object]) -> None:
    """Put what `write` leaves in a scratch folder into `folder`, each part as a whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        write(Path(scratch))
        for part in Path(scratch).iterdir():
            target = folder / part.name
            if target.is_dir():
                shutil.rmtree(target)
            os.replace(part, target)
