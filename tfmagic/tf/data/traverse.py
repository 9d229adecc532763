"""The operations of which a data set is made."""

from __future__ import annotations

from collections import deque
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.operation import Operation


def obtain_all_variant_tensor_ops(dataset: Any) -> list[Operation]:
    """The operations by which a data set and all that it is made from stand in the graph, its own first."""
    found: dict[Operation, None] = {}
    waiting = deque([dataset._variant_tensor.op])
    while waiting:
        op = waiting.popleft()
        if op not in found:
            found[op] = None
            waiting += [source.op for source in op._inputs if source._dtype.base_dtype is dtypes.variant]
    return list(found)
