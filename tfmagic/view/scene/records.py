"""Records: the drawn part of a graph read once, through TensorFlow's public interface, with what lies at its edge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Union

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor

Drawable = Union[Graph, Iterable[Union[Operation, Tensor]]]

PLACEHOLDER_TYPES = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
VARIABLE_TYPES = frozenset({"Variable", "VariableV2", "VarHandleOp", "TemporaryVariable"})
ASSIGN_TYPES = frozenset({"Assign", "AssignVariableOp"})


@dataclass(slots=True)
class Record:
    """An operation as the drawing needs it.

    Attributes:
      op: the graph's operation.
      name, type: its name and op type.
      inputs: (name of the operation it comes from, tensor) in order.
      controls: names of its control inputs.
      boundary: whether it lies outside of what is drawn and is only an input of it.
      consumers: the records that read one of its outputs or wait for it, each once.
    """

    op: Operation
    name: str
    type: str
    inputs: list[tuple[str, Tensor]] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    boundary: bool = False
    consumers: list[Record] = field(default_factory=list)


def operation_of(item: Operation | Tensor) -> Operation:
    """An operation, or the one that a tensor comes from."""
    operation: Any = getattr(item, "op", item)
    return operation


def operations(graph_or_ops: Drawable) -> list[Operation]:
    """The operations of a graph, or of a list of operations and tensors."""
    if hasattr(graph_or_ops, "get_operations"):
        return graph_or_ops.get_operations()
    return list(dict.fromkeys(map(operation_of, graph_or_ops)))


def read(graph_or_ops: Drawable, boundary: Iterable[Operation | Tensor] = ()) -> dict[str, Record]:
    """Records by name, in the graph's order; the operations of `boundary` and those outside come first.

    Args:
      graph_or_ops: a graph, or operations and tensors.
      boundary: operations (or tensors) among them that count as made before.
    """
    outside = {operation_of(item) for item in boundary}
    drawn = [op for op in operations(graph_or_ops) if op not in outside]
    names = {op.name for op in drawn}
    before: dict[str, Record] = {}
    inside: dict[str, Record] = {}
    for op in drawn:
        name = op.name
        record = inside[name] = Record(op, name, op.type)
        for tensor in op.inputs:
            source = tensor.op.name
            record.inputs.append((source, tensor))
            if source not in names:
                _add_outside(tensor.op, names, before)
        for control in op.control_inputs:
            record.controls.append(control.name)
            if control.name not in names:
                _add_outside(control, names, before)
    records = before | inside
    for record in records.values():
        sources = [source for source, _ in record.inputs] + record.controls
        for name in sources if len(sources) < 2 else dict.fromkeys(sources):
            records[name].consumers.append(record)
    return records


def _add_outside(op: Operation, names: set[str], before: dict[str, Record]) -> None:
    """Add an input from outside, with the variable behind it where it only reads one."""
    if op.name in before:
        return
    record = Record(op, op.name, op.type, boundary=True)
    if op.inputs and op.type in ("Identity", "ReadVariableOp", *ASSIGN_TYPES):
        variable = op.inputs[0].op
        if variable.type in VARIABLE_TYPES:
            if variable.name not in names:
                _add_outside(variable, names, before)
            record.inputs.append((variable.name, op.inputs[0]))
    before[op.name] = record


def parent(name: str) -> str:
    """The name scope that an operation or scope lies in ("" at the top)."""
    return name.rpartition("/")[0]
