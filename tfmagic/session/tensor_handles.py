"""TensorHandle: what a run gives for a tensor that the session keeps (`tf.get_session_handle`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import devices, errors, messages
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.ops.queues.session_tensors import SessionTensors

_MAKERS = frozenset({"GetSessionHandle", "GetSessionHandleV2"})


def places(tensors: Sequence[Tensor]) -> dict[int, Any]:
    """Where among fetches the handles stand: the type of what each stands for."""
    return {place: t.op._inputs[0]._dtype for place, t in enumerate(tensors) if t.op.type in _MAKERS}


def building(session: Any, parts: Any, handles: dict[int, Any]) -> Callable[[list[Any]], Any]:
    """The function that builds the result of a run from its values: `TensorHandle`s for handles."""

    def build(values: list[Any]) -> Any:
        return parts.build([TensorHandle(value, handles[place], session) if place in handles else value
                            for place, value in enumerate(values)])

    return build


def device_of(handle: Any) -> str:
    """The device on which the tensor of a handle is.

    Raises:
      ValueError: the handle is none.
    """
    text = handle.decode() if isinstance(handle, bytes) else str(handle)
    return devices.DeviceSpec.from_string(text.split(";")[-1]).to_string()


def reader(handle: Any, dtype: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Nodes for the tensor of a handle: the placeholder for the handle, and the tensor."""
    with get_default_graph().device(device_of(handle)):
        holder = raw.placeholder(dtype="string", shape=None)
        return holder, raw.get_session_tensor(holder, dtype=dtype, name=name)


def deleter(handle: Any, name: str | None = None) -> tuple[Tensor, Any]:
    """Nodes that forget the tensor of a handle: the placeholder for the handle, and the operation."""
    with get_default_graph().device(device_of(handle)):
        holder = raw.placeholder(dtype="string", shape=None)
        return holder, raw.delete_session_tensor(holder, name=name)


class TensorHandle:
    """A tensor that a session keeps; it may be fed like any value, and is forgotten with this object.

    Args:
      handle: the string that stands for it.
      dtype: the type of the tensor.
      session: the session.
    """

    __module__ = "tensorflow.python.ops.session_ops"

    def __init__(self, handle: Any, dtype: Any, session: Any):
        self._handle = handle.decode() if isinstance(handle, bytes) else str(handle)
        self._dtype = dtype
        self._session = session
        self._auto_gc_enabled = True

    def __del__(self) -> None:
        if self._auto_gc_enabled and not self._session._closed:
            self._store.drop(self._handle)

    def __str__(self) -> str:
        return self._handle

    @property
    def _store(self) -> SessionTensors:
        return SessionTensors.of(self._session.resources.named)

    @property
    def handle(self) -> str:
        """The string that stands for the tensor."""
        return self._handle

    def get_raw_handle(self) -> str:
        """The string that stands for the tensor, which from now on is kept until it is deleted."""
        self._auto_gc_enabled = False
        return self._handle

    def to_numpy_array(self) -> np.ndarray:
        """The handle as TensorFlow writes it: the bytes of a `ResourceHandleProto`."""
        proto = messages.module("resource_handle_pb2").ResourceHandleProto(
            device=self._handle.split(";")[-1], container="TensorHandle", name=self._handle)
        return np.frombuffer(proto.SerializeToString(), np.dtype([("resource", np.ubyte)]))

    def eval(self) -> Any:
        """The value of the tensor.

        Raises:
          TypeError: the tensor has been deleted.
        """
        self._check()
        readers = self._nodes("_handle_readers")
        key = self._handle.split(";")[0] + ";" + self._handle.split(";")[-1]
        if key not in readers:
            with self._session.graph.as_default():
                readers[key] = reader(self._handle, self._dtype)
        holder, tensor = readers[key]
        return self._session.run(tensor, {holder: self._handle})

    def delete(self) -> None:
        """Forget the tensor.

        Raises:
          TypeError: it has been deleted.
        """
        self._check()
        self._auto_gc_enabled = False
        deleters = self._nodes("_handle_deleters")
        if not deleters:
            with self._session.graph.as_default():
                deleters[0] = deleter(self._handle)
        holder, operation = deleters[0]
        self._session.run(operation, {holder: self._handle})

    def _check(self) -> None:
        if not self._auto_gc_enabled:
            raise TypeError(f"Persistent tensor {self._handle} may have already been deleted.")

    def _nodes(self, kind: str) -> dict[Any, Any]:
        """The nodes that the session's graph has for this already."""
        return vars(self._session.graph).setdefault(kind, {})

    def _kept_for(self, tensor: Tensor) -> Any:
        """The value, for a tensor that is fed with it."""
        have, value = self._store.get(self._handle)
        wanted = tensor._dtype.base_dtype.proto_name
        if have != wanted:
            raise errors.InvalidArgumentError(None, None, f"Expects arg[0] to be {_short(wanted)} but {_short(have)} "
                                              f"is provided\nThe handle that is fed for {tensor.name} stands for "
                                              "a tensor of another type.")
        return value


def _short(dtype: str) -> str:
    return dtype.removeprefix("DT_").lower()
