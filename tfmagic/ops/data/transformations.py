"""Transformations of data sets, element by element: map, filter, flat_map, interleave, take, repeat, zip, …"""

from __future__ import annotations

import os
from typing import Any

from tfmagic.base import errors
from tfmagic.ops.data import states
from tfmagic.ops.data.datasets import (
    INFINITE,
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
    """The elements of which a predicate holds."""

    def __init__(self, source: Dataset, predicate: Any):
        super().__init__(source)
        self.predicate = predicate

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __init__(self, dataset: Filter, source: Iteration):
            super().__init__(dataset, source)
            self._predicate, self._statistics = dataset.predicate, states.current.statistics
            self._count = 0
            if self._statistics is not None:
                self._name = f"FilterDataset/_{depth(dataset)}"

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


def depth(dataset: Dataset) -> int:
    """How many data sets stand behind one."""
    return sum(1 + depth(source) for source in dataset.inputs)


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


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Interleave(Derived):
    """The elements of several data sets that a function makes, by turns.

    Args:
      cycle_length: of how many; -1 for as many as there are processors.
      block_length: how many elements of one come together.
    """

    def __init__(self, source: Dataset, function: Any, cycle_length: int, block_length: int):
        if cycle_length == -1:
            cycle_length = processors()
        for name, value in (("cycle_length", cycle_length), ("block_length", block_length)):
            if value <= 0:
                raise errors.InvalidArgumentError(None, None, f"{name} must be greater than zero.")
        super().__init__(source)
        self.function, self.cycle_length, self.block_length = function, cycle_length, block_length

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        ERRORS_COUNT = False  # whether an error takes the place of an element

        def __init__(self, dataset: Interleave, source: Iteration):
            super().__init__(dataset, source)
            self._function, self._block_length = dataset.function, dataset.block_length
            self._open: list[Any] = [None] * dataset.cycle_length
            self._elements: list[Element] = [()] * dataset.cycle_length
            self._turn = self._taken = 0
            self._ended = False

        def __next__(self) -> Element:
            while not self._ended or any(inner is not None for inner in self._open):
                inner = self._open[self._turn]
                if inner is not None:
                    try:
                        element = next(inner)
                    except StopIteration:
                        self._open[self._turn], self._elements[self._turn] = None, ()
                        self._advance()
                        continue
                    except Exception:
                        if self.ERRORS_COUNT:
                            self._take()
                        raise
                    self._take()
                    return element
                if self._ended:
                    self._advance()
                    continue
                try:
                    element = next(self.source)
                except StopIteration:
                    self._ended = True
                    continue
                if self.ERRORS_COUNT or not self._elements[self._turn]:
                    self._elements[self._turn] = element
                # else one of which the function failed stays: the function is called with it again
                self._open[self._turn] = self._opened(self._elements[self._turn])
            raise StopIteration

        def _take(self) -> None:
            self._taken += 1
            if self._taken == self._block_length:
                self._advance()

        def _opened(self, element: Element) -> Iteration:
            return dataset_of(self._function, element, "`f`").iterator()

        def _advance(self) -> None:
            self._taken = 0
            self._turn = (self._turn + 1) % len(self._open)

        def state(self) -> Any:
            inner = [None if one is None else (element, one.state())
                     for one, element in zip(self._open, self._elements)]
            return inner, self._turn, self._taken, self._ended, self.source.state()

        def restore(self, state: Any) -> None:
            inner, self._turn, self._taken, self._ended, source = state
            self.source.restore(source)
            for index, saved in enumerate(inner):
                self._open[index] = None
                if saved is not None:
                    self._elements[index] = saved[0]
                    self._open[index] = self._opened(saved[0])
                    self._open[index].restore(saved[1])

        def close(self) -> None:
            super().close()
            for inner in self._open:
                if inner is not None:
                    inner.close()


class Take(Derived):
    """The first elements; a negative count stands for all."""

    def __init__(self, source: Dataset, count: int):
        super().__init__(source)
        self.count = count

    def cardinality(self) -> int:
        have = self.source.cardinality()
        return have if have == UNKNOWN else self.count if have == INFINITE else min(have, self.count)

    class Pass(Following):
        def __init__(self, dataset: Take, source: Iteration):
            super().__init__(dataset, source)
            self._count, self._taken = dataset.count, 0

        def __next__(self) -> Element:
            if self._taken == self._count:
                raise StopIteration
            element = next(self.source)
            self._taken += 1
            return element

        def state(self) -> Any:
            return self._taken, self.source.state()

        def restore(self, state: Any) -> None:
            self._taken = state[0]
            self.source.restore(state[1])


class Skip(Derived):
    """Without the first elements; a negative count leaves out all."""

    def __init__(self, source: Dataset, count: int):
        super().__init__(source)
        self.count = count

    def cardinality(self) -> int:
        have = self.source.cardinality()
        return 0 if self.count < 0 else have if have < 0 else max(0, have - self.count)

    class Pass(Following):
        def __init__(self, dataset: Skip, source: Iteration):
            super().__init__(dataset, source)
            self._count, self._skipped = dataset.count, 0

        def __next__(self) -> Element:
            if self._count < 0:
                raise StopIteration
            while self._skipped < self._count:
                next(self.source)
                self._skipped += 1
            return next(self.source)

        def state(self) -> Any:
            return self._skipped, self.source.state()

        def restore(self, state: Any) -> None:
            self._skipped = state[0]
            self.source.restore(state[1])


class Repeat(Derived):
    """The elements several times; a negative count stands for no end."""

    def __init__(self, source: Dataset, count: int):
        super().__init__(source)
        self.count = count

    def iterator(self) -> Iteration:
        return _Repeating(self)

    def cardinality(self) -> int:
        have = self.source.cardinality()
        if self.count == 0 or have == 0:
            return 0
        if self.count < 0:
            return INFINITE
        return have if have < 0 else have * self.count


class _Repeating(Iteration):
    def __init__(self, dataset: Repeat):
        self._dataset, self._left, self._count = dataset.source, dataset.count, 0
        self._inner: Iteration | None = None
        self._any = self._by_number = False
        self._next: Any = None
        self._some: Any = None
        self._first: Iteration | None = None  # it was asked for tokens already
        self._given: Tokens | None = None

    def tokens(self) -> Tokens | None:
        self._first = self._dataset.iterator()
        self._given = self._first.tokens()
        if self._given is None:
            return None
        self._by_number = True
        given = self._given
        return Tokens(self.__next__, given.together, given.strings, None if given.some is None else self._several)

    def _several(self, count: int) -> list[Any]:
        """The next tokens, as far as they are those of one pass."""
        if self._inner is not None and self._any:
            try:
                return self._some(count)
            except StopIteration:
                self._inner = None
                if self._left > 0:
                    self._left -= 1
        return [self.__next__()]

    def _open(self) -> Iteration:
        """Begin with the elements of another pass."""
        inner, given = self._first, self._given
        if inner is None:
            inner = self._dataset.iterator()
            given = inner.tokens() if self._by_number else None
        self._inner, self._first, self._given = inner, None, None
        self._next = inner.__next__ if given is None else given.next
        self._some = None if given is None else given.some
        return inner

    def __next__(self) -> Element:
        while self._left:
            if self._inner is None:
                self._open()
                self._any = False
            try:
                element = self._next()
            except StopIteration:
                self._inner = None
                if self._left > 0:
                    self._left -= 1
                elif not self._any:  # without an element in a whole pass it would go on for ever
                    self._left = 0
                continue
            self._any = True
            return element
        raise StopIteration

    def state(self) -> Any:
        return self._left, self._any, None if self._inner is None else self._inner.state()

    def restore(self, state: Any) -> None:
        self._left, self._any, inner = state
        self._inner = None
        if inner is not None:
            self._open().restore(inner)

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()


class Shard(Derived):
    """Every so many elements one."""

    def __init__(self, source: Dataset, num_shards: int, index: int, require_non_empty: bool):
        if num_shards <= 0:
            raise errors.InvalidArgumentError(None, None, "Number of shards must be greater than zero (currently "
                                              f"num_shards = {num_shards}).")
        if not 0 <= index < num_shards:
            raise errors.InvalidArgumentError(None, None, f"Index must be between 0 and {num_shards - 1} (currently "
                                              f"index = {index}).")
        super().__init__(source)
        self.num_shards, self.index, self.require_non_empty = num_shards, index, require_non_empty

    def cardinality(self) -> int:
        have = self.source.cardinality()
        return have if have < 0 else have // self.num_shards + (self.index < have % self.num_shards)

    class Pass(Following):
        def __init__(self, dataset: Shard, source: Iteration):
            super().__init__(dataset, source)
            self._dataset, self._position = dataset, 0

        def __next__(self) -> Element:
            dataset = self._dataset
            while True:
                element = next(self.source)
                self._position += 1
                if (self._position - 1) % dataset.num_shards == dataset.index:
                    break
            while dataset.require_non_empty and self._position < dataset.num_shards:
                if next(self.source, None) is None:
                    raise errors.InvalidArgumentError(
                        None, None, "There aren't enough elements in this dataset for each shard to have at least one "
                        f"element (# elems = {self._position}, # shards = {dataset.num_shards}). If you are using "
                        "datasets with distribution strategy, consider turning dataset autosharding off with "
                        "`tf.data.Options`.")
                self._position += 1
            return element

        def state(self) -> Any:
            return self._position, self.source.state()

        def restore(self, state: Any) -> None:
            self._position = state[0]
            self.source.restore(state[1])


class Concatenate(Dataset):
    """The elements of one data set, then those of another."""

    def __init__(self, *inputs: Dataset):
        self.inputs = inputs

    def iterator(self) -> Iteration:
        return _OneAfterTheOther(self.inputs)

    def cardinality(self) -> int:
        counts = [source.cardinality() for source in self.inputs]
        return INFINITE if INFINITE in counts else UNKNOWN if UNKNOWN in counts else sum(counts)


class _OneAfterTheOther(Iteration):
    def __init__(self, inputs: tuple[Dataset, ...]):
        self._inputs, self._index = inputs, 0
        self._inner: Iteration | None = inputs[0].iterator()

    def __next__(self) -> Element:
        while self._inner is not None:
            try:
                return next(self._inner)
            except StopIteration:
                self._index += 1
                self._inner = self._inputs[self._index].iterator() if self._index < len(self._inputs) else None
        raise StopIteration

    def state(self) -> Any:
        return self._index, None if self._inner is None else self._inner.state()

    def restore(self, state: Any) -> None:
        self._index, inner = state
        self._inner = None
        if inner is not None:
            self._inner = self._inputs[self._index].iterator()
            self._inner.restore(inner)

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()


class Zip(Dataset):
    """Elements of several data sets side by side, as long as each has one."""

    def __init__(self, *inputs: Dataset):
        self.inputs = inputs

    def iterator(self) -> Iteration:
        return _SideBySide([source.iterator() for source in self.inputs])

    def cardinality(self) -> int:
        counts = [source.cardinality() for source in self.inputs]
        if UNKNOWN in counts:
            return UNKNOWN
        return min((count for count in counts if count != INFINITE), default=INFINITE)


class _SideBySide(Iteration):
    def __init__(self, inner: list[Iteration]):
        self._inner, self._ended = inner, False

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        element: list[Any] = []
        try:
            for inner in self._inner:
                element += next(inner)
        except StopIteration:
            self._ended = True
            raise
        return tuple(element)

    def state(self) -> Any:
        return self._ended, [inner.state() for inner in self._inner]

    def restore(self, state: Any) -> None:
        self._ended = state[0]
        for inner, saved in zip(self._inner, state[1]):
            inner.restore(saved)

    def close(self) -> None:
        for inner in self._inner:
            inner.close()


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


class AssertNext(Derived):
    """The elements as they are; marks what the data set does, for optimisers."""

    class Pass(Following):
        def __next__(self) -> Element:
            return next(self.source)


class Directed(Dataset):
    """Elements of several data sets, as numbers choose.

    Args:
      selector: gives the numbers.
      inputs: the data sets.
    """

    def __init__(self, selector: Dataset, inputs: tuple[Dataset, ...]):
        self.inputs = (selector, *inputs)

    def iterator(self) -> Iteration:
        return _AsChosen([source.iterator() for source in self.inputs])


class _AsChosen(Iteration):
    def __init__(self, inner: list[Iteration]):
        self._selector, *self._inner = inner
        self._open = [True] * len(self._inner)

    def __next__(self) -> Element:
        while any(self._open):
            chosen = int(next(self._selector)[0])
            if not 0 <= chosen < len(self._inner):
                raise errors.InvalidArgumentError(None, None, f"Selector index out of range: {chosen} >= "
                                                  f"{len(self._inner)}")
            if self._open[chosen]:
                try:
                    return next(self._inner[chosen])
                except StopIteration:
                    self._open[chosen] = False
        raise StopIteration

    def state(self) -> Any:
        return self._open, self._selector.state(), [inner.state() for inner in self._inner]

    def restore(self, state: Any) -> None:
        self._open = list(state[0])
        self._selector.restore(state[1])
        for inner, saved in zip(self._inner, state[2]):
            inner.restore(saved)

    def close(self) -> None:
        for inner in (self._selector, *self._inner):
            inner.close()


_INPUT = {"other_arguments": "f"}
_PREDICATE = {"other_arguments": "predicate"}

register("MapDataset", handle(), lambda op, source, f: Map(source, f), functions=_INPUT)
register("FilterDataset", handle(), lambda op, source, predicate: Filter(source, predicate), functions=_PREDICATE)
register("FilterByLastComponentDataset", handle(), lambda op, source: op.call(FilterByLast, source), objects=True)
for _name in ("TakeWhileDataset", "ExperimentalTakeWhileDataset"):
    register(_name, handle(), lambda op, source, predicate: TakeWhile(source, predicate), functions=_PREDICATE)
register("FlatMapDataset", handle(), lambda op, source, f: FlatMap(source, f), functions=_INPUT)
register("InterleaveDataset", handle("cycle_length", "block_length"), lambda op, source, f, cycle, block: Interleave(
    source, f, cycle, block), functions=_INPUT, host=("cycle_length", "block_length"))
register("TakeDataset", handle("count"), lambda op, source, count: op.call(Take, source, count), host="count",
         objects=True)
register("SkipDataset", handle("count"), lambda op, source, count: op.call(Skip, source, count), host="count",
         objects=True)
register("RepeatDataset", handle("count"), lambda op, source, count: op.call(Repeat, source, count), host="count",
         objects=True)
register("ShardDataset", handle("num_shards", "index"), lambda op, source, shards, index: op.call(
    Shard, source, shards, index, op.require_non_empty), host=("num_shards", "index"), objects=True)
register("ConcatenateDataset", handle(), lambda op, first, second: op.call(Concatenate, first, second), objects=True)
register("ZipDataset", handle(), lambda op, sources: op.call(Zip, *sources), objects=True)
for _name in ("ScanDataset", "ExperimentalScanDataset"):
    register(_name, handle(), lambda op, source, state, f: Scan(source, tuple(state), f, len(op.output_types)),
             functions=_INPUT)
for _name in ("IgnoreErrorsDataset", "ExperimentalIgnoreErrorsDataset"):
    register(_name, handle(), lambda op, source: op.call(IgnoreErrors, source), objects=True)
for _name in ("DirectedInterleaveDataset", "ExperimentalDirectedInterleaveDataset"):
    register(_name, handle(), lambda op, selector, inputs: op.call(Directed, selector, tuple(inputs)), objects=True)
