"""Trees of a forest that a session keeps one by one: made, read back, and asked for predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import unwrapped
from tfmagic.ops.trees.held import READS, WRITES, Held, calling, create, deserialize, is_made, nothing


class ForestTree(Held):
    """One tree."""

    message = "Tree"
    resource = "N10tensorflow24TensorForestTreeResourceE"
    refusal = "Unable to parse tree config."


def serialize(handle: Any) -> Any:
    """The tree as bytes."""
    return objects([unwrapped(handle).given.SerializeToString(deterministic=True)], ())


def size(handle: Any) -> Any:
    """How many nodes the tree has, as a tensor."""
    return torch.tensor(len(unwrapped(handle).given.nodes), dtype=torch.int32)


def predict(handle: Any, features: Any, width: int) -> Any:
    """What the leaf says that each row of features comes to."""
    nodes = unwrapped(handle).given.nodes
    rows = as_array(features)
    found = np.zeros((len(rows), width), np.float32)
    for row, numbers in enumerate(rows):
        if not nodes:
            break
        node = nodes[0]
        while not node.HasField("leaf"):
            split = node.dense_split
            node = nodes[split.left_id if numbers[split.feature_id] <= split.threshold else split.right_id]
        if len(node.leaf.vector.value) < width:
            raise invalid(f"A leaf has {len(node.leaf.vector.value)} numbers, {width} are asked for")
        found[row] = node.leaf.vector.value[:width]
    return torch.from_numpy(found)


register("TensorForestTreeResourceHandleOp", shape_rules.scalar, lambda op: op.constant(op.named.of(
    op.op, ForestTree, lambda container, name: ForestTree(name))), **READS)
register("TensorForestTreeIsInitializedOp", shape_rules.scalar, calling(is_made), **READS)
register("TensorForestCreateTreeVariable", nothing, calling(create), **WRITES)
register("TensorForestTreeDeserialize", nothing, calling(deserialize), **WRITES)
register("TensorForestTreeSerialize", shape_rules.scalar, calling(serialize), **READS)
register("TensorForestTreeSize", shape_rules.scalar, calling(size), **READS)
register("TensorForestTreePredict", lambda op, handle, features: (
    shape_rules.with_rank(features, 2)[0], op.logits_dimension), calling(predict, "logits_dimension"), **READS)
