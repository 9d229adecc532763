"""Elements by what they are: groups of a key, each element once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops.data.datasets import UNKNOWN, Dataset, Derived, Element, Following, Iteration, dataset_of
from tfmagic.ops.data.rules import handle
from tfmagic.ops.data.windows import Elements
from tfmagic.ops.declare import register


class GroupByWindow(Derived):
    """Elements collected by a key; what a function makes of each full window of a key.

    Args:
      key: element -> int64 key.
      reduce: (key, data set of the window) -> data set.
      size: key -> how many elements make a window.
    """

    def __init__(self, source: Dataset, key: Any, reduce: Any, size: Any):
        super().__init__(source)
        self.key, self.reduce, self.size = key, reduce, size

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __init__(self, dataset: GroupByWindow, source: Iteration):
            super().__init__(dataset, source)
            self._dataset = dataset
            self._groups: dict[int, list[Element]] = {}
            self._sizes: dict[int, int] = {}
            self._inner: Iteration | None = None
            self._window: tuple[int, list[Element]] = 0, []
            self._ended = False

        def __next__(self) -> Element:
            while True:
                if self._inner is not None:
                    try:
                        return next(self._inner)
                    except StopIteration:
                        self._inner = None
                self._window = self._next_window()
                self._inner = self._opened()
                del self._groups[self._window[0]]  # until then it stays, so an error comes again

        def _opened(self) -> Iteration:
            key, elements = self._window
            given = torch.full((), key, dtype=torch.int64), Elements(elements)
            return dataset_of(self._dataset.reduce, given, "`reduce_func`").iterator()

        def _next_window(self) -> tuple[int, list[Element]]:
            dataset = self._dataset
            while not self._ended:
                try:
                    element = next(self.source)
                except StopIteration:
                    self._ended = True
                    break
                key = int(dataset.key(*element)[0])
                if key not in self._groups:
                    size = int(dataset.size(torch.full((), key, dtype=torch.int64))[0])
                    if size <= 0:
                        raise errors.InvalidArgumentError(None, None, "Window size must be greater than zero, but got "
                                                          f"{size}.")
                    self._sizes[key], self._groups[key] = size, []
                group = self._groups[key]
                group.append(element)
                if len(group) == self._sizes[key]:
                    return key, group
            if not self._groups:
                raise StopIteration
            key = min(self._groups)
            return key, self._groups[key]

        def state(self) -> Any:
            inner = None if self._inner is None else (self._window, self._inner.state())
            return dict(self._groups), dict(self._sizes), self._ended, inner, self.source.state()

        def restore(self, state: Any) -> None:
            groups, sizes, self._ended, inner, source = state
            self._groups, self._sizes = {key: list(group) for key, group in groups.items()}, dict(sizes)
            self.source.restore(source)
            self._inner = None
            if inner is not None:
                self._window = inner[0]
                self._inner = self._opened()
                self._inner.restore(inner[1])


class GroupByReducer(Derived):
    """Per key one element: what three functions make of all elements of the key.

    Args:
      key: element -> int64 key.
      init: key -> state.
      reduce: (state, element) -> state.
      finalize: state -> element.
    """

    def __init__(self, source: Dataset, key: Any, init: Any, reduce: Any, finalize: Any):
        super().__init__(source)
        self.key, self.init, self.reduce, self.finalize = key, init, reduce, finalize

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __init__(self, dataset: GroupByReducer, source: Iteration):
            super().__init__(dataset, source)
            self._dataset = dataset
            self._states: dict[int, Element] = {}
            self._keys: list[int] | None = None

        def __next__(self) -> Element:
            dataset = self._dataset
            while self._keys is None:
                try:
                    element = next(self.source)
                except StopIteration:
                    self._keys = sorted(self._states)
                    break
                key = int(dataset.key(*element)[0])
                if key not in self._states:
                    self._states[key] = dataset.init(torch.tensor(key, dtype=torch.int64))
                state = self._states[key]
                self._states[key] = dataset.reduce(*state, *element)[:len(state)]
            if not self._keys:
                raise StopIteration
            return dataset.finalize(*self._states.pop(self._keys.pop(0)))

        def state(self) -> Any:
            return dict(self._states), self._keys, self.source.state()

        def restore(self, state: Any) -> None:
            states, keys, source = state
            self._states, self._keys = dict(states), None if keys is None else list(keys)
            self.source.restore(source)


class Unique(Derived):
    """Each element once: of one component, a whole number or a string."""

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __init__(self, dataset: Unique, source: Iteration):
            super().__init__(dataset, source)
            self._seen: dict[Any, None] = {}

        def __next__(self) -> Element:
            while True:
                element = next(self.source)
                value = element[0]
                key = (value.shape, tuple(value.ravel())) if isinstance(value, np.ndarray) else (
                    tuple(value.shape), value.numpy().tobytes())
                if key not in self._seen:
                    self._seen[key] = None
                    return element

        def state(self) -> Any:
            return list(self._seen), self.source.state()

        def restore(self, state: Any) -> None:
            self._seen = dict.fromkeys(state[0])
            self.source.restore(state[1])


def _unique(source: Dataset, types: Sequence[str]) -> Unique:
    if len(types) != 1 or types[0] not in ("int32", "int64", "string"):
        raise errors.InvalidArgumentError(None, None, "UniqueDataset only supports inputs with a single `tf.int32`, "
                                          "`tf.int64`, or `tf.string` component.")
    return Unique(source)


for _name in ("GroupByWindowDataset", "ExperimentalGroupByWindowDataset"):
    register(_name, handle(), lambda op, source, key, reduce, size: GroupByWindow(source, key, reduce, size),
             functions={"key_func_other_arguments": "key_func", "reduce_func_other_arguments": "reduce_func",
                        "window_size_func_other_arguments": "window_size_func"})
for _name in ("GroupByReducerDataset", "ExperimentalGroupByReducerDataset"):
    register(_name, handle(), lambda op, source, *functions: GroupByReducer(source, *functions),
             functions={"key_func_other_arguments": "key_func", "init_func_other_arguments": "init_func",
                        "reduce_func_other_arguments": "reduce_func",
                        "finalize_func_other_arguments": "finalize_func"})
for _name in ("UniqueDataset", "ExperimentalUniqueDataset"):
    register(_name, handle(), lambda op, source: op.call(
        _unique, source, [dtype.name for dtype in op.output_types]), objects=True)
