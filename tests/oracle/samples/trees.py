"""Samples for the ops of boosted trees."""

import numpy as np
from oracle.samples.values import f32, i32, row

STATS = [np.array(values, np.float32) for values in (
    [[[1, .25], [2, .5], [-3, .125]], [[-4, 1], [2, 2], [.5, .5]], [[0, 0], [0, 0], [0, 0]]],
    [[[1, .25], [2, .5], [-3, .125]], [[4, 1], [-2, 2], [-.5, .5]], [[1, 1], [0, 0], [0, 0]]])]
GRADIENTS = {"node_ids": i32([0, 1, 1, 2]), "gradients": f32([[1], [2], [3], [4]]),
             "hessians": f32([[.25], [.5], [.75], [1]])}

SAMPLES = {
    "BoostedTreesBucketize": [
        row(float_values=[f32([1, 2, 2.5, 9, -3]), f32([0, 1, 2, 3, 4])],
            bucket_boundaries=[f32([1, 2.5, 4]), f32([2])]),
        row(float_values=[f32([])], bucket_boundaries=[f32([1])]),
        row(float_values=[f32([[1]])], bucket_boundaries=[f32([1])]),
    ],
    "BoostedTreesMakeStatsSummary": [
        row(**GRADIENTS, bucketized_features_list=[i32([0, 1, 1, 2]), i32([2, 2, 0, 1])], max_splits=3, num_buckets=3),
        row(**GRADIENTS, bucketized_features_list=[i32([0, 0, 0, 0])], max_splits=4, num_buckets=1),
    ],
    "BoostedTreesAggregateStats": [
        row(**GRADIENTS, feature=i32([[0, 1], [1, 2], [1, 0], [-1, 1]]), max_splits=3, num_buckets=3),
        row(**GRADIENTS, feature=i32([[0], [0], [0], [0]]), max_splits=3, num_buckets=1),
    ],
    "BoostedTreesSparseAggregateStats": [
        row(**GRADIENTS, feature_indices=i32([[0, 0], [1, 1], [2, 1], [3, 0]]), feature_values=i32(buckets),
            feature_shape=i32([4, 2]), max_splits=3, num_buckets=2) for buckets in ([1, 0, 1, 1], [0, 0, 0, 0])
    ] + [row(**GRADIENTS, feature_indices=i32([]).reshape(0, 2), feature_values=i32([]), feature_shape=i32([4, 1]),
             max_splits=3, num_buckets=1)],
    "BoostedTreesCalculateBestGainsPerFeature": [
        row(node_id_range=i32(span), stats_summary_list=STATS, l1=f32(l1), l2=f32(l2), tree_complexity=f32(cost),
            min_node_weight=f32(least), max_splits=3)
        for span, l1, l2, cost, least in (([0, 2], 0, 0, 0, 0), ([0, 3], .1, .5, 0, 0), ([1, 2], 0, 0, 1, 0),
                                          ([0, 2], 0, .1, 0, 1.5), ([2, 2], 0, 0, 0, 0))
    ],
}


def beyond_buckets(call):
    """Whether a node or a bucket is none that there is room for."""
    buckets = call.get("feature", call.get("bucketized_features_list"))
    nodes = call["node_ids"]
    parts = [nodes, *(buckets if isinstance(buckets, list) else [buckets])]
    if any(np.asarray(part).dtype == object for part in parts):
        return False  # refused before anything is counted
    sizes = {len(part) if part.ndim else 0 for part in (nodes, call["gradients"], call["hessians"], *(
        buckets if isinstance(buckets, list) else [buckets]))}
    most = max(int(np.max(part, initial=0)) for part in (buckets if isinstance(buckets, list) else [buckets]))
    least = min(int(np.min(part, initial=0)) for part in (buckets if isinstance(buckets, list) else [buckets]))
    return (len(sizes) > 1 or 0 in sizes or most >= call["num_buckets"] or (least < 0 and "feature" not in call)
            or np.max(nodes) >= call["max_splits"] or np.min(nodes) < 0)


# What is counted goes to a place in memory that nobody looks at; what is asked for is read from there.
BEYOND = {**dict.fromkeys(("BoostedTreesMakeStatsSummary", "BoostedTreesAggregateStats"), beyond_buckets),
          "BoostedTreesSparseAggregateStats": lambda call: call["node_ids"].dtype != object,
          "BoostedTreesCalculateBestGainsPerFeature": lambda call: call["node_id_range"].dtype != object,
          "BoostedTreesBucketize": lambda call: any(not part.size for part in call["bucket_boundaries"])}
