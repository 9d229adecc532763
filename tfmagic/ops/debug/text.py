"""How the values of tensors are printed by Print and Assert: TensorFlow's own short form."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.ops.denormals import kept


def as_array(value: Any) -> np.ndarray:
    """A run's value as a NumPy array (strings as an array of bytes)."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return value.float().numpy() if str(value.dtype) == "torch.bfloat16" else value.numpy()
    return np.asarray(value, dtype=object)


_NAMED = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}


def escaped(data: bytes) -> str:
    """Bytes as C writes them in a string."""
    return "".join(_NAMED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data)


def number(value: Any) -> str:
    """One element as TensorFlow prints it: as few digits as tell the number apart."""
    if isinstance(value, bytes):
        return escaped(value)
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if isinstance(value, np.complexfloating):
        return f"({number(value.real)},{number(value.imag)})"
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return "-nan" if np.signbit(value) else "nan"
        return _in_many_digits(value) if isinstance(value, (float, np.float64)) else _in_digits(value, 6, 9)
    return str(value)


def _in_digits(value: Any, few: int, many: int) -> str:
    text = f"{value:.{few}g}"
    return text if type(value)(text) == value else f"{float(value):.{many}g}"


@kept
def _in_many_digits(value: float) -> str:
    return _in_digits(value, 15, 17)


def summarized(value: Any, limit: int) -> str:
    """The first elements of a value: `1 2 3...`, or `[1 2 3][4...]...` with brackets around each row.

    Args:
      value: a torch tensor or NumPy array.
      limit: how many elements to show; all when negative.
    """
    array = as_array(value)
    if array.ndim == 0:
        return number(array[()])
    limit = array.size if limit is None or limit < 0 else min(limit, array.size)
    parts: list[str] = []
    _rows(array, limit, 0, parts)
    return "".join(parts) + ("..." if array.size > limit else "")


def _rows(array: np.ndarray, left: int, depth: int, parts: list[str]) -> int:
    """Add the text of one row (or of rows of rows); how many elements may still be shown after it."""
    if left <= 0:
        return 0
    if array.ndim == 1:
        parts.append(" ".join(number(item) for item in array[:left]))
        if len(array) > left and depth:
            parts.append("...")
        return max(left - len(array), 0)
    for row in array:
        if left <= 0:
            break
        parts.append("[")
        left = _rows(row, left, depth + 1, parts)
        parts.append("]")
    return left
