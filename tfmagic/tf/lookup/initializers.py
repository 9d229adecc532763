"""What fills a lookup table: tensors of keys and values, or the lines of a file."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.tf.framework.scopes import device


class TableInitializerBase:
    """What fills a lookup table.

    Args:
      key_dtype: the type of the keys.
      value_dtype: that of the values.
    """

    shared_name = ""

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

    def initialize(self, table: Any) -> Operation:
        """The operation that fills a table."""
        raise NotImplementedError

    def check(self, table: Any) -> None:
        """Refuse a table of other types."""
        for what, wanted, found in (("key", table.key_dtype, self.key_dtype),
                                    ("value", table.value_dtype, self.value_dtype)):
            if wanted != found:
                raise TypeError(f"Invalid {what} dtype, expected {wanted} but got {found}.")


@export("lookup.KeyValueTensorInitializer")
class KeyValueTensorInitializer(TableInitializerBase):
    """Fills a table with the elements of two tensors.

    Args:
      keys: the keys.
      values: the value of each.
      key_dtype: their type, if `keys` is no tensor.
      value_dtype: their type, if `values` is no tensor.
      name: the scope of the node.
    """

    def __init__(self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None, name: str | None = None):
        self._keys = convert_to_tensor(keys, key_dtype, name="keys")
        self._values = convert_to_tensor(values, value_dtype, name="values")
        self._name = "key_value_init" if name is None else name
        super().__init__(self._keys.dtype, self._values.dtype)

    def initialize(self, table: Any) -> Operation:
        """The operation that fills a table."""
        self.check(table)
        with name_scope(self._name, values=(table.resource_handle, self._keys, self._values)):
            made = raw.lookup_table_import_v2(table.resource_handle, self._keys, self._values)
        get_default_graph().add_to_collection(GraphKeys.TABLE_INITIALIZERS, made)
        return made


@export("lookup.TextFileIndex")
class TextFileIndex:
    """What of a line is a key or a value: all of it, its number, or (0, 1, …) one of its fields."""

    WHOLE_LINE = -2
    LINE_NUMBER = -1


@export("lookup.TextFileInitializer")
class TextFileInitializer(TableInitializerBase):
    """Fills a table with the lines of a file.

    Args:
      filename: the file, a string or string tensor.
      key_dtype: the type of the keys.
      key_index: what of a line is the key (see `TextFileIndex`).
      value_dtype: the type of the values.
      value_index: what of a line is the value.
      vocab_size: how many lines count; None: all.
      delimiter: what stands between fields.
      name: the scope of the node.
    """

    def __init__(self, filename: Any, key_dtype: Any, key_index: int, value_dtype: Any, value_index: int,
                 vocab_size: int | None = None, delimiter: str = "\t", name: str | None = None):
        if not hasattr(filename, "dtype") and not filename:
            raise ValueError(f"Filename required for {name}.")
        key_dtype, value_dtype = dtypes.as_dtype(key_dtype), dtypes.as_dtype(value_dtype)
        for index, what in ((key_index, "key"), (value_index, "value")):
            if index < TextFileIndex.WHOLE_LINE:
                raise ValueError(f"Invalid {what} index {index}.")
        for index, dtype, what, whole in ((key_index, key_dtype, "Keys", "integer or string"),
                                          (value_index, value_dtype, "Values", f"dtype {dtypes.string}")):
            if index == TextFileIndex.LINE_NUMBER and dtype != dtypes.int64:
                raise ValueError(f"Signature mismatch. {what} must be dtype {dtypes.int64}, got {dtype}.")
            if index == TextFileIndex.WHOLE_LINE and not dtype.is_integer and dtype != dtypes.string:
                raise ValueError(f"Signature mismatch. {what} must be {whole}, got {dtype}.")
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(f"Invalid vocab_size {vocab_size}.")
        self._settings = (key_index, value_index, -1 if vocab_size is None else vocab_size, delimiter)
        self._name = "text_file_init" if name is None else name
        size = "" if vocab_size is None else f"_{vocab_size}"
        self.shared_name = f"hash_table_{getattr(filename, 'name', filename)}{size}_{key_index}_{value_index}"
        with device("CPU"):
            self._filename = convert_to_tensor(filename, dtypes.string, name="asset_path")
        get_default_graph().add_to_collection(GraphKeys.ASSET_FILEPATHS, self._filename)
        super().__init__(key_dtype, value_dtype)

    def initialize(self, table: Any) -> Operation:
        """The operation that fills a table."""
        self.check(table)
        key_index, value_index, size, delimiter = self._settings
        with name_scope(self._name, "text_file_init", (table.resource_handle,)):
            made = raw.initialize_table_from_text_file_v2(
                table.resource_handle, self._filename, key_index=key_index, value_index=value_index, vocab_size=size,
                delimiter=delimiter)
        get_default_graph().add_to_collection(GraphKeys.TABLE_INITIALIZERS, made)
        return made
