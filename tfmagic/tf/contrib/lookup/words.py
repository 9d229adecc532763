"""tf.contrib.lookup: tables of words and ids in one call."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array.sequences import range_
from tfmagic.ops.array.shape_ops import size
from tfmagic.ops.math.cast import cast
from tfmagic.tf.lookup import initializers, mutable, tables
from tfmagic.tf.lookup.initializers import KeyValueTensorInitializer, TextFileIndex, TextFileInitializer
from tfmagic.tf.lookup.tables import FAST_HASH, InitializableLookupTableBase, StaticHashTable
from tfmagic.tf.lookup.words import index_table_from_file, index_table_from_tensor

for _name, _thing in (("HasherSpec", tables.HasherSpec), ("IdTableWithHashBuckets", tables.IdTableWithHashBuckets),
                      ("InitializableLookupTableBase", InitializableLookupTableBase),
                      ("LookupInterface", tables.LookupInterface), ("MutableHashTable", mutable.MutableHashTable),
                      ("StrongHashSpec", tables.StrongHashSpec),
                      ("TableInitializerBase", initializers.TableInitializerBase)):
    export(f"contrib.lookup.{_name}")(_thing)
FastHashSpec = export("contrib.lookup.FastHashSpec")(FAST_HASH)


@export("contrib.lookup.HashTable")
class HashTable(InitializableLookupTableBase):
    """A table that is filled once.

    Args:
      initializer: what fills it.
      default_value: the value of keys that are not there.
      shared_name: a name under which other sessions' graphs mean it too.
      name: the name of the node.
    """

    def __init__(self, initializer: Any, default_value: Any, shared_name: str | None = None, name: str | None = None):
        self._shared_name, self._name = shared_name or "", name or "hash_table"
        super().__init__(default_value, initializer)

    def _create_resource(self) -> Tensor:
        return raw.hash_table_v2(shared_name=self._shared_name, key_dtype=self._initializer.key_dtype,
                                 value_dtype=self._initializer.value_dtype, name=self._name)

    @property
    def init(self) -> Any:
        """The operation that fills the table."""
        return self.initializer


@export("contrib.lookup.TextFileIdTableInitializer")
class TextFileIdTableInitializer(TextFileInitializer):
    """Fills a table with the lines of a file as keys, and their numbers."""

    def __init__(self, filename: Any, key_column_index: int = TextFileIndex.WHOLE_LINE,
                 value_column_index: int = TextFileIndex.LINE_NUMBER, vocab_size: int | None = None,
                 delimiter: str = "\t", name: str = "text_file_id_table_init", key_dtype: Any = dtypes.string):
        super().__init__(filename, key_dtype, key_column_index, dtypes.int64, value_column_index, vocab_size, delimiter,
                         name)


@export("contrib.lookup.TextFileStringTableInitializer")
class TextFileStringTableInitializer(TextFileInitializer):
    """Fills a table with the numbers of a file's lines as keys, and the lines."""

    def __init__(self, filename: Any, key_column_index: int = TextFileIndex.LINE_NUMBER,
                 value_column_index: int = TextFileIndex.WHOLE_LINE, vocab_size: int | None = None,
                 delimiter: str = "\t", name: str = "text_file_string_table_init"):
        super().__init__(filename, dtypes.int64, key_column_index, dtypes.string, value_column_index, vocab_size,
                         delimiter, name)


@export("contrib.lookup.index_to_string_table_from_tensor")
def index_to_string_table_from_tensor(mapping: Any, default_value: str = "UNK", name: str | None = None) -> Any:
    """A table from places in a tensor to the words there."""
    if mapping is None:
        raise ValueError("mapping must be specified.")
    with name_scope(name, "index_to_string"):
        values = convert_to_tensor(mapping, dtypes.string)
        keys = cast(range_(size(values)), dtypes.int64)
        return StaticHashTable(KeyValueTensorInitializer(keys, values, name="table_init"), default_value)


@export("contrib.lookup.index_to_string_table_from_file")
def index_to_string_table_from_file(vocabulary_file: Any, vocab_size: int | None = None, default_value: str = "UNK",
                                    name: str | None = None, key_column_index: int = TextFileIndex.LINE_NUMBER,
                                    value_column_index: int = TextFileIndex.WHOLE_LINE, delimiter: str = "\t") -> Any:
    """A table from the numbers of a file's lines to the lines."""
    if vocabulary_file is None or isinstance(vocabulary_file, str) and not vocabulary_file:
        raise ValueError("vocabulary_file must be specified and must not be empty.")
    if vocab_size is not None and vocab_size < 1:
        raise ValueError(f"vocab_size must be greater than 0, got {vocab_size}.")
    with name_scope(name, "index_to_string"):
        made = TextFileStringTableInitializer(vocabulary_file, key_column_index, value_column_index, vocab_size,
                                              delimiter, "table_init")
        return StaticHashTable(made, default_value)


@export("contrib.lookup.string_to_index_table_from_tensor")
@deprecated("2017-04-10", "Use `index_table_from_tensor`.")
def string_to_index_table_from_tensor(mapping: Any, num_oov_buckets: int = 0, default_value: int = -1,
                                      hasher_spec: Any = FAST_HASH, name: str | None = None) -> Any:
    """A table from words to their places in a tensor.

    Raises:
      ValueError: what is given holds no strings.
    """
    with name_scope(name, "string_to_index") as scope:
        mapping = convert_to_tensor(mapping)
        if mapping.dtype.base_dtype != dtypes.string:
            raise ValueError("string_to_index_table_from_tensor requires string.")
        return index_table_from_tensor(mapping, num_oov_buckets, default_value, hasher_spec, name=scope)


@export("contrib.lookup.string_to_index_table_from_file")
@deprecated("2017-04-10", "Use `index_table_from_file`.")
def string_to_index_table_from_file(vocabulary_file: Any = None, num_oov_buckets: int = 0,
                                    vocab_size: int | None = None, default_value: int = -1,
                                    hasher_spec: Any = FAST_HASH, name: str | None = None) -> Any:
    """A table from the lines of a file to their numbers."""
    return index_table_from_file(vocabulary_file, num_oov_buckets, vocab_size, default_value, hasher_spec, name=name)


@export("contrib.lookup.index_to_string")
@deprecated("2017-01-07", "This op will be removed after the deprecation date. Please switch to "
            "index_to_string_table_from_tensor and call the lookup method of the returned table.")
def index_to_string(tensor: Any, mapping: Any, default_value: str = "UNK", name: str | None = None) -> Tensor:
    """The words at places of a list."""
    return index_to_string_table_from_tensor(mapping, default_value, name).lookup(tensor)


@export("contrib.lookup.string_to_index")
@deprecated("2017-01-07", "This op will be removed after the deprecation date. Please switch to "
            "index_table_from_tensor and call the lookup method of the returned table.")
def string_to_index(tensor: Any, mapping: Any, default_value: int = -1, name: str | None = None) -> Tensor:
    """The places of words in a list."""
    return index_table_from_tensor(mapping, default_value=default_value, name=name).lookup(tensor)
