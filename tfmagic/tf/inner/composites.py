"""`framework.composite_tensor`: values that consist of several tensors, and classes of a program's own that do."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from tfmagic.base import dtypes, nest
from tfmagic.base.shapes import TensorShape
from tfmagic.graph import type_spec as _specs
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Operation
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.tf.inner.graphs import each, internal_convert_to_tensor
from tfmagic.tf.ragged.tensor import RaggedTensor


class CompositeTensor(abc.ABC):
    """A value that consists of several tensors. A class of this kind says in `_type_spec` of which.

    The spec is a `tf.TypeSpec` with `_to_components(value)` and `_from_components(components)`.
    """

    __module__ = "tensorflow.python.framework.composite_tensor"

    @property
    @abc.abstractmethod
    def _type_spec(self) -> Any:
        """The spec of the value."""

    @property
    def _is_graph_tensor(self) -> bool:
        """Whether its tensors are those of a graph."""
        return any(hasattr(part, "graph") for part in self._composite_parts())

    def _shape_invariant_to_type_spec(self, shape: TensorShape) -> Any:
        """The spec for a loop's variable that keeps `shape`.

        Raises:
          NotImplementedError: the class says nothing of it.
        """
        raise NotImplementedError(f"{type(self).__name__}._shape_invariant_to_type_spec")

    def _consumers(self) -> list[Operation]:
        """The operations that read one of its tensors, each once."""
        found = [op for part in self._composite_parts() if hasattr(part, "graph") for op in part.consumers()]
        return list(dict.fromkeys(found))

    def _composite_parts(self) -> list[Any]:
        return nest.flatten(self._type_spec._to_components(self), expand_composites=True)

    def _from_composite_parts(self, parts: list[Any]) -> Any:
        components = self._type_spec._to_components(self)
        return self._type_spec._from_components(nest.pack_sequence_as(components, parts, expand_composites=True))


for _kind in (IndexedSlices, SparseTensor, RaggedTensor):
    CompositeTensor.register(_kind)


def replace_composites_with_components(structure: Any) -> Any:
    """A structure with the list of its tensors in place of each composite value."""
    if isinstance(structure, CompositeTensor):
        return replace_composites_with_components(_components(structure))
    if not nest.is_nested(structure):
        return structure
    return nest.map_structure(replace_composites_with_components, structure)


def _components(value: Any) -> Any:
    if isinstance(value, IndexedSlices):
        parts = (value.values, value.indices, value.dense_shape)
        return parts if value.dense_shape is not None else parts[:2]
    return value._type_spec._to_components(value)


def type_spec_from_value(value: Any) -> Any:
    """The spec of a value, or of the tensor that it becomes.

    Raises:
      TypeError: it becomes none.
    """
    try:
        return _specs.type_spec_from_value(value)
    except TypeError as refused:
        if isinstance(value, np.ndarray):
            return _specs.TensorSpec(value.shape, value.dtype)
        try:
            return _specs.type_spec_from_value(convert_to_tensor(value))
        except (ValueError, TypeError):
            raise refused from None


def register_type_spec_from_value_converter(type_object: Any, converter_fn: Any, allow_subclass: bool = False) -> None:
    """Say how the spec of values of a class is found.

    Args:
      type_object: the class.
      converter_fn: `(value) -> spec`.
      allow_subclass: whether that holds for values of derived classes too.
    """
    _specs.register_spec(type_object, converter_fn, exactly=not allow_subclass)


def to_tensor_or_composite(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A value as a tensor; what consists of several tensors stays what it is.

    Raises:
      ValueError: it is of another type than `dtype`.
    """
    if not isinstance(value, CompositeTensor):
        return convert_to_tensor(value, dtype, name)
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):  # type: ignore[attr-defined]
        raise ValueError(f"Tensor conversion requested dtype {dtypes.as_dtype(dtype).name} for Tensor with dtype "
                         f"{value.dtype.name}: {str(value)!r}")  # type: ignore[attr-defined]
    return value


def internal_to_tensor_or_composite(value: Any, dtype: Any = None, name: str | None = None,
                                    as_ref: bool = False) -> Any:
    """`to_tensor_or_composite` that can also ask for a variable's reference."""
    if not as_ref or isinstance(value, CompositeTensor):
        return to_tensor_or_composite(value, dtype, name)
    return internal_convert_to_tensor(value, dtype, name, as_ref)


def each_to_tensor_or_composite(values: Any, dtype: Any = None, name: str | None = None) -> list[Any]:
    """`to_tensor_or_composite` of each of a list; None stays None."""
    return internal_each_to_tensor_or_composite(values, dtype, name)


def internal_each_to_tensor_or_composite(values: Any, dtype: Any = None, name: str | None = None,
                                         as_ref: bool = False) -> list[Any]:
    """`each_to_tensor_or_composite` that can also ask for variables' references.

    Raises:
      TypeError: `values` is no sequence.
    """
    return each(values, name, lambda value, own: None if value is None else internal_to_tensor_or_composite(
        value, dtype, own, as_ref))
