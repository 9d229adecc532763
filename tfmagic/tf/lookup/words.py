"""Tables from words to their places: index_table_from_tensor, index_table_from_file."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops.array.sequences import range_
from tfmagic.ops.array.shape_ops import size
from tfmagic.ops.math.cast import cast
from tfmagic.tf.lookup import tables
from tfmagic.tf.lookup.initializers import KeyValueTensorInitializer, TextFileIndex, TextFileInitializer
from tfmagic.tf.lookup.tables import FAST_HASH, StaticHashTable


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
        if not dtype.is_integer and keys.dtype.base_dtype != dtype:
            raise ValueError(f"Expected {dtype}, got {keys.dtype}.")
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
        file = constant_value(vocabulary_file) if isinstance(vocabulary_file, Tensor) else vocabulary_file
        name_of_file = file.item() if isinstance(file, np.ndarray) else file
        shown = name_of_file.decode() if isinstance(name_of_file, bytes) else name_of_file
        raise ValueError(f"vocab_size must be greater than 0, got {vocab_size}. vocabulary_file: {shown}")
    key_dtype = dtypes.as_dtype(key_dtype)
    if not key_dtype.is_integer and key_dtype != dtypes.string:
        raise TypeError("Only integer and string keys are supported.")
    with name_scope(name, "string_to_index"), name_scope(None, "hash_table"):
        made = TextFileInitializer(vocabulary_file, dtypes.int64 if key_dtype.is_integer else key_dtype,
                                   key_column_index, dtypes.int64, value_column_index, vocab_size, delimiter,
                                   "table_init")
        return _with_buckets(StaticHashTable(made, default_value), num_oov_buckets, hasher_spec, key_dtype)
