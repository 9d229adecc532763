"""Rows of a tensor named by indices: rules applied to them one after the other where a row is named twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tfmagic.base.lazy import torch
from tfmagic.ops.array.indices import only_good
from tfmagic.ops.tensor_function import tensor_function

NO_ROW = "indices{where} = {index} is not in [0, {count})"

# So many numbers are looked at sooner than they are sorted.
_FEW = 1 << 14


class RowRule(NamedTuple):
    """What an op does with rows of variables; the kernel of such an op has it as `of_rows`.

    Attributes:
      step: given an object with the op's attrs, and numbers of the inputs by name (of tables, and of the updates those
        that belong to the same row), gives the new numbers of the tables, in a tuple.
      tables: the names of the inputs that change.
      update: the name of the input with as many rows as there are indices.
      indices: the name of the input that names the rows.
    """

    step: Callable[..., tuple[Any, ...]]
    tables: tuple[str, ...]
    update: str
    indices: str = "indices"


def in_turn(name: str, rule: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    """A function that changes rows of tables by a rule; one turn follows the other where a row is named twice.

    Args:
      name: what the function is called where a plan is shown.
      rule: given the old rows of all tables, the updates and the options, gives the new rows of all tables.

    Returns:
      A function `(tables, indices, updates, **options) -> new tables`; updates that are not as many rows of the tables
      as there are indices are a ValueError, for the op's `explain` to put into words.
    """

    @tensor_function(meta=lambda tables, indices, updates, **options: tables)
    def change(tables: tuple[Any, ...], indices: Any, updates: Any, **options: Any) -> tuple[Any, ...]:
        wanted = (*indices.shape, *tables[0].shape[1:])
        if updates.shape != wanted or indices.ndim != 1:  # torch would broadcast them
            raise ValueError(f"rows of {wanted} and updates of {tuple(updates.shape)}")
        indices, updates = only_good(indices.long(), tables[0].shape[0], updates)
        if all_differ(indices):
            old = [table.index_select(0, indices) for table in tables]
            new = rule(*old, updates, **options)
            return tuple(table.index_copy(0, indices, value) for table, value in zip(tables, new))
        for rows, positions in rounds(indices):
            old = [table.index_select(0, rows) for table in tables]
            new = rule(*old, updates.index_select(0, positions), **options)
            tables = tuple(table.index_copy(0, rows, value) for table, value in zip(tables, new))
        return tables

    change.__name__ = change.__qualname__ = name
    change.of_rows = True  # type: ignore[attr-defined]  # it changes no other rows than those named
    return change


def all_differ(indices: Any) -> bool:
    """Whether no number occurs twice in an int64 vector, where that is told in no time: as of an optimizer's rows."""
    count = len(indices)
    return count <= 1 or not indices.is_cuda and count <= _FEW and len(set(indices.tolist())) == count


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
