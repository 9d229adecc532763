"""Lookup tables: what a session keeps by container and name, filled once or changed by runs."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.formats.files import as_tensorflow, local_path
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.queues.waiting import own_name

_WHOLE = re.compile(rb"\s*-?[0-9]+\s*")
WHOLE_LINE, LINE_NUMBER = -2, -1


def _stopped(message: str) -> errors.FailedPreconditionError:
    return errors.FailedPreconditionError(None, None, message)


def _shown(value: Any, dtype: Any = None) -> str:
    """A key or value as messages write it: of a real number as few digits as tell it from all others of its type."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (float, np.floating)):
        digits = (6, 8) if dtype == dtypes.float32 else (15, 17)
        return next((text for text in (f"{value:.{count}g}" for count in digits)
                     if dtype is None or dtype.as_numpy_dtype(text) == value), f"{value:.{digits[1]}g}")
    return str(int(value) if isinstance(value, bool) else value)


def numbered(words: list[bytes]) -> dict[bytes, int]:
    """The line of each word.

    Raises:
      FailedPreconditionError: a word stands on two lines.
    """
    found: dict[bytes, int] = {}
    for number, word in enumerate(words):
        if found.setdefault(word, number) != number:
            raise _stopped(f"HashTable has different value for same key. Key {_shown(word)} has "
                           f"{_shown(found[word])} and trying to add value {_shown(number)}")
    return found


def lines_of(path: bytes, size: int = -1, short: bool = False) -> list[bytes]:
    """The lines of a file of words.

    Args:
      size: so many of them; all by default.
      short: whether fewer will do.

    Raises:
      NotFoundError: there is no such file.
      InvalidArgumentError: it has fewer, or one is empty.
      OutOfRangeError: it is empty.
    """
    name = _shown(path)
    with as_tensorflow(name), open(local_path(path), "rb") as file:
        lines = file.read().split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    if not lines and size < 0:
        raise errors.OutOfRangeError(None, None, "Read less bytes than requested")
    if b"" in lines[:size if size >= 0 else None]:
        place = sum(len(line) + 1 for line in lines[:lines.index(b"")]) + 1
        raise invalid(f"Invalid content in {name}: empty line found at position {place}.")
    if size < 0:
        return lines
    if len(lines) < size and not short:
        raise _too_few(name, size, len(lines))
    return lines[:size]


def _too_few(name: str, size: int, count: int) -> errors.InvalidArgumentError:
    return invalid(f"Invalid vocab_size in {name}: expected {size} but got {count}")


def _listed(array: np.ndarray) -> list[Any]:
    """Its elements; numbers with points stay of their type, which to change is to compute (`ops.denormals`)."""
    return list(array.ravel()) if array.dtype.kind == "f" else array.ravel().tolist()


class Table:
    """Values by keys.

    Args:
      op: the node that names it.
      fixed: whether it is filled once.
    """

    is_handle = True

    def __init__(self, op: Any, fixed: bool):
        attrs = op._attrs
        self._name = own_name(op)
        self._keys, self._types = attrs["key_dtype"], attrs["value_dtype"]
        shape = attrs.get("value_shape")
        self._shape: tuple[Any, ...] = () if shape is None else shapes.as_shape(shape)._dims or ()
        if op.type.startswith("MutableHashTableOfTensors") and len(self._shape) != 1:
            raise invalid(f"Default value must be a vector, got shape {shapes.brackets(self._shape)}")
        self._fixed, self._filled = fixed, not fixed
        self._values: dict[Any, Any] = {}
        self._lock = threading.Lock()

    def _keys_of(self, keys: Any) -> tuple[list[Any], tuple[int, ...]]:
        array = as_array(keys)
        return array.ravel().tolist(), array.shape

    def _tensor(self, values: list[Any], shape: tuple[int, ...], dtype: Any) -> Any:
        if dtype == dtypes.string:
            return objects(np.array(values, object).ravel().tolist() if values else [], shape)
        return torch.from_numpy(np.array(values, dtype.as_numpy_dtype).reshape(shape))

    def _default_value(self, default: Any) -> Any:
        """What stands for the value of a key that is not there."""
        standing = as_array(default)
        if standing.shape != self._shape:
            raise invalid(f"Expected shape {shapes.brackets(self._shape)} for default value, got "
                          f"{shapes.brackets(standing.shape)}")
        return standing if standing.ndim else _listed(standing)[0]

    def find(self, keys: Any, default: Any) -> Any:
        """The values of keys; the default where there is none.

        Raises:
          FailedPreconditionError: the table is to be filled, and is not yet.
        """
        if not self._filled:
            raise _stopped("Table not initialized.")
        flat, shape = self._keys_of(keys)
        instead = self._default_value(default)
        with self._lock:
            found = list(map(self._values.get, flat, itertools.repeat(instead)))
        return self._tensor(found, (*shape, *self._shape), self._types)

    def size(self) -> Any:
        """How many entries there are."""
        if not self._filled and self._fixed:
            return torch.tensor(0)
        return torch.tensor(len(self._values))

    def _rows(self, keys: Any, values: Any) -> tuple[list[Any], list[Any]]:
        flat, shape = self._keys_of(keys)
        array = as_array(values)
        if array.shape != (*shape, *self._shape):
            raise invalid(f"Expected shape {shapes.brackets((*shape, *self._shape))} for value, got "
                          f"{shapes.brackets(array.shape)}")
        if not self._shape:
            return flat, _listed(array)
        return flat, list(array.reshape(-1, *self._shape).copy())

    def _refuse_fixed(self, what: str) -> None:
        if self._fixed:
            raise errors.UnimplementedError(
                None, None, f"{what} not supported by InitializableLookupTable implementations")

    def insert(self, keys: Any, values: Any) -> None:
        """Set values of keys.

        Raises:
          UnimplementedError: the table is filled once.
        """
        self._refuse_fixed("Insert")
        rows = self._rows(keys, values)
        with self._lock:
            self._values.update(zip(*rows))

    def remove(self, keys: Any) -> None:
        """Forget keys; see `insert`."""
        self._refuse_fixed("Remove")
        flat, _ = self._keys_of(keys)
        with self._lock:
            for key in flat:
                self._values.pop(key, None)

    def initialize(self, keys: Any, values: Any) -> None:
        """Set all entries of a table that is filled once.

        Raises:
          InvalidArgumentError: it is not.
        """
        if not self._fixed:
            raise invalid(f"Table localhost {self._name} is not initializable")
        self.fill(keys, values)

    def fill(self, keys: Any, values: Any) -> None:
        """Set all entries: once in a table that is fixed, anew in another.

        Raises:
          FailedPreconditionError: a key comes with two values.
          InvalidArgumentError: a table that is fixed gets none.
        """
        rows = self._rows(keys, values)
        if self._fixed:
            if not rows[0]:
                raise invalid("keys and values cannot be empty tensors.")
            self._fill_once(zip(*rows))
            return
        with self._lock:
            self._values = dict(zip(*rows))

    def _fill_once(self, entries: Any, failures: Sequence[Exception] = ()) -> None:
        with self._lock:
            if self._filled:
                return
            made: dict[Any, Any] = {}
            for key, value in entries:
                if made.setdefault(key, value) != value:
                    raise _stopped(f"HashTable has different value for same key. Key {_shown(key)} has "
                                   f"{_shown(made[key], self._types)} and trying to add value "
                                   f"{_shown(value, self._types)}")
            for failure in failures:  # of what comes after the entries
                raise failure
            self._values, self._filled = made, True

    def fill_from_file(self, filename: Any, key_index: int, value_index: int, size: int, delimiter: Any) -> None:
        """Set all entries from the lines of a file.

        Raises:
          NotFoundError: there is no such file.
          InvalidArgumentError: its lines are not as they should be.
        """
        if self._filled:
            return
        mark = delimiter.encode() if isinstance(delimiter, str) else delimiter
        if len(mark) != 1:
            raise invalid("delimiter should be only 1 char")
        path = as_array(filename).item()
        name = _shown(path)
        lines = lines_of(path, size, short=True)
        entries = []
        for number, line in enumerate(lines):
            fields = line.split(mark) if max(key_index, value_index) >= 0 else ()
            if fields and len(fields) <= max(key_index, value_index):
                raise invalid(f"Invalid number of columns in {name} line {number} ({_shown(line)}) : expected "
                              f"{max(key_index, value_index)} got {len(fields)}")
            entries.append((self._field(line, fields, key_index, number, self._keys),
                            self._field(line, fields, value_index, number, self._types)))
        self._fill_once(entries, [] if len(entries) >= size else [_too_few(name, size, len(entries))])

    def _field(self, line: bytes, fields: Any, index: int, number: int, dtype: Any) -> Any:
        if index == LINE_NUMBER:
            return number
        text = line if index == WHOLE_LINE else fields[index]
        if dtype == dtypes.string:
            return text
        try:
            return int(text) if dtype.is_integer and _WHOLE.fullmatch(text) else float(
                "none" if dtype.is_integer else text)
        except ValueError:
            raise invalid(f"Field {_shown(text)} in line {number} is not a valid {dtype.proto_name}.") from None

    def export(self) -> tuple[Any, Any]:
        """All keys and values.

        Raises:
          AbortedError: the table is to be filled, and is not yet.
        """
        if not self._filled:
            raise errors.AbortedError(None, None, "HashTable is not initialized.")
        with self._lock:
            keys, values = list(self._values), list(self._values.values())
        return (self._tensor(keys, (len(keys),), self._keys),
                self._tensor(values, (len(keys), *self._shape), self._types))

    def close(self) -> None:
        """Nothing waits for it."""
