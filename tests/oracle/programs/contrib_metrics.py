"""The metrics of tf.contrib.metrics that never became tf.metrics, over several batches."""

import numpy as np

from . import Case, program

SCORES = [[0.1, 0.4, 0.8, 0.9], [0.7, 0.2, 0.3, 0.6]]
LABELS = [[0, 1, 1, 0], [1, 0, 1, 1]]


def seen_values(tf, metrics, feeds, with_updates=True):
    """The values of metrics after each batch, what their updates gave before; the nodes are the case's own."""
    values, updates = zip(*metrics)
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        seen = []
        for feed in feeds:
            for fetches in (updates, values):
                found = sess.run(list(fetches), feed if fetches is updates else None)
                if with_updates or fetches is values:
                    seen.append([str(np.round(np.asarray(part, np.float64), 4).tolist()) for part in found])
    return seen


def _case(tf, metrics, feeds, show=()):
    return Case(facts={"seen": seen_values(tf, metrics, feeds)}, show=show)


@program
def contrib_metrics_of_a_batch(tf):
    metrics = tf.contrib.metrics
    predictions, labels = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int32, [None])
    weights = tf.placeholder(tf.float32, [None])
    plain = metrics.accuracy(predictions, labels)
    weighted = metrics.accuracy(predictions, labels, weights, name="A")
    words = metrics.accuracy(tf.constant(["a", "b"]), tf.constant(["a", "c"]))
    table = metrics.confusion_matrix(labels, predictions, 3)
    said = []
    for wrong in (tf.float32, tf.int64):
        try:
            metrics.accuracy(predictions, tf.zeros([3], wrong))
        except ValueError as error:
            said.append(str(error))
    feeds = {predictions: [0, 1, 2, 2], labels: [0, 2, 2, 1], weights: [1.0, 2.0, 0.5, 0.0]}
    return Case(steps=[([plain, weighted, words, table], feeds)], facts={"said": said}, show=[plain])


@program
def contrib_metrics_counted(tf):
    metrics = tf.contrib.metrics
    scores, weights = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    made = [metrics.count(scores), metrics.count(scores, weights, metrics_collections=["m"], name="C")]
    feeds = [{scores: row, weights: [1.0, 0.5, 2.0, 0.0]} for row in SCORES]
    return _case(tf, made, feeds)


@program
def contrib_metrics_rates(tf):
    metrics = tf.contrib.metrics
    predictions, labels = tf.placeholder(tf.bool, [None]), tf.placeholder(tf.bool, [None])
    weights = tf.placeholder(tf.float32, [None])
    made = [metrics.streaming_false_positive_rate(predictions, labels),
            metrics.streaming_false_negative_rate(predictions, labels, weights, name="N")]
    feeds = [{predictions: np.array(row) > 0.5, labels: truth, weights: [1.0, 0.5, 2.0, 1.0]}
             for row, truth in zip(SCORES, LABELS)]
    return _case(tf, made, feeds, show=[made[0][0], made[1][1]])


@program
def contrib_metrics_correlation(tf):
    metrics = tf.contrib.metrics
    scores, labels = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    weights = tf.placeholder(tf.float32, [None])
    made = [metrics.streaming_covariance(scores, labels), metrics.streaming_pearson_correlation(scores, labels)]
    feeds = [{scores: row, labels: truth, weights: [1.0, 0.5, 2.0, 1.0]} for row, truth in zip(SCORES, LABELS)]
    return _case(tf, made, feeds, show=[made[1][0]])


@program
def contrib_metrics_correlation_weighted(tf):
    metrics = tf.contrib.metrics
    scores, labels = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    weights = tf.placeholder(tf.float32, [None])
    made = [metrics.streaming_covariance(scores, labels, weights, name="V"),
            metrics.streaming_pearson_correlation(scores, labels, weights)]
    feeds = [{scores: row, labels: truth, weights: [1.0, 0.5, 2.0, 1.0]} for row, truth in zip(SCORES, LABELS)]
    return _case(tf, made, feeds)


@program
def contrib_metrics_of_the_best(tf):
    metrics = tf.contrib.metrics
    scores, labels = tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.int64, [2])
    best, many = tf.placeholder(tf.int64, [2, 2]), tf.placeholder(tf.int64, [2, 1])
    made = [metrics.streaming_recall_at_k(scores, labels, 2),
            metrics.sparse_recall_at_top_k(many, best),
            metrics.sparse_recall_at_top_k(many, best, class_id=1, name="R"),
            metrics.streaming_sparse_precision_at_top_k(best, many),
            metrics.streaming_sparse_average_precision_at_top_k(best, many)]
    feed = {scores: [[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]], labels: [0, 2], best: [[1, 2], [0, 2]], many: [[1], [1]]}
    return _case(tf, made, [feed])


@program
def contrib_metrics_areas_with_intervals(tf):
    scores, labels = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int32, [None])
    weights = tf.placeholder(tf.float32, [None])
    found, update = tf.contrib.metrics.auc_with_confidence_intervals(
        labels, scores, weights, metrics_collections=["m"], updates_collections=["u"])
    plain, plain_update = tf.contrib.metrics.auc_with_confidence_intervals(
        labels, scores, alpha=0.9, logit_transformation=False, name="A")
    seen = []
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        for row, kinds, counts in zip(SCORES + [[0.2, 0.4, 0.4, 0.1]], LABELS + [[1, 1, 0, 0]],
                                      [[1, 1, 2, 1], [1, 0.5, 1, 3], [0.1, 0.2, 0.3, 0.1]]):
            feed = {scores: row, labels: kinds, weights: counts}
            sess.run([update, plain_update], feed)
            seen.append(np.round(sess.run(list(found) + list(plain), feed), 4).tolist())
    said = []
    for alpha in (0, 1.0, 2):
        try:
            tf.contrib.metrics.auc_with_confidence_intervals(labels, scores, alpha=alpha)
        except ValueError as error:
            said.append(str(error))
    try:
        tf.contrib.metrics.auc_with_confidence_intervals(tf.zeros([3]), tf.zeros([4]))
    except ValueError as error:
        said.append(str(error))
    kept = [tf.get_collection("m")[0].auc.name, tf.get_collection("u")[0].name, type(found).__name__]
    return Case(facts={"seen": seen, "said": said, "kept": kept})
