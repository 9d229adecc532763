"""Elements by their number: take, skip, shard, repeat."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.ops.data.datasets import (
    INFINITE,
    UNKNOWN,
    Dataset,
    Derived,
    Element,
    Following,
    Iteration,
    Tokens,
)
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register


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


register("TakeDataset", handle("count"), lambda op, source, count: op.call(Take, source, count), host="count",
         objects=True)
register("SkipDataset", handle("count"), lambda op, source, count: op.call(Skip, source, count), host="count",
         objects=True)
register("RepeatDataset", handle("count"), lambda op, source, count: op.call(Repeat, source, count), host="count",
         objects=True)
register("ShardDataset", handle("num_shards", "index"), lambda op, source, shards, index: op.call(
    Shard, source, shards, index, op.require_non_empty), host=("num_shards", "index"), objects=True)
