"""Rows of a tensor named by indices: checks, and passes in which no row comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch

NO_ROW = "indices{where} = {index} is not in [0, {count})"


def check_rows(op: Any, indices: Any, count: int, words: str = NO_ROW) -> None:
    """Refuse an index that names no row.

    Args:
      words: the message; `offset` is the index's place in the flat indices.

    Raises:
      InvalidArgumentError: an index is negative or not below `count`.
    """
    flat = indices.reshape(-1)
    bad = (flat < 0) | (flat >= count)
    if flat.numel() and bool(bad.any()):
        position = int(bad.to(torch.int32).argmax())
        offset, where = position, _subscript(position, indices.shape)
        raise errors.InvalidArgumentError(
            None, op.op, words.format(where=where, index=int(flat[position]), count=count, offset=offset))


def _subscript(position: int, dims: Any) -> str:
    parts = []
    for size in reversed(dims):
        parts.append(position % size)
        position //= size
    return f"[{','.join(str(p) for p in reversed(parts))}]" if parts else ""


def rounds(indices: Any) -> Iterator[tuple[Any, Any]]:
    """Passes over a vector of row numbers such that no pass names a row twice, and a row's turns keep their order.

    Yields:
      (rows, positions): the row numbers of a pass and where they stand in `indices`; as int64.
    """
    indices = indices.long()
    order = torch.argsort(indices, stable=True)
    ordered = indices[order]
    start = torch.arange(len(ordered), device=indices.device)
    if len(ordered):
        first = torch.ones_like(ordered, dtype=torch.bool)
        first[1:] = ordered[1:] != ordered[:-1]
        turn = start - torch.where(first, start, torch.zeros_like(start)).cummax(0).values
        for number in range(int(turn.max()) + 1):
            chosen = order[turn == number]
            yield indices[chosen], chosen
