"""The metrics of tf.contrib.metrics that became tf.metrics: predictions come first, and old names say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.tf.math import confusion
from tfmagic.tf.metrics import classes, counts, means, thresholds, top_k


def _note(name: str, words: str = "has been switched.") -> Any:
    return deprecated(None, f"Please switch to tf.metrics.{name}. Note that the order of the labels and predictions "
                            f"arguments {words}")


@export("contrib.metrics.streaming_mean")
@deprecated(None, "Please switch to tf.metrics.mean")
def streaming_mean(values: Any, weights: Any = None, metrics_collections: Any = None, updates_collections: Any = None,
                   name: str | None = None) -> Any:
    """See `tf.metrics.mean`."""
    return means.mean(values, weights, metrics_collections, updates_collections, name)


@export("contrib.metrics.streaming_mean_tensor")
@deprecated(None, "Please switch to tf.metrics.mean_tensor")
def streaming_mean_tensor(values: Any, weights: Any = None, metrics_collections: Any = None,
                          updates_collections: Any = None, name: str | None = None) -> Any:
    """See `tf.metrics.mean_tensor`."""
    return means.mean_tensor(values, weights, metrics_collections, updates_collections, name)


@export("contrib.metrics.streaming_percentage_less")
def streaming_percentage_less(values: Any, threshold: Any, weights: Any = None, metrics_collections: Any = None,
                              updates_collections: Any = None, name: str | None = None) -> Any:
    """See `tf.metrics.percentage_below`."""
    return means.percentage_below(values, threshold, weights, metrics_collections, updates_collections, name)


def _pairs(new: Callable[..., Any], noted: bool = True) -> None:
    def metric(predictions: Any, labels: Any, weights: Any = None, metrics_collections: Any = None,
               updates_collections: Any = None, name: str | None = None) -> Any:
        return new(labels, predictions, weights, metrics_collections, updates_collections, name)

    _publish(metric, new, noted)


def _publish(metric: Callable[..., Any], new: Callable[..., Any], noted: bool, words: str = "has been switched.",
             name: str | None = None) -> None:
    old = name or new.__name__
    metric.__name__ = metric.__qualname__ = f"streaming_{old}"
    metric.__doc__ = f"See `tf.metrics.{new.__name__}`."
    made = _note(new.__name__, words)(metric) if noted else metric
    globals()[metric.__name__] = export(f"contrib.metrics.{metric.__name__}")(made)


for _new in (means.accuracy, means.mean_absolute_error, means.mean_squared_error, means.root_mean_squared_error,
             counts.precision, counts.recall, counts.true_positives, counts.true_negatives, counts.false_positives,
             counts.false_negatives):
    _pairs(_new)


def _with_thresholds(new: Callable[..., Any], words: str) -> None:
    def metric(predictions: Any, labels: Any, thresholds: Any, weights: Any = None, metrics_collections: Any = None,
               updates_collections: Any = None, name: str | None = None) -> Any:
        return new(labels, predictions, thresholds, weights, metrics_collections, updates_collections, name)

    _publish(metric, new, True, words)


_with_thresholds(thresholds.precision_at_thresholds, "are switched.")
_with_thresholds(thresholds.recall_at_thresholds, "has been switched.")


@export("contrib.metrics.streaming_auc")
@_note("auc")
def streaming_auc(predictions: Any, labels: Any, weights: Any = None, num_thresholds: int = 200,
                  metrics_collections: Any = None, updates_collections: Any = None, curve: str = "ROC",
                  name: str | None = None) -> Any:
    """See `tf.metrics.auc`."""
    return thresholds.auc(labels, predictions, weights, num_thresholds, metrics_collections, updates_collections,
                          curve, name)


@export("contrib.metrics.streaming_sensitivity_at_specificity")
def streaming_sensitivity_at_specificity(predictions: Any, labels: Any, specificity: float, weights: Any = None,
                                         num_thresholds: int = 200, metrics_collections: Any = None,
                                         updates_collections: Any = None, name: str | None = None) -> Any:
    """See `tf.metrics.sensitivity_at_specificity`."""
    return thresholds.sensitivity_at_specificity(labels, predictions, specificity, weights, num_thresholds,
                                                 metrics_collections, updates_collections, name)


@export("contrib.metrics.streaming_specificity_at_sensitivity")
def streaming_specificity_at_sensitivity(predictions: Any, labels: Any, sensitivity: float, weights: Any = None,
                                         num_thresholds: int = 200, metrics_collections: Any = None,
                                         updates_collections: Any = None, name: str | None = None) -> Any:
    """See `tf.metrics.specificity_at_sensitivity`."""
    return thresholds.specificity_at_sensitivity(labels, predictions, sensitivity, weights, num_thresholds,
                                                 metrics_collections, updates_collections, name)


@export("contrib.metrics.streaming_mean_iou")
def streaming_mean_iou(predictions: Any, labels: Any, num_classes: int, weights: Any = None,
                       metrics_collections: Any = None, updates_collections: Any = None,
                       name: str | None = None) -> Any:
    """See `tf.metrics.mean_iou`."""
    return classes.mean_iou(labels, predictions, num_classes, weights, metrics_collections, updates_collections, name)


@export("contrib.metrics.streaming_mean_cosine_distance")
def streaming_mean_cosine_distance(predictions: Any, labels: Any, dim: int, weights: Any = None,
                                   metrics_collections: Any = None, updates_collections: Any = None,
                                   name: str | None = None) -> Any:
    """See `tf.metrics.mean_cosine_distance`."""
    return means.mean_cosine_distance(labels, predictions, dim, weights, metrics_collections, updates_collections,
                                      name)


@export("contrib.metrics.streaming_mean_relative_error")
def streaming_mean_relative_error(predictions: Any, labels: Any, normalizer: Any, weights: Any = None,
                                  metrics_collections: Any = None, updates_collections: Any = None,
                                  name: str | None = None) -> Any:
    """See `tf.metrics.mean_relative_error`."""
    return means.mean_relative_error(labels, predictions, normalizer, weights, metrics_collections,
                                     updates_collections, name)


@export("contrib.metrics.streaming_sparse_precision_at_k")
def streaming_sparse_precision_at_k(predictions: Any, labels: Any, k: int, class_id: int | None = None,
                                    weights: Any = None, metrics_collections: Any = None,
                                    updates_collections: Any = None, name: str | None = None) -> Any:
    """See `tf.metrics.precision_at_k`."""
    return top_k.precision_at_k(labels, predictions, k, class_id, weights, metrics_collections, updates_collections,
                                name)


@export("contrib.metrics.streaming_sparse_recall_at_k")
def streaming_sparse_recall_at_k(predictions: Any, labels: Any, k: int, class_id: int | None = None,
                                 weights: Any = None, metrics_collections: Any = None,
                                 updates_collections: Any = None, name: str | None = None) -> Any:
    """See `tf.metrics.recall_at_k`."""
    return top_k.recall_at_k(labels, predictions, k, class_id, weights, metrics_collections, updates_collections, name)


@export("contrib.metrics.streaming_sparse_average_precision_at_k")
def streaming_sparse_average_precision_at_k(predictions: Any, labels: Any, k: int, weights: Any = None,
                                            metrics_collections: Any = None, updates_collections: Any = None,
                                            name: str | None = None) -> Any:
    """See `tf.metrics.average_precision_at_k`."""
    return top_k.average_precision_at_k(labels, predictions, k, weights, metrics_collections, updates_collections,
                                        name)


@export("contrib.metrics.sparse_recall_at_top_k")
def sparse_recall_at_top_k(labels: Any, top_k_predictions: Any, class_id: int | None = None, weights: Any = None,
                           metrics_collections: Any = None, updates_collections: Any = None,
                           name: str | None = None) -> Any:
    """See `tf.metrics.recall_at_top_k`."""
    return top_k.recall_at_top_k(labels, top_k_predictions, None, class_id, weights, metrics_collections,
                                 updates_collections, name or top_k.at_k_name("recall", class_id=class_id))


@export("contrib.metrics.streaming_sparse_precision_at_top_k")
def streaming_sparse_precision_at_top_k(top_k_predictions: Any, labels: Any, class_id: int | None = None,
                                        weights: Any = None, metrics_collections: Any = None,
                                        updates_collections: Any = None, name: str | None = None) -> Any:
    """See `tf.metrics.precision_at_top_k`."""
    return top_k.precision_at_top_k(labels, top_k_predictions, None, class_id, weights, metrics_collections,
                                    updates_collections, name or top_k.at_k_name("precision", class_id=class_id))


@export("contrib.metrics.streaming_sparse_average_precision_at_top_k")
def streaming_sparse_average_precision_at_top_k(top_k_predictions: Any, labels: Any, weights: Any = None,
                                                metrics_collections: Any = None, updates_collections: Any = None,
                                                name: str | None = None) -> Any:
    """See `tf.metrics.average_precision_at_top_k`."""
    return top_k.average_precision_at_top_k(labels, top_k_predictions, weights, metrics_collections,
                                            updates_collections, name)


@export("contrib.metrics.confusion_matrix")
def confusion_matrix(labels: Any, predictions: Any, num_classes: Any = None, dtype: Any = dtypes.int32,
                     name: str | None = None, weights: Any = None) -> Any:
    """See `tf.math.confusion_matrix`."""
    return confusion.confusion_matrix(labels, predictions, num_classes, dtype, name, weights)


# --- maps of metrics ----------------------------------------------------------------------------------------------


@export("contrib.metrics.aggregate_metrics")
def aggregate_metrics(*value_update_tuples: Any) -> tuple[list[Any], list[Any]]:
    """The values and the updates of several metrics, as two lists.

    Raises:
      ValueError: there are none.
    """
    if not value_update_tuples:
        raise ValueError("Expected at least one value_tensor/update_op pair")
    values, updates = zip(*value_update_tuples)
    return list(values), list(updates)


@export("contrib.metrics.aggregate_metric_map")
def aggregate_metric_map(names_to_tuples: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values and the updates of metrics by name, as two dictionaries."""
    names = names_to_tuples.keys()
    values, updates = zip(*names_to_tuples.values())
    return dict(zip(names, values)), dict(zip(names, updates))
