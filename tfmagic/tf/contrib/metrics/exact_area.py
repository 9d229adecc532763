"""The exact area under a curve of all predictions so far."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.ops.math.cast import cast
from tfmagic.tf.contrib.metrics.collecting import flat_and_checked, streaming_concat
from tfmagic.tf.variable.scope import variable_scope


@export("contrib.metrics.streaming_dynamic_auc")
def streaming_dynamic_auc(labels: Any, predictions: Any, curve: str = "ROC", metrics_collections: Any = (),
                          updates_collections: Any = (), name: str | None = None, weights: Any = None) -> Any:
    """The area under the curve whose thresholds are the predictions themselves, all of which are kept.

    Args:
      labels: 0 or 1, of any shape.
      predictions: numbers of the same shape.
      curve: "ROC" or "PR".
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.
      weights: what each one counts, of the same number of elements; by default 1.

    Returns:
      The area (a float64 scalar, 0 while there is but one kind of label), and the operation that takes in a batch.

    Raises:
      ValueError: there is no such curve, or the shapes differ.
      InvalidArgumentError: a run sees another label.
    """
    if curve not in ("PR", "ROC"):
        raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
    graph = get_default_graph()
    with variable_scope(name, default_name="dynamic_auc"):
        labels.get_shape().assert_is_compatible_with(predictions.get_shape())
        predictions, labels, checks = flat_and_checked(predictions, labels)
        with graph.control_dependencies(checks):
            all_predictions, update_predictions = streaming_concat(predictions, name="concat_preds")
            all_labels, update_labels = streaming_concat(labels, name="concat_labels")
            if weights is None:
                all_weights, updates = None, [update_labels, update_predictions]
            else:
                weights = api.reshape(cast(weights, dtypes.float64), [-1])
                all_weights, update_weights = streaming_concat(weights, name="concat_weights")
                updates = [update_labels, update_predictions, update_weights]
            update = api.group(*updates)
            area = _area(all_labels, all_predictions, curve, all_weights)
        if updates_collections:
            graph.add_to_collections(updates_collections, update)
        if metrics_collections:
            graph.add_to_collections(metrics_collections, area)
        return area, update


def _area(labels: Tensor, predictions: Tensor, curve: str, weights: Tensor | None) -> Tensor:
    size = api.size(predictions)
    if weights is None:
        weights = api.ones_like(labels, dtype=dtypes.float64)
    total = api.reduce_sum(weights)
    positive = api.reduce_sum(api.where(api.greater(labels, 0), weights, api.zeros_like(labels, dtype=dtypes.float64)))

    def nothing() -> Tensor:
        return constant(0, dtype=dtypes.float64)

    def trapezoids() -> Tensor:
        x, y = _curve(labels, predictions, weights, curve, size, positive, total)
        heights = api.add(y[1:], y[:-1]) / 2.0
        widths = api.abs(api.subtract(x[1:], x[:-1]))
        return api.reduce_sum(api.multiply(heights, widths))

    return api.cond(api.logical_or(api.equal(positive, 0), api.equal(positive, total)), true_fn=nothing,
                    false_fn=trapezoids)


def _curve(labels: Tensor, predictions: Tensor, weights: Any, curve: str, size: Tensor, positive: Tensor,
           total: Tensor) -> tuple[Tensor, Tensor]:
    """The points of the curve, one for each prediction that differs from the others, and the origin."""
    ordered, places = api.nn.top_k(predictions, k=size)
    labels = api.gather(labels, places)
    weights = api.gather(weights, places)
    _, _, counts = api.unique_with_counts(ordered)
    ends = api.pad(api.cumsum(counts), paddings=[[1, 0]])

    def up_to_ends(values: Any) -> Tensor:
        return api.gather(api.pad(api.cumsum(values), paddings=[[1, 0]]), ends)

    hits = up_to_ends(api.where(api.greater(labels, 0), weights, api.zeros_like(labels, dtype=dtypes.float64)))
    if curve == "ROC":
        misses = up_to_ends(api.where(api.less(labels, 1), weights, api.zeros_like(labels, dtype=dtypes.float64)))
        return api.truediv(misses, total - positive), api.truediv(hits, positive)
    recall = api.truediv(hits, positive)
    predicted = up_to_ends(weights)
    precision = api.where(api.greater(ends, 0), api.truediv(hits, predicted), api.ones_like(hits))
    return recall, precision
