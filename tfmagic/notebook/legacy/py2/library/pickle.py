"""`pickle` and `cPickle` of Python 2: reads what Python 2 wrote, also from and to files opened as text."""

from __future__ import annotations

import pickle
from typing import Any

# What a program unpickles is the program's own affair, as it was under Python 2.
_ENCODING = "latin1"  # text that Python 2 pickled are bytes: arrays need them one to one


def load(file: Any) -> Any:
    """The object that was pickled into an open file."""
    return pickle.load(_binary(file), encoding=_ENCODING)


def loads(data: Any) -> Any:
    """The object that was pickled into bytes, or into a text of Python 2."""
    return pickle.loads(data.encode(_ENCODING) if isinstance(data, str) else data, encoding=_ENCODING)


def dump(obj: Any, file: Any, protocol: int = 0) -> None:
    """Pickle an object into an open file."""
    pickle.dump(obj, _binary(file), protocol)


def dumps(obj: Any, protocol: int = 0) -> bytes:
    """Pickle an object into bytes."""
    return pickle.dumps(obj, protocol)


class Unpickler(pickle.Unpickler):
    """Reads one object after another from an open file."""

    def __init__(self, file: Any):
        super().__init__(_binary(file), encoding=_ENCODING)


class Pickler(pickle.Pickler):
    """Writes one object after another into an open file."""

    def __init__(self, file: Any, protocol: int = 0):
        super().__init__(_binary(file), protocol)


def _binary(file: Any) -> Any:
    return getattr(file, "buffer", file)


def __getattr__(name: str) -> Any:
    return getattr(pickle, name)
