"""How the items of collections become protos and come back: by the collection's name, or by what an item can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_registered: dict[str, tuple[Any, Callable[..., Any] | None, Callable[..., Any] | None]] = {}


def register_proto_function(collection_name: str, proto_type: Any = None, to_proto: Callable[..., Any] | None = None,
                            from_proto: Callable[..., Any] | None = None) -> None:
    """Say how the items of a collection become protos and come back.

    Args:
      collection_name: the collection.
      proto_type: the class of the protos.
      to_proto: `(item, export_scope=None) -> proto`.
      from_proto: `(proto, import_scope=None) -> item`.

    Raises:
      TypeError: a function is none.
    """
    if to_proto and not callable(to_proto):
        raise TypeError("to_proto must be callable.")
    if from_proto and not callable(from_proto):
        raise TypeError("from_proto must be callable.")
    _registered[collection_name] = proto_type, to_proto, from_proto


def proto_type(collection_name: str) -> Any:
    """The class of a collection's protos, or None."""
    return _registered[collection_name][0] if collection_name in _registered else None


def to_proto_function(collection_name: str) -> Callable[..., Any] | None:
    return _registered[collection_name][1] if collection_name in _registered else None


def from_proto_function(collection_name: str) -> Callable[..., Any] | None:
    return _registered[collection_name][2] if collection_name in _registered else None
