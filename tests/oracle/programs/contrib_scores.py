"""The metrics of tf.contrib.metrics of scores at thresholds, of tables and of all values so far."""

import numpy as np

from . import Case, program
from .contrib_metrics import LABELS, SCORES, seen_values
from .refused import refusals


def _read(tf, metrics, feeds):
    """The values of metrics after each batch."""
    value, update = metrics[0]
    return Case(facts={"seen": seen_values(tf, metrics, feeds, with_updates=False)}, show=[value, update])


def _scores(tf):
    return tf.placeholder(tf.bool, [None], "labels"), tf.placeholder(tf.float32, [None], "scores")


def _batches(labels, scores):
    return [{labels: np.array(truth, bool), scores: row} for row, truth in zip(SCORES, LABELS)]


@program
def score_metrics_of_both(tf):
    labels, scores = _scores(tf)
    metrics = tf.contrib.metrics
    made = [metrics.f1_score(labels, scores, num_thresholds=5),
            metrics.precision_at_recall(labels, scores, 0.6, num_thresholds=5),
            metrics.recall_at_precision(labels, scores, 0.7, num_thresholds=5, name="own")]
    return _read(tf, made, _batches(labels, scores))


@program
def score_metrics_of_curves(tf):
    labels, scores = _scores(tf)
    metrics = tf.contrib.metrics
    made = [metrics.streaming_curve_points(labels, scores, num_thresholds=4),
            metrics.streaming_curve_points(labels, scores, num_thresholds=4, curve="PR", weights=tf.constant([2.])),
            metrics.recall_at_precision(labels, scores, 0.7, num_thresholds=5, strict_mode=True)]
    values = [value for value, _ in made]
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        for feed in _batches(labels, scores):
            sess.run([update for _, update in made], feed)
        seen = [np.round(each, 4).tolist() for each in sess.run(values)]
    return Case(facts={"seen": str(seen)}, show=values)


@program
def score_metrics_counted(tf):
    labels, scores = _scores(tf)
    metrics = tf.contrib.metrics
    made = [metrics.streaming_false_positive_rate_at_thresholds(scores, labels, [0.25, 0.5]),
            metrics.streaming_false_negative_rate_at_thresholds(scores, labels, [0.25, 0.5], weights=tf.constant([3.]))]
    for kind in ("true_positives", "false_negatives", "true_negatives", "false_positives"):
        made.append(getattr(metrics, "streaming_" + kind + "_at_thresholds")(scores, labels, [0.5]))
    return _read(tf, made, _batches(labels, scores))


@program
def score_metrics_of_tables(tf):
    truth, found = tf.placeholder(tf.int64, [None]), tf.placeholder(tf.int64, [None])
    weights = tf.placeholder(tf.float32, [None])
    kappa = tf.contrib.metrics.cohen_kappa
    made = [kappa(truth, found, 3), kappa(truth, found, 3, weights=weights, name="weighted")]
    feeds = [{truth: [0, 1, 2, 1], found: [0, 1, 1, 1], weights: [1., 2., 0.5, 1.]},
             {truth: [2, 1, 2, 0], found: [2, 1, 1, 0], weights: [1., 2., 0.5, 1.]}]
    return _read(tf, made, feeds)


@program
def score_metrics_of_buckets(tf):
    labels, scores = _scores(tf)
    data, update = tf.contrib.metrics.precision_recall_at_equal_thresholds(labels, scores, num_thresholds=5)
    return _read(tf, [(part, update) for part in data], _batches(labels, scores))


@program
def score_metrics_of_histograms(tf):
    labels, scores = _scores(tf)
    area, update = tf.contrib.metrics.auc_using_histogram(labels, scores, [0., 1.], nbins=10,
                                                          collections=[tf.GraphKeys.LOCAL_VARIABLES])
    return _read(tf, [(area, update)], _batches(labels, scores))


@program
def score_metrics_of_all_values(tf):
    values = tf.placeholder(tf.float32, [2, None])
    joined = tf.contrib.metrics.streaming_concat
    made = [joined(values, axis=1), joined(values, -1, max_size=3, name="few")]
    return _read(tf, made, [{values: [[1., 2.], [3., 4.]]}, {values: [[5.], [6.]]}, {values: [[7., 8.], [9., 0.]]}])


@program
def score_metrics_refused(tf):
    labels, scores = _scores(tf)
    metrics = tf.contrib.metrics
    return Case(facts={"said": refusals([
        lambda: metrics.streaming_concat(tf.placeholder(tf.float32, [None, None])),
        lambda: metrics.streaming_concat(tf.placeholder(tf.float32, [None, 2]), axis=2),
        lambda: metrics.cohen_kappa(labels, labels, 1),
        lambda: metrics.precision_at_recall(labels, scores, 1.5),
        lambda: metrics.recall_at_precision(labels, scores, 1.5),
        lambda: metrics.streaming_curve_points(labels, scores, curve="XX"),
        lambda: metrics.precision_recall_at_equal_thresholds(labels, scores, num_thresholds=1),
        lambda: metrics.auc_using_histogram(scores, scores, [0., 1.]),
    ])})
