"""Barriers: what a session keeps of one. Components that belong to a key come one by one; whole ones are taken."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import objects
from tfmagic.ops.declare import register
from tfmagic.ops.queues.queue_ops import old_handle
from tfmagic.ops.queues.waiting import Attempt, Waiting, kept, own_name, rows_of, stacked
from tfmagic.ops.torch_types import tensorflow_dtype, torch_dtype

_CANCELLED = "TakeMany operation was cancelled"
_FIRST = -(1 << 63)  # the number of the first insertion


class Barrier(Waiting):
    """Elements by key, in the order in which their keys first came.

    Args:
      op: the node that makes it.
      pause: see `Waiting`.

    Raises:
      InvalidArgumentError: a shape is not known, or it is limited in number.
    """

    def __init__(self, op: Any, pause: Callable[[Any], None]):
        super().__init__(pause, lines=1)
        self.name = own_name(op)
        self._types = list(op._attrs["component_types"])
        self._dims: list[Any] = [shape._dims for shape in op._attrs["shapes"]]
        if len(self._dims) != len(self._types):
            raise invalid("All of the component shapes must be specified")
        for dims in self._dims:
            if dims is not None and None in dims:
                raise invalid(f"Shape {shapes.brackets(dims)} is not fully defined")
        if op._attrs["capacity"] != -1:
            raise invalid("Barrier only accepts capacity=-1.  Feed the inputs to your Barrier through a queue to "
                          "enforce a limited capacity.")
        self._numbers = itertools.count(_FIRST)
        self._order = itertools.count()
        self._partial: dict[bytes, tuple[int, list[Any]]] = {}
        self._ready: list[tuple[int, int, bytes, list[Any]]] = []
        self._closed = self._cancelled = False

    def check(self, op: Any) -> Barrier:
        """Itself, if another node may mean it.

        Raises:
          InvalidArgumentError: it has elements of other types or shapes.
        """
        types, dims = list(op._attrs["component_types"]), [shape._dims for shape in op._attrs["shapes"]]
        wanted = f"Shared barrier '{self.name}' has component "
        if types != self._types:
            raise invalid(f"{wanted}types {_names(self._types)} but requested component types were {_names(types)}")
        if dims != self._dims and None not in dims and None not in self._dims:
            own, asked = (", ".join(map(shapes.brackets, each)) for each in (self._dims, dims))
            raise invalid(f"{wanted}shapes [{own}] but requested component shapes were [{asked}]")
        return self

    def insert(self, keys: Any, values: Any, component: int) -> None:
        """Add one component for each key.

        Raises:
          InvalidArgumentError: there is no such component, or a key has it already, or a whole element does not fit.
          CancelledError: the barrier is closed.
        """
        if component >= len(self._types):
            raise invalid(f"The component ID is out of range {component} > num_components (= {len(self._types)})")
        found = tensorflow_dtype(values)
        if found is not self._types[component]:
            raise invalid(f"Signature mismatch, have: string_ref, string, {_names([found])}-> expected: string_ref, "
                          f"string, {_names([self._types[component]])}->")
        names = keys.ravel().tolist()
        rows = rows_of(kept(values)) if values.ndim else []
        if len(rows) != len(names):  # TensorFlow reads what is not there
            raise invalid(f"{len(names)} keys are given for {len(rows)} values")
        with self._lock:
            if self._cancelled or (self._closed and not self._partial):
                raise errors.CancelledError(
                    None, None, f"Barrier {self.name} is closed.  Pending enqueues cancelled: {int(self._cancelled)}.  "
                    f"Number of new insertions: {len(names)}.  Number of incomplete keys: {len(self._partial)}.")
            number = next(self._numbers)
            try:
                for place, (key, row) in enumerate(zip(names, rows)):
                    self._add(key, row, component, number, place)
            finally:
                self._flush()

    def _add(self, key: bytes, row: Any, component: int, number: int, place: int) -> None:
        if key not in self._partial:
            if self._closed:
                raise errors.CancelledError(
                    None, None, f"Barrier {self.name} is closed, but attempted to insert a brand new key: "
                    f"{key.decode(errors='replace')}.  Pending enqueues cancelled: {int(self._cancelled)}.  Insertion "
                    f"index: {place}.  Number of incomplete keys: {len(self._partial)}.")
            self._partial[key] = number, [None] * len(self._types)
        first, parts = self._partial[key]
        if parts[component] is not None:
            raise invalid(f"Key {key.decode(errors='replace')} already has a value for component {component} in "
                          f"barrier {self.name}")
        parts[component] = row
        if any(part is None for part in parts):
            return
        del self._partial[key]
        for index, (part, dims) in enumerate(zip(parts, self._dims)):
            if dims is not None and tuple(part.shape) != dims:
                raise invalid(f"Shape mismatch in tuple component {index + 2}. Expected {shapes.brackets(dims)}, got "
                              f"{shapes.brackets(tuple(part.shape))}")
        heapq.heappush(self._ready, (first, next(self._order), key, parts))

    def take(self, wanted: Any, types: Any, small: bool, milliseconds: int) -> Any:
        """Take so many elements, when there are as many; with `small` fewer, when no more can come.

        Raises:
          InvalidArgumentError: the number is none, the types are others, or a time limit is set.
          OutOfRangeError: no more can come.
        """
        if list(types) != self._types:
            raise invalid(f"Signature mismatch, have: string_ref, int32->int64, string, {_names(types)} expected: "
                          f"string_ref, int32->int64, string, {_names(self._types)}")
        if wanted.ndim:
            raise invalid("num_elements must be a scalar.")
        count = int(wanted)
        if milliseconds != -1:
            raise invalid("Timeout not supported yet.")
        if count < 0:
            raise invalid(f"num_elements must not be negative, but is {count}")

        def step(attempt: Attempt) -> bool:
            over = self._closed and not self._partial
            have = len(self._ready)
            if have < count and not over:
                return False
            if have < count and not (small and have):
                attempt.end(error=errors.OutOfRangeError(
                    None, None, f"Barrier '{self.name}' is closed and has insufficient elements (requested "
                    f"{0 if small else count}, total size {have})"))
                return True
            attempt.taken = [heapq.heappop(self._ready) for _ in range(min(count, have))]
            attempt.end(self._batch(attempt.taken))
            return True

        return self._attempt(0, step, _CANCELLED) if count else self._batch([])

    def _batch(self, elements: list[tuple[int, int, bytes, list[Any]]]) -> Any:
        return (torch.tensor([element[0] for element in elements], dtype=torch.int64),
                objects([element[2] for element in elements], (len(elements),)),
                *(stacked([element[3][index] for element in elements], (
                    None if dtype.name == "string" else torch_dtype(dtype), dims or ()))
                  for index, (dtype, dims) in enumerate(zip(self._types, self._dims))))

    def _give_back(self, attempt: Attempt) -> None:
        for element in attempt.taken:
            heapq.heappush(self._ready, element)
        attempt.taken = []

    def finish(self, cancel: bool) -> None:
        """Take no new keys any more; with `cancel` no components either, and drop what is not whole.

        Raises:
          CancelledError: that is so already.
        """
        with self._lock:
            if self._cancelled or (self._closed and not cancel):
                raise errors.CancelledError(None, None, f"Barrier '{self.name}' is already closed.")
            self._closed, self._cancelled = True, cancel
            if cancel:
                self._partial.clear()
            self._flush()

    def count(self, partial: bool) -> Any:
        """How many elements are whole, or not, as a tensor."""
        return torch.tensor(len(self._partial if partial else self._ready), dtype=torch.int32)


def _names(types: Any) -> str:
    return ", ".join(dtype.proto_name for dtype in types)


def _nothing(op: Any, *dims: Any) -> tuple[()]:
    return ()


def _inserted(op: Any, handle: Dims, keys: Dims, values: Dims) -> tuple[()]:
    """A vector of keys, and a row of values for each."""
    rows = shape_rules.with_rank_at_least(values, 1)
    shape_rules.merged(op, shape_rules.with_rank(keys, 1), (None,) if rows is None else rows[:1])
    return ()


def _unknown(op: Any, *dims: Any) -> list[Dims | list[Dims]]:
    return [None, None, [None] * len(op.component_types)]


register("Barrier", old_handle, lambda op: op.constant(op.named.of(
    op.op, Barrier, lambda *names: Barrier(op.op, op.named.pause)).check(op.op)), objects=True, effect="reads")
register("BarrierInsertMany", _inserted, lambda op, handle, keys, values: handle.insert(
    keys, values, op.component_index), objects=True, effect="writes")
register("BarrierTakeMany", _unknown, lambda op, handle, count: handle.take(
    count, op.constant(op.component_types), op.allow_small_batch, op.timeout_ms), objects=True, effect="waits")
register("BarrierClose", _nothing, lambda op, handle: handle.finish(op.cancel_pending_enqueues), objects=True,
         effect="writes")
register("BarrierReadySize", shape_rules.scalar, lambda op, handle: handle.count(False), objects=True, effect="reads")
register("BarrierIncompleteSize", shape_rules.scalar, lambda op, handle: handle.count(True), objects=True,
         effect="reads")
