"""Lookup tables that runs change, and what a Saver saves of them."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.tf.lookup.tables import LookupInterface
from tfmagic.tf.saving.saveables import SaveableObject, SaveSpec


class _Saveable(SaveableObject):
    """All keys and values of a table."""

    def __init__(self, table: Any, name: str):
        keys, values = table.export()
        super().__init__(table, [SaveSpec(keys, "", name + "-keys"), SaveSpec(values, "", name + "-values")], name)
        self._saved_name = table.name

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        """The operation that fills the table anew."""
        with name_scope(f"{self._saved_name}_table_restore"), get_default_graph().colocate_with(
                self.op.resource_handle.op):
            return raw.lookup_table_import_v2(self.op.resource_handle, *restored_tensors)


class _Changing(LookupInterface):
    """A table that runs change."""

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Any, name: str,
                 default_name: str):
        super().__init__(key_dtype, value_dtype)
        self._name = name
        self._default_value = convert_to_tensor(default_value, self._value_dtype, name=default_name)

    def _keep(self, handle: Tensor, checkpoint: bool) -> None:
        self._resource_handle = handle
        if checkpoint:
            get_default_graph().add_to_collection(GraphKeys.SAVEABLE_OBJECTS, _Saveable(self, self._name))

    @property
    def resource_handle(self) -> Tensor:
        """The handle of the table."""
        return self._resource_handle

    @property
    def name(self) -> str:
        """The name of the table, without scopes."""
        return self._resource_handle.op.name.split("/")[-1]

    def _at(self, name: str | None, what: str, values: list[Any]) -> Any:
        return name_scope(name, f"{self.name}_{what}", [self._resource_handle, *values])

    def _beside(self) -> Any:
        return get_default_graph().colocate_with(self._resource_handle.op)

    def size(self, name: str | None = None) -> Tensor:
        """How many entries there are."""
        with self._at(name, "Size", []), self._beside():
            return raw.lookup_table_size_v2(self._resource_handle)

    def lookup(self, keys: Any, name: str | None = None) -> Tensor:
        """The values of keys; the default value where there is none."""
        with self._at(name, "lookup_table_find", [keys, self._default_value]):
            keys = convert_to_tensor(keys, self._key_dtype, name="keys")
            with self._beside():
                return raw.lookup_table_find_v2(self._resource_handle, keys, self._default_value)

    def insert(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """An operation that sets the values of keys."""
        with self._at(name, "lookup_table_insert", [keys, values]):
            keys = convert_to_tensor(keys, self._key_dtype, name="keys")
            values = convert_to_tensor(values, self._value_dtype, name="values")
            with self._beside():
                return raw.lookup_table_insert_v2(self._resource_handle, keys, values)

    def remove(self, keys: Any, name: str | None = None) -> Operation:
        """An operation that forgets keys.

        Raises:
          TypeError: they are of another type.
        """
        if keys.dtype != self._key_dtype:
            raise TypeError(f"Signature mismatch. Keys must be dtype {self._key_dtype}, got {keys.dtype}.")
        with self._at(name, "lookup_table_remove", [keys, self._default_value]):
            return raw.lookup_table_remove_v2(self._resource_handle, keys)

    def insert_or_assign(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """The same as `insert`."""
        return self.insert(keys, values, name)

    def erase(self, keys: Any, name: str | None = None) -> Operation:
        """The same as `remove`."""
        return self.remove(keys, name)

    def export(self, name: str | None = None) -> Any:
        """All keys and values."""
        with self._at(name, "lookup_table_export_values", []), self._beside():
            keys, values = raw.lookup_table_export_v2(self._resource_handle, self._key_dtype, self._value_dtype)
        return keys, values


class MutableHashTable(_Changing):
    """A table that runs change.

    Args:
      key_dtype: the type of the keys.
      value_dtype: the type of the values.
      default_value: the value of keys that are not there; its shape is that of a value.
      name: the name of the node.
      checkpoint: whether a Saver saves it.
    """

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Any, name: str = "MutableHashTable",
                 checkpoint: bool = True):
        super().__init__(key_dtype, value_dtype, default_value, name, "Const")
        kind = {"use_node_name_sharing": checkpoint, "key_dtype": self._key_dtype, "value_dtype": self._value_dtype,
                "name": name}
        shape = self._default_value.shape
        self._keep(raw.mutable_hash_table_of_tensors_v2(value_shape=shape, **kind) if shape.ndims else
                   raw.mutable_hash_table_v2(**kind), checkpoint)


@export("lookup.experimental.DenseHashTable")
class DenseHashTable(_Changing):
    """A table that runs change, with two keys that no entry may have.

    Args:
      key_dtype: the type of the keys.
      value_dtype: the type of the values.
      default_value: the value of keys that are not there; its shape is that of a value.
      empty_key: a key that no entry has.
      deleted_key: another one.
      initial_num_buckets: how much room there is at first.
      name: the name of the node.
      checkpoint: whether a Saver saves it.
    """

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Any, empty_key: Any, deleted_key: Any,
                 initial_num_buckets: int | None = None, name: str = "MutableDenseHashTable", checkpoint: bool = True):
        super().__init__(key_dtype, value_dtype, default_value, name, "default_value")
        empty = convert_to_tensor(empty_key, self._key_dtype, name="empty_key")
        deleted = convert_to_tensor(deleted_key, self._key_dtype, name="deleted_key")
        self._keep(raw.mutable_dense_hash_table_v2(
            empty, deleted, value_dtype=self._value_dtype, value_shape=self._default_value.shape,
            use_node_name_sharing=checkpoint, name=name,
            **({} if initial_num_buckets is None else {"initial_num_buckets": initial_num_buckets})), checkpoint)
