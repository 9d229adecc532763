"""Iterators over several devices: each element goes to the next one's turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.data.anonymous import Deleter, delete
from tfmagic.ops.data.datasets import Dataset, Element
from tfmagic.ops.data.iterators import Handles, IteratorResource
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register

PRESENT = -1  # as an incarnation: the present one, whichever it is


class MultiDeviceResource(IteratorResource):
    """An iterator whose elements go to devices by turns."""

    def __init__(self, op: Any, look: Callable[[], None] | None, container: str, name: str):
        super().__init__(op, look, container, name)
        self._waiting: list[deque[Element]] = [deque() for _ in op._attrs["devices"]]
        self._turn, self._incarnation = 0, 0

    def begin(self, dataset: Dataset) -> Any:
        """Begin with the elements of a data set.

        Returns:
          The number of the incarnation, as a tensor.
        """
        with self._lock:
            self.initialize(dataset)
            for waiting in self._waiting:
                waiting.clear()
            self._turn, self._incarnation = 0, self._incarnation + 1
            return torch.tensor(self._incarnation, dtype=torch.int64)

    def next_of(self, shard: Any, incarnation: Any) -> Element:
        """The next element of a device.

        Raises:
          InvalidArgumentError: there is no such device, or the iterator has begun anew since.
          OutOfRangeError: there is none.
        """
        number, wanted = int(shard), int(incarnation)
        if not 0 <= number < len(self._waiting):
            raise errors.InvalidArgumentError(None, None, f"There is no device {number}: it is one of "
                                              f"{len(self._waiting)}.")
        with self._lock:
            if wanted not in (PRESENT, self._incarnation):
                raise errors.InvalidArgumentError(None, None, f"Invalid incarnation id. Provided: {wanted}; Expected: "
                                                  f"{self._incarnation}")
            while not self._waiting[number]:
                element = self.get_next()
                self._waiting[self._turn].append(element)
                self._turn = (self._turn + 1) % len(self._waiting)
            return self._waiting[number].popleft()


def _components(op: Any, *inputs: Any) -> list[Dims]:
    return [shape._dims for shape in op.output_shapes]


def anonymous(make: Callable[[], MultiDeviceResource]) -> tuple[MultiDeviceResource, Deleter]:
    """An iterator and what deletes it."""
    found = make()
    return found, Deleter(found)


def _anonymous(op: Any) -> tuple[Any, Any]:
    made = op.call(anonymous, op.constant(lambda node=op.op, look=op.named.look: MultiDeviceResource(
        node, look, "AnonymousMultiDeviceIterator", node.name)))
    return made[0], made[1]


register("MultiDeviceIterator", shape_rules.scalar, lambda op: op.constant(op.named.of(
    op.op, MultiDeviceResource, lambda *names: MultiDeviceResource(op.op, op.named.look, *names))), objects=True)
register("AnonymousMultiDeviceIterator", lambda op: [(), ()], _anonymous, objects=True, effect="writes")
register("DeleteMultiDeviceIterator", lambda op, *dims: (), lambda op, iterator, iterators, deleter: op.call(
    delete, deleter), objects=True, effect="writes")
register("MultiDeviceIteratorInit", handle("max_buffer_size"), lambda op, dataset, iterator, size: iterator.begin(
    dataset), objects=True, effect="writes")
register("MultiDeviceIteratorGetNextFromShard", _components, lambda op, iterator, shard, incarnation: iterator.next_of(
    shard, incarnation), objects=True, effect="waits")
register("MultiDeviceIteratorToStringHandle", shape_rules.scalar, lambda op, iterator: iterator.string_handle(),
         objects=True, effect="reads")
register("MultiDeviceIteratorFromStringHandle", shape_rules.scalar, lambda op, text: op.constant(
    Handles(op.named, op.output_types, MultiDeviceResource)).find(text), objects=True, effect="reads")
