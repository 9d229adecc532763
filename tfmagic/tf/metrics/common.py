"""What the metrics share: their local variables, arguments of one rank, collections, and the ratio of two sums."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.tf.math.confusion import remove_squeezable_dimensions
from tfmagic.tf.variable.variables import Variable, VariableAggregation, VariableSynchronization

Metric = tuple[Tensor, Tensor]


def metric_variable(shape: Any, dtype: dtypes.DType, validate_shape: bool = True, name: str | None = None) -> Any:
    """A variable of zeros in the collections of local variables and of metrics."""
    return Variable(
        lambda: constants.zeros(shape, dtype), trainable=False, validate_shape=validate_shape, name=name,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
        synchronization=VariableSynchronization.ON_READ, aggregation=VariableAggregation.SUM)


def collected(value: Any, update: Any, metrics_collections: Any, updates_collections: Any) -> Any:
    """The pair of a metric's value and of the operation that updates it, added to collections."""
    graph = get_default_graph()
    if metrics_collections:
        graph.add_to_collections(metrics_collections, value)
    if updates_collections:
        graph.add_to_collections(updates_collections, update)
    return value, update


def ratio(total: Any, count: Any, name: str | None = None) -> Tensor:
    """`total / count`, 0 where nothing was counted."""
    return api.math.divide_no_nan(total, raw.maximum(count, 0), name=name)


def of_one_rank(predictions: Any, labels: Any = None, weights: Any = None) -> tuple[Any, Any, Any]:
    """Predictions, labels and weights without a last dimension of 1 that the others do not have.

    Args:
      predictions: a tensor.
      labels: a tensor of the shape of the predictions, one of the two perhaps with a last dimension of 1; or None.
      weights: a scalar, a tensor of the rank of the predictions or one more or less; or None.

    Returns:
      Predictions, labels and weights; the weights have the rank of the predictions, or are a scalar.

    Raises:
      ValueError: the shapes of predictions and labels do not fit.
    """
    predictions = convert_to_tensor(predictions)
    if labels is not None:
        labels, predictions = remove_squeezable_dimensions(labels, predictions)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    if weights is None:
        return predictions, labels, None
    weights = convert_to_tensor(weights)
    weights_rank, rank = weights.get_shape().ndims, predictions.get_shape().ndims
    if weights_rank == 0:
        return predictions, labels, weights
    if rank is not None and weights_rank is not None:
        if weights_rank - rank == 1:
            weights = shape_ops.squeeze(weights, [-1])
        elif rank - weights_rank == 1:
            weights = shape_ops.expand_dims(weights, [-1])
        return predictions, labels, weights
    return predictions, labels, _fitted_in_the_run(predictions, weights)


def _fitted_in_the_run(predictions: Tensor, weights: Tensor) -> Tensor:
    """Weights of the rank of the predictions, where only the run tells the ranks."""
    weights_rank = shape_ops.rank(weights)
    difference = weights_rank - shape_ops.rank(predictions)

    def expanded() -> Tensor:
        return api.cond(raw.equal(difference, -1), lambda: shape_ops.expand_dims(weights, [-1]), lambda: weights)

    dims = weights.get_shape().dims
    if dims is not None and not dims[-1].is_compatible_with(1):
        fitted = expanded
    else:
        def fitted() -> Tensor:
            return api.cond(raw.equal(difference, 1), lambda: shape_ops.squeeze(weights, [-1]), expanded)
    return api.cond(raw.equal(weights_rank, 0), lambda: weights, fitted)
