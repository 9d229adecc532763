"""Files read and written whole, and compressed strings."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.shapes import Dims
from tfmagic.formats import gfile
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import objects
from tfmagic.ops.declare import op
from tfmagic.ops.strings.rules import HOST_STRINGS, strings


def _refused(words: str, dims: Dims) -> str | None:
    return f"{words} tensor must be scalar, but had shape: {shapes.brackets(dims)}" if dims else None


def _path(filename: Any) -> str:
    return filename.item().decode("utf-8", "surrogateescape")


@op("ReadFile", check=lambda op, filename: _refused("Input filename", filename), effect="reads", **HOST_STRINGS)
class ReadFile:
    """The bytes of a file."""

    def shape(op: Any, filename: Dims) -> Dims:
        return shape_rules.with_rank(filename, 0)

    def kernel(op: Any, filename: Any) -> np.ndarray:
        with gfile.GFile(_path(filename), "rb") as file:
            return objects([file.read()], ())


@op("WriteFile", check=lambda op, filename, contents: _refused("Input filename", filename) or _refused(
    "Contents", contents), effect="writes", **HOST_STRINGS)
class WriteFile:
    """Write a file; its folder is made where it does not exist."""

    def shape(op: Any, filename: Dims, contents: Dims) -> Any:
        shape_rules.with_rank(filename, 0)
        shape_rules.with_rank(contents, 0)
        return ()

    def kernel(op: Any, filename: Any, contents: Any) -> None:
        path = _path(filename)
        folder = path.rpartition("/")[0]
        if folder and not gfile.exists(folder):
            gfile.make_dirs(folder)
        with gfile.GFile(path, "wb") as file:
            file.write(contents.item())


@op("DecodeCompressed", **HOST_STRINGS)
class DecodeCompressed:
    """Each string without its compression."""

    shape = shape_rules.same

    def kernel(op: Any, x: Any) -> np.ndarray:
        window = {"": 0, "ZLIB": zlib.MAX_WBITS, "GZIP": zlib.MAX_WBITS | 16}.get(op.compression_type)
        if window is None:
            raise invalid("Only ZLIB, GZIP or NONE are supported compressions")
        return strings(x, lambda text: _inflated(text, window)) if window else x


def _inflated(text: bytes, window: int) -> bytes:
    inflating = zlib.decompressobj(window)
    try:
        found = inflating.decompress(text)
    except zlib.error as error:
        number, _, words = str(error).removeprefix("Error ").partition(" while decompressing data: ")
        raise errors.DataLossError(None, None, f"inflate() failed with error {number}: {words}") from None
    if text and not inflating.eof:  # TensorFlow itself ends the process
        raise errors.DataLossError(None, None, "the compressed string ends early")
    return found
