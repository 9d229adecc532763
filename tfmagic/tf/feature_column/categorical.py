"""categorical_column_with_hash_bucket, _vocabulary_file, _vocabulary_list, _identity; weighted_categorical_column."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from tfmagic.ops import api
from tfmagic.tf.feature_column.base import (
    CategoricalColumn,
    Features,
    Ids,
    as_sparse,
    check_key,
    check_string_or_int,
)
from tfmagic.tf.lookup.words import index_table_from_file, index_table_from_tensor
from tfmagic.tf.parsing.features import VarLenFeature


class _ByKey(CategoricalColumn):
    """A column of the ids of one feature."""

    __slots__ = ()
    key: Any
    dtype: Any

    @property
    def name(self) -> str:
        """The key."""
        return self.key

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """The feature, of any number of values."""
        return {self.key: VarLenFeature(self.dtype)}

    def transform(self, features: Features) -> SparseTensor:
        return self.ids(as_sparse(features.of(self.key)))

    def ids(self, found: SparseTensor) -> SparseTensor:
        """The ids of a feature's values."""
        raise NotImplementedError

    def check_input(self, found: SparseTensor) -> None:
        """Refuse values that are integers where strings are wanted, or strings where integers are.

        Raises:
          ValueError: they are so.
        """
        if self.dtype.is_integer != found.dtype.is_integer:
            raise ValueError(f"Column dtype and SparseTensors dtype must be compatible. key: {self.key}, column dtype: "
                             f"{self.dtype}, tensor dtype: {found.dtype}")
        check_string_or_int(found.dtype, f"column_name: {self.key} input_tensor")


class _Hashed(NamedTuple):
    key: Any
    hash_bucket_size: Any
    dtype: Any


class HashedCategoricalColumn(_Hashed, _ByKey):
    """A column of hashes; made by `categorical_column_with_hash_bucket`."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        return self.hash_bucket_size

    def ids(self, found: SparseTensor) -> SparseTensor:
        check_string_or_int(found.dtype, f"column_name: {self.key} input_tensor")
        self.check_input(found)
        values = found.values if self.dtype == dtypes.string else api.as_string(found.values)
        ids = api.strings.to_hash_bucket_fast(values, self.hash_bucket_size, name="lookup")
        return SparseTensor(found.indices, ids, found.dense_shape)


@export("feature_column.categorical_column_with_hash_bucket")
def categorical_column_with_hash_bucket(key: str, hash_bucket_size: int,
                                        dtype: Any = dtypes.string) -> HashedCategoricalColumn:
    """A column whose ids are hashes of its values.

    Args:
      key: the name of the feature.
      hash_bucket_size: how many ids there are.
      dtype: string or an integer type.

    Raises:
      ValueError: an argument does not go.
    """
    if hash_bucket_size is None:
        raise ValueError(f"hash_bucket_size must be set. key: {key}")
    if hash_bucket_size < 1:
        raise ValueError(f"hash_bucket_size must be at least 1. hash_bucket_size: {hash_bucket_size}, key: {key}")
    check_key(key)
    check_string_or_int(dtype, f"column_name: {key}")
    return HashedCategoricalColumn(key, hash_bucket_size, dtype)


class _Words(_ByKey):
    """A column of the places of values in a vocabulary."""

    __slots__ = ()
    default_value: Any
    num_oov_buckets: Any

    def ids(self, found: SparseTensor) -> SparseTensor:
        self.check_input(found)
        key_type = self.dtype
        if found.dtype.is_integer:
            key_type = dtypes.int64
            found = SparseTensor(found.indices, api.cast(found.values, dtypes.int64), found.dense_shape)
        return self.table(key_type).lookup(found)

    def table(self, key_type: Any) -> Any:
        """The table of the vocabulary."""
        raise NotImplementedError


class _File(NamedTuple):
    key: Any
    vocabulary_file: Any
    vocabulary_size: Any
    num_oov_buckets: Any
    dtype: Any
    default_value: Any


class VocabularyFileCategoricalColumn(_File, _Words):
    """A column of lines' numbers; made by `categorical_column_with_vocabulary_file`."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        return self.vocabulary_size + self.num_oov_buckets

    def table(self, key_type: Any) -> Any:
        return index_table_from_file(self.vocabulary_file, self.num_oov_buckets, self.vocabulary_size,
                                     self.default_value, key_dtype=key_type, name=f"{self.key}_lookup")


@export("feature_column.categorical_column_with_vocabulary_file")
def categorical_column_with_vocabulary_file(
        key: str, vocabulary_file: Any, vocabulary_size: int | None = None, num_oov_buckets: int = 0,
        default_value: int | None = None, dtype: Any = dtypes.string) -> VocabularyFileCategoricalColumn:
    """A column whose ids are the numbers of lines of a file.

    Args:
      key: the name of the feature.
      vocabulary_file: a file of a value a line.
      vocabulary_size: how many lines count; None: all of them.
      num_oov_buckets: how many ids there are for other values.
      default_value: the id of other values, where they have none of their own.
      dtype: string or an integer type.

    Raises:
      ValueError: an argument does not go.
    """
    if not vocabulary_file:
        raise ValueError(f"Missing vocabulary_file in {key}.")
    if vocabulary_size is None:
        if not api.gfile.Exists(vocabulary_file):
            raise ValueError(f"vocabulary_file in {key} does not exist.")
        with api.gfile.GFile(vocabulary_file, mode="rb") as file:
            vocabulary_size = sum(1 for _ in file)
    if vocabulary_size < 1:
        raise ValueError(f"Invalid vocabulary_size in {key}.")
    _check_others(key, num_oov_buckets, default_value is not None)
    check_string_or_int(dtype, f"column_name: {key}")
    check_key(key)
    return VocabularyFileCategoricalColumn(key, vocabulary_file, vocabulary_size, num_oov_buckets or 0, dtype,
                                           -1 if default_value is None else default_value)


def _check_others(key: Any, num_oov_buckets: Any, has_default: bool) -> None:
    if not num_oov_buckets:
        return
    if has_default:
        raise ValueError(f"Can't specify both num_oov_buckets and default_value in {key}.")
    if num_oov_buckets < 0:
        raise ValueError(f"Invalid num_oov_buckets {num_oov_buckets} in {key}.")


class _List(NamedTuple):
    key: Any
    vocabulary_list: Any
    dtype: Any
    default_value: Any
    num_oov_buckets: Any


class VocabularyListCategoricalColumn(_List, _Words):
    """A column of places in a list; made by `categorical_column_with_vocabulary_list`."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        return len(self.vocabulary_list) + self.num_oov_buckets

    def table(self, key_type: Any) -> Any:
        return index_table_from_tensor(tuple(self.vocabulary_list), self.num_oov_buckets, self.default_value,
                                       dtype=key_type, name=f"{self.key}_lookup")


@export("feature_column.categorical_column_with_vocabulary_list")
def categorical_column_with_vocabulary_list(key: str, vocabulary_list: Any, dtype: Any = None, default_value: int = -1,
                                            num_oov_buckets: int = 0) -> VocabularyListCategoricalColumn:
    """A column whose ids are places in a list.

    Args:
      key: the name of the feature.
      vocabulary_list: the values.
      dtype: string or an integer type; None: that of the values.
      default_value: the id of other values, where they have none of their own.
      num_oov_buckets: how many ids there are for other values.

    Raises:
      ValueError: an argument does not go.
    """
    if vocabulary_list is None or len(vocabulary_list) < 1:
        raise ValueError(f"vocabulary_list {vocabulary_list} must be non-empty, column_name: {key}")
    if len(set(vocabulary_list)) != len(vocabulary_list):
        raise ValueError(f"Duplicate keys in vocabulary_list {vocabulary_list}, column_name: {key}")
    found = dtypes.as_dtype(np.array(vocabulary_list).dtype)
    _check_others(key, num_oov_buckets, default_value != -1)
    check_string_or_int(found, f"column_name: {key} vocabulary")
    if dtype is None:
        dtype = found
    elif dtype.is_integer != found.is_integer:
        raise ValueError(f"dtype {dtype} and vocabulary dtype {found} do not match, column_name: {key}")
    check_string_or_int(dtype, f"column_name: {key}")
    check_key(key)
    return VocabularyListCategoricalColumn(key, tuple(vocabulary_list), dtype, default_value, num_oov_buckets or 0)


class _Identity(NamedTuple):
    key: Any
    number_buckets: Any
    default_value: Any


class IdentityCategoricalColumn(_Identity, _ByKey):
    """A column of values that are ids; made by `categorical_column_with_identity`."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        """int64."""
        return dtypes.int64

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        return self.number_buckets

    def ids(self, found: SparseTensor) -> SparseTensor:
        if not found.dtype.is_integer:
            raise ValueError(f"Invalid input, not integer. key: {self.key} dtype: {found.dtype}")
        values = found.values
        if values.dtype != dtypes.int64:
            values = api.cast(values, dtypes.int64, name="values")
        count = api.cast(self.number_buckets, dtypes.int64, name="num_buckets")
        zero = api.cast(0, dtypes.int64, name="zero")
        if self.default_value is None:
            within = api.debugging.assert_less(
                values, count, data=(values, count), name="assert_less_than_num_buckets",
                message=f'Bucket index for categorical column "{self.name}" exceeds number of buckets')
            positive = api.debugging.assert_greater_equal(
                values, zero, data=(values,), name="assert_greater_or_equal_0",
                message=f'Negative bucket index for categorical column "{self.name}"')
            with api.control_dependencies((within, positive)):
                values = api.identity(values)
        else:
            outside = api.logical_or(values < zero, values >= count, name="out_of_range")
            others = api.fill(api.shape(values), api.cast(self.default_value, dtypes.int64), name="default_values")
            values = api.where_v2(outside, others, values)
        return SparseTensor(found.indices, values, found.dense_shape)


@export("feature_column.categorical_column_with_identity")
def categorical_column_with_identity(key: str, num_buckets: int,
                                     default_value: int | None = None) -> IdentityCategoricalColumn:
    """A column whose values are ids already.

    Args:
      key: the name of the feature.
      num_buckets: how many ids there are.
      default_value: what stands in for values that are no ids; None: there must be none.

    Raises:
      ValueError: an argument does not go.
    """
    if num_buckets < 1:
        raise ValueError(f"num_buckets {num_buckets} < 1, column_name {key}")
    if default_value is not None and not 0 <= default_value < num_buckets:
        raise ValueError(f"default_value {default_value} not in range [0, {num_buckets}), column_name {key}")
    check_key(key)
    return IdentityCategoricalColumn(key, num_buckets, default_value)


class _Weighted(NamedTuple):
    categorical_column: Any
    weight_feature_key: Any
    dtype: Any


class WeightedCategoricalColumn(_Weighted, CategoricalColumn):
    """A column of ids with weights; made by `weighted_categorical_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The names of ids and weights."""
        return f"{self.categorical_column.name}_weighted_by_{self.weight_feature_key}"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """That of the ids, and the weights.

        Raises:
          ValueError: one feature is wanted in two ways.
        """
        spec = dict(self.categorical_column.parse_example_spec)
        if self.weight_feature_key in spec:
            raise ValueError(f"Parse config {spec} already exists for {self.weight_feature_key}.")
        spec[self.weight_feature_key] = VarLenFeature(self.dtype)
        return spec

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        return self.categorical_column.num_buckets

    def transform(self, features: Features) -> Any:
        weights = features.of(self.weight_feature_key)
        if weights is None:
            raise ValueError(f"Missing weights {self.weight_feature_key}.")
        weights = convert_to_tensor_or_sparse_tensor(weights)
        if self.dtype != weights.dtype.base_dtype:
            raise ValueError(f"Bad dtype, expected {self.dtype}, but got {weights.dtype}.")
        if not isinstance(weights, SparseTensor):  # a weight of 0 is none
            weights = as_sparse(weights, 0.0)
        if not weights.dtype.is_floating:
            weights = api.cast(weights, dtypes.float32)
        return features.of(self.categorical_column), weights

    def sparse_tensors(self, features: Features) -> Ids:
        return Ids(*features.of(self))


@export("feature_column.weighted_categorical_column")
def weighted_categorical_column(categorical_column: Any, weight_feature_key: str,
                                dtype: Any = dtypes.float32) -> WeightedCategoricalColumn:
    """A column of ids, each with a weight.

    Args:
      categorical_column: the ids.
      weight_feature_key: the name of the feature with the weights.
      dtype: the type of the weights.

    Raises:
      ValueError: the type is none of numbers.
    """
    if dtype is None or not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype {dtype} is not convertible to float.")
    return WeightedCategoricalColumn(categorical_column, weight_feature_key, dtype)
