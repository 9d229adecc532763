"""Numbers that transformations take, as tensors, and what is known of them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph import static_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor


def int64(value: Any, name: str) -> Tensor:
    """A number as an int64 tensor."""
    return convert_to_tensor(value, dtypes.int64, name)


def fixed_size(size: Tensor, drop: Tensor) -> int | None:
    """The size of every batch, where it is known and the last is not smaller."""
    dropped, known = static_value.constant_value(drop), static_value.constant_value(size)
    return int(known) if dropped is not None and bool(dropped) and known is not None else None
