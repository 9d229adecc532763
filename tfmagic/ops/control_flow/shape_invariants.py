"""The shapes that loop variables keep in all iterations."""

from __future__ import annotations

from typing import Any

from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Tensor
from tfmagic.graph.type_spec import TypeSpec


def flat_shapes(values: list[Any], invariants: list[Any]) -> list[TensorShape]:
    """One shape per tensor of each value; those of the parts of composite values follow from the whole's.

    Raises:
      ValueError: an invariant is no shape.
      TypeError: an invariant is a `TypeSpec` of something else.
    """
    result: list[TensorShape] = []
    for value, shape in zip(values, invariants):
        if isinstance(shape, TypeSpec):
            if not shape.is_compatible_with(value):
                raise TypeError(f"TypeSpec {shape} is not compatible with {value}")
            result.extend(spec.shape for spec in shape._component_specs)
            continue
        if shape is not None and not isinstance(shape, TensorShape):
            raise ValueError("`shapes` must be a (possibly nested) list of shapes.")
        if isinstance(value, Tensor):
            result.append(value.shape if shape is None else shape)
        else:
            result.extend(value._part_shapes(shape))
    return result


def refuse_invariants(pairs: list[tuple[Any, Any]]) -> None:
    """Refuse shapes that loop variables of several tensors cannot have, before anything of the loop is built."""
    for value, shape in pairs:
        flat_shapes([value], [shape])


def at_most(a: TensorShape, b: TensorShape) -> bool:
    """Whether `a` says at least as much as `b`."""
    return a.is_subtype_of(b)
