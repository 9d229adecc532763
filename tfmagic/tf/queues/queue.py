"""`tf.queue`: QueueBase and its kinds."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.random.seeds import get_seed


def as_types(given: Any) -> list[Any]:
    """Types: several, or one; what is none stays, and is refused by the node."""
    return [_as_type(t) for t in (given if isinstance(given, (list, tuple)) else [given])]


def _as_type(given: Any) -> Any:
    try:
        return dtypes.as_dtype(given)
    except TypeError:
        return given


def as_shapes(given: Any, types: list[Any], partial: bool = False) -> list[TensorShape] | None:
    """Shapes: one for each type, or a single one for a single type.

    Raises:
      ValueError: there are more or fewer, or one that is not known though it must be.
    """
    if partial and (not isinstance(given, Sequence) or not given or any(
            shape is None or isinstance(shape, int) for shape in given)):
        raise ValueError("When providing partial shapes, a list of shapes must be provided.")
    if given is None:
        return None
    if isinstance(given, TensorShape):
        given = [given]
    if not isinstance(given, (tuple, list)):
        raise TypeError("shapes must be a TensorShape or a list or tuple of TensorShapes.")
    if all(shape is None or isinstance(shape, int) for shape in given):
        given = [given]
    made = [shapes.as_shape(shape) for shape in given]
    if not partial and any(not shape.is_fully_defined() for shape in made):
        raise ValueError(f"All shapes must be fully defined: {made}")
    if any(shape.dims is None for shape in made):
        raise ValueError(f"All shapes must have a defined rank: {made}")
    return made


def _as_names(given: Any, types: list[Any]) -> list[Any] | None:
    if given is None:
        return None
    names = list(given) if isinstance(given, (list, tuple)) else [given]
    if len(names) != len(types):
        raise ValueError("List of names must have the same length as the list of dtypes")
    return names


def _common(a: TensorShape, b: TensorShape) -> TensorShape:
    """What two shapes have in common."""
    if a._dims is None or b._dims is None or len(a._dims) != len(b._dims):
        return TensorShape(None)
    return TensorShape([x if x is not None and x == y else None for x, y in zip(a._dims, b._dims)])


@export("queue.QueueBase")
class QueueBase:
    """A queue of elements; its operations wait until there is room, or an element.

    Args:
      dtypes: the types of an element's components.
      shapes: their shapes, or None.
      names: names of the components, so that elements are dictionaries; or None.
      queue_ref: the tensor of the queue.
    """

    def __init__(self, dtypes: Any, shapes: Any, names: Any, queue_ref: Tensor):
        self._dtypes = dtypes
        if shapes is not None:
            if len(shapes) != len(dtypes):
                raise ValueError("Queue shapes must have the same length as dtypes")
            self._shapes = [TensorShape(shape) for shape in shapes]
        else:
            self._shapes = [TensorShape(None) for _ in dtypes]
        if names is not None and len(names) != len(dtypes):
            raise ValueError("Queue names must have the same length as dtypes")
        self._names = names
        self._queue_ref = queue_ref
        self._name = queue_ref.op.name.split("/")[-1]

    @staticmethod
    def from_list(index: Any, queues: Any) -> QueueBase:
        """The queue of a list that an integer tensor chooses.

        Raises:
          TypeError: the list has none or other things, or queues of other types or names.
        """
        if not queues or not isinstance(queues, list) or not all(isinstance(q, QueueBase) for q in queues):
            raise TypeError("A list of queues expected")
        if not all(queues[0].dtypes == q.dtypes for q in queues[1:]):
            raise TypeError("Queues do not have matching component dtypes.")
        if not all(queues[0].names == q.names for q in queues[1:]):
            raise TypeError("Queues do not have matching component names.")
        common = [functools.reduce(_common, of_one) for of_one in zip(*[q.shapes for q in queues])]
        chosen = api.gather(api.stack([q.queue_ref for q in queues]), index)
        return QueueBase(queues[0].dtypes, common, queues[0].names, chosen)

    @property
    def queue_ref(self) -> Tensor:
        """The tensor of the queue."""
        return self._queue_ref

    @property
    def name(self) -> str:
        """The name of the queue's node."""
        return self._queue_ref.op.name

    @property
    def dtypes(self) -> Any:
        """The types of an element's components."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """The shapes of an element's components."""
        return self._shapes

    @property
    def names(self) -> Any:
        """The names of an element's components, or None."""
        return self._names

    def _raw(self, name: str) -> Any:
        """The node function of an operation on this kind of handle."""
        return getattr(raw, name + ("_v2" if self._queue_ref.dtype == dtypes.resource else ""))

    def _components(self, vals: Any) -> list[Any]:
        """The components of an element, as a list.

        Raises:
          ValueError: it is a dictionary and the queue has no names, or the other way round, or has other keys.
        """
        if isinstance(vals, dict):
            if not self._names:
                raise ValueError("Queue must have names to enqueue a dictionary")
            if sorted(self._names, key=str) != sorted(vals, key=str):
                raise ValueError("Keys in dictionary to enqueue do not match names of Queue.  Dictionary: "
                                 f"({sorted(vals)}), Queue: ({sorted(self._names)})")
            return [vals[name] for name in self._names]
        if self._names:
            raise ValueError("You must enqueue a dictionary in a Queue with names")
        return list(vals) if isinstance(vals, (list, tuple)) else [vals]

    def _converted(self, vals: Any) -> list[Tensor]:
        return [convert_to_tensor(value, dtype, f"component_{i}")
                for i, (value, dtype) in enumerate(zip(self._components(vals), self._dtypes))]

    @staticmethod
    def _given(vals: Any) -> list[Any]:
        return list(vals) if isinstance(vals, (list, tuple)) else list(vals.values()) if isinstance(vals, dict) else \
            [vals]

    def enqueue(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that adds an element, when there is room.

        Args:
          vals: a tensor, a list of them, or a dictionary where the queue has names.
          name: the name of the operation.
        """
        with name_scope(name, f"{self._name}_enqueue", self._given(vals)) as scope:
            tensors = self._converted(vals)
            for tensor, shape in zip(tensors, self._shapes):
                tensor.shape.assert_is_compatible_with(shape)
            return self._raw("queue_enqueue")(self._queue_ref, tensors, name=scope)

    def enqueue_many(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that adds an element for each row of tensors; see `enqueue`."""
        with name_scope(name, f"{self._name}_EnqueueMany", self._given(vals)) as scope:
            tensors = self._converted(vals)
            rows = tensors[0].shape.with_rank_at_least(1)[0]
            for tensor, shape in zip(tensors, self._shapes):
                rows = rows.merge_with(tensor.shape.with_rank_at_least(1)[0])
                tensor.shape[1:].assert_is_compatible_with(shape)
            return self._raw("queue_enqueue_many")(self._queue_ref, tensors, name=scope)

    def _element(self, tensors: Any) -> Any:
        """What a dequeue returns: a dictionary, a list, or the only tensor."""
        if self._names:
            return dict(zip(self._names, tensors))
        return tensors[0] if len(tensors) == 1 else list(tensors)

    def dequeue(self, name: str | None = None) -> Any:
        """The next element, when there is one: a tensor, a list, or a dictionary where the queue has names."""
        tensors = self._raw("queue_dequeue")(self._queue_ref, self._dtypes, name=name or f"{self._name}_Dequeue")
        for tensor, shape in zip(tensors, self._shapes):
            tensor.set_shape(shape)
        return self._element(tensors)

    def _many(self, kind: str, suffix: str, n: Any, name: str | None, rows_known: bool) -> Any:
        tensors = self._raw(kind)(self._queue_ref, n=n, component_types=self._dtypes,
                                  name=name or f"{self._name}_{suffix}")
        rows = constant_value(tensors[0].op.inputs[1]) if rows_known else None
        for tensor, shape in zip(tensors, self._shapes):
            tensor.set_shape(TensorShape([None if rows is None else rows.item()]).concatenate(shape))
        return self._element(tensors)

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """The next `n` elements, each component as one tensor; the shapes of the elements must be known."""
        return self._many("queue_dequeue_many", "DequeueMany", n, name, True)

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """The next `n` elements, or fewer once the queue is closed; see `dequeue_many`."""
        return self._many("queue_dequeue_up_to", "DequeueUpTo", n, name, False)

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """An operation that closes the queue: what it holds can still be taken, but nothing comes in.

        Args:
          cancel_pending_enqueues: whether to cancel who waits to add something; else they come first.
          name: the name of the operation.
        """
        return self._raw("queue_close")(self._queue_ref, cancel_pending_enqueues=cancel_pending_enqueues,
                                        name=name or f"{self._name}_Close")

    def is_closed(self, name: str | None = None) -> Tensor:
        """Whether the queue is closed."""
        return self._raw("queue_is_closed")(self._queue_ref, name=name or f"{self._name}_Is_Closed")

    def size(self, name: str | None = None) -> Tensor:
        """How many elements the queue holds."""
        return self._raw("queue_size")(self._queue_ref, name=name or f"{self._name}_Size")


@export("queue.RandomShuffleQueue")
class RandomShuffleQueue(QueueBase):
    """A queue out of which elements come in random order.

    Args:
      capacity: how many elements it holds.
      min_after_dequeue: how many must stay in it while it is open.
      dtypes: the types of an element's components.
      shapes: their shapes, if all elements have the same.
      names: names of the components.
      seed: makes the order the same each time.
      shared_name: a name under which several nodes mean one queue.
      name: the name of the node.
    """

    def __init__(self, capacity: int, min_after_dequeue: int, dtypes: Any, shapes: Any = None, names: Any = None,
                 seed: int | None = None, shared_name: str | None = None, name: str = "random_shuffle_queue"):
        types = as_types(dtypes)
        known = as_shapes(shapes, types)
        named = _as_names(names, types)
        graph_seed, own_seed = get_seed(seed)
        if graph_seed is None and own_seed is None:
            graph_seed, own_seed = 0, 0
        elif seed is None and shared_name is not None:
            digest = hashlib.md5(f"{graph_seed}{shared_name}".encode()).hexdigest()
            own_seed = int(digest[:8], 16) & 0x7FFFFFFF
        super().__init__(types, known, named, raw.random_shuffle_queue_v2(
            component_types=types, shapes=known or [], capacity=capacity, min_after_dequeue=min_after_dequeue,
            seed=graph_seed, seed2=own_seed, shared_name=shared_name or "", name=name))


@export("queue.FIFOQueue")
class FIFOQueue(QueueBase):
    """A queue: first in, first out.

    Args:
      capacity: how many elements it holds.
      dtypes: the types of an element's components.
      shapes: their shapes, if all elements have the same.
      names: names of the components.
      shared_name: a name under which several nodes mean one queue.
      name: the name of the node.
    """

    def __init__(self, capacity: int, dtypes: Any, shapes: Any = None, names: Any = None,
                 shared_name: str | None = None, name: str = "fifo_queue"):
        types = as_types(dtypes)
        known = as_shapes(shapes, types)
        named = _as_names(names, types)
        super().__init__(types, known, named, raw.fifo_queue_v2(
            component_types=types, shapes=known or [], capacity=capacity, shared_name=shared_name or "", name=name))


@export("queue.PaddingFIFOQueue")
class PaddingFIFOQueue(QueueBase):
    """A queue whose batches are padded with zeros to one shape; see `FIFOQueue`.

    Args:
      shapes: a list of shapes, in which dimensions may be None.
    """

    def __init__(self, capacity: int, dtypes: Any, shapes: Any, names: Any = None, shared_name: str | None = None,
                 name: str = "padding_fifo_queue"):
        types = as_types(dtypes)
        known = as_shapes(shapes, types, partial=True)
        named = _as_names(names, types)
        if known is None or len(known) != len(types):
            raise ValueError(f"Shapes must be provided for all components, but received {len(types)} dtypes and "
                             f"{len(known or ())} shapes.")
        super().__init__(types, known, named, raw.padding_fifo_queue_v2(
            component_types=types, shapes=known, capacity=capacity, shared_name=shared_name or "", name=name))


@export("queue.PriorityQueue")
class PriorityQueue(QueueBase):
    """A queue out of which the element with the least number comes first; see `FIFOQueue`.

    Args:
      types: the types of an element's components but the first, which is its number (int64).
    """

    def __init__(self, capacity: int, types: Any, shapes: Any = None, names: Any = None,
                 shared_name: str | None = None, name: str = "priority_queue"):
        given = as_types(types)
        known = as_shapes(shapes, given)
        if known is None:
            raise TypeError("Expected list for 'shapes' argument to 'priority_queue_v2' Op, not None.\nGive "
                            "shapes=[...], one for each of the types.")
        ref = raw.priority_queue_v2(component_types=given, shapes=known, capacity=capacity,
                                    shared_name=shared_name or "", name=name)
        super().__init__([dtypes.int64, *given], [TensorShape([]), *known], names, ref)
