"""Values of a run as bytes: elements and positions of iterators, as files hold them. Reading them executes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.lazy import torch

# Types that NumPy has no name for are written as others of their size.
_AS = {"torch.bfloat16": "int16"}


# Objects in elements: kind -> their class, what of them is written, and what makes one of that.
_OBJECTS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {}


def writes(kind: str, cls: type, content: Callable[[Any], Any], made: Callable[[Any], Any]) -> None:
    """Let objects of a class be written: their content, plain data, of which they are made again."""
    _OBJECTS[kind] = cls, content, made


def to_bytes(value: Any) -> bytes:
    """Plain data as bytes: None, numbers, text, bytes, lists, tuples, dicts, tensors."""
    arrays: list[bytes] = []
    head = json.dumps(_packed(value, arrays)).encode()
    return b"".join([len(head).to_bytes(8, "little"), head, *arrays])


def from_bytes(data: bytes) -> Any:
    """What `to_bytes` wrote.

    Raises:
      DataLossError: it did not.
    """
    try:
        size = int.from_bytes(data[:8], "little")
        return _unpacked(json.loads(data[8:8 + size]), memoryview(data)[8 + size:])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise errors.DataLossError(None, None, f"The bytes of a saved element are damaged: {error}") from None


def element_to_bytes(element: tuple[Any, ...]) -> bytes:
    """An element as bytes."""
    return to_bytes(element)


def element_from_bytes(data: bytes) -> tuple[Any, ...]:
    """The element of some bytes."""
    return tuple(from_bytes(data))


def _packed(value: Any, arrays: list[bytes]) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, bytes):
        return {"bytes": _stored(value, arrays)}
    if isinstance(value, tuple):
        return {"tuple": [_packed(item, arrays) for item in value]}
    if isinstance(value, list):
        return {"list": [_packed(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_packed(key, arrays), _packed(item, arrays)] for key, item in value.items()]}
    if isinstance(value, torch.Tensor):
        kind = str(value.dtype)
        array = value.view(torch.int16).numpy() if kind in _AS else value.numpy()
        return {"tensor": [kind.removeprefix("torch."), array.dtype.str, list(array.shape),
                           _stored(np.ascontiguousarray(array).tobytes(), arrays)]}
    if isinstance(value, np.ndarray) and value.dtype == object and all(type(v) is bytes for v in value.ravel()):
        return {"strings": [list(value.shape), [_stored(item, arrays) for item in value.ravel()]]}
    for kind, (cls, content, _) in _OBJECTS.items():
        if isinstance(value, cls):
            return {kind: _packed(content(value), arrays)}
    raise errors.UnimplementedError(None, None, f"A value of type {type(value).__name__} in an element cannot be "
                                    "written to a file. Turn it into tensors by map.")


def _stored(data: bytes, arrays: list[bytes]) -> list[int]:
    start = sum(map(len, arrays)) if len(arrays) < 64 else _total(arrays)
    arrays.append(data)
    return [start, len(data)]


def _total(arrays: list[bytes]) -> int:
    joined = b"".join(arrays)
    arrays[:] = [joined]
    return len(joined)


def _unpacked(value: Any, data: Any) -> Any:
    if not isinstance(value, dict):
        return value
    (kind, given), = value.items()
    if kind == "text":
        return str(given)
    if kind == "bytes":
        return _taken(given, data)
    if kind in ("tuple", "list"):
        return (tuple if kind == "tuple" else list)(_unpacked(item, data) for item in given)
    if kind == "dict":
        return {_unpacked(key, data): _unpacked(item, data) for key, item in given}
    if kind == "strings":
        shape, places = given
        made = np.empty(len(places), object)
        made[:] = [_taken(place, data) for place in places]
        return made.reshape(shape)
    if kind in _OBJECTS:
        return _OBJECTS[kind][2](_unpacked(given, data))
    name, stored, shape, place = given
    if kind != "tensor" or np.dtype(stored).hasobject:
        raise ValueError(f"no value is of kind {kind}")
    array = np.frombuffer(_taken(place, data), stored).reshape(shape).copy()
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16).reshape(shape) if name == "bfloat16" else tensor


def _taken(place: list[int], data: Any) -> bytes:
    start, size = place
    if not 0 <= start <= start + size <= len(data):
        raise ValueError("a value lies outside of the data")
    return bytes(data[start:start + size])
