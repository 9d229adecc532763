"""Structures of type specs: what an element of a data set is, and the tensors by which it is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.graph.type_spec import SparseTensorSpec, TensorSpec, TypeSpec, type_spec_from_value
from tfmagic.tf.data import nest


def spec_of(value: Any) -> Any:
    """The structure of specs of a value; Python numbers, text and arrays count as the tensors that they convert to.

    Raises:
      TypeError: there is no tensor for a part of it.
    """
    if nest.is_nested(value):
        return nest.map_structure(_leaf_spec, value)
    return _leaf_spec(value)


def _leaf_spec(value: Any) -> Any:
    try:
        return type_spec_from_value(value)
    except TypeError:
        try:
            return type_spec_from_value(convert_to_tensor(value))
        except (TypeError, ValueError):
            raise TypeError(f"Could not build a TypeSpec for {value!r} with type {type(value).__name__}") from None


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
                leaves.append(leaf)
    return nest.pack_as(element, leaves)


def to_tensors(spec: Any, value: Any) -> list[Tensor]:
    """A value as the tensors by which elements of this structure are held.

    Raises:
      ValueError: it has another structure.
    """
    nest.assert_same(spec, value)
    return [tensor for leaf, part in zip(nest.flatten(spec), nest.flatten(value))
            for tensor in leaf._to_element_tensors(part)]


def to_batched_tensors(spec: Any, value: Any) -> list[Tensor]:
    """The same of a batch of elements: the rows of the tensors are the elements."""
    return [tensor for leaf, part in zip(nest.flatten(spec), nest.flatten(value))
            for tensor in leaf._to_batched_tensors(part)]


def from_tensors(spec: Any, tensors: Sequence[Tensor]) -> Any:
    """The value of this structure that such tensors stand for."""
    leaves, position = [], 0
    for leaf in nest.flatten(spec):
        count = len(leaf._component_specs_of_elements())
        leaves.append(leaf._from_element_tensors(list(tensors[position:position + count])))
        position += count
    return nest.pack_as(spec, leaves)


def components(spec: Any) -> list[TensorSpec]:
    """The specs of the tensors by which an element is held."""
    return [part for leaf in nest.flatten(spec) for part in leaf._component_specs_of_elements()]


def flat_attrs(spec: Any) -> dict[str, Any]:
    """The attrs `output_types` and `output_shapes` of a node whose elements are of this structure."""
    parts = components(spec)
    return {"output_types": [part.dtype for part in parts], "output_shapes": [part.shape for part in parts]}


def batched(spec: Any, size: int | None) -> Any:
    """The structure of a batch."""
    return nest.map_structure(lambda leaf: leaf._batch(size), spec)


def unbatched(spec: Any) -> Any:
    """The structure of an element of a batch."""
    return nest.map_structure(lambda leaf: leaf._unbatch(), spec)


def legacy(spec: Any, which: int) -> Any:
    """Types (0), shapes (1) or classes (2) of a structure."""
    return nest.map_structure(lambda leaf: leaf._legacy()[which], spec)


def from_legacy(types: Any, shapes: Any, classes: Any) -> Any:
    """The structure that types, shapes and classes describe."""
    leaves = []
    for dtype, shape, cls in zip(nest.flatten(types), nest.flatten(shapes), nest.flatten(classes)):
        if isinstance(cls, TypeSpec):
            leaves.append(cls)
        elif isinstance(cls, type) and issubclass(cls, SparseTensor):
            leaves.append(SparseTensorSpec(shape, dtype))
        elif isinstance(cls, type) and issubclass(cls, Tensor):
            leaves.append(TensorSpec(shape, dtype))
        else:
            raise TypeError(f"Could not build a structure for output class {getattr(cls, '__name__', cls)!r}")
    return nest.pack_as(types, leaves)


def as_types(types: Any) -> Any:
    """A structure of DTypes."""
    return nest.map_structure(dtypes.as_dtype, types)


def as_shapes(types: Any, shapes: Any) -> Any:
    """A structure of shapes, nested as `types` is: where `types` has a leaf, `shapes` may have a list or tuple."""
    if not nest.is_nested(types):
        return as_shape(shapes)
    leaves = shape_leaves(types, shapes)
    return nest.pack_as(types, [as_shape(leaf) for leaf in leaves])


def shape_leaves(like: Any, given: Any) -> list[Any]:
    """What stands in a structure at the leaves of another one that nests as it does as far as it goes.

    Raises:
      ValueError, TypeError: it does not.
    """
    if not nest.is_nested(like):
        return [given]
    if not nest.is_nested(given) and not isinstance(given, list):
        raise TypeError(f"If shallow structure is a sequence, input must also be a sequence. Input has type: "
                        f"{type(given)}.")
    if isinstance(like, dict):
        if set(like) != set(given):
            raise ValueError(f"The two structures don't have the same keys. Input structure has keys {list(given)}, "
                             f"while shallow structure has keys {list(like)}.")
        return [leaf for key in sorted(like) for leaf in shape_leaves(like[key], given[key])]
    parts, others = nest._children(like), nest._children(given) if nest.is_nested(given) else list(given)
    if len(parts) != len(others):
        raise ValueError("The two structures don't have the same sequence length. Input structure has length "
                         f"{len(others)}, while shallow structure has length {len(parts)}.")
    return [leaf for part, other in zip(parts, others) for leaf in shape_leaves(part, other)]


def unknown_shapes(types: Any) -> Any:
    """Unknown shapes, nested as types are."""
    return nest.map_structure(lambda _: TensorShape(None), types)


@export("data.experimental.TensorStructure")
@deprecated(None, "Use `tf.TensorSpec` instead.")
def tensor_structure(dtype: Any, shape: Any) -> TensorSpec:
    """The spec of a tensor; see `tf.TensorSpec`."""
    return TensorSpec(shape, dtype)


@export("data.experimental.SparseTensorStructure")
@deprecated(None, "Use `tf.SparseTensorSpec` instead.")
def sparse_tensor_structure(dtype: Any, shape: Any) -> SparseTensorSpec:
    """The spec of a sparse tensor; see `tf.SparseTensorSpec`."""
    return SparseTensorSpec(shape, dtype)
