"""Numbers read from strings as TensorFlow reads them; Python alone takes `1_000` and `infinity` for numbers, too."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tfmagic.base.dtypes import DType

SPACE = b" \t\n\r\v\f"
_REAL = re.compile(rb"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|nan|0[xX][0-9a-fA-F]+)", re.IGNORECASE)
_WHOLE = re.compile(rb"-?\d+")
# Characters, blanks too, of which no float is read.
LONG = 32


def number(text: bytes, dtype: DType) -> float | None:
    """The number of a type that a string writes, blanks around it; None: it writes none, or one that is too large."""
    return whole(text, dtype) if dtype.is_integer else real(text)


def whole(text: bytes, dtype: DType) -> int | None:
    """See `number`."""
    body = text.strip(SPACE)
    value = int(body) if _WHOLE.fullmatch(body) else None
    return value if value is not None and dtype.min <= value <= dtype.max else None


def real(text: bytes) -> float | None:
    """See `number`; a number of 64 bits, which others round. Blanks alone are 0, as in TensorFlow."""
    body = text.strip(SPACE)
    if not 0 < len(text) < LONG:
        return None
    if not body:
        return 0.0
    if not _REAL.fullmatch(body):
        return None
    return float(int(body, 16)) if b"x" in body.lower() else float(body)


# --- many at once ----------------------------------------------------------------------------------------------------

# Powers of ten that are exact, and how many strings are worth the look at where their points are.
_POWERS = np.array([float(10 ** power) for power in range(23)])
_MANY = 128


def plain_whole(texts: list[bytes]) -> Any:
    """The numbers that strings of digits write, which may begin with a minus; None where one is anything else.

    C reads them one behind the other, so it is first seen that it will find as many as there are strings.
    """
    return _whole_in(b" %b " % b" ".join(texts), len(texts))


def _whole_in(line: bytes, count: int) -> Any:
    """The numbers in a line that has blanks around each string; see `plain_whole`."""
    if not count or line.translate(None, b"0123456789- ") or line.count(b" ") != count + 1 or b"  " in line:
        return None
    if b"-" in line and (b"- " in line or line.count(b"-") != line.count(b" -")):
        return None
    found = np.fromstring(line, np.int64, sep=" ")
    ends = np.iinfo(np.int64)
    return None if (found == ends.max).any() or (found == ends.min).any() else found  # so ends what is too large


def _plain_decimals(texts: list[bytes]) -> Any:
    """The numbers that strings of digits with a point write; None where one is anything else.

    Their digits as a whole number, and the power of ten by which it is divided, are exact: it is rounded once.
    """
    line = b" %b " % b" ".join(texts)
    found = _whole_in(line.replace(b".", b""), len(texts))
    if found is None or np.abs(found).max() > 1 << 53:
        return None
    marks = np.frombuffer(line, np.uint8)
    blanks, points = np.flatnonzero(marks == ord(" ")), np.flatnonzero(marks == ord("."))
    if len(points) != len(texts) or not ((blanks[:-1] < points) & (points < blanks[1:])).all():
        return None
    places = blanks[1:] - points - 1
    if places.max() >= len(_POWERS):
        return None
    sizes = np.abs(found) / _POWERS[places]
    return np.where(marks[blanks[:-1] + 1] == ord("-"), -sizes, sizes)  # as there is a -0.0


def plain_reals(texts: list[bytes]) -> Any:
    """The numbers that strings write with digits, points, signs and exponents; None where one is anything else."""
    if b"".join(texts).translate(None, b"0123456789.-+eE") or max(map(len, texts), default=0) >= LONG:
        return None
    decimals = _plain_decimals(texts) if len(texts) >= _MANY else None
    if decimals is not None:
        return decimals
    try:
        return np.array(list(map(float, texts)))
    except ValueError:
        return None
