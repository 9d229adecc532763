"""What the tensor of a data set holds: a `Dataset`, which makes an `Iteration` for each pass over its elements.

An element is a tuple of the values of a run: torch tensors, arrays of bytes, other data sets. An iteration is a Python
iterator that can go on after an error: its position is in its attributes, so that `ignore_errors` can skip what failed,
and so that a position can be saved.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.graph.function import Body
from tfmagic.graph.function_calls import bodies as bodies_of
from tfmagic.graph.function_calls import operations_within

Element = tuple[Any, ...]
INFINITE = -1
UNKNOWN = -2


class Dataset:
    """A data set.

    Attributes:
      inputs: the data sets from which it takes its elements.
    """

    inputs: tuple[Dataset, ...] = ()

    def iterator(self) -> Iteration:
        """A new pass over its elements."""
        raise NotImplementedError

    def cardinality(self) -> int:
        """How many elements it has; INFINITE or UNKNOWN where that is so."""
        return UNKNOWN

    def with_inputs(self, inputs: Sequence[Dataset]) -> Dataset:
        """The same on other inputs."""
        made = copy.copy(self)
        made.inputs = tuple(inputs)
        return made


def check_stateless(dataset: Dataset) -> None:
    """Check that nothing has a state that is not saved with a position.

    Raises:
      FailedPreconditionError: a function calls an op with a state.
    """
    stack, seen = [dataset], set()
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        stack += current.inputs
        for function in vars(current).values():
            body = getattr(function, "body", None)
            if body is not None:
                _check_body(body)


def _check_body(first: Body) -> None:
    for op in operations_within(first):
        if op._op_def.is_stateful and not bodies_of(op) and op.type not in _KEEPS_NOTHING and "Dataset" not in op.type:
            raise errors.FailedPreconditionError(None, None, f"{op.type} is stateful.\nSave how many elements were "
                                                 "taken instead, and begin with `dataset.skip(count)`.")


# Marked as stateful so that they run, but there is nothing to save of them; data sets are looked at one by one.
_KEEPS_NOTHING = frozenset({"Assert", "Print", "PrintV2", "LookupTableFindV2", "Timestamp"})


class Iteration:
    """One pass over the elements of a data set."""

    def __iter__(self) -> Iterator[Element]:
        return self

    def __next__(self) -> Element:
        raise NotImplementedError

    def state(self) -> Any:
        """Where it stands, as plain data.

        Raises:
          UnimplementedError: this kind cannot tell.
        """
        raise errors.UnimplementedError(None, None, f"The position of {type(self).__name__} cannot be saved. Save how "
                                        "many elements were taken instead, and begin with `dataset.skip(count)`.")

    def restore(self, state: Any) -> None:
        """Go to where another iteration of the same data set stood."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop what it has going on beside."""

    def tokens(self) -> Tokens | None:
        """Its elements by tokens instead of values, where it can give them so; asked before the first element."""
        return None


@dataclass
class Tokens:
    """Elements by what stands for them (plain data), out of which whole batches are made at once.

    Attributes:
      next: gives the next token, or raises StopIteration: the number of a row, the bytes of a string.
      together: makes a batch of some tokens. All passes over a data set may ask that of one of them.
      strings: whether elements are scalar strings, and tokens their bytes.
      some: gives the next tokens, up to so many, but at least one; it raises as `next` does.
    """

    next: Callable[[], Any]
    together: Callable[[list[Any]], Element]
    strings: bool = False
    some: Callable[[int], list[Any]] | None = None


class Derived(Dataset):
    """A data set that takes its elements from one other.

    Attributes:
      Pass: the class of its iterations: it takes the data set and an iteration of the other.
    """

    Pass: type[Following]

    def __init__(self, source: Dataset):
        self.inputs = (source,)

    @property
    def source(self) -> Dataset:
        """The other data set."""
        return self.inputs[0]

    def iterator(self) -> Iteration:
        return self.Pass(self, self.inputs[0].iterator())

    def cardinality(self) -> int:
        return self.source.cardinality()


class Following(Iteration):
    """An iteration over what another one gives.

    Attributes:
      source: the other one.
    """

    def __init__(self, dataset: Any, source: Iteration):
        self.source = source

    def state(self) -> Any:
        return self.source.state()

    def restore(self, state: Any) -> None:
        self.source.restore(state)

    def close(self) -> None:
        self.source.close()


# --- values -------------------------------------------------------------------------------------------------------

# Rows are taken from a tensor so many at a time: one by one each would cost ten times as much.
_ROWS = 256


class Rows:
    """The rows of the components of an element, one element per row.

    Args:
      components: tensors with first axes of one length.
    """

    __slots__ = ("_components", "_length", "_start", "_chunk", "position")

    def __init__(self, components: Sequence[Any]):
        self._components = components
        self._length = len(components[0])
        self._start, self._chunk = 0, []  # type: ignore[var-annotated]
        self.position = 0

    def next(self) -> Element | None:
        """The next row, or None at the end."""
        position = self.position
        try:
            row = self._chunk[position - self._start]
        except IndexError:
            if position >= self._length:
                return None
            stop = min(position + _ROWS, self._length)
            columns = [[part[i, ...] for i in range(position, stop)] if isinstance(part, np.ndarray)
                       else part[position:stop].unbind(0) for part in self._components]
            self._start, self._chunk = position, list(zip(*columns))
            row = self._chunk[0]
        self.position = position + 1
        return row

    def jump(self, position: int) -> None:
        """Go to a row."""
        self.position, self._start, self._chunk = position, position, []

    def next_number(self) -> int:
        """The number of the next row, which counts as taken."""
        position = self.position
        if position >= self._length:
            raise StopIteration
        self.position = position + 1
        return position

    def next_numbers(self, count: int) -> list[int]:
        """The numbers of the next rows, which count as taken."""
        position = self.position
        if position >= self._length:
            raise StopIteration
        self.position = stop = min(position + count, self._length)
        return list(range(position, stop))

    def together(self, numbers: list[int]) -> Element:
        """The rows of some numbers, one under the other."""
        places = np.fromiter(numbers, np.int64, len(numbers))  # once for all, where each would make it of the list
        index = torch.from_numpy(places)
        return tuple([part[places] if isinstance(part, np.ndarray) else _rows_of(part, index)
                      for part in self._components])


def _rows_of(part: Any, index: Any) -> Any:
    signed = _SIGNED.get(str(part.dtype))  # torch does not select among the others, which it only stores
    if signed is None:
        return part.index_select(0, index)
    return part.view(getattr(torch, signed)).index_select(0, index).view(part.dtype)


_SIGNED = {"torch.uint16": "int16", "torch.uint32": "int32", "torch.uint64": "int64"}


def strings(data: list[bytes]) -> Element:
    """A batch of scalar strings."""
    made = np.empty(len(data), object)
    made[:] = data
    return (made,)


def stacked(parts: Sequence[Any]) -> Any:
    """Values of one shape and type, one under the other."""
    if isinstance(parts[0], torch.Tensor):
        return torch.stack(parts)
    return stacked_objects(parts)


def stacked_objects(parts: Sequence[Any]) -> np.ndarray:
    """Host objects of one shape, one under the other."""
    shape = np.shape(parts[0]) if isinstance(parts[0], np.ndarray) else ()
    made = np.empty((len(parts), *shape), object)
    if shape:
        for index, part in enumerate(parts):
            made[index] = part
    else:
        made[:] = [part.item() if isinstance(part, np.ndarray) else part for part in parts]
    return made


def dims_of(value: Any) -> tuple[int, ...]:
    """The shape of a value."""
    return tuple(getattr(value, "shape", ()))


def true(function: Any, element: Element) -> bool:
    """What a predicate says of an element.

    Raises:
      InvalidArgumentError: it gives no scalar.
    """
    value = function(*element)[0]
    if value.ndim:
        raise errors.InvalidArgumentError(None, None, "Filter predicate `f` must return a scalar bool.")
    return bool(value)


def called(function: Any, element: Element) -> Element:
    """The results of a function; where it runs out of range, that ends the iteration."""
    try:
        return function(*element)
    except errors.OutOfRangeError as error:
        raise StopIteration from error


def dataset_of(function: Any, element: Element, who: str) -> Dataset:
    """The data set that a function makes of an element."""
    made = called(function, element)[0]
    if not isinstance(made, Dataset):
        raise errors.InvalidArgumentError(None, None, f"{who} must return a single scalar of dtype DT_VARIANT.")
    return made
