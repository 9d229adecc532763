"""indicator_column, embedding_column, shared_embedding_columns: ids as vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.feature_column.base import DenseColumn, Features, SequenceColumn
from tfmagic.tf.feature_column.categorical import WeightedCategoricalColumn


class OfIds(DenseColumn):
    """A dense column of a categorical one."""

    __slots__ = ()
    categorical_column: Any

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """That of the ids."""
        return self.categorical_column.parse_example_spec

    def check_no_sequence(self, kind: str) -> None:
        """Refuse a column of sequences where a vector per example is wanted.

        Raises:
          ValueError: it is one.
        """
        column = self.categorical_column
        if isinstance(column, SequenceColumn):
            raise ValueError(
                f"In {kind}: {self.name}. categorical_column must not be of type _SequenceCategoricalColumn. "  # type: ignore[attr-defined]
                "Suggested fix A: If you wish to use DenseFeatures, use a non-sequence categorical_column_with_*. "
                "Suggested fix B: If you wish to create sequence input, use SequenceFeatures instead of DenseFeatures. "
                f"Given (type {type(column)}): {column}")

    def check_sequence(self, kind: str) -> None:
        """Refuse a column of no sequences where a vector per step is wanted.

        Raises:
          ValueError: it is none.
        """
        column = self.categorical_column
        if not isinstance(column, SequenceColumn):
            raise ValueError(
                f"In {kind}: {self.name}. categorical_column must be of type _SequenceCategoricalColumn to use "  # type: ignore[attr-defined]
                "SequenceFeatures. Suggested fix: Use one of sequence_categorical_column_with_*. "
                f"Given (type {type(column)}): {column}")


class _Indicator(NamedTuple):
    categorical_column: Any


class IndicatorColumn(_Indicator, OfIds):
    """A column of how often each id occurs; made by `indicator_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name of the ids, with `_indicator`."""
        return f"{self.categorical_column.name}_indicator"

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """One number per id."""
        return shapes.TensorShape([1, self.categorical_column.num_buckets])

    def transform(self, features: Features) -> Tensor:
        ids, weights = self.categorical_column.sparse_tensors(features)
        depth = self.categorical_column.num_buckets
        if weights is not None:
            merged = api.sparse.merge(ids, weights, vocab_size=depth)
            merged = api.sparse.slice(merged, [0, 0], merged.dense_shape)
            return api.scatter_nd(merged.indices, merged.values, merged.dense_shape)
        dense = api.sparse.to_dense(ids, default_value=-1)
        hot = api.one_hot(dense, depth=depth, on_value=1., off_value=0.)
        return api.reduce_sum(hot, axis=[-2])

    def dense_tensor(self, features: Features, weight_collections: Any, trainable: Any) -> Tensor:
        self.check_no_sequence("indicator_column")
        return features.of(self)

    def sequence_tensor(self, features: Features, weight_collections: Any, trainable: Any) -> tuple[Tensor, Any]:
        """A vector per step, and what tells how many steps there are."""
        self.check_sequence("indicator_column")
        dense = features.of(self)
        return dense, self.categorical_column.sparse_tensors(features).id_tensor


@export("feature_column.indicator_column")
def indicator_column(categorical_column: Any) -> IndicatorColumn:
    """A column of how often each id occurs in an example.

    Args:
      categorical_column: the ids.
    """
    return IndicatorColumn(categorical_column)


class _Embedding(NamedTuple):
    categorical_column: Any
    dimension: Any
    combiner: Any
    initializer: Any
    ckpt_to_load_from: Any
    tensor_name_in_ckpt: Any
    max_norm: Any
    trainable: Any


class _Embedded(OfIds):
    """A column of vectors that ids name."""

    __slots__ = ()
    dimension: Any
    combiner: Any
    initializer: Any
    ckpt_to_load_from: Any
    tensor_name_in_ckpt: Any
    max_norm: Any
    trainable: Any

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """A vector."""
        return shapes.TensorShape([self.dimension])

    def transform(self, features: Features) -> Any:
        return features.of(self.categorical_column)

    def looked_up(self, features: Features, collections: Any, trainable: Any) -> Tensor:
        """The vectors of an example's ids, combined."""
        raise NotImplementedError

    def dense_tensor(self, features: Features, weight_collections: Any, trainable: Any) -> Tensor:
        self.check_no_sequence(self.kind)
        return self.looked_up(features, weight_collections, trainable)

    def sequence_tensor(self, features: Features, weight_collections: Any, trainable: Any) -> tuple[Tensor, Any]:
        """A vector per step, and what tells how many steps there are."""
        self.check_sequence(self.kind)
        dense = self.looked_up(features, weight_collections, trainable)
        return dense, self.categorical_column.sparse_tensors(features).id_tensor

    kind = "embedding_column"

    def _weights(self, collections: Any, trainable: Any) -> Any:
        return api.get_variable("embedding_weights", (self.categorical_column.num_buckets, self.dimension),
                                dtypes.float32, initializer=self.initializer, trainable=self.trainable and trainable,
                                collections=collections)

    def _restored(self, weights: Any) -> None:
        if self.ckpt_to_load_from is None:
            return
        given: Any = list(weights) if hasattr(weights, "_variable_list") else weights
        api.train.init_from_checkpoint(self.ckpt_to_load_from, {self.tensor_name_in_ckpt: given})

    def _combined(self, weights: Any, ids: Any, of_ids: Any) -> Tensor:
        return api.nn.safe_embedding_lookup_sparse(
            weights, ids, of_ids, combiner=self.combiner, max_norm=self.max_norm,
            name=f"{self.name}_weights")  # type: ignore[attr-defined]


class EmbeddingColumn(_Embedding, _Embedded):
    """A column of vectors; made by `embedding_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name of the ids, with `_embedding`."""
        return f"{self.categorical_column.name}_embedding"

    def looked_up(self, features: Features, collections: Any, trainable: Any) -> Tensor:
        ids, of_ids = self.categorical_column.sparse_tensors(features)
        weights = self._weights(collections, trainable)
        self._restored(weights)
        return self._combined(weights, ids, of_ids)


def _checked(dimension: Any, initializer: Any, ckpt: Any, tensor_name: Any, of_column: str = "") -> Any:
    """The initializer of the vectors."""
    if dimension is None or dimension < 1:
        raise ValueError(f"Invalid dimension {dimension}.")
    if (ckpt is None) != (tensor_name is None):
        raise ValueError("Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them.")
    if initializer is not None and not callable(initializer):
        raise ValueError(f"initializer must be callable if specified.{of_column}")
    return initializer or api.initializers.truncated_normal(mean=0.0, stddev=1 / math.sqrt(dimension))


@export("feature_column.embedding_column")
def embedding_column(categorical_column: Any, dimension: int, combiner: str = "mean",
                     initializer: Callable[..., Any] | None = None, ckpt_to_load_from: str | None = None,
                     tensor_name_in_ckpt: str | None = None, max_norm: float | None = None,
                     trainable: bool = True) -> EmbeddingColumn:
    """A column of vectors, one per id, that are trained.

    Args:
      categorical_column: the ids.
      dimension: the length of a vector.
      combiner: how an example's vectors become one: "mean", "sqrtn" or "sum".
      initializer: what the vectors begin with; None: a truncated normal distribution.
      ckpt_to_load_from, tensor_name_in_ckpt: a checkpoint, and a tensor in it, from which they come.
      max_norm: the norm to which longer vectors are brought.
      trainable: whether they are trained.

    Raises:
      ValueError: an argument does not go.
    """
    name = getattr(categorical_column, "name", None)
    initializer = _checked(dimension, initializer, ckpt_to_load_from, tensor_name_in_ckpt,
                           f" Embedding of column_name: {name}")
    return EmbeddingColumn(categorical_column, dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt,
                           max_norm, trainable)


class _Shared(NamedTuple):
    categorical_column: Any
    dimension: Any
    combiner: Any
    initializer: Any
    shared_embedding_collection_name: Any
    ckpt_to_load_from: Any
    tensor_name_in_ckpt: Any
    max_norm: Any
    trainable: Any


class _SharedEmbeddingColumn(_Shared, _Embedded):
    """A column of vectors that others have too; made by `shared_embedding_columns`."""

    __slots__ = ()
    kind = "embedding_column"

    @property
    def name(self) -> str:
        """The name of the ids, with `_shared_embedding`."""
        return f"{self.categorical_column.name}_shared_embedding"

    @property
    def var_scope_name(self) -> str:
        return self.shared_embedding_collection_name

    def looked_up(self, features: Features, collections: Any, trainable: Any) -> Tensor:
        with name_scope(None, self.name):
            ids, of_ids = self.categorical_column.sparse_tensors(features)
            weights = self._shared_weights(collections, trainable)
            self._restored(weights)
            return self._combined(weights, ids, of_ids)

    def _shared_weights(self, collections: Any, trainable: Any) -> Any:
        graph, name = get_default_graph(), self.shared_embedding_collection_name
        found = graph.get_collection(name)
        if not found:
            weights = self._weights(collections, trainable)
            graph.add_to_collection(name, weights)
            return weights
        if len(found) > 1:
            raise ValueError(f"Collection {found} can only contain one variable. Suggested fix A: Choose a unique name "
                             "for this collection. Suggested fix B: Do not add any variables to this collection. The "
                             "feature_column library already adds a variable under the hood.")
        wanted = (self.categorical_column.num_buckets, self.dimension)
        if found[0].get_shape() != shapes.TensorShape(wanted):
            raise ValueError(f"Shared embedding collection {name} contains variable {found[0].name} of unexpected "
                             f"shape {found[0].get_shape()}. Expected shape is {wanted}. Suggested fix A: Choose a "
                             "unique name for this collection. Suggested fix B: Do not add any variables to this "
                             "collection. The feature_column library already adds a variable under the hood.")
        return found[0]


@export("feature_column.shared_embedding_columns")
def shared_embedding_columns(categorical_columns: Sequence[Any], dimension: int, combiner: str = "mean",
                             initializer: Callable[..., Any] | None = None,
                             shared_embedding_collection_name: str | None = None, ckpt_to_load_from: str | None = None,
                             tensor_name_in_ckpt: str | None = None, max_norm: float | None = None,
                             trainable: bool = True) -> list[_SharedEmbeddingColumn]:
    """Columns of vectors that several columns of ids share.

    Args:
      categorical_columns: columns of ids, of one kind and with as many ids.
      shared_embedding_collection_name: the collection, and the scope, of the vectors.
      dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt, max_norm, trainable: as in
        `embedding_column`.

    Raises:
      ValueError: an argument does not go, or the columns differ.
    """
    initializer = _checked(dimension, initializer, ckpt_to_load_from, tensor_name_in_ckpt)
    ordered = sorted(categorical_columns, key=lambda column: column.name)
    first = ordered[0]
    count = first.num_buckets

    def kind(column: Any) -> type:
        return type(column.categorical_column if isinstance(column, WeightedCategoricalColumn) else column)

    for column in ordered[1:]:
        if kind(column) is not kind(first):
            raise ValueError("To use shared_embedding_column, all categorical_columns must have the same type, or be "
                             f"weighted_categorical_column of the same type. Given column: {first} of type: "
                             f"{kind(first)} does not match given column: {column} of type: {kind(column)}")
        if column.num_buckets != count:
            raise ValueError("To use shared_embedding_column, all categorical_columns must have the same number of "
                             f"buckets. Given column: {first} with buckets: {count} does  not match column: {column} "
                             f"with buckets: {column.num_buckets}")
    name = shared_embedding_collection_name or "_".join(column.name for column in ordered) + "_shared_embedding"
    return [_SharedEmbeddingColumn(column, dimension, combiner, initializer, name, ckpt_to_load_from,
                                   tensor_name_in_ckpt, max_norm, trainable) for column in categorical_columns]
