"""Copies between host and GPUs: they wait for nothing but the end of a run, when its results are brought.

A copy runs beside what Python does next only from memory that the system cannot move: pinned memory, which torch keeps
for the next copy. What a user feeds is therefore copied into such memory first; he may change it as soon as `run` is
over. From other memory CUDA copies what is to be sent before the call returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

# Bytes from which on the detour over pinned memory pays.
_LARGE = 1 << 14


def uploaded(value: Any, gpu: str) -> Any:
    """A tensor of the host on the GPU; what is there already stays what it is."""
    if value.is_cuda:
        return value.to(gpu)
    return _staged(value).to(gpu, non_blocking=True)


def upload_into(place: torch.Tensor, value: torch.Tensor) -> None:
    """Copy a tensor, from wherever it is, into memory of the GPU."""
    if value.ndim or value.is_cuda:
        place.copy_(_staged(value), non_blocking=True)
    else:
        place.fill_(value)  # a number goes with the call


def _staged(value: torch.Tensor) -> torch.Tensor:
    if value.is_cuda or value.nbytes < _LARGE:
        return value
    return torch.empty_like(value, pin_memory=True).copy_(value)


def brought(values: Sequence[Any]) -> list[Any]:
    """Values of a run, those on GPUs as tensors of the host: all are copied at once, and waited for once per GPU."""
    found = list(values)
    devices: dict[torch.device, None] = {}
    for index, value in enumerate(found):
        if isinstance(value, torch.Tensor) and value.is_cuda:
            devices[value.device] = None
            found[index] = value.resolve_conj().resolve_neg().to("cpu", non_blocking=True)
    for device in devices:
        torch.cuda.current_stream(device).synchronize()
    return found
