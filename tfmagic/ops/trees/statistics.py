"""Statistics of gradients by node and bucket."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import op
from tfmagic.ops.shape_rules import merge, merge_dim, with_rank


@op("BoostedTreesBucketize", traced="shapes")
class BoostedTreesBucketize:
    """The bucket of each value of each feature: the first boundary that is not below it."""

    def shape(op: Any, float_values: Any, bucket_boundaries: Any) -> Any:
        rows: int | None = None
        for values in float_values:
            rows = merge_dim(with_rank(values, 1)[0], rows)
        with_rank(bucket_boundaries[0], 1)  # TensorFlow looks at the first alone
        return [(rows,)] * op.num_features

    def kernel(op: Any, float_values: Any, bucket_boundaries: Any) -> Any:
        flat = [boundaries.reshape(-1) for boundaries in bucket_boundaries]
        return tuple(torch.searchsorted(boundaries, values).clamp(0, max(boundaries.shape[0] - 1, 0)).to(torch.int32)
                     for values, boundaries in zip(float_values, flat))


def _stats(gradients: Any, hessians: Any) -> Any:
    return torch.cat([gradients, hessians], 1)


@op("BoostedTreesMakeStatsSummary")
class BoostedTreesMakeStatsSummary:
    """Sums of gradients and hessians by feature, node and bucket."""

    def shape(op: Any, node_ids: Dims, gradients: Dims, hessians: Dims, bucketized_features_list: Any) -> Dims:
        rows = with_rank(node_ids, 1)[0]
        merge(with_rank(gradients, 2), with_rank(hessians, 2))
        for dims in (with_rank(gradients, 2), *(with_rank(feature, 1) for feature in bucketized_features_list)):
            rows = merge_dim(rows, dims[0])
        return op.num_features, op.max_splits, op.num_buckets, 2

    def kernel(op: Any, node_ids: Any, gradients: Any, hessians: Any, bucketized_features_list: Any) -> Any:
        stats, nodes = _stats(gradients, hessians), node_ids.long()
        none = torch.zeros((op.max_splits, op.num_buckets, 2))
        return torch.stack([torch.index_put(none, (nodes, buckets.long()), stats, accumulate=True)
                            for buckets in bucketized_features_list])


@op("BoostedTreesAggregateStats", traced="shapes")
class BoostedTreesAggregateStats:
    """Sums of gradients and hessians by node, dimension of a feature and bucket; the last is for what is missing."""

    def shape(op: Any, node_ids: Dims, gradients: Dims, hessians: Dims, feature: Dims) -> Dims:
        with_rank(node_ids, 1)
        logits, second, dims = with_rank(gradients, 2), with_rank(hessians, 2), with_rank(feature, 2)
        width = None if logits[1] is None or second[1] is None else logits[1] + second[1]
        return op.max_splits, op.num_buckets, dims[1], width  # as TensorFlow says, though the values are not so

    def kernel(op: Any, node_ids: Any, gradients: Any, hessians: Any, feature: Any) -> Any:
        stats, nodes = _stats(gradients, hessians), node_ids.long()
        none = torch.zeros((op.max_splits, op.num_buckets + 1, gradients.shape[1] + hessians.shape[1]))
        places = torch.where(feature < 0, op.num_buckets, feature).long()
        return torch.stack([torch.index_put(none, (nodes, places[:, dimension]), stats, accumulate=True)
                            for dimension in range(feature.shape[1])], 1)


@op("BoostedTreesSparseAggregateStats", host=("feature_shape",), traced=False,
    because="as long as the values say")
class BoostedTreesSparseAggregateStats:
    """Sums of gradients and hessians of the examples that have a feature, as a sparse tensor.

    Where a feature is missing, the example counts for the bucket behind the last.
    """

    def shape(op: Any, node_ids: Dims, gradients: Dims, hessians: Dims, feature_indices: Dims, feature_values: Dims,
              feature_shape: Dims) -> Any:
        with_rank(node_ids, 1)
        with_rank(gradients, 2)
        with_rank(hessians, 2)
        with_rank(feature_indices, 2)
        with_rank(feature_values, 1)
        with_rank(feature_shape, 1)
        return [(None, 4), (None,), (4,)]

    def kernel(op: Any, node_ids: Any, gradients: Any, hessians: Any, feature_indices: Any, feature_values: Any,
               feature_shape: Any) -> Any:
        stats, nodes, indices = as_array(_stats(gradients, hessians)), as_array(node_ids), as_array(feature_indices)
        _, dimensions = feature_shape
        buckets = np.full((len(nodes), dimensions), op.num_buckets)
        buckets[indices[:, 0], indices[:, 1]] = as_array(feature_values)
        sums = np.zeros((op.max_splits, dimensions, op.num_buckets + 1, stats.shape[1]), np.float32)
        for dimension in range(dimensions):
            np.add.at(sums[:, dimension], (nodes, buckets[:, dimension]), stats)
        there = np.zeros(sums.shape[:3], bool)
        for dimension in range(dimensions):
            there[nodes, dimension, buckets[:, dimension]] = True
        places = np.argwhere(np.broadcast_to(there[..., None], sums.shape))
        return (torch.from_numpy(places.astype(np.int32)), torch.from_numpy(sums[tuple(places.T)]),
                torch.tensor(sums.shape, dtype=torch.int32))
