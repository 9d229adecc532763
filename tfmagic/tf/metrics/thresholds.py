"""Metrics of scores in [0, 1] at many thresholds: counts, precision, recall, and the area under a curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.base.shapes import dimension_value
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.select import where
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import argmax, argmin, reduce_min, reduce_sum
from tfmagic.ops.math.unary import abs as _abs
from tfmagic.tf.array.weights import broadcast_weights
from tfmagic.tf.metrics.common import Metric, collected, metric_variable, of_one_rank, ratio
from tfmagic.tf.variable.scope import variable_scope

Counts = dict[str, Any]

_TINY = 1e-7
_KINDS = {"tp": "true_positives", "fn": "false_negatives", "tn": "true_negatives", "fp": "false_positives"}
_RANGE = "predictions must be in [0, 1]"


def counts_at_thresholds(labels: Any, predictions: Any, thresholds: Any, weights: Any = None,
                         includes: Any = tuple(_KINDS), checked: bool = True) -> tuple[Counts, Counts]:
    """Right and wrong answers when those above a threshold are yes.

    Args:
      labels: a tensor that is cast to bool.
      predictions: scores in [0, 1] of the shape of the labels.
      thresholds: a list of numbers.
      weights: a tensor that broadcasts to `predictions`, or None.
      includes: which of tp, fn, tn and fp are counted.
      checked: whether the run refuses other scores.

    Returns:
      The variables by kind, each with a count per threshold, and the operations that update them.
    """
    checks = [] if not checked else [
        api.debugging.assert_greater_equal(predictions, cast(0.0, predictions.dtype), message=_RANGE),
        api.debugging.assert_less_equal(predictions, cast(1.0, predictions.dtype), message=_RANGE)]
    with get_default_graph().control_dependencies(checks):
        predictions, labels, weights = of_one_rank(cast(predictions, dtypes.float32), cast(labels, dtypes.bool_),
                                                   weights)
    number = len(thresholds)
    scores = shape_ops.reshape(predictions, [-1, 1])
    answers = shape_ops.reshape(cast(labels, dtypes.bool_), [1, -1])
    many = dimension_value(scores.get_shape()[0])
    if many is None:
        many = shape_ops.shape(scores)[0]
    borders = api.tile(shape_ops.expand_dims(constant(thresholds), [1]), api.stack([1, many]))
    yes = raw.greater(api.tile(api.transpose(scores), [number, 1]), borders)
    no = raw.logical_not(yes) if "fn" in includes or "tn" in includes else None
    right = api.tile(answers, [number, 1])
    wrong = raw.logical_not(right) if "fp" in includes or "tn" in includes else None
    tiled: Any = None
    if weights is not None:
        weights = broadcast_weights(cast(weights, dtypes.float32), predictions)
        tiled = api.tile(shape_ops.reshape(weights, [1, -1]), [number, 1])
        borders.get_shape().assert_is_compatible_with(tiled.get_shape())
    pairs = {"tp": (right, yes), "fn": (right, no), "tn": (wrong, no), "fp": (wrong, yes)}
    values, updates = {}, {}
    for kind, name in _KINDS.items():
        if kind in includes:
            values[kind] = metric_variable([number], dtypes.float32, name=name)
            hits = cast(raw.logical_and(*pairs[kind]), dtypes.float32)
            if tiled is not None:
                hits *= tiled
            updates[kind] = api.assign_add(values[kind], reduce_sum(hits, 1))
    return values, updates


def even_thresholds(number: int) -> list[float]:
    """Thresholds from just below 0 to just above 1 in even steps."""
    return [0.0 - _TINY, *((i + 1) * 1.0 / (number - 1) for i in range(number - 2)), 1.0 + _TINY]


# --- counts, precision, recall ----------------------------------------------------------------------------------


def _counts(kind: str, what: str) -> None:
    default = _KINDS[kind]

    def count(labels: Any, predictions: Any, thresholds: Any, weights: Any = None, metrics_collections: Any = None,
              updates_collections: Any = None, name: str | None = None) -> Metric:
        with variable_scope(name, default, (predictions, labels, weights)):
            values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, (kind,))
            return collected(constants.identity(values[kind]), updates[kind], metrics_collections,
                             updates_collections)

    count.__name__ = count.__qualname__ = f"{default}_at_thresholds"
    count.__doc__ = f"""How often {what}, for each of several thresholds.

    Args:
      labels: a tensor that is cast to bool.
      predictions: scores in [0, 1] of the shape of the labels; those above a threshold are yes.
      thresholds: a list of numbers.
      weights: a tensor that broadcasts to `predictions`.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The counts, and the operation that updates them; of shape [len(thresholds)].

    Raises:
      ValueError: the shapes do not fit.
    """
    globals()[count.__name__] = export(f"metrics.{count.__name__}")(count)


_counts("tp", "yes was predicted for yes")
_counts("fn", "no was predicted for yes")
_counts("tn", "no was predicted for no")
_counts("fp", "yes was predicted for no")


def _share(what: str, other: str, labels: Any, predictions: Any, thresholds: Any, weights: Any,
           metrics_collections: Any, updates_collections: Any, name: str | None) -> Metric:
    with variable_scope(name, f"{what}_at_thresholds", (predictions, labels, weights)):
        values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, ("tp", other))

        def part(counts: Counts, name: str) -> Tensor:
            return api.div(counts["tp"], _TINY + counts["tp"] + counts[other], name=f"{what}_{name}")

        return collected(part(values, "value"), part(updates, "update_op"), metrics_collections, updates_collections)


@export("metrics.precision_at_thresholds")
def precision_at_thresholds(labels: Any, predictions: Any, thresholds: Any, weights: Any = None,
                            metrics_collections: Any = None, updates_collections: Any = None,
                            name: str | None = None) -> Metric:
    """The precision, tp / (tp + fp), at several thresholds.

    Args:
      labels: a tensor that is cast to bool.
      predictions: scores in [0, 1] of the shape of the labels.
      thresholds: a list of numbers.
      weights: a tensor that broadcasts to `predictions`.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The precisions, and the operation that updates them; of shape [len(thresholds)].

    Raises:
      ValueError: the shapes do not fit.
    """
    return _share("precision", "fp", labels, predictions, thresholds, weights, metrics_collections,
                  updates_collections, name)


@export("metrics.recall_at_thresholds")
def recall_at_thresholds(labels: Any, predictions: Any, thresholds: Any, weights: Any = None,
                         metrics_collections: Any = None, updates_collections: Any = None,
                         name: str | None = None) -> Metric:
    """The recall, tp / (tp + fn), at several thresholds.

    Args:
      labels: a tensor that is cast to bool.
      predictions: scores in [0, 1] of the shape of the labels.
      thresholds: a list of numbers.
      weights: a tensor that broadcasts to `predictions`.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The recalls, and the operation that updates them; of shape [len(thresholds)].

    Raises:
      ValueError: the shapes do not fit.
    """
    return _share("recall", "fn", labels, predictions, thresholds, weights, metrics_collections, updates_collections,
                  name)


# --- one of two shares where the other has a value ---------------------------------------------------------------


def _at(default: str, wanted: float, part: Callable[[Counts, str], Tensor], labels: Any, predictions: Any,
        weights: Any, num_thresholds: int, metrics_collections: Any, updates_collections: Any,
        name: str | None) -> Metric:
    given = default.rpartition("_")[2]
    if wanted < 0 or wanted > 1:
        raise ValueError(f"`{given}` must be in the range [0, 1].")
    with variable_scope(name, default, (predictions, labels, weights)):
        values, updates = counts_at_thresholds(labels, predictions, even_thresholds(num_thresholds), weights)
        return collected(part(values, "value"), part(updates, "update_op"), metrics_collections, updates_collections)


@export("metrics.sensitivity_at_specificity")
def sensitivity_at_specificity(labels: Any, predictions: Any, specificity: float, weights: Any = None,
                               num_thresholds: int = 200, metrics_collections: Any = None,
                               updates_collections: Any = None, name: str | None = None) -> Metric:
    """The sensitivity, tp / (tp + fn), at the threshold whose specificity, tn / (tn + fp), is nearest to one given.

    Args:
      labels: a tensor that is cast to bool.
      predictions: scores in [0, 1] of the shape of the labels.
      specificity: a number in [0, 1].
      weights: a tensor that broadcasts to `predictions`.
      num_thresholds: how many thresholds are tried.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The sensitivity, and the operation that updates it; scalars.

    Raises:
      ValueError: the specificity is no share, or the shapes do not fit.
    """

    def part(counts: Counts, name: str) -> Tensor:
        found = api.div(counts["tn"], counts["tn"] + counts["fp"] + _TINY)
        place = cast(argmin(_abs(found - specificity), 0), dtypes.int32)
        return api.div(counts["tp"][place], counts["tp"][place] + counts["fn"][place] + _TINY, name)

    return _at("sensitivity_at_specificity", specificity, part, labels, predictions, weights, num_thresholds,
               metrics_collections, updates_collections, name)


@export("metrics.specificity_at_sensitivity")
def specificity_at_sensitivity(labels: Any, predictions: Any, sensitivity: float, weights: Any = None,
                               num_thresholds: int = 200, metrics_collections: Any = None,
                               updates_collections: Any = None, name: str | None = None) -> Metric:
    """The specificity, tn / (tn + fp), at the last threshold whose sensitivity is nearest to one given.

    Args:
      labels: a tensor that is cast to bool.
      predictions: scores in [0, 1] of the shape of the labels.
      sensitivity: a number in [0, 1].
      weights: a tensor that broadcasts to `predictions`.
      num_thresholds: how many thresholds are tried.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The specificity, and the operation that updates it; scalars.

    Raises:
      ValueError: the sensitivity is no share, or the shapes do not fit.
    """

    def part(counts: Counts, name: str) -> Tensor:
        found = api.div(counts["tp"], counts["tp"] + counts["fn"] + _TINY)
        nearest = reduce_min(_abs(found - sensitivity))
        at_nearest = raw.equal(_abs(found - sensitivity), nearest)
        place = cast(argmax(api.cumsum(cast(at_nearest, dtypes.int64)), 0), dtypes.int32)
        return api.div(counts["tn"][place], counts["tn"][place] + counts["fp"][place] + _TINY, name)

    return _at("specificity_at_sensitivity", sensitivity, part, labels, predictions, weights, num_thresholds,
               metrics_collections, updates_collections, name)


# --- the area under a curve -------------------------------------------------------------------------------------

_HEIGHTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "trapezoidal": lambda left, right: (left + right) / 2.0, "minoring": raw.minimum, "majoring": raw.maximum}


def _interpolated(counts: Counts) -> Tensor:
    """The area under the curve of precision over recall, with the precision between two thresholds interpolated."""
    tp, fn = counts["tp"], counts["fn"]
    last = dimension_value(tp.get_shape()[0]) - 1
    d_tp = tp[:last] - tp[1:]
    p = tp + counts["fp"]
    slope = ratio(d_tp, p[:last] - p[1:], "prec_slope")
    intercept = tp[1:] - raw.mul(slope, p[1:])
    quotient = where(raw.logical_and(p[:last] > 0, p[1:] > 0), ratio(p[:last], p[1:], "recall_relative_ratio"),
                     constants.ones_like(p[1:]))
    steps = ratio(slope * (d_tp + intercept * raw.log(quotient)), tp[1:] + fn[1:], "pr_auc_increment")
    return reduce_sum(steps, name="interpolate_pr_auc")


def _area(counts: Counts, curve: str, summation_method: str, name: str) -> Tensor:
    if curve == "PR" and summation_method == "careful_interpolation":
        return _interpolated(counts)
    if curve == "PR" and summation_method == "trapezoidal":
        tf_logging.warning("Trapezoidal rule is known to produce incorrect PR-AUCs; please switch to "
                           "\"careful_interpolation\" instead.")
    small = 1.0e-6
    tp, fn, tn, fp = (counts[kind] for kind in _KINDS)
    recall = api.div(tp + small, tp + fn + small)
    if curve == "ROC":
        x, y = api.div(fp, fp + tn + small), recall
    else:
        x, y = recall, api.div(tp + small, tp + fp + small)
    if summation_method == "careful_interpolation":
        summation_method = "trapezoidal"
    if summation_method not in _HEIGHTS:
        raise ValueError(f"Invalid summation_method: {summation_method}")
    last = dimension_value(x.get_shape()[0]) - 1
    widths = x[:last] - x[1:]
    heights = _HEIGHTS[summation_method](y[:last], y[1:])
    return reduce_sum(raw.mul(widths, heights), name=name)


@export("metrics.auc")
def auc(labels: Any, predictions: Any, weights: Any = None, num_thresholds: int = 200, metrics_collections: Any = None,
        updates_collections: Any = None, curve: str = "ROC", name: str | None = None,
        summation_method: str = "trapezoidal", thresholds: Any = None) -> Metric:
    """The area under a curve that thresholds draw, as a sum.

    Args:
      labels: a tensor that is cast to bool.
      predictions: scores in [0, 1] of the shape of the labels.
      weights: a tensor that broadcasts to `predictions`.
      num_thresholds: how many thresholds there are, unless they are given.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.
      curve: ROC (true over false positive rate) or PR (precision over recall).
      summation_method: trapezoidal, minoring, majoring, or careful_interpolation.
      thresholds: numbers in [0, 1]; 0 and 1 are added.

    Returns:
      The area, and the operation that updates it; scalars.

    Raises:
      ValueError: no such curve or method, or the shapes do not fit.
    """
    with variable_scope(name, "auc", (labels, predictions, weights)):
        if curve not in ("ROC", "PR"):
            raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
        if thresholds is not None:
            borders = [0.0 - _TINY, *sorted(thresholds), 1.0 + _TINY]
        else:
            borders = even_thresholds(num_thresholds)
        values, updates = counts_at_thresholds(labels, predictions, borders, weights)
        return collected(_area(values, curve, summation_method, "value"),
                         _area(updates, curve, summation_method, "update_op"), metrics_collections,
                         updates_collections)
