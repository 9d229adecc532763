"""Embeddings of ids: embed_sequence, bow_encoder, lookups that are safe or look up once, dense_to_sparse."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.framework.arguments import add_arg_scope
from tfmagic.tf.contrib.framework.model_variables import model_variable
from tfmagic.tf.contrib.layers.common import collect_named_outputs
from tfmagic.tf.nn import embeddings as lookups
from tfmagic.tf.nn.embeddings import embedding_lookup
from tfmagic.tf.variable.scope import variable_scope


@export("contrib.layers.embed_sequence")
def embed_sequence(ids: Any, vocab_size: int | None = None, embed_dim: int | None = None, unique: bool = False,
                   initializer: Any = None, regularizer: Any = None, trainable: bool = True, scope: Any = None,
                   reuse: Any = None) -> Tensor:
    """The rows of a matrix of embeddings that ids name.

    Args:
      ids: integers of any shape.
      vocab_size, embed_dim: the size of the matrix; needed unless `reuse` is set.
      unique: whether to look up each id once.

    Returns:
      A tensor with one axis more than `ids`.

    Raises:
      ValueError: the size is not given.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError("Must specify vocab size and embedding dimension when not reusing. Got vocab_size="
                         f"{vocab_size} and embed_dim={embed_dim}")
    with variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = [vocab_size, embed_dim] if vocab_size and embed_dim else None
        embeddings = model_variable("embeddings", shape=shape, initializer=initializer, regularizer=regularizer,
                                    trainable=trainable)
        if unique:
            return embedding_lookup_unique(embeddings, ids)
        return embedding_lookup(embeddings, ids)


@export("contrib.layers.bow_encoder")
def bow_encoder(ids: Any, vocab_size: int, embed_dim: int, sparse_lookup: bool = True, initializer: Any = None,
                regularizer: Any = None, trainable: bool = True, scope: Any = None, reuse: Any = None) -> Tensor:
    """The mean of the embeddings of each row of ids.

    Args:
      sparse_lookup: whether ids of 0 are left out.

    Raises:
      TypeError: `ids` is sparse where a dense tensor is needed.
    """
    with variable_scope(scope, "bow_encoder", [ids], reuse=reuse):
        embeddings = model_variable("embeddings", shape=[vocab_size, embed_dim], initializer=initializer,
                                    regularizer=regularizer, trainable=trainable)
        if sparse_lookup:
            if not isinstance(ids, api.SparseTensor):
                ids = dense_to_sparse_tensor(ids)
            return safe_embedding_lookup_sparse([embeddings], ids, combiner="mean", default_id=0,
                                                name="embedding_lookup")
        if isinstance(ids, api.SparseTensor):
            raise TypeError("ids are expected to be dense Tensor, got: %s", ids)
        return api.reduce_mean(embedding_lookup(embeddings, ids), axis=1)


@export("contrib.layers.safe_embedding_lookup_sparse")
def safe_embedding_lookup_sparse(embedding_weights: Any, sparse_ids: Any, sparse_weights: Any = None,
                                 combiner: str | None = None, default_id: Any = None, name: str | None = None,
                                 partition_strategy: str = "div", max_norm: Any = None) -> Tensor:
    """`tf.nn.safe_embedding_lookup_sparse`, whose combiner is "mean" unless it is named.

    Args:
      embedding_weights: a table, or a list of them that share the rows.
      sparse_ids: a sparse tensor of shape [examples, ..., any] with row numbers.
      sparse_weights: a sparse tensor of the same indices with weights, or None.
      combiner: "mean", "sqrtn" or "sum".
      default_id: the row of examples without ids; by default they get zeros.
      name: the scope of the nodes.
      partition_strategy: "div" or "mod".
      max_norm: the largest length of a row, or None.

    Raises:
      ValueError: there is no table, or no such combiner.
    """
    if combiner is None:
        tf_logging.warning("The default value of combiner will change from \"mean\" to \"sqrtn\" after 2016/11/01.")
        combiner = "mean"
    return lookups.safe_embedding_lookup_sparse(embedding_weights, sparse_ids, sparse_weights, combiner, default_id,
                                                name, partition_strategy, max_norm)


@export("contrib.layers.embedding_lookup_unique")
def embedding_lookup_unique(params: Any, ids: Any, partition_strategy: str = "mod", name: str | None = None) -> Tensor:
    """`tf.nn.embedding_lookup` that looks up each id once."""
    with name_scope(name, "EmbeddingLookupUnique", [params, ids]):
        ids = convert_to_tensor(ids)
        shape = api.shape(ids)
        flat = raw.reshape(ids, api.reduce_prod(shape, keepdims=True))
        unique, places = api.unique(flat)
        found = embedding_lookup(params, unique, partition_strategy)
        rows = api.gather(found, places)
        result = raw.reshape(rows, api.concat([shape, api.shape(found)[1:]], 0))
        result.set_shape(ids.shape.concatenate(found.shape.with_rank_at_least(1)[1:]))
        return result


@export("contrib.slim.contrib_sparse_ops.dense_to_sparse_tensor")
def dense_to_sparse_tensor(dense_tensor: Any, ignore_value: Any = None) -> Any:
    """A sparse tensor of the elements that are not `ignore_value` (by default 0, or the empty string)."""
    with name_scope("DenseToSparseTensor"):
        dense = convert_to_tensor(dense_tensor)
        if ignore_value is None:
            ignore_value = "" if dense.dtype == dtypes.string else dense.dtype.as_numpy_dtype()
        ignored = api.cast(ignore_value, dense.dtype, name="ignore_value")
        indices = api.where(api.not_equal(dense, ignored), name="indices")
        return api.SparseTensor(indices=indices, values=api.gather_nd(dense, indices, name="values"),
                                dense_shape=api.shape(dense, out_type=dtypes.int64, name="dense_shape"))


@export("contrib.layers.dense_to_sparse")
@add_arg_scope
def dense_to_sparse(tensor: Any, eos_token: Any = 0, outputs_collections: Any = None, scope: Any = None) -> Any:
    """A sparse tensor of the elements that are not `eos_token`."""
    with variable_scope(scope, "dense_to_sparse", [tensor]) as own:
        tensor = convert_to_tensor(tensor)
        indices = api.where(api.not_equal(tensor, api.constant(eos_token, tensor.dtype)))
        values = api.gather_nd(tensor, indices)
        shape = api.shape(tensor, out_type=dtypes.int64)
        return collect_named_outputs(outputs_collections, own.name, api.SparseTensor(indices, values, shape))
