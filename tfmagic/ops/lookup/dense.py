"""Dense hash tables: entries stand in buckets, in TensorFlow's order, and are exported and saved as they stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.hash64 import MASK, combined, hash64
from tfmagic.base.lazy import torch
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.lookup.tables import Table

_LEAST = 4  # buckets


def _hash_of_one(key: Any) -> int:
    return hash64(key) if isinstance(key, bytes) else int(key) & MASK


def _hash(key: tuple[Any, ...]) -> int:
    """Where a key belongs: whole numbers are their own hash, several parts are mixed."""
    if len(key) == 1:
        return _hash_of_one(key[0])
    mixed = 0
    for part in key:
        mixed = combined(mixed, _hash_of_one(part))
    return mixed


class DenseTable(Table):
    """Values by keys, both of which may be tensors; two keys are none: those of empty buckets and of removed entries.

    Args:
      op: the node that names it.
    """

    def __init__(self, op: Any):
        super().__init__(op, False)
        if len(self._shape) > 1:
            raise invalid(f"Empty value must be a scalar or a vector, got shape {shapes.brackets(self._shape)}")
        self._load, self._least = op._attrs["max_load_factor"], op._attrs["initial_num_buckets"]
        self._ready = False

    def reserve(self, empty: Any, deleted: Any) -> DenseTable:
        """Say which keys are none; the buckets are made.

        Raises:
          InvalidArgumentError: they are the same, or of other shapes, or the node's attrs are none.
        """
        with self._lock:
            if self._ready:
                return self
            if not 0 < self._load < 1:
                raise invalid(f"max_load_factor must be between 0 and 1, got: {self._load:g}")
            first, second = as_array(empty), as_array(deleted)
            if first.shape != second.shape:
                raise invalid("Empty and deleted keys must have same shape, got shapes: "
                              f"{shapes.brackets(first.shape or (1,))} and {shapes.brackets(second.shape or (1,))}")
            self._key_shape = first.shape
            self._empty, self._deleted = tuple(first.ravel().tolist()), tuple(second.ravel().tolist())
            if self._empty == self._deleted:
                raise invalid("Empty and deleted keys cannot be equal")
            self._standing: Any = b"" if self._types == dtypes.string else np.zeros(
                self._shape, self._types.as_numpy_dtype)
            self._clear(self._least)
            self._ready = True
        return self

    def _clear(self, buckets: int) -> None:
        if buckets < _LEAST or buckets & (buckets - 1):
            raise invalid(f"Number of buckets must be at least {_LEAST} and a power of 2, got: {buckets}")
        self._buckets: list[Any] = [self._empty] * buckets
        self._kept: list[Any] = [self._standing] * buckets
        self._entries = 0

    def _split(self, keys: Any) -> tuple[Any, tuple[int, ...]]:
        """Keys as an array, and the dimensions before those of a key."""
        array = as_array(keys)
        rank = len(self._key_shape)
        if array.shape[array.ndim - rank:] != self._key_shape or array.ndim < rank:
            raise invalid(f"Input key shape {shapes.brackets(array.shape)} must end with the table's key shape "
                          f"{shapes.brackets(self._key_shape)}")
        return array, array.shape[:array.ndim - rank]

    def _listed(self, array: Any) -> list[tuple[Any, ...]]:
        """The keys of an array whose first dimension counts them.

        Raises:
          InvalidArgumentError: it has more dimensions, or a key is reserved.
        """
        count = array.shape[0] if array.ndim else 1
        size = len(self._empty)
        if array.size != count * size:
            raise invalid(f"Expected key shape {shapes.brackets((count, *self._key_shape))} got "
                          f"{shapes.brackets(array.shape)}")
        flat = array.ravel().tolist()
        found = [tuple(flat[at:at + size]) for at in range(0, len(flat), size)]
        for key, name in ((self._empty, "empty_key"), (self._deleted, "deleted_key")):
            if key in found:
                raise invalid(f"Using the {name} as a table key is not allowed")
        return found

    def _values_of(self, values: Any, before: tuple[int, ...]) -> list[Any]:
        array = as_array(values)
        if array.shape != (*before, *self._shape):
            raise invalid(f"Expected shape {shapes.brackets((*before, *self._shape))} for value, got "
                          f"{shapes.brackets(array.shape)}")
        return list(array.reshape(-1, *self._shape).copy())

    def _place(self, key: tuple[Any, ...], free: bool) -> int:
        """The bucket of a key; -1, or with `free` one for it, where it has none."""
        mask = len(self._buckets) - 1
        place = _hash(key) & mask
        for step in range(1, len(self._buckets) + 1):
            held = self._buckets[place]
            if held == key or free and held in (self._empty, self._deleted):
                return place
            if held == self._empty:
                return -1
            place = (place + step) & mask
        raise errors.InternalError(None, None, "Internal error in MutableDenseHashTable lookup")

    def find(self, keys: Any, default: Any) -> Any:
        """The values of keys; the default where there is none."""
        array, before = self._split(keys)
        instead = self._default_value(default)
        with self._lock:
            places = [self._place(key, False) for key in self._listed(array)]
            found = [instead if place < 0 else self._kept[place] for place in places]
        return self._tensor(found, (*before, *self._shape), self._types)

    def size(self) -> Any:
        """How many entries there are."""
        return torch.tensor(self._entries)

    def insert(self, keys: Any, values: Any) -> None:
        """Set values of keys."""
        array, before = self._split(keys)
        rows = self._values_of(values, before)
        with self._lock:
            wanted = self._listed(array)
            buckets = len(self._buckets)
            while self._entries + len(wanted) > buckets * self._load:
                buckets *= 2
            if buckets > len(self._buckets):
                self._grow(buckets)
            for key, row in zip(wanted, rows):
                self._put(key, row)

    def _put(self, key: tuple[Any, ...], value: Any) -> None:
        place = self._place(key, True)
        self._entries += self._buckets[place] != key
        self._buckets[place], self._kept[place] = key, value

    def _grow(self, buckets: int) -> None:
        held = list(zip(self._buckets, self._kept))
        self._clear(buckets)
        for key, value in held:
            if key not in (self._empty, self._deleted):
                self._put(key, value)

    def remove(self, keys: Any) -> None:
        """Forget keys."""
        array, _ = self._split(keys)
        with self._lock:
            for key in self._listed(array):
                place = self._place(key, False)
                if place >= 0:
                    self._buckets[place] = self._deleted
                    self._entries -= 1

    def fill(self, keys: Any, values: Any) -> None:
        """Set all buckets as `export` gave them: a row of keys and one of values for each."""
        array, rows = as_array(keys), as_array(values)
        size = int(np.prod(self._shape, dtype=int))
        wanted = (*array.shape[:-1], size)
        if rows.shape != wanted:
            raise invalid(f"Expected shape {shapes.brackets(wanted)} for value, got {shapes.brackets(rows.shape)}")
        held = [tuple(row) for row in array.tolist()]
        with self._lock:
            self._clear(len(held))
            self._buckets, self._kept = held, list(rows.reshape(-1, *self._shape).copy())
            self._entries = sum(key not in (self._empty, self._deleted) for key in held)

    def export(self) -> tuple[Any, Any]:
        """All buckets: [buckets, size of a key] and [buckets, size of a value]."""
        with self._lock:
            keys, values = list(self._buckets), list(self._kept)
        shape = len(keys), len(self._empty)
        flat = [part for key in keys for part in key]
        held = objects(flat, shape) if self._keys == dtypes.string else torch.from_numpy(
            np.array(flat, self._keys.as_numpy_dtype).reshape(shape))
        return held, self._tensor(values, (len(values), int(np.prod(self._shape, dtype=int))), self._types)
