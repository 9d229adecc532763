"""NodeScopes: what the scopes open on a thread write into the nodes made within, and who is told of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfmagic.graph.operation import Operation


class NodeScopes(NamedTuple):
    """The seldom scopes of one graph that are open on one thread; None stands for "none of them is open".

    Attributes:
      attrs: attr name -> value, or function of the node's attrs.
      gradients: op type -> the name of another gradient.
      kernels: op type -> kernel label.
      original: the operation that the nodes made stand for.
      container: the resource container of stateful nodes.
      watchers: lists that take every node made.
    """

    attrs: dict[str, Any] = {}
    gradients: dict[str, str] = {}
    kernels: dict[str, str] = {}
    original: Operation | None = None
    container: str = ""
    watchers: tuple[list[Operation], ...] = ()

    def apply(self, op: Operation) -> None:
        """Write into a new node what is asked for."""
        for key, value in self.attrs.items():
            value = value(op.node_def) if callable(value) else value
            if value is not None and key not in op._attrs:
                op._set_attr(key, value)
        if op.type in self.kernels:
            op._attrs["_kernel"] = self.kernels[op.type]
        if op.type in self.gradients:
            op._attrs["_gradient_op_type"] = self.gradients[op.type]
        if self.original is not None:
            op._original_op = self.original
        if self.container and op._op_def.is_stateful and not op._attrs.get("container", "none"):
            op._attrs["container"] = self.container
        for watcher in self.watchers:
            watcher.append(op)


NO_SCOPES = NodeScopes()
