"""Elements put together and taken apart: batch, padded_batch, dense_to_sparse_batch, unbatch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.ops.data.datasets import UNKNOWN, Dataset, Derived, Element, Following, Iteration, Rows, dims_of, stacked
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register
from tfmagic.ops.torch_types import tensorflow_dtype


def taken(following: Callable[[], Any], count: int) -> list[Any]:
    """Up to so many of what a function gives; fewer at the end."""
    elements: list[Any] = []
    append = elements.append
    try:
        for _ in range(count):
            append(following())
    except StopIteration:
        pass
    return elements


def taken_whole(following: Callable[[], Any], count: int) -> list[Any]:
    """The same where elements are computed together: where one fails, the others of the batch go with it."""
    elements: list[Any] = []
    failure: Exception | None = None
    for _ in range(count):
        try:
            elements.append(following())
        except StopIteration:
            break
        except Exception as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return elements


def several(some: Callable[[int], list[Any]], count: int) -> list[Any]:
    """The same of a function that gives more than one at a time."""
    elements: list[Any] = []
    try:
        while len(elements) < count:
            elements += some(count - len(elements))
    except StopIteration:
        pass
    return elements


def counted(have: int, size: int, drop_remainder: bool) -> int:
    """How many batches `have` elements make."""
    return have if have < 0 else have // size if drop_remainder else -(-have // size)


class Batch(Derived):
    """Elements of one shape, so many together.

    Args:
      fused: whether it is one with a map, as messages tell.
    """

    def __init__(self, source: Dataset, size: int, drop_remainder: bool, fused: bool = False):
        if size <= 0:
            raise errors.InvalidArgumentError(None, None, "Batch size must be greater than zero." if not fused else
                                              "batch_size must be greater than zero.")
        super().__init__(source)
        self.size, self.drop_remainder, self.fused = size, drop_remainder, fused

    def cardinality(self) -> int:
        return counted(self.source.cardinality(), self.size, self.drop_remainder)

    class Pass(Following):
        def __init__(self, dataset: Batch, source: Iteration):
            super().__init__(dataset, source)
            self._size, self._drop, self._fused = dataset.size, dataset.drop_remainder, dataset.fused
            given = source.tokens()
            self._next = source.__next__ if given is None else given.next
            self._together = None if given is None else given.together
            self._some = None if given is None else given.some

        def __next__(self) -> Element:
            if self._some is not None:
                elements = several(self._some, self._size)
            elif self._fused:
                elements = taken_whole(self._next, self._size)
            else:
                elements = taken(self._next, self._size)
            if not elements or self._drop and len(elements) < self._size:
                raise StopIteration
            return together(elements, self._fused) if self._together is None else self._together(elements)


def together(elements: list[Element], fused: bool = False) -> Element:
    """Elements one under the other, component by component.

    Raises:
      InvalidArgumentError: they have different shapes.
    """
    try:
        return tuple([stacked(column) for column in zip(*elements)])
    except (RuntimeError, ValueError):
        for index, column in enumerate(zip(*elements)):
            first = dims_of(column[0])
            for number, value in enumerate(column):
                if dims_of(value) != first and fused:
                    raise errors.InvalidArgumentError(
                        None, None, "Cannot add tensor to the batch: number of elements does not match. Shapes are: "
                        f"[tensor]: {shapes.brackets(dims_of(value))}, [batch]: {shapes.brackets(first)}"
                        "\nUse padded_batch, or bring them to one shape by map.") from None
                if dims_of(value) != first:
                    raise errors.InvalidArgumentError(
                        None, None, f"Cannot batch tensors with different shapes in component {index}. First element "
                        f"had shape {shapes.brackets(first)} and element {number} had shape "
                        f"{shapes.brackets(dims_of(value))}.\nUse padded_batch, or bring them to one shape by map."
                    ) from None
        raise


class PaddedBatch(Derived):
    """Elements of different shapes, so many together, filled up to one shape.

    Args:
      padded_shapes: per component the sizes of the axes; -1 for the largest size of each batch.
      padding_values: per component what fills up.
    """

    def __init__(self, source: Dataset, size: int, padded_shapes: Sequence[Sequence[int]],
                 padding_values: Sequence[Any], drop_remainder: bool):
        if size <= 0:
            raise errors.InvalidArgumentError(None, None, "Batch size must be greater than zero.")
        for value in padding_values:
            if dims_of(value):
                raise errors.InvalidArgumentError(None, None, "All padding values must be scalars")
        super().__init__(source)
        self.size, self.drop_remainder = size, drop_remainder
        self.padded_shapes, self.padding_values = [tuple(dims) for dims in padded_shapes], list(padding_values)

    def cardinality(self) -> int:
        return counted(self.source.cardinality(), self.size, self.drop_remainder)

    class Pass(Following):
        def __init__(self, dataset: PaddedBatch, source: Iteration):
            super().__init__(dataset, source)
            self._dataset = dataset

        def __next__(self) -> Element:
            dataset = self._dataset
            elements = taken(self.source.__next__, dataset.size)
            if not elements or dataset.drop_remainder and len(elements) < dataset.size:
                raise StopIteration
            return tuple([_padded(index, column, dims, value) for index, (column, dims, value) in enumerate(zip(
                zip(*elements), dataset.padded_shapes, dataset.padding_values))])


def _padded(component: int, column: Sequence[Any], wanted: tuple[int, ...], filler: Any) -> Any:
    found = [dims_of(value) for value in column]
    for dims in found:
        if len(dims) != len(wanted):
            raise errors.InvalidArgumentError(None, None, f"All elements in a batch must have the same rank as the "
                                              f"padded shape for component{component}: expected rank {len(wanted)} but "
                                              f"got element with rank {len(dims)}")
    sizes = []
    for axis, size in enumerate(wanted):
        most = max(dims[axis] for dims in found)
        if size == -1:
            sizes.append(most)
        elif most > size:
            have = next(dims[axis] for dims in found if dims[axis] > size)
            raise errors.DataLossError(None, None, "Attempted to pad to a smaller size than the input element."
                                       f"\nAxis {axis} of component {component} is {have} long, and {size} was asked "
                                       "for.")
        else:
            sizes.append(size)
    if all(dims == tuple(sizes) for dims in found):
        return stacked(column)
    if isinstance(column[0], np.ndarray):
        made: Any = np.empty((len(column), *sizes), object)
        made.fill(filler.item() if isinstance(filler, np.ndarray) else filler)
    else:
        made = filler.expand(len(column), *sizes).clone(memory_format=torch.contiguous_format)
    for index, (value, dims) in enumerate(zip(column, found)):
        place: Any = (index, *[slice(size) for size in dims])
        made[place] = value
    return made


class Unbatch(Derived):
    """The rows of each element as elements."""

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __init__(self, dataset: Unbatch, source: Iteration):
            super().__init__(dataset, source)
            self._rows: Rows | None = None
            self._element: Element = ()

        def __next__(self) -> Element:
            while True:
                if self._rows is None:
                    self._element = next(self.source)
                    self._rows = self._opened()
                row = self._rows.next()
                if row is not None:
                    return row
                self._rows = None

        def _opened(self) -> Rows:
            for value in self._element:
                if not dims_of(value):
                    raise errors.InvalidArgumentError(None, None, "slice cannot be applied to a scalar")
                if len(value) != len(self._element[0]):
                    raise errors.InvalidArgumentError(
                        None, None, f"Input element must have the same batch size in each component. Component 0 had "
                        f"size {len(self._element[0])} but component 1 had size, {len(value)}.")
            return Rows(self._element)

        def state(self) -> Any:
            return None if self._rows is None else (self._element, self._rows.position), self.source.state()

        def restore(self, state: Any) -> None:
            current, source = state
            self.source.restore(source)
            self._rows = None
            if current is not None:
                self._element = current[0]
                self._rows = self._opened()
                self._rows.jump(current[1])


class DenseToSparse(Derived):
    """Elements of different shapes, so many together, as one sparse tensor."""

    def __init__(self, source: Dataset, size: int, row_shape: Sequence[int]):
        if size <= 0:
            raise errors.InvalidArgumentError(None, None, "Batch size must be greater than zero.")
        super().__init__(source)
        self.size, self.row_shape = size, tuple(row_shape)

    def cardinality(self) -> int:
        return counted(self.source.cardinality(), self.size, False)

    class Pass(Following):
        def __init__(self, dataset: DenseToSparse, source: Iteration):
            super().__init__(dataset, source)
            self._dataset = dataset

        def __next__(self) -> Element:
            dataset = self._dataset
            rows = taken(self._fitting, dataset.size)
            if not rows:
                raise StopIteration
            if isinstance(rows[0], np.ndarray) and rows[0].size and not isinstance(rows[0].flat[0], bytes):
                raise errors.InvalidArgumentError(
                    None, None, f"Requested SparseTensor of type {tensorflow_dtype(rows[0][1]).name} but "
                    "SparseTensor[0].values.dtype() == variant")
            wanted = dataset.row_shape
            sizes = [max(dims_of(row)[axis] for row in rows) if size == -1 else size
                     for axis, size in enumerate(wanted)]
            indices = [torch.cat([torch.full((int(np.prod(dims_of(row))), 1), number, dtype=torch.int64),
                                  _places(dims_of(row))], 1) for number, row in enumerate(rows)]
            if isinstance(rows[0], np.ndarray):
                values: Any = np.concatenate([row.ravel() for row in rows])
            else:
                values = torch.cat([row.reshape(-1) for row in rows])
            made = np.empty(3, object)
            made[:] = torch.cat(indices), values, torch.tensor([len(rows), *sizes], dtype=torch.int64)
            return (made,)

        def _fitting(self) -> Any:
            """The next row; one that does not fit is an error of its own, and the next batch begins after it."""
            row, wanted = next(self.source)[0], self._dataset.row_shape
            dims = dims_of(row)
            if len(dims) != len(wanted):
                raise errors.InvalidArgumentError(
                    None, None, f"Input element had shape ({shapes.brackets(dims)}) that is incompatible with the row "
                    f"shape ({_open_brackets(wanted)}).")
            if any(size != -1 and have > size for have, size in zip(dims, wanted)):
                raise errors.DataLossError(None, None, f"Input element had shape ({shapes.brackets(dims)}) that is "
                                           f"larger than the row shape ({_open_brackets(wanted)}).")
            return row


def _open_brackets(dims: tuple[int, ...]) -> str:
    """A shape as messages write it, where -1 stands for any size."""
    return shapes.brackets(tuple(None if size == -1 else size for size in dims))


def _places(dims: tuple[int, ...]) -> Any:
    places = np.indices(dims).reshape(len(dims), int(np.prod(dims)))
    return torch.from_numpy(places.T.astype(np.int64).copy())


def _lists(shapes_given: list[Any]) -> list[list[int]]:
    return [dims.tolist() for dims in shapes_given]


register("BatchDataset", handle("batch_size"), lambda op, source, size: op.call(Batch, source, size, False),
         host="batch_size", objects=True)
register("BatchDatasetV2", handle("batch_size", "drop_remainder"), lambda op, source, size, drop: op.call(
    Batch, source, size, drop), host=("batch_size", "drop_remainder"), objects=True)
register("PaddedBatchDataset", handle("batch_size"), lambda op, source, size, dims, values: op.call(
    PaddedBatch, source, size, _lists(dims), values, False), host="batch_size", traced=False,
    because="takes lists of shapes")
register("PaddedBatchDatasetV2", handle("batch_size", "drop_remainder"), lambda op, source, size, dims, values, drop:
         op.call(PaddedBatch, source, size, _lists(dims), values, drop), host=("batch_size", "drop_remainder"),
         traced=False, because="takes lists of shapes")
for _name in ("UnbatchDataset", "ExperimentalUnbatchDataset"):
    register(_name, handle(), lambda op, source: op.call(Unbatch, source), objects=True)
for _name in ("DenseToSparseBatchDataset", "ExperimentalDenseToSparseBatchDataset"):
    register(_name, handle("batch_size"), lambda op, source, size, row: op.call(DenseToSparse, source, size, row),
             host=("batch_size", "row_shape"), objects=True)
