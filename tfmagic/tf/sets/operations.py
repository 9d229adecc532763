"""Union, intersection, difference and size of the sets in the last dimension of dense and sparse tensors."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from tfmagic.ops import raw

_TYPES = (dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.uint8, dtypes.uint16, dtypes.string)


@export("sets.size")
def set_size(a: Any, validate_indices: bool = True) -> Tensor:
    """How many different elements each set has.

    Args:
      a: a `SparseTensor` of at least two dimensions.
      validate_indices: whether its coordinates must be in order and not repeat.

    Returns:
      An int32 tensor of the shape of `a` without its last dimension.

    Raises:
      TypeError: `a` is no sparse tensor, or of a type that has no sets.
    """
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    if not isinstance(a, SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {a}.")
    if a.values.dtype.base_dtype not in _TYPES:
        raise TypeError(f"Invalid dtype {a.values.dtype}.")
    return raw.set_size(a.indices, a.values, a.dense_shape, validate_indices)


def _operands(a: Any, b: Any) -> tuple[Any, Any, bool]:
    """Both operands as tensors, the dense one first, and whether they changed places.

    Raises:
      TypeError: a type that has no sets, or two types.
    """
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    if a.dtype.base_dtype not in _TYPES:
        raise TypeError(f"'a' invalid dtype {a.dtype}.")
    b = convert_to_tensor_or_sparse_tensor(b, name="b")
    if b.dtype.base_dtype != a.dtype.base_dtype:
        raise TypeError(f"Types don't match, {a.dtype} vs {b.dtype}.")
    if isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
        return b, a, True
    return a, b, False


def _operation(a: Any, b: Any, operation: str, validate_indices: bool) -> SparseTensor:
    if isinstance(a, SparseTensor):
        found = raw.sparse_to_sparse_set_operation(a.indices, a.values, a.dense_shape, b.indices, b.values,
                                                   b.dense_shape, operation, validate_indices)
    elif isinstance(b, SparseTensor):
        found = raw.dense_to_sparse_set_operation(a, b.indices, b.values, b.dense_shape, operation, validate_indices)
    else:
        found = raw.dense_to_dense_set_operation(a, b, operation, validate_indices)
    return SparseTensor(*found)


@export("sets.intersection")
def set_intersection(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """What two sets have in common.

    Args:
      a, b: tensors or `SparseTensor`s of one type, integer or string, and equal in all dimensions but the last.
      validate_indices: whether coordinates must be in order and not repeat.

    Returns:
      A `SparseTensor` with the elements of each set in ascending order.

    Raises:
      TypeError: a type that has no sets, or two types.
    """
    a, b, _ = _operands(a, b)
    return _operation(a, b, "intersection", validate_indices)


@export("sets.difference")
def set_difference(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> SparseTensor:
    """What one set has and the other has not.

    Args:
      a, b: tensors or `SparseTensor`s of one type, integer or string, and equal in all dimensions but the last.
      aminusb: whether `b` is taken from `a`, or `a` from `b`.
      validate_indices: whether coordinates must be in order and not repeat.

    Returns:
      A `SparseTensor` with the elements of each set in ascending order.

    Raises:
      TypeError: a type that has no sets, or two types.
    """
    a, b, flipped = _operands(a, b)
    return _operation(a, b, "a-b" if bool(aminusb) != flipped else "b-a", validate_indices)


@export("sets.union")
def set_union(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """What is in one of two sets.

    Args:
      a, b: tensors or `SparseTensor`s of one type, integer or string, and equal in all dimensions but the last.
      validate_indices: whether coordinates must be in order and not repeat.

    Returns:
      A `SparseTensor` with the elements of each set in ascending order.

    Raises:
      TypeError: a type that has no sets, or two types.
    """
    a, b, _ = _operands(a, b)
    return _operation(a, b, "union", validate_indices)
