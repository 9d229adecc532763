"""Copies between host and GPUs: nothing waits for them but the end of a run, when its results are brought.

A copy runs beside what Python does next only from memory that the system cannot move: pinned memory, which torch keeps
for the next copy. What a user feeds is therefore copied into such memory first; he may change it as soon as `run` is
over. From other memory CUDA takes what it copies before the call returns. Pinned memory is never given back: what is
huge goes without, and is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.graph.operation import Tensor
from tfmagic.session.plan.plan_graph import PlanGraph

# Bytes from which on the detour over pinned memory pays, and from which on it takes too much.
_LARGE, _HUGE = 1 << 14, 1 << 28


def is_on_gpu(node: fx.Node) -> bool:
    """Whether the value of a plan's node is on a GPU."""
    return str(node.meta.get("device")).startswith("cuda")


def is_upload(node: fx.Node) -> bool:
    """Whether a call does nothing but bring a tensor to a GPU."""
    return node.op == "call_method" and node.target == "to" and len(node.args) == 2 and not node.kwargs \
        and str(node.args[1]).startswith("cuda")


def is_download(node: fx.Node) -> bool:
    """Whether a call brings a tensor of a GPU to the host, which waits for it."""
    return node.op == "call_method" and (node.target == "cpu" or node.target == "to" and "cpu" in node.args[1:]) \
        and any(map(is_on_gpu, node.all_input_nodes))


def uploaded(value: Any, gpu: str) -> Any:
    """A tensor on a GPU, from wherever it is; what is there already stays what it is."""
    return value.to(gpu) if _is_huge(value) else _staged(value).to(gpu, non_blocking=True)


def upload_into(place: torch.Tensor, value: torch.Tensor) -> None:
    """Copy a tensor, from wherever it is, into memory of a GPU."""
    if not value.ndim and not value.is_cuda:
        place.fill_(value)  # a number goes with the call
    elif _is_huge(value):
        place.copy_(value)
    else:
        place.copy_(_staged(value), non_blocking=True)


def _staged(value: torch.Tensor) -> torch.Tensor:
    """What can be copied to a GPU without a wait, though the user changes `value`, be his own memory pinned."""
    if value.is_cuda:
        return value
    return torch.empty_like(value, pin_memory=True).copy_(value) if value.nbytes >= _LARGE else value.clone()


def _is_huge(value: torch.Tensor) -> bool:
    return value.nbytes >= _HUGE and not value.is_cuda


def brought(values: Sequence[Any]) -> list[Any]:
    """Values of a run, those on GPUs as tensors of the host: all are copied at once, and waited for once per GPU."""
    found = list(values)
    devices: dict[torch.device, None] = {}
    for index, value in enumerate(found):
        if isinstance(value, torch.Tensor) and value.is_cuda:
            value = value.resolve_conj().resolve_neg()
            if value.nbytes >= _HUGE:
                found[index] = value.cpu()
                continue
            devices[value.device] = None
            found[index] = value.to("cpu", non_blocking=True)
    for device in devices:
        torch.cuda.current_stream(device).synchronize()
    return found


def with_feeds_on_host(plan: PlanGraph, function: Callable[..., Any]) -> Callable[..., Any]:
    """A plan's function for feeds that may be on a GPU: those that the host computes with come to it.

    Args:
      plan: the plan; a fed tensor that it only brings to GPUs stays where it is.
      function: takes the plan's parameters.
    """
    given = [node for node in plan.graph.nodes if node.op == "placeholder"]
    places = [place for place, node in enumerate(given)
              if isinstance(node.meta["source"], Tensor) and not all(map(is_upload, node.users))]
    if not places:
        return function

    def call(*values: Any) -> Any:
        if any(getattr(values[place], "is_cuda", False) for place in places):
            known = list(values)
            for place in places:
                if getattr(known[place], "is_cuda", False):
                    known[place] = known[place].cpu()
            values = tuple(known)
        return function(*values)

    return call
