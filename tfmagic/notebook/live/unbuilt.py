"""Unbuilt: a node that could not be built, as plain data that keeps no graph alive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfmagic.base import source
from tfmagic.graph.opdefs import OpDef
from tfmagic.graph.operation import Operation


@dataclass(frozen=True)
class Unbuilt:
    """A node that could not be built.

    Attributes:
      op_def, name, attrs, frames: what it would have had; a refused type leaves attrs open.
      inputs: the names of the tensors that it would have read.
    """

    op_def: OpDef
    name: str
    attrs: dict[str, Any]
    frames: source.Frames
    inputs: tuple[str, ...]

    @classmethod
    def of(cls, op: Operation) -> Unbuilt:
        """What is known of an operation that its graph refused."""
        return cls(op._op_def, op.name, op._attrs, op._frames, tuple(t.name for t in op._inputs if t.graph is op.graph))

    def operation(self, graph: Any) -> Operation:
        """The operation, which `graph` does not know of; it has no outputs."""
        from tfmagic.ops import refusals

        inputs = tuple(map(graph.get_tensor_by_name, self.inputs))
        return refusals.unmade(graph, self.op_def, self.name, inputs, self.attrs, self.frames)
