"""Positions of iterators in checkpoints."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.tf.saving.saveables import SaveableObject, SaveSpec


@export("data.experimental.make_saveable_from_iterator")
def make_saveable_from_iterator(iterator: Any) -> SaveableObject:
    """What lets a `Saver` save where an iterator stands; run the iterator's initializer before it is restored."""
    return Position(iterator._iterator_resource)


class Position(SaveableObject):
    """Where the iterator of a handle stands."""

    def __init__(self, resource: Tensor):
        state = raw.serialize_iterator(resource)
        super().__init__(resource, [SaveSpec(state, "", resource.name + "-state")], resource.name)

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        with get_default_graph().colocate_with(self.op):
            return raw.deserialize_iterator(self.op, restored_tensors[0])
