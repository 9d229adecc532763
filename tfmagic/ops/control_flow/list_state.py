"""TensorList: what a variant of a list of tensors holds: a value on which plans call; a change gives another list."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.control_flow.variants import dims_of, zeros_of
from tfmagic.ops.torch_types import torch_dtype

_growing = threading.Lock()
_FEW = 4  # how many elements a list remembers as those that were set


class TensorList:
    """Tensors of one type, one after another.

    Lists that grew out of one another share a buffer, so that pushing and popping take no longer for a long one.

    Attributes:
      element_dims: what is said of the shape of every element.
      most: how many elements it takes; -1: any number.
    """

    __slots__ = ("dtype", "element_dims", "most", "_buffer", "_count", "_set")
    is_handle = True

    def __init__(self, dtype: DType, element_dims: Dims, elements: list[Any], most: int = -1,
                 count: int | None = None, places: tuple[int, ...] | None = None):
        self.dtype = dtype
        self.element_dims = element_dims
        self.most = most
        self._buffer = elements
        self._count = len(elements) if count is None else count
        # The places of the few elements that were ever set, else None: the gradient of a read is such a list.
        self._set = places

    def __len__(self) -> int:
        return self._count

    @property
    def elements(self) -> list[Any]:
        """Its elements; None for one that was never set."""
        return self._buffer[:self._count]

    def with_elements(self, elements: list[Any]) -> TensorList:
        """A list of the same kind with other elements."""
        return TensorList(self.dtype, self.element_dims, elements, self.most)

    # --- what plans call ------------------------------------------------------------------------------------------

    def push(self, value: Any, dtype: str, where: str = "") -> TensorList:
        """The list with one more element."""
        self._takes(dtype)
        dims = dims_of(value)
        if self.element_dims != dims and not _compatible(self.element_dims, dims):
            raise invalid(f"Tried to append a tensor with incompatible shape to a list{where}. Op element shape: "
                          f"{shapes.brackets(dims)} list shape: {_shown(self.element_dims)}")
        if 0 <= self.most <= self._count:
            raise invalid(f"Tried to push item into a full list list size: {self._count} max_num_elements: "
                          f"{self.most}")
        with _growing:
            if self._count == len(self._buffer) and self._count:
                self._buffer.append(value)
                return TensorList(self.dtype, self.element_dims, self._buffer, self.most, self._count + 1)
        return self.with_elements([*self.elements, value])

    def pop(self, dims: Callable[[], Dims], dtype: str) -> tuple[TensorList, Any]:
        """The list without its last element, and that.

        Args:
          dims: gives the shape of an element that was never set.
        """
        self._takes(dtype)
        if not self._count:
            raise invalid("Trying to pop from an empty list.")
        rest = TensorList(self.dtype, self.element_dims, self._buffer, self.most, self._count - 1)
        value = self._buffer[self._count - 1]
        if value is None:
            merged = _merged(dims(), self.element_dims)
            if not _known(merged):
                raise invalid("Trying to read an uninitialized tensor but element_shape is not fully defined."
                              f"{_shown(merged)}")
            value = self._zeros(merged)
        return rest, value

    def get(self, index: Any, dims: Dims, dtype: str) -> Any:
        """One element."""
        self._takes(dtype)
        place = int(index)
        if not 0 <= place < self._count:
            raise invalid(f"Trying to access element {place} in a list with {self._count} elements.")
        value = self._buffer[place]
        if value is not None:
            return value
        merged = self._element_dims(dims)
        if not _known(merged):
            raise invalid("Trying to read an uninitialized tensor but element_shape is not fully defined: "
                          f"{_shown(merged)} and no list element is set.")
        return self._zeros(merged)

    def put(self, index: Any, value: Any, dtype: str) -> TensorList:
        """The list with another element in one place."""
        self._takes(dtype)
        place = int(index)
        if not 0 <= place < self._count:
            raise invalid(f"Trying to modify element {place} in a list with {self._count} elements.")
        self._fits(dims_of(value))
        elements = self.elements
        elements[place] = value
        few = self._set is not None and len(self._set) < _FEW
        return TensorList(self.dtype, self.element_dims, elements, self.most,
                          places=(*self._set, place) if few else None)  # type: ignore[misc]

    def plus(self, index: Any, value: Any) -> TensorList:
        """The list with a value added to the element in one place."""
        place = int(index)
        if not 0 <= place < self._count:
            raise invalid(f"Trying to modify element {place} in a list with {self._count} elements.")
        elements = self.elements
        own = elements[place]
        elements[place] = value if own is None else own + value
        return self.with_elements(elements)

    def stack(self, dims: Dims, count: int, dtype: str) -> Any:
        """All elements as the rows of one tensor."""
        self._takes(dtype)
        merged = _merged(dims, self.element_dims)
        if count not in (-1, self._count):
            raise invalid(f"Operation expected a list with {count} elements but got a list with {self._count} "
                          "elements.")
        if not self._count and not _known(merged):
            raise invalid(f"Tried to stack elements of an empty list with non-fully-defined element_shape: "
                          f"{_shown(merged)}")
        merged = self._element_dims(dims)
        if not _known(merged):
            raise invalid("Tried to stack list which only contains uninitialized tensors and has a "
                          f"non-fully-defined element_shape: {_shown(merged)}")
        return self._stacked(self.elements, merged)

    def gather(self, indices: Any, dims: Dims, dtype: str) -> Any:
        """Some elements as the rows of one tensor."""
        self._takes(dtype)
        places = _ints(indices)
        merged = _merged(dims, self.element_dims)
        if not places and not _known(merged):
            raise invalid(f"Tried to gather 0-elements from a list with non-fully-defined shape: {_shown(merged)}")
        for place in places:
            if not 0 <= place < self._count:
                raise invalid(f"Index {place} out o range; list only has {self._count} elements.")
        chosen = [self._buffer[place] for place in places]
        for value in chosen:
            if value is not None:
                merged = _merged(merged, dims_of(value))
        if not _known(merged):
            raise invalid("Tried to gather uninitialized tensors from a list with non-fully-defined element_shape: "
                          f"{_shown(merged)}")
        return self._stacked(chosen, merged)

    def concat(self, dims: Dims, leading: Sequence[int] | None, dtype: str) -> tuple[Any, Any]:
        """All elements behind one another along their first axis, and how long each is.

        Args:
          leading: the lengths of elements that were never set; None: the older form of the op, which has none.
        """
        self._takes(dtype)
        if leading is not None:
            dims = _merged(dims, self.element_dims)
        if dims is not None and not dims:
            raise invalid("Concat requires elements to be at least vectors, found scalars instead.")
        tail: Dims = None if dims is None else dims[1:]
        if leading is None and not _known(tail):
            raise invalid("Trying to concat list with only uninitialized tensors but element_shape_except_first_dim_ "
                          f"is not fully defined: {_shown(tail)}")
        if not self._count and not _known(tail):
            raise invalid("All except the first dimension must be fully defined when concating an empty tensor list. "
                          f"element_shape: {_shown(dims)}")
        parts: list[Any] = []
        for index, value in enumerate(self.elements):
            if value is None and dims and dims[0] is not None and leading is not None:
                parts.append(dims[0])
                continue
            if value is None:
                if index >= len(leading or ()):
                    raise invalid(f"List contains uninitialized tensor at index {index} but leading_dims has only "
                                  f"{len(leading or ())} elements.")
                parts.append(int(leading[index]))  # type: ignore[index]
                continue
            if not value.shape:
                raise invalid(f"Concat saw a scalar shape at index {index} but requires at least vectors.")
            tail = _merged(tail, tuple(value.shape)[1:])
            parts.append(value)
        if not _known(tail):
            raise invalid("Trying to concat list with only uninitialized tensors but element_shape_except_first_dim "
                          f"is not fully defined: {_shown(tail)}")
        filled = [self._zeros((part, *tail)) if isinstance(part, int) else part for part in parts]  # type: ignore[misc]
        lengths = torch.tensor([int(part.shape[0]) for part in filled], dtype=torch.int64)
        if not filled:
            return self._zeros((0, *tail)), lengths  # type: ignore[misc]
        if isinstance(filled[0], np.ndarray):
            return np.concatenate(filled, 0), lengths
        return torch.cat(_together(filled, parts), 0), lengths

    def resized(self, size: Any) -> TensorList:
        """The list with so many elements: the last ones go, or more come that are not set."""
        count = int(size)
        if count < 0:
            raise invalid(f"TensorListSlice expects size to be non-negative. Got: {count}")
        return self.with_elements([*self.elements[:count], *[None] * (count - self._count)])

    def scattered(self, value: Any, indices: Any, dtype: str) -> TensorList:
        """The list with the rows of a tensor in some places; it grows where it has not as many."""
        self._takes(dtype)
        places = _ints(indices)
        if not value.shape:
            raise invalid(f"Tensor must be at least a vector, but saw shape: {shapes.brackets(())}")
        if len(indices.shape) != 1:
            raise invalid("Expected indices to be a vector, but received shape: "
                          f"{shapes.brackets(tuple(indices.shape))}")
        if len(places) != value.shape[0]:
            raise invalid(f"Expected len(indices) == tensor.shape[0], but saw: {len(places)} vs. {value.shape[0]}")
        if any(place < 0 for place in places):
            raise invalid("Indices in TensorListScatter must all be non-negative.")
        self._fits(tuple(value.shape)[1:])
        elements = self.elements
        elements.extend([None] * (max(places, default=-1) + 1 - len(elements)))
        for place, part in zip(places, value):
            elements[place] = part
        return self.with_elements(elements)

    def joined(self, other: TensorList, dtype: str) -> TensorList:
        """This list and then another."""
        for which, one in (("input_a", self), ("input_b", other)):
            if one.dtype.name != dtype:
                raise invalid(f"{which}.type != element_dtype: {type_name(one.dtype)} vs. "
                          f"{type_name(dtypes.as_dtype(dtype))}")
        return TensorList(self.dtype, _merged(self.element_dims, other.element_dims),
                          [*self.elements, *other.elements])

    def count(self) -> Any:
        """How many elements it has, as a tensor."""
        return torch.tensor(self._count, dtype=torch.int32)

    def shape_of_elements(self, dtype: str) -> Any:
        """What is said of the shape of every element; the scalar -1: nothing."""
        dims = self.element_dims
        return torch.tensor(-1 if dims is None else [-1 if size is None else size for size in dims],
                            dtype=torch_dtype(dtypes.as_dtype(dtype)))

    # --- what other ops do with variants --------------------------------------------------------------------------

    def zeros(self) -> TensorList:
        """The same list with zeros for elements."""
        return self.with_elements([value if value is None else zeros_of(value) for value in self.elements])

    def __add__(self, other: TensorList) -> TensorList:
        """The sums of the elements of two lists."""
        if self.dtype is not other.dtype:
            raise invalid("Trying to add two lists of tensors of different dtypes. One is "
                          f"{type_name(self.dtype)} and the other is {type_name(other.dtype)}")
        dims = _merged(self.element_dims, other.element_dims)
        if len(self) != len(other):
            raise invalid("Trying to add two lists of tensors with different lengths. One is "
                          f"{len(self)} and the other is {len(other)}")
        whole, part = (self, other) if other._set is not None else (other, self)
        elements = whole.elements
        places = range(len(elements)) if part._set is None else dict.fromkeys(part._set)
        for place in places:
            value = part._buffer[place]
            if value is not None:
                elements[place] = value if elements[place] is None else elements[place] + value
        return TensorList(self.dtype, dims, elements)

    # --- helpers --------------------------------------------------------------------------------------------------

    def _takes(self, dtype: str) -> None:
        if dtype != self.dtype.name:
            raise invalid(f"Invalid data types; op elements {type_name(dtypes.as_dtype(dtype))} but list elements "
                          f"{type_name(self.dtype)}")

    def _fits(self, dims: Any) -> None:
        if not _compatible(self.element_dims, dims):
            raise invalid("Tried to set a tensor with incompatible shape at a list index. Item element shape: "
                          f"{shapes.brackets(dims)} list shape: {_shown(self.element_dims)}")

    def _element_dims(self, dims: Dims) -> Dims:
        """What is known of the shape of every element, those that are set included."""
        merged = _merged(dims, self.element_dims)
        for value in self.elements:
            if value is not None:
                merged = _merged(merged, dims_of(value))
        return merged

    def _zeros(self, dims: Any) -> Any:
        if self.dtype.kind != "O":
            return torch.zeros(tuple(dims), dtype=torch_dtype(self.dtype))
        if self.dtype is not dtypes.string:
            raise errors.UnimplementedError(None, None, f"There are no zeros of type {self.dtype.name}.")
        return np.full(tuple(dims), b"", object)

    def _stacked(self, values: list[Any], dims: Any) -> Any:
        if not values:
            return self._zeros((0, *dims))
        filled = [self._zeros(dims) if value is None else value for value in values]
        if self.dtype.kind != "O":
            return torch.stack(_together(filled, values))
        rows = np.empty((len(filled), *dims), object)
        for place, value in enumerate(filled):
            rows[place] = value
        return rows


def _together(filled: list[Any], given: list[Any]) -> list[Any]:
    """Elements on the one device: zeros were made on the host, where what was given may be on a GPU."""
    place = next((value.device for value in given if isinstance(value, torch.Tensor)), None)
    return filled if place is None else [value.to(place) for value in filled]


def new_list(dims: Dims, count: int, most: Any, dtype: str) -> TensorList:
    """A list of elements that are not set."""
    limit = most if type(most) is int else int(most) if not most.shape else None
    if limit is None:
        raise invalid(f"max_num_elements expected to be a scalar but got shape: {shapes.brackets(tuple(most.shape))}")
    return TensorList(dtypes.as_dtype(dtype), dims, [None] * count, limit, places=())


def of_rows(value: Any, dims: Dims, dtype: str) -> TensorList:
    """A list of the rows of a tensor."""
    if not value.shape:
        raise invalid(f"Tensor must be at least a vector, but saw shape: {shapes.brackets(tuple(value.shape))}")
    _refuse_rows(dims, value)
    return TensorList(dtypes.as_dtype(dtype), dims, list(value))


def of_places(value: Any, indices: Any, dims: Dims, count: int, dtype: str) -> TensorList:
    """A list with the rows of a tensor in some places; of so many elements, or (-1) of as many as there are places."""
    places = _ints(indices)
    if count < -1:
        raise invalid(f"TensorListScatter expects num_elements >= -1, found: {count}")
    if not value.shape:
        raise invalid(f"Tensor must be at least a vector, but saw shape: {shapes.brackets(tuple(value.shape))}")
    _refuse_rows(dims, value)
    most = max(places, default=-1)
    if -1 < count <= most:
        raise invalid(f"TensorListScatter: Trying to scatter at index {most} in list with size {count}")
    if len(places) != value.shape[0]:
        raise invalid(f"Invalid number of rows in input tensor. Expected: {len(places)} Actual: {value.shape[0]}")
    if any(place < 0 for place in places):
        raise invalid("Indices in TensorListScatter must all be non-negative.")
    elements: list[Any] = [None] * (most + 1 if count == -1 else count)
    for place, part in zip(places, value):
        elements[place] = part
    return TensorList(dtypes.as_dtype(dtype), dims, elements)


def of_parts(value: Any, dims: Dims, lengths: Sequence[int], dtype: str) -> TensorList:
    """A list of the parts of a tensor that have these lengths."""
    if dims is not None and not dims:
        raise invalid("TensorListSplit requires element_shape to be at least of rank 1, but saw: []")
    if not value.shape:
        raise invalid(f"Tensor must be at least a vector, but saw shape: {shapes.brackets(tuple(value.shape))}")
    if not isinstance(lengths, list):
        raise invalid(f"Expected lengths to be a vector, received shape: {shapes.brackets(())}")
    if not _compatible(dims and (None, *dims[1:]), tuple(value.shape)):
        raise invalid(f"tensor shape {shapes.brackets(tuple(value.shape))} is not compatible with element_shape "
                      f"{_shown(dims and (None, *dims[1:]))}")
    used, parts = 0, []
    for length in lengths:
        if length < 0:
            raise invalid(f"Invalid value in lengths: {length}")
        if used + length > value.shape[0]:
            raise invalid(f"Attempting to slice [{used}, {used + length}] from tensor with length {value.shape[0]}")
        part = value[used:used + length]
        parts.append(part)
        used += length
    if used != value.shape[0]:
        raise invalid(f"Unused values in tensor. Length of tensor: {value.shape[0]} Values used: {used}")
    return TensorList(dtypes.as_dtype(dtype), dims, parts)


def pushed_batch(lists: Any, value: Any, dtype: str) -> Any:
    """An array of lists, each with one more element."""
    if len(value) != lists.size:
        raise invalid(f"Expected tensor.shape[0] == input_handles.size, but saw {len(value)} vs. {lists.size}")
    result = np.empty(lists.shape, object)
    for place, (one, part) in enumerate(zip(lists, value)):
        result[place] = as_list(one).push(part, dtype, f" at index {place}")
    return result


def as_list(handle: Any) -> TensorList:
    """The list that a variant holds.

    Raises:
      InvalidArgumentError: it holds something else.
    """
    if type(handle) is TensorList:
        return handle
    value = handle.item() if isinstance(handle, np.ndarray) and not handle.shape else handle
    if not isinstance(value, TensorList):
        raise invalid("Input handle is not a list. Saw: 'variant'")
    return value


def type_name(dtype: DType) -> str:
    """A type as TensorFlow's kernels print it."""
    return dtype.proto_name.removeprefix("DT_").lower()


def _refuse_rows(dims: Dims, value: Any) -> None:
    rows = tuple(value.shape)[1:]
    if not _compatible(dims, rows):
        raise invalid(f"Specified a list with shape {_shown(dims)} from a tensor with shape {shapes.brackets(rows)}")


def _ints(values: Any) -> list[int]:
    return [int(value) for value in values.reshape(-1)]


def _known(dims: Dims) -> bool:
    return dims is not None and None not in dims


def _compatible(dims: Dims, have: Any) -> bool:
    return dims is None or len(dims) == len(have) and all(a is None or a == b for a, b in zip(dims, have))


def _merged(one: Dims, other: Dims) -> Dims:
    """What two say of a shape."""
    if one is None or other is None:
        return other if one is None else one
    if len(one) != len(other):
        raise invalid("PartialTensorShape: Incompatible ranks during merge: "
                      f"{len(one)} vs. {len(other)}")
    if any(a is not None and b is not None and a != b for a, b in zip(one, other)):
        raise invalid(f"PartialTensorShape: Incompatible shapes during merge: {_shown(one)} vs. {_shown(other)}")
    return tuple(b if a is None else a for a, b in zip(one, other))


def _shown(dims: Dims) -> str:
    """A shape that is perhaps known in part only, as TensorFlow prints it."""
    return "<unknown>" if dims is None else shapes.brackets(dims)
