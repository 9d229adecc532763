"""The area under a curve with an interval in which it lies, from how the scores of both kinds are placed."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import group
from tfmagic.ops.math.cast import cast
from tfmagic.tf.contrib.metrics.collecting import flat_and_checked, streaming_concat
from tfmagic.tf.variable.scope import variable_scope

_TINY = 1e-7  # keeps divisions by sums of weights finite


class AucData(NamedTuple):
    """The area and the ends of its interval, three scalars."""

    auc: Tensor
    lower: Tensor
    upper: Tensor


@export("contrib.metrics.auc_with_confidence_intervals")
def auc_with_confidence_intervals(labels: Any, predictions: Any, weights: Any = None, alpha: float = 0.95,
                                  logit_transformation: bool = True, metrics_collections: Any = (),
                                  updates_collections: Any = (), name: str | None = None) -> tuple[AucData, Any]:
    """The area under the ROC curve of all predictions so far, with an interval in which it lies.

    Args:
      labels: 0 or 1, of any shape.
      predictions: numbers of the same shape; all are kept.
      weights: float32 of the same shape, what each one counts; by default 1.
      alpha: how sure it is that the area lies in the interval, between 0 and 1.
      logit_transformation: whether the interval is taken on the area's logit, so that it stays between 0 and 1.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      An `AucData` of three float32 scalars, 0 unless the last batch has both labels and weighs 1 or more; and the
      operation that takes in a batch.

    Raises:
      ValueError: the shapes differ, or `alpha` is not between 0 and 1.
      InvalidArgumentError: a run sees another label.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1; currently {alpha:.2f}")
    graph = get_default_graph()
    if weights is None:
        weights = api.ones_like(predictions)
    with variable_scope(name, default_name="auc_with_confidence_intervals"):
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        weight = api.reduce_sum(weights)
        weights = api.reshape(weights, [-1])
        predictions, labels, checks = flat_and_checked(predictions, labels)
        with graph.control_dependencies(checks):
            all_predictions, update_predictions = streaming_concat(predictions, name="concat_preds")
            all_labels, update_labels = streaming_concat(labels, name="concat_labels")
            all_weights, update_weights = streaming_concat(weights, name="concat_weights")
            updates = group(update_labels, update_predictions, update_weights)
            both = api.logical_and(api.equal(api.reduce_min(labels), 0), api.equal(api.reduce_max(labels), 1))
            heavy = api.greater_equal(weight, 1)
            known = api.logical_and(both, heavy)
            update = api.cond(heavy, lambda: updates, api.no_op)
            found = _with_interval(all_labels, all_predictions, all_weights, alpha, logit_transformation)
            nothing = api.constant(0.0)
            auc, lower, upper = api.cond(known, lambda: found, lambda: [nothing, nothing, nothing])
        data = AucData(auc, lower, upper)
        if updates_collections:
            graph.add_to_collections(updates_collections, update)
        if metrics_collections:
            graph.add_to_collections(metrics_collections, data)
        return data, update


def _with_interval(labels: Any, predictions: Any, weights: Any, alpha: float, logit: bool) -> list[Any]:
    """Area, lower and upper end; a score's place is the weight of the other kind's scores below it."""
    size = api.size(predictions)
    negative = api.reduce_sum(cast(1 - labels, dtypes.float32) * weights)
    positive = api.reduce_sum(cast(labels, dtypes.float32) * weights)
    descending, places = api.nn.top_k(predictions, k=size)
    ascending = api.reverse(descending, axis=api.zeros(1, dtypes.int32))
    places = api.reverse(places, axis=api.zeros(1, dtypes.int32))
    labels = api.gather(labels, places)
    weights = api.gather(weights, places)
    _, index = api.unique(ascending)
    place = _places(labels, weights, index)

    negative_place = place * cast(1 - labels, dtypes.float32)
    negative_weight = weights * cast(1 - labels, dtypes.float32)
    positive_place = place * cast(labels, dtypes.float32)
    positive_weight = weights * cast(labels, dtypes.float32)
    by_negatives = api.reduce_sum(negative_weight * (1.0 - negative_place)) / (negative + _TINY)
    by_positives = api.reduce_sum(positive_weight * positive_place) / (positive + _TINY)
    auc = api.where(api.less(negative, positive), by_positives, by_negatives)

    spread = (api.reduce_sum(negative_weight * api.square(1.0 - negative_place - by_negatives))
              / (negative - 1.0 + _TINY))
    other = (api.reduce_sum(positive_weight * api.squared_difference(positive_place, by_positives))
             / (positive - 1.0 + _TINY))
    error = api.sqrt(spread / (negative + _TINY) + other / (positive + _TINY))
    return [auc, *_interval(auc, error, alpha, logit)]


def _places(labels: Any, weights: Any, index: Any) -> Any:
    """Where each score stands among those of the other kind, from 0 to 1; equal ones count half."""
    ones = cast(labels, dtypes.float32)
    zeros = 1.0 - ones
    positives = weights * ones
    weight_of_zeros = api.math.segment_sum(weights * zeros, index)
    weight_of_ones = api.math.segment_sum(positives, index)
    below_zeros = api.cumsum(weight_of_zeros, exclusive=True)
    below_ones = api.cumsum(weight_of_ones, exclusive=True)
    among_zeros = (below_zeros + weight_of_zeros / 2.0) / (api.reduce_sum(weight_of_zeros) + _TINY)
    among_ones = (below_ones + weight_of_ones / 2.0) / (api.reduce_sum(weight_of_ones) + _TINY)
    among_zeros, among_ones = api.gather(among_zeros, index), api.gather(among_ones, index)
    return among_zeros * ones + among_ones * zeros


def _interval(auc: Any, error: Any, alpha: float, logit: bool) -> list[Any]:
    """Its ends; an area of exactly 0 or 1 has none around it."""
    deviations = api.distributions.Normal(0.0, 1.0).quantile((1.0 - alpha) / 2.0)
    if logit:
        center = api.log(auc / (1.0 - auc + _TINY))
        error = error / (auc * (1.0 - auc + _TINY))
        ends = [center + deviations * error, center - deviations * error]
        ends = [1.0 / (1.0 + api.exp(-end) + _TINY) for end in ends]
    else:
        ends = [auc + deviations * error, auc - deviations * error]
    return [api.where(api.logical_or(api.equal(auc, api.ones_like(auc)), api.equal(auc, api.zeros_like(auc))), auc, end)
            for end in ends]
