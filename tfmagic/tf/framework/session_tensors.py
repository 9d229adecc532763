"""Tensors that a session keeps between runs: get_session_handle, get_session_tensor, delete_session_tensor."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import raw
from tfmagic.session import tensor_handles


@export("get_session_handle")
def get_session_handle(data: Tensor, name: str | None = None) -> Tensor:
    """A handle of a tensor that the session keeps: fetched, it is a `TensorHandle`, which may be fed.

    Raises:
      TypeError: `data` is no tensor.
    """
    if not isinstance(data, Tensor):
        raise TypeError("`data` must be of type Tensor.")
    with get_default_graph().colocate_with(data):
        return raw.get_session_handle(data, name=name)


@export("get_session_tensor")
def get_session_tensor(handle: Any, dtype: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The tensor of a handle.

    Args:
      handle: the string of a handle that a run gave; it says on which device the tensor is.
      dtype: the type of the tensor.

    Returns:
      A placeholder for the handle, and the tensor.
    """
    return tensor_handles.reader(handle, dtype, name)


@export("delete_session_tensor")
def delete_session_tensor(handle: Any, name: str | None = None) -> tuple[Tensor, Operation]:
    """Forget the tensor of a handle.

    Args:
      handle: the string of a handle that a run gave; it says on which device the tensor is.

    Returns:
      A placeholder for the handle, and the operation.
    """
    return tensor_handles.deleter(handle, name)
