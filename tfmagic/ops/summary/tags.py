"""What the summary ops share: the scope and tag of a summary, its collections, its kernel's result."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tfmagic.base import errors, messages, tf_logging
from tfmagic.formats import wire
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops.array.rules import objects

# A summary is a protocol buffer in a string, made from values on the host.
HOST_SUMMARY: dict[str, Any] = {"traced": False, "because": "a summary is a host object"}


def clean(name: str | None) -> str | None:
    """A name as a tag and a scope may have it: other characters become `_`, and no `/` leads it."""
    if name is None:
        return None
    cleaned = re.sub(r"[^-/\w\.]", "_", name, flags=re.ASCII).lstrip("/")
    if cleaned != name:
        tf_logging.info("Summary name %s is illegal; using %s instead.", name, cleaned)
    return cleaned


@contextlib.contextmanager
def scope(name: str | None, family: str | None = None, default_name: str | None = None,
          values: list[Any] | None = None) -> Iterator[tuple[str, str]]:
    """The scope of one summary's nodes.

    Args:
      name: what the user calls the summary.
      family: what TensorBoard groups it under, or None.
      values: its inputs.
      default_name: its name where there is none.

    Yields:
      The tag, and the scope's name with its last `/`.
    """
    name, family = clean(name), clean(family)
    with name_scope(name if family is None else f"{family}/{name}", default_name, values) as full:
        tag = full.rstrip("/")
        yield (tag if family is None else f"{family}/{tag}"), full


def collect(val: Tensor, collections: Any, default_collections: tuple[str, ...] = (GraphKeys.SUMMARIES,)) -> Tensor:
    """Put a summary into its collections."""
    get_default_graph().add_to_collections(list(default_collections) if collections is None else collections, val)
    return val


def value(**fields: Any) -> Any:
    """One value of a `Summary`, without its tag."""
    return messages.module("summary_pb2").Summary.Value(**fields)


def packed(values: Iterable[tuple[bytes, Any]]) -> np.ndarray:
    """A kernel's result: tags and values as a `Summary` in a scalar string.

    The tags are written here because any bytes may be one, and Python's protocol buffers take UTF-8 only.

    Args:
      values: tags with a message for each, or its bytes.
    """
    return objects([b"".join(field(1, (field(1, tag) if tag else b"")
                                   + (value if isinstance(value, bytes) else value.SerializeToString()))
                             for tag, value in values)], ())


def field(number: int, content: bytes) -> bytes:
    """A field of bytes in a message: `Summary.value` is the first, and so is `tag` in it."""
    return wire.tag_bytes(number, wire.BYTES) + wire.varint_bytes(len(content)) + content


def one_tag(tag: Any, words: str) -> bytes:
    """The tag of a summary that has one.

    Args:
      tag: the array that should be a scalar.
      words: of the error.

    Raises:
      InvalidArgumentError: it is no scalar.
    """
    if tag.ndim:
        raise errors.InvalidArgumentError(None, None, words)
    return tag.item()
