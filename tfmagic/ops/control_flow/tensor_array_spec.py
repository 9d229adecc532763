"""TensorArraySpec: what is known of a TensorArray."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.type_spec import TensorSpec, TypeSpec
from tfmagic.ops import raw
from tfmagic.ops.control_flow.list_array import ListTensorArray
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.ops.control_flow.tensor_lists import element_shape as shape_input


@export("TensorArraySpec")
class TensorArraySpec(TypeSpec):
    """What is known of a `tf.TensorArray`.

    Args:
      element_shape: the shape of each element, as far as it is known.
      dtype: the type of the elements.
      dynamic_size: whether writing beyond the end makes it larger.
      infer_shape: whether all elements have to have one shape.
    """

    __slots__ = ("_element_shape", "_dtype", "_dynamic_size", "_infer_shape")

    def __init__(self, element_shape: Any = None, dtype: Any = dtypes.float32, dynamic_size: bool | None = False,
                 infer_shape: bool | None = True):
        self._element_shape = as_shape(element_shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._dynamic_size = dynamic_size
        self._infer_shape = infer_shape

    @property
    def value_type(self) -> Any:
        """`tf.TensorArray`."""
        return TensorArray

    @staticmethod
    def from_value(value: Any) -> TensorArraySpec:
        """What is known of a TensorArray.

        Raises:
          TypeError: it is none.
        """
        if not isinstance(value, TensorArray):
            raise TypeError(f"Expected value to be a TensorArray, but saw: {type(value)}")
        return TensorArraySpec(dtype=value.dtype, dynamic_size=value._dynamic_size, infer_shape=value._infer_shape,
                               element_shape=value._shapes[0] if value._shapes else None)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a spec or a TensorArray may be what this one describes."""
        if isinstance(other, TensorArray):
            other = self.from_value(other)
        return (isinstance(other, TensorArraySpec) and self._dtype.is_compatible_with(other._dtype)
                and self._element_shape.is_compatible_with(other._element_shape)
                and self._dynamic_size == other._dynamic_size)

    def most_specific_compatible_type(self, other: Any) -> TensorArraySpec:
        """The most exact spec that describes what both describe.

        Raises:
          ValueError: there is none.
        """
        if not self.is_compatible_with(other):
            raise ValueError("Types are not compatible")
        return TensorArraySpec(self._element_shape.most_specific_compatible_shape(other._element_shape), self._dtype,
                               self._dynamic_size, bool(self._infer_shape and other._infer_shape))

    def _serialize(self) -> tuple[Any, ...]:
        return self._element_shape, self._dtype, self._dynamic_size, self._infer_shape

    @property
    def _component_specs(self) -> list[TensorSpec]:
        return [TensorSpec([], dtypes.variant)]

    def _component_specs_of_elements(self) -> list[TensorSpec]:
        return self._component_specs

    def _to_element_tensors(self, value: Any) -> list[Tensor]:
        if not isinstance(value, TensorArray):
            raise TypeError(f"value must be a TensorArray, but saw: {type(value)}")
        if isinstance(value, ListTensorArray):
            return [value.flow]
        with name_scope("convert_tensor_array"):
            return [raw.tensor_list_from_tensor(value.stack(), shape_input(value.element_shape._dims))]

    def _from_element_tensors(self, tensors: list[Tensor]) -> TensorArray:
        result = ListTensorArray(self._dtype, flow=tensors[0], dynamic_size=self._dynamic_size,
                                 infer_shape=self._infer_shape)
        result._shapes = [self._element_shape]
        return result

    def _legacy(self) -> tuple[Any, Any, Any]:
        """TensorFlow tells in front of the elements' shape whether it grows, and whether that shape is to be kept."""
        flags = TensorShape([None if flag is None else int(flag) for flag in (self._dynamic_size, self._infer_shape)])
        return self._dtype, flags.concatenate(self._element_shape), TensorArray
