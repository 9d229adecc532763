"""Queues: what a session keeps of one. Elements are tuples of tensors; who finds none, or no room, waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.queues.waiting import Attempt, Waiting, kept, own_name, rows_of, stacked
from tfmagic.ops.random.samples import Samples
from tfmagic.ops.torch_types import torch_dtype

Element = tuple[Any, ...]
_ENQUEUES, _DEQUEUES = 0, 1
_CANCELLED = {_ENQUEUES: "Enqueue operation was cancelled", _DEQUEUES: "Dequeue operation was cancelled"}


class Queue(Waiting):
    """A queue; a subclass says in which order elements come out.

    Attributes:
      kind: what it is called in messages.
      name: its name in messages.
      types: TensorFlow's names of the types of an element's components.
      dims: the shapes of the components, or an empty list where each element may have its own.

    Args:
      op: the node that makes it.
      pause: see `Waiting`.
    """

    kind = "FIFOQueue"

    def __init__(self, op: Any, pause: Callable[[Any], None]):
        super().__init__(pause)
        self.op_type = op.type
        self.name = own_name(op)
        self._dtypes = self.dtypes_of(op)
        self.types = _names(self._dtypes)
        self.dims: list[Dims] = self.dims_of(op)
        self.asked_capacity = op._attrs["capacity"]
        self.capacity = self.asked_capacity if self.asked_capacity >= 0 else (1 << 31) - 1
        self.closed = False

    @staticmethod
    def dtypes_of(op: Any) -> list[Any]:
        """The types of an element's components."""
        return list(op._attrs["component_types"])

    @staticmethod
    def dims_of(op: Any) -> list[Dims]:
        """The shapes of an element's components, as far as they are given."""
        return [shape._dims for shape in op._attrs["shapes"]]

    def check(self, op: Any) -> Queue:
        """Itself, if another node may mean it.

        Raises:
          InvalidArgumentError: it is of another kind, or has elements of other types or shapes.
        """
        attrs = op._attrs
        wanted = f"Shared queue '{self.name}' has "
        if op.type != self.op_type:
            raise invalid(f"Expected {self.kind}, found {op.type}")
        if attrs["capacity"] != self.asked_capacity:
            raise invalid(f"{wanted}capacity {self.capacity} but requested capacity was {attrs['capacity']}")
        self._check_kind(op, wanted)
        types = _names(self.dtypes_of(op))
        if types != self.types:
            raise invalid(f"{wanted}component types {', '.join(self.types)} but requested component types were "
                           f"{', '.join(types)}")
        dims = self.dims_of(op)
        if not self._agrees(dims):
            raise invalid(f"{wanted}component shapes {_all(self.dims)} but requested component shapes were "
                          f"{_all(dims)}")
        return self

    def _check_kind(self, op: Any, wanted: str) -> None:
        """Check what only this kind of queue has; see `check`."""

    def _agrees(self, dims: list[Dims]) -> bool:
        """Whether another node may mean it that gives these shapes of components."""
        return dims == self.dims

    # --- what a subclass says -----------------------------------------------------------------------------------

    def size(self) -> int:
        """How many elements it holds."""
        raise NotImplementedError

    def _add(self, element: Element) -> None:
        """Take in an element."""
        raise NotImplementedError

    def _take(self) -> Element:
        """The next element."""
        raise NotImplementedError

    def _put_back(self, elements: list[Element]) -> None:
        """Take back elements, the first one first."""
        raise NotImplementedError

    def _left_over(self) -> int:
        """How many elements must stay while it is open."""
        return 0

    def _batch(self, elements: list[Element]) -> Element:
        """Elements as one tensor for each component."""
        self._require_shapes()
        return tuple(stacked([element[i] for element in elements], (
            None if dtype.kind == "O" else torch_dtype(dtype), [d or 0 for d in self.dims[i] or ()]))
            for i, dtype in enumerate(self._dtypes))

    # --- into it ------------------------------------------------------------------------------------------------

    def enqueue(self, components: Sequence[Any], own: Sequence[int] = ()) -> None:
        """Add an element, when there is room.

        Args:
          own: the places of those components whose memory nobody else has.

        Raises:
          InvalidArgumentError: it has other shapes.
          CancelledError: the queue is closed.
        """
        dims = [value.shape for value in components]
        if dims != self.dims:
            self._check_shapes(dims, ())
        element = tuple([value if place in own else kept(value) for place, value in enumerate(components)])
        with self._lock:
            if not (self._lines[_ENQUEUES] or self.closed or self._ended) and self.size() < self.capacity:
                self._add(element)
                self._advance(self._lines[_DEQUEUES])
                return
        self._enqueue([element])

    def enqueue_many(self, components: Sequence[Any]) -> None:
        """Add an element for each row of the components; see `enqueue`."""
        dims = [tuple(value.shape) for value in components]
        if not dims[0]:
            raise invalid("Shape mismatch in tuple component 0. Expected [?], got []")
        rows = dims[0][0]
        if self.dims:
            self._check_shapes(dims, (rows,))
        for index, shape in enumerate(dims):
            have = shape[0] if shape else None
            if have != rows:
                raise invalid("All input tensors must have the same size in the 0th dimension. Component "
                               f"{index} has {'no such' if have is None else have}, and should have {rows}")
        if rows:
            self._enqueue(list(zip(*(rows_of(kept(value)) for value in components))))

    def _check_shapes(self, given: list[tuple[int, ...]], rows: tuple[int, ...]) -> None:
        for index, (have, wanted) in enumerate(zip(given, self.dims)):
            if wanted is None:
                continue
            if not shapes.compatible((*rows, *wanted), have):
                raise invalid(f"Shape mismatch in tuple component {index}. Expected "
                               f"{shapes.brackets((*rows, *wanted))}, got {shapes.brackets(have)}")

    def _enqueue(self, elements: list[Element]) -> None:
        position = 0

        def step(attempt: Attempt) -> bool:
            nonlocal position
            before = position
            if self.closed:
                attempt.end(error=errors.CancelledError(None, None, f"{self._adding_kind} '{self.name}' is closed."))
                return True
            while position < len(elements) and self.size() < self.capacity:
                self._add(elements[position])
                position += 1
            if position == len(elements):
                attempt.end(True)
            return position != before

        self._attempt(_ENQUEUES, step, _CANCELLED[_ENQUEUES])

    @property
    def _adding_kind(self) -> str:
        return self.kind

    # --- out of it ----------------------------------------------------------------------------------------------

    def dequeue(self) -> Element:
        """The next element, when there is one.

        Raises:
          OutOfRangeError: the queue is closed, and has none.
        """
        with self._lock:
            if not (self._lines[_DEQUEUES] or self._ended) and self.size() > (0 if self.closed else self._left_over()):
                element = self._take()
                self._advance(self._lines[_ENQUEUES])
                return element

        def step(attempt: Attempt) -> bool:
            if self.size() == 0 if self.closed else self.size() <= self._left_over():
                if self.closed:
                    attempt.end(error=self._insufficient(1, self._adding_kind))
                    return True
                return False
            attempt.taken.append(self._take())
            attempt.end(attempt.taken[0])
            return True

        return self._attempt(_DEQUEUES, step, _CANCELLED[_DEQUEUES])

    def dequeue_many(self, n: Any, up_to: bool = False) -> Element:
        """The next elements as one tensor for each component.

        Args:
          n: how many.
          up_to: whether there may be fewer once the queue is closed.

        Raises:
          OutOfRangeError: the queue is closed, and has not as many.
          InvalidArgumentError: its elements have no known shapes.
        """
        count = int(n)
        if count < 0:
            raise invalid(f"Dequeue{'UpTo' if up_to else 'Many'}Op requested {count} < 0 elements")
        self._require_shapes()
        if count == 0:
            return self._batch([])
        elements: list[Element] = self._attempt(_DEQUEUES, self._stepping(count, up_to), _CANCELLED[_DEQUEUES])
        return self._batch(elements)

    def dequeue_up_to(self, n: Any) -> Element:
        """The next elements, fewer if the queue is closed; see `dequeue_many`."""
        return self.dequeue_many(n, True)

    def _stepping(self, count: int, up_to: bool) -> Callable[[Attempt], bool]:
        """The step that takes so many elements, each as soon as it is there."""

        def step(attempt: Attempt) -> bool:
            taken = attempt.taken
            missing = count - len(taken)
            if self.closed and self.size() < missing and not (up_to and (taken or self.size())):
                error = self._insufficient(missing, self.kind)
                self._put_back(taken)
                attempt.end(error=error)
                return True
            available = self.size() if self.closed else self.size() - self._left_over()
            if available > 0:
                taken += [self._take() for _ in range(min(missing, available))]
            if len(taken) == count or self.closed:
                attempt.end(taken)
            return available > 0

        return step

    def _insufficient(self, requested: int, kind: str) -> errors.OpError:
        return errors.OutOfRangeError(None, None, f"{kind} '{self.name}' is closed and has insufficient elements "
                                      f"(requested {requested}, current size {self.size()})")

    def _require_shapes(self) -> None:
        if len(self.dims) != len(self._dtypes):
            raise invalid(f"{self.kind}'s DequeueMany and DequeueUpTo require the components to have specified "
                           f"shapes.\nGive shapes=... where the queue is made, or take single elements by dequeue().")

    def _give_back(self, attempt: Attempt) -> None:
        if attempt.taken:
            self._put_back(attempt.taken)
            attempt.taken = []

    # --- the end ------------------------------------------------------------------------------------------------

    def finish(self, cancel_pending: bool) -> None:
        """Close it: nothing more comes in.

        Args:
          cancel_pending: whether to cancel who waits to add something.

        Raises:
          CancelledError: it was closed already.
        """
        if cancel_pending:
            with self._lock:
                for attempt in self._lines[_ENQUEUES]:
                    attempt.end(error=errors.CancelledError(None, None, _CANCELLED[_ENQUEUES]))
                    self._wake(attempt)
                self._lines[_ENQUEUES].clear()
                self.closed = True
                self._flush()
            return

        def step(attempt: Attempt) -> bool:
            if self.closed:
                attempt.end(error=errors.CancelledError(None, None, f"Queue '{self.name}' is already closed."))
            else:
                self.closed = True
                attempt.end(True)
            return True

        self._attempt(_ENQUEUES, step, _CANCELLED[_ENQUEUES])

    def count(self) -> Any:
        """How many elements it holds, as a tensor."""
        with self._lock:
            return torch.tensor(self.size(), dtype=torch.int32)

    def is_closed(self) -> Any:
        """Whether it is closed, as a tensor."""
        return torch.tensor(self.closed)

    def typed(self, handle: str, given: Sequence[str], adding: bool) -> Queue:
        """Itself, for elements of these types.

        Args:
          handle: the type of the handle.
          given: the types.
          adding: whether elements come in.

        Raises:
          InvalidArgumentError: its elements have others.
        """
        if list(given) != self.types:
            have, wanted = ", ".join(given), ", ".join(self.types)
            raise invalid(f"Signature mismatch, have: {handle}, {have}-> expected: {handle}, {wanted}->" if adding else
                           f"Signature mismatch, have: {handle}->{have} expected: {handle}->{wanted}")
        return self


class Fifo(Queue):
    """First in, first out."""

    def __init__(self, op: Any, pause: Callable[[Any], None]):
        super().__init__(op, pause)
        self._elements: deque[Element] = deque()

    def size(self) -> int:
        return len(self._elements)

    def _add(self, element: Element) -> None:
        self._elements.append(element)

    def _take(self) -> Element:
        return self._elements.popleft()

    def _put_back(self, elements: list[Element]) -> None:
        self._elements.extendleft(reversed(elements))


class Padding(Fifo):
    """First in, first out; elements whose shapes differ are padded with zeros to one shape."""

    kind = "PaddingFIFOQueue"

    def __init__(self, op: Any, pause: Callable[[Any], None]):
        super().__init__(op, pause)
        if len(self.dims) != len(self._dtypes):
            raise invalid(f"Shapes must be provided for all components, but received {len(self._dtypes)} dtypes and "
                          f"{len(self.dims)} shapes.")

    @property
    def _adding_kind(self) -> str:
        return "FIFOQueue"

    def _agrees(self, dims: list[Dims]) -> bool:
        return len(dims) == len(self.dims) and all(map(shapes.compatible, dims, self.dims))

    def _batch(self, elements: list[Element]) -> Element:
        return tuple(self._padded([element[i] for element in elements], i) for i in range(len(self._dtypes)))

    def _padded(self, values: list[Any], index: int) -> Any:
        dims = self.dims[index]
        dtype = self._dtypes[index]
        if not values or dims is None or None not in dims:
            return stacked(values, (None if dtype.kind == "O" else torch_dtype(dtype), [d or 0 for d in dims or ()]))
        given = [tuple(value.shape) for value in values]
        if all(shape == given[0] for shape in given):
            return stacked(values, None)
        sizes = [max(shape[axis] for shape in given) for axis in range(len(dims))]
        if dtype.kind == "O":
            made: Any = np.full((len(values), *sizes), b"", object)
        else:
            made = torch.zeros((len(values), *sizes), dtype=torch_dtype(dtype), device=values[0].device)
        for row, value in enumerate(values):
            made[row][tuple(slice(size) for size in value.shape)] = value
        return made


class Shuffling(Queue):
    """Elements come out in random order, in TensorFlow's for the same seeds."""

    kind = "RandomShuffleQueue"

    def __init__(self, op: Any, pause: Callable[[Any], None]):
        super().__init__(op, pause)
        self._least = op._attrs["min_after_dequeue"]
        if self._least < 0:
            raise invalid(f"min_after_dequeue {self._least} must be >= 0")
        if self._least >= self.capacity:
            raise invalid(f"min_after_dequeue {self._least} must be < capacity {self.capacity}")
        self._seeds = op._attrs["seed"], op._attrs["seed2"]
        self._samples = Samples(*self._seeds)
        self._elements: list[Element] = []

    def _check_kind(self, op: Any, wanted: str) -> None:
        if op._attrs["min_after_dequeue"] != self._least:
            raise invalid(f"{wanted}min_after_dequeue {self._least} but requested min_after_dequeue was "
                          f"{op._attrs['min_after_dequeue']}.")
        seeds = op._attrs["seed"], op._attrs["seed2"]
        if seeds != self._seeds:
            raise invalid(f"{wanted}random seeds {self._seeds} but requested seeds are {seeds}.")

    def size(self) -> int:
        return len(self._elements)

    def _add(self, element: Element) -> None:
        self._elements.append(element)

    def _take(self) -> Element:
        elements = self._elements
        index = self._samples.next() % len(elements)
        chosen = elements[index]
        elements[index] = elements[-1]
        elements.pop()
        return chosen

    def _put_back(self, elements: list[Element]) -> None:
        self._elements.extend(reversed(elements))

    def _left_over(self) -> int:
        return self._least


class Priority(Queue):
    """The element with the least first component comes first; among equal ones it is the order of TensorFlow's heap."""

    kind = "PriorityQueue"

    def __init__(self, op: Any, pause: Callable[[Any], None]):
        super().__init__(op, pause)
        self._heap: list[tuple[int, Element]] = []
        if len(self.dims) == 1:  # TensorFlow's takes none for unknown, and then misses that of the number
            self.dims = []

    @staticmethod
    def dims_of(op: Any) -> list[Dims]:
        return [(), *(shape._dims for shape in op._attrs["shapes"])]

    @staticmethod
    def dtypes_of(op: Any) -> list[Any]:
        return [dtypes.int64, *op._attrs["component_types"]]

    def size(self) -> int:
        return len(self._heap)

    def _add(self, element: Element) -> None:
        self._heap.append((int(element[0]), element))
        self._rise(len(self._heap) - 1)

    def _rise(self, place: int) -> None:
        heap = self._heap
        item = heap[place]
        while place and heap[(place - 1) // 2][0] > item[0]:
            heap[place] = heap[(place - 1) // 2]
            place = (place - 1) // 2
        heap[place] = item

    def _take(self) -> Element:
        heap = self._heap
        first, last = heap[0], heap.pop()
        if heap:
            place = 0
            while 2 * place + 1 < len(heap):  # the hole goes down to a leaf, along the lesser children
                child = 2 * place + 2
                if child >= len(heap) or heap[child][0] > heap[child - 1][0]:
                    child -= 1
                heap[place] = heap[child]
                place = child
            heap[place] = last
            self._rise(place)
        return first[1]

    def _put_back(self, elements: list[Element]) -> None:
        for element in elements:
            self._add(element)

    def _stepping(self, count: int, up_to: bool) -> Callable[[Attempt], bool]:
        """The step that takes so many elements, all at the same time."""

        def step(attempt: Attempt) -> bool:
            if self.size() >= count:
                attempt.taken.extend(self._take() for _ in range(count))
                attempt.end(attempt.taken)
                return True
            if not self.closed:
                return False
            missing = count
            if up_to:  # TensorFlow's loses them
                missing -= self.size()
                self._heap.clear()
            attempt.end(error=self._insufficient(missing, self.kind))
            return True

        return step


QUEUES: dict[str, type[Queue]] = {"FIFOQueue": Fifo, "PaddingFIFOQueue": Padding, "RandomShuffleQueue": Shuffling,
                                  "PriorityQueue": Priority}



def _names(types: Sequence[Any]) -> list[str]:
    return [dtype.base_dtype.proto_name for dtype in types]


def _all(dims: Sequence[Dims]) -> str:
    return f"[{', '.join(shapes.brackets(item) for item in dims)}]"

