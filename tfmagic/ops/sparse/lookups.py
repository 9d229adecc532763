"""Lookups by sparse numbers: what `safe_embedding_lookup_sparse` does before it looks rows up, in one step."""

from __future__ import annotations

from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine.lookups import lookups
from tfmagic.ops.array.select import distinct_numbers
from tfmagic.ops.math.segment import divided, gathered
from tfmagic.ops.sparse.layout import with_every_row


def looked_up(indices: Any, numbers: Any, count: int, default: int, room: int) -> tuple[Any, ...]:
    """What is looked up for the elements of a sparse matrix of `count` rows on the CPU.

    Args:
      indices: int64 [n, axes].
      numbers: int32 or int64 [n]: an element with a negative one falls out.
      default: the number of a row without an element.
      room: how many elements are expected to stay.

    Returns:
      bool [count]: which rows had none; int32 [m]: the rows of the elements; the different numbers; int32 [m]: the
      place of each number among them; those of `numbers` that are not negative, as many of them as there are.

    Raises:
      RuntimeError, ValueError: a row is outside of the matrix.
    """
    found = lookups(indices, numbers, count, default, room)
    return _by_ops(indices, numbers, count, default) if found is None else found


def _by_ops(indices: Any, numbers: Any, count: int, default: int) -> tuple[Any, ...]:
    """What `looked_up` gives, where machine code does not."""
    kept = torch.nonzero(numbers >= 0).reshape(-1)
    staying = numbers.index_select(0, kept)
    filled, all_numbers, empty, _ = with_every_row(indices.index_select(0, kept), staying, count,
                                             torch.tensor(default, dtype=numbers.dtype))
    different, places = distinct_numbers(all_numbers, torch.int32)
    return empty, filled[:, 0].to(torch.int32), different, places, staying


def looked_up_sums(indices: Any, numbers: Any, count: int, default: int, room: int, matrix: Any,
                   kind: str) -> tuple[Any, ...]:
    """What is looked up, and what it is looked up for.

    Args:
      indices, numbers, count, default, room: as those of `looked_up`.
      matrix: the matrix, of floats, in which rows are looked up.
      kind: what of them there is to be for each of the `count` rows: "sum", "mean", "sqrt_n".

    Returns:
      What `looked_up` does, and these sums, [count, width].

    Raises:
      RuntimeError, ValueError: a row is outside of the matrix.
      IndexError: a number is.
    """
    found = lookups(indices, numbers, count, default, room, matrix)
    if found is not None:
        return *found[:-1], divided(found[-1], found[1], kind)
    found = _by_ops(indices, numbers, count, default)
    return *found, gathered(matrix.index_select(0, found[2]), found[3], found[1], count, kind)
