"""Samples for the ops of boosted trees."""

import numpy as np
from oracle.samples.values import f32, i32, row

STATS = [np.array(values, np.float32) for values in (
    [[[1, .25], [2, .5], [-3, .125]], [[-4, 1], [2, 2], [.5, .5]], [[0, 0], [0, 0], [0, 0]]],
    [[[1, .25], [2, .5], [-3, .125]], [[4, 1], [-2, 2], [-.5, .5]], [[1, 1], [0, 0], [0, 0]]])]
GRADIENTS = {"node_ids": i32([0, 1, 1, 2]), "gradients": f32([[1], [2], [3], [4]]),
             "hessians": f32([[.25], [.5], [.75], [1]])}



def summary(width):
    """Statistics of 2 nodes, 2 dimensions and 3 buckets, the last for what is missing; both dimensions sum up alike."""
    numbers = ((np.arange(2 * 3 * width) * 7) % 11).reshape(2, 3, width) / 4.0
    logits = 1 if width == 2 else 2
    numbers[..., :logits] -= 1.25
    if width == 6:
        numbers[..., 2:] = np.array([2, .5, .5, 3]) * (1 + numbers[..., :1] ** 2)
    return np.stack([numbers, numbers[:, [1, 2, 0]]], 1).astype(np.float32)


SUMMARY = {width: summary(width) for width in (2, 4, 6)}

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
    "BoostedTreesCalculateBestFeatureSplit": [
        row(node_id_range=i32([0, 2]), stats_summary=SUMMARY[width], l1=f32(l1), l2=f32(l2), tree_complexity=f32(cost),
            min_node_weight=f32(least), logits_dimension=logits, split_type=kind)
        for width, logits, l1, l2, cost, least in ((2, 1, 0, 0, 0, 0), (2, 1, .25, .5, .125, 0), (2, 1, 0, .5, 0, 2.5),
                                                   (4, 2, 0, .5, .25, 0), (6, 2, 0, .5, 0, 0))
        for kind in ("inequality", "equality")
    ],
    "BoostedTreesSparseCalculateBestFeatureSplit": [
        row(node_id_range=i32([0, 2]), stats_summary_indices=np.argwhere(SUMMARY[2] != 0).astype(np.int32),
            stats_summary_values=SUMMARY[2][SUMMARY[2] != 0], stats_summary_shape=i32(SUMMARY[2].shape), l1=f32(l1),
            l2=f32(l2), tree_complexity=f32(cost), min_node_weight=f32(least), logits_dimension=1)
        for l1, l2, cost, least in ((0, 0, 0, 0), (.25, .5, .125, 0), (0, .5, 0, 2.5))
    ],
    "BoostedTreesMakeQuantileSummaries": [
        row(float_values=[f32([3, 1, 2, 2, 5]), f32([1, 1, 1, 1, 1])], example_weights=f32(weights), epsilon=f32(.1))
        for weights in ([1, 1, 1, 1, 1], [1, 2, .5, 0, 1], [1])
    ] + [row(float_values=[f32([(k * 37) % 101 for k in range(100)])], epsilon=f32(epsilon),
             example_weights=f32([1 + k % 3 for k in range(100)])) for epsilon in (.5, .2, .05)],
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
          "BoostedTreesCalculateBestFeatureSplit": lambda call: call["node_id_range"].dtype != object,
          "BoostedTreesMakeQuantileSummaries": lambda call: len({np.size(part) for part in call["float_values"]}) > 1,
          "BoostedTreesBucketize": lambda call: any(not part.size for part in call["bucket_boundaries"])}
