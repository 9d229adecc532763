"""sequence_categorical_column_with_*, sequence_numeric_column: columns of sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api
from tfmagic.tf.feature_column import categorical
from tfmagic.tf.feature_column.base import CategoricalColumn, FeatureColumn, Features, Ids, SequenceColumn, as_sparse
from tfmagic.tf.feature_column.numeric import checked_shape
from tfmagic.tf.parsing.features import VarLenFeature


class _SequenceCategoricalColumn(NamedTuple):
    categorical_column: Any


class SequenceCategoricalColumn(_SequenceCategoricalColumn, CategoricalColumn, SequenceColumn):
    """A column of sequences of ids."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"_SequenceCategoricalColumn(categorical_column={self.categorical_column!r})"

    @property
    def name(self) -> str:
        """The name of the ids."""
        return self.categorical_column.name

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """That of the ids."""
        return self.categorical_column.parse_example_spec

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        return self.categorical_column.num_buckets

    def transform(self, features: Features) -> Any:
        return self.categorical_column.transform(features)

    def sparse_tensors(self, features: Features) -> Ids:
        ids, weights = self.categorical_column.sparse_tensors(features)
        ids = self._steps(ids)
        return Ids(ids, weights if weights is None else self._steps(weights))

    def _steps(self, tensor: SparseTensor) -> SparseTensor:
        """A sparse tensor of [examples, steps, ids of a step]."""
        shape = api.shape(tensor, out_type=dtypes.int64)
        rank = tensor.get_shape().ndims
        wanted = ([shape[0], shape[1], api.reduce_prod(shape[2:])] if rank is None or rank > 2 else
                  [shape[0], shape[1], 1])
        return api.sparse.reshape(tensor, wanted)


class _Numeric(NamedTuple):
    key: Any
    shape: Any
    default_value: Any
    dtype: Any
    normalizer_fn: Any


class SequenceNumericColumn(_Numeric, FeatureColumn):
    """A column of sequences of numbers; made by `sequence_numeric_column`."""

    __slots__ = ()
    of_old = False  # input_layer, linear_model and their kin do not know it

    @property
    def name(self) -> str:
        """The key."""
        return self.key

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """The feature, of any number of values."""
        return {self.key: VarLenFeature(self.dtype)}

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """The shape of a step's numbers."""
        return shapes.TensorShape(self.shape)

    def transform(self, features: Features) -> Any:
        found = features.of(self.key)
        return self.normalizer_fn(found) if self.normalizer_fn is not None else found

    def sequence_tensor(self, features: Features, weight_collections: Any, trainable: Any) -> tuple[Tensor, Any]:
        """Numbers per step, and what tells how many steps there are."""
        sparse = features.of(self)
        dense = api.sparse.to_dense(sparse, default_value=self.default_value)
        shape = api.shape(dense)
        rank = dense.get_shape().ndims
        if rank == 2 or rank is None:
            wanted = api.concat([shape[:1], [-1], self.shape], axis=0)
        else:
            wanted = api.concat([shape[:2], self.shape], axis=0)
        return api.reshape(dense, shape=wanted), as_sparse(sparse)


@export("feature_column.sequence_categorical_column_with_identity")
def sequence_categorical_column_with_identity(key: str, num_buckets: int,
                                              default_value: int | None = None) -> SequenceCategoricalColumn:
    """A column of sequences of ids; the arguments are those of `categorical_column_with_identity`."""
    return SequenceCategoricalColumn(categorical.categorical_column_with_identity(key, num_buckets, default_value))


@export("feature_column.sequence_categorical_column_with_hash_bucket")
def sequence_categorical_column_with_hash_bucket(key: str, hash_bucket_size: int,
                                                 dtype: Any = dtypes.string) -> SequenceCategoricalColumn:
    """A column of sequences of hashes; the arguments are those of `categorical_column_with_hash_bucket`."""
    return SequenceCategoricalColumn(categorical.categorical_column_with_hash_bucket(key, hash_bucket_size, dtype))


@export("feature_column.sequence_categorical_column_with_vocabulary_file")
def sequence_categorical_column_with_vocabulary_file(
        key: str, vocabulary_file: Any, vocabulary_size: int | None = None, num_oov_buckets: int = 0,
        default_value: int | None = None, dtype: Any = dtypes.string) -> SequenceCategoricalColumn:
    """A column of sequences of lines' numbers; see `categorical_column_with_vocabulary_file`."""
    return SequenceCategoricalColumn(categorical.categorical_column_with_vocabulary_file(
        key, vocabulary_file, vocabulary_size, num_oov_buckets, default_value, dtype))


@export("feature_column.sequence_categorical_column_with_vocabulary_list")
def sequence_categorical_column_with_vocabulary_list(key: str, vocabulary_list: Any, dtype: Any = None,
                                                     default_value: int = -1,
                                                     num_oov_buckets: int = 0) -> SequenceCategoricalColumn:
    """A column of sequences of places in a list; see `categorical_column_with_vocabulary_list`."""
    return SequenceCategoricalColumn(categorical.categorical_column_with_vocabulary_list(
        key, vocabulary_list, dtype, default_value, num_oov_buckets))


@export("feature_column.sequence_numeric_column")
def sequence_numeric_column(key: str, shape: Any = (1,), default_value: float = 0., dtype: Any = dtypes.float32,
                            normalizer_fn: Callable[[Any], Any] | None = None) -> SequenceNumericColumn:
    """A column of sequences of numbers.

    Args:
      key: the name of the feature.
      shape: the shape of a step's numbers.
      default_value: what shorter sequences are filled up with.
      dtype: the type of the feature.
      normalizer_fn: what is done to its sparse tensor.

    Raises:
      TypeError: the shape or function is of another kind.
      ValueError: the shape or type does not go.
    """
    shape = checked_shape(shape, key)
    if not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype must be convertible to float. dtype: {dtype}, key: {key}")
    if normalizer_fn is not None and not callable(normalizer_fn):
        raise TypeError(f"normalizer_fn must be a callable. Given: {normalizer_fn}")
    return SequenceNumericColumn(key, shape, default_value, dtype, normalizer_fn)
