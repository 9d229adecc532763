"""tf.TensorArray as a list of tensors (a variant): what it is in functions and under control flow v2."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.convert import constant, to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.control_flow.tensor_array import TensorArray, as_int64, common_length
from tfmagic.ops.control_flow.tensor_lists import element_shape as shape_input


class ListTensorArray(TensorArray):
    """A `tf.TensorArray` whose flow is the list itself: writing gives another list, nothing else changes."""

    def __init__(self, dtype: Any, size: Any = None, dynamic_size: Any = None, clear_after_read: Any = None,
                 tensor_array_name: str | None = None, handle: Any = None, flow: Any = None,
                 infer_shape: bool | None = True, element_shape: Any = None,
                 colocate_with_first_write_call: bool = True, name: str | None = None):
        if handle is not None:
            raise ValueError("TensorArray handles are not supported when eager execution is enabled.\nIn functions and "
                             "under control flow v2 a TensorArray has none: go on from its `flow`.")
        if flow is not None and (not isinstance(flow, Tensor) or flow.dtype.base_dtype is not dtypes.variant):
            raise TypeError("flow must be a variant tensor")
        if flow is None and size is None:
            raise ValueError("Size must be provided if flow is not provided")
        for value, what in ((size, "size"), (element_shape, "element_shape")):
            if flow is not None and value is not None:
                raise ValueError(f"Cannot provide both a flow and {what} at the same time")
        self._dtype = as_dtype(dtype).base_dtype
        self._dynamic_size = dynamic_size
        self._infer_shape = infer_shape
        self._shapes = [TensorShape(None) if element_shape is None else as_shape(element_shape)]
        with name_scope(name, "TensorArrayV2", [size, flow]) as scope:
            self._flow = flow if flow is not None else raw.tensor_list_reserve(
                shape_input(self._shapes[0]._dims), size, self._dtype, name=scope)

    @property
    def handle(self) -> Any:
        """None: the flow is all there is."""
        return None

    def _learn_shape(self, found: TensorShape) -> None:
        if not found.is_compatible_with(self._shapes[0]):
            raise ValueError(f"Inconsistent shapes: saw {found} but expected {self._shapes[0]} ")
        if self._infer_shape:
            self._shapes[0] = self._shapes[0].merge_with(found)

    def _follow(self, flow: Tensor) -> TensorArray:
        result = ListTensorArray(self._dtype, flow=flow, infer_shape=self._infer_shape,
                                 dynamic_size=self._dynamic_size)
        result._shapes = self._shapes
        return result

    def _shape(self) -> Any:
        return shape_input(self.element_shape._dims)

    def _value(self, value: Any) -> Tensor:
        return to_tensor(value, None, "value", preferred=self._dtype)

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> TensorArray:
        raise NotImplementedError("A TensorArray in a function, or under control flow v2, has no TensorArray of "
                                  "gradients: take tf.gradients of what is read from it.")

    def read(self, index: Any, name: str | None = None) -> Tensor:
        with name_scope(name, "TensorArrayV2Read", [self._flow, index]):
            return raw.tensor_list_get_item(self._flow, index, self._shape(), self._dtype, name=name)

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        with name_scope(name, "TensorArrayV2Write", [self._flow, index, value]):
            value = self._value(value)
            self._learn_shape(value.shape)
            flow = self._flow
            if self._dynamic_size:
                length = raw.tensor_list_length(flow)
                flow = cond(index >= length, lambda: raw.tensor_list_resize(self._flow, index + 1), lambda: self._flow)
            return self._follow(raw.tensor_list_set_item(flow, index, value, name=name))

    def stack(self, name: str | None = None) -> Tensor:
        with name_scope(name, "TensorArrayV2Stack", [self._flow]):
            return raw.tensor_list_stack(self._flow, self._shape(), self._dtype)

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        return raw.tensor_list_gather(self._flow, indices, self._shape(), self._dtype, name=name)

    def concat(self, name: str | None = None) -> Tensor:
        dims = self.element_shape._dims
        leading = constant([], dtypes.int64)
        return raw.tensor_list_concat_v2(self._flow, shape_input(dims and (None, *dims[1:])), leading, self._dtype,
                                         name=name)[0]

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        with name_scope(name, "TensorArrayUnstack", [self._flow, value]):
            value = self._value(value)
            rows = value.shape[1:]
            self._learn_shape(rows)
            return self._follow(raw.tensor_list_from_tensor(value, shape_input(rows._dims)))

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        with name_scope(name, "TensorArrayScatter", [self._flow, value, indices]):
            value = self._value(value)
            self._learn_shape(value.shape[1:])
            return self._follow(raw.tensor_list_scatter_into_existing_list(self._flow, value, indices))

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        with name_scope(name, "TensorArraySplit", [self._flow, value, lengths]):
            value = self._value(value)
            lengths = as_int64(lengths)
            length = common_length(lengths)
            if length is not None and value.shape.dims is not None:
                self._learn_shape(TensorShape([length]).concatenate(value.shape[1:]))
            return self._follow(raw.tensor_list_split(value, self._shape(), lengths))

    def size(self, name: str | None = None) -> Tensor:
        return raw.tensor_list_length(self._flow, name=name)

    def close(self, name: str | None = None) -> Operation:
        """Nothing needs to be freed: a list is gone with its last reader."""
        return raw.no_op(name=name)

