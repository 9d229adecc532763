"""IndexedSlicesSpec: what is known of slices with indices."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.type_spec import TensorSpec, TypeSpec, register_spec


@export("IndexedSlicesSpec")
class IndexedSlicesSpec(TypeSpec):
    """What is known of `tf.IndexedSlices`.

    Args:
      shape: the shape of the whole, as far as it is known.
      dtype: the type of the values.
      indices_dtype: the type of the indices.
      dense_shape_dtype: the type of the dense shape, or None where there is none.
      indices_shape: the shape of the indices.
    """

    __slots__ = ("_shape", "_values_dtype", "_indices_dtype", "_dense_shape_dtype", "_indices_shape")

    def __init__(self, shape: Any = None, dtype: Any = dtypes.float32, indices_dtype: Any = dtypes.int64,
                 dense_shape_dtype: Any = None, indices_shape: Any = None):
        self._shape = as_shape(shape)
        self._values_dtype = dtypes.as_dtype(dtype)
        self._indices_dtype = dtypes.as_dtype(indices_dtype)
        self._dense_shape_dtype = None if dense_shape_dtype is None else dtypes.as_dtype(dense_shape_dtype)
        self._indices_shape = as_shape(indices_shape).with_rank(1)

    @property
    def value_type(self) -> Any:
        """`tf.IndexedSlices`."""
        return IndexedSlices

    def _serialize(self) -> tuple[Any, ...]:
        return (self._shape, self._values_dtype, self._indices_dtype, self._dense_shape_dtype, self._indices_shape)

    @property
    def _component_specs(self) -> tuple[TensorSpec, ...]:
        specs = (TensorSpec(self._indices_shape.concatenate(self._shape[1:]), self._values_dtype),
                 TensorSpec(self._indices_shape, self._indices_dtype))
        if self._dense_shape_dtype is None:
            return specs
        return (*specs, TensorSpec([self._shape.ndims], self._dense_shape_dtype))


def spec_of_slices(value: Any) -> IndexedSlicesSpec:
    """The spec of slices: what is known of the whole follows from the rows and from `dense_shape`."""
    dense = value.dense_shape
    shape = TensorShape([None]).concatenate(value.values.shape[1:]).merge_with(value.shape)
    return IndexedSlicesSpec(shape, value.values.dtype, value.indices.dtype,
                             None if dense is None else dense.dtype, value.indices.shape)


register_spec(IndexedSlices, spec_of_slices)
