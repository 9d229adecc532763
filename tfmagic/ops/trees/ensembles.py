"""Ensembles of trees that a session keeps: made, read back, and asked for predictions."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from tfmagic.base import errors, messages
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import unwrapped
from tfmagic.ops.shape_rules import merge_dim, with_rank
from tfmagic.ops.trees.statistics import weight_and_gain

_CHANGE = 0.01  # the part of the bias that it must change by to go on


class Ensemble:
    """Trees with their weights, once they are given.

    Args:
      name: what the op that makes it calls it.
    """

    is_handle = True

    def __init__(self, name: str):
        self._name = name
        self.lock = threading.RLock()
        self._trees: Any = None
        self.stamp = -1

    @property
    def is_made(self) -> bool:
        """Whether trees are given."""
        return self._trees is not None

    @property
    def trees(self) -> Any:
        """The `TreeEnsemble`.

        Raises:
          NotFoundError: none is given yet.
        """
        if self._trees is None:
            raise errors.NotFoundError(None, None, f"Resource localhost/{self._name}/"
                                       "N10tensorflow27BoostedTreesEnsembleResourceE does not exist.")
        return self._trees

    def make(self, stamp: int, serialized: bytes) -> None:
        """Take over trees.

        Raises:
          InvalidArgumentError: the bytes hold none.
        """
        try:
            self._trees = messages.module("boosted_trees_pb2").TreeEnsemble.FromString(serialized)
        except DecodeError:
            raise invalid("Unable to parse tree ensemble proto.") from None
        self.stamp = stamp

    def close(self) -> None:
        """The session is closed; there is nothing to free."""


def create(handle: Any, stamp: Any, serialized: Any) -> None:
    """Take over trees, unless there are some."""
    ensemble = unwrapped(handle)
    with ensemble.lock:
        if not ensemble.is_made:
            ensemble.make(int(stamp), serialized.item())


def deserialize(handle: Any, stamp: Any, serialized: Any) -> None:
    """Take over trees in the place of those that are there."""
    ensemble = unwrapped(handle)
    with ensemble.lock:
        assert ensemble.trees is not None
        ensemble.make(int(stamp), serialized.item())


def is_made(handle: Any) -> Any:
    """Whether there are trees, as a tensor."""
    return torch.tensor(unwrapped(handle).is_made)


def serialize(handle: Any) -> Any:
    """The stamp, and the trees as bytes."""
    ensemble = unwrapped(handle)
    with ensemble.lock:
        return (torch.tensor(ensemble.stamp, dtype=torch.int64),
                objects([ensemble.trees.SerializeToString(deterministic=True)], ()))


def states(handle: Any) -> Any:
    """The stamp, how many trees there are and are finished, how many layers were tried, and the last one's nodes."""
    ensemble = unwrapped(handle)
    with ensemble.lock:
        trees = ensemble.trees
        growing = trees.growing_metadata
        span = [growing.last_layer_node_start, growing.last_layer_node_end or 1]  # at first there is one node
        counts = (len(trees.trees), sum(tree.is_finalized for tree in trees.tree_metadata),
                  growing.num_layers_attempted)
        return (torch.tensor(ensemble.stamp, dtype=torch.int64),
                *(torch.tensor(count, dtype=torch.int32) for count in counts), torch.tensor(span, dtype=torch.int32))


# --- predictions ------------------------------------------------------------------------------------------------


def _value(node: Any) -> float:
    return node.leaf.scalar if node.HasField("leaf") else node.metadata.original_leaf.scalar


def _leaf(tree: Any, node: int, features: list[np.ndarray], example: int) -> int:
    """The number of the leaf that an example comes to from a node on."""
    while not tree.nodes[node].HasField("leaf"):
        split = tree.nodes[node].bucketized_split
        node = split.left_id if features[split.feature_id][example] <= split.threshold else split.right_id
    return node


def predict(handle: Any, features: list[Any], width: int) -> Any:
    """The sum of what all trees say of each example."""
    ensemble = unwrapped(handle)
    columns = [as_array(feature) for feature in features]
    with ensemble.lock:
        trees = ensemble.trees
        found = np.zeros((len(columns[0]), 1), np.float32)
        for example in range(len(found)):
            for tree, weight in zip(trees.trees, trees.tree_weights):
                found[example] += np.float32(weight) * np.float32(_value(tree.nodes[_leaf(tree, 0, columns, example)]))
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
        trees = ensemble.trees
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
                partial -= np.float32(_value(trees.trees[number].nodes[node]))
            while True:
                tree = trees.trees[number]
                node = _leaf(tree, node, columns, example)
                partial += np.float32(_value(tree.nodes[node]))
                found[example] += np.float32(trees.tree_weights[number]) * partial
                if number == last:
                    break
                partial, number, node = np.float32(0), number + 1, 0
            at_trees[example], at_nodes[example] = last, node
    return torch.from_numpy(found), torch.from_numpy(at_trees), torch.from_numpy(at_nodes)


def center(handle: Any, gradients: Any, hessians: Any, l1: Any, l2: Any) -> Any:
    """Move the first tree's bias; whether it moved enough to go on."""
    ensemble = unwrapped(handle)
    with ensemble.lock:
        trees = ensemble.trees
        ensemble.stamp += 1
        change, _ = weight_and_gain(gradients.reshape(-1)[0], hessians.reshape(-1)[0], float(l1), float(l2))
        if not trees.trees:
            trees.trees.add().nodes.add().leaf.scalar = float(change)
            trees.tree_weights.append(1.0)
            trees.tree_metadata.add()
            return torch.tensor(True)
        bias = trees.trees[0].nodes[0].leaf.scalar
        trees.trees[0].nodes[0].leaf.scalar = float(np.float32(bias) + change)
        return torch.tensor(bool(bias == 0 or abs(change / bias) > _CHANGE))


# --- the ops ----------------------------------------------------------------------------------------------------


def _nothing(op: Any, *dims: Any) -> tuple[()]:
    return ()


def _rows(features: Any, *others: Dims) -> int | None:
    rows: int | None = None
    for dims in (*others, *features):
        rows = merge_dim(rows, with_rank(dims, 1)[0])
    return rows


def _training_dims(op: Any, handle: Dims, trees: Dims, nodes: Dims, features: Any) -> Any:
    rows = _rows(features, trees, nodes)
    return [(rows, op.logits_dimension), (rows,), (rows,)]


def _calling(function: Any, *attrs: str) -> Any:
    return lambda op, *inputs: op.call(function, *inputs, *(getattr(op, attr) for attr in attrs))


_READS: dict[str, Any] = {"objects": True, "effect": "reads"}
_WRITES: dict[str, Any] = {"objects": True, "effect": "writes"}

register("BoostedTreesEnsembleResourceHandleOp", shape_rules.scalar, lambda op: op.constant(op.named.of(
    op.op, lambda container, name: Ensemble(name))), **_READS)
register("IsBoostedTreesEnsembleInitialized", shape_rules.scalar, _calling(is_made), **_READS)
register("BoostedTreesCreateEnsemble", _nothing, _calling(create), **_WRITES)
register("BoostedTreesDeserializeEnsemble", _nothing, _calling(deserialize), **_WRITES)
register("BoostedTreesSerializeEnsemble", lambda op, handle: [(), ()], _calling(serialize), **_READS)
register("BoostedTreesGetEnsembleStates", lambda op, handle: [(), (), (), (), (2,)], _calling(states), **_READS)
register("BoostedTreesPredict", lambda op, handle, features: (_rows(features), op.logits_dimension), _calling(
    predict, "logits_dimension"), **_READS)
register("BoostedTreesTrainingPredict", _training_dims, _calling(predict_on, "logits_dimension"), **_READS)
register("BoostedTreesCenterBias", shape_rules.scalar, _calling(center), **_WRITES)
