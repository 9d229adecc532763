"""How much memory a device has in use: of a GPU torch says it; TensorFlow has a kernel for a CPU of the limit only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register

_UNLIMITED = -1  # what TensorFlow says of a CPU


def _in_use(op: Any, device: str | None) -> int:
    return torch.cuda.memory_allocated(_gpu(op, device))


def _most_in_use(op: Any, device: str | None) -> int:
    return torch.cuda.max_memory_allocated(_gpu(op, device))


def _limit(op: Any, device: str | None) -> int:
    return _UNLIMITED if device is None else torch.cuda.get_device_properties(device).total_memory


def _gpu(op: Any, device: str | None) -> str:
    """The device of a node, which has to be a GPU."""
    if device is None:
        raise errors.InvalidArgumentError(
            None, None, f"No OpKernel was registered to support Op '{op.type}' used by node {op.name} with these "
            "attrs: []\nRegistered kernels:\n  device='GPU'\nOnly GPUs count what they have in use.")
    return device


def _tensor(value: int) -> Any:
    return torch.tensor(value)


def _asks(name: str, bytes_of: Callable[[Any, str | None], int]) -> None:
    """Declare an op that gives a number of bytes of its device."""
    register(name, shape_rules.scalar, lambda op: op.call(_tensor, op.call(bytes_of, op.constant(op.op), op.device)),
             objects=True, effect="reads")


_asks("BytesInUse", _in_use)
_asks("MaxBytesInUse", _most_in_use)
_asks("BytesLimit", _limit)
