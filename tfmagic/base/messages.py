"""TensorFlow's protocol buffers, as the tensorboard package ships them, printed as TensorFlow 1.15 prints them."""

from __future__ import annotations

import functools
import importlib.util
from types import ModuleType
from typing import Any

HOME = "tensorboard.compat.proto"


def is_module(name: str) -> bool:
    """Whether there is such a module."""
    return importlib.util.find_spec(f"{HOME}.{name}") is not None


@functools.cache
def module(name: str) -> ModuleType:
    """The module of this name ("graph_pb2"): its messages print the entries of maps in the order of their keys.

    Today's protobuf prints them in no particular order, so the same node would print differently twice.
    """
    from google.protobuf import text_format
    from google.protobuf.message import Message

    found = importlib.import_module(f"{HOME}.{name}")
    for thing in vars(found).values():
        if isinstance(thing, type) and issubclass(thing, Message):
            kind: Any = thing
            kind.__str__ = kind.__repr__ = text_format.MessageToString
    return found
