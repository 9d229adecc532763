"""Structures of type specs: what an element of a data set is, and the tensors by which it is held."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.graph.type_spec import SparseTensorSpec, TensorSpec, TypeSpec, type_spec_from_value
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.ops.control_flow.tensor_array_spec import TensorArraySpec
from tfmagic.tf.data import nest


def spec_of(element: Any, use_fallback: bool = True) -> Any:
    """The structure of specs of a value.

    Args:
      use_fallback: whether one Python number, text or list counts as the tensor that it converts to.

    Raises:
      TypeError: there is no spec for a part of it.
    """
    if nest.is_nested(element):
        return nest.map_structure(lambda leaf: _leaf_spec(leaf, True), element)
    return _leaf_spec(element, use_fallback)


def _leaf_spec(value: Any, use_fallback: bool) -> Any:
    try:
        return type_spec_from_value(value)
    except TypeError:
        if isinstance(value, np.ndarray):
            return TensorSpec(value.shape, value.dtype)
        if use_fallback:
            with contextlib.suppress(TypeError, ValueError):
                return type_spec_from_value(convert_to_tensor(value))
        raise TypeError(f"Could not build a TypeSpec for {value!r} with type {type(value).__name__}") from None


@export("data.experimental.get_structure")
def get_structure(dataset_or_iterator: Any) -> Any:
    """The structure of an element: its type specs.

    Raises:
      TypeError: it is neither a data set nor an iterator.
    """
    try:
        return dataset_or_iterator.element_spec
    except AttributeError:
        raise TypeError("`dataset_or_iterator` must be a Dataset or Iterator object, but got "
                        f"{type(dataset_or_iterator)}.") from None


def normalized(element: Any) -> Any:
    """An element whose leaves are tensors, sparse tensors, or other values that have a spec."""
    leaves: list[Any] = []
    with name_scope("normalize_element"):
        for index, leaf in enumerate(nest.flatten(element)):
            try:
                spec = type_spec_from_value(leaf)
            except TypeError:
                leaves.append(convert_to_tensor(leaf, name=f"component_{index}"))
                continue
            if isinstance(spec, SparseTensorSpec):
                leaves.append(SparseTensor.from_value(leaf))
            elif isinstance(spec, TensorSpec):
                leaves.append(convert_to_tensor(leaf, spec.dtype, name=f"component_{index}"))
            else:
                leaves.append(spec._normalized(leaf, f"component_{index}"))
    return nest.pack_as(element, leaves)


def to_tensors(element_spec: Any, element: Any) -> list[Tensor]:
    """An element as the tensors by which elements of this structure are held.

    Raises:
      ValueError: it has another structure.
    """
    nest.assert_same_structure(element_spec, element)
    return [tensor for leaf, part in zip(nest.flatten(element_spec), nest.flatten(element))
            for tensor in leaf._to_element_tensors(part)]


def to_batched_tensors(element_spec: Any, element: Any) -> list[Tensor]:
    """The same of a batch of elements: the rows of the tensors are the elements."""
    return [tensor for leaf, part in zip(nest.flatten(element_spec), nest.flatten(element))
            for tensor in leaf._to_batched_tensors(part)]


def from_tensors(element_spec: Any, tensor_list: Sequence[Tensor]) -> Any:
    """The value of this structure that such tensors stand for."""
    leaves, position = [], 0
    for leaf in nest.flatten(element_spec):
        count = len(leaf._component_specs_of_elements())
        leaves.append(leaf._from_element_tensors(list(tensor_list[position:position + count])))
        position += count
    return nest.pack_as(element_spec, leaves)


def from_tensor_list(element_spec: Any, tensor_list: Sequence[Tensor]) -> Any:
    """The value of this structure that tensors stand for, which are checked.

    Raises:
      ValueError: there are more or less of them, or one is none of the kind.
    """
    parts = components(element_spec)
    if len(parts) != len(tensor_list):
        raise ValueError(f"Expected {len(parts)} tensors but got {len(tensor_list)}.")
    for index, (part, tensor) in enumerate(zip(parts, tensor_list)):
        if not part.is_compatible_with(tensor):
            raise ValueError(f"Incompatible input: tensor {index} ({tensor}) is incompatible with {part}")
    return from_tensors(element_spec, tensor_list)


def flat_tensor_types(element_spec: Any) -> list[Any]:
    """The types of the tensors by which an element is held."""
    return [part.dtype for part in components(element_spec)]


def flat_tensor_shapes(element_spec: Any) -> list[TensorShape]:
    """The shapes of the tensors by which an element is held."""
    return [part.shape for part in components(element_spec)]


def are_compatible(spec1: Any, spec2: Any) -> bool:
    """Whether two structures of specs nest alike, in specs that may describe the same."""
    try:
        nest.assert_same_structure(spec1, spec2)
    except (TypeError, ValueError):
        return False
    return all(one.is_compatible_with(other) for one, other in zip(nest.flatten(spec1), nest.flatten(spec2)))


def components(element_spec: Any) -> list[TensorSpec]:
    """The specs of the tensors by which an element is held."""
    return [part for leaf in nest.flatten(element_spec) for part in leaf._component_specs_of_elements()]


def flat_attrs(spec: Any) -> dict[str, Any]:
    """The attrs `output_types` and `output_shapes` of a node whose elements are of this structure."""
    return {"output_types": flat_tensor_types(spec), "output_shapes": flat_tensor_shapes(spec)}


def batched(spec: Any, size: int | None) -> Any:
    """The structure of a batch."""
    return nest.map_structure(lambda leaf: leaf._batch(size), spec)


def unbatched(spec: Any) -> Any:
    """The structure of an element of a batch."""
    return nest.map_structure(lambda leaf: leaf._unbatch(), spec)


def legacy(spec: Any, which: int) -> Any:
    """Types (0), shapes (1) or classes (2) of a structure."""
    return nest.map_structure(lambda leaf: leaf._legacy()[which], spec)


def from_legacy(output_types: Any, output_shapes: Any, output_classes: Any) -> Any:
    """The structure that types, shapes and classes describe.

    Raises:
      TypeError: there is no spec for a class.
    """
    leaves = [_spec_of_class(*parts) for parts in zip(*map(nest.flatten, (output_types, output_shapes,
                                                                         output_classes)))]
    return nest.pack_as(output_types, leaves)


def _spec_of_class(dtype: Any, shape: Any, cls: Any) -> Any:
    if isinstance(cls, TypeSpec):
        return cls
    if isinstance(cls, type):
        if issubclass(cls, SparseTensor):
            return SparseTensorSpec(shape, dtype)
        if issubclass(cls, Tensor):
            return TensorSpec(shape, dtype)
        if issubclass(cls, TensorArray):  # its shape has two flags in front
            sizes = [None, None] if shape.ndims is None else shape.as_list()
            dynamic, inferred = (None if flag is None else bool(flag) for flag in sizes[:2])
            return TensorArraySpec(None if shape.ndims is None else shape[2:], dtype, dynamic, inferred)
    raise TypeError(f"Could not build a structure for output class {getattr(cls, '__name__', cls)!r}")


def as_types(types: Any) -> Any:
    """A structure of DTypes."""
    return nest.map_structure(dtypes.as_dtype, types)


def as_shapes(types: Any, shapes: Any) -> Any:
    """A structure of shapes, nested as `types` is: where `types` has a leaf, `shapes` may have a list or tuple."""
    if not nest.is_nested(types):
        return as_shape(shapes)
    leaves = nest.flatten_up_to(types, shapes)
    return nest.pack_as(types, [as_shape(leaf) for leaf in leaves])


def unknown_shapes(types: Any) -> Any:
    """Unknown shapes, nested as types are."""
    return nest.map_structure(lambda _: TensorShape(None), types)
