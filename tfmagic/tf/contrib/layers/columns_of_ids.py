"""Former columns of ids: sparse_column_with_*, weighted_sparse_column, crossed_column."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api
from tfmagic.ops.sparse.crossing import feature_cross
from tfmagic.tf.contrib.layers.columns import Get, OfIds, as_sparse
from tfmagic.tf.contrib.layers.columns_of_numbers import BucketizedColumn
from tfmagic.tf.lookup.words import index_table_from_file, index_table_from_tensor
from tfmagic.tf.parsing.features import VarLenFeature


class _Lookup(NamedTuple):
    vocabulary_file: Any = None
    keys: Any = None
    num_oov_buckets: Any = 0
    vocab_size: Any = None
    default_value: Any = -1

    def __repr__(self) -> str:
        fields = ", ".join(f"{field}={getattr(self, field)!r}" for field in self._fields)
        return f"_SparseIdLookupConfig({fields})"


class _Sparse(NamedTuple):
    column_name: Any
    is_integerized: Any
    bucket_size: Any
    lookup_config: Any
    combiner: Any
    dtype: Any


class SparseColumn(_Sparse, OfIds):
    """A column of the ids of one feature."""

    __slots__ = ()
    _shown = "_SparseColumn"
    __repr__ = OfIds.__repr__

    @property
    def name(self) -> str:
        """The name of the feature."""
        return self.column_name

    @property
    def config(self) -> dict[str, Any]:
        """The feature, of any number of values."""
        return {self.column_name: VarLenFeature(self.dtype)}

    @property
    def length(self) -> int:
        """How many ids there are."""
        if self.lookup_config is not None:
            return self.lookup_config.vocab_size + self.lookup_config.num_oov_buckets
        return self.bucket_size

    def is_compatible(self, other_column: Any) -> bool:
        """Whether another column has the same ids, so that both can share vectors."""
        if self.lookup_config is not None:
            return self.lookup_config == other_column.lookup_config
        return self.length == other_column.length and self.is_integerized == other_column.is_integerized

    def made(self, get: Get) -> SparseTensor:
        found = as_sparse(get(self.column_name))
        return SparseTensor(found.indices, self.ids(found.values), found.dense_shape)

    def ids(self, values: Any) -> Any:
        """The ids of a feature's values."""
        raise NotImplementedError

    def deep(self, tensor: Any, rank: int, collections: Any, trainable: bool) -> Any:
        self.refuse_deep("SparseColumn", "embedding_column or one_hot_column")


class _SparseColumnIntegerized(SparseColumn):
    """A column of integers."""

    __slots__ = ()

    def ids(self, values: Any) -> Any:
        return api.floormod(values, self.bucket_size, name="mod")


class _SparseColumnHashed(SparseColumn):
    """A column of hashes."""

    __slots__ = ()

    def ids(self, values: Any) -> Any:
        words = api.as_string(values) if self.dtype.is_integer else values
        return api.strings.to_hash_bucket_fast(words, self.bucket_size, name="lookup")


class _SparseColumnKeys(SparseColumn):
    """A column of places in a list."""

    __slots__ = ()

    def ids(self, values: Any) -> Any:
        table = index_table_from_tensor(self.lookup_config.keys, default_value=self.lookup_config.default_value,
                                        dtype=self.dtype, name="lookup")
        return table.lookup(values)


class _SparseColumnVocabulary(SparseColumn):
    """A column of lines' numbers."""

    __slots__ = ()

    def ids(self, values: Any) -> Any:
        words = api.as_string(values) if self.dtype.is_integer else values
        config = self.lookup_config
        table = index_table_from_file(config.vocabulary_file, config.num_oov_buckets, config.vocab_size,
                                      config.default_value, name=f"{self.column_name}_lookup")
        return table.lookup(words)


def _checked(kind: Any, column_name: str, is_integerized: bool, bucket_size: Any, lookup: Any, combiner: Any,
             dtype: Any) -> Any:
    if is_integerized:
        if not dtype.is_integer:
            raise ValueError(f"dtype must be an integer if is_integerized is True. dtype: {dtype}, column_name: "
                             f"{column_name}.")
    elif dtype != dtypes.string and not dtype.is_integer:
        raise ValueError(f"dtype must be string or integer. dtype: {dtype}, column_name: {column_name}")
    if bucket_size is not None and bucket_size < 1:
        raise ValueError(f"bucket_size must be at least 1. bucket_size: {bucket_size}, column_name: {column_name}")
    return kind(column_name, is_integerized, bucket_size, lookup, combiner, dtype)


@export("contrib.layers.sparse_column_with_integerized_feature")
def sparse_column_with_integerized_feature(column_name: str, bucket_size: int, combiner: str = "sum",
                                           dtype: Any = dtypes.int64) -> SparseColumn:
    """A column of integers, which are ids.

    Args:
      column_name: the name of the feature.
      bucket_size: how many ids there are.
      combiner: how an example's ids become one in a linear model: "sum", "mean" or "sqrtn".
      dtype: an integer type.

    Raises:
      ValueError: an argument does not go.
    """
    return _checked(_SparseColumnIntegerized, column_name, True, bucket_size, None, combiner, dtype)


@export("contrib.layers.sparse_column_with_hash_bucket")
def sparse_column_with_hash_bucket(column_name: str, hash_bucket_size: int, combiner: str = "sum",
                                   dtype: Any = dtypes.string, hash_keys: Any = None) -> SparseColumn:
    """A column whose ids are hashes of its values.

    Args:
      column_name: the name of the feature.
      hash_bucket_size: how many ids there are.
      combiner: how an example's ids become one in a linear model.
      dtype: string or an integer type.
      hash_keys: pairs of integers that scatter each id; not supported.

    Raises:
      ValueError: an argument does not go.
      NotImplementedError: `hash_keys` are given.
    """
    if hash_keys is not None:
        if not isinstance(hash_keys, list) or not hash_keys:
            raise ValueError("hash_keys must be a non-empty list.")
        if not all(isinstance(each, list) and len(each) == 2 and all(isinstance(part, int) for part in each)
                   for each in hash_keys):
            raise ValueError("Each element of hash_keys must be a pair of integers.")
        raise NotImplementedError("hash_keys are not supported; use the column without them.")
    return _checked(_SparseColumnHashed, column_name, False, hash_bucket_size, None, combiner, dtype)


@export("contrib.layers.sparse_column_with_keys")
def sparse_column_with_keys(column_name: str, keys: Any, default_value: int = -1, combiner: str = "sum",
                            dtype: Any = dtypes.string) -> SparseColumn:
    """A column whose ids are places in a list.

    Args:
      column_name: the name of the feature.
      keys: the values.
      default_value: the id of other values.
      combiner: how an example's ids become one in a linear model.
      dtype: string or an integer type.

    Raises:
      ValueError: an argument does not go.
    """
    keys = tuple(keys)
    return _checked(_SparseColumnKeys, column_name, False, None,
                    _Lookup(keys=keys, vocab_size=len(keys), default_value=default_value), combiner, dtype)


@export("contrib.layers.sparse_column_with_vocabulary_file")
def sparse_column_with_vocabulary_file(column_name: str, vocabulary_file: str, num_oov_buckets: int = 0,
                                       vocab_size: int | None = None, default_value: int = -1,
                                       combiner: str = "sum", dtype: Any = dtypes.string) -> SparseColumn:
    """A column whose ids are the numbers of lines of a file.

    Args:
      column_name: the name of the feature.
      vocabulary_file: a file of a value a line.
      num_oov_buckets: how many ids there are for other values.
      vocab_size: how many lines count.
      default_value: the id of other values, where they have none of their own.
      combiner: how an example's ids become one in a linear model.
      dtype: string or an integer type.

    Raises:
      ValueError: an argument does not go.
    """
    if vocab_size is None:
        raise ValueError(f"vocab_size should be defined. column_name: {column_name}")
    return _checked(_SparseColumnVocabulary, column_name, False, None,
                    _Lookup(vocabulary_file, None, num_oov_buckets, vocab_size, default_value), combiner, dtype)


class _Weighted(NamedTuple):
    sparse_id_column: Any
    weight_column_name: Any
    dtype: Any


class WeightedSparseColumn(_Weighted, OfIds):
    """A column of ids with weights."""

    __slots__ = ()
    _shown = "_WeightedSparseColumn"
    __repr__ = OfIds.__repr__

    @property
    def name(self) -> str:
        """The names of ids and weights."""
        return f"{self.sparse_id_column.name}_weighted_by_{self.weight_column_name}"

    @property
    def config(self) -> dict[str, Any]:
        """The ids and the weights."""
        return {**self.sparse_id_column.config, self.weight_column_name: VarLenFeature(self.dtype)}

    @property
    def length(self) -> int:
        """How many ids there are."""
        return self.sparse_id_column.length

    @property
    def lookup_config(self) -> Any:
        """How the ids are looked up."""
        return self.sparse_id_column.lookup_config

    @property
    def combiner(self) -> Any:
        """How an example's ids become one."""
        return self.sparse_id_column.combiner

    def is_compatible(self, other_column: Any) -> bool:
        """Whether another column has the same ids."""
        if isinstance(other_column, WeightedSparseColumn):
            other_column = other_column.sparse_id_column
        return self.sparse_id_column.is_compatible(other_column)

    def id_tensor(self, input_tensor: Any) -> Any:
        return input_tensor[0]

    def weight_tensor(self, input_tensor: Any) -> Any:
        return input_tensor[1]

    def made(self, get: Get) -> tuple[Any, Any]:
        ids, weights = get(self.sparse_id_column), get(self.weight_column_name)
        if not isinstance(weights, SparseTensor):
            weights = as_sparse(weights)
        if not weights.dtype.is_floating:
            weights = api.cast(weights, dtypes.float32)
        return ids, weights

    def deep(self, tensor: Any, rank: int, collections: Any, trainable: bool) -> Any:
        self.refuse_deep("WeightedSparseColumn", "embedding_column or one_hot_column")


@export("contrib.layers.weighted_sparse_column")
def weighted_sparse_column(sparse_id_column: Any, weight_column_name: str,
                           dtype: Any = dtypes.float32) -> WeightedSparseColumn:
    """A column of ids, each with a weight.

    Args:
      sparse_id_column: the ids.
      weight_column_name: the name of the feature with the weights.
      dtype: the type of the weights.

    Raises:
      ValueError: the type is none of numbers.
    """
    if not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype is not convertible to float. Given {dtype}")
    return WeightedSparseColumn(sparse_id_column, weight_column_name, dtype)


class _Crossed(NamedTuple):
    columns: Any
    hash_bucket_size: Any
    hash_key: Any
    combiner: Any
    ckpt_to_load_from: Any
    tensor_name_in_ckpt: Any


class CrossedColumn(_Crossed, OfIds):
    """A column of combinations."""

    __slots__ = ()
    _shown = "_CrossedColumn"
    __repr__ = OfIds.__repr__

    @property
    def name(self) -> str:
        """The names of what is combined, in order."""
        return "_X_".join(sorted(column.name for column in self.columns))

    @property
    def config(self) -> dict[str, Any]:
        """Those of all features."""
        return {key: value for column in self.columns for key, value in column.config.items()}

    @property
    def length(self) -> int:
        """How many ids there are."""
        return self.hash_bucket_size

    def parts(self, get: Get) -> list[Any]:
        """The tensors that are combined: values of features, ids of ranges."""
        found: list[Any] = []
        for column in self.columns:
            if isinstance(column, SparseColumn):
                found.append(get(column.name))
            elif isinstance(column, BucketizedColumn):
                found.append(column.to_sparse_tensor(get(column)))
            else:
                found.extend(column.parts(get))
        return found

    def made(self, get: Get) -> SparseTensor:
        return feature_cross(self.parts(get), True, self.hash_bucket_size, "cross", self.hash_key)

    def deep(self, tensor: Any, rank: int, collections: Any, trainable: bool) -> Any:
        self.refuse_deep("CrossedColumn", "embedding_column")


@export("contrib.layers.crossed_column")
def crossed_column(columns: Any, hash_bucket_size: int, combiner: str = "sum", ckpt_to_load_from: str | None = None,
                   tensor_name_in_ckpt: str | None = None, hash_key: int | None = None) -> CrossedColumn:
    """A column whose ids are hashes of combinations of other columns' values.

    Args:
      columns: columns of ids, of ranges, or crossed ones.
      hash_bucket_size: how many ids there are.
      combiner: how an example's ids become one in a linear model.
      ckpt_to_load_from, tensor_name_in_ckpt: a checkpoint, and a tensor in it, with the weights of a linear model.
      hash_key: what the hashes begin with; None: the former way of hashing.

    Raises:
      TypeError: a column of another kind.
      ValueError: an argument does not go.
    """
    for column in columns:
        if not isinstance(column, (SparseColumn, CrossedColumn, BucketizedColumn)):
            raise TypeError("columns must be a set of _SparseColumn, _CrossedColumn, or _BucketizedColumn instances. "
                            f"(column {column} is a {getattr(column, 'kind', type(column).__name__)})")
    if len(columns) < 2:
        raise ValueError(f"columns must contain at least 2 elements. columns: {columns}")
    if hash_bucket_size < 2:
        raise ValueError(f"hash_bucket_size must be at least 2. hash_bucket_size: {hash_bucket_size}")
    if (ckpt_to_load_from is None) != (tensor_name_in_ckpt is None):
        raise ValueError("Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them.")
    return CrossedColumn(tuple(sorted(columns, key=lambda column: column.name)), hash_bucket_size, hash_key, combiner,
                         ckpt_to_load_from, tensor_name_in_ckpt)
