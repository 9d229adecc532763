"""Lookup tables that are filled once, with or without buckets for keys that they lack."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import raw
from tfmagic.ops.array.select import where_v2
from tfmagic.ops.math.cast import cast


class LookupInterface:
    """What all lookup tables have.

    Args:
      key_dtype: the type of the keys.
      value_dtype: that of the values.
    """

    def __init__(self, key_dtype: Any, value_dtype: Any):
        self._key_dtype, self._value_dtype = dtypes.as_dtype(key_dtype), dtypes.as_dtype(value_dtype)

    @property
    def key_dtype(self) -> Any:
        """The type of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> Any:
        """The type of the values."""
        return self._value_dtype

    @property
    def name(self) -> str:
        """The name of the table."""
        raise NotImplementedError

    def size(self, name: str | None = None) -> Tensor:
        """How many entries there are."""
        raise NotImplementedError

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys."""
        raise NotImplementedError

    def refuse(self, keys: Any) -> None:
        """Raise a TypeError for keys of another type."""
        if keys.dtype.base_dtype != self._key_dtype:
            raise TypeError(f"Signature mismatch. Keys must be dtype {self._key_dtype}, got {keys.dtype}.")


class InitializableLookupTableBase(LookupInterface):
    """A table that an operation fills.

    Args:
      default_value: the value of keys that are not there.
      initializer: what fills it.
    """

    def __init__(self, default_value: Any, initializer: Any):
        super().__init__(initializer.key_dtype, initializer.value_dtype)
        self._default_value = convert_to_tensor(default_value, self._value_dtype)
        self._initializer = initializer
        self._resource_handle = self._create_resource()
        self._init_op = initializer.initialize(self)

    def _create_resource(self) -> Tensor:
        raise NotImplementedError

    @property
    def resource_handle(self) -> Tensor:
        """The handle of the table."""
        return self._resource_handle

    @property
    def name(self) -> str:
        """The name of the table, without scopes."""
        return self._resource_handle.op.name.split("/")[-1]

    @property
    def default_value(self) -> Tensor:
        """The value of keys that are not there."""
        return self._default_value

    @property
    def initializer(self) -> Operation:
        """The operation that fills the table."""
        return self._init_op

    def size(self, name: str | None = None) -> Tensor:
        """How many entries there are."""
        with name_scope(name, f"{self.name}_Size", [self._resource_handle]):
            return raw.lookup_table_size_v2(self._resource_handle)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys.

        Args:
          keys: a tensor or sparse tensor.
          name: the scope of the node.

        Raises:
          TypeError: they are of another type.
        """
        values = keys.values if isinstance(keys, SparseTensor) else keys
        self.refuse(keys)
        with name_scope(name, f"{self.name}_Lookup", (self._resource_handle, values, self._default_value)):
            found = raw.lookup_table_find_v2(self._resource_handle, values, self._default_value)
        found.set_shape(values.shape)
        return SparseTensor(keys.indices, found, keys.dense_shape) if isinstance(keys, SparseTensor) else found


@export("lookup.StaticHashTable")
class StaticHashTable(InitializableLookupTableBase):
    """A table that is filled once.

    Args:
      initializer: what fills it.
      default_value: the value of keys that are not there.
      name: the name of the node.
    """

    def __init__(self, initializer: Any, default_value: Any, name: str | None = None):
        self._name = name or "hash_table"
        self._shared_name = initializer.shared_name or f"hash_table_{uuid.uuid4()}"
        super().__init__(default_value, initializer)

    def _create_resource(self) -> Tensor:
        return raw.hash_table_v2(shared_name=self._shared_name, key_dtype=self._initializer.key_dtype,
                                 value_dtype=self._initializer.value_dtype, name=self._name)

    def export(self, name: str | None = None) -> Any:
        """All keys and values."""
        with name_scope(name, f"{self.name}_Export", [self._resource_handle]):
            keys, values = raw.lookup_table_export_v2(self._resource_handle, self._key_dtype, self._value_dtype)
        values.set_shape(keys.shape.concatenate(self._default_value.shape))
        return keys, values


class HasherSpec(NamedTuple):
    """How keys that a table lacks are put into buckets."""

    hasher: Any
    key: Any


FAST_HASH = HasherSpec("fasthash", None)


class StrongHashSpec(HasherSpec):
    """Buckets by a hash with a key.

    Args:
      key: two integers.
    """

    __slots__ = ()

    def __new__(cls, key: Sequence[int]) -> StrongHashSpec:
        if len(key) != 2:
            raise ValueError(f"key must have size 2, got {len(key)}.")
        if not all(isinstance(part, int) for part in key):
            raise TypeError("Invalid key. Must be unsigned integer values.")
        return super().__new__(cls, "stronghash", key)


class IdTableWithHashBuckets(LookupInterface):
    """A table of ids, and buckets for keys that it lacks.

    Args:
      table: the table; None: all keys go into buckets.
      num_oov_buckets: how many buckets.
      hasher_spec: which hash.
      name: the name; that of `table` by default.
      key_dtype: the type of the keys.
    """

    def __init__(self, table: Any, num_oov_buckets: int, hasher_spec: Any = FAST_HASH, name: str | None = None,
                 key_dtype: Any = None):
        if name:
            name = name.rstrip("/")
        if table is None:
            if num_oov_buckets <= 0:
                raise ValueError("oov_buckets must be > 0 if no table is supplied.")
            key_dtype, name = dtypes.string if key_dtype is None else key_dtype, name or "hash_bucket"
        else:
            key_dtype, name = table.key_dtype if key_dtype is None else key_dtype, name or table.name
            _check_types(table, key_dtype)
        key_dtype = dtypes.as_dtype(key_dtype)
        if not key_dtype.is_integer and key_dtype != dtypes.string:
            raise TypeError(f"Invalid key_dtype, expected integer or string, got {key_dtype}.")
        if not isinstance(hasher_spec, HasherSpec):
            raise TypeError(f"hasher_spec must be of type HasherSpec, got {hasher_spec}")
        self._table, self._name, self._buckets, self._hasher_spec = table, name, num_oov_buckets, hasher_spec
        super().__init__(key_dtype, dtypes.int64)

    @property
    def resource_handle(self) -> Tensor | None:
        """The handle of the table."""
        return None if self._table is None else self._table.resource_handle

    @property
    def name(self) -> str:
        """The name of the table."""
        return self._name

    @property
    def initializer(self) -> Operation:
        """The operation that fills the table."""
        if self._table is not None:
            return self._table.initializer
        with name_scope(None, "init"):
            return raw.no_op()

    @property
    def init(self) -> Operation:
        """The same."""
        return self.initializer

    def size(self, name: str | None = None) -> Tensor:
        """How many ids there are, buckets included."""
        with name_scope(name, f"{self.name}_Size"):
            known = self._table.size() if self._table is not None else convert_to_tensor(0, dtypes.int64)
            return known + self._buckets

    def _bucket(self, values: Any, name: str) -> Tensor:
        kind, key = self._hasher_spec
        if kind not in ("fasthash", "stronghash"):
            raise ValueError(f"Unknown hasher {kind}")
        if kind == "fasthash":
            return raw.string_to_hash_bucket_fast(values, num_buckets=self._buckets, name=name)
        return raw.string_to_hash_bucket_strong(values, num_buckets=self._buckets, key=list(key), name=name)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The ids of keys.

        Raises:
          TypeError: they are of another type.
        """
        self.refuse(keys)
        values = keys.values if isinstance(keys, SparseTensor) else keys
        if self._table is not None and self._table.key_dtype.base_dtype == dtypes.int64:
            values = cast(values, dtypes.int64)
        if not self._buckets:
            ids = self._table.lookup(values, name=name)
        else:
            with name_scope(name, f"{self.name}_Lookup"):
                text = raw.as_string(values) if values.dtype.base_dtype != dtypes.string else values
                ids = self._bucket(text, "hash_bucket")
                if self._table is not None:
                    found = self._table.lookup(values)
                    ids = raw.add(ids, self._table.size())
                    ids = where_v2(raw.not_equal(found, self._table.default_value), found, ids)
        return SparseTensor(keys.indices, ids, keys.dense_shape) if isinstance(keys, SparseTensor) else ids


def _check_types(table: Any, key_dtype: Any) -> None:
    key_dtype, own = dtypes.as_dtype(key_dtype), table.key_dtype
    if own not in (dtypes.int64, dtypes.string):
        raise TypeError(f"Invalid key dtype, expected one of (tf.int64, tf.string), but got {own}.")
    if own.is_integer != key_dtype.is_integer:
        raise TypeError(f"Invalid key dtype, expected {'integer' if key_dtype.is_integer else 'non-integer'} but got "
                        f"{own}.")
    if table.value_dtype != dtypes.int64:
        raise TypeError(f"Invalid value dtype, expected {dtypes.int64} but got {table.value_dtype}.")


@export("lookup.StaticVocabularyTable")
class StaticVocabularyTable(IdTableWithHashBuckets):
    """A table of ids of words, and buckets for words that it lacks.

    Args:
      initializer: what fills it; None: all words go into buckets.
      num_oov_buckets: how many buckets.
      lookup_key_dtype: the type of the keys.
      name: the name of the node.
    """

    def __init__(self, initializer: Any, num_oov_buckets: int, lookup_key_dtype: Any = None, name: str | None = None):
        if num_oov_buckets <= 0:
            raise ValueError("oov_buckets must be > 0.")
        if initializer is not None:
            _check_types(initializer, initializer.key_dtype if lookup_key_dtype is None else lookup_key_dtype)
            table = StaticHashTable(initializer, default_value=-1)
            super().__init__(table, num_oov_buckets, name=name, key_dtype=lookup_key_dtype)
        else:
            super().__init__(None, num_oov_buckets, name=name)
