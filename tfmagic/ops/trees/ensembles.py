"""Ensembles of trees that a session keeps: made, read back, and asked for predictions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmagic.base import messages
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import unwrapped
from tfmagic.ops.shape_rules import merge_dim, with_rank
from tfmagic.ops.trees.held import READS, WRITES, Held, calling, create, deserialize, is_made, nothing
from tfmagic.ops.trees.splits import weight_and_gain

_CHANGE = 0.01  # the part of the bias that it must change by to go on


class Ensemble(Held):
    """Trees with their weights, and a stamp that tells one state of them from the next."""

    message = "TreeEnsemble"
    resource = "N10tensorflow28BoostedTreesEnsembleResourceE"
    refusal = "Unable to parse tree ensemble proto."

    stamp = -1

    def make(self, stamp: Any, serialized: Any) -> None:  # type: ignore[override]
        """Take over trees, under a stamp."""
        super().make(serialized)
        self.stamp = int(stamp)


def serialize(handle: Any) -> Any:
    """The stamp, and the trees as bytes."""
    ensemble = unwrapped(handle)
    with ensemble.lock:
        return (torch.tensor(ensemble.stamp, dtype=torch.int64),
                objects([ensemble.given.SerializeToString(deterministic=True)], ()))


def states(handle: Any) -> Any:
    """The stamp, how many trees there are and are finished, how many layers were tried, and the last one's nodes."""
    ensemble = unwrapped(handle)
    with ensemble.lock:
        trees = ensemble.given
        growing = trees.growing_metadata
        span = [growing.last_layer_node_start, growing.last_layer_node_end or 1]  # at first there is one node
        counts = (len(trees.trees), sum(tree.is_finalized for tree in trees.tree_metadata),
                  growing.num_layers_attempted)
        return (torch.tensor(ensemble.stamp, dtype=torch.int64),
                *(torch.tensor(count, dtype=torch.int32) for count in counts), torch.tensor(span, dtype=torch.int32))


# --- predictions ------------------------------------------------------------------------------------------------


def split_of(node: Any) -> Any:
    """The split that a node is; None for a leaf."""
    which = node.WhichOneof("node")
    return None if which in (None, "leaf") else getattr(node, which)


def value_of(node: Any) -> float:
    """What a leaf says, or said before it was split."""
    return node.leaf.scalar if node.HasField("leaf") else node.metadata.original_leaf.scalar


def _leaf(tree: Any, node: int, features: list[np.ndarray], example: int) -> int:
    """The number of the leaf that an example comes to from a node on."""
    return list(_path(tree, node, features, example))[-1]


def _path(tree: Any, node: int, features: list[np.ndarray], example: int) -> Iterator[int]:
    """The numbers of the nodes on an example's way to a leaf."""
    yield node
    while (split := split_of(tree.nodes[node])) is not None:
        bucket = features[split.feature_id][example]
        equal = tree.nodes[node].HasField("categorical_split")
        node = split.left_id if (bucket == split.value if equal else bucket <= split.threshold) else split.right_id
        yield node


def predict(handle: Any, features: list[Any], width: int) -> Any:
    """The sum of what all trees say of each example."""
    ensemble = unwrapped(handle)
    columns = [as_array(feature) for feature in features]
    with ensemble.lock:
        trees = ensemble.given
        found = np.zeros((len(columns[0]), 1), np.float32)
        for example in range(len(found)):
            for tree, weight in zip(trees.trees, trees.tree_weights):
                leaf = tree.nodes[_leaf(tree, 0, columns, example)]
                found[example] += np.float32(weight) * np.float32(value_of(leaf))
    _one_logit(width)
    return torch.from_numpy(found)


def _one_logit(width: int) -> None:
    if width != 1:
        raise invalid(f"Currently only one logit dimension is supported, got {width}")


def predict_on(handle: Any, cached_trees: Any, cached_nodes: Any, features: list[Any], width: int) -> Any:
    """What each example's prediction changes by since it was at a node of a tree, and where it is now."""
    ensemble = unwrapped(handle)
    _one_logit(width)
    columns = [as_array(feature) for feature in features]
    at_trees, at_nodes = as_array(cached_trees).copy(), as_array(cached_nodes).copy()
    found = np.zeros((len(at_trees), 1), np.float32)
    with ensemble.lock:
        trees = ensemble.given
        last = len(trees.trees) - 1
        if last < 0:
            return torch.from_numpy(found), torch.zeros_like(cached_trees), torch.zeros_like(cached_nodes)
        for example in range(len(found)):
            number, node = int(at_trees[example]), int(at_nodes[example])
            partial = np.float32(0)
            if number < 0:
                number = node = 0
            else:
                pruned = trees.tree_metadata[number].post_pruned_nodes_meta
                if pruned and trees.tree_metadata[number].is_finalized:
                    partial += np.float32(pruned[node].logit_change[0])
                    node = pruned[node].new_node_id
                partial -= np.float32(value_of(trees.trees[number].nodes[node]))
            while True:
                tree = trees.trees[number]
                node = _leaf(tree, node, columns, example)
                partial += np.float32(value_of(tree.nodes[node]))
                found[example] += np.float32(trees.tree_weights[number]) * partial
                if number == last:
                    break
                partial, number, node = np.float32(0), number + 1, 0
            at_trees[example], at_nodes[example] = last, node
    return torch.from_numpy(found), torch.from_numpy(at_trees), torch.from_numpy(at_nodes)


def explain(handle: Any, features: list[Any], width: int) -> Any:
    """By what splits each example comes to its prediction, and what is predicted after each, as bytes.

    Raises:
      InvalidArgumentError: there are no trees; TensorFlow ends the process.
    """
    ensemble = unwrapped(handle)
    columns = [as_array(feature) for feature in features]
    with ensemble.lock:
        trees = ensemble.given
        if not trees.trees:
            raise invalid("There are no trees to explain")
        message, found = messages.module("boosted_trees_pb2").DebugOutput, []
        for example in range(len(columns[0])):
            so_far = np.float32(value_of(trees.trees[0].nodes[0]))
            output = message(logits_path=[so_far])
            so_far = np.float32(0)
            for tree, weight in zip(trees.trees, trees.tree_weights):
                logit = so_far
                for node, after in itertools.pairwise(_path(tree, 0, columns, example)):
                    output.feature_ids.append(split_of(tree.nodes[node]).feature_id)
                    logit = so_far + np.float32(weight) * np.float32(value_of(tree.nodes[after]))
                    output.logits_path.append(logit)
                so_far = logit
            found.append(output.SerializeToString(deterministic=True))
    return objects(found, (len(found),))


def center(handle: Any, gradients: Any, hessians: Any, l1: Any, l2: Any) -> Any:
    """Move the first tree's bias; whether it moved enough to go on."""
    ensemble = unwrapped(handle)
    with ensemble.lock:
        trees = ensemble.given
        ensemble.stamp += 1
        (change,), _ = weight_and_gain(as_array(gradients).reshape(-1)[0], as_array(hessians).reshape(-1)[0], float(l1),
                                       float(l2))
        if not trees.trees:
            trees.trees.add().nodes.add().leaf.scalar = float(change)
            trees.tree_weights.append(1.0)
            trees.tree_metadata.add()
            return torch.tensor(True)
        bias = trees.trees[0].nodes[0].leaf.scalar
        trees.trees[0].nodes[0].leaf.scalar = float(np.float32(bias) + change)
        return torch.tensor(bool(bias == 0 or abs(change / bias) > _CHANGE))


# --- the ops ----------------------------------------------------------------------------------------------------


def _rows(features: Any, *others: Dims) -> int | None:
    rows: int | None = None
    for dims in (*others, *features):
        rows = merge_dim(rows, with_rank(dims, 1)[0])
    return rows


def _training_dims(op: Any, handle: Dims, trees: Dims, nodes: Dims, features: Any) -> Any:
    rows = _rows(features, trees, nodes)
    return [(rows, op.logits_dimension), (rows,), (rows,)]


register("BoostedTreesEnsembleResourceHandleOp", shape_rules.scalar, lambda op: op.constant(op.named.of(
    op.op, Ensemble, lambda container, name: Ensemble(name))), **READS)
register("IsBoostedTreesEnsembleInitialized", shape_rules.scalar, calling(is_made), **READS)
register("BoostedTreesCreateEnsemble", nothing, calling(create), **WRITES)
register("BoostedTreesDeserializeEnsemble", nothing, calling(deserialize), **WRITES)
register("BoostedTreesSerializeEnsemble", lambda op, handle: [(), ()], calling(serialize), **READS)
register("BoostedTreesGetEnsembleStates", lambda op, handle: [(), (), (), (), (2,)], calling(states), **READS)
register("BoostedTreesPredict", lambda op, handle, features: (_rows(features), op.logits_dimension), calling(
    predict, "logits_dimension"), **READS)
register("BoostedTreesTrainingPredict", _training_dims, calling(predict_on, "logits_dimension"), **READS)
register("BoostedTreesCenterBias", shape_rules.scalar, calling(center), **WRITES)
register("BoostedTreesExampleDebugOutputs", lambda op, handle, features: (_rows(features),), calling(
    explain, "logits_dimension"), **READS)
