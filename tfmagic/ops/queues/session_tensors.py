"""Tensors that a session keeps between runs under handles: strings that can be fetched and fed."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.errors import invalid
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import single
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import kept, unwrapped

_DEVICE = "/job:localhost/replica:0/task:0/device:"


class SessionTensors:
    """The tensors of one session, by their handles."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    @classmethod
    def of(cls, named: Any) -> SessionTensors:
        """Those of a session, from what it keeps by name."""
        return named.single(cls)

    def keep(self, node: str, dtype: str, value: Any) -> Any:
        """Keep a value of a type, given as protos have it; gives its handle, a string tensor."""
        on_gpu = not isinstance(value, np.ndarray) and value.device.type == "cuda"
        place = f"{_DEVICE}GPU:{value.device.index or 0}" if on_gpu else f"{_DEVICE}CPU:0"
        with self._lock:
            handle = f"{node};{next(self._numbers)};{place}"
            self._values[handle] = dtype, kept(value)
        return single(handle.encode())

    def get(self, handle: Any) -> Any:
        """The type and the value of a handle.

        Raises:
          InvalidArgumentError: there is none.
        """
        name = _text(handle)
        found = self._values.get(name)
        if found is None:
            raise invalid(f"The tensor with handle '{name}' is not in the session store.")
        return found

    def typed(self, handle: Any, wanted: str, node: str) -> Any:
        """The value of a handle, which must be of this type.

        Raises:
          InternalError: it is of another.
        """
        have, value = self.get(handle)
        if have != wanted:
            kinds = [name.removeprefix("DT_").lower() for name in (have, wanted)]
            raise errors.InternalError(None, None, f"Output 0 of type {kinds[0]} does not match declared output type "
                                                   f"{kinds[1]} for node {node}\nGive tf.get_session_tensor the type "
                                                   "of what tf.get_session_handle was given.")
        return value

    def delete(self, handle: Any) -> None:
        """Forget the value of a handle.

        Raises:
          InvalidArgumentError: there is none.
        """
        name = _text(handle)
        if self._values.pop(name, None) is None:
            raise invalid(f"Failed to delete a tensor with handle '{name}' in the session store.")

    def drop(self, handle: str) -> None:
        """Forget the value of a handle that nobody has any more."""
        self._values.pop(handle, None)

    def close(self) -> None:
        """Forget all: the session is closed."""
        self._values.clear()


def _text(handle: Any) -> str:
    text = unwrapped(handle)
    return text.decode() if isinstance(text, bytes) else str(text)


def _kept(op: Any) -> Any:
    return op.constant(SessionTensors.of(op.named))


for _name in ("GetSessionHandle", "GetSessionHandleV2"):
    register(_name, shape_rules.scalar, lambda op, value: _kept(op).keep(
        op.op.name, op.T.proto_name, value), objects=True, effect="writes")
def _handle_shape(op: Any, handle: Dims) -> Dims:
    """A text names the tensor, of which nothing is known."""
    shape_rules.with_rank(handle, 0)
    return None if op.op.type == "GetSessionTensor" else ()


register("GetSessionTensor", _handle_shape,
         lambda op, handle: _kept(op).typed(handle, op.dtype.proto_name, op.op.name), objects=True, effect="reads")
register("DeleteSessionTensor", _handle_shape, lambda op, handle: _kept(op).delete(handle), objects=True,
         effect="writes")
