"""What a training graph is about: which variables an operation changes, and with respect to which a loss is derived."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterable
from typing import Any

from tfmagic.graph.operation import Operation
from tfmagic.view.scene import model
from tfmagic.view.scene.auxiliary import Folding, gradient_of
from tfmagic.view.scene.records import VARIABLE_TYPES, Record

_CHANGE = re.compile(r"Assign|(?:Resource)?(?:Sparse)?Apply[A-Z]|(?:Resource)?Scatter")
_READS = frozenset({"Identity", "ReadVariableOp"})


@functools.cache
def _changes(op_type: str) -> bool:
    return _CHANGE.match(op_type) is not None


def changed_variable(record: Record, records: dict[str, Record]) -> str:
    """The variable that an operation changes, "" for none."""
    if not _changes(record.type) or not record.inputs:
        return ""
    name = record.inputs[0][0]
    return name if records[name].type in VARIABLE_TYPES else ""


def derived_by(records: dict[str, Record], folding: Folding) -> dict[str, list[str]]:
    """Group of gradients -> the variables that the loss depends on and that these gradients change in the end.

    Gradients that change nothing (they are only looked at) are drawn as fed by their loss alone.
    """
    found = {}
    for name, group in folding.groups.items():
        if group.role == model.GRADIENTS:
            changed = _changed_after(group.members, records)
            if group.loss in records and not records[group.loss].boundary:
                before = _before(group.loss, records)
                found[name] = [variable for variable in changed if variable in before]
            else:  # the loss was made in an earlier cell
                found[name] = list(changed)
    return found


def _changed_after(members: Iterable[str], records: dict[str, Record]) -> dict[str, None]:
    seen = set(members)
    stack = list(seen)
    changed: dict[str, None] = {}
    while stack:
        for reader in records[stack.pop()].consumers:
            if reader.name not in seen:
                seen.add(reader.name)
                if variable := changed_variable(reader, records):
                    changed.setdefault(variable)
                else:
                    stack.append(reader.name)
    order = {name: place for place, name in enumerate(records)}
    return dict.fromkeys(sorted(changed, key=order.__getitem__))


def _before(name: str, records: dict[str, Record]) -> set[str]:
    seen = {name}
    stack = [name]
    while stack:
        for source, _ in records[stack.pop()].inputs:
            if source not in seen:
                seen.add(source)
                stack.append(source)
    return seen


def losses_of(operations: Iterable[Operation]) -> list[Operation]:
    """What the gradients among these operations are of, where it is not among them itself.

    Where its shape is known, no gradient reads the loss.
    """
    operations = list(operations)
    names = {operation.name for operation in operations}
    first: dict[str, Operation] = {}
    losses: dict[Operation, None] = {}
    for operation in operations:
        scope, loss = gradient_of(operation.name)
        if loss and scope not in first:
            first[scope] = operation
            graph: Any = operation.graph
            if loss not in names:
                # Gradients of an imported graph may be of something renamed.
                with contextlib.suppress(KeyError):
                    losses.setdefault(graph.get_operation_by_name(loss))
    return list(losses)
