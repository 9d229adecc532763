"""What a run keeps of one TensorArray: a host object on whose methods plans call."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.torch_types import torch_dtype

_numbers = itertools.count()
_MISSING = object()
_READ = object()


class ArrayState:
    """The elements of one TensorArray in one run.

    Methods that take a `dtype` (its name) refuse another than the array's; None: it is known to be the same.

    Attributes:
      elements: tensors; `_MISSING` before they are written, `_READ` after they were read and freed.
      accepted: the shape of an element that may be written, once there was one.
      adds_up: whether what is written to one place several times adds up (gradients) instead of being an error.
      prefix: dims to put before the shape of a forward element (gradients of stacked elements).
    """

    __slots__ = ("name", "dtype", "elements", "element_shape", "accepted", "dynamic", "clear", "identical", "adds_up",
                 "closed", "gradients", "forward", "prefix", "device")

    def __init__(self, name: str, dtype: DType, size: int, element_shape: Dims, dynamic: bool, clear: bool,
                 identical: bool):
        self.name = name
        self.dtype = dtype
        self.elements: list[Any] = [_MISSING] * size
        self.element_shape = element_shape
        self.accepted: Any = None
        self.dynamic = dynamic
        self.clear = clear
        self.identical = identical
        self.adds_up = False
        self.closed = False
        self.gradients: dict[str, ArrayState] = {}
        self.forward: ArrayState | None = None
        self.prefix: tuple[int, ...] = ()
        self.device: Any = None

    # --- what plans call ------------------------------------------------------------------------------------------

    def gradient(self, source: str, prefix: Any = None) -> ArrayState:
        """The array of gradients for one `tf.gradients` call, with `prefix` before the shapes of the elements."""
        found = self.gradients.get(source)
        if found is None or self.closed or prefix is not None:
            return self._gradient(source, prefix)
        return found

    def write(self, index: Any, value: Any, dtype: str | None = None) -> None:
        """Write one element."""
        place = index if type(index) is int else _scalar("index", index)
        self._open()
        if dtype is not None:
            self._takes(dtype)
        self._write(place, value)

    def read(self, index: Any, dtype: str | None = None) -> Any:
        """One element."""
        place = index if type(index) is int else _scalar("index", index)
        self._open()
        if dtype is not None:
            self._gives(dtype)
        return self._read(place)

    def gather(self, indices: Any, stated: Dims = None, dtype: str | None = None) -> Any:
        """Some elements, stacked.

        Args:
          stated: what the node says of the shape of an element.
        """
        places = _places(indices)
        self._open()
        self._gives(dtype)
        if not shapes.compatible(self.element_shape, stated):
            raise invalid(f"PartialTensorShape: Incompatible shapes during merge: {_shown(self.element_shape)} vs. "
                           f"{_shown(stated)}")
        known = shapes.merge(self.element_shape, stated)
        values = [self._read(index, known) for index in places]
        if not values:
            return self._nothing(_settled(stated, "element shape", "packing"))
        first = values[0].shape
        if not shapes.compatible(stated, tuple(first)):
            raise invalid(f"TensorArray was passed element_shape {_shown(stated)} which does not match the Tensor at "
                           f"index 0: {shapes.brackets(tuple(first))}")
        if 0 in first and self.dtype.kind != "O":  # TensorFlow looks no further
            return self._zeros((len(values), *first))
        for index, value in enumerate(values):
            if value.shape != first:
                raise _inconsistent(index, first, value.shape, "")
        return torch.stack(values) if isinstance(values[0], torch.Tensor) else np.stack(values)

    def gather_all(self, stated: Dims = None, dtype: str | None = None) -> Any:
        """All elements, stacked."""
        return self.gather(torch.arange(len(self.elements)), stated, dtype)

    def scatter_all(self, value: Any, dtype: str | None = None) -> None:
        """Write the rows of `value` to the first places."""
        if len(value.shape) and not self.dynamic and value.shape[0] != len(self.elements):
            raise invalid("Input value must have first dimension equal to the array size "
                          f"({value.shape[0]} vs. {len(self.elements)})")
        self.scatter(torch.arange(value.shape[0] if len(value.shape) else 0), value, dtype)

    def scatter(self, indices: Any, value: Any, dtype: str | None = None) -> None:
        """Write the rows of `value` to some places."""
        if not len(value.shape):
            raise invalid(SCALAR_ROWS)
        places = _places(indices)
        if len(places) != value.shape[0]:
            raise invalid(rows_differ(len(places), value.shape[0]))
        self._open()
        self._takes(dtype)
        if places and max(places) >= len(self.elements):
            if not self.dynamic:
                raise invalid(f"Max scatter index must be < array size ({max(places)} vs. {len(self.elements)})")
            self._grow(max(places) + 1)
        rows = value.unbind(0) if isinstance(value, torch.Tensor) else [_row(value, i) for i in range(len(places))]
        for index, row in zip(places, rows):
            self._write(index, row)

    def concat(self, stated: Dims = None, dtype: str | None = None) -> tuple[Any, Any]:
        """All elements, joined along their first dimension, and their lengths.

        Args:
          stated: what the node says of the other dimensions.
        """
        self._open()
        self._gives(dtype)
        if not self.elements:
            rest = _settled(stated, "element_shape_except0", "concatenating")
            return self._nothing(rest), torch.zeros((0,), dtype=torch.int64)
        values = [self._read(index) for index in range(len(self.elements))]
        first = values[0].shape[1:]
        for index, value in enumerate(values):
            if not len(value.shape):
                raise invalid(f"Concat saw a scalar shape at index {index} but requires at least vectors.  Did you "
                               "mean to call pack?")
            rest = tuple(value.shape[1:])
            if not shapes.compatible(stated, rest):
                raise invalid(f"TensorArray was passed element_shape_except0 {_shown(stated)} but index {index} has "
                               f"(excepting dimension 0) shape: {shapes.brackets(rest)} which does not match.")
            if rest != first:
                raise _inconsistent(index, first, rest, "(excepting dimension 0) ")
        lengths = torch.tensor([value.shape[0] for value in values], dtype=torch.int64)
        return (torch.cat(values) if isinstance(values[0], torch.Tensor) else np.concatenate(values)), lengths

    def split(self, value: Any, lengths: Any, dtype: str | None = None) -> None:
        """Write parts of `value`, cut along its first dimension, to all places."""
        if len(lengths.shape) != 1:
            raise invalid(no_vector("lengths", tuple(lengths.shape)))
        if not len(value.shape):
            raise invalid(SCALAR_PARTS)
        self._open()
        parts = lengths.tolist()
        if sum(parts) != value.shape[0]:
            raise invalid(f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
                           f"{sum(parts)} and value's shape is: {shapes.brackets(tuple(value.shape))}")
        self._takes(dtype)
        if self.dynamic and len(parts) > len(self.elements):
            self._grow(len(parts))
        if len(parts) != len(self.elements):
            raise invalid(f"TensorArray's size is not equal to the size of lengths ({len(self.elements)} vs. "
                           f"{len(parts)}), and the TensorArray is not marked as dynamically resizeable")
        start = 0
        for index, length in enumerate(parts):
            self._write(index, value[start:start + length])
            start += length

    def count(self) -> Any:
        """How many elements it has, as a tensor."""
        self._open()
        return torch.tensor(len(self.elements), dtype=torch.int32)

    def close(self) -> None:
        """Free the elements."""
        self.closed = True
        self.elements.clear()

    # --- how ------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self.closed:
            raise invalid(f"TensorArray {self.name} has already been closed.")

    def _refused(self, text: str) -> errors.InvalidArgumentError:
        return invalid(f"TensorArray {self.name}: {text}")

    def _takes(self, dtype: str | None) -> None:
        if dtype is not None and dtypes.as_dtype(dtype) is not self.dtype:
            raise invalid(f"TensorArray dtype is {self.dtype.proto_name} but Op is trying to write dtype "
                           f"{dtypes.as_dtype(dtype).proto_name}.")

    def _gives(self, dtype: str | None) -> None:
        if dtype is not None and dtypes.as_dtype(dtype) is not self.dtype:
            raise invalid(f"TensorArray dtype is {self.dtype.proto_name} but Op requested dtype "
                           f"{dtypes.as_dtype(dtype).proto_name}.")

    def _gradient(self, source: str, prefix: Any) -> ArrayState:
        if prefix is not None and prefix.dim() != 1:
            raise invalid(no_prefix(tuple(prefix.shape)))
        self._open()
        sizes = () if prefix is None else tuple(prefix.tolist())
        for size in sizes:
            if size < 0:
                raise invalid(f"Dimension {size} must be >= 0")
        found = self.gradients.get(source)
        if found is None:
            element = None if self.element_shape is None else sizes + self.element_shape
            found = ArrayState(f"{self.name}@{source}", self.dtype, len(self.elements), element, False, False,
                               self.identical)
            found.adds_up = True
            found.forward = self
            found.prefix = sizes
            found.device = self.device
            self.gradients[source] = found
        return found

    def _grow(self, size: int) -> None:
        self.elements.extend([_MISSING] * (size - len(self.elements)))

    def _write(self, index: int, value: Any) -> None:
        elements = self.elements
        if index < 0 or (index >= len(elements) and not self.dynamic):
            raise self._refused(f"Tried to write to index {index} but array is not resizeable and size is: "
                                f"{len(elements)}")
        if index >= len(elements):
            self._grow(index + 1)
        shape = value.shape
        if shape != self.accepted:
            self._accept(index, value)
        present = elements[index]
        if present is not _MISSING:
            if present is _READ:
                raise self._refused(f"Could not write to TensorArray index {index} because it has already been read.")
            if not self.adds_up:
                raise self._refused(f"Could not write to TensorArray index {index} because it has already been "
                                    "written to.")
            if present.shape != shape:
                raise self._refused(f"Could not aggregate to TensorArray index {index} because the existing shape is "
                                    f"{shapes.brackets(tuple(present.shape))} but the new input shape is "
                                    f"{shapes.brackets(tuple(shape))}.")
            value = present + value
        elements[index] = value

    def _accept(self, index: int, value: Any) -> None:
        """See whether an element may have the shape of `value`, and keep it."""
        dims = tuple(value.shape)
        if not shapes.compatible(self.element_shape, dims):
            raise self._refused(f"Could not write to TensorArray index {index} because the value shape is "
                                f"{shapes.brackets(dims)} which is incompatible with the TensorArray's inferred "
                                f"element shape: {shapes.brackets(self.element_shape)} (consider setting "
                                "infer_shape=False).")
        if self.identical and not self.adds_up:
            self.element_shape = dims
        if isinstance(value, torch.Tensor):
            self.device = value.device
        self.accepted = value.shape

    def _read(self, index: int, known: Dims = None) -> Any:
        """One element; `known` is what is said of its shape beside what the array knows."""
        elements = self.elements
        inside = 0 <= index < len(elements)
        if not inside and (index < 0 or not self.adds_up):
            raise invalid(f"Tried to read from index {index} but array size is: {len(elements)}")
        element = elements[index] if inside else _MISSING
        if element is _READ:
            raise self._refused(f"Could not read index {index} twice because it was cleared after a previous read "
                                "(perhaps try setting clear_after_read = false?).")
        if element is _MISSING:
            dims = self._element_dims(index, self.element_shape if known is None else known)
            if dims is None:
                raise self._refused(f"Could not read from TensorArray index {index}.  Furthermore, the element shape "
                                    f"is not fully defined: {_shown(self.element_shape)}.  It is possible you are "
                                    "working with a resizeable TensorArray and stop_gradients is not allowing the "
                                    "gradients to be written.  If you set the full element_shape property on the "
                                    "forward TensorArray, the proper all-zeros tensor will be returned instead of "
                                    "incurring this error.")
            return self._zeros(dims)
        if self.clear:
            elements[index] = _READ
        return element

    def _element_dims(self, index: int, known: Dims) -> tuple[int, ...] | None:
        """The shape of an element that is not written itself, if anything tells it."""
        if self.forward is not None:
            element: Any = self.forward.elements[index] if index < len(self.forward.elements) else _MISSING
            if element is not _MISSING and element is not _READ:
                return self.prefix + tuple(element.shape)
        if known is not None and None not in known:
            return known  # type: ignore[return-value]
        return None

    def _nothing(self, dims: tuple[int, ...]) -> Any:
        """No elements of this shape, stacked."""
        return np.zeros((0, *dims), object) if self.dtype.kind == "O" else self._zeros((0, *dims))

    def _zeros(self, dims: tuple[int, ...]) -> Any:
        if self.dtype.kind == "O":
            raise invalid(f"tensor_array::TensorSetZero type not supported: {self.dtype.proto_name}")
        return torch.zeros(dims, dtype=torch_dtype(self.dtype), device=self.device)


def new_array(size: Any, name: str, dtype: str, element_shape: Any = None, dynamic: bool = False, clear: bool = True,
              identical: bool = False) -> ArrayState:
    """A TensorArray of a run. Its name gets a number: error messages tell arrays apart by it."""
    count = size if type(size) is int else _scalar("size", size)
    if count < 0:
        raise invalid("Size should be >= 0.")
    return ArrayState(f"{name}_{next(_numbers)}", dtypes.as_dtype(dtype), count,
                      None if element_shape is None else tuple(element_shape), dynamic, clear, identical)


def _scalar(what: str, value: Any) -> int:
    if value.dim():
        raise invalid(no_scalar(what, tuple(value.shape)))
    return value.item()


def _places(indices: Any) -> list[int]:
    if len(indices.shape) != 1:
        raise invalid(f"Expected indices to be a vector, but received shape: {shapes.brackets(tuple(indices.shape))}")
    return indices.tolist()


def _row(value: Any, index: int) -> Any:
    """A row of an array of strings, which stays an array also when it is a scalar."""
    return value[index:index + 1].reshape(value.shape[1:])


# --- TensorFlow's words, of which the checks of shapes need some before there is an array ---------------------------

SCALAR_ROWS = "Input value for unpack must be at least a vector but received shape: []"
SCALAR_PARTS = "Expected value to be at least a vector, but received shape: []"


def no_scalar(what: str, dims: Dims) -> str:
    """An index or size is no scalar."""
    return f"TensorArray {what} must be scalar, but had shape: {shapes.brackets(dims)}"


def no_vector(what: str, dims: Dims) -> str:
    """A list of lengths is no vector."""
    return f"Expected {what} to be a vector, received shape: {shapes.brackets(dims)}"


def no_prefix(dims: Dims) -> str:
    """The dims to put before others are no vector."""
    return f"shape must be a vector of {{int32,int64}}, got shape {shapes.brackets(dims)}"


def rows_differ(count: int, rows: int) -> str:
    """There are not as many rows as places."""
    return f"Expected len(indices) == values.shape[0], but saw: {count} vs. {rows}"



def _inconsistent(index: int, first: Any, other: Any, what: str) -> errors.InvalidArgumentError:
    return invalid(f"TensorArray has inconsistent shapes.  Index 0 has {what}shape: {shapes.brackets(tuple(first))} "
                    f"but index {index} has {what}shape: {shapes.brackets(tuple(other))}")


def _settled(dims: Dims, what: str, doing: str) -> tuple[int, ...]:
    """What an op says of the shape of elements, where there are none."""
    if dims is None or None in dims:
        raise errors.UnimplementedError(None, None, f"TensorArray has size zero, but {what} {_shown(dims)} is not "
                                        "fully defined. Currently only static shapes are supported when "
                                        f"{doing} zero-size TensorArrays.")
    return dims  # type: ignore[return-value]


def _shown(dims: Dims) -> str:
    """A shape that is perhaps known in part only, as TensorFlow prints it."""
    return "<unknown>" if dims is None else shapes.brackets(dims)
