"""Growing an ensemble of trees: the splits of a layer, and what is pruned of a finished tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base.errors import invalid
from tfmagic.base.shapes import Dims
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import unwrapped
from tfmagic.ops.shape_rules import merge, with_rank
from tfmagic.ops.trees.ensembles import split_of, value_of
from tfmagic.ops.trees.held import WRITES, calling
from tfmagic.ops.trees.splits import EQUAL, LEFT, RIGHT

_BEFORE, _AFTER = 1, 2  # when splits that lose are pruned: as they are found, or once a tree is finished


class Candidate(NamedTuple):
    """A split that may be made."""

    gain: Any
    feature: int
    dimension: int
    threshold: int
    left: Any
    right: Any
    kind: bytes


def _candidates(features: Any, columns: list[list[Any]]) -> Iterator[tuple[int, Candidate]]:
    """The node and the split of all that is offered; columns hold nodes, then what a candidate consists of."""
    for feature, *parts in zip(as_array(features).tolist(), *columns):
        for node, gain, dimension, threshold, left, right, kind in zip(*map(as_array, parts)):
            yield int(node), Candidate(gain, feature, int(dimension), int(threshold), left[0], right[0], kind)


def _chosen(features: Any, columns: list[list[Any]]) -> dict[int, Candidate]:
    """The split of each node that gains most, of those of the first feature where two gain the same."""
    best: dict[int, Candidate] = {}
    for node, candidate in _candidates(features, columns):
        if node not in best or (candidate.gain, -candidate.feature) > (best[node].gain, -best[node].feature):
            best[node] = candidate
    return dict(sorted(best.items()))


def _plant(trees: Any) -> None:
    """A tree of one leaf."""
    trees.trees.add().nodes.add().leaf.scalar = 0.0
    trees.tree_weights.append(1.0)
    trees.tree_metadata.add()


def _split(tree: Any, number: int, chosen: Candidate, rate: Any) -> None:
    """Make a node a split with two leaves."""
    if not 0 <= number < len(tree.nodes):  # TensorFlow ends the process
        raise invalid(f"The tree has {len(tree.nodes)} nodes, no node {number}")
    node, before = tree.nodes[number], np.float32(tree.nodes[number].leaf.scalar)
    node.ClearField("metadata")
    node.metadata.gain = chosen.gain
    if number or before:
        node.metadata.original_leaf.scalar = before
    split = node.categorical_split if chosen.kind == EQUAL else node.bucketized_split
    split.feature_id, split.dimension_id = chosen.feature, chosen.dimension
    split.left_id, split.right_id = len(tree.nodes), len(tree.nodes) + 1
    if chosen.kind == EQUAL:
        split.value = chosen.threshold
    else:
        split.threshold = chosen.threshold
        split.default_direction = int(chosen.kind == RIGHT)
    for weight in (chosen.left, chosen.right):
        tree.nodes.add().leaf.scalar = before + rate * weight


def grow(handle: Any, features: Any, columns: list[list[Any]], max_depth: Any, rate: Any, pruning: int) -> None:
    """Add a layer to the last tree; where it is as deep as it may be, finish it and plant the next one."""
    ensemble = unwrapped(handle)
    with ensemble.lock:
        trees = ensemble.given
        ensemble.stamp += 1
        if not trees.trees:
            _plant(trees)
        tree, about, growing = trees.trees[-1], trees.tree_metadata[-1], trees.growing_metadata
        growing.num_layers_attempted += 1
        growing.num_trees_attempted += about.num_layers_grown == 0
        first = len(tree.nodes)
        for number, candidate in _chosen(features, columns).items():
            if pruning != _BEFORE or candidate.gain >= 0:
                _split(tree, number, candidate, np.float32(rate))
        if len(tree.nodes) == first:
            return
        growing.last_layer_node_start, growing.last_layer_node_end = first, len(tree.nodes)
        about.num_layers_grown += 1
        if about.num_layers_grown >= max_depth:
            about.is_finalized = True
            if pruning == _AFTER:
                _prune(tree, about)
            _plant(trees)
            growing.last_layer_node_start, growing.last_layer_node_end = 0, 1


# --- pruning ----------------------------------------------------------------------------------------------------


def _children(node: Any) -> tuple[int, int] | None:
    split = split_of(node)
    return None if split is None else (split.left_id, split.right_id)


def _prune(tree: Any, about: Any) -> None:
    """Take away splits that lose and whose sides are leaves, from the leaves on, and note where each node went."""
    nodes = list(tree.nodes)
    above: dict[int, int] = {}  # the node that takes the place of one that is pruned
    pruned = set()
    for number in reversed(range(len(nodes))):  # children have larger numbers
        sides = _children(nodes[number])
        if sides and nodes[number].metadata.gain < 0 and all(
                side in pruned or not _children(nodes[side]) for side in sides):
            pruned.add(number)
            above.update(dict.fromkeys(sides, number))
    if not pruned:
        return
    kept = {number: place for place, number in enumerate(n for n in range(len(nodes)) if n not in above)}
    for number, node in enumerate(nodes):
        final = number
        while final in above:
            final = above[final]
        change = np.float32(value_of(nodes[final])) - np.float32(value_of(node)) if final != number else 0.0
        about.post_pruned_nodes_meta.add(new_node_id=kept[final], logit_change=[change])
    left = [type(nodes[number]).FromString(nodes[number].SerializeToString()) for number in kept]
    for number, node in zip(kept, left):
        if number in pruned:
            value = value_of(node)
            node.Clear()
            node.leaf.scalar = value
        elif _children(node):
            split = split_of(node)
            split.left_id, split.right_id = kept[split.left_id], kept[split.right_id]
    del tree.nodes[:]
    tree.nodes.extend(left)


# --- the ops ----------------------------------------------------------------------------------------------------


def _update(handle: Any, features: Any, nodes: Any, gains: Any, thresholds: Any, left: Any, right: Any,
            max_depth: Any, rate: Any, pruning: int) -> None:
    dimensions = [np.zeros(part.shape, np.int32) for part in nodes]
    kinds = [np.full(part.shape, LEFT, object) for part in nodes]
    grow(handle, features, [nodes, gains, dimensions, thresholds, left, right, kinds], max_depth, rate, pruning)


def _update_v2(handle: Any, features: Any, dimensions: Any, nodes: Any, gains: Any, thresholds: Any, left: Any,
               right: Any, kinds: Any, max_depth: Any, rate: Any, pruning: Any) -> None:
    grow(handle, features, [nodes, gains, dimensions, thresholds, left, right, kinds], max_depth, rate, int(pruning))


def _offered(features: Dims, flat: list[list[Dims]], left: list[Dims], right: list[Dims]) -> None:
    """What is offered of each feature is as long as its nodes."""
    with_rank(features, 1)
    for parts in zip(*flat):
        rows: Dims = (None,)
        for dims in parts:
            rows = merge(rows, with_rank(dims, 1))
    for one, other in zip(left, right):
        merge(with_rank(one, 2), with_rank(other, 2))


def _update_dims(op: Any, handle: Dims, features: Dims, nodes: Any, gains: Any, thresholds: Any, left: Any, right: Any,
                 max_depth: Dims, rate: Dims) -> tuple[()]:
    _offered(features, [nodes, gains, thresholds], left, right)
    with_rank(max_depth, 0)
    with_rank(rate, 0)
    return ()


def _update_v2_dims(op: Any, handle: Dims, features: Dims, dimensions: Any, nodes: Any, gains: Any, thresholds: Any,
                    left: Any, right: Any, kinds: Any, *others: Dims) -> tuple[()]:
    _offered(features, [dimensions, nodes, gains, thresholds, kinds], left, right)
    return ()


register("BoostedTreesUpdateEnsemble", _update_dims, calling(_update, "pruning_mode"), **WRITES)
register("BoostedTreesUpdateEnsembleV2", _update_v2_dims, calling(_update_v2), **WRITES)
