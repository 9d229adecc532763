"""RaggedTensorSpec: what is known of a ragged tensor."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.operation import Tensor
from tfmagic.graph.type_spec import BatchableTypeSpec, TensorSpec
from tfmagic.tf.ragged.tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor


@export("RaggedTensorSpec")
class RaggedTensorSpec(BatchableTypeSpec):
    """What is known of a ragged tensor.

    Args:
      shape: its shape, as far as it is known.
      dtype: the type of its values.
      ragged_rank: how many times it is divided into rows; by default all but the last axis may be ragged.
      row_splits_dtype: the type of the splits.

    Raises:
      ValueError: neither the rank nor `ragged_rank` is given, or they do not fit.
      TypeError: `ragged_rank` is no integer.
    """

    __slots__ = ("_shape", "_dtype", "_ragged_rank", "_row_splits_dtype")

    def __init__(self, shape: Any = None, dtype: Any = dtypes.float32, ragged_rank: int | None = None,
                 row_splits_dtype: Any = dtypes.int64):
        self._shape = as_shape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._row_splits_dtype = dtypes.as_dtype(row_splits_dtype)
        rank = self._shape.ndims
        if ragged_rank is None:
            if rank is None:
                raise ValueError("Must specify ragged_rank or a shape with a known rank.")
            ragged_rank = rank - 1
        if not isinstance(ragged_rank, int):
            raise TypeError("ragged_rank must be an int")
        if rank is not None and ragged_rank >= rank:
            raise ValueError("ragged_rank must be less than rank.")
        self._ragged_rank = ragged_rank

    @property
    def value_type(self) -> Any:
        """`tf.RaggedTensor`."""
        return RaggedTensor

    @classmethod
    def from_value(cls, value: Any) -> RaggedTensorSpec:
        """What is known of a ragged tensor."""
        return cls(shape=value.shape, dtype=value.values.dtype, ragged_rank=value.ragged_rank,
                   row_splits_dtype=value.row_splits.dtype)

    def _serialize(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._ragged_rank, self._row_splits_dtype

    @property
    def _component_specs(self) -> list[TensorSpec]:
        if self._ragged_rank == 0:
            return [TensorSpec(self._shape, self._dtype)]
        within = self._shape[self._ragged_rank + 1:] if self._shape.ndims is not None else TensorShape(None)
        first = None if self._shape.ndims is None else self._shape.as_list()[0]
        splits = [None if first is None else first + 1] + [None] * (self._ragged_rank - 1)
        return [TensorSpec(TensorShape([None]).concatenate(within), self._dtype),
                *(TensorSpec([size], self._row_splits_dtype) for size in splits)]

    def _batch(self, size: int | None) -> RaggedTensorSpec:
        return RaggedTensorSpec(TensorShape([size]).concatenate(self._shape), self._dtype, self._ragged_rank + 1,
                                self._row_splits_dtype)

    def _unbatch(self) -> RaggedTensorSpec:
        return RaggedTensorSpec(self._shape[1:] if self._shape.ndims is not None else None, self._dtype,
                                self._ragged_rank - 1, self._row_splits_dtype)

    def _component_specs_of_elements(self) -> list[TensorSpec]:
        return [TensorSpec(None, dtypes.variant)]

    def _to_element_tensors(self, value: Any) -> list[Tensor]:
        return [value._to_variant(batched_input=False)]

    def _normalized(self, value: Any, name: str) -> RaggedTensor:
        return convert_to_tensor_or_ragged_tensor(value, name=name)

    def _to_batched_tensors(self, value: Any) -> list[Tensor]:
        return [value._to_variant(batched_input=True)]

    def _from_element_tensors(self, tensors: list[Tensor]) -> RaggedTensor:
        result = RaggedTensor._from_variant(tensors[0], self._dtype, self._ragged_rank, self._row_splits_dtype)
        if self._shape.ndims is not None:
            first = self._shape.as_list()[0]
            if first is not None:
                result.row_splits.set_shape([first + 1])
            result.flat_values.set_shape(TensorShape([None]).concatenate(self._shape[self._ragged_rank + 1:]))
        return result

    def _legacy(self) -> tuple[Any, Any, Any]:
        return self._dtype, self._shape, self
