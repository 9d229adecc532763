"""Optionals: values that may be absent, as one variant tensor; branches hand to their gradients what only one has."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import register


class OptionalValue:
    """What a tensor of an optional holds.

    Attributes:
      components: the values, or None where there are none.
    """

    __slots__ = ("components",)

    def __init__(self, components: tuple[Any, ...] | None):
        self.components = components

    def zeros(self) -> OptionalValue:
        """The same with zeros for values."""
        return OptionalValue(None if self.components is None else tuple(map(torch.zeros_like, self.components)))


def _scalar(op: Any, *inputs: Any) -> Dims:
    return ()


def _value(op: Any, optional: OptionalValue) -> Any:
    if optional.components is None:
        raise errors.InvalidArgumentError(None, None, "The given optional does not have a value.")
    return optional.components


_HOST: dict[str, Any] = {"traced": False, "because": "an optional is a Python object"}

register("OptionalFromValue", _scalar, lambda op, components: OptionalValue(tuple(components)),
         lambda op, doptional: raw.optional_get_value(doptional, [t.dtype.base_dtype for t in op.components],
                                                      [t.shape for t in op.components]), **_HOST)
register("OptionalNone", _scalar, lambda op: OptionalValue(None), **_HOST)
register("OptionalHasValue", shape_rules.scalar,
         lambda op, optional: torch.tensor(optional.components is not None), **_HOST)
register("OptionalGetValue", lambda op, optional: [shape._dims for shape in op.output_shapes], _value,
         lambda op, *dcomponents: raw.optional_from_value(dcomponents[0] if isinstance(dcomponents[0], list)
                                                          else list(dcomponents)), **_HOST)
