"""BoundedTensorSpec: what is known of a tensor, its bounds included."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.type_spec import TensorSpec


@export("contrib.framework.BoundedTensorSpec")
class BoundedTensorSpec(TensorSpec):
    """A `TensorSpec` with a smallest and a greatest value.

    Args:
      shape, dtype, name: as of `TensorSpec`.
      minimum, maximum: numbers, or arrays that broadcast to the shape.
    """

    __slots__ = ("_maximum", "_minimum")

    def __init__(self, shape: Any, dtype: Any, minimum: Any, maximum: Any, name: str | None = None):
        super().__init__(shape, dtype, name)
        if minimum is None or maximum is None:
            raise ValueError(f"minimum and maximum must be provided; but saw '{minimum}' and '{maximum}'")
        bounds = []
        for what, bound in (("minimum", minimum), ("maximum", maximum)):
            made = np.array(bound, dtype=self._dtype.as_numpy_dtype)
            try:
                np.broadcast_shapes(made.shape, tuple(size or 1 for size in self._shape.as_list()))
            except ValueError as error:
                raise ValueError(f"{what} is not compatible with shape. Message: {error!r}.") from error
            made.setflags(write=False)
            bounds.append(made)
        self._minimum, self._maximum = bounds

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> BoundedTensorSpec:
        """The same as another spec; one without bounds gets those of its type."""
        low = getattr(spec, "minimum", spec.dtype.min)
        high = getattr(spec, "maximum", spec.dtype.max)
        return cls(spec.shape, spec.dtype, low, high, name or spec.name)

    @property
    def minimum(self) -> Any:
        """The smallest values."""
        return self._minimum

    @property
    def maximum(self) -> Any:
        """The greatest values."""
        return self._maximum

    def __repr__(self) -> str:
        return (f"BoundedTensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r}, "
                f"minimum={self._minimum!r}, maximum={self._maximum!r})")

    def __eq__(self, other: Any) -> bool:
        return (TensorSpec.__eq__(self, other) and bool(np.allclose(self._minimum, other.minimum))
                and bool(np.allclose(self._maximum, other.maximum)))

    def __hash__(self) -> int:
        return hash((self._shape, self._dtype))

    def __reduce__(self) -> Any:
        return BoundedTensorSpec, (self._shape, self._dtype, self._minimum, self._maximum, self._name)
