"""`%graph --diff A B`: what is new, gone and changed between two parts of graphs, or between what two cells made."""

from __future__ import annotations

import re

from tfmagic.base import source
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation
from tfmagic.notebook.live import reports
from tfmagic.notebook.shell import drawing, evaluate
from tfmagic.notebook.shell.evaluate import UsageError
from tfmagic.notebook.shell.options import Parsed, words
from tfmagic.view import labels
from tfmagic.view.escape import shorten

_CELL = re.compile(r"In\s?\[(\d+)\]\Z")
_NUMBER = re.compile(r"_\d+(?=/|\Z)")
_LISTED = 3


def draw(parsed: Parsed, studio: drawing.Studio) -> None:
    """Draw two parts as one, with the differences marked.

    Raises:
      UsageError: there are not two of them, or one names no part of a graph.
    """
    texts = words(parsed.argument)
    if len(texts) != 2:
        raise UsageError("--diff compares two things: %graph --diff A B, expressions, graphs or cells (In[3]).")
    before, after = (_operations(text, studio) for text in texts)
    pairs, gone = _matched(before, after)
    names = {old.name: new.name for new, old in pairs.items()}
    changes = {op.name: ("gone", "") for op in gone}
    for op in after:
        old = pairs.get(op)
        if old is None:
            changes[op.name] = ("new", "")
        elif why := _changes(old, op, names):
            changes[op.name] = ("changed", "; ".join(why[:_LISTED]) + ("; …" if len(why) > _LISTED else ""))
    drawing.draw(evaluate.graph_of((after or before)[0]), parsed, after, studio, {"changes": changes}, others=gone)


def _operations(text: str, studio: drawing.Studio) -> list[Operation]:
    """The operations that an expression needs, of a graph, or that a cell made."""
    cell = _CELL.match(text)
    if cell is not None:
        return _of_cell(int(cell[1]), studio)
    value = evaluate.evaluate(studio.shell, text)
    if isinstance(value, Graph):
        found = value.get_operations()
    else:
        elements = evaluate.elements(value)
        if not elements:
            raise UsageError(f"{text} is a {type(value).__name__}, and no part of a graph.")
        found = drawing.needed_for(elements)
    if not found:
        raise UsageError(f"{text} is an empty graph.")
    return found


def _of_cell(number: int, studio: drawing.Studio) -> list[Operation]:
    from tfmagic.graph import context

    graphs = {id(g): g for g in (*studio.drawings.graphs(), *evaluate.graphs_in(studio.shell.user_ns),
                                 context.get_default_graph()) if isinstance(g, Graph)}
    for graph in reversed(list(graphs.values())):
        found = [op for op in graph.get_operations() if _made_in(op, studio) == number]
        if found:
            return found
    raise UsageError(f"In[{number}] made no nodes of a graph that is still there.")


def _made_in(op: Operation, studio: drawing.Studio) -> int | None:
    for line in source.lines(op._frames):
        if line.filename in studio.names.counts:
            return studio.names.counts[line.filename]
    return None


def _matched(before: list[Operation], after: list[Operation]) -> tuple[dict[Operation, Operation], list[Operation]]:
    """Which operation was which before, and those that are gone: by name, then by name without the numbers that
    TensorFlow adds."""
    left = {op.name: op for op in before}
    pairs = {op: left.pop(op.name) for op in after if op.name in left}
    plain: dict[tuple[str, str], list[Operation]] = {}
    for op in left.values():
        plain.setdefault((_NUMBER.sub("", op.name), op.type), []).append(op)
    for op in after:
        candidates = plain.get((_NUMBER.sub("", op.name), op.type))
        if op not in pairs and candidates:
            pairs[op] = candidates.pop(0)
            del left[pairs[op].name]
    return pairs, list(left.values())


def _changes(old: Operation, new: Operation, names: dict[str, str]) -> list[str]:
    """What differs, in words."""
    found = [] if old.type == new.type else [f"{old.type} → {new.type}"]
    before, after = (dict(reports.node_report(op, evaluate.graph_of(op))["attributes"]) for op in (old, new))
    found += [f"{key}: {before.get(key, '–')} → {after.get(key, '–')}" for key in {**before, **after}
              if before.get(key) != after.get(key)]
    values = [labels.constant_value(op) if op.type == "Const" else None for op in (old, new)]
    if values[0] is not None and values[1] is not None and values[0].tolist() != values[1].tolist():
        found.append(" → ".join(map(labels.value_text, values)))
    for a, b in zip(old.outputs, new.outputs):
        if labels.tensor_text(a) != labels.tensor_text(b):
            found.append(f"{labels.tensor_text(a)} → {labels.tensor_text(b)}")
    inputs = [[names.get(t.op.name, t.op.name) + f":{t.value_index}" for t in old.inputs], [t.name for t in new.inputs]]
    if inputs[0] != inputs[1]:
        found.append(shorten(f"← {', '.join(inputs[0])} → ← {', '.join(inputs[1])}", 120))
    return found
