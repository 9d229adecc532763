"""Metrics that are the mean of something over all batches: accuracy, errors, distances."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.select import where
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.ops.math.unary import abs as _abs
from tfmagic.tf.array.weights import broadcast_weights
from tfmagic.tf.metrics.common import Metric, collected, metric_variable, of_one_rank, ratio
from tfmagic.tf.variable.scope import variable_scope


@export("metrics.mean")
def mean(values: Any, weights: Any = None, metrics_collections: Any = None, updates_collections: Any = None,
         name: str | None = None) -> Metric:
    """The mean of all values so far.

    Args:
      values: a tensor.
      weights: what each value counts: a scalar, or a tensor that broadcasts to `values`; 1 by default.
      metrics_collections: collections that the mean is added to.
      updates_collections: collections that the update is added to.
      name: the scope of the nodes and variables.

    Returns:
      The mean, and an operation that takes the values in and gives the mean after that; both scalars.

    Raises:
      ValueError: the weights do not broadcast.
    """
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, dtypes.float32)
        total = metric_variable([], dtypes.float32, name="total")
        count = metric_variable([], dtypes.float32, name="count")
        if weights is None:
            number = cast(shape_ops.size(values), dtypes.float32)
        else:
            values, _, weights = of_one_rank(values, None, weights)
            weights = broadcast_weights(cast(weights, dtypes.float32), values)
            values = raw.mul(values, weights)
            number = reduce_sum(weights)
        update_total = api.assign_add(total, reduce_sum(values))
        with get_default_graph().control_dependencies([values]):
            update_count = api.assign_add(count, number)
        value = ratio(total, count, "value")
        update = ratio(update_total, update_count, "update_op")
        return collected(value, update, metrics_collections, updates_collections)


@export("metrics.mean_tensor")
def mean_tensor(values: Any, weights: Any = None, metrics_collections: Any = None, updates_collections: Any = None,
                name: str | None = None) -> Metric:
    """The mean of each element of tensors of one shape.

    Args:
      values: a tensor of a known shape.
      weights: what each element counts: a scalar, or a tensor that broadcasts to `values`; 1 by default.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The mean, and the operation that updates it; both of the shape of `values`.

    Raises:
      ValueError: the weights do not broadcast.
    """
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, dtypes.float32)
        total = metric_variable(values.get_shape(), dtypes.float32, name="total_tensor")
        count = metric_variable(values.get_shape(), dtypes.float32, name="count_tensor")
        number = constants.ones_like(values)
        if weights is not None:
            values, _, weights = of_one_rank(values, None, weights)
            weights = broadcast_weights(cast(weights, dtypes.float32), values)
            values = raw.mul(values, weights)
            number = raw.mul(number, weights)
        update_total = api.assign_add(total, values)
        with get_default_graph().control_dependencies([values]):
            update_count = api.assign_add(count, number)
        value = ratio(total, count, "value")
        update = ratio(update_total, update_count, "update_op")
        return collected(value, update, metrics_collections, updates_collections)


@export("metrics.accuracy")
def accuracy(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
             updates_collections: Any = None, name: str | None = None) -> Metric:
    """How often predictions are the labels.

    Args:
      labels, predictions: tensors of one shape.
      weights, metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The share, and the operation that updates it; scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    predictions, labels, weights = of_one_rank(predictions, labels, weights)
    if labels.dtype != predictions.dtype:
        predictions = cast(predictions, labels.dtype)
    correct = cast(raw.equal(predictions, labels), dtypes.float32)
    return mean(correct, weights, metrics_collections, updates_collections, name or "accuracy")


@export("metrics.mean_absolute_error")
def mean_absolute_error(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
                        updates_collections: Any = None, name: str | None = None) -> Metric:
    """The mean distance of predictions and labels.

    Args:
      labels, predictions: tensors of one shape.
      weights, metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The mean, and the operation that updates it; scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    predictions, labels, weights = of_one_rank(predictions, labels, weights)
    return mean(_abs(predictions - labels), weights, metrics_collections, updates_collections,
                name or "mean_absolute_error")


@export("metrics.mean_squared_error")
def mean_squared_error(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
                       updates_collections: Any = None, name: str | None = None) -> Metric:
    """The mean squared distance of predictions and labels.

    Args:
      labels, predictions: tensors of one shape.
      weights, metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The mean, and the operation that updates it; scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    predictions, labels, weights = of_one_rank(predictions, labels, weights)
    return mean(raw.squared_difference(labels, predictions), weights, metrics_collections, updates_collections,
                name or "mean_squared_error")


@export("metrics.root_mean_squared_error")
def root_mean_squared_error(labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
                            updates_collections: Any = None, name: str | None = None) -> Metric:
    """The root of the mean squared distance of predictions and labels.

    Args:
      labels, predictions: tensors of one shape.
      weights, metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The root, and the operation that updates it; scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    predictions, labels, weights = of_one_rank(predictions, labels, weights)
    square, update = mean_squared_error(labels, predictions, weights, None, None, name or "root_mean_squared_error")
    return collected(raw.sqrt(square), raw.sqrt(update), metrics_collections, updates_collections)


@export("metrics.mean_relative_error")
def mean_relative_error(labels: Any, predictions: Any, normalizer: Any, weights: Any = None,
                        metrics_collections: Any = None, updates_collections: Any = None,
                        name: str | None = None) -> Metric:
    """The mean distance of predictions and labels in parts of `normalizer`, 0 where that is 0.

    Args:
      labels, predictions, normalizer: tensors of one shape.
      weights, metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The mean, and the operation that updates it; scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    predictions, labels, weights = of_one_rank(predictions, labels, weights)
    predictions, normalizer, _ = of_one_rank(predictions, normalizer)
    is_zero = raw.equal(normalizer, 0.0)
    errors = where(is_zero, constants.zeros_like(labels), api.div(_abs(labels - predictions), normalizer))
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_relative_error")


@export("metrics.mean_cosine_distance")
def mean_cosine_distance(labels: Any, predictions: Any, dim: int, weights: Any = None,
                         metrics_collections: Any = None, updates_collections: Any = None,
                         name: str | None = None) -> Metric:
    """One less the mean product of vectors of length one.

    Args:
      labels, predictions: tensors of one shape.
      dim: the axis of the vectors.
      weights: what each pair counts; of size 1 along `dim`.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The distance, and the operation that updates it; scalars.

    Raises:
      ValueError: the shapes do not fit.
    """
    predictions, labels, weights = of_one_rank(predictions, labels, weights)
    cosines = reduce_sum(raw.mul(predictions, labels), axis=[dim], keepdims=True)
    average, update = mean(cosines, weights, None, None, name or "mean_cosine_distance")
    return collected(raw.sub(1.0, average), raw.sub(1.0, update), metrics_collections, updates_collections)


@export("metrics.percentage_below")
def percentage_below(values: Any, threshold: Any, weights: Any = None, metrics_collections: Any = None,
                     updates_collections: Any = None, name: str | None = None) -> Metric:
    """The share of values below a threshold.

    Args:
      values: a numeric tensor.
      threshold: a number.
      weights, metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The share, and the operation that updates it; scalars.

    Raises:
      ValueError: the weights do not broadcast.
    """
    below = cast(raw.less(values, threshold), dtypes.float32)
    return mean(below, weights, metrics_collections, updates_collections, name or "percentage_below_threshold")
