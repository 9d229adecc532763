"""The metrics that keep more than counts: streaming_concat, cohen_kappa, areas from histograms and from buckets."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.tf.metrics.common import Metric, collected, metric_variable
from tfmagic.tf.variable.scope import variable_scope

_GROWTH = 1.5


def _next_size(required: Any) -> Tensor:
    """The next size of an array that grows by halves."""
    steps = api.ceil(api.log(cast(required, dtypes.float32)) / api.log(cast(_GROWTH, dtypes.float32)))
    return cast(api.ceil(_GROWTH ** steps), dtypes.int32)


def flat_and_checked(predictions: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, list[Any]]:
    """Predictions (float64) and labels (int64) as vectors, and the assertions that the labels are 0 or 1."""
    predictions = api.reshape(cast(predictions, dtypes.float64), [-1])
    labels = api.reshape(cast(labels, dtypes.int64), [-1])
    return predictions, labels, [
        api.assert_greater_equal(labels, api.zeros_like(labels, dtypes.int64),
                                 message="labels must be 0 or 1, at least one is <0"),
        api.assert_less_equal(labels, api.ones_like(labels, dtypes.int64),
                              message="labels must be 0 or 1, at least one is >1")]


@export("contrib.metrics.streaming_concat")
def streaming_concat(values: Any, axis: int = 0, max_size: int | None = None, metrics_collections: Any = None,
                     updates_collections: Any = None, name: str | None = None) -> Metric:
    """All values so far, one batch after another.

    Args:
      values: a tensor whose sizes are known but for one axis.
      axis: that axis, along which they are joined.
      max_size: how many are kept; None: all.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Returns:
      The values, and the operation that appends those of a batch.

    Raises:
      ValueError: no such axis, or another size is unknown.
    """
    with variable_scope(name, "streaming_concat", (values,)):
        values = convert_to_tensor(values)
        sizes = values.shape.as_list()
        rank = len(sizes)
        if axis < 0:
            axis = rank + axis
        if not 0 <= axis < rank:
            raise ValueError(f"axis = {axis!r} not in [0, {rank!r})")
        fixed = [size for place, size in enumerate(sizes) if place != axis]
        if any(size is None for size in fixed):
            raise ValueError("all dimensions of `values` other than the dimension to concatenate along must have "
                             "statically known size")
        array = metric_variable([max_size or 0, *fixed], values.dtype, name="array", validate_shape=False)
        count = metric_variable([], dtypes.int32, name="size")
        valid = array[:count]
        valid.set_shape([None, *fixed])
        back = [0 if place == axis else place + 1 if place < axis else place for place in range(rank)]
        result = api.transpose(valid, back, name="concat")
        given = api.shape(values)[axis]
        taken = given if max_size is None else raw.minimum(given, max_size - count)
        batch = api.transpose(values, [axis, *[place for place in range(rank) if place != axis]])[:taken]
        new_count = count + taken
        room = raw.shape(array)[0]

        def grown() -> Any:
            new = api.zeros(api.stack([_next_size(new_count), *fixed]), dtype=values.dtype)
            old = array.value()
            with get_default_graph().control_dependencies([old]):
                moved = api.assign(array, new, validate_shape=False)
            with get_default_graph().control_dependencies([moved]):
                copied = array[:count].assign(old[:count])
            return api.group(copied, name="NoOp")

        fits = api.cond(new_count > room, grown, api.no_op)
        with get_default_graph().control_dependencies([fits]):
            appended = array[count:new_count].assign(batch)
        with get_default_graph().control_dependencies([appended]):
            update = count.assign(new_count)
        return collected(result, update, metrics_collections, updates_collections)


@export("contrib.metrics.cohen_kappa")
def cohen_kappa(labels: Any, predictions_idx: Any, num_classes: int, weights: Any = None,
                metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None) -> Metric:
    """How far labels and predictions agree beyond chance.

    Args:
      labels, predictions_idx: vectors of classes.
      num_classes: how many classes there are.
      weights: what each counts.
      metrics_collections, updates_collections, name: as for `tf.metrics.mean`.

    Raises:
      ValueError: there are less than two classes.
    """
    if num_classes < 2:
        raise ValueError(f"`num_classes` must be >= 2.Found: {num_classes}")
    with variable_scope(name, "cohen_kappa", (labels, predictions_idx, weights)):
        kind = dtypes.int64 if weights is None else weights.dtype
        hits, rows, columns = (metric_variable((num_classes,), kind, name=each) for each in ("po", "pe_row", "pe_col"))
        table = api.confusion_matrix(labels, predictions_idx, num_classes=num_classes, weights=weights, dtype=kind,
                                     name="counts_in_table")
        found = api.diag_part(table), reduce_sum(table, axis=0), reduce_sum(table, axis=1)
        updates = [api.assign_add(total, part) for total, part in zip((hits, rows, columns), found)]

        def kappa(hits: Any, rows: Any, columns: Any, name: str) -> Tensor:
            agreed, total = reduce_sum(hits), reduce_sum(rows)
            by_chance = reduce_sum(api.div_no_nan(cast(rows * columns, dtypes.float64), cast(total, dtypes.float64)))
            agreed, total = cast(agreed, dtypes.float64), cast(total, dtypes.float64)
            return api.div_no_nan(agreed - by_chance, total - by_chance, name=name)

        return collected(kappa(hits, rows, columns, "value"),
                         kappa(updates[0], updates[1], updates[2], "update_op"), metrics_collections,
                         updates_collections)


@export("contrib.metrics.auc_using_histogram")
def auc_using_histogram(boolean_labels: Any, scores: Any, score_range: Any, nbins: int = 100, collections: Any = None,
                        check_shape: bool = True, name: str | None = None) -> Metric:
    """The area under the ROC curve, from two histograms of scores.

    Args:
      boolean_labels: a vector of bools.
      scores: a vector of numbers.
      score_range: the lowest and the highest score.
      nbins: how many bins a histogram has.
      collections: the collections of the histograms.
      check_shape: whether the run refuses other ranks.
      name: the scope of the nodes.
    """
    with variable_scope(name, "auc_using_histogram", [boolean_labels, scores, score_range]):
        scores = convert_to_tensor(scores)
        score_range = convert_to_tensor(score_range, name="score_range")
        boolean_labels, scores = _checked(boolean_labels, scores, check_shape)
        with name_scope("make_auc_histograms"):
            yes = api.histogram_fixed_width(api.boolean_mask(scores, boolean_labels), score_range, nbins=nbins,
                                            dtype=dtypes.int64, name="hist_true")
            no = api.histogram_fixed_width(api.boolean_mask(scores, raw.logical_not(boolean_labels)), score_range,
                                           nbins=nbins, dtype=dtypes.int64, name="hist_false")
        with variable_scope(None, "hist_accumulate", [yes, no]):
            all_yes, all_no = (
                api.get_variable(each, shape=[nbins], dtype=dtypes.int64, initializer=api.zeros_initializer(),
                                 collections=collections, trainable=False)
                for each in ("hist_true_acc", "hist_false_acc"))
            update = api.group(api.assign_add(all_yes, yes), api.assign_add(all_no, no), name="update_op")
        return _area(all_yes, all_no, nbins), update


def _checked(labels: Any, scores: Any, check_shape: bool) -> tuple[Any, Any]:
    with name_scope("_check_labels_and_scores"):
        labels, scores = convert_to_tensor(labels), convert_to_tensor(scores)
        if labels.dtype != dtypes.bool_:
            raise ValueError("Argument boolean_labels should have dtype bool.  Found: %s", labels.dtype)
        if check_shape:
            for what, tensor in (("boolean_labels", labels), ("scores", scores)):  # nothing waits for the checks
                api.Assert(api.equal(1, api.rank(tensor)),
                           [f"Argument {what} should have rank 1.  Found: ", tensor.name, api.shape(tensor)])
        return labels, scores


def _area(yes: Any, no: Any, nbins: int) -> Tensor:
    """The area, with each bin's part cut in half."""
    shares = [yes / reduce_sum(yes), no / reduce_sum(no)]
    up, right = (api.reverse(share, axis=[0], name=name) for share, name in zip(shares, ("delta_y_t", "delta_x_t")))
    up, right = cast(up, dtypes.float32), cast(right, dtypes.float32)
    height = _running_total(up, nbins)
    first = right[0] * height[0] / 2.0
    others = right[1:] * (height[1:] + height[:nbins - 1]) / 2.0
    return api.add(first, reduce_sum(others), name="auc")


def _running_total(vector: Any, length: int) -> Tensor:
    with name_scope("strict_1d_cumsum"):
        padded = api.pad(vector, [[length - 1, 0]])
        ones = api.ones_like(padded)
        with name_scope("strict_conv1d"):
            row = api.reshape(padded, [1, -1, 1, 1])
            column = api.reshape(ones, [-1, 1, 1, 1])
            total = api.reshape(raw.conv2d(row, column, strides=[1, 1, 1, 1], padding="SAME"), [-1])
        return total[:length]


class PrecisionRecallData(NamedTuple):
    """Counts and shares for thresholds from 0 to 1 in even steps."""

    tp: Any
    fp: Any
    tn: Any
    fn: Any
    precision: Any
    recall: Any
    thresholds: Any


@export("contrib.metrics.precision_recall_at_equal_thresholds")
def precision_recall_at_equal_thresholds(labels: Any, predictions: Any, weights: Any = None,
                                         num_thresholds: int | None = None, use_locking: bool | None = None,
                                         name: str | None = None) -> tuple[PrecisionRecallData, Any]:
    """Counts, precision and recall for thresholds from 0 to 1 in even steps, in time that these do not lengthen.

    Args:
      labels: bools of the shape of the predictions.
      predictions: scores in [0, 1].
      weights: a tensor that broadcasts to `predictions`, or None.
      num_thresholds: how many thresholds there are; None: 201.
      use_locking: whether updates exclude each other.
      name: the scope of the nodes.

    Returns:
      A `PrecisionRecallData`, and the operation that updates it.

    Raises:
      ValueError: the shapes differ.
    """
    if num_thresholds is None:
        num_thresholds = 201
    if weights is None:
        weights = 1.0
    api.debugging.assert_type(labels, dtypes.bool_)
    with variable_scope(name, "precision_recall_at_equal_thresholds", (labels, predictions, weights)):
        checks = [api.debugging.assert_greater_equal(predictions, cast(0.0, predictions.dtype), message=_RANGE),
                  api.debugging.assert_less_equal(predictions, cast(1.0, predictions.dtype), message=_RANGE)]
        with get_default_graph().control_dependencies(checks):  # of the default weights alone
            weights = convert_to_tensor(weights)
        return _at_equal(labels, predictions, weights, num_thresholds, use_locking)


_RANGE = "predictions must be in [0, 1]"


def _at_equal(labels: Any, predictions: Any, weights: Any, count: int, use_locking: Any) -> Any:
    predictions.shape.assert_is_compatible_with(labels.shape)
    wide = dtypes.float64
    answers = cast(labels, wide)
    weights = cast(weights, wide)
    yes = answers * weights
    no = (1.0 - answers) * weights
    flat, yes, no = (api.reshape(each, [-1]) for each in (predictions, yes, no))
    buckets = cast(api.floor(flat * (count - 1)), dtypes.int32)
    with name_scope("variables"):
        totals = [metric_variable([count], wide, name=each) for each in ("tp_buckets", "fp_buckets")]
    with name_scope("update_op"):
        adds = [api.scatter_add(total, buckets, part, use_locking=use_locking is None or use_locking)
                for total, part in zip(totals, (yes, no))]
    tp, fp = (api.cumsum(total, reverse=True, name=each) for total, each in zip(totals, ("tp", "fp")))
    tn = fp[0] - fp
    fn = tp[0] - tp
    tiny = constant(1e-7, wide)
    precision = tp / raw.maximum(tiny, tp + fp)
    recall = tp / raw.maximum(tiny, tp + fn)
    narrow = [cast(each, dtypes.float32) for each in (tp, fp, tn, fn, precision, recall)]
    return PrecisionRecallData._make([*narrow, api.lin_space(0.0, 1.0, count)]), api.group(*adds)
