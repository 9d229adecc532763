"""The vocabulary of shape rules: what most ops say about the static shapes of their outputs.

Every rule takes the node and the dims of its inputs (a tuple of int and None, or None for an unknown rank).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from tfmagic.base.shapes import Dims
from tfmagic.base.shapes import merge_in_words as merge
from tfmagic.graph.static_value import static_value


def same(op: Any, x: Dims, *others: Dims) -> Dims:
    """The shape of the first input."""
    return x


def scalar(op: Any, *inputs: Any) -> Dims:
    """A single value."""
    return ()


def unknown(op: Any, *inputs: Any) -> Dims:
    """A shape that only the run tells."""
    return None


def from_attr(op: Any, *inputs: Any) -> Dims:
    """The shape that the attr `shape` holds."""
    return op.op._attrs["shape"]._dims


def merged(op: Any, *inputs: Dims) -> Dims:
    """The one shape that all inputs have."""
    dims: Dims = None
    for item in inputs:
        dims = merge(dims, item)
    return dims


def merged_list(values: list[Dims]) -> Dims:
    """The one shape that all tensors of a list have; TensorFlow looks at the last first.

    Raises:
      ValueError: they contradict each other.
    """
    dims: Dims = None
    for index in range(len(values) - 1, -1, -1):
        try:
            dims = merge(values[index], dims)
        except ValueError as error:
            raise ValueError(f"{error}\n\tFrom merging shape {index} with other shapes.") from None
    return dims


def broadcast(op: Any, x: Dims, y: Dims) -> Dims:
    """The shape to which two inputs broadcast, as in NumPy."""
    return _kept_broadcast(x, y)


def broadcast_dims(x: Dims, y: Dims) -> Dims:
    """The shape to which `x` and `y` broadcast.

    Raises:
      ValueError: they do not.
    """
    if x is None or y is None:
        return None
    if x == y and None not in x:
        return x
    result: list[int | None] = []
    missing = len(x) - len(y)
    for a, b in zip((1,) * -missing + x, (1,) * missing + y):
        if a == 1:
            result.append(b)
        elif b == 1:
            result.append(a)
        elif a is None or b is None:
            result.append((b if a is None else a) or None)  # an unknown size beside 0 may be 1
        elif a == b:
            result.append(a)
        else:
            raise ValueError(f"Dimensions must be equal, but are {a} and {b}")
    return tuple(result)


_kept_broadcast = functools.lru_cache(4096)(broadcast_dims)  # a program has many nodes and few shapes


def merge_dim(a: int | None, b: int | None) -> int | None:
    """What two sizes of one axis say together.

    Raises:
      ValueError: they differ.
    """
    if a is None or b is None or a == b:
        return b if a is None else a
    raise ValueError(f"Dimensions must be equal, but are {a} and {b}")


def with_rank(dims: Dims, rank: int) -> tuple[int | None, ...]:
    """`dims`, or `rank` unknown dimensions.

    Raises:
      ValueError: the rank is another.
    """
    if dims is None:
        return (None,) * rank
    if len(dims) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(dims)}")
    return dims


def check_handle(dims: Dims, old: bool) -> None:
    """Refuse what has not the shape of a handle: a scalar, in the first form of an op two strings.

    Raises:
      ValueError: it has another.
    """
    if not old:
        with_rank(dims, 0)
    elif with_rank(dims, 1)[0] not in (None, 2):
        raise ValueError(f"Dimension must be 2 but is {dims[0]}")  # type: ignore[index]


def components_shape(op: Any, handle: Dims) -> list[Dims]:
    """The shapes of what an iterator or optional holds, as its attrs say them."""
    with_rank(handle, 0)
    if len(op.output_shapes) != len(op.output_types):
        raise ValueError(f"`output_shapes` must be the same length as `output_types` ({len(op.output_shapes)} vs. "
                         f"{len(op.output_types)}")
    return [shape._dims for shape in op.output_shapes]


def scalar_value(tensor: Any) -> int | None:
    """The value of an input that is an axis or the size of one, where it is known.

    Raises:
      ValueError: it is no scalar.
    """
    value = static_value(tensor)
    if value is None:
        return None
    if value.ndim:
        raise ValueError(f"Input must be scalar but has rank {value.ndim}")
    return int(value)


def size_value(tensor: Any, place: int) -> int | None:
    """The value of an input that is the size of an axis, where it is known.

    Args:
      place: which input of its node it is.

    Raises:
      ValueError: it is no scalar, or negative.
    """
    size = scalar_value(tensor)
    if size is not None and size < 0:
        raise ValueError(f"Dimension size, given by scalar input {place}, must be non-negative but is {size}")
    return size


class BuildingRefusal(ValueError):
    """What a shape rule refuses in its own words; `running` has those of the kernel, None where that takes it."""

    def __init__(self, building: str, running: str | None) -> None:
        super().__init__(building)
        self.running = running


def count(dims: Dims) -> int | None:
    """How many elements there are, as far as that is known."""
    return None if dims is None or None in dims else math.prod(dims)  # type: ignore[arg-type]


def check_length(words: str, count: int, values: Sequence[Any]) -> None:
    """Refuse an attr that has not a value for each dimension.

    Raises:
      ValueError: with TensorFlow's words.
    """
    if len(values) != count:
        raise ValueError(f"{words} attribute to contain {count} values, but got: {len(values)}")


def less(size: int, amount: int) -> int:
    """`size - amount`.

    Raises:
      ValueError: that is negative.
    """
    if amount > size:
        raise ValueError(f"Negative dimension size caused by subtracting {amount} from {size}")
    return size - amount


def merged_prefix(x: Dims, prefix: Dims) -> None:
    """Refuse what does not begin with `prefix`.

    Raises:
      ValueError: a dimension differs, or the rank is lower.
    """
    if x is not None and prefix is not None:
        with_rank_at_least(x, len(prefix))
        for have, want in zip(x, prefix):
            merge_dim(have, want)


def with_rank_at_least(dims: Dims, rank: int) -> Dims:
    """`dims`.

    Raises:
      ValueError: the rank is lower.
    """
    if dims is not None and len(dims) < rank:
        raise ValueError(f"Shape must be at least rank {rank} but is rank {len(dims)}")
    return dims


def with_rank_at_most(dims: Dims, rank: int) -> Dims:
    """`dims`.

    Raises:
      ValueError: the rank is higher.
    """
    if dims is not None and len(dims) > rank:
        raise ValueError(f"Shape must be at most rank {rank} but is rank {len(dims)}")
    return dims


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
      ValueError: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise ValueError(f"Invalid reduction dimension {axis} for input with {rank} dimensions.")
    return axis % rank if rank else 0
