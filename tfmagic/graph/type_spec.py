"""Type specs: what is known of a value before there is one: `TensorSpec`, `SparseTensorSpec`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, nest
from tfmagic.base.dtypes import DType
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.base.slots import Slot
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor, SparseTensorValue

_sparse: Any = Slot("sparse tensors as elements")


@export("TypeSpec")
class TypeSpec:
    """What is known of a value: its kind, and what it holds.

    A kind of spec says in `_serialize` of what it consists.
    """

    __slots__ = ()

    @property
    def value_type(self) -> Any:
        """The Python type of values."""
        raise NotImplementedError(f"{type(self).__name__}.value_type")

    def _serialize(self) -> tuple[Any, ...]:
        """What the spec consists of, as arguments of its class."""
        raise NotImplementedError(f"{type(self).__name__}._serialize()")

    @property
    def _component_specs(self) -> Sequence[TensorSpec]:
        """What is known of each of the tensors that such a value consists of."""
        raise NotImplementedError(f"{type(self).__name__}._component_specs")

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a spec or a value may be what this one describes."""
        other = spec_or_value
        if not isinstance(other, TypeSpec):
            try:
                other = type_spec_from_value(other)
            except TypeError:
                return False
        return type(self) is type(other) and _compatible(self._serialize(), other._serialize())

    def most_specific_compatible_type(self, other: TypeSpec) -> Any:
        """The most exact spec that describes what both describe.

        Raises:
          ValueError: there is none.
        """
        if type(self) is not type(other):
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        return type(self)(*_common(self._serialize(), other._serialize(), self, other))

    # --- as elements of data sets -------------------------------------------------------------------------------

    def _batch(self, size: int | None) -> Any:
        """The spec of a batch of such values."""
        raise NotImplementedError(f"{type(self).__name__}._batch")

    def _unbatch(self) -> Any:
        """The spec of an element of a batch."""
        raise NotImplementedError(f"{type(self).__name__}._unbatch")

    def _component_specs_of_elements(self) -> list[TensorSpec]:
        """The tensors by which an element of a data set holds such a value."""
        raise NotImplementedError(f"{type(self).__name__} as element of a dataset")

    def _to_element_tensors(self, value: Any) -> list[Tensor]:
        """A value as such tensors."""
        raise NotImplementedError(f"{type(self).__name__} as element of a dataset")

    def _to_batched_tensors(self, value: Any) -> list[Tensor]:
        """A batch of values as tensors whose rows are its elements.

        Raises:
          AttributeError: such values have no rows.
        """
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '_to_batched_tensor_list'")

    def _normalized(self, value: Any, name: str) -> Any:
        """A value as one of the graph, under such a name where it becomes one."""
        return value

    def _from_element_tensors(self, tensors: list[Tensor]) -> Any:
        """The value that such tensors stand for."""
        raise NotImplementedError(f"{type(self).__name__} as element of a dataset")

    def _legacy(self) -> tuple[Any, Any, Any]:
        """What `output_types`, `output_shapes` and `output_classes` say."""
        return self, self, self

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._serialize() == other._serialize()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self), repr(self._serialize())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._serialize()!r}"

    def __reduce__(self) -> Any:
        return type(self), self._serialize()


class BatchableTypeSpec(TypeSpec):
    """A spec of values of which several make a batch, as `_batch` and `_unbatch` say."""

    __slots__ = ()


def _compatible(a: Any, b: Any) -> bool:
    if isinstance(a, (TensorShape, DType, TypeSpec)):
        return type(a) is type(b) and a.is_compatible_with(b)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_compatible(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_compatible, a, b))
    return a == b


def _common(a: Any, b: Any, first: Any, second: Any) -> Any:
    if isinstance(a, TensorShape):
        return a.most_specific_compatible_shape(b)
    if isinstance(a, TypeSpec):
        return a.most_specific_compatible_type(b)
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return {key: _common(a[key], b[key], first, second) for key in a}
    if isinstance(a, (list, tuple)) and type(a) is type(b) and len(a) == len(b):
        parts = [_common(x, y, first, second) for x, y in zip(a, b)]
        return type(a)(*parts) if hasattr(a, "_fields") else type(a)(parts)
    if a != b:
        raise ValueError(f"No TypeSpec is compatible with both {first} and {second}")
    return a


@export("TensorSpec")
class TensorSpec(BatchableTypeSpec):
    """What is known of a tensor.

    Args:
      shape: its shape, as far as it is known.
      dtype: its type.
      name: its name.
    """

    __slots__ = ("_shape", "_dtype", "_name")

    def __init__(self, shape: Any, dtype: Any = dtypes.float32, name: str | None = None):
        self._shape = TensorShape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._name = name

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """The same as another spec, with a name."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """What is known of a tensor.

        Raises:
          ValueError: it is none.
        """
        if not isinstance(tensor, Tensor):
            raise ValueError(f"`tensor` should be a tf.Tensor\nIt is {tensor!r}.")
        return cls(tensor.shape, tensor.dtype, name or tensor.op.name)

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The name, or None."""
        return self._name

    @property
    def value_type(self) -> Any:
        """`tf.Tensor`."""
        return Tensor

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Whether a spec or tensor has this type, and a shape that may be this one."""
        return isinstance(spec_or_tensor, (TensorSpec, Tensor)) and \
            self._dtype.is_compatible_with(spec_or_tensor.dtype) and \
            self._shape.is_compatible_with(spec_or_tensor.shape)

    def most_specific_compatible_type(self, other: Any) -> TensorSpec:
        """The most exact spec that describes what both describe.

        Raises:
          ValueError: the types differ.
        """
        if type(self) is not type(other) or self._dtype != other._dtype:
            raise ValueError(f"Types are not compatible: {self!r} vs {other!r}")
        return TensorSpec(self._shape.most_specific_compatible_shape(other.shape), self._dtype)

    @property
    def _component_specs(self) -> list[TensorSpec]:
        return [self]

    def _serialize(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._name

    def _batch(self, size: int | None) -> TensorSpec:
        return TensorSpec(TensorShape([size]).concatenate(self._shape), self._dtype)

    def _unbatch(self) -> TensorSpec:
        if self._shape.ndims == 0:
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        return TensorSpec(self._shape[1:], self._dtype)

    def _component_specs_of_elements(self) -> list[TensorSpec]:
        return [self]

    def _to_element_tensors(self, value: Any) -> list[Tensor]:
        given = value
        try:
            value = convert_to_tensor(value, self._dtype)
        except (TypeError, ValueError):
            value = None
        if value is None or not self.is_compatible_with(value):
            raise ValueError(f"Value {given!r} is not convertible to a tensor with dtype {self._dtype} and shape "
                             f"{self._shape}.")
        return [value]

    def _to_batched_tensors(self, value: Any) -> list[Tensor]:
        tensors = self._to_element_tensors(value)
        if tensors[0].shape.ndims == 0:
            raise ValueError(f"Value {tensors[0]} has insufficient rank for batching.")
        return tensors

    def _from_element_tensors(self, tensors: list[Tensor]) -> Tensor:
        tensors[0].set_shape(self._shape)
        return tensors[0]

    def _legacy(self) -> tuple[Any, Any, Any]:
        return self._dtype, self._shape, Tensor

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"


@export("SparseTensorSpec")
class SparseTensorSpec(BatchableTypeSpec):
    """What is known of a sparse tensor.

    Args:
      shape: the shape of the whole, as far as it is known.
      dtype: the type of its elements.
    """

    __slots__ = ("_shape", "_dtype")

    def __init__(self, shape: Any = None, dtype: Any = dtypes.float32):
        self._shape = as_shape(shape)
        self._dtype = dtypes.as_dtype(dtype)

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def value_type(self) -> Any:
        """`tf.SparseTensor`."""
        return SparseTensor

    @classmethod
    def from_value(cls, value: Any) -> SparseTensorSpec:
        """What is known of a sparse tensor or its value.

        Raises:
          TypeError: it is none.
        """
        if isinstance(value, SparseTensor):
            return cls(value.shape, value.dtype)
        if isinstance(value, SparseTensorValue):
            array: Any = value
            if isinstance(array.values, np.ndarray):
                return cls(array.dense_shape, array.values.dtype)
            return cls.from_value(SparseTensor.from_value(value))
        raise TypeError("Expected SparseTensor or SparseTensorValue")

    def _serialize(self) -> tuple[Any, ...]:
        return self._shape, self._dtype

    @property
    def _component_specs(self) -> list[TensorSpec]:
        rank = self._shape.ndims
        count = None if rank is None else rank
        return [TensorSpec([None, count], dtypes.int64), TensorSpec([None], self._dtype),
                TensorSpec([count], dtypes.int64)]

    def _to_components(self, value: Any) -> list[Tensor]:
        value = _as_sparse(value)
        return [value.indices, value.values, value.dense_shape]

    def _from_components(self, components: Any) -> SparseTensor:
        return SparseTensor(*components)

    def _batch(self, size: int | None) -> SparseTensorSpec:
        return SparseTensorSpec(TensorShape([size]).concatenate(self._shape), self._dtype)

    def _unbatch(self) -> SparseTensorSpec:
        if self._shape.ndims == 0:
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        return SparseTensorSpec(self._shape[1:] if self._shape.ndims is not None else None, self._dtype)

    def _component_specs_of_elements(self) -> list[TensorSpec]:
        return [TensorSpec(None, dtypes.variant)]

    def _to_element_tensors(self, value: Any) -> list[Tensor]:
        return [_sparse.serialized(SparseTensor.from_value(value), many=False)]

    def _to_batched_tensors(self, value: Any) -> list[Tensor]:
        return [_sparse.serialized(_as_sparse(value), many=True)]

    def _from_element_tensors(self, tensors: list[Tensor]) -> SparseTensor:
        return _sparse.restored(tensors[0], self._dtype, self._shape)

    def _legacy(self) -> tuple[Any, Any, Any]:
        return self._dtype, self._shape, SparseTensor

    def __repr__(self) -> str:
        return f"SparseTensorSpec({self._shape!r}, {self._dtype!r})"


def _as_sparse(value: Any) -> SparseTensor:
    """A sparse tensor as it is, without a name of its own; the value of one as one."""
    return value if isinstance(value, SparseTensor) else SparseTensor.from_value(value)


_known: list[tuple[Any, Any, bool]] = []


def register_spec(kind: Any, spec_of: Any, exactly: bool = False) -> None:
    """Say how the spec of values of a type is found.

    Args:
      kind: the type.
      spec_of: `(value) -> spec`.
      exactly: whether values of derived types are none of these.
    """
    _known.append((kind, spec_of, exactly))


def type_spec_from_value(value: Any) -> Any:
    """The spec of a value: of a tensor, a sparse tensor, or of a type that was registered.

    Raises:
      TypeError: it is of no type that has one.
    """
    if isinstance(value, Tensor):
        return TensorSpec(value.shape, value.dtype)
    if isinstance(value, (SparseTensor, SparseTensorValue)):
        return SparseTensorSpec.from_value(value)
    for kind, spec_of, exactly in _known:
        if type(value) is kind if exactly else isinstance(value, kind):
            return spec_of(value)
    own = getattr(value, "_type_spec", None)
    if isinstance(own, TypeSpec):
        return own
    raise TypeError(f"Could not build a TypeSpec for {value!r} with type {type(value).__name__}")


def is_leaf(value: Any) -> bool:
    """Whether a value has a spec of its own, and is not a structure of values."""
    return isinstance(value, (Tensor, SparseTensor, SparseTensorValue)) or not nest.is_nested(value)
