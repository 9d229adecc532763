"""Lists of tensors, variants that change by giving another list: `tensorflow.python.ops.list_ops`.

A list's handle is a scalar variant. What is said of the shape of its elements is a list, a `TensorShape`, an int32
vector with -1 for what is not known, or None.
"""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.tensor_lists import element_shape as _shape


def empty_tensor_list(element_shape: Any, element_dtype: Any, max_num_elements: Any = None,
                      name: str | None = None) -> Tensor:
    """A list without elements, which takes `max_num_elements` at most; -1 or None is no limit."""
    most = -1 if max_num_elements is None else max_num_elements
    return raw.empty_tensor_list(_shape(element_shape), most, element_dtype, name=name)


def tensor_list_reserve(element_shape: Any, num_elements: Any, element_dtype: Any, name: str | None = None) -> Tensor:
    """A list of `num_elements` elements that are not set yet; they read as zeros where their shape is known."""
    return raw.tensor_list_reserve(_shape(element_shape), num_elements, element_dtype, name=name)


def tensor_list_from_tensor(tensor: Any, element_shape: Any, name: str | None = None) -> Tensor:
    """The list of the rows of a tensor."""
    return raw.tensor_list_from_tensor(tensor, _shape(element_shape), name=name)


def tensor_list_get_item(input_handle: Tensor, index: Any, element_dtype: Any, element_shape: Any = None,
                         name: str | None = None) -> Tensor:
    """The element at `index`, an int32 scalar."""
    return raw.tensor_list_get_item(input_handle, index, _shape(element_shape), element_dtype, name=name)


def tensor_list_pop_back(input_handle: Tensor, element_dtype: Any, name: str | None = None) -> Any:
    """The list without its last element, and that element."""
    return raw.tensor_list_pop_back(input_handle, -1, element_dtype, name=name)


def tensor_list_gather(input_handle: Tensor, indices: Any, element_dtype: Any, element_shape: Any = None,
                       name: str | None = None) -> Tensor:
    """The elements at `indices`, an int32 vector, as the rows of one tensor."""
    return raw.tensor_list_gather(input_handle, indices, _shape(element_shape), element_dtype, name=name)


def tensor_list_scatter(tensor: Any, indices: Any, element_shape: Any = None, input_handle: Any = None,
                        name: str | None = None) -> Tensor:
    """A list with the rows of `tensor` at `indices`: a new one, or what becomes of `input_handle`."""
    if input_handle is not None:
        return raw.tensor_list_scatter_into_existing_list(input_handle, tensor, indices, name=name)
    return raw.tensor_list_scatter_v2(tensor, indices, _shape(element_shape), -1, name=name)


def tensor_list_stack(input_handle: Tensor, element_dtype: Any, num_elements: Any = -1, element_shape: Any = None,
                      name: str | None = None) -> Tensor:
    """All elements as the rows of one tensor; there must be `num_elements` of them where it is not -1."""
    return raw.tensor_list_stack(input_handle, _shape(element_shape), element_dtype, num_elements, name=name)


def tensor_list_concat(input_handle: Tensor, element_dtype: Any, element_shape: Any = None,
                       name: str | None = None) -> Tensor:
    """All elements one after the other along their first dimension."""
    return raw.tensor_list_concat_v2(input_handle, _shape(element_shape), constant([], dtypes.int64), element_dtype,
                                     name=name)[0]


def tensor_list_split(tensor: Any, element_shape: Any, lengths: Any, name: str | None = None) -> Tensor:
    """The list of parts of a tensor: so many rows for each as `lengths`, an int64 vector, says."""
    return raw.tensor_list_split(tensor, _shape(element_shape), lengths, name=name)


def tensor_list_set_item(input_handle: Tensor, index: Any, item: Any, resize_if_index_out_of_bounds: bool = False,
                         name: str | None = None) -> Tensor:
    """The list with another element at `index`, which can make it longer."""
    if resize_if_index_out_of_bounds:
        size = raw.tensor_list_length(input_handle)
        input_handle = api.cond(index >= size, lambda: raw.tensor_list_resize(input_handle, index + 1),
                                lambda: input_handle)
    return raw.tensor_list_set_item(input_handle, index, item, name=name)
