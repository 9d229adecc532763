"""tf.is_tensor: what counts as a tensor."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.sparse_tensor import SparseTensor

_dense_types: list[type] = []


def register_dense_tensor_like_type(tensor_type: Any) -> None:
    """Let objects of a class count as tensors.

    Raises:
      TypeError: the class has no properties `name` and `dtype`.
    """
    for name in ("name", "dtype"):
        if not isinstance(getattr(tensor_type, name, None), property):
            raise TypeError(f"Type {tensor_type.__name__} does not define a `{name}` property")
    _dense_types.append(tensor_type)


def is_dense_tensor_like(t: Any) -> bool:
    """Whether a value is a tensor, a variable, or of a class that counts as one."""
    return isinstance(t, (Tensor, *_dense_types)) or hasattr(t, "_as_graph_element")


@export("is_tensor")
def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, sparse or dense, slices of one, or a variable."""
    if isinstance(x, (SparseTensor, IndexedSlices)):
        return True
    return is_dense_tensor_like(x) and not isinstance(x, Operation)
