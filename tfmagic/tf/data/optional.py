"""Optional: an element that may be absent, as one tensor of the graph."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.type_spec import TensorSpec, TypeSpec, register_spec
from tfmagic.ops import raw
from tfmagic.tf.data import structure


@export("data.experimental.Optional")
class Optional:
    """A value that may be absent."""

    def has_value(self, name: str | None = None) -> Tensor:
        """Whether there is a value, a bool scalar."""
        raise NotImplementedError("Optional.has_value()")

    def get_value(self, name: str | None = None) -> Any:
        """The value; a run fails where there is none."""
        raise NotImplementedError("Optional.get_value()")

    @property
    def value_structure(self) -> Any:
        """The structure of the value: its type specs."""
        raise NotImplementedError("Optional.value_structure")

    @staticmethod
    def from_value(value: Any) -> Optional:
        """An optional that holds a structure of tensors."""
        with name_scope("optional") as scope:
            with name_scope("value"):
                spec = structure.spec_of(value)
                tensors = structure.to_tensors(spec, value)
            return _Optional(raw.optional_from_value(tensors, name=scope), spec)

    @staticmethod
    def none_from_structure(value_structure: Any) -> Optional:
        """An optional without a value.

        Args:
          value_structure: the structure of the value that it lacks.
        """
        return _Optional(raw.optional_none(), value_structure)


class _Optional(Optional):
    def __init__(self, variant: Tensor, spec: Any):
        self._variant_tensor, self._spec = variant, spec

    def has_value(self, name: str | None = None) -> Tensor:
        return raw.optional_has_value(self._variant_tensor, name=name)

    def get_value(self, name: str | None = None) -> Any:
        with name_scope(name, "OptionalGetValue", [self._variant_tensor]) as scope:
            tensors = raw.optional_get_value(self._variant_tensor, **structure.flat_attrs(self._spec), name=scope)
            return structure.from_tensors(self._spec, tensors)

    @property
    def value_structure(self) -> Any:
        return self._spec

    def _composite_parts(self) -> list[Tensor]:
        return [self._variant_tensor]

    def _from_composite_parts(self, parts: list[Tensor]) -> Optional:
        return _Optional(parts[0], self._spec)


@export("OptionalSpec")
class OptionalSpec(TypeSpec):
    """What is known of an optional.

    Args:
      value_structure: the structure of its value.
    """

    __slots__ = ("_value_structure",)

    def __init__(self, value_structure: Any):
        self._value_structure = value_structure

    @property
    def value_type(self) -> Any:
        """The class of optionals."""
        return _Optional

    @staticmethod
    def from_value(value: Optional) -> OptionalSpec:
        """What is known of an optional."""
        return OptionalSpec(value.value_structure)

    def _serialize(self) -> tuple[Any, ...]:
        return (self._value_structure,)

    def _component_specs_of_elements(self) -> list[TensorSpec]:
        return [TensorSpec([], dtypes.variant)]

    def _to_element_tensors(self, value: Any) -> list[Tensor]:
        return [value._variant_tensor]

    def _from_element_tensors(self, tensors: list[Tensor]) -> Any:
        return _Optional(tensors[0], self._value_structure)


register_spec(Optional, OptionalSpec.from_value)


@export("data.experimental.get_next_as_optional")
def get_next_as_optional(iterator: Any) -> Optional:
    """The next element of an iterator, or none at its end."""
    resource, spec = iterator._iterator_resource, iterator.element_spec
    return _Optional(raw.iterator_get_next_as_optional(resource, **structure.flat_attrs(spec)), spec)
