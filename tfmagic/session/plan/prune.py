"""The part of a graph that a run needs: from the fetches back to the feeds."""

from __future__ import annotations

from collections.abc import Iterable

from tfmagic.graph.operation import Operation, Tensor


def prune(targets: Iterable[Operation | Tensor], fed: set[Tensor]) -> list[Operation]:
    """The operations needed for `targets` when the tensors `fed` are given, in the order of their making.

    An operation all of whose needed outputs are fed does not run: the feed stands for it, for control edges too, once
    its first output is fed.
    """
    needed: dict[Operation, None] = {}
    stack: list[Operation] = []

    def need(op: Operation) -> None:
        if op not in needed:
            needed[op] = None
            stack.append(op)

    for target in targets:
        if isinstance(target, Tensor):
            if target not in fed:
                need(target.op)
        else:
            need(target)
    while stack:
        op = stack.pop()
        for tensor in op._inputs:
            if tensor not in fed:
                need(tensor.op)
        for control in op._control_inputs:
            if not fed or not control._outputs or control._outputs[0] not in fed:
                need(control)
    return sorted(needed, key=lambda op: op._id)
