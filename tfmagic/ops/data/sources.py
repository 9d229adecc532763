"""Sources of data sets: tensors, their rows, sparse rows, numbers in a range or at random, generators."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.data.datasets import INFINITE, Dataset, Element, Iteration, Rows, Tokens, called
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register
from tfmagic.ops.random.samples import Samples


class Single(Dataset):
    """One element."""

    def __init__(self, *components: Any):
        self.components = components

    def iterator(self) -> Iteration:
        return _Once(self.components)

    def cardinality(self) -> int:
        return 1


class _Once(Iteration):
    def __init__(self, element: Element):
        self._element, self._given = element, False

    def __next__(self) -> Element:
        if self._given:
            raise StopIteration
        self._given = True
        return self._element

    def state(self) -> Any:
        return self._given

    def restore(self, state: Any) -> None:
        self._given = state


class Slices(Dataset):
    """The rows of tensors."""

    def __init__(self, *components: Any):
        for number, part in enumerate(components):
            if not part.ndim:
                raise errors.InvalidArgumentError(None, None, "All components must be at least 1-dimensional")
            if len(part) != len(components[0]):
                raise errors.InvalidArgumentError(
                    None, None, "All components must have the same size in the 0th dimension\nThe first has "
                    f"{len(components[0])} rows, number {number} has {len(part)}.")
        self.components = components

    def iterator(self) -> Iteration:
        return _OfRows(Rows(self.components))

    def cardinality(self) -> int:
        return len(self.components[0])


class _OfRows(Iteration):
    def __init__(self, rows: Rows):
        self._rows = rows
        self._next = rows.next

    def __next__(self) -> Element:
        row = self._next()
        if row is None:
            raise StopIteration
        return row

    def tokens(self) -> Tokens:
        return Tokens(self._rows.next_number, self._rows.together, some=self._rows.next_numbers)

    def state(self) -> Any:
        return self._rows.position

    def restore(self, state: Any) -> None:
        self._rows.jump(state)


class SparseSlices(Dataset):
    """The rows of a sparse tensor: indices, values and dense shape of each."""

    def __init__(self, indices: Any, values: Any, dense_shape: Any):
        if indices.ndim != 2:
            raise errors.InvalidArgumentError(None, None, "Input indices should be a matrix but received shape "
                                              f"{list(indices.shape)}")
        if values.ndim != 1:
            raise errors.InvalidArgumentError(None, None, "Input values should be a vector but received shape "
                                              f"{list(values.shape)}")
        if dense_shape.ndim != 1:
            raise errors.InvalidArgumentError(None, None, "Input shape should be a vector but received shape "
                                              f"{list(dense_shape.shape)}")
        first = indices[:, 0] if len(indices) else indices.new_empty(0)
        if bool((first[1:] < first[:-1]).any()):
            raise errors.UnimplementedError(None, None, "The SparseTensor must be ordered in the batch dimension; "
                                            "handling arbitrarily ordered input is not currently supported.")
        self.indices, self.values, self.dense_shape = indices, values, dense_shape
        self.rows = int(dense_shape[0]) if len(dense_shape) else 0
        self.starts = torch.searchsorted(first.contiguous(), torch.arange(self.rows + 1)).tolist()

    def iterator(self) -> Iteration:
        return _OfSparseRows(self)

    def cardinality(self) -> int:
        return self.rows


class _OfSparseRows(Iteration):
    def __init__(self, dataset: SparseSlices):
        self._dataset, self._position = dataset, 0

    def __next__(self) -> Element:
        dataset, row = self._dataset, self._position
        if row >= dataset.rows:
            raise StopIteration
        self._position = row + 1
        part = slice(dataset.starts[row], dataset.starts[row + 1])
        return dataset.indices[part, 1:], dataset.values[part], dataset.dense_shape[1:]

    def state(self) -> Any:
        return self._position

    def restore(self, state: Any) -> None:
        self._position = state


class Range(Dataset):
    """Whole numbers in a range."""

    def __init__(self, start: int, stop: int, step: int):
        if step == 0:
            raise errors.InvalidArgumentError(None, None, "step must be a non-zero integer.")
        self.start, self.stop, self.step = start, stop, step

    def iterator(self) -> Iteration:
        return _OfNumbers(self)

    def cardinality(self) -> int:
        return max(0, math.ceil((self.stop - self.start) / self.step)) if abs(self.stop) < 2**53 else max(
            0, -((self.start - self.stop) // self.step))


# So many numbers are made at a time.
_NUMBERS = 256


class _OfNumbers(Iteration):
    def __init__(self, dataset: Range):
        self._range = range(dataset.start, dataset.stop, dataset.step)
        self._position, self._first = 0, 0
        self._chunk: tuple[Any, ...] = ()

    def __next__(self) -> Element:
        position = self._position
        try:
            value = self._chunk[position - self._first]
        except IndexError:
            part = self._range[position:position + _NUMBERS]
            if not part:
                raise StopIteration from None
            self._first, self._chunk = position, torch.tensor(part, dtype=torch.int64).unbind(0)
            value = self._chunk[0]
        self._position = position + 1
        return (value,)

    def state(self) -> Any:
        return self._position

    def restore(self, state: Any) -> None:
        self._position, self._first, self._chunk = state, state, ()


class Random(Dataset):
    """Random int64 numbers without end."""

    def __init__(self, seed: int, seed2: int):
        self.seeds = seed, seed2

    def iterator(self) -> Iteration:
        return _OfSamples(Samples(*self.seeds))

    def cardinality(self) -> int:
        return INFINITE


class _OfSamples(Iteration):
    def __init__(self, samples: Samples):
        self._samples = samples

    def __next__(self) -> Element:
        return (torch.tensor(self._samples.next(), dtype=torch.int64),)

    def state(self) -> Any:
        return self._samples.taken

    def restore(self, state: Any) -> None:
        self._samples.skip_to(state)


class Generator(Dataset):
    """What functions give one after another: `init` a state, `step` an element of it until it runs out of range."""

    def __init__(self, init: Any, step: Any, finalize: Any):
        self.init, self.step, self.finalize = init, step, finalize

    def iterator(self) -> Iteration:
        return _OfGenerator(self)


class _OfGenerator(Iteration):
    def __init__(self, dataset: Generator):
        self._dataset = dataset
        self._state: Element | None = None
        self._ended = False

    def __next__(self) -> Element:
        if self._ended:
            raise StopIteration
        if self._state is None:
            self._state = self._dataset.init()
        try:
            return called(self._dataset.step, self._state)
        except StopIteration:
            self.close()
            raise

    def close(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self._state is not None:
            self._dataset.finalize(*self._state)


def _rows_alike(op: Any, components: list[Dims]) -> Dims:
    return ()


def _sparse(op: Any, indices: Dims, values: Dims, dense_shape: Dims) -> Dims:
    return ()


register("TensorDataset", handle(), lambda op, components: op.call(Single, *components), objects=True)
register("TensorSliceDataset", handle(), lambda op, components: op.call(Slices, *components), objects=True)
register("SparseTensorSliceDataset", handle(), lambda op, indices, values, shape: op.call(
    SparseSlices, indices, values, shape), objects=True)
register("RangeDataset", handle("start", "stop", "step"), lambda op, start, stop, step: op.call(
    Range, start, stop, step), host=("start", "stop", "step"), objects=True)
for _name in ("RandomDataset", "ExperimentalRandomDataset"):
    register(_name, handle("seed", "seed2"), lambda op, seed, seed2: op.call(Random, seed, seed2),
             host=("seed", "seed2"), objects=True, effect="reads")
register("GeneratorDataset", handle(), lambda op, init, step, finalize: Generator(init, step, finalize),
         functions={"init_func_other_args": "init_func", "next_func_other_args": "next_func",
                    "finalize_func_other_args": "finalize_func"})
