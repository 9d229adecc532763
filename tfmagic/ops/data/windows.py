"""Data sets of neighbouring elements: window, and sliding windows as batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from tfmagic.base import errors
from tfmagic.ops.data import serialized
from tfmagic.ops.data.batching import together
from tfmagic.ops.data.datasets import Dataset, Derived, Element, Following, Iteration
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register


class Window(Derived):
    """Data sets of so many elements each, which may overlap or leave some out."""

    def __init__(self, source: Dataset, size: int, shift: int, stride: int, drop_remainder: bool):
        for what, value in (("Window size", size), ("Window shift", shift), ("Window stride", stride)):
            if value <= 0:
                raise errors.InvalidArgumentError(None, None, f"{what} must be greater than zero.")
        super().__init__(source)
        self.size, self.shift, self.stride, self.drop_remainder = size, shift, stride, drop_remainder

    def cardinality(self) -> int:
        have = self.source.cardinality()
        if have < 0:
            return have
        spanned = (self.size - 1) * self.stride + 1
        return max(0, (have - spanned) // self.shift + 1) if self.drop_remainder else -(-have // self.shift)

    class Pass(Following):
        def __init__(self, dataset: Window, source: Iteration):
            super().__init__(dataset, source)
            self._dataset = dataset
            self._buffer: deque[Element | Exception] = deque()  # an error takes the place of its element
            self._ended = False

        def __next__(self) -> Element:
            dataset = self._dataset
            spanned = (dataset.size - 1) * dataset.stride + 1
            while not self._ended and len(self._buffer) < spanned:
                self._buffer.extend(self._following())
            if not self._buffer or dataset.drop_remainder and len(self._buffer) < spanned:
                raise StopIteration
            chosen = list(self._buffer)[:spanned:dataset.stride]
            for _ in range(min(dataset.shift, len(self._buffer))):
                self._buffer.popleft()
            for _ in range(dataset.shift - spanned):
                if not self._ended:
                    self._following()  # left out, its error too
            for element in chosen:
                if isinstance(element, Exception):
                    raise element
            return tuple(Elements([(part,) for part in column]) for column in zip(*chosen))

        def _following(self) -> list[Element | Exception]:
            """The next element or its error; nothing at the end."""
            try:
                return [next(self.source)]
            except StopIteration:
                self._ended = True
                return []
            except Exception as error:
                return [error]

        def state(self) -> Any:
            return list(self._buffer), self._ended, self.source.state()

        def restore(self, state: Any) -> None:
            buffer, self._ended, source = state
            self._buffer = deque(buffer)
            self.source.restore(source)


class Elements(Dataset):
    """Given elements."""

    def __init__(self, elements: Sequence[Element]):
        self.elements = elements

    def iterator(self) -> Iteration:
        return _OfElements(self.elements)

    def cardinality(self) -> int:
        return len(self.elements)


class _OfElements(Iteration):
    def __init__(self, elements: Sequence[Element]):
        self._elements, self._position = elements, 0

    def __next__(self) -> Element:
        if self._position >= len(self._elements):
            raise StopIteration
        self._position += 1
        return self._elements[self._position - 1]

    def state(self) -> Any:
        return self._position

    def restore(self, state: Any) -> None:
        self._position = state


class SlidingWindow(Derived):
    """Windows of elements, which overlap, one under the other."""

    def __init__(self, source: Dataset, size: int, shift: int, stride: int):
        for what, value in (("Window size", size), ("Window shift", shift), ("window_stride", stride)):
            if value <= 0:
                raise errors.InvalidArgumentError(None, None, f"{what} must be greater than zero.")
        super().__init__(Window(source, size, shift, stride, True))

    class Pass(Following):
        def __next__(self) -> Element:
            columns = [[part for (part,) in window.elements] for window in next(self.source)]
            return together(list(zip(*columns)))


serialized.writes("elements", Elements, lambda value: list(value.elements), Elements)
register("WindowDataset", handle("size", "shift", "stride", "drop_remainder"), lambda op, source, *sizes: op.call(
    Window, source, *sizes), host=("size", "shift", "stride", "drop_remainder"), objects=True)
for _name in ("SlidingWindowDataset", "ExperimentalSlidingWindowDataset"):
    register(_name, handle("window_size", "window_shift", "window_stride"), lambda op, source, *sizes: op.call(
        SlidingWindow, source, *sizes), host=("window_size", "window_shift", "window_stride"), objects=True)
