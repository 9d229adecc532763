"""tf.metrics: nodes, collections and values over several batches."""

import numpy as np

from . import Case, program

BATCHES = [([1, 0, 1, 1], [1, 1, 1, 0], [1.0, 2.0, 0.5, 1.0]), ([0, 0, 1, 2], [0, 0, 1, 2], [0.0, 1.0, 3.0, 1.0])]
SCORES = [([True, False, True, False], [0.9, 0.2, 0.4, 0.6], [1.0, 2.0, 0.5, 1.0]),
          ([True, True, False, False], [0.8, 0.3, 0.35, 0.1], [0.5, 1.0, 1.0, 2.0])]


def over_batches(tf, metrics, feeds):
    """Each metric updated with two batches and read before and after."""
    values, updates = [pair[0] for pair in metrics], [pair[1] for pair in metrics]
    steps = [(tf.local_variables_initializer(), None), (values, None)]
    for feed in feeds:
        steps += [(updates, feed), (values, None)]
    return Case(steps=steps, show=values + updates)


def numbers(tf, function, **options):
    """A metric of class numbers with and without weights, in collections and under a name."""
    y, p, w = (tf.placeholder(kind, [None], name=name) for kind, name in
               ((tf.int64, "y"), (tf.int64, "p"), (tf.float32, "w")))
    metrics = [function(labels=y, predictions=p, metrics_collections="values", updates_collections=["a", "b"],
                        **options),
               function(labels=y, predictions=p, weights=w, name="weighted", **options),
               function(labels=tf.constant([1, 0, 1, 1]), predictions=tf.constant([1, 0, 0, 1]),
                        weights=tf.constant([1.0, 2.0, 0.0, 1.0]), **options)]
    return over_batches(tf, metrics, [{y: a, p: b, w: c} for a, b, c in BATCHES])


@program
def metric_accuracy(tf):
    return numbers(tf, tf.metrics.accuracy)


@program
def metric_precision(tf):
    return numbers(tf, tf.metrics.precision)


@program
def metric_recall(tf):
    return numbers(tf, tf.metrics.recall)


@program
def metric_true_positives(tf):
    return numbers(tf, tf.metrics.true_positives)


@program
def metric_other_counts(tf):
    y, p, w = (tf.placeholder(tf.int64, [None], name=name) for name in "ypw")
    metrics = [function(y, p, weights=w) for function in (
        tf.metrics.true_negatives, tf.metrics.false_positives, tf.metrics.false_negatives)]
    metrics.append(tf.metrics.false_positives([True, False], [False, True], weights=2))
    return over_batches(tf, metrics, [{y: a, p: b, w: [1, 2, 3, 0]} for a, b, _ in BATCHES])


@program
def metric_mean_iou(tf):
    return numbers(tf, tf.metrics.mean_iou, num_classes=3)


@program
def metric_mean_per_class_accuracy(tf):
    return numbers(tf, tf.metrics.mean_per_class_accuracy, num_classes=3)


@program
def metric_per_class_of_images(tf):
    y, p = (tf.placeholder(tf.int32, [2, 2], name=name) for name in "yp")
    w = tf.constant([[1.0, 0.5], [2.0, 0.0]])
    metrics = [tf.metrics.mean_iou(y, p, 3, weights=w), tf.metrics.mean_per_class_accuracy(y, p, 3, weights=w)]
    return over_batches(tf, metrics, [{y: [[1, 0], [2, 2]], p: [[1, 0], [1, 2]]}])


@program
def metric_means(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.placeholder(tf.float32, [None, 1], name="w")
    metrics = [tf.metrics.mean(x), tf.metrics.mean(x, weights=w, name="weighted"), tf.metrics.mean(x, 2.0),
               tf.metrics.mean(tf.constant([1, 2, 3])), tf.metrics.mean(x, name="weighted"),
               tf.metrics.percentage_below(x, 2.5), tf.metrics.percentage_below(x, 2.5, w, name="low")]
    feeds = [{x: [[1.0, 2.0], [3.0, 4.0]], w: [[1.0], [0.5]]}, {x: [[-1.0, 7.0]], w: [[2.0]]}]
    return over_batches(tf, metrics, feeds)


@program
def metric_mean_tensor(tf):
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    metrics = [tf.metrics.mean_tensor(x), tf.metrics.mean_tensor(x, weights=[[1.0], [2.0]]),
               tf.metrics.mean_tensor(x, weights=tf.placeholder_with_default([1.0, 0.5], [2], name="w"))]
    return over_batches(tf, metrics, [{x: np.arange(6).reshape(2, 3)}, {x: np.ones([2, 3])}])


@program
def metric_errors(tf):
    y, p = (tf.placeholder(tf.float32, [None, 2], name=name) for name in "yp")
    w = tf.placeholder(tf.float32, [None, 1], name="w")
    metrics = [function(y, p) for function in (tf.metrics.mean_absolute_error, tf.metrics.mean_squared_error,
                                               tf.metrics.root_mean_squared_error)]
    metrics += [function(y, p, weights=w, metrics_collections=["m"], updates_collections="u", name="w")
                for function in (tf.metrics.mean_absolute_error, tf.metrics.mean_squared_error,
                                 tf.metrics.root_mean_squared_error)]
    metrics += [tf.metrics.mean_relative_error(y, p, y), tf.metrics.mean_cosine_distance(y, p, 1),
                tf.metrics.mean_cosine_distance(y, p, 1, weights=w)]
    feeds = [{y: [[1.0, 0.0], [3.0, 4.0]], p: [[1.5, 1.0], [2.0, 4.0]], w: [[1.0], [3.0]]},
             {y: [[0.6, 0.8]], p: [[0.8, 0.6]], w: [[0.5]]}]
    return over_batches(tf, metrics, feeds)


@program
def metric_shapes_of_one(tf):
    """Last dimensions of 1 that only one argument has, and ranks that only the run tells."""
    y = tf.placeholder(tf.int32, [None, 1], name="y")
    p = tf.placeholder(tf.int32, [None], name="p")
    w = tf.placeholder(tf.float32, [None, 1], name="w")
    any_rank = tf.placeholder(tf.float32, name="any_rank")
    metrics = [tf.metrics.accuracy(y, p), tf.metrics.accuracy(y, p, weights=w), tf.metrics.precision(p, y, weights=w),
               tf.metrics.mean(any_rank), tf.metrics.mean(any_rank, weights=w), tf.metrics.mean(w, weights=any_rank),
               tf.metrics.accuracy(tf.placeholder_with_default([1, 0], None), p, weights=any_rank)]
    feeds = [{y: [[1], [2]], p: [1, 0], w: [[1.0], [3.0]], any_rank: [1.0, 2.0]},
             {y: [[1], [2]], p: [1, 2], w: [[1.0], [3.0]], any_rank: [[1.0], [2.0]]}]
    return over_batches(tf, metrics, feeds)


def scores(tf, function, *arguments, **options):
    """A metric of scores with and without weights."""
    y = tf.placeholder(tf.bool, [None], name="y")
    p = tf.placeholder(tf.float32, [None], name="p")
    w = tf.placeholder(tf.float32, [None], name="w")
    metrics = [function(y, p, *arguments, **options), function(y, p, *arguments, weights=w, name="weighted", **options),
               function(tf.constant([1, 0, 1]), tf.constant([0.9, 0.3, 0.2]), *arguments, weights=2.0,
                        metrics_collections="m", updates_collections="u", **options)]
    return over_batches(tf, metrics, [{y: a, p: b, w: c} for a, b, c in SCORES])


@program
def metric_auc(tf):
    return scores(tf, tf.metrics.auc)


@program
def metric_auc_precision_recall(tf):
    return scores(tf, tf.metrics.auc, num_thresholds=7, curve="PR")


@program
def metric_auc_interpolated(tf):
    return scores(tf, tf.metrics.auc, num_thresholds=7, curve="PR", summation_method="careful_interpolation")


@program
def metric_auc_sums(tf):
    y, p = tf.constant([True, False, True]), tf.constant([0.9, 0.3, 0.2])
    metrics = [tf.metrics.auc(y, p, num_thresholds=5, summation_method="majoring"),
               tf.metrics.auc(y, p, num_thresholds=5, summation_method="minoring", curve="PR"),
               tf.metrics.auc(y, p, summation_method="careful_interpolation", thresholds=[0.5, 0.25])]
    return over_batches(tf, metrics, [None])


@program
def metric_counts_at_thresholds(tf):
    y = tf.placeholder(tf.bool, [None], name="y")
    p = tf.placeholder(tf.float32, [None], name="p")
    w = tf.placeholder(tf.float32, [None], name="w")
    metrics = [function(y, p, [0.25, 0.5], weights=weights) for weights in (None, w) for function in (
        tf.metrics.true_positives_at_thresholds, tf.metrics.true_negatives_at_thresholds,
        tf.metrics.false_positives_at_thresholds, tf.metrics.false_negatives_at_thresholds)]
    return over_batches(tf, metrics, [{y: a, p: b, w: c} for a, b, c in SCORES])


@program
def metric_precision_at_thresholds(tf):
    return scores(tf, tf.metrics.precision_at_thresholds, [0.3, 0.7])


@program
def metric_recall_at_thresholds(tf):
    return scores(tf, tf.metrics.recall_at_thresholds, [0.3, 0.7])


@program
def metric_sensitivity_at_specificity(tf):
    return scores(tf, tf.metrics.sensitivity_at_specificity, 0.5, num_thresholds=6)


@program
def metric_specificity_at_sensitivity(tf):
    return scores(tf, tf.metrics.specificity_at_sensitivity, 0.5, num_thresholds=6)


def at_k(tf, function, **options):
    """A metric of the best predictions, with labels of one or several classes."""
    one = tf.placeholder(tf.int64, [None], name="one")
    many = tf.placeholder(tf.int64, [None, 2], name="many")
    p = tf.placeholder(tf.float32, [None, 4], name="p")
    w = tf.placeholder(tf.float32, [None], name="w")
    metrics = [function(one, p, 2, **options), function(many, p, 3, metrics_collections="m", updates_collections="u",
                                                        **options),
               function(many, p, 2, weights=w, name="weighted", **options)]
    feeds = [{one: [1, 3], many: [[1, 2], [0, 3]], p: [[0.1, 0.2, 0.4, 0.3], [0.4, 0.1, 0.2, 0.3]], w: [1.0, 2.0]},
             {one: [2], many: [[2, 5]], p: [[0.1, 0.7, 0.1, 0.2]], w: [0.5]}]
    return over_batches(tf, metrics, feeds)


@program
def metric_precision_at_k(tf):
    return at_k(tf, tf.metrics.precision_at_k)


@program
def metric_precision_at_k_of_a_class(tf):
    return at_k(tf, tf.metrics.precision_at_k, class_id=2)


@program
def metric_recall_at_k(tf):
    return at_k(tf, tf.metrics.recall_at_k)


@program
def metric_recall_at_k_of_a_class(tf):
    return at_k(tf, tf.metrics.recall_at_k, class_id=2)


@program
def metric_sparse_precision_at_k(tf):
    return at_k(tf, tf.metrics.sparse_precision_at_k, class_id=3)


@program
def metric_average_precision_at_k(tf):
    return at_k(tf, tf.metrics.average_precision_at_k)


@program
def metric_top_k_of_sparse_labels(tf):
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([1, 2, 3], tf.int64), [2, 2])
    best = tf.constant([[1, 0], [3, 2]])
    p = tf.constant([[0.1, 0.2, 0.4, 0.3], [0.4, 0.1, 0.2, 0.3]])
    metrics = [tf.metrics.precision_at_top_k(labels, best, k=2), tf.metrics.recall_at_top_k(labels, best, class_id=2),
               tf.metrics.recall_at_k(labels, p, 2)]
    return over_batches(tf, metrics, [None])


@program
def sets_of_tensors(tf):
    a, b = tf.constant([[1, 2, 3], [4, 5, 5]]), tf.placeholder(tf.int32, [None, 2], name="b")
    s = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [3, 9, 4], [2, 3])
    words = tf.constant([["b", "a"], ["c", "c"]])
    found = [tf.sets.intersection(a, b), tf.sets.union(a, b), tf.sets.difference(a, b),
             tf.sets.difference(a, b, aminusb=False), tf.sets.union(s, s), tf.sets.difference(a, s),
             tf.sets.difference(s, a), tf.sets.set_difference(s, a, False), tf.sets.intersection(s, b),
             tf.sets.union(words, words),
             tf.sets.set_union(a, s)]
    sizes = [tf.sets.size(each) for each in found[:4]] + [tf.sets.set_size(s)]
    facts = {"shapes": [str(each.get_shape()) for each in found] + [str(size.get_shape()) for size in sizes]}
    return Case(steps=[(found + sizes, {b: [[2, 7], [5, 4]]})], show=sizes, facts=facts)


@program
def sets_of_numbers_far_apart(tf):
    """Numbers of 64 bits from the least to the most, members that repeat, and rows without any."""
    far = [[-2 ** 63, 5, 5, 2 ** 63 - 1], [3, 3, 3, 3], [-1, 0, 7, 8]]
    near = [[5, 6], [3, -4], [9, 9]]
    found = []
    for first in (far, [[each % 11 for each in row] for row in far]):
        a, b = tf.constant(first, tf.int64), tf.constant(near, tf.int64)
        s = tf.SparseTensor([[0, 0], [0, 2], [2, 1], [2, 3]], tf.constant([-3, 5, 8, 8], tf.int64), [3, 4])
        found += [tf.sets.set_union(a, b), tf.sets.set_intersection(a, b), tf.sets.set_difference(a, b),
                  tf.sets.set_difference(a, s, aminusb=False), tf.sets.set_union(s, s), tf.sets.set_size(s)]
    return Case([(found, None)])


@program
def metric_streaming(tf):
    """The old names of tf.contrib.metrics, the predictions first."""
    m = tf.contrib.metrics
    y, p = (tf.placeholder(tf.int64, [None], name=name) for name in "yp")
    s, t = (tf.placeholder(tf.float32, [None], name=name) for name in "st")
    w = tf.placeholder(tf.float32, [None], name="w")
    names = {"accuracy": m.streaming_accuracy(p, y, w), "precision": m.streaming_precision(p, y)}
    values, updates = m.aggregate_metric_map(names)
    metrics = [m.streaming_mean(s), m.streaming_recall(p, y, weights=w), m.streaming_mean_absolute_error(s, t),
               m.streaming_mean_squared_error(s, t), m.streaming_root_mean_squared_error(s, t),
               m.streaming_true_positives(p, y), m.streaming_false_negatives(p, y), m.streaming_auc(s, y, None, 5),
               m.streaming_percentage_less(s, 0.5), m.streaming_mean_iou(p, y, 3),
               m.streaming_precision_at_thresholds(s, y, [0.5]), m.streaming_recall_at_thresholds(s, y, [0.5]),
               m.streaming_sensitivity_at_specificity(s, y, 0.5, num_thresholds=4)]
    metrics += list(zip(*m.aggregate_metrics(metrics[0], metrics[1])))
    metrics.append((values["accuracy"], updates["accuracy"]))
    return over_batches(tf, metrics, [{y: [1, 0, 1], p: [1, 1, 1], s: [0.9, 0.2, 0.4], t: [1.0, 0.0, 1.0],
                                       w: [1.0, 2.0, 0.5]}])


@program
def metric_streaming_at_k(tf):
    m = tf.contrib.metrics
    y = tf.placeholder(tf.int64, [None, 1], name="y")
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    metrics = [m.streaming_sparse_precision_at_k(p, y, 2), m.streaming_sparse_recall_at_k(p, y, 2, class_id=1),
               m.streaming_sparse_average_precision_at_k(p, y, 2), m.streaming_mean_cosine_distance(p, p, 1),
               m.streaming_mean_relative_error(p, p * 2.0, p)]
    return over_batches(tf, metrics, [{y: [[1], [2]], p: [[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]]}])
