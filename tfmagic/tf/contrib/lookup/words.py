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
from tfmagic.ops.array.layout import range_
from tfmagic.ops.array.shape_ops import size
from tfmagic.ops.math.cast import cast
from tfmagic.tf.lookup import initializers, mutable, tables
from tfmagic.tf.lookup.initializers import KeyValueTensorInitializer, TextFileIndex, TextFileInitializer
from tfmagic.tf.lookup.tables import FAST_HASH, InitializableLookupTableBase, StaticHashTable

for _name, _thing in (("HasherSpec", tables.HasherSpec), ("IdTableWithHashBuckets", tables.IdTableWithHashBuckets),
                      ("InitializableLookupTableBase", InitializableLookupTableBase),
                      ("LookupInterface", tables.LookupInterface), ("MutableHashTable", mutable.MutableHashTable),
                      ("StrongHashSpec", tables.StrongHashSpec),
                      ("TableInitializerBase", initializers.TableInitializerBase)):
    export(f"contrib.lookup.{_name}")(_thing)
FastHashSpec = FAST_HASH


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


def _with_buckets(table: Any, num_oov_buckets: int, hasher_spec: Any, key_dtype: Any) -> Any:
    if not num_oov_buckets:
        return table
    return tables.IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec=hasher_spec, key_dtype=key_dtype)


@export("contrib.lookup.index_table_from_tensor")
def index_table_from_tensor(mapping: Any, num_oov_buckets: int = 0, default_value: int = -1,
                            hasher_spec: Any = FAST_HASH, dtype: Any = dtypes.string, name: str | None = None) -> Any:
    """A table from words to their places in a tensor.

    Args:
      mapping: the words.
      num_oov_buckets: how many buckets there are for other words.
      default_value: the value of other words where there are no buckets.
      hasher_spec: which hash puts words into buckets.
      dtype: the type of the words.
      name: the scope of the nodes.

    Raises:
      ValueError: no words, or words of another type.
    """
    if mapping is None:
        raise ValueError("mapping must be specified.")
    if num_oov_buckets < 0:
        raise ValueError(f"num_oov_buckets must be greater or equal than 0, got {num_oov_buckets}.")
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_integer and dtype != dtypes.string:
        raise TypeError("Only integer and string keys are supported.")
    with name_scope(name, "string_to_index"):
        keys = convert_to_tensor(mapping)
        if keys.dtype.is_integer != dtype.is_integer:
            raise ValueError(f"Expected {'integer' if dtype.is_integer else 'non-integer'}, got {keys.dtype}.")
        values = cast(range_(size(keys)), dtypes.int64)
        with name_scope(None, "hash_table"):
            made = KeyValueTensorInitializer(cast(keys, dtypes.int64) if keys.dtype.is_integer else keys, values,
                                             name="table_init")
            table = StaticHashTable(made, default_value)
            return _with_buckets(table, num_oov_buckets, hasher_spec, dtype)


@export("contrib.lookup.index_table_from_file")
def index_table_from_file(vocabulary_file: Any = None, num_oov_buckets: int = 0, vocab_size: int | None = None,
                          default_value: int = -1, hasher_spec: Any = FAST_HASH, key_dtype: Any = dtypes.string,
                          name: str | None = None, key_column_index: int = TextFileIndex.WHOLE_LINE,
                          value_column_index: int = TextFileIndex.LINE_NUMBER, delimiter: str = "\t") -> Any:
    """A table from the lines of a file to their numbers.

    Raises:
      ValueError: no file, or sizes that are none.
    """
    if vocabulary_file is None or isinstance(vocabulary_file, str) and not vocabulary_file:
        raise ValueError("vocabulary_file must be specified and must not be empty.")
    if num_oov_buckets < 0:
        raise ValueError(f"num_oov_buckets must be greater or equal than 0, got {num_oov_buckets}.")
    if vocab_size is not None and vocab_size < 1:
        file = convert_to_tensor(vocabulary_file) if isinstance(vocabulary_file, Tensor) else vocabulary_file
        raise ValueError(f"vocab_size must be greater than 0, got {vocab_size}. vocabulary_file: {file}")
    key_dtype = dtypes.as_dtype(key_dtype)
    if not key_dtype.is_integer and key_dtype != dtypes.string:
        raise TypeError("Only integer and string keys are supported.")
    with name_scope(name, "string_to_index"), name_scope(None, "hash_table"):
        made = TextFileIdTableInitializer(vocabulary_file, key_column_index, value_column_index, vocab_size, delimiter,
                                          "table_init", dtypes.int64 if key_dtype.is_integer else key_dtype)
        return _with_buckets(StaticHashTable(made, default_value), num_oov_buckets, hasher_spec, key_dtype)


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
