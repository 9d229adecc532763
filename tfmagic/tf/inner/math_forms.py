"""Functions of `math_ops` and `array_ops` that were never public: slices of all rows, axes, quotients under a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.gradients import is_trainable
from tfmagic.graph.indexed_slices import IndexedSlices, unify_index_types
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import gather, shape_ops
from tfmagic.ops.math import reduce

# Marks of a slice's axes that are added or taken away.
NEW_AXIS, SHRINK_AXIS = -1, -2


class DivideDelegateWithName:
    """A tensor whose quotients have a name.

    Args:
      x: the dividend.
      name: of the node.
    """

    __module__ = "tensorflow.python.ops.math_ops"

    def __init__(self, x: Any, name: str | None):
        self.x, self.name = x, name

    def __truediv__(self, y: Any) -> Tensor:
        return api.math.truediv(self.x, y, self.name)

    def __floordiv__(self, y: Any) -> Tensor:
        return api.math.floordiv(self.x, y, self.name)

    def __div__(self, y: Any) -> Tensor:
        """The quotient as Python 2 has it: whole numbers give whole numbers."""
        return div_python2(self.x, y, self.name)


def div_python2(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient as Python 2 has it: whole numbers give whole numbers.

    Raises:
      TypeError: the types differ.
    """
    with api.name_scope(name, "div", [x, y]) as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y", dtype=x.dtype.base_dtype)
        divide = raw.real_div if x.dtype.is_floating or x.dtype.is_complex else raw.floor_div
        return divide(x, y, name=scope)


def tensor_equals(self: Any, other: Any) -> bool:
    """Whether two tensors are the same one, as `==` tells it in TensorFlow 1."""
    return self is other


def tensor_not_equals(self: Any, other: Any) -> bool:
    """Whether two tensors are not the same one, as `!=` tells it in TensorFlow 1."""
    return self is not other


def as_indexed_slices(x: Any, optimize: bool = True) -> IndexedSlices:
    """A tensor as slices of all its rows; slices stay what they are.

    Args:
      optimize: whether a shape that is known becomes a constant.

    Raises:
      TypeError: it is neither.
    """
    if isinstance(x, IndexedSlices):
        return x
    if not isinstance(x, Tensor):
        raise TypeError(f"Not a Tensor or IndexedSlices: {type(x)}")
    shape = shape_ops.shape_internal(x, optimize=optimize)
    return IndexedSlices(x, api.range(0, shape[0]), shape)


def as_indexed_slices_list(inputs: Sequence[Any], optimize: bool = True) -> list[IndexedSlices]:
    """`as_indexed_slices` of each, with indices of one type.

    Raises:
      TypeError: `inputs` is no list, or one is neither a tensor nor slices.
    """
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(f"Expected a list or tuple, not a {type(inputs)}")
    slices = [as_indexed_slices(x, optimize) for x in inputs]
    if len({part.indices.dtype for part in slices}) == 1:
        return slices
    return unify_index_types(slices, api.cast)


def reduction_dims(x: Any, axis: Any, reduction_indices: Any = None) -> Any:
    """The axes of a reduction: those given, or all of them.

    Raises:
      ValueError: they are given twice.
    """
    if reduction_indices is not None:
        if axis is not None:
            raise ValueError("Can't specify both axis' and 'reduction_indices'.")
        axis = reduction_indices
    if axis is None and isinstance(x, api.SparseTensor) and x.dense_shape.shape.is_fully_defined():
        return api.constant(list(range(x.dense_shape.shape[0].value)), dtypes.int32)
    return reduce.reduction_dims(x, axis)


def hessians_v2(ys: Any, xs: Any, gate_gradients: bool = False, aggregation_method: Any = None,
                name: str = "hessians") -> list[Tensor]:
    """`tf.hessians` of TensorFlow 2, which does not colocate gradients."""
    return api.hessians(ys, xs, name, False, gate_gradients, aggregation_method)


def trainable(tensor_or_dtype: Any) -> bool:
    """Whether gradients flow through tensors of a type."""
    if isinstance(tensor_or_dtype, Tensor):
        return is_trainable(tensor_or_dtype)
    return is_trainable(_OfType(dtypes.as_dtype(tensor_or_dtype)))


class _OfType:
    """What a tensor of a type says of itself where nothing else is asked."""

    _handle_data = None

    def __init__(self, dtype: dtypes.DType):
        self.dtype = dtype


# --- array_ops -------------------------------------------------------------------------------------------------------


def batch_gather_nd(params: Any, indices: Any, batch_dims: Any, name: str | None = None) -> Tensor:
    """`tf.gather_nd` that always puts the coordinates of the batch before the given ones.

    Raises:
      TypeError: `batch_dims` is no number.
      ValueError: it is negative, or not less than the rank of `indices`.
    """
    if not isinstance(batch_dims, int):
        raise TypeError(f"batch_dims must be an int; got {batch_dims!r}")
    if batch_dims < 0:
        raise ValueError("tf.gather_nd does not allow negative batch_dims.")
    return gather.batch_gather_nd(params, indices, batch_dims, name)


def zeros_like_impl(tensor: Any, dtype: Any, name: str | None, optimize: bool = True) -> Tensor:
    """`tf.zeros_like`, every argument said."""
    return api.zeros_like(tensor, dtype, name, optimize)


def ones_like_impl(tensor: Any, dtype: Any, name: str | None, optimize: bool = True) -> Tensor:
    """`tf.ones_like`, every argument said."""
    return api.ones_like(tensor, dtype, name, optimize)


def all_dimensions(x: Any) -> Tensor:
    """The numbers of all axes: int32, a constant where the rank is known."""
    rank = x.shape.ndims if isinstance(x, Tensor) else x.dense_shape.shape[0].value
    if rank is None:
        return api.range(0, shape_ops.rank(x))
    return api.constant(list(range(rank)), dtypes.int32)
