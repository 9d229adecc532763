"""Metrics per class: the mean of intersections over unions, and of the accuracies of classes."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.select import where
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_mean, reduce_sum
from tfmagic.tf.math.confusion import confusion_matrix
from tfmagic.tf.metrics.common import Metric, collected, metric_variable, ratio
from tfmagic.tf.variable.scope import variable_scope


def _flat(value: Any) -> Any:
    return shape_ops.reshape(value, [-1]) if (value.get_shape().ndims or 0) > 1 else value


def streaming_confusion_matrix(labels: Any, predictions: Any, num_classes: Any, weights: Any = None) -> tuple[Any, Any]:
    """The variable of a confusion matrix that adds up, and the operation that updates it."""
    total = metric_variable([num_classes, num_classes], dtypes.float64, name="total_confusion_matrix")
    predictions, labels = cast(predictions, dtypes.int64), cast(labels, dtypes.int64)
    num_classes = cast(num_classes, dtypes.int64)
    predictions, labels = _flat(predictions), _flat(labels)
    if weights is not None:
        weights = _flat(weights)
    current = confusion_matrix(labels, predictions, num_classes, weights=weights, dtype=dtypes.float64)
    return total, api.assign_add(total, current)


@export("metrics.mean_iou")
def mean_iou(labels: Any, predictions: Any, num_classes: int, weights: Any = None, metrics_collections: Any = None,
             updates_collections: Any = None, name: str | None = None) -> Metric:
    """The mean over classes of tp / (tp + fp + fn).

    Args:
      labels, predictions: class numbers, tensors of one shape.
      num_classes: how many classes there are.
      weights: what each pair counts.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The mean, a scalar; and the operation that updates it, which gives the confusion matrix.

    Raises:
      ValueError: the shapes do not fit.
    """
    with variable_scope(name, "mean_iou", (predictions, labels, weights)):
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        matrix, update = streaming_confusion_matrix(labels, predictions, num_classes, weights)
        rows = cast(reduce_sum(matrix, 0), dtypes.float32)
        columns = cast(reduce_sum(matrix, 1), dtypes.float32)
        hits = cast(raw.diag_part(matrix), dtypes.float32)
        union = rows + columns - hits
        found = reduce_sum(cast(raw.not_equal(union, 0), dtypes.float32))
        union = where(raw.greater(union, 0), union, constants.ones_like(union))
        parts = api.div(hits, union)
        value = where(raw.greater(found, 0), reduce_sum(parts, name="mean_iou") / found, 0)
        return collected(value, update, metrics_collections, updates_collections)


@export("metrics.mean_per_class_accuracy")
def mean_per_class_accuracy(labels: Any, predictions: Any, num_classes: int, weights: Any = None,
                            metrics_collections: Any = None, updates_collections: Any = None,
                            name: str | None = None) -> Metric:
    """The mean of the accuracies of the classes.

    Args:
      labels, predictions: class numbers, tensors of one shape.
      num_classes: how many classes there are.
      weights: what each pair counts.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The mean, a scalar; and the operation that updates it, which gives the accuracy of each class.

    Raises:
      ValueError: the shapes do not fit.
    """
    with variable_scope(name, "mean_accuracy", (predictions, labels, weights)):
        labels = cast(labels, dtypes.int64)
        labels = _flat(labels)
        predictions = _flat(predictions)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        total = metric_variable([num_classes], dtypes.float32, name="total")
        count = metric_variable([num_classes], dtypes.float32, name="count")
        ones = constants.ones([shape_ops.size(labels)], dtypes.float32)
        if labels.dtype != predictions.dtype:
            predictions = cast(predictions, labels.dtype)
        correct = cast(raw.equal(predictions, labels), dtypes.float32)
        if weights is not None:
            weights = cast(_flat(weights), dtypes.float32)
            correct *= weights
            ones *= weights
        update_total = api.scatter_add(total, labels, ones)
        update_count = api.scatter_add(count, labels, correct)
        value = reduce_mean(ratio(count, total), name="mean_accuracy")
        update = ratio(update_count, update_total, "update_op")
        return collected(value, update, metrics_collections, updates_collections)
