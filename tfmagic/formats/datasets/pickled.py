"""Arrays and lists that are pickled in the files of data sets: read without running anything that a file asks for."""

from __future__ import annotations

import os
import pickle
import zipfile
from typing import IO, Any

import numpy as np

from tfmagic.base import errors

# All that the pickles of these data sets are made of, as NumPy has called it since Python 2.
_MODULES = ("numpy", *(f"numpy.{core}.{part}" for core in ("core", "_core") for part in ("multiarray", "numeric")))
_KNOWN = {(module, name) for module in _MODULES
          for name in ("_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer")} | {("_codecs", "encode")}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no data set needs")
        return super().find_class(module, name)


def load(file: IO[bytes]) -> Any:
    """What is pickled in an open file: numbers, texts, lists, dictionaries, arrays; bytes of Python 2 are texts.

    Raises:
      UnpicklingError: it holds something else, or is damaged.
    """
    return _Reader(file, encoding="latin1").load()


def read(path: str | os.PathLike[str]) -> Any:
    """What is pickled in a file.

    Raises:
      DataLossError: it is damaged, or asks for more than data.
    """
    with open(path, "rb") as file:
        try:
            return load(file)
        except (pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError, TypeError) as error:
            raise _damaged(path, error) from error


def read_npz(path: str | os.PathLike[str], names: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """Arrays of an .npz file by name; those of objects hold lists.

    Raises:
      DataLossError: it is damaged, lacks one of them, or asks for more than data.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(_array(archive, f"{name}.npy") for name in names)
    except (zipfile.BadZipFile, pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise _damaged(path, error) from error


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as file:
        major, _ = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        dtype = read_header(file)[2]
        if dtype.hasobject:
            return np.asarray(load(file), object)
    with archive.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _damaged(path: str | os.PathLike[str], error: Exception) -> errors.DataLossError:
    return errors.DataLossError(None, None, f"{os.fspath(path)}: {str(error) or type(error).__name__}\n"
                                "The file is damaged; remove it, and read the data set again.")
