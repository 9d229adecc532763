"""SparseTensor: three tensors that stand for one in which most elements are zero, and its value in a run."""

from __future__ import annotations

import collections
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.base.slots import Slot
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope

_operators: Any = Slot("operators of sparse tensors")
_spec: Any = Slot("specs of sparse tensors")
SparseTensorValue = export("SparseTensorValue")(
    collections.namedtuple("SparseTensorValue", ["indices", "values", "dense_shape"]))
SparseTensorValue.__doc__ = "What a run gives for a `SparseTensor`, and what may be fed for one."


@export("sparse.SparseTensor")
class SparseTensor:
    """A tensor given by the coordinates and values of its elements that are not zero.

    Args:
      indices: int64, shape [n, rank], in row-major order.
      values: any type, shape [n].
      dense_shape: int64, shape [rank].
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any):
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            indices = convert_to_tensor(indices, name="indices", dtype=dtypes.int64)
            values = convert_to_tensor(values, name="values")
            dense_shape = convert_to_tensor(dense_shape, name="dense_shape", dtype=dtypes.int64)
        self._indices, self._values, self._dense_shape = indices, values, dense_shape
        indices_shape = indices.shape.with_rank(2)
        values_shape = values.shape.with_rank(1)
        dense_shape_shape = dense_shape.shape.with_rank(1)
        indices_shape[0].merge_with(values_shape[0])
        indices_shape[1].merge_with(dense_shape_shape[0])

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """A constant sparse tensor from a `SparseTensorValue`.

        Raises:
          TypeError: the value is neither a `SparseTensorValue` nor a `SparseTensor`.
        """
        kinds: Any = (SparseTensorValue, SparseTensor)
        if not isinstance(sparse_tensor_value, kinds):
            raise TypeError(f"Neither a SparseTensor nor SparseTensorValue: {sparse_tensor_value}.")
        return cls(sparse_tensor_value.indices, sparse_tensor_value.values, sparse_tensor_value.dense_shape)

    @property
    def _type_spec(self) -> Any:
        return _spec.from_value(self)

    @property
    def indices(self) -> Tensor:
        """The coordinates, int64 of shape [n, rank]."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The elements, of shape [n]."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the whole, int64 of shape [rank]."""
        return self._dense_shape

    def _composite_parts(self) -> list[Tensor]:
        return [self._indices, self._values, self._dense_shape]

    def _from_composite_parts(self, parts: list[Tensor]) -> SparseTensor:
        return SparseTensor(*parts)

    def _part_shapes(self, shape: TensorShape | None) -> list[TensorShape]:
        """The shapes of the parts when `dense_shape` has `shape` (what an invariant of a loop says), or its own.

        Raises:
          ValueError: `shape` has not one axis.
        """
        rank_shape = self._dense_shape.shape if shape is None else shape
        if rank_shape.ndims not in (None, 1):
            raise ValueError("Expected a shape with 1 dimension")
        rank = rank_shape.with_rank(1)[0].value
        return [TensorShape([None, rank]), TensorShape([None]), TensorShape([rank])]

    @property
    def op(self) -> Operation:
        return self._values.op

    @property
    def dtype(self) -> dtypes.DType:
        return self._values.dtype

    @property
    def graph(self) -> Any:
        return self._indices.graph

    @property
    def shape(self) -> TensorShape:
        """The static shape of the whole."""
        return self.get_shape()

    def get_shape(self) -> TensorShape:
        """The static shape of the whole."""
        from tfmagic.graph.static_value import constant_value_as_shape

        return as_shape(constant_value_as_shape(self._dense_shape))

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value as a `SparseTensorValue`, computed in `session` or the default session."""
        return SparseTensorValue(*[t.eval(feed_dict, session)
                                   for t in (self._indices, self._values, self._dense_shape)])

    def _fetch_parts(self) -> tuple[list[Tensor], Any]:
        return [self._indices, self._values, self._dense_shape], SparseTensorValue

    def _feed_parts(self, value: Any) -> list[tuple[Tensor, Any]]:
        return list(zip((self._indices, self._values, self._dense_shape), value))

    def consumers(self) -> list[Operation]:
        """The operations that read one of the three tensors."""
        return list(dict.fromkeys(op for tensor in (self._indices, self._values, self._dense_shape)
                                  for op in tensor.consumers()))

    def __mul__(self, y: Any) -> SparseTensor:
        return _operators.mul(self, y)

    def __truediv__(self, y: Any) -> SparseTensor:
        return _operators.truediv(self, y)

    def __div__(self, y: Any) -> SparseTensor:
        return _operators.div(self, y)

    def __str__(self) -> str:
        return f"SparseTensor(indices={self._indices}, values={self._values}, dense_shape={self._dense_shape})"


def as_sparse(value: Any) -> SparseTensor:
    """A sparse tensor, from one or from its value.

    Raises:
      TypeError: the value is neither.
    """
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        raise TypeError("Input must be a SparseTensor.")
    return value


@export("convert_to_tensor_or_sparse_tensor")
def convert_to_tensor_or_sparse_tensor(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Convert a value to a tensor, or to a sparse tensor if it is a `SparseTensorValue`.

    Raises:
      RuntimeError: a sparse tensor has another dtype than the one asked for.
    """
    if isinstance(value, SparseTensorValue):
        value = SparseTensor.from_value(value)
    if isinstance(value, SparseTensor):
        if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
            raise RuntimeError(f"Sparse dtype: requested = {dtypes.as_dtype(dtype).name}, actual = {value.dtype.name}")
        return value
    return convert_to_tensor(value, dtype, name)
