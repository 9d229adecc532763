"""A function of each element: map, filter, flat_map, take_while, scan; elements without those that fail."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.dtypes import variant
from tfmagic.ops.data import states
from tfmagic.ops.data.datasets import (
    UNKNOWN,
    Dataset,
    Derived,
    Element,
    Following,
    Iteration,
    Tokens,
    called,
    dataset_of,
    strings,
    true,
)
from tfmagic.ops.data.mapping import Mapping
from tfmagic.ops.data.rules import OF_STRINGS, handle
from tfmagic.ops.declare import register
from tfmagic.ops.torch_types import tensorflow_dtype


class Map(Derived):
    """A function of each element."""

    def __init__(self, source: Dataset, function: Any):
        super().__init__(source)
        self.function = function

    class Pass(Mapping):
        def __next__(self) -> Element:
            element = next(self.source)
            try:
                return self.function(*element)
            except errors.OutOfRangeError as error:  # a function may end the iteration so
                raise StopIteration from error


class Filter(Derived):
    """The elements of which a predicate holds.

    Attributes:
      name: under which statistics count its elements.
      place: how many nodes stand behind it where TensorFlow writes the data set down.
    """

    def __init__(self, source: Dataset, predicate: Any, name: str = "FilterDataset", place: int = 0):
        super().__init__(source)
        self.predicate, self.name, self.place = predicate, name, place

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __init__(self, dataset: Filter, source: Iteration):
            super().__init__(dataset, source)
            self._predicate, self._statistics = dataset.predicate, states.current.statistics
            self._name, self._count = dataset.name, 0

        def __next__(self) -> Element:
            while True:
                element = next(self.source)
                kept = true(self._predicate, element)
                if self._statistics is not None:
                    self._statistics.increment(f"{self._name}::{'filtered' if kept else 'dropped'}_elements",
                                               self._count)
                if kept:
                    self._count += 1
                    return element


class FilterByLast(Derived):
    """The elements whose last component is true, without it."""

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __next__(self) -> Element:
            while True:
                *element, last = next(self.source)
                if bool(last):
                    return tuple(element)


def _behind(op: Any) -> int:
    """How many nodes stand behind a data set's: other data sets, and each tensor that one takes."""
    return sum(1 + (_behind(tensor.op) if tensor.dtype.base_dtype is variant else 0) for tensor in op._inputs)


class TakeWhile(Filter):
    """The elements before the first of which a predicate does not hold."""

    class Pass(Following):
        def __init__(self, dataset: TakeWhile, source: Iteration):
            super().__init__(dataset, source)
            self._predicate, self._ended = dataset.predicate, False

        def __next__(self) -> Element:
            if self._ended:
                raise StopIteration
            element = next(self.source)
            if true(self._predicate, element):
                return element
            self._ended = True
            raise StopIteration

        def state(self) -> Any:
            return self._ended, self.source.state()

        def restore(self, state: Any) -> None:
            self._ended = state[0]
            self.source.restore(state[1])


class FlatMap(Derived):
    """The elements of the data sets that a function makes, one after the other."""

    def __init__(self, source: Dataset, function: Any):
        super().__init__(source)
        self.function = function

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __init__(self, dataset: FlatMap, source: Iteration):
            super().__init__(dataset, source)
            self._function = dataset.function
            self._inner: Iteration | None = None
            self._element: Element = ()
            self._by_token = False
            self._following: Any = None
            self._some: Any = None

        def tokens(self) -> Tokens | None:
            if getattr(self._function, "gives", None) not in OF_STRINGS:
                return None
            self._by_token = True
            return Tokens(self.__next__, strings, True, self._several)

        def _several(self, count: int) -> list[Any]:
            """The next tokens, as far as they are those of one data set."""
            if self._inner is not None and self._some is not None:
                try:
                    return self._some(count)
                except StopIteration:
                    self._inner = None
            return [next(self)]

        def _open(self) -> Iteration:
            """Begin with the data set of another element."""
            self._inner = inner = dataset_of(self._function, self._element, "`f`").iterator()
            given = inner.tokens() if self._by_token else None
            self._following = inner.__next__ if given is None else given.next
            self._some = None if given is None else given.some
            return inner

        def __next__(self) -> Element:
            while True:
                if self._inner is None:
                    self._element = next(self.source)
                    self._open()
                try:
                    return self._following()
                except StopIteration:
                    self._inner = None

        def state(self) -> Any:
            inner = None if self._inner is None else (self._element, self._inner.state())
            return inner, self.source.state()

        def restore(self, state: Any) -> None:
            inner, source = state
            self.source.restore(source)
            self._inner = None
            if inner is not None:
                self._element = inner[0]
                self._open().restore(inner[1])

        def close(self) -> None:
            super().close()
            if self._inner is not None:
                self._inner.close()


class Scan(Derived):
    """A function of a state and each element, which gives the next state and an element of so many parts."""

    def __init__(self, source: Dataset, initial: tuple[Any, ...], function: Any, parts: int):
        super().__init__(source)
        self.initial, self.function, self.count = initial, function, len(initial) + parts

    class Pass(Following):
        def __init__(self, dataset: Scan, source: Iteration):
            super().__init__(dataset, source)
            self._function, self._state, self._count = dataset.function, dataset.initial, dataset.count

        def __next__(self) -> Element:
            results = called(self._function, (*self._state, *next(self.source)))
            if len(results) > self._count:
                raise errors.InvalidArgumentError(
                    None, None, f"Got wrong type for scan_func return value {self._count} (expected INVALID, got "
                    f"{tensorflow_dtype(results[self._count]).name}).")
            count = len(self._state)
            self._state = results[:count]
            return results[count:]

        def state(self) -> Any:
            return self._state, self.source.state()

        def restore(self, state: Any) -> None:
            self._state = state[0]
            self.source.restore(state[1])


class IgnoreErrors(Derived):
    """The elements without those whose computation fails."""

    class Pass(Following):
        def __next__(self) -> Element:
            while True:
                try:
                    return next(self.source)
                except StopIteration:
                    raise
                except errors.CancelledError:
                    raise
                except Exception:  # leaving them out is what it is for
                    continue


_INPUT = {"other_arguments": "f"}
_PREDICATE = {"other_arguments": "predicate"}

register("MapDataset", handle(), lambda op, source, f: Map(source, f), functions=_INPUT)
register("FilterDataset", handle(), lambda op, source, predicate: Filter(
    source, predicate, op.op.name, _behind(op.op)), functions=_PREDICATE)
register("FilterByLastComponentDataset", handle(), lambda op, source: op.call(FilterByLast, source), objects=True)
for _name in ("TakeWhileDataset", "ExperimentalTakeWhileDataset"):
    register(_name, handle(), lambda op, source, predicate: TakeWhile(source, predicate), functions=_PREDICATE)
register("FlatMapDataset", handle(), lambda op, source, f: FlatMap(source, f), functions=_INPUT)
for _name in ("ScanDataset", "ExperimentalScanDataset"):
    register(_name, handle(), lambda op, source, state, f: Scan(source, tuple(state), f, len(op.output_types)),
             functions=_INPUT)
for _name in ("IgnoreErrorsDataset", "ExperimentalIgnoreErrorsDataset"):
    register(_name, handle(), lambda op, source: op.call(IgnoreErrors, source), objects=True)
