"""Metrics that count right and wrong answers yes and no, and precision and recall made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.select import where
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.tf.metrics.common import Metric, collected, metric_variable, of_one_rank
from tfmagic.tf.variable.scope import variable_scope


def _counted(condition: Tensor, weights: Any, metrics_collections: Any, updates_collections: Any) -> Metric:
    """How often a condition held, weighted."""
    api.debugging.assert_type(condition, dtypes.bool_)
    count = metric_variable([], dtypes.float32, name="count")
    values = cast(condition, dtypes.float32)
    if weights is not None:
        fits = api.debugging.assert_rank_in(weights, (0, shape_ops.rank(values)))
        with get_default_graph().control_dependencies((fits,)):
            weights = cast(weights, dtypes.float32)
            values = raw.mul(values, weights)
    value = constants.identity(count)
    update = api.assign_add(count, reduce_sum(values))
    return collected(value, update, metrics_collections, updates_collections)


def _answers(name: str, label: bool, prediction: bool, what: str) -> Callable[..., Metric]:
    def count(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
              updates_collections: Any = None, name: str | None = None) -> Metric:
        with variable_scope(name, default, (predictions, labels, weights)):
            predictions, labels, weights = of_one_rank(cast(predictions, dtypes.bool_), cast(labels, dtypes.bool_),
                                                       weights)
            condition = raw.logical_and(raw.equal(labels, label), raw.equal(predictions, prediction))
            return _counted(condition, weights, metrics_collections, updates_collections)

    default = name
    count.__name__ = count.__qualname__ = name
    count.__doc__ = f"""How often {what}.

    Args:
      labels, predictions: tensors of one shape that are cast to bool.
      weights: a scalar, or a tensor of the rank of the labels.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The count, and the operation that updates it; scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    return export(f"metrics.{name}")(count)


true_positives = _answers("true_positives", True, True, "yes was predicted for yes")
true_negatives = _answers("true_negatives", False, False, "no was predicted for no")
false_positives = _answers("false_positives", False, True, "yes was predicted for no")
false_negatives = _answers("false_negatives", True, False, "no was predicted for yes")


def _share(default: str, other: Callable[..., Metric], labels: Any, predictions: Any, weights: Any,
           metrics_collections: Any, updates_collections: Any, name: str | None) -> Metric:
    """The share of the true positives in them and another count."""
    with variable_scope(name, default, (predictions, labels, weights)):
        predictions, labels, weights = of_one_rank(cast(predictions, dtypes.bool_), cast(labels, dtypes.bool_),
                                                   weights)
        true, true_update = true_positives(labels, predictions, weights)
        false, false_update = other(labels, predictions, weights)

        def part(hits: Tensor, misses: Tensor, name: str) -> Tensor:
            return where(raw.greater(hits + misses, 0), api.div(hits, hits + misses), 0, name)

        return collected(part(true, false, "value"), part(true_update, false_update, "update_op"),
                         metrics_collections, updates_collections)


@export("metrics.precision")
def precision(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
              updates_collections: Any = None, name: str | None = None) -> Metric:
    """How many of those predicted are right: tp / (tp + fp).

    Args:
      labels, predictions: tensors of one shape that are cast to bool.
      weights: a scalar, or a tensor of the rank of the labels.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The share, and the operation that updates it; scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    return _share("precision", false_positives, labels, predictions, weights, metrics_collections,
                  updates_collections, name)


@export("metrics.recall")
def recall(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
           updates_collections: Any = None, name: str | None = None) -> Metric:
    """How many of those that are right were predicted: tp / (tp + fn).

    Args:
      labels, predictions: tensors of one shape that are cast to bool.
      weights: a scalar, or a tensor of the rank of the labels.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The share, and the operation that updates it; scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    return _share("recall", false_negatives, labels, predictions, weights, metrics_collections, updates_collections,
                  name)
