"""`tf.compat.as_bytes`, `as_text` and their like; which types are texts and numbers."""

from __future__ import annotations

import numbers
import os
from typing import Any

import numpy as np

from tfmagic.base.export import export

export("compat.bytes_or_text_types")((bytes, str))
export("compat.integral_types")((numbers.Integral, np.integer))
export("compat.real_types")((numbers.Real, np.integer, np.floating))
export("compat.complex_types")((numbers.Complex, np.number))


@export("compat.as_bytes")
def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """The bytes of a text; bytes are given back.

    Raises:
      TypeError: it is neither.
    """
    if isinstance(bytes_or_text, bytearray):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


@export("compat.as_text")
def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """The text that bytes stand for; a text is given back.

    Raises:
      TypeError: it is neither.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


@export("compat.as_str_any")
def as_str_any(value: Any) -> str:
    """Bytes as the text that they stand for, anything else as `str` writes it."""
    return as_text(value) if isinstance(value, bytes) else str(value)


@export("compat.path_to_str")
def path_to_str(path: Any) -> Any:
    """A path object as text; what is none is given back."""
    return as_str_any(os.fspath(path)) if hasattr(path, "__fspath__") else path
