"""Held: trees that a session keeps under a handle, once they are given; and how ops call on them."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

from google.protobuf.message import DecodeError

from tfmagic.base import errors, messages
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops.queues.waiting import unwrapped


class Held:
    """What a handle names: a message, once it is given.

    Args:
      name: what the op that makes it calls it.

    Attributes:
      message: the message's name.
      resource: what TensorFlow calls the resource.
      refusal: the words for bytes that hold none.
    """

    is_handle = True
    message: ClassVar[str]
    resource: ClassVar[str]
    refusal: ClassVar[str]

    def __init__(self, name: str):
        self._name = name
        self.lock = threading.RLock()
        self._given: Any = None

    @property
    def is_made(self) -> bool:
        """Whether it is given."""
        return self._given is not None

    @property
    def given(self) -> Any:
        """The message.

        Raises:
          NotFoundError: none is given yet.
        """
        if self._given is None:
            raise errors.NotFoundError(None, None, f"Resource localhost/{self._name}/{self.resource} does not exist.")
        return self._given

    def make(self, serialized: Any) -> None:
        """Take over what bytes hold.

        Raises:
          InvalidArgumentError: they hold none.
        """
        try:
            self._given = getattr(messages.module("boosted_trees_pb2"), self.message).FromString(serialized.item())
        except DecodeError:
            raise invalid(self.refusal) from None

    def close(self) -> None:
        """The session is closed; there is nothing to free."""


def create(handle: Any, *given: Any) -> None:
    """Take over what is given, unless there is something."""
    held = unwrapped(handle)
    with held.lock:
        if not held.is_made:
            held.make(*given)


def deserialize(handle: Any, *given: Any) -> None:
    """Take over what is given in the place of what is there."""
    held = unwrapped(handle)
    with held.lock:
        assert held.given is not None
        held.make(*given)


def is_made(handle: Any) -> Any:
    """Whether there is something, as a tensor."""
    return torch.tensor(unwrapped(handle).is_made)


# --- ops on it --------------------------------------------------------------------------------------------------


def nothing(op: Any, *dims: Any) -> tuple[()]:
    """The dims of what gives nothing."""
    return ()


def calling(function: Any, *attrs: str) -> Any:
    """The kernel that calls a function of the inputs and of some attrs."""
    return lambda op, *inputs: op.call(function, *inputs, *(getattr(op, attr) for attr in attrs))


READS: dict[str, Any] = {"objects": True, "effect": "reads"}
WRITES: dict[str, Any] = {"objects": True, "effect": "writes"}
