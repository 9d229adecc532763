"""Embeddings whose numbers are taken here and there of one long vector, and sums of rows taken table by table."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.ops.sparse.crossing import feature_cross
from tfmagic.tf.nn.embeddings import embedding_lookup
from tfmagic.tf.variable.partitioned import PartitionedVariable

_NO_NUMBER, _NO_WORD = 1288896567, "6ZxWzWOHxZ"


@export("contrib.slim.scattered_embedding_lookup")
def scattered_embedding_lookup(params: Any, values: Any, dimension: int, name: str | None = None,
                               hash_key: int | None = None) -> Tensor:
    """The vectors of values: each number of a vector comes from where a hash of the value and its place points.

    Args:
      params: a long vector, or a list of parts of it.
      values: a tensor of words or integers.
      dimension: the length of a vector.
      name: the scope of the nodes.
      hash_key: what the hashes begin with; None: the former way of hashing.

    Returns:
      A tensor with one axis more than `values`.

    Raises:
      ValueError: `dimension` is missing.
    """
    if dimension is None:
        raise ValueError("You must specify dimension.")
    params = _parts(params)
    with name_scope(name, "scattered_embedding_lookup", [*params, dimension, values]):
        values = convert_to_tensor(values)
        shape = api.shape(values)
        column = raw.reshape(values, [-1, 1])
        length = sum(part.get_shape().num_elements() for part in params)
        places = api.tile(api.expand_dims(api.range(0, dimension), 0), api.shape(column))
        found = api.sparse.to_dense(feature_cross([places, column], True, length, hash_key=hash_key))
        rows = embedding_lookup(params, found, partition_strategy="div")
        return raw.reshape(rows, api.concat([shape, [dimension]], 0))


def _parts(params: Any) -> list[Any]:
    return list(params) if isinstance(params, (list, tuple, PartitionedVariable)) else [params]


@export("contrib.slim.scattered_embedding_lookup_sparse")
def scattered_embedding_lookup_sparse(params: Any, sparse_values: Any, dimension: int, combiner: str | None = None,
                                      default_value: Any = None, name: str | None = None,
                                      hash_key: int | None = None) -> Tensor:
    """The vectors of values, combined per example.

    Args:
      params: a long vector, or a list of parts of it.
      sparse_values: a sparse tensor of words or integers, of shape [examples, any].
      dimension: the length of a vector.
      combiner: "mean" (the default), "sqrtn" or "sum".
      default_value: the value of examples without any.
      name: the name of the last node.
      hash_key: what the hashes begin with; None: the former way of hashing.

    Raises:
      TypeError: the values are not sparse.
      ValueError: no such combiner.
    """
    if combiner is None:
        tf_logging.warning("The default value of combiner will change from \"mean\" to \"sqrtn\" after 2016/11/01.")
        combiner = "mean"
    if combiner not in _COMBINED:
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    params = _parts(params)
    if not isinstance(sparse_values, SparseTensor):
        raise TypeError("sparse_values must be SparseTensor")
    with name_scope(name, "scattered_embedding_lookup_sparse", [*params, sparse_values]) as scope:
        if default_value is None:
            default_value = _NO_WORD if sparse_values.dtype == dtypes.string else _NO_NUMBER
        values, _ = api.sparse.fill_empty_rows(sparse_values, default_value)
        examples = api.cast(values.indices[:, 0], dtypes.int32)
        different, which = api.unique(values.values)
        rows = scattered_embedding_lookup(params, different, dimension, hash_key=hash_key)
        return getattr(raw, f"sparse_segment_{_COMBINED[combiner]}")(rows, which, examples, name=scope)


_COMBINED = {"sum": "sum", "mean": "mean", "sqrtn": "sqrt_n"}


@export("contrib.slim.embedding_lookup_sparse_with_distributed_aggregation")
def embedding_lookup_sparse_with_distributed_aggregation(
        params: Any, sp_ids: Any, sp_weights: Any, partition_strategy: str = "mod", name: str | None = None,
        combiner: str | None = None, max_norm: Any = None) -> Tensor:
    """`tf.nn.embedding_lookup_sparse`, which in TensorFlow sums the rows of each table where the table is.

    Args:
      params: a table, or a list of them that share the rows.
      sp_ids: a sparse tensor of shape [examples, any] with row numbers.
      sp_weights: a sparse tensor of the same indices with weights, or None.
      partition_strategy: "mod" or "div".
      name: the scope of the nodes.
      combiner: "mean" (the default), "sqrtn" or "sum".
      max_norm: the largest length of a row, or None.

    Raises:
      NotImplementedError: always; `tf.nn.embedding_lookup_sparse` gives the same values.
    """
    raise NotImplementedError("Rows are not summed table by table; tf.nn.embedding_lookup_sparse gives the same "
                              "values.")
