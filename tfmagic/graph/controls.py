"""Controller: one open `control_dependencies` scope of a graph."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.operation import Operation, OwnGraph


class Controller:
    """One open `control_dependencies` scope.

    Attributes:
      control_inputs: the operations that those made within must follow.
      seen: operations made within; one that reads their output follows the control inputs already.
    """

    def __init__(self, graph: OwnGraph, control_inputs: list[Operation] | None):
        self._graph = graph
        self._clear = control_inputs is None
        self.control_inputs = control_inputs or []
        self.seen: set[Operation] = set()
        self._old: tuple[Any, ...] = ()
        self._old_control_flow: Any = None

    def op_seen(self, op: Operation) -> None:
        self.seen.add(op)

    def __enter__(self) -> Controller:
        stacks = self._graph._stacks
        self._old = stacks.controllers
        if self._clear:
            self._old_control_flow = stacks.control_flow
            stacks.control_flow = None
            stacks.controllers = (self,)
        else:
            stacks.controllers = (*self._old, self)
        return self

    def __exit__(self, *exc_info: Any) -> None:
        stacks = self._graph._stacks
        stacks.controllers = self._old
        if self._clear:
            stacks.control_flow = self._old_control_flow
