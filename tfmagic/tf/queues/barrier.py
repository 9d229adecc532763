"""Barrier: components of elements come one by one, under keys; whole elements are taken."""

from __future__ import annotations

from typing import Any

from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import raw
from tfmagic.tf.queues.queue import as_shapes, as_types


class Barrier:
    """Joins the components of elements that different parts of a program compute.

    Args:
      types: the types of the components, one or a list.
      shapes: their shapes, one or a list of shapes, all known; by default anything goes.
      shared_name: a name under which several nodes mean one barrier.
      name: the name of the node.

    Raises:
      ValueError: a shape is not known, or it has no elements.
    """

    def __init__(self, types: Any, shapes: Any = None, shared_name: str | None = None, name: str = "barrier"):
        self._types = as_types(types)
        known = as_shapes(shapes, self._types)
        self._shapes = [TensorShape(None) for _ in self._types] if known is None else known
        for index, shape in enumerate(known or []):
            if not shape.num_elements():
                raise ValueError(f"Empty tensors are not supported, but received shape '{shape}' at index {index}")
        self._barrier_ref = raw.barrier(component_types=self._types, shapes=self._shapes, shared_name=shared_name,
                                        name=name)
        self._name = self._barrier_ref.op.name.split("/")[-1]

    @property
    def barrier_ref(self) -> Tensor:
        """The tensor of the barrier."""
        return self._barrier_ref

    @property
    def name(self) -> str:
        """The name of its node, with its scopes."""
        return self._barrier_ref.op.name

    def insert_many(self, component_index: int, keys: Any, values: Any, name: str | None = None) -> Operation:
        """An operation that gives elements one of their components.

        Args:
          component_index: which component.
          keys: the keys of n elements, strings.
          values: the n components, [n, *the component's shape].
        """
        return raw.barrier_insert_many(self._barrier_ref, keys, values, component_index,
                                       name=name or f"{self._name}_BarrierInsertMany")

    def take_many(self, num_elements: Any, allow_small_batch: bool = False, timeout: int | None = None,
                  name: str | None = None) -> Any:
        """The oldest whole elements, which leave the barrier.

        Args:
          num_elements: how many, an int32 scalar; the run waits for them.
          allow_small_batch: whether fewer will do once the barrier is closed.

        Returns:
          A named tuple: the elements' numbers in the order of their arrival, their keys, and their components.
        """
        taken = raw.barrier_take_many(self._barrier_ref, num_elements, self._types, allow_small_batch, timeout,
                                      name=name or f"{self._name}_BarrierTakeMany")
        count = None if allow_small_batch else constant_value(taken.indices.op.inputs[1])
        first = TensorShape([None if count is None else count.item()])
        for tensor, shape in zip(taken.indices.op.outputs, [TensorShape([]), TensorShape([]), *self._shapes]):
            tensor.set_shape(first.concatenate(shape))
        return taken

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """An operation after which no new keys are accepted; with `cancel_pending_enqueues` no components either."""
        return raw.barrier_close(self._barrier_ref, cancel_pending_enqueues,
                                 name=name or f"{self._name}_BarrierClose")

    def ready_size(self, name: str | None = None) -> Tensor:
        """How many whole elements there are, an int32 scalar."""
        return raw.barrier_ready_size(self._barrier_ref, name=name or f"{self._name}_BarrierReadySize")

    def incomplete_size(self, name: str | None = None) -> Tensor:
        """How many elements lack a component, an int32 scalar."""
        return raw.barrier_incomplete_size(self._barrier_ref, name=name or f"{self._name}_BarrierIncompleteSize")


Barrier.__module__ = "tensorflow.python.ops.data_flow_ops"
