"""IDX, the format of the MNIST files: a big-endian header of sizes, then bytes; packed by gzip or not."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from typing import IO, Any

import numpy as np

from tfmagic.base import errors

_KINDS = {1: "label", 3: "image"}


def read(path: str | os.PathLike[str], rank: int) -> np.ndarray:
    """The array in an IDX file.

    Args:
      path: the file, with or without gzip.
      rank: how many dimensions it must have: 3 for images, 1 for labels.

    Returns:
      A uint8 array of this rank.

    Raises:
      ValueError: it is a file of another kind.
      DataLossError: it is damaged.
    """
    opener: Any = gzip.open if os.fspath(path).endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            return parse(file, rank, os.fspath(path))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise errors.DataLossError(None, None, f"{os.fspath(path)}: {error}\n"
                                   "The file is damaged; remove it, and read the data set again.") from error


def parse(file: IO[bytes], rank: int, name: str) -> np.ndarray:
    """The uint8 array of this rank in an open IDX file.

    Raises:
      ValueError: the file holds something else (TensorFlow's words).
      EOFError: it ends too early.
    """
    header = np.frombuffer(file.read(4 + 4 * rank), ">u4")
    if len(header) != 1 + rank:
        raise EOFError("it ends within its header")
    if header[0] != magic(rank):
        raise ValueError(f"Invalid magic number {header[0]} in MNIST {_KINDS[rank]} file: {name}")
    shape = [int(size) for size in header[1:]]
    wanted = math.prod(shape)
    data = _at_most(file, wanted)
    if len(data) != wanted:
        raise EOFError(f"it holds {len(data)} bytes where its header says {wanted}")
    if file.read(1):  # gzip compares its checksum at the end only
        raise EOFError(f"it goes on after the {wanted} bytes that its header says")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _at_most(file: IO[bytes], size: int) -> bytes:
    """The next `size` bytes, in pieces: a damaged header asks for no more memory than there is in the file."""
    pieces, left = [], size
    while left:
        piece = file.read(min(left, 1 << 24))
        if not piece:
            break
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def magic(rank: int) -> int:
    """The number at the head of a file of bytes with this rank."""
    return 0x0800 | rank


def write(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write a uint8 array as an IDX file packed by gzip; the same array gives the same bytes."""
    header = np.array([magic(array.ndim), *array.shape], ">u4").tobytes()
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        file.write(header + array.tobytes())
