"""tf.compat's texts: bytes and str as each other, and what counts as a number or as text."""

from __future__ import annotations

import numbers
import os
from typing import Any

import numpy as np

from tfmagic.base.export import export

complex_types = (numbers.Complex, np.number)
integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
bytes_or_text_types = (bytes, str)

for _name in ("bytes_or_text_types", "complex_types", "integral_types", "real_types"):
    export(f"compat.{_name}")(globals()[_name])


def _refused(value: Any) -> TypeError:
    return TypeError(f"Expected binary or unicode string, got {value!r}")


@export("compat.as_bytes")
def as_bytes(bytes_or_text: bytes | str, encoding: str = "utf-8") -> bytes:
    """Text as bytes; bytes as they are.

    Raises:
      TypeError: it is neither.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise _refused(bytes_or_text)


@export("compat.as_text")
def as_text(bytes_or_text: bytes | str, encoding: str = "utf-8") -> str:
    """Bytes as text; text as it is.

    Raises:
      TypeError: it is neither.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise _refused(bytes_or_text)


@export("compat.as_str")
def as_str(bytes_or_text: bytes | str, encoding: str = "utf-8") -> str:
    """What Python calls `str`, which is text in Python 3: `as_text`.

    Raises:
      TypeError: neither bytes nor text.
    """
    return as_text(bytes_or_text, encoding)


@export("compat.as_str_any")
def as_str_any(value: Any) -> str:
    """`as_str` of bytes, `str` of anything else."""
    return as_str(value) if isinstance(value, bytes) else str(value)


@export("compat.path_to_str")
def path_to_str(path: Any) -> Any:
    """A path object as a string; anything else as it is."""
    return as_str_any(os.fspath(path)) if isinstance(path, os.PathLike) else path
