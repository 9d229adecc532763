"""Metrics of scores at many thresholds that never became tf.metrics: F1, a precision at a recall, points of curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import argmax, argmin, reduce_max, reduce_sum
from tfmagic.tf.metrics.common import Metric, collected
from tfmagic.tf.metrics.thresholds import Counts, counts_at_thresholds, even_thresholds
from tfmagic.tf.variable.scope import variable_scope

_TINY, _SMALL = 1e-7, 1e-6


def _metric(default: str, part: Callable[[Counts, str], Tensor], labels: Any, predictions: Any, weights: Any,
            thresholds: Any, metrics_collections: Any, updates_collections: Any, name: str | None,
            includes: Any = ("tp", "fn", "tn", "fp"), names: tuple[str, str] = ("value", "update_op"),
            checked: bool = False) -> Metric:
    with variable_scope(name, default, (labels, predictions, weights)):
        values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, includes, checked)
        return collected(part(values, names[0]), part(updates, names[1]), metrics_collections, updates_collections)


@export("contrib.metrics.f1_score")
def f1_score(labels: Any, predictions: Any, weights: Any = None, num_thresholds: int = 200,
             metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None) -> Metric:
    """The best harmonic mean of precision and recall over the thresholds.

    Args:
      labels: a tensor that is cast to bool.
      predictions: scores in [0, 1] of the shape of the labels.
      weights: a tensor that broadcasts to `predictions`.
      num_thresholds: how many thresholds there are.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.
    """

    def best(counts: Counts, name: str) -> Tensor:
        precision = api.div(counts["tp"], _TINY + counts["tp"] + counts["fp"], name=f"precision_{name}")
        recall = api.div(counts["tp"], _TINY + counts["tp"] + counts["fn"], name=f"recall_{name}")
        return reduce_max(2.0 * precision * recall / (precision + recall + _TINY))

    return _metric("f1", best, labels, predictions, weights, even_thresholds(num_thresholds), metrics_collections,
                   updates_collections, name, ("tp", "fp", "fn"), ("value", "update"), True)


@export("contrib.metrics.precision_at_recall")
def precision_at_recall(labels: Any, predictions: Any, target_recall: float, weights: Any = None,
                        num_thresholds: int = 200, metrics_collections: Any = None, updates_collections: Any = None,
                        name: str | None = None) -> Metric:
    """The precision at the highest threshold that has at least a recall.

    Args:
      labels, predictions, weights, num_thresholds, metrics_collections, updates_collections, name: as for `f1_score`.
      target_recall: the recall, in [0, 1].

    Raises:
      ValueError: it is outside.
    """
    if not 0 <= target_recall <= 1:
        raise ValueError("`target_recall` must be in the range [0, 1].")

    def at(counts: Counts, name: str) -> Tensor:
        tp, fp = counts["tp"], counts["fp"]
        recalls = api.div(tp, tp + counts["fn"] + _TINY)
        place = reduce_sum(cast(raw.greater_equal(recalls, target_recall), "int64")) - 1
        return api.div(tp[place] + _TINY, tp[place] + fp[place] + _TINY, name)

    return _metric("precision_at_recall", at, labels, predictions, weights, even_thresholds(num_thresholds),
                   metrics_collections, updates_collections, name)


@export("contrib.metrics.recall_at_precision")
def recall_at_precision(labels: Any, predictions: Any, precision: float, weights: Any = None,
                        num_thresholds: int = 200, metrics_collections: Any = None, updates_collections: Any = None,
                        name: str | None = None, strict_mode: bool = False) -> Metric:
    """The recall at the threshold whose precision is nearest.

    Args:
      labels, predictions, weights, num_thresholds, metrics_collections, updates_collections, name: as for `f1_score`.
      precision: the precision, in [0, 1].
      strict_mode: whether only thresholds with at least that precision count.

    Raises:
      ValueError: the precision is outside.
    """
    if not 0 <= precision <= 1:
        raise ValueError("`precision` must be in the range [0, 1].")

    def at(counts: Counts, name: str) -> Tensor:
        tp, fn = counts["tp"], counts["fn"]
        precisions = api.div(tp, tp + counts["fp"] + _TINY)
        if not strict_mode:
            place = argmin(api.abs(precisions - precision), 0, output_type=api.int32)
            return api.div(tp[place], tp[place] + fn[place] + _TINY, name)
        # the smallest excess over the precision has the greatest inverse; a precision below has a negative one
        place = argmax(api.div(1.0, precisions - precision + _TINY), 0, output_type=api.int32)

        def recall() -> Tensor:
            return api.div(tp[place], tp[place] + fn[place] + _TINY, name)

        return api.cond(precisions[place] >= precision, recall, lambda: 0.0)

    return _metric("recall_at_precision", at, labels, predictions, weights, even_thresholds(num_thresholds),
                   metrics_collections, updates_collections, name)


@export("contrib.metrics.streaming_curve_points")
def streaming_curve_points(labels: Any = None, predictions: Any = None, weights: Any = None, num_thresholds: int = 200,
                           metrics_collections: Any = None, updates_collections: Any = None, curve: str = "ROC",
                           name: str | None = None) -> Metric:
    """The points of a curve that thresholds draw: [num_thresholds, 2].

    Args:
      labels, predictions, weights, num_thresholds, metrics_collections, updates_collections, name: as for `f1_score`.
      curve: ROC (true over false positive rate) or PR (precision over recall).

    Raises:
      ValueError: no such curve.
    """
    with variable_scope(name, "curve_points", (labels, predictions, weights)):
        if curve not in ("ROC", "PR"):
            raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
        counts, updates = counts_at_thresholds(labels, predictions, even_thresholds(num_thresholds), weights,
                                               checked=False)
        tp, fn, tn, fp = (counts[kind] for kind in ("tp", "fn", "tn", "fp"))
        recall = api.div(tp + _SMALL, tp + fn + _SMALL)
        if curve == "ROC":
            points = api.div(fp, fp + tn + _SMALL), recall
        else:
            points = recall, api.div(tp + _SMALL, tp + fp + _SMALL)
        value = api.stack(points, axis=1)
        update = api.group(*[updates[kind] for kind in ("tn", "fp", "fn", "tp")])
        return collected(value, update, metrics_collections, updates_collections)


def _rate(default: str, short: str, wrong: str, right: str) -> Callable[..., Metric]:
    def rate(predictions: Any, labels: Any, thresholds: Any, weights: Any = None, metrics_collections: Any = None,
             updates_collections: Any = None, name: str | None = None) -> Metric:
        def part(counts: Counts, name: str) -> Tensor:
            return api.div(counts[wrong], _TINY + counts[wrong] + counts[right], name=f"{short}_{name}")

        return _metric(f"{default}_at_thresholds", part, labels, predictions, weights, thresholds,
                       metrics_collections, updates_collections, name, (wrong, right))

    rate.__name__ = rate.__qualname__ = f"streaming_{default}_at_thresholds"
    rate.__doc__ = f"The {default.replace('_', ' ')} for each of several thresholds."
    return export(f"contrib.metrics.{rate.__name__}")(rate)


streaming_false_positive_rate_at_thresholds = _rate("false_positive_rate", "fpr", "fp", "tn")
streaming_false_negative_rate_at_thresholds = _rate("false_negative_rate", "fnr", "fn", "tp")


def _counted(kind: str, what: str) -> Callable[..., Metric]:
    def count(predictions: Any, labels: Any, thresholds: Any, weights: Any = None) -> Metric:
        values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, (kind,), False)
        return values[kind], updates[kind]

    count.__name__ = count.__qualname__ = f"streaming_{what}_at_thresholds"
    count.__doc__ = f"The number of {what.replace('_', ' ')} for each of several thresholds."
    return export(f"contrib.metrics.{count.__name__}")(count)


streaming_true_positives_at_thresholds = _counted("tp", "true_positives")
streaming_false_negatives_at_thresholds = _counted("fn", "false_negatives")
streaming_true_negatives_at_thresholds = _counted("tn", "true_negatives")
streaming_false_positives_at_thresholds = _counted("fp", "false_positives")
