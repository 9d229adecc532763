"""tf.nn's embeddings: rows of tables by number, from one table or from several that share the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.base.shapes import dimension_value, unknown_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_prod
from tfmagic.tf.variable.partitioned import PartitionedVariable


def _is_resource(variable: Any) -> bool:
    """Whether reading the variable as a whole should be avoided."""
    handle = getattr(variable, "handle", None)
    return handle is not None and getattr(handle, "dtype", None) is not None and handle.dtype.name == "resource"


def _clipped(rows: Tensor, ids: Tensor, max_norm: Any) -> Tensor:
    """Rows scaled down to a length of at most `max_norm`."""
    if max_norm is None:
        return rows
    # The rank of a scalar counts as unknown, as in TensorFlow.
    ids_rank, rank = ids.get_shape().ndims or shape_ops.rank(ids), rows.get_shape().ndims or shape_ops.rank(rows)
    axes = list(range(ids_rank, rank)) if isinstance(ids_rank, int) and isinstance(rank, int) else \
        api.range(ids_rank, rank)
    return api.clip_by_norm(rows, max_norm, axes=axes)


def _tables(params: Any) -> list[Any]:
    """The tables that share the rows; those of a partitioned variable are its parts."""
    return list(params) if isinstance(params, (list, tuple, PartitionedVariable)) else [params]


def _colocated(variable: Any) -> Any:
    return get_default_graph().colocate_with(variable)


def lookup(params: Any, ids: Any, partition_strategy: str = "mod", name: str | None = None, max_norm: Any = None,
           transform_fn: Callable[[Tensor], Tensor] | None = None) -> Tensor:
    """The rows of tables (see `embedding_lookup`), each table's own passed through `transform_fn`."""
    if params is None:
        raise ValueError("params must be specified")
    if isinstance(params, (list, tuple)) and not params:
        raise ValueError("Need at least one param")
    params = _tables(params)
    with name_scope(name, "embedding_lookup", [*params, ids]) as scope:
        count = len(params)
        if not any(_is_resource(p) for p in params):
            params = [convert_to_tensor(p, name=f"params_{i}") for i, p in enumerate(params)]
        ids = convert_to_tensor(ids, name="ids")
        gather = api.gather
        if count == 1:
            with _colocated(params[0]):
                result = _clipped(gather(params[0], ids, name=scope), ids, max_norm)
                result = transform_fn(result) if transform_fn else result
            return raw.identity(result)
        flat = raw.reshape(ids, [-1])
        places = api.range(shape_ops.size(flat))
        assignments, new_ids = _assigned(params, flat, partition_strategy)
        assignments = cast(assignments, "int32")
        own_ids = raw.dynamic_partition(new_ids, assignments, count)
        own_places = raw.dynamic_partition(places, assignments, count)
        parts = []
        for table, wanted in zip(params, own_ids):
            with _colocated(table):
                rows = gather(table, wanted)
                parts.append(transform_fn(_clipped(rows, wanted, max_norm)) if transform_fn else rows)
        result = raw.parallel_dynamic_stitch(own_places, parts, name=scope)
        given = parts if transform_fn else params
        row = given[0].get_shape()[1:]
        for table in given[1:]:
            row = row.merge_with(table.get_shape()[1:])
        if row.is_fully_defined():
            row_shape: Any = row
        else:
            with _colocated(params[0]):
                row_shape = shape_ops.shape(given[0])[1:]
        result = raw.reshape(result, api.concat([shape_ops.shape(ids), row_shape], 0))
        result.set_shape(ids.get_shape().concatenate(row))
        return result if transform_fn else _clipped(result, ids, max_norm)


def _assigned(params: list[Any], ids: Tensor, strategy: str) -> tuple[Tensor, Tensor]:
    """Which table holds each row, and as which of its own rows."""
    count = len(params)
    if strategy == "mod":
        return ids % count, ids // count
    if strategy != "div":
        raise ValueError(f"Unrecognized partition strategy: {strategy}")
    sizes = [dimension_value(p.get_shape()[0]) for p in params]
    if None not in sizes:
        total: Any = constant(sum(sizes), ids.dtype.base_dtype)
    else:
        rows = []
        for table, size in zip(params, sizes):
            if size is not None:
                rows.append(size)
            else:
                with _colocated(table):
                    rows.append(shape_ops.shape(table)[0])
        total = api.math.reduce_sum(cast(api.stack(rows), ids.dtype))
    per_table = total // count
    extras = total % count
    assignments = raw.maximum(ids // (per_table + 1), (ids - extras) // per_table)
    new_ids = raw.select(assignments < extras, ids % (per_table + 1), (ids - extras) % per_table)
    return assignments, new_ids


@export("nn.embedding_lookup")
def embedding_lookup(params: Any, ids: Any, partition_strategy: str = "mod", name: str | None = None,
                     validate_indices: bool = True, max_norm: Any = None) -> Tensor:
    """Takes rows of a table of embeddings.

    Args:
      params: a tensor or variable of shape [rows, ...], or a list of them that share the rows.
      ids: int32 or int64 row numbers.
      partition_strategy: how several tables share the rows: "mod" (in turn) or "div" (in blocks).
      validate_indices: of no consequence, as in TensorFlow.
      max_norm: the largest length of an embedding, or None.

    Returns:
      A tensor of shape `ids.shape + row shape`.

    Raises:
      ValueError: there is no table, or no such strategy.
    """
    return lookup(params, ids, partition_strategy, name, max_norm)


@export("nn.embedding_lookup_sparse")
def embedding_lookup_sparse(params: Any, sp_ids: Any, sp_weights: Any, partition_strategy: str = "mod",
                            name: str | None = None, combiner: str | None = None, max_norm: Any = None) -> Tensor:
    """Takes rows of a table and combines those of one example.

    Args:
      params: a table, or a list of them that share the rows.
      sp_ids: a sparse tensor of shape [batch, any] with int32 or int64 row numbers.
      sp_weights: a sparse tensor of the same indices with weights, or None.
      partition_strategy: as for `embedding_lookup`.
      combiner: "sum", "mean" (the default) or "sqrtn".
      max_norm: the largest length of an embedding, or None.

    Returns:
      A tensor of shape [batch, row shape].

    Raises:
      TypeError: ids or weights are not sparse.
      ValueError: no such combiner.
    """
    if combiner is None:
        tf_logging.warning("The default value of combiner will change from \"mean\" to \"sqrtn\" after 2016/11/01.")
        combiner = "mean"
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    for what, value in (("sp_ids", sp_ids), ("sp_weights", sp_weights)):
        if not (value is None and what == "sp_weights") and not hasattr(value, "dense_shape"):
            raise TypeError(f"{what} must be {'either None or ' if what == 'sp_weights' else ''}SparseTensor")
    tables = _tables(params)
    with name_scope(name, "embedding_lookup_sparse", [*tables, sp_ids]) as scope:
        segment_ids = cast(sp_ids.indices[:, 0], "int32")
        ids, idx = api.unique(sp_ids.values)
        rows = embedding_lookup(params, ids, partition_strategy=partition_strategy, max_norm=max_norm)
        if sp_weights is None:
            kind = {"sum": "sum", "mean": "mean", "sqrtn": "sqrt_n"}[combiner]
            return getattr(raw, f"sparse_segment_{kind}")(rows, idx, segment_ids, name=scope)
        weights = cast(sp_weights.values, rows.dtype)
        rows = api.gather(rows, idx)
        ones = constants.fill(shape_ops.expand_dims(shape_ops.rank(rows) - 1, 0), 1)
        shape = api.concat([shape_ops.shape(weights), ones], 0)
        static = weights.get_shape()
        weights = raw.reshape(weights, shape)
        if rows.get_shape().ndims is not None:
            weights.set_shape(static.concatenate([1] * (rows.get_shape().ndims - 1)))
        rows *= weights
        if combiner == "sum":
            return raw.segment_sum(rows, segment_ids, name=scope)
        total = raw.segment_sum(rows, segment_ids)
        if combiner == "mean":
            return raw.real_div(total, raw.segment_sum(weights, segment_ids), name=scope)
        squares = raw.segment_sum(raw.pow(weights, 2), segment_ids)
        return raw.real_div(total, raw.sqrt(squares), name=scope)


@export("nn.safe_embedding_lookup_sparse")
def safe_embedding_lookup_sparse(embedding_weights: Any, sparse_ids: Any, sparse_weights: Any = None,
                                 combiner: str = "mean", default_id: Any = None, name: str | None = None,
                                 partition_strategy: str = "div", max_norm: Any = None) -> Tensor:
    """As `embedding_lookup_sparse`, but drops negative ids and fills examples without any.

    Args:
      embedding_weights: a table, or a list of them that share the rows.
      sparse_ids: a sparse tensor of shape [batch, ..., any] with row numbers.
      sparse_weights: a sparse tensor of the same indices with weights, or None.
      combiner: "sum", "mean" or "sqrtn".
      default_id: the row of examples without ids; by default they get zeros.
      partition_strategy: as for `embedding_lookup`.
      max_norm: the largest length of an embedding, or None.

    Returns:
      A tensor of shape [batch, ..., row length].

    Raises:
      ValueError: there is no table.
    """
    tables = [] if embedding_weights is None else _tables(embedding_weights)
    if not tables:
        raise ValueError(f"Missing embedding_weights {embedding_weights}.")
    if sparse_weights is not None:
        tables = [table if table.dtype.base_dtype == sparse_weights.dtype else
                  convert_to_tensor(table, dtype=sparse_weights.dtype) for table in tables]
    slice_op, concat, gather = api.slice, api.concat, api.gather
    with name_scope(name, "embedding_lookup", [*tables, sparse_ids, sparse_weights]) as scope:
        original_shape = sparse_ids.dense_shape
        known_rank = dimension_value(original_shape.get_shape()[0])
        rank = shape_ops.size(original_shape) if known_rank is None else known_rank
        batch = reduce_prod(slice_op(original_shape, [0], [rank - 1]))
        sparse_ids = api.sparse.reshape(sparse_ids, [batch, gather(original_shape, rank - 1)])
        if sparse_weights is not None:
            sparse_weights = type(sparse_ids)(sparse_ids.indices, sparse_weights.values, sparse_ids.dense_shape)
        retain = api.sparse.retain
        valid = raw.greater_equal(sparse_ids.values, 0)
        if sparse_weights is not None:
            valid = raw.logical_and(valid, constants.ones_like(sparse_weights.values, dtypes.bool_))
        sparse_ids = retain(sparse_ids, valid)
        if sparse_weights is not None:
            sparse_weights = retain(sparse_weights, valid)
            if combiner != "sum":
                positive = raw.greater(sparse_weights.values, 0)
                sparse_ids, sparse_weights = retain(sparse_ids, positive), retain(sparse_weights, positive)
        fill = api.sparse.fill_empty_rows
        sparse_ids, empty = fill(sparse_ids, default_id or 0)
        if sparse_weights is not None:
            sparse_weights, _ = fill(sparse_weights, 1.0)
        result = embedding_lookup_sparse(tables, sparse_ids, sparse_weights, combiner=combiner,
                                         partition_strategy=partition_strategy,
                                         name=None if default_id is None else scope, max_norm=max_norm)
        if default_id is None:
            mask = raw.tile(raw.reshape(empty, [-1, 1]), api.stack([1, shape_ops.shape(result)[1]]))
            result = raw.select(mask, constants.zeros_like(result), result, name=scope)
        whole = raw.reshape(result, concat([slice_op(cast(original_shape, "int32"), [0], [rank - 1]),
                                            slice_op(shape_ops.shape(result), [1], [-1])], 0))
        if known_rank is not None:
            whole.set_shape(unknown_shape(known_rank - 1).concatenate(result.get_shape()[1:]))
        return whole
