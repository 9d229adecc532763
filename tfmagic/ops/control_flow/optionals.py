"""Optionals: values that may be absent, as one variant tensor; branches hand to their gradients what only one has."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.control_flow.variants import zeros_of
from tfmagic.ops.declare import register


class OptionalValue:
    """What a tensor of an optional holds.

    Attributes:
      components: the values, or None where there are none.
    """

    __slots__ = ("components",)

    def __init__(self, components: tuple[Any, ...] | None):
        self.components = components

    def given(self) -> tuple[Any, ...]:
        """The values.

        Raises:
          InvalidArgumentError: there are none.
        """
        if self.components is None:
            raise errors.InvalidArgumentError(None, None, "The given optional does not have a value.")
        return self.components

    def is_given(self) -> Any:
        """Whether there are values, as a tensor."""
        return torch.tensor(self.components is not None)

    def zeros(self) -> OptionalValue:
        """The same with zeros for values."""
        return OptionalValue(None if self.components is None else tuple(map(zeros_of, self.components)))

    def __add__(self, other: OptionalValue) -> OptionalValue:
        """The sums of the values of two.

        Raises:
          InvalidArgumentError: only one has values.
        """
        if self.components is None and other.components is None:
            return self
        if self.components is None or other.components is None:
            raise errors.InvalidArgumentError(None, None, "Cannot add optionals because one has a value and the other "
                                                          "doesn't.")
        return OptionalValue(tuple(one + two for one, two in zip(self.components, other.components)))


def optional(*components: Any) -> OptionalValue:
    """An optional with these values."""
    return OptionalValue(components)


def no_optional() -> OptionalValue:
    """An optional without values."""
    return OptionalValue(None)


register("OptionalFromValue", shape_rules.scalar, lambda op, components: op.call(optional, *components),
         lambda op, doptional: raw.optional_get_value(doptional, [t.dtype.base_dtype for t in op.components],
                                                      [t.shape for t in op.components]), objects=True)
register("OptionalNone", shape_rules.scalar, lambda op: op.call(no_optional), objects=True)
register("OptionalHasValue", shape_rules.scalar, lambda op, optional: optional.is_given(), objects=True)
register("OptionalGetValue", shape_rules.components_shape,
         lambda op, optional: optional.given(),
         lambda op, *dcomponents: raw.optional_from_value(dcomponents[0] if isinstance(dcomponents[0], list)
                                                          else list(dcomponents)), objects=True)
