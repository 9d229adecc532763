"""Trees of a forest that a session keeps one by one: made, read back, and asked for predictions."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from tfmagic.base import errors, messages
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import register
from tfmagic.ops.queues.waiting import unwrapped


class ForestTree:
    """A tree, once it is given.

    Args:
      name: what the op that makes it calls it.
    """

    is_handle = True

    def __init__(self, name: str):
        self._name = name
        self.lock = threading.RLock()
        self._tree: Any = None

    @property
    def is_made(self) -> bool:
        """Whether the tree is given."""
        return self._tree is not None

    @property
    def tree(self) -> Any:
        """The `Tree`.

        Raises:
          NotFoundError: none is given yet.
        """
        if self._tree is None:
            raise errors.NotFoundError(None, None, f"Resource localhost/{self._name}/"
                                       "N10tensorflow24TensorForestTreeResourceE does not exist.")
        return self._tree

    def make(self, serialized: bytes) -> None:
        """Take over a tree.

        Raises:
          InvalidArgumentError: the bytes hold none.
        """
        try:
            self._tree = messages.module("boosted_trees_pb2").Tree.FromString(serialized)
        except DecodeError:
            raise invalid("Unable to parse tree config.") from None

    def close(self) -> None:
        """The session is closed; there is nothing to free."""


def create(handle: Any, serialized: Any) -> None:
    """Take over a tree, unless there is one."""
    kept = unwrapped(handle)
    with kept.lock:
        if not kept.is_made:
            kept.make(serialized.item())


def deserialize(handle: Any, serialized: Any) -> None:
    """Take over a tree in the place of the one that is there."""
    kept = unwrapped(handle)
    with kept.lock:
        assert kept.tree is not None
        kept.make(serialized.item())


def is_made(handle: Any) -> Any:
    """Whether there is a tree, as a tensor."""
    return torch.tensor(unwrapped(handle).is_made)


def serialize(handle: Any) -> Any:
    """The tree as bytes."""
    return objects([unwrapped(handle).tree.SerializeToString(deterministic=True)], ())


def size(handle: Any) -> Any:
    """How many nodes the tree has, as a tensor."""
    return torch.tensor(len(unwrapped(handle).tree.nodes), dtype=torch.int32)


def predict(handle: Any, features: Any, width: int) -> Any:
    """What the leaf says that each row of features comes to."""
    nodes = unwrapped(handle).tree.nodes
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


def _nothing(op: Any, *dims: Any) -> tuple[()]:
    return ()


def _calling(function: Any, *attrs: str) -> Any:
    return lambda op, *inputs: op.call(function, *inputs, *(getattr(op, attr) for attr in attrs))


_READS: dict[str, Any] = {"objects": True, "effect": "reads"}
_WRITES: dict[str, Any] = {"objects": True, "effect": "writes"}

register("TensorForestTreeResourceHandleOp", shape_rules.scalar, lambda op: op.constant(op.named.of(
    op.op, lambda container, name: ForestTree(name))), **_READS)
register("TensorForestTreeIsInitializedOp", shape_rules.scalar, _calling(is_made), **_READS)
register("TensorForestCreateTreeVariable", _nothing, _calling(create), **_WRITES)
register("TensorForestTreeDeserialize", _nothing, _calling(deserialize), **_WRITES)
register("TensorForestTreeSerialize", shape_rules.scalar, _calling(serialize), **_READS)
register("TensorForestTreeSize", shape_rules.scalar, _calling(size), **_READS)
register("TensorForestTreePredict", lambda op, handle, features: (
    shape_rules.with_rank(features, 2)[0], op.logits_dimension), _calling(predict, "logits_dimension"), **_READS)
