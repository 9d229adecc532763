"""The metrics of tf.contrib.metrics that never became tf.metrics: accuracy of a batch, counts, rates, correlation."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.select import where
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.operators import equal
from tfmagic.ops.math.reduce import reduce_mean, reduce_sum
from tfmagic.tf.array.weights import broadcast_weights
from tfmagic.tf.metrics import counts, means
from tfmagic.tf.metrics.common import Metric, collected, metric_variable, of_one_rank
from tfmagic.tf.variable.scope import variable_scope


@export("contrib.metrics.accuracy")
def accuracy(predictions: Any, labels: Any, weights: Any = None, name: str | None = None) -> Tensor:
    """How many predictions of one batch are right.

    Args:
      predictions: bool, integers or strings.
      labels: the same type and shape.
      weights: what each one counts.
      name: the scope of the nodes.

    Raises:
      ValueError: other types or shapes.
    """
    if not (labels.dtype.is_integer or labels.dtype in (dtypes.bool_, dtypes.string)):
        raise ValueError(f"Labels should have bool, integer, or string dtype, not {labels.dtype!r}")
    if not labels.dtype.is_compatible_with(predictions.dtype):
        raise ValueError(f"Dtypes of predictions and labels should match. Given: predictions ({predictions.dtype!r}) "
                         f"and labels ({labels.dtype!r})")
    with name_scope(name, "accuracy"):
        right = cast(equal(predictions, labels), dtypes.float32)
        if weights is None:
            return reduce_mean(right)
        right = raw.mul(right, weights)
        count = raw.mul(weights, constants.ones_like(right))
        return api.div(reduce_sum(right), reduce_sum(count))


@export("contrib.metrics.count")
def count(values: Any, weights: Any = None, metrics_collections: Any = None, updates_collections: Any = None,
          name: str | None = None) -> Metric:
    """How many values there were so far, weighted."""
    with variable_scope(name, "count", (values, weights)):
        total = metric_variable([], dtypes.float32, name="count")
        if weights is None:
            number = cast(shape_ops.size(values), dtypes.float32)
        else:
            values, _, weights = of_one_rank(values, None, weights)
            weights = broadcast_weights(cast(weights, dtypes.float32), values)
            number = reduce_sum(weights)
        with get_default_graph().control_dependencies([values]):
            update = api.assign_add(total, number)
        return collected(constants.identity(total), update, metrics_collections, updates_collections)


@export("contrib.metrics.streaming_recall_at_k")
@deprecated("2016-11-08", "Please use `streaming_sparse_recall_at_k`, and reshape labels from [batch_size] to "
            "[batch_size, 1].")
def streaming_recall_at_k(predictions: Any, labels: Any, k: int, weights: Any = None, metrics_collections: Any = None,
                          updates_collections: Any = None, name: str | None = None) -> Metric:
    """How often the label is among the `k` best predictions."""
    among = cast(api.nn.in_top_k(predictions, labels, k), dtypes.float32)
    return means.mean(among, weights, metrics_collections, updates_collections, name or f"recall_at_{k}")


# --- rates --------------------------------------------------------------------------------------------------------


def _rate(default: str, wrong: Any, right: Any, predictions: Any, labels: Any, weights: Any,
          metrics_collections: Any, updates_collections: Any, name: str | None) -> Metric:
    with variable_scope(name, default, (predictions, labels, weights)):
        predictions, labels, weights = of_one_rank(cast(predictions, dtypes.bool_), cast(labels, dtypes.bool_),
                                                   weights)
        misses, misses_update = wrong(labels, predictions, weights)
        hits, hits_update = right(labels, predictions, weights)

        def part(misses: Tensor, hits: Tensor, name: str) -> Tensor:
            return where(raw.greater(misses + hits, 0), api.div(misses, misses + hits), 0, name)

        return collected(part(misses, hits, "value"), part(misses_update, hits_update, "update_op"),
                         metrics_collections, updates_collections)


@export("contrib.metrics.streaming_false_positive_rate")
def streaming_false_positive_rate(predictions: Any, labels: Any, weights: Any = None, metrics_collections: Any = None,
                                  updates_collections: Any = None, name: str | None = None) -> Metric:
    """How many of the labels that are no were predicted yes."""
    return _rate("false_positive_rate", counts.false_positives, counts.true_negatives, predictions, labels, weights,
                 metrics_collections, updates_collections, name)


@export("contrib.metrics.streaming_false_negative_rate")
def streaming_false_negative_rate(predictions: Any, labels: Any, weights: Any = None, metrics_collections: Any = None,
                                  updates_collections: Any = None, name: str | None = None) -> Metric:
    """How many of the labels that are yes were predicted no."""
    return _rate("false_negative_rate", counts.false_negatives, counts.true_positives, predictions, labels, weights,
                 metrics_collections, updates_collections, name)


# --- how two things go together -----------------------------------------------------------------------------------


@export("contrib.metrics.streaming_covariance")
def streaming_covariance(predictions: Any, labels: Any, weights: Any = None, metrics_collections: Any = None,
                         updates_collections: Any = None, name: str | None = None) -> Metric:
    """The unbiased covariance of predictions and labels so far.

    Args:
      predictions, labels: numbers of one shape.
      weights: how often each one counts.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The covariance, and the operation that updates it; NaN before there are two.
    """
    with variable_scope(name, "covariance", (predictions, labels, weights)):
        predictions, labels, weights = of_one_rank(predictions, labels, weights)
        predictions.shape.assert_is_compatible_with(labels.shape)
        number = metric_variable([], dtypes.float32, name="count")
        mean_prediction = metric_variable([], dtypes.float32, name="mean_prediction")
        mean_label = metric_variable([], dtypes.float32, name="mean_label")
        comoment = metric_variable([], dtypes.float32, name="comoment")
        if weights is None:
            batch = cast(shape_ops.size(labels), dtypes.float32)
            weighted_predictions, weighted_labels = predictions, labels
        else:
            weights = broadcast_weights(weights, labels)
            batch = reduce_sum(weights)
            weighted_predictions = raw.mul(predictions, weights)
            weighted_labels = raw.mul(labels, weights)
        now = api.assign_add(number, batch)
        before = now - batch

        def moved(values: Tensor, mean: Any) -> tuple[Tensor, Tensor]:
            """The mean of the batch, and all values' mean before it."""
            of_batch = raw.div_no_nan(reduce_sum(values), batch, name="div_no_nan")
            step = raw.div_no_nan((of_batch - mean) * batch, now, name="div_no_nan")
            return of_batch, api.assign_add(mean, step) - step

        batch_prediction, prediction_before = moved(weighted_predictions, mean_prediction)
        batch_label, label_before = moved(weighted_labels, mean_label)
        products = (predictions - batch_prediction) * (labels - batch_label)
        if weights is not None:
            products = products * weights
        of_batch = reduce_sum(products)
        step = of_batch + (prediction_before - batch_prediction) * (label_before - batch_label) * (
            before * batch / now)
        update = api.assign_add(comoment, step)
        value = where(raw.less_equal(number, 1.0), float("nan"), comoment / (number - 1), "covariance")
        with get_default_graph().control_dependencies([update]):
            updated = where(raw.less_equal(number, 1.0), float("nan"), comoment / (number - 1), "update_op")
        return collected(value, updated, metrics_collections, updates_collections)


@export("contrib.metrics.streaming_pearson_correlation")
def streaming_pearson_correlation(predictions: Any, labels: Any, weights: Any = None, metrics_collections: Any = None,
                                  updates_collections: Any = None, name: str | None = None) -> Metric:
    """Pearson's coefficient of correlation of predictions and labels so far; see `streaming_covariance`."""
    with variable_scope(name, "pearson_r", (predictions, labels, weights)):
        predictions, labels, weights = of_one_rank(predictions, labels, weights)
        predictions.shape.assert_is_compatible_with(labels.shape)
        if weights is not None:
            weights = broadcast_weights(weights, labels)
        together, together_update = streaming_covariance(predictions, labels, weights=weights, name="covariance")
        first, first_update = streaming_covariance(predictions, predictions, weights=weights,
                                                   name="variance_predictions")
        second, second_update = streaming_covariance(labels, labels, weights=weights, name="variance_labels")

        def part(together: Tensor, first: Tensor, second: Tensor, name: str) -> Tensor:
            return raw.real_div(together, raw.mul(raw.sqrt(first), raw.sqrt(second), name="Mul"), name=name)

        return collected(part(together, first, second, "pearson_r"),
                         part(together_update, first_update, second_update, "update_op"),
                         metrics_collections, updates_collections)
