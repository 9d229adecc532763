"""What string ops share. Strings are NumPy arrays of bytes objects; these kernels run when the graph runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import objects
from tfmagic.ops.declare import register

HOST_STRINGS: dict[str, Any] = {"traced": False, "because": "strings are host objects"}



def strings(array: Any, function: Callable[[bytes], bytes]) -> np.ndarray:
    """A function of bytes applied to each string."""
    return objects([function(item) for item in array.ravel().tolist()], array.shape)


def letters_changed(texts: list[bytes], function: Callable[[bytes], bytes]) -> list[bytes]:
    """A function that changes letter by letter, NUL into itself, applied to strings at once."""
    together = b"\0".join(texts)
    if not texts or together.count(b"\0") >= len(texts):  # one has NULs itself
        return list(map(function, texts))
    return function(together).split(b"\0")


def numbers(array: Any, function: Callable[[bytes], Any], dtype: str) -> Any:
    """A function of bytes to numbers applied to each string: a torch tensor."""
    found = np.fromiter(map(function, array.ravel().tolist()), np.dtype(dtype), array.size)
    return torch.from_numpy(found.reshape(array.shape))


def each_string(name: str, function: Callable[[Any, bytes], bytes]) -> None:
    """Declare an op that makes one string of each string: `function(op, text)`."""
    register(name, shape_rules.same, lambda op, x: strings(x, lambda item: function(op, item)), **HOST_STRINGS)


def each_number(name: str, function: Callable[[Any, bytes], Any], dtype: str) -> None:
    """Declare an op that makes one number of each string: `function(op, text)`."""
    register(name, shape_rules.same, lambda op, x: numbers(x, lambda item: function(op, item), dtype), **HOST_STRINGS)


def raw_bytes(text: Any) -> bytes:
    """An attr's string as bytes."""
    return text.encode() if isinstance(text, str) else text
