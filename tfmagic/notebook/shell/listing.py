"""Tables that magics show: tensors and devices, as text and HTML."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation
from tfmagic.view.labels import shape_text
from tfmagic.view.phrases import say

MOST_ROWS = 200


@dataclass(frozen=True)
class Table:
    """A table with its column heads; shows as HTML in a notebook and as columns in a terminal."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __repr__(self) -> str:
        heads = tuple(map(say, self.heads))
        widths = [max(map(len, column)) for column in zip(heads, *self.rows)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                 for row in (heads, *self.rows)]
        return "\n".join([*lines, self.note] if self.note else lines)

    def _repr_html_(self) -> str:
        from tfmagic.view.cards import tables as cards

        return cards.table(" · ".join(filter(None, (say(self.title), self.note))), self.heads, self.rows)


def _auxiliary(graph: Graph) -> set[str]:
    """The operations that a drawing leaves out or folds: gradients, training, initialisers, what saves and restores."""
    from tfmagic.view.scene import auxiliary, records

    folding = auxiliary.fold(records.read(graph))
    return folding.first_values | {name for name, owner in folding.owner.items()
                                   if owner == auxiliary.HIDDEN or owner in folding.groups}


def _matches(name: str, pattern: str) -> bool:
    if any(c in pattern for c in "*?["):
        return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name.partition(":")[0], pattern)
    return pattern in name


def tensors(graph: Graph, pattern: str = "", everything: bool = False) -> Table:
    """The tensors of a graph as a table.

    Args:
      graph: the graph.
      pattern: only names that contain it, or match it where it has a wildcard.
      everything: also gradients, training, initialisers and savers, when no pattern is given.
    """
    rows: list[tuple[str, ...]] = []
    hidden = 0
    left_out = set() if pattern or everything else _auxiliary(graph)
    for operation in graph.get_operations():
        for tensor in operation.outputs:
            if pattern and not _matches(tensor.name, pattern):
                continue
            if operation.name in left_out:
                hidden += 1
                continue
            rows.append((tensor.name, operation.type, shape_text(tensor), tensor.dtype.base_dtype.name,
                         tensor.device, _made_at(operation)))
    notes = []
    if len(rows) > MOST_ROWS:
        notes.append(say("{} more: give a pattern.", str(len(rows) - MOST_ROWS)))
    if hidden:
        notes.append(say("{} of gradients, training, initialisers and savers: %tensors --all.", str(hidden)))
    heads = ("name", "op", "shape", "dtype", "device", "made at")
    return Table("Tensors", heads, tuple(rows[:MOST_ROWS]), " ".join(notes))


def _made_at(operation: Operation) -> str:
    line = operation.source
    return "" if line is None else line.text or str(line)


def devices() -> Table:
    """The devices that nodes can be placed on."""
    from tfmagic.session.devices import listing

    rows = [(d.name, d.device_type, d.torch_name, f"{d.memory_limit / 2**30:.2f} GiB") for d in listing.local_devices()]
    return Table("Devices", ("device", "type", "torch device", "memory"), tuple(rows))
