"""Former columns of vectors: one_hot_column, embedding_column, shared_embedding_columns, scattered_embedding_column."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.model_variables import model_variable
from tfmagic.tf.contrib.layers.columns import Get, Vectors, inner_flatten
from tfmagic.tf.contrib.layers.columns_of_ids import SparseColumn, WeightedSparseColumn
from tfmagic.tf.contrib.layers.embeddings import safe_embedding_lookup_sparse
from tfmagic.tf.contrib.layers.scattered import scattered_embedding_lookup_sparse
from tfmagic.tf.parsing.features import VarLenFeature


class OfOther(Vectors):
    """A column of vectors of a column of ids."""

    __slots__ = ()
    sparse_id_column: Any

    @property
    def config(self) -> dict[str, Any]:
        """That of the ids."""
        return self.sparse_id_column.config

    def made(self, get: Get) -> Any:
        return get(self.sparse_id_column)


class _OneHot(NamedTuple):
    sparse_id_column: Any


class OneHotColumn(_OneHot, OfOther):
    """A column of how often each id occurs."""

    __slots__ = ()
    _shown = "_OneHotColumn"
    __repr__ = OfOther.__repr__

    @property
    def name(self) -> str:
        """The name of the ids, with `_one_hot`."""
        return f"{self.sparse_id_column.name}_one_hot"

    @property
    def length(self) -> int:
        """How many ids there are."""
        return self.sparse_id_column.length

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """One number per id."""
        return shapes.TensorShape([self.length])

    def deep(self, tensor: Any, rank: int, collections: Any, trainable: bool) -> Tensor:
        column = self.sparse_id_column
        ids = inner_flatten(column.id_tensor(tensor), rank)
        weights = column.weight_tensor(tensor)
        if weights is not None:
            merged = api.sparse.merge(ids, weights, vocab_size=self.length)
            merged = api.sparse.slice(merged, api.zeros_like(merged.dense_shape), merged.dense_shape)
            dense = api.sparse.to_dense(merged)
            return api.reshape(dense, api.concat([api.shape(dense)[:-1], [self.length]], 0))
        dense = api.sparse.to_dense(ids, default_value=-1)
        hot = api.one_hot(dense, depth=self.length, on_value=1.0, off_value=0.0)
        return api.reduce_sum(hot, [rank - 1])


@export("contrib.layers.one_hot_column")
def one_hot_column(sparse_id_column: Any) -> OneHotColumn:
    """A column of how often each id occurs in an example.

    Args:
      sparse_id_column: the ids.
    """
    return OneHotColumn(sparse_id_column)


class _Embedding(NamedTuple):
    sparse_id_column: Any
    dimension: Any
    combiner: Any
    initializer: Any
    ckpt_to_load_from: Any = None
    tensor_name_in_ckpt: Any = None
    shared_embedding_name: Any = None
    shared_vocab_size: Any = None
    max_norm: Any = None
    trainable: Any = True


class EmbeddingColumn(_Embedding, OfOther):
    """A column of vectors that are trained."""

    __slots__ = ()
    _shown = "_EmbeddingColumn"
    _not_in_key = ("initializer",)
    __repr__ = OfOther.__repr__

    @property
    def name(self) -> str:
        """The name of the ids, with `_embedding`, or `_shared_embedding`."""
        kind = "embedding" if self.shared_embedding_name is None else "shared_embedding"
        return f"{self.sparse_id_column.name}_{kind}"

    @property
    def length(self) -> int:
        """How many ids there are."""
        return self.sparse_id_column.length if self.shared_vocab_size is None else self.shared_vocab_size

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """A vector."""
        return shapes.TensorShape([self.dimension])

    def wide(self, tensor: Any) -> Any:
        raise ValueError(f"Column {self} is not supported in linear models. Please use sparse_column.")

    def deep(self, tensor: Any, rank: int, collections: Any, trainable: bool) -> Tensor:
        column = self.sparse_id_column
        ids, weights = column.id_tensor(tensor), column.weight_tensor(tensor)
        ids = inner_flatten(ids, rank)
        if weights is not None:
            weights = inner_flatten(weights, rank)
        table = self._table(collections, trainable)
        if self.ckpt_to_load_from is not None:
            restored(table, self.ckpt_to_load_from, self.tensor_name_in_ckpt)
        return safe_embedding_lookup_sparse(table, ids, sparse_weights=weights, combiner=self.combiner,
                                            name=f"{self.name}weights", max_norm=self.max_norm)

    def _table(self, collections: Any, trainable: bool) -> Any:
        def made(name: str) -> Any:
            return model_variable(name, shape=[self.length, self.dimension], dtype=dtypes.float32,
                                  initializer=self.initializer, trainable=trainable and self.trainable,
                                  collections=collections)

        if self.shared_embedding_name is None:
            return made("weights")
        graph, shared = get_default_graph(), f"SHARED_EMBEDDING_COLLECTION_{self.shared_embedding_name.upper()}"
        found = graph.get_collection_ref(shared)
        if not found:
            found.append(made(self.shared_embedding_name))
        elif len(found) > 1:
            raise ValueError(f"Collection {found} can only contain one (partitioned) variable.")
        return found[0]


def restored(variable: Any, checkpoint: Any, name: Any) -> None:
    """Let a variable begin with a tensor of a checkpoint."""
    given: Any = list(variable) if hasattr(variable, "_variable_list") else variable
    api.train.init_from_checkpoint(checkpoint, {name: given})


@export("contrib.layers.embedding_column")
def embedding_column(sparse_id_column: Any, dimension: int, combiner: str = "mean",
                     initializer: Callable[..., Any] | None = None, ckpt_to_load_from: str | None = None,
                     tensor_name_in_ckpt: str | None = None, max_norm: float | None = None,
                     trainable: bool = True) -> EmbeddingColumn:
    """A column of vectors, one per id, that are trained.

    Args:
      sparse_id_column: the ids.
      dimension: the length of a vector.
      combiner: how an example's vectors become one: "mean", "sqrtn" or "sum".
      initializer: what the vectors begin with; None: a truncated normal distribution.
      ckpt_to_load_from, tensor_name_in_ckpt: a checkpoint, and a tensor in it, from which they come.
      max_norm: the norm to which longer vectors are brought.
      trainable: whether they are trained.

    Raises:
      ValueError: an argument does not go.
    """
    return _made(sparse_id_column, dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt, None,
                 None, max_norm, trainable)


def _made(column: Any, dimension: int, combiner: Any, initializer: Any, checkpoint: Any, name: Any,
          *others: Any) -> Any:
    if initializer is not None and not callable(initializer):
        raise ValueError(f"initializer must be callable if specified. Embedding of column_name: {column.name}")
    if (checkpoint is None) != (name is None):
        raise ValueError("Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them.")
    if initializer is None:
        initializer = api.initializers.truncated_normal(mean=0.0, stddev=1 / math.sqrt(column.length))
    return EmbeddingColumn(column, dimension, combiner, initializer, checkpoint, name, *others)


_NAMED = 3


@export("contrib.layers.shared_embedding_columns")
def shared_embedding_columns(sparse_id_columns: Sequence[Any], dimension: int, combiner: str = "mean",
                             shared_embedding_name: str | None = None, initializer: Callable[..., Any] | None = None,
                             ckpt_to_load_from: str | None = None, tensor_name_in_ckpt: str | None = None,
                             max_norm: float | None = None, trainable: bool = True) -> Any:
    """Columns of vectors that several columns of ids share.

    Args:
      sparse_id_columns: columns of the same ids.
      shared_embedding_name: the name of the vectors; None: that of the columns.
      dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt, max_norm, trainable: as in
        `embedding_column`.

    Returns:
      A tuple of columns; a list of one where there is only one.

    Raises:
      TypeError: a column of another kind.
      ValueError: an argument does not go, or the columns differ.
    """
    if len(sparse_id_columns) < 1:
        raise ValueError("The input sparse_id_columns should have at least one element.")
    for column in sparse_id_columns:
        if not isinstance(column, (SparseColumn, WeightedSparseColumn)):
            raise TypeError("Elements of sparse_id_columns must be _SparseColumn or _WeightedSparseColumn, but "
                            f"{column} is not.")
    if len(sparse_id_columns) == 1:
        return [_made(sparse_id_columns[0], dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt,
                      shared_embedding_name, None, max_norm, trainable)]
    first = sparse_id_columns[0]
    if not all(first.is_compatible(column) for column in sparse_id_columns[1:]):
        raise ValueError("The input sparse id columns are not compatible.")
    if shared_embedding_name is None:
        names = sorted(column.name for column in sparse_id_columns)
        shared_embedding_name = "_".join(names[:_NAMED])
        if len(names) > _NAMED:
            shared_embedding_name += f"_plus_{len(names) - _NAMED}_others"
        shared_embedding_name += "_shared_embedding"
    return tuple(_made(column, dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt,
                       shared_embedding_name, first.length, max_norm, trainable) for column in sparse_id_columns)


class _Scattered(NamedTuple):
    column_name: Any
    size: Any
    dimension: Any
    hash_key: Any
    combiner: Any
    initializer: Any


class ScatteredEmbeddingColumn(_Scattered, Vectors):
    """A column of vectors whose numbers are taken here and there of one long vector."""

    __slots__ = ()
    _shown = "_ScatteredEmbeddingColumn"
    _not_in_key = ("initializer",)
    __repr__ = Vectors.__repr__

    @property
    def name(self) -> str:
        """The name of the feature, with `_scattered_embedding`."""
        return f"{self.column_name}_scattered_embedding"

    @property
    def config(self) -> dict[str, Any]:
        """The feature, of any number of words."""
        return {self.column_name: VarLenFeature(dtypes.string)}

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """A vector."""
        return shapes.TensorShape([self.dimension])

    def made(self, get: Get) -> Any:
        return get(self.column_name)

    def deep(self, tensor: Any, rank: int, collections: Any, trainable: bool) -> Tensor:
        flat = inner_flatten(tensor, rank) if hasattr(tensor, "dense_shape") else tensor
        table = model_variable("weights", shape=[self.size], dtype=dtypes.float32, initializer=self.initializer,
                               trainable=trainable, collections=collections)
        return scattered_embedding_lookup_sparse(table, flat, self.dimension, hash_key=self.hash_key,
                                                 combiner=self.combiner, name="lookup")


@export("contrib.layers.scattered_embedding_column")
def scattered_embedding_column(column_name: str, size: int, dimension: int, hash_key: int | None,
                               combiner: str = "mean",
                               initializer: Callable[..., Any] | None = None) -> ScatteredEmbeddingColumn:
    """A column of vectors whose numbers are taken here and there of one long vector, as hashes say.

    Args:
      column_name: the name of the feature, of words.
      size: the length of the long vector.
      dimension: the length of an example's.
      hash_key: what the hashes begin with.
      combiner: how an example's vectors become one: "mean", "sqrtn" or "sum".
      initializer: what the long vector begins with; None: a truncated normal distribution.

    Raises:
      ValueError: an argument does not go.
    """
    if dimension < 1 or size < 1:
        raise ValueError(f"Dimension and size must be greater than 0. dimension: {dimension}, size: {size}, "
                         f"column_name: {column_name}")
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError(f"Combiner must be one of 'mean', 'sqrtn' or 'sum'. combiner: {combiner}, column_name: "
                         f"{column_name}")
    if initializer is not None and not callable(initializer):
        raise ValueError(f"initializer must be callable if specified. column_name: {column_name}")
    if initializer is None:
        initializer = api.initializers.truncated_normal(mean=0.0, stddev=0.1)
    return ScatteredEmbeddingColumn(column_name, size, dimension, hash_key, combiner, initializer)
