"""tf.is_tensor: what counts as a tensor."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.sparse_tensor import SparseTensor


@export("is_tensor")
def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, sparse or dense, slices of one, or a variable."""
    if isinstance(x, (Tensor, SparseTensor, IndexedSlices)):
        return True
    return hasattr(x, "_as_graph_element") and not isinstance(x, Operation)
