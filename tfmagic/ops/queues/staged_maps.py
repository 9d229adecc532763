"""Staging areas whose elements have keys: what belongs together may come in parts, and be taken in parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.queues.staging import bytes_of
from tfmagic.ops.queues.waiting import Attempt, Waiting, kept

_PUT, _GET, _PEEK, _ANY = range(4)
_CANCELLED = "The staging area's session was closed"
Parts = list[Any]


class StagedMap(Waiting):
    """Elements by key; one is complete when all its components are there.

    Args:
      op: a node that works with it: all of them say the limits.
      pause: see `Waiting`.
      ordered: whether the element of the smallest key comes first; else any may, here the one that came last.
    """

    def __init__(self, op: Any, pause: Callable[[Any], None], ordered: bool):
        super().__init__(pause, lines=4)
        self._capacity = op._attrs["capacity"]
        self._limit = op._attrs["memory_limit"]
        self._ordered = ordered
        self._whole: dict[int, Parts] = {}
        self._partial: dict[int, Parts] = {}
        self._bytes = 0

    def put(self, key: Any, indices: Any, values: list[Any], count: int) -> None:
        """Add components of an element of `count`, when there is room.

        Raises:
          InvalidArgumentError: the indices are no components, or one of them is there already.
          ResourceExhaustedError: the values are larger than all that may be there.
        """
        number, places = _key(key), _places(indices)
        if len(places) > len(values):
            raise invalid(f"{len(places)} indices are given for {len(values)} values")
        size = bytes_of(values)
        if self._limit and size > self._limit:
            raise errors.ResourceExhaustedError(
                None, None, f"Attempted to insert tensors with combined size of '{size}' bytes into Staging Area with "
                f"a memory limit of '{self._limit}'.")
        given = [kept(value) for value in values]

        def step(attempt: Attempt) -> bool:
            parts = self._partial.get(number)
            for place in places:
                if not 0 <= place < count:
                    attempt.end(error=_out_of_bounds(place, number, count))
                    return True
                if parts is not None and parts[place] is not None:
                    attempt.end(error=invalid(f"The tensor for index '{place}' for key '{number}' was already "
                                              f"initialized '{count}'."))
                    return True
            if self._capacity and len(self._whole) >= self._capacity:
                return False
            if self._limit and self._bytes + size > self._limit:
                return False
            parts = parts or [None] * count
            for place, value in zip(places, given):
                parts[place] = value
            self._bytes += size
            if any(part is None for part in parts):
                self._partial[number] = parts
            else:
                self._partial.pop(number, None)
                self._whole.setdefault(number, parts)
            attempt.end(True)
            return True

        self._attempt(_PUT, step, _CANCELLED)

    def get(self, key: Any, indices: Any) -> Any:
        """Take components of an element, when it is complete; it goes with its last ones."""
        return self._of_key(_GET, key, indices, True)

    def peek(self, key: Any, indices: Any) -> Any:
        """Components of an element, when it is complete; they stay."""
        return self._of_key(_PEEK, key, indices, False)

    def _of_key(self, line: int, key: Any, indices: Any, taken: bool) -> Any:
        number, places = _key(key), _places(indices)

        def step(attempt: Attempt) -> bool:
            if number not in self._whole:
                return False
            self._give(attempt, number, places, taken)
            return True

        return self._attempt(line, step, _CANCELLED)

    def get_any(self, indices: Any) -> Any:
        """The key of an element that is complete, and components of it, which are taken."""
        places = _places(indices)

        def step(attempt: Attempt) -> bool:
            if not self._whole:
                return False
            number = min(self._whole) if self._ordered else next(reversed(self._whole))
            self._give(attempt, number, places, True)
            if attempt.error is None:
                attempt.end((torch.tensor(number, dtype=torch.int64), *attempt.result))
            return True

        return self._attempt(_ANY, step, _CANCELLED)

    def _give(self, attempt: Attempt, number: int, places: list[int], taken: bool) -> None:
        parts = self._whole[number]
        for place in places:
            if not 0 <= place < len(parts):
                attempt.end(error=_out_of_bounds(place, number, len(parts)))
                return
            if parts[place] is None:
                attempt.end(error=invalid(f"Tensor at index '{place}' for key '{number}' has already been removed."))
                return
        values = tuple(parts[place] for place in places)
        if taken:
            attempt.taken.append((number, list(parts)))
            for place in places:
                parts[place] = None
            self._bytes -= bytes_of(values)
            if all(part is None for part in parts):
                del self._whole[number]
        attempt.end(values)

    def _give_back(self, attempt: Attempt) -> None:
        for number, parts in attempt.taken:
            self._bytes += bytes_of([part for part in parts if part is not None])
            self._bytes -= bytes_of([part for part in self._whole.get(number, ()) if part is not None])
            self._whole[number] = parts
        attempt.taken = []

    def count(self, partial: bool) -> Any:
        """How many elements there are that are complete, or not, as a tensor."""
        return torch.tensor(len(self._partial if partial else self._whole), dtype=torch.int32)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._whole.clear()
            self._partial.clear()
            self._bytes = 0
            self._flush()


def _out_of_bounds(place: int, number: int, count: int) -> errors.OpError:
    return invalid(f"Index '{place % (1 << 64)}' for key '{number}' was out of bounds '{count}'.")


def _key(key: Any) -> int:
    if key.numel() != 1:
        raise invalid(f"key must be a scalar, but has shape {list(key.shape)}")
    return int(key.reshape(()))


def _places(indices: Any) -> list[int]:
    """Indices of components.

    Raises:
      InvalidArgumentError: there are none, or they do not ascend.
    """
    places = indices.reshape(-1).tolist()
    if not places or any(b <= a for a, b in zip(places, places[1:])):
        raise invalid("Indices are not strictly ordered")
    return places


def _unknown(op: Any, *dims: Any) -> list[Dims]:
    return [None] * len(op.dtypes)


def _nothing(op: Any, *dims: Any) -> tuple[()]:
    return ()


def _declare(prefix: str, ordered: bool) -> None:
    def area(op: Any) -> Any:
        return op.constant(op.named.of(op.op, StagedMap, lambda *names: StagedMap(op.op, op.named.pause, ordered)))

    waits: dict[str, Any] = {"objects": True, "effect": "waits"}
    register(f"{prefix}Stage", _nothing, lambda op, key, indices, values: area(op).put(
        key, indices, values, len(op.dtypes)), **waits)
    register(f"{prefix}Unstage", _unknown, lambda op, key, indices: area(op).get(key, indices), **waits)
    register(f"{prefix}Peek", _unknown, lambda op, key, indices: area(op).peek(key, indices), **waits)
    register(f"{prefix}UnstageNoKey", lambda op, indices: [None, _unknown(op)], lambda op, indices: area(op).get_any(
        indices), **waits)
    register(f"{prefix}Size", shape_rules.scalar, lambda op: area(op).count(False), objects=True, effect="reads")
    register(f"{prefix}IncompleteSize", shape_rules.scalar, lambda op: area(op).count(True), objects=True,
             effect="reads")
    register(f"{prefix}Clear", _nothing, lambda op: area(op).clear(), objects=True, effect="writes")


_declare("Map", False)
_declare("OrderedMap", True)
