"""Metrics of the k best predictions: precision, recall and mean average precision at k."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.select import where_v2
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_max, reduce_sum, reduced_shape
from tfmagic.tf.array.weights import assert_broadcastable, broadcast_weights
from tfmagic.tf.metrics.common import Metric, collected, metric_variable
from tfmagic.tf.sets.operations import set_difference, set_intersection, set_size


def at_k_name(name: str, k: int | None = None, class_id: int | None = None) -> str:
    """The scope of a metric at k."""
    name = f"{name}_at_{k}" if k is not None else f"{name}_at_k"
    return f"{name}_class{class_id}" if class_id is not None else name


# --- labels and predictions as sets -----------------------------------------------------------------------------


def _maybe_expand_labels(labels: Any, predictions: Tensor) -> Any:
    """Labels [..., numbers], from ones that may have one label each and no last dimension."""
    with name_scope(None, "expand_labels", (labels, predictions)) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            return api.cond(
                raw.equal(shape_ops.rank(predictions), shape_ops.size(labels.dense_shape) + 1),
                lambda: api.sparse.reshape(labels, shape=api.concat((labels.dense_shape, (1,)), 0), name=scope),
                lambda: labels)
        rank = labels.get_shape().ndims
        if rank is not None:
            prediction_rank = predictions.get_shape().ndims
            if prediction_rank is not None:
                if prediction_rank == rank:
                    return labels
                if prediction_rank == rank + 1:
                    return shape_ops.expand_dims(labels, -1, name=scope)
                raise ValueError(f"Unexpected labels shape {labels.get_shape()} for predictions shape "
                                 f"{predictions.get_shape()}.")
        return api.cond(raw.equal(shape_ops.rank(predictions), shape_ops.rank(labels) + 1),
                        lambda: shape_ops.expand_dims(labels, -1, name=scope), lambda: labels)


def _of_class(ids: Any, class_id: int) -> SparseTensor:
    """The ids that are one class."""
    ids = convert_to_tensor_or_sparse_tensor(ids)
    if isinstance(ids, SparseTensor):
        return api.sparse.retain(ids, raw.equal(ids.values, class_id))
    ids_shape = shape_ops.shape(ids, out_type=dtypes.int64)
    last = shape_ops.size(ids_shape) - 1
    filled_shape = reduced_shape(ids_shape, shape_ops.reshape(last, [1]))
    filled = constants.fill(filled_shape, cast(class_id, dtypes.int64))
    found = set_intersection(filled, ids)
    return SparseTensor(indices=found.indices, values=found.values, dense_shape=ids_shape)


def _hits(what: str, operation: Callable[[Any, Any], SparseTensor], predictions: Any, labels: Any,
          class_id: int | None, weights: Any, name: str | None = None) -> Tensor:
    """The size of a set operation on the predictions and the labels of each example, weighted."""
    with name_scope(name, what, (predictions, labels, weights)):
        if class_id is not None:
            labels, predictions = _of_class(labels, class_id), _of_class(predictions, class_id)
        hits = cast(set_size(operation(predictions, labels)), dtypes.float64)
        if weights is not None:
            with get_default_graph().control_dependencies((assert_broadcastable(weights, hits),)):
                weights = cast(weights, dtypes.float64)
                hits = raw.mul(hits, weights)
        return hits


_OPERATIONS: dict[str, Callable[[Any, Any], SparseTensor]] = {
    "true_positive": set_intersection,
    "false_positive": lambda predictions, labels: set_difference(predictions, labels, aminusb=True),
    "false_negative": lambda predictions, labels: set_difference(predictions, labels, aminusb=False),
}


def _total(kind: str, k: int | None, class_id: int | None, predictions: Any, labels: Any,
           weights: Any) -> tuple[Any, Tensor]:
    """The variable that adds hits of one kind up, and the operation that updates it."""
    with name_scope(None, at_k_name(kind, k, class_id), (predictions, labels, weights)) as scope:
        hits = _hits(f"{kind}s", _OPERATIONS[kind], predictions, labels, class_id, weights)
        batch = cast(reduce_sum(hits), dtypes.float64)
        total = metric_variable([], dtypes.float64, name=scope)
        return total, api.assign_add(total, batch, name="update")


# --- precision and recall ---------------------------------------------------------------------------------------


def _share(what: str, other: str, labels: Any, predictions_idx: Any, k: int | None, class_id: int | None,
           weights: Any, metrics_collections: Any, updates_collections: Any, name: str | None) -> Metric:
    default = at_k_name(what, k, class_id)
    with name_scope(name, default, (predictions_idx, labels, weights)) as scope:
        labels = _maybe_expand_labels(labels, predictions_idx)
        chosen = cast(predictions_idx, dtypes.int64)
        hits, hits_update = _total("true_positive", k, class_id, chosen, labels, weights)
        misses, misses_update = _total(other, k, class_id, chosen, labels, weights)
        value = api.div(hits, raw.add(hits, misses, name="Add"), name=scope)
        update = api.div(hits_update, raw.add(hits_update, misses_update, name="Add"), name="update")
        return collected(value, update, metrics_collections, updates_collections)


@export("metrics.precision_at_top_k")
def precision_at_top_k(labels: Any, predictions_idx: Any, k: int | None = None, class_id: int | None = None,
                       weights: Any = None, metrics_collections: Any = None, updates_collections: Any = None,
                       name: str | None = None) -> Metric:
    """How many of the k classes predicted are labels.

    Args:
      labels: int64 class numbers, a tensor or `SparseTensor` [..., number], or [...] for one each.
      predictions_idx: the class numbers predicted, [..., k].
      k: names the nodes.
      class_id: the only class that counts.
      weights: a tensor that broadcasts to [...].
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The precision, and the operation that updates it; float64 scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    return _share("precision", "false_positive", labels, predictions_idx, k, class_id, weights, metrics_collections,
                  updates_collections, name)


@export("metrics.recall_at_top_k")
def recall_at_top_k(labels: Any, predictions_idx: Any, k: int | None = None, class_id: int | None = None,
                    weights: Any = None, metrics_collections: Any = None, updates_collections: Any = None,
                    name: str | None = None) -> Metric:
    """How many of the labels are among the k classes predicted.

    Args:
      labels, predictions_idx, k, class_id, weights: as for `tf.metrics.precision_at_top_k`.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The recall, and the operation that updates it; float64 scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    return _share("recall", "false_negative", labels, predictions_idx, k, class_id, weights, metrics_collections,
                  updates_collections, name)


def _of_scores(what: str, function: Callable[..., Metric], labels: Any, predictions: Any, k: int,
               class_id: int | None, weights: Any, metrics_collections: Any, updates_collections: Any,
               name: str | None) -> Metric:
    with name_scope(name, at_k_name(what, k, class_id), (predictions, labels, weights)) as scope:
        _, best = api.nn.top_k(predictions, k)
        return function(labels, best, k, class_id, weights, metrics_collections, updates_collections, scope)


@export("metrics.precision_at_k")
def precision_at_k(labels: Any, predictions: Any, k: int, class_id: int | None = None, weights: Any = None,
                   metrics_collections: Any = None, updates_collections: Any = None,
                   name: str | None = None) -> Metric:
    """How many of the k classes with the best scores are labels.

    Args:
      labels: int64 class numbers, a tensor or `SparseTensor` [..., number], or [...] for one each.
      predictions: scores [..., classes].
      k: how many are predicted.
      class_id: the only class that counts.
      weights: a tensor that broadcasts to [...].
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The precision, and the operation that updates it; float64 scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    return _of_scores("precision", precision_at_top_k, labels, predictions, k, class_id, weights, metrics_collections,
                      updates_collections, name)


@export("metrics.recall_at_k")
def recall_at_k(labels: Any, predictions: Any, k: int, class_id: int | None = None, weights: Any = None,
                metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None) -> Metric:
    """How many of the labels are among the k classes with the best scores.

    Args:
      labels, predictions, k, class_id, weights: as for `tf.metrics.precision_at_k`.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The recall, and the operation that updates it; float64 scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    return _of_scores("recall", recall_at_top_k, labels, predictions, k, class_id, weights, metrics_collections,
                      updates_collections, name)


@export("metrics.sparse_precision_at_k")
@deprecated(None, "Use precision_at_k instead")
def sparse_precision_at_k(labels: Any, predictions: Any, k: int, class_id: int | None = None, weights: Any = None,
                          metrics_collections: Any = None, updates_collections: Any = None,
                          name: str | None = None) -> Metric:
    """The old name of `tf.metrics.precision_at_k`."""
    return precision_at_k(labels, predictions, k, class_id, weights, metrics_collections, updates_collections, name)


# --- mean average precision -------------------------------------------------------------------------------------


def _expand_and_tile(tensor: Any, multiple: int, dim: int = 0, name: str | None = None) -> Any:
    """A tensor repeated along a new dimension before `dim`."""
    if multiple < 1:
        raise ValueError(f"Invalid multiple {multiple}, must be > 0.")
    with name_scope(name, "expand_and_tile", (tensor, multiple, dim)) as scope:
        tensor = convert_to_tensor_or_sparse_tensor(tensor)
        if isinstance(tensor, SparseTensor):
            place = shape_ops.reshape(shape_ops.size(tensor.dense_shape) + dim if dim < 0 else dim, [1])
            sizes = api.concat((api.slice(tensor.dense_shape, [0], place), [1],
                                api.slice(tensor.dense_shape, place, [-1])), 0, name="expanded_shape")
            expanded = api.sparse.reshape(tensor, shape=sizes, name="expand")
            if multiple == 1:
                return expanded
            return api.sparse.concat(dim - 1 if dim < 0 else dim, [expanded] * multiple, name=scope)
        expanded = shape_ops.expand_dims(tensor, dim if dim >= 0 else dim - 1, name="expand")
        if multiple == 1:
            return expanded
        ones = constants.ones_like(shape_ops.shape(tensor))
        multiples = api.concat((ones[:dim], (multiple,), ones[dim:]), axis=0, name="multiples")
        return api.tile(expanded, multiples, name=scope)


def _num_relevant(labels: Any, k: int) -> Tensor:
    """How many labels each example has, at most k."""
    if k < 1:
        raise ValueError(f"Invalid k={k}.")
    with name_scope(None, "num_relevant", (labels,)) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            return raw.minimum(set_size(labels), k, name=scope)
        count = reduce_sum(where_v2(raw.greater_equal(labels, 0), constants.ones_like(labels),
                                    constants.zeros_like(labels)), axis=-1)
        return raw.minimum(count, k, name=scope)


def _average_precision(predictions_idx: Any, labels: Any) -> Tensor:
    """The mean of the precisions at the places where a label was predicted, per example."""
    with name_scope(None, "average_precision", (predictions_idx, labels)) as scope:
        predictions_idx = cast(predictions_idx, dtypes.int64, name="predictions_idx")
        if predictions_idx.get_shape().ndims == 0:
            raise ValueError("The rank of predictions_idx must be at least 1.")
        k = predictions_idx.get_shape().as_list()[-1]
        if k is None:
            raise ValueError("The last dimension of predictions_idx must be set.")
        labels = _maybe_expand_labels(labels, predictions_idx)
        predictions_per_k = shape_ops.expand_dims(predictions_idx, -1, name="predictions_idx_per_k")
        labels_per_k = _expand_and_tile(labels, k, -1, name="labels_per_k")
        relevant = _hits("true_positives", set_intersection, predictions_per_k, labels_per_k, None, None,
                         name="relevant_per_k")
        hits = api.cumsum(relevant, axis=-1, name="tp_per_k")
        retrieved = api.cumsum(constants.ones_like(relevant), axis=-1, name="retrieved_per_k")
        precisions = api.div(cast(hits, dtypes.float64), cast(retrieved, dtypes.float64), name="precision_per_k")
        relevant_precisions = raw.mul(precisions, cast(relevant, dtypes.float64), name="relevant_precision_per_k")
        total = reduce_sum(relevant_precisions, axis=(-1,), name="precision_sum")
        count = cast(_num_relevant(labels, k), dtypes.float64)
        return api.div(total, count, name=scope)


def average_precision_at_top_k(labels: Any, predictions_idx: Any, weights: Any = None,
                               metrics_collections: Any = None, updates_collections: Any = None,
                               name: str | None = None) -> Metric:
    """The mean average precision of class numbers that are predicted, the best first: see
    `tf.metrics.average_precision_at_k`."""
    with name_scope(name, "average_precision_at_top_k", (predictions_idx, labels, weights)) as scope:
        precisions = _average_precision(predictions_idx, labels)
        if weights is not None:
            weights = broadcast_weights(cast(weights, dtypes.float64), precisions)
            precisions = raw.mul(precisions, weights)
        with name_scope(None, "max", (precisions,)) as inner:
            most = metric_variable([], dtypes.float64, name=inner)
            if weights is None:
                batch_most = cast(shape_ops.size(precisions, name="batch_max"), dtypes.float64)
            else:
                batch_most = reduce_sum(weights, name="batch_max")
            most_update = api.assign_add(most, batch_most, name="update")
        with name_scope(None, "total", (precisions,)) as inner:
            total = metric_variable([], dtypes.float64, name=inner)
            total_update = api.assign_add(total, reduce_sum(precisions, name="batch_total"), name="update")
        value = api.math.divide_no_nan(total, most, name="mean")
        update = api.math.divide_no_nan(total_update, most_update, name=scope)
        return collected(value, update, metrics_collections, updates_collections)


def _within_range(labels: Any, num_classes: Tensor) -> Any:
    """Labels with -1 for those that are no class."""

    def cleaned(values: Tensor) -> Tensor:
        return where_v2(raw.greater_equal(values, num_classes), -1 * constants.ones_like(values), values)

    labels = convert_to_tensor_or_sparse_tensor(labels)
    if isinstance(labels, SparseTensor):
        largest = reduce_max(labels.values)
        return api.cond(raw.greater_equal(largest, num_classes),
                        lambda: SparseTensor(labels.indices, cleaned(labels.values), labels.dense_shape),
                        lambda: labels)
    return api.cond(raw.greater_equal(reduce_max(labels), num_classes), lambda: cleaned(labels), lambda: labels)


@export("metrics.average_precision_at_k")
def average_precision_at_k(labels: Any, predictions: Any, k: int, weights: Any = None,
                           metrics_collections: Any = None, updates_collections: Any = None,
                           name: str | None = None) -> Metric:
    """The mean over examples of the average precision of the k classes with the best scores.

    Args:
      labels: int64 class numbers, a tensor or `SparseTensor` [..., number], or [...] for one each.
      predictions: scores [..., classes].
      k: how many are predicted.
      weights: a tensor that broadcasts to [...].
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The mean, and the operation that updates it; float64 scalars.

    Raises:
      ValueError: k is below 1, or the shapes do not fit.
    """
    if k < 1:
        raise ValueError(f"Invalid k={k}.")
    with name_scope(name, at_k_name("average_precision", k), (predictions, labels, weights)) as scope:
        _, best = api.nn.top_k(predictions, k)
        labels = _within_range(labels, cast(shape_ops.shape(predictions)[-1], dtypes.int64))
        return average_precision_at_top_k(labels, best, weights, metrics_collections, updates_collections, scope)


@export("metrics.sparse_average_precision_at_k")
@deprecated(None, "Use average_precision_at_k instead")
def sparse_average_precision_at_k(labels: Any, predictions: Any, k: int, weights: Any = None,
                                  metrics_collections: Any = None, updates_collections: Any = None,
                                  name: str | None = None) -> Metric:
    """The old name of `tf.metrics.average_precision_at_k`."""
    return average_precision_at_k(labels, predictions, k, weights, metrics_collections, updates_collections, name)
