"""Whole files read, written and compared: the functions of `tensorflow.python.lib.io.file_io` beside `tf.gfile`."""

from __future__ import annotations

import uuid
import zlib
from typing import Any

from tfmagic.formats import gfile


def read_file_to_string(filename: Any, binary_mode: bool = False) -> str | bytes:
    """What is in a file.

    Args:
      filename: the path.
      binary_mode: whether to give bytes instead of text.

    Raises:
      OpError: it cannot be read.
    """
    with gfile.GFile(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def write_string_to_file(filename: Any, file_content: str | bytes) -> None:
    """Write a file.

    Raises:
      OpError: it cannot be written.
    """
    with gfile.GFile(filename, "w") as file:
        file.write(file_content)


def atomic_write_string_to_file(filename: Any, contents: str | bytes, overwrite: bool = True) -> None:
    """Write a file so that it is never there in part.

    Args:
      filename: the path.
      contents: what to write.
      overwrite: whether a file of that name may be replaced.

    Raises:
      OpError: it cannot be written, or is there already.
    """
    beside = f"{filename}.tmp{uuid.uuid4().hex}"
    write_string_to_file(beside, contents)
    try:
        gfile.rename(beside, filename, overwrite)
    except Exception:
        gfile.remove(beside)
        raise


def filecmp(filename_a: Any, filename_b: Any) -> bool:
    """Whether two files are the same, byte for byte."""
    if gfile.stat(filename_a).length != gfile.stat(filename_b).length:
        return False
    return file_crc32(filename_a) == file_crc32(filename_b)


def file_crc32(filename: Any, block_size: int = 1 << 24) -> str:
    """The CRC-32 checksum of a file, as a hexadecimal number.

    Args:
      filename: the path.
      block_size: how many bytes are read at once.
    """
    checksum = 0
    with gfile.GFile(filename, "rb") as file:
        while block := file.read(n=block_size):
            checksum = zlib.crc32(block, checksum)
    return hex(checksum & 0xFFFFFFFF)
