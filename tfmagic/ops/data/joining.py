"""Whole data sets together: one after the other, or side by side."""

from __future__ import annotations

from typing import Any

from tfmagic.ops.data.datasets import INFINITE, UNKNOWN, Dataset, Element, Iteration
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register


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


register("ConcatenateDataset", handle(), lambda op, first, second: op.call(Concatenate, first, second), objects=True)
register("ZipDataset", handle(), lambda op, sources: op.call(Zip, *sources), objects=True)
