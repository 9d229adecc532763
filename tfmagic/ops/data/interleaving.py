"""Elements of several data sets by turns, or as numbers choose: interleave, choose_from_datasets."""

from __future__ import annotations

import os
from typing import Any

from tfmagic.base import errors
from tfmagic.ops.data.datasets import UNKNOWN, Dataset, Derived, Element, Following, Iteration, dataset_of
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register


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


register("InterleaveDataset", handle("cycle_length", "block_length"), lambda op, source, f, cycle, block: Interleave(
    source, f, cycle, block), functions={"other_arguments": "f"}, host=("cycle_length", "block_length"))
for _name in ("DirectedInterleaveDataset", "ExperimentalDirectedInterleaveDataset"):
    register(_name, handle(), lambda op, selector, inputs: op.call(Directed, selector, tuple(inputs)), objects=True)
