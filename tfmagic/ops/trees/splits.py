"""Splits of nodes that gain most, by statistics of gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import op
from tfmagic.ops.shape_rules import merge, with_rank

# The kinds of splits, as ops hand them to each other.
LEFT, RIGHT, EQUAL = b"INEQUALITY_DEFAULT_LEFT", b"INEQUALITY_DEFAULT_RIGHT", b"EQUALITY_DEFAULT_RIGHT"


class Penalties(NamedTuple):
    """What leaves and splits cost."""

    l1: Any
    l2: Any
    complexity: Any


class Split(NamedTuple):
    """A split of a node: what both its sides add, and what it gains."""

    gain: Any
    dimension: int
    threshold: int
    left: np.ndarray
    right: np.ndarray
    kind: bytes


def weight_and_gain(gradients: Any, hessians: Any, l1: Any, l2: Any) -> tuple[np.ndarray, Any]:
    """What a leaf adds to each logit, and what that gains.

    Args:
      gradients: one for each logit.
      hessians: one for each logit, or the whole matrix, row by row.
    """
    gradients, hessians = np.atleast_1d(np.float32(gradients)), np.atleast_1d(np.float32(hessians))
    logits = len(gradients)
    if logits == 1:
        if abs(gradients[0]) <= l1 or hessians[0] + l2 <= 1e-6:
            return np.zeros(1, np.float32), np.float32(0)
        shrunk = gradients - np.sign(gradients) * np.float32(l1)
        scale = hessians + np.float32(l2)
        return -shrunk / scale, (shrunk * shrunk / scale)[0]
    if len(hessians) == logits:
        scale = hessians + np.float32(l2)
        weights = -np.divide(gradients, scale, out=np.zeros_like(gradients), where=scale != 0)
    else:
        matrix = hessians.reshape(logits, logits) + np.float32(l2) * np.eye(logits, dtype=np.float32)
        weights = -np.linalg.lstsq(matrix, gradients, rcond=None)[0]
    return weights, -(gradients * weights).sum()


def _candidates(stats: np.ndarray, kinds: tuple[bytes, ...]) -> Iterator[tuple[int, bytes, np.ndarray]]:
    """The threshold, the kind and the statistics of the left side of each split; the last bucket is what is missing."""
    there, missing = stats[:-1], stats[-1]
    below = np.cumsum(there, axis=0, dtype=np.float32)
    for threshold in range(len(there)):
        for kind in kinds:
            if kind == EQUAL:
                yield threshold, kind, there[threshold]
            else:
                yield threshold, kind, below[threshold] + missing if kind == LEFT else below[threshold]


def _best(stats: np.ndarray, logits: int, penalties: Penalties, kinds: tuple[bytes, ...], own_totals: bool) -> Split:
    """The split of a node that gains most.

    Args:
      stats: gradients and hessians by dimension and bucket.
      logits: how many of them are gradients.
      kinds: how it may be split, those first that win where two gain the same.
      own_totals: whether the totals of each dimension are those of that dimension, else of the first.
    """
    totals = stats.sum(axis=1, dtype=np.float32)
    _, own = weight_and_gain(totals[0, :logits], totals[0, logits:], penalties.l1, penalties.l2)
    best = Split(-np.inf, 0, 0, np.zeros(logits, np.float32), np.zeros(logits, np.float32), kinds[0])
    for dimension, part in enumerate(stats):
        whole = totals[dimension if own_totals else 0]
        for threshold, kind, left in _candidates(part, kinds):
            right = whole - left
            left_weight, left_gain = weight_and_gain(left[:logits], left[logits:], penalties.l1, penalties.l2)
            right_weight, right_gain = weight_and_gain(right[:logits], right[logits:], penalties.l1, penalties.l2)
            if left_gain + right_gain > best.gain:
                best = Split(left_gain + right_gain, dimension, threshold, left_weight, right_weight, kind)
    return best._replace(gain=best.gain - own - penalties.complexity)


def _best_of_nodes(stats: np.ndarray, nodes: Iterable[int], logits: int, penalties: Penalties, least: Any,
                   kinds: tuple[bytes, ...], own_totals: bool) -> list[tuple[int, Split]]:
    """The best split of each node whose hessians weigh enough."""
    return [(node, _best(stats[node], logits, penalties, kinds, own_totals)) for node in nodes
            if np.linalg.norm(stats[node, 0].sum(axis=0, dtype=np.float32)[logits:]) >= least]


def _number(value: Any) -> np.float32:
    return np.float32(as_array(value))


def _penalties(l1: Any, l2: Any, complexity: Any) -> Penalties:
    return Penalties(*map(_number, (l1, l2, complexity)))


def _scalars(*inputs: Dims) -> None:
    for dims in inputs:
        with_rank(dims, 0)


@op("BoostedTreesCalculateBestGainsPerFeature", host=("node_id_range",), traced=False,
    because="as long as the values say")
class BoostedTreesCalculateBestGainsPerFeature:
    """Of each feature and node the split that gains most, what it gains, and what both its sides add."""

    def shape(op: Any, node_id_range: Dims, stats_summary_list: Any, l1: Dims, l2: Dims, tree_complexity: Dims,
              min_node_weight: Dims) -> Any:
        for dims in stats_summary_list:
            with_rank(dims, 3)
        _scalars(l1, l2, tree_complexity, min_node_weight)
        flat, column = [(None,)] * op.num_features, [(None, 1)] * op.num_features
        return [flat, flat, flat, column, column]

    def kernel(op: Any, node_id_range: Any, stats_summary_list: Any, l1: Any, l2: Any, tree_complexity: Any,
               min_node_weight: Any) -> Any:
        columns: list[list[Any]] = [[] for _ in range(5)]
        penalties = _penalties(l1, l2, tree_complexity)
        for summary in map(as_array, stats_summary_list):
            stats = np.pad(summary, ((0, 0), (0, 1), (0, 0)))[:, None]  # one dimension, and nothing is missing
            found = _best_of_nodes(stats, range(*node_id_range), 1, penalties, _number(min_node_weight), (RIGHT,),
                                   False)
            for column, part in zip(columns, _columns(found, 1)):
                column.append(part)
        nodes, gains, thresholds, left, right = columns
        return (*nodes, *gains, *thresholds, *left, *right)


def _columns(found: list[tuple[int, Split]], logits: int) -> tuple[Any, ...]:
    """Nodes, gains, thresholds, and what the left and the right sides add."""
    splits = [split for _, split in found]
    return (torch.tensor([node for node, _ in found], dtype=torch.int32),
            torch.tensor([float(split.gain) for split in splits], dtype=torch.float32),
            torch.tensor([split.threshold for split in splits], dtype=torch.int32),
            *(torch.from_numpy(np.array([getattr(split, side) for split in splits], np.float32).reshape(-1, logits))
              for side in ("left", "right")))


def _result(found: list[tuple[int, Split]], logits: int) -> tuple[Any, ...]:
    nodes, gains, thresholds, left, right = _columns(found, logits)
    dimensions = torch.tensor([split.dimension for _, split in found], dtype=torch.int32)
    kinds = objects([split.kind for _, split in found], (len(found),))
    return nodes, gains, dimensions, thresholds, left, right, kinds


@op("BoostedTreesCalculateBestFeatureSplit", host=("node_id_range",), objects=True, traced=False,
    because="as long as the values say")
class BoostedTreesCalculateBestFeatureSplit:
    """Of each node the split that gains most over all dimensions of a feature, and where what is missing goes.

    Weights of several logits are solved with the diagonal or the whole matrix of hessians, without `l1`.
    """

    def shape(op: Any, node_id_range: Dims, stats_summary: Dims, *penalties: Dims) -> Any:
        merge(with_rank(node_id_range, 1), (2,))
        with_rank(stats_summary, 4)
        _scalars(*penalties)
        return [(None,)] * 7

    def kernel(op: Any, node_id_range: Any, stats_summary: Any, l1: Any, l2: Any, tree_complexity: Any,
               min_node_weight: Any) -> Any:
        equal = op.split_type == "equality"
        found = _best_of_nodes(as_array(stats_summary), range(*node_id_range), op.logits_dimension,
                               _penalties(l1, l2, tree_complexity), _number(min_node_weight),
                               (EQUAL,) if equal else (LEFT, RIGHT), not equal)
        return _result(found, op.logits_dimension)


@op("BoostedTreesSparseCalculateBestFeatureSplit", host=("stats_summary_shape",), objects=True,
    traced=False, because="as long as the values say")
class BoostedTreesSparseCalculateBestFeatureSplit:
    """The same of all nodes that statistics have, which are a sparse tensor; TensorFlow does not look at the range."""

    def shape(op: Any, node_id_range: Dims, stats_summary_indices: Dims, stats_summary_values: Dims,
              stats_summary_shape: Dims, *penalties: Dims) -> Any:
        merge(with_rank(node_id_range, 1), (2,))
        merge(with_rank(stats_summary_indices, 2), (None, 4))
        with_rank(stats_summary_values, 1)
        merge(with_rank(stats_summary_shape, 1), (4,))
        _scalars(*penalties)
        return [(None,)] * 7

    def kernel(op: Any, node_id_range: Any, stats_summary_indices: Any, stats_summary_values: Any,
               stats_summary_shape: Any, l1: Any, l2: Any, tree_complexity: Any, min_node_weight: Any) -> Any:
        stats = np.zeros(tuple(stats_summary_shape), np.float32)
        indices = as_array(stats_summary_indices)
        stats[tuple(indices.T)] = as_array(stats_summary_values)
        found = _best_of_nodes(stats, np.unique(indices[:, 0]).tolist(), op.logits_dimension,
                               _penalties(l1, l2, tree_complexity), _number(min_node_weight), (RIGHT, LEFT), False)
        return _result(found, op.logits_dimension)
