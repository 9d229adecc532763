"""The files of MNIST and Fashion-MNIST: where they are looked for and fetched from, and made-up ones in their form."""

from __future__ import annotations

import os
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfmagic.formats.datasets import digits, fetch, idx, pickled

# The four files with their rank, in the order in which TensorFlow reads them.
FILES = {"train-images-idx3-ubyte.gz": 3, "train-labels-idx1-ubyte.gz": 1,
         "t10k-images-idx3-ubyte.gz": 3, "t10k-labels-idx1-ubyte.gz": 1}
_ARRAYS_OF_KERAS = ("x_train", "y_train", "x_test", "y_test")
_SYNTHETIC = {"train": 60_000, "t10k": 10_000}  # as many as there are in MNIST, so that programs find their batches


@dataclass(frozen=True)
class Source:
    """A data set in MNIST's form.

    Attributes:
      name: what the user calls it.
      url: the folder from which TensorFlow 1.15 reads it.
      md5: the checksum of each of `FILES`.
      torchvision: the folder in which torchvision keeps it.
      npz: the file in which Keras keeps it, or None.
      keras: the folder within Keras' own in which it keeps the four files, or None.
    """

    name: str
    url: str
    md5: dict[str, str]
    torchvision: str
    npz: str | None = None
    keras: str | None = None


MNIST = Source("mnist", "https://storage.googleapis.com/cvdf-datasets/mnist/", {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c"}, "MNIST", "mnist.npz")
FASHION = Source("fashion_mnist", "https://storage.googleapis.com/tensorflow/tf-keras-datasets/", {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310"}, "FashionMNIST", keras="fashion-mnist")
SOURCES = {source.name: source for source in (MNIST, FASHION)}


def of_url(url: str) -> Source:
    """The data set in a folder of the web: a known one, or files of which only the names are known."""
    if "fashion" in url.lower():
        return FASHION
    return MNIST if "mnist" in url.lower() else Source(url, url, {}, "")


def read(source: Source, folder: str | os.PathLike[str], url: str | None = None,
         say: Callable[[str], object] = print) -> tuple[np.ndarray, ...]:
    """The arrays of a data set, from the folder asked for, else from another place where it lies, else from the web.

    Args:
      source: which.
      folder: where the files are looked for first; a download is put here.
      url: the folder of the web to fetch from (default: that of the data set, or the user's mirror).
      say: is given a line for each file read and each file fetched, in TensorFlow's words.

    Returns:
      uint8 training images [n, 28, 28] and labels [n], then those of the test.

    Raises:
      DataSetNotFound: it is nowhere, and the web cannot be reached.
      DataLossError: a file is damaged.
    """
    found = find(source, Path(folder), say)
    return found or _read_files(_fetch_all(source, Path(folder), url, say), say)


def find(source: Source, folder: Path, say: Callable[[str], object] = print) -> tuple[np.ndarray, ...] | None:
    """The arrays of a data set if it lies on this machine, or may be made up; as `read` says them.

    Raises:
      DataLossError: a file is damaged.
    """
    for place in [folder, *_other_places(source)]:
        paths = _complete(source, place)
        if paths:
            return _read_files(paths, say)
        if source.npz and (place / source.npz).is_file():
            say(f"Extracting {place / source.npz}")
            return _of_keras(place / source.npz)
    if source.name in SOURCES and (fetch.wants_synthetic() or _complete(source, _synthetic_folder(source))):
        return _read_files(_complete(source, synthesize(source)), say)
    return None


def download(source: Source, folder: Path | None = None, say: Callable[[str], object] = print) -> Path:
    """Fetch the files of a data set that are not there yet.

    Args:
      source: which.
      folder: where to (default: tfmagic's own folder, where every program finds it).
      say: is given a line for each file fetched.

    Returns:
      The folder with the four files.

    Raises:
      DataSetNotFound: the web cannot be reached.
    """
    folder = folder or fetch.cache(source.name)
    _fetch_all(source, folder, None, say)
    return folder


def _fetch_all(source: Source, folder: Path, url: str | None, say: Callable[[str], object]) -> list[Path]:
    return [_find(folder, name) or _fetch(source, name, folder, url, say) for name in FILES]


def _other_places(source: Source) -> Iterator[Path]:
    """Where else a data set may lie already."""
    if source.name in SOURCES:
        for place in fetch.places(source.name):
            yield place
            if source.keras:
                yield place / source.keras


def _complete(source: Source, place: Path) -> list[Path]:
    """The four files in a folder, or none."""
    for folder in (place, place / source.torchvision / "raw"):
        paths = [_find(folder, name) for name in FILES]
        if all(paths):
            return [path for path in paths if path]
    return []


def _find(folder: Path, name: str) -> Path | None:
    """A file under one of the names by which it goes: packed or not, and with a dot for the dash."""
    plain = name.removesuffix(".gz")
    for spelling in (name, plain, plain.replace("-idx", ".idx"), plain.replace("-idx", ".idx") + ".gz"):
        if (folder / spelling).is_file():
            return folder / spelling
    return None


def _read_files(paths: list[Path], say: Callable[[str], object]) -> tuple[np.ndarray, ...]:
    arrays = []
    for path, rank in zip(paths, FILES.values(), strict=True):
        say(f"Extracting {path}")
        arrays.append(idx.read(path, rank))
    return tuple(arrays)


def _of_keras(path: Path) -> tuple[np.ndarray, ...]:
    return pickled.read_npz(path, _ARRAYS_OF_KERAS)


def _fetch(source: Source, name: str, folder: Path, url: str | None, say: Callable[[str], object]) -> Path:
    """Fetch one file from the web into a folder."""
    address = fetch.address(source.name, url or source.url, name)
    path = fetch.file(address, folder / name, "md5", source.md5.get(name), advice(source, folder))
    say(f"Successfully downloaded {name} {path.stat().st_size} bytes.")
    return path


def advice(source: Source, folder: Path) -> str:
    """What to do where the web cannot be reached."""
    return fetch.advice(source.name, folder, FILES, "a folder, a .zip, a .tar or a mnist.npz", "digits")


def _synthetic_folder(source: Source) -> Path:
    return fetch.cache("synthetic") / source.name


def synthesize(source: Source, folder: Path | None = None) -> Path:
    """Write made-up digits in a data set's form; where they are written already they stay.

    Args:
      source: whose form.
      folder: where to (default: tfmagic's folder of made-up data sets).

    Returns:
      The folder with the four files.
    """
    folder = folder or _synthetic_folder(source)
    fetch.announce_synthetic(f"These are made-up digits in the form of {source.name}, from {folder}; "
                             f"`tfmagic data {source.name}` fetches the data set itself.")
    if not _complete(source, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for seed, (part, count) in enumerate(_SYNTHETIC.items()):
            images, labels = digits.make(count, seed)
            _write(folder / f"{part}-images-idx3-ubyte.gz", images)
            _write(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    return folder


def _write(path: Path, array: np.ndarray) -> None:
    """Write a file as a whole or not at all."""
    half = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        idx.write(half, array)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)


def install(source: Source, path: Path, folder: Path | None = None) -> Path:
    """Take a data set from a file or folder into tfmagic's own folder, where every program finds it.

    Args:
      source: which.
      path: a folder that has the four files, a .zip or .tar of them, or Keras's .npz.
      folder: where to (default: tfmagic's cache).

    Returns:
      The folder with the four files.

    Raises:
      FileNotFoundError: they are not there.
      DataLossError: a file is damaged.
    """
    with tempfile.TemporaryDirectory() as scratch:
        arrays = _arrays_in(source, path, Path(scratch))
    folder = folder or fetch.cache(source.name)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(FILES, arrays, strict=True):
        _write(folder / name, array)
    return folder


def _arrays_in(source: Source, path: Path, scratch: Path) -> tuple[np.ndarray, ...]:
    if path.suffix == ".npz":
        return _of_keras(path)
    if path.is_file():
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(scratch)
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as tar:
                fetch.unpack(tar, scratch)
        path = scratch
    for root, _, _ in os.walk(path):
        paths = _complete(source, Path(root))
        if paths:
            return _read_files(paths, lambda line: None)
    raise FileNotFoundError(f"{path} has not all of {', '.join(FILES)}")
