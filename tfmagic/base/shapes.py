"""TensorShape and Dimension: static shapes, which may be unknown in part or whole.

Inside the house a shape is `dims`: a tuple of `int | None`, or None when the rank is unknown.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, Union

from tfmagic.base import messages
from tfmagic.base.export import export

Dims = Union[tuple[Union[int, None], ...], None]


@export("Dimension")
class Dimension:
    """The size of one axis: a non-negative integer, or None when it is unknown."""

    __slots__ = ("_value", "__dict__", "__weakref__")

    def __init__(self, value: Any):
        if isinstance(value, Dimension):
            self._value: int | None = value._value
        elif value is None:
            self._value = None
        else:
            try:
                self._value = operator.index(value)
            except TypeError:
                self._value = int(value)
                if self._value != value and not isinstance(value, (str, bytes)):
                    raise ValueError(f"Ambiguous dimension: {value}") from None
            if self._value < 0:
                raise ValueError(f"Dimension {self._value} must be >= 0")

    @property
    def value(self) -> int | None:
        """The size, or None."""
        return self._value

    def __repr__(self) -> str:
        return f"Dimension({self._value})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __eq__(self, other: Any) -> Any:
        try:
            other = as_dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other._value is None:
            return None
        return self._value == other._value

    def __ne__(self, other: Any) -> Any:
        same = self.__eq__(other)
        return same if same is None or same is NotImplemented else not same

    def __hash__(self) -> int:
        return hash(self._value)

    def __int__(self) -> int:
        return self._value  # type: ignore[return-value]  # None is a TypeError, as in TensorFlow

    def __index__(self) -> int:
        return self._value  # type: ignore[return-value]

    def is_compatible_with(self, other: Any) -> bool:
        other = as_dimension(other)
        return self._value is None or other._value is None or self._value == other._value

    def assert_is_compatible_with(self, other: Any) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        other = as_dimension(other)
        self.assert_is_compatible_with(other)
        return Dimension(other._value if self._value is None else self._value)

    def _arithmetic(self, other: Any, function: Any, swap: bool = False) -> Any:
        try:
            other = as_dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other._value is None:
            return Dimension(None)
        return Dimension(function(other._value, self._value) if swap else function(self._value, other._value))

    def __add__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.add)

    def __radd__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.add, swap=True)

    def __sub__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.sub)

    def __rsub__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.sub, swap=True)

    def __mul__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.mul)

    def __rmul__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.mul, swap=True)

    def __floordiv__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.floordiv)

    def __rfloordiv__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.floordiv, swap=True)

    def __div__(self, other: Any) -> Dimension:
        return self // other

    def __truediv__(self, other: Any) -> Dimension:
        raise TypeError(f"unsupported operand type(s) for /: 'Dimension' and '{type(other).__name__}', "
                        "please use // instead")

    def __rtruediv__(self, other: Any) -> Dimension:
        raise TypeError(f"unsupported operand type(s) for /: '{type(other).__name__}' and 'Dimension', "
                        "please use // instead")

    def __mod__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.mod)

    def __rmod__(self, other: Any) -> Dimension:
        return self._arithmetic(other, operator.mod, swap=True)

    def _compare(self, other: Any, function: Any) -> Any:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return None
        return function(self._value, other._value)

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, operator.lt)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, operator.le)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, operator.gt)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, operator.ge)

    def __reduce__(self):
        return Dimension, (self._value,)


def as_dimension(value: Any) -> Dimension:
    """Convert an integer, None or `Dimension` to a `Dimension`."""
    return value if isinstance(value, Dimension) else Dimension(value)


@export("compat.dimension_value", "dimension_value")
def dimension_value(dimension: Any) -> Any:
    """The size of a `Dimension`; anything else as it is."""
    return dimension.value if isinstance(dimension, Dimension) else dimension


@export("TensorShape")
class TensorShape:
    """The shape of a tensor: fully known, with unknown dimensions, or of unknown rank."""

    __slots__ = ("_dims", "__dict__", "__weakref__")

    # Whether indexing and iterating give integers and None, as in TensorFlow 2 (`enable_v2_tensorshape`).
    _plain_sizes = False

    def __init__(self, dims: Any):
        if dims is None:
            self._dims: Dims = None
        elif isinstance(dims, TensorShape):
            self._dims = dims._dims
        elif isinstance(dims, (str, bytes)):
            raise TypeError(f"A string has ambiguous TensorShape, please wrap in a list or convert to an int: "
                            f"{dims.decode() if isinstance(dims, bytes) else dims}")
        elif hasattr(dims, "unknown_rank") and hasattr(dims, "dim"):  # a TensorShapeProto
            self._dims = None if dims.unknown_rank else tuple(None if d.size == -1 else d.size for d in dims.dim)
        else:
            try:
                iterator = iter(dims)
            except TypeError:
                self._dims = (Dimension(dims)._value,)
            else:
                self._dims = tuple([d if type(d) is int and d >= 0 else Dimension(d)._value for d in iterator])

    @property
    def dims(self) -> list[Dimension] | None:
        """The dimensions as a list of `Dimension`, or None when the rank is unknown."""
        return None if self._dims is None else [Dimension(d) for d in self._dims]

    @property
    def rank(self) -> int | None:
        """The number of axes, or None."""
        return None if self._dims is None else len(self._dims)

    ndims = rank

    def __repr__(self) -> str:
        dims = self._dims if TensorShape._plain_sizes else self.dims
        return f"TensorShape({None if dims is None else list(dims)})"

    def __str__(self) -> str:
        return str(self._dims) if TensorShape._plain_sizes and self._dims is not None else text(self._dims)

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __iter__(self) -> Iterator[Any]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self._dims) if TensorShape._plain_sizes else iter([Dimension(d) for d in self._dims])

    def __getitem__(self, key: Any) -> Any:
        if self._dims is not None:
            if isinstance(key, slice):
                return TensorShape(self._dims[key])
            try:
                size = self._dims[key]
            except IndexError:
                raise IndexError("list index out of range") from None
            return size if TensorShape._plain_sizes else Dimension(size)
        if isinstance(key, slice):
            start, stop = key.start or 0, key.stop
            if key.step is not None:
                raise ValueError("Steps are not yet handled")
            if stop is None or start < 0 or stop < 0:  # the length of the rest is not known
                return TensorShape(None)
            return TensorShape([None] * max(stop - start, 0))
        return None if TensorShape._plain_sizes else Dimension(None)

    def __eq__(self, other: Any) -> Any:
        try:
            return self._dims == as_shape(other)._dims
        except (TypeError, ValueError):
            return NotImplemented

    def __ne__(self, other: Any) -> Any:
        try:
            other = as_shape(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._dims is None or other._dims is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return self._dims != other._dims

    def __hash__(self) -> int:
        return hash(self._dims)

    def __reduce__(self):
        return TensorShape, (self._dims,)

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other).concatenate(self)

    def as_list(self) -> list[int | None]:
        """The dimensions as a list of integers and None. Raises ValueError when the rank is unknown."""
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def as_proto(self) -> Any:
        """The shape as a `TensorShapeProto`."""
        TensorShapeProto = messages.module("tensor_shape_pb2").TensorShapeProto

        if self._dims is None:
            return TensorShapeProto(unknown_rank=True)
        return TensorShapeProto(dim=[TensorShapeProto.Dim(size=-1 if d is None else d) for d in self._dims])

    def num_elements(self) -> int | None:
        """The number of elements, or None when the shape is not fully defined."""
        return num_elements(self._dims)

    def is_fully_defined(self) -> bool:
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self) -> None:
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: Any) -> bool:
        return compatible(self._dims, as_shape(other)._dims)

    def assert_is_compatible_with(self, other: Any) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every tensor of this shape also has the shape `other`."""
        other = as_shape(other)
        if other._dims is None:
            return True
        if self._dims is None or len(self._dims) != len(other._dims):
            return False
        return all(b is None or a == b for a, b in zip(self._dims, other._dims))

    def merge_with(self, other: Any) -> TensorShape:
        """The shape that holds what both say. Raises ValueError when they contradict each other."""
        return TensorShape(merge(self._dims, as_shape(other)._dims))

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        other = as_shape(other)
        if self._dims is None or other._dims is None or len(self._dims) != len(other._dims):
            return TensorShape(None)
        return TensorShape([a if a is not None and a == b else None for a, b in zip(self._dims, other._dims)])

    def concatenate(self, other: Any) -> TensorShape:
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return TensorShape(None)
        return TensorShape(self._dims + other._dims)

    def with_rank(self, rank: int) -> TensorShape:
        try:
            return self.merge_with(unknown_shape(rank=rank))
        except ValueError:
            raise ValueError(f"Shape {self} must have rank {rank}") from None

    def assert_has_rank(self, rank: int) -> None:
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_same_rank(self, other: Any) -> None:
        other = as_shape(other)
        if self.rank is not None and other.rank is not None and self.rank != other.rank:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def with_rank_at_least(self, rank: int) -> TensorShape:
        if self.rank is not None and self.rank < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        if self.rank is not None and self.rank > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self


def as_shape(shape: Any) -> TensorShape:
    """Convert anything shape-like to a `TensorShape`."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank: int | None = None, **kwargs: Any) -> TensorShape:
    """A shape with `rank` unknown dimensions, or of unknown rank."""
    rank = kwargs.get("ndims", rank)
    return TensorShape(None) if rank is None else TensorShape([None] * rank)


def text(dims: Dims) -> str:
    """TensorFlow's way to print a shape in a repr: `(2, ?)`, `(3,)`, `<unknown>`."""
    if dims is None:
        return "<unknown>"
    parts = ["?" if d is None else str(d) for d in dims]
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def brackets(dims: Dims) -> str:
    """TensorFlow's way to print a shape in an error message of a shape rule: `[2,?]`, `?`."""
    return "?" if dims is None else "[" + ",".join("?" if d is None else str(d) for d in dims) + "]"


def num_elements(dims: Dims) -> int | None:
    """The product of `dims`, or None when it is not known."""
    if dims is None or None in dims:
        return None
    product = 1
    for d in dims:
        product *= d  # type: ignore[operator]
    return product


def compatible(a: Dims, b: Dims) -> bool:
    """Whether one tensor could have both shapes."""
    if a is None or b is None or a == b:
        return True
    return len(a) == len(b) and all(x is None or y is None or x == y for x, y in zip(a, b))


class NoShape(ValueError):
    """Values that no shape can have: TensorFlow says it without naming the node that would have got it."""


def merge_in_words(a: Dims, b: Dims) -> Dims:
    """What two shapes say together, refused in the words of TensorFlow's shape rules.

    Raises:
      ValueError: they contradict each other.
    """
    if a is None:
        return b
    if b is None or a == b:
        return a
    if len(a) != len(b):
        raise ValueError(f"Shapes must be equal rank, but are {len(a)} and {len(b)}")
    for index, (x, y) in enumerate(zip(a, b)):
        if x is not None and y is not None and x != y:
            raise ValueError(f"Dimension {index} in both shapes must be equal, but are {x} and {y}. Shapes are "
                             f"{brackets(a)} and {brackets(b)}.")
    return tuple([y if x is None else x for x, y in zip(a, b)])


def merge(a: Dims, b: Dims) -> Dims:
    """The shape that holds what both say.

    Raises:
      ValueError: the shapes contradict each other.
    """
    if a is None:
        return b
    if b is None or a == b:
        return a
    if not compatible(a, b):
        raise ValueError(f"Shapes {text(a)} and {text(b)} are not compatible")
    return tuple([y if x is None else x for x, y in zip(a, b)])


@export("compat.dimension_at_index", "dimension_at_index")
def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """The `Dimension` of an axis; unknown where the rank is.

    Raises:
      IndexError: there is no such axis.
    """
    return Dimension(None) if shape.dims is None else shape.dims[index]
