"""InputSpec: what a layer asks of its inputs, and the check of it."""

from __future__ import annotations

from typing import Any

from tfmagic.base import nest
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.export import export

_FIELDS = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")


@export("layers.InputSpec", "keras.layers.InputSpec")
class InputSpec:
    """The type, shape and rank that an input must have.

    Args:
      dtype: the type, or None for any.
      shape: the shape, with None for dimensions that may have any size.
      ndim, max_ndim, min_ndim: the rank, its highest and lowest value.
      axes: sizes by axis.
    """

    def __init__(self, dtype: Any = None, shape: Any = None, ndim: int | None = None, max_ndim: int | None = None,
                 min_ndim: int | None = None, axes: dict[int, int | None] | None = None):
        self.dtype = None if dtype is None else as_dtype(dtype).name
        self.shape = shape
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (ValueError, TypeError) as error:
            raise TypeError("The keys in axes must be integers.") from error
        if self.axes and (self.ndim or self.max_ndim):
            highest = (self.ndim or self.max_ndim) - 1  # type: ignore[operator]
            if max(self.axes) > highest:
                raise ValueError(f"Axis {max(self.axes)} is greater than the maximum allowed value: {highest}")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this specification again."""
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """A specification from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        given = [f"{name}={getattr(self, name)}" for name in _FIELDS if getattr(self, name)]
        return f"InputSpec({', '.join(given)})"


def check_inputs(input_spec: Any, inputs: Any, layer_name: str) -> None:
    """Refuse inputs that a layer cannot take.

    Raises:
      ValueError: their number, type, rank or shape is another.
    """
    if not input_spec:
        return
    specs = list(input_spec) if isinstance(input_spec, (list, tuple)) else [input_spec]
    given = nest.flatten(inputs)
    if len(given) != len(specs):
        raise ValueError(f"Layer {layer_name} expects {len(specs)} inputs, but it received {len(given)} input tensors. "
                         f"Inputs received: {given}")
    for index, (value, spec) in enumerate(zip(given, specs)):
        if spec is not None:
            _check(value, spec, f"Input {index} of layer {layer_name} is incompatible with the layer: ")


def _check(value: Any, spec: InputSpec, what: str) -> None:
    shape = value.shape
    if shape.ndims is None:
        if spec.ndim is not None or spec.min_ndim is not None or spec.max_ndim is not None:
            raise ValueError(what + "its rank is undefined, but the layer requires a defined rank.")
        return
    dims = shape.as_list()
    received = f"Full shape received: {dims}"
    if spec.ndim is not None and len(dims) != spec.ndim:
        raise ValueError(f"{what}expected ndim={spec.ndim}, found ndim={len(dims)}. {received}")
    if spec.max_ndim is not None and len(dims) > spec.max_ndim:
        raise ValueError(f"{what}expected max_ndim={spec.max_ndim}, found ndim={len(dims)}")
    if spec.min_ndim is not None and len(dims) < spec.min_ndim:
        raise ValueError(f"{what}: expected min_ndim={spec.min_ndim}, found ndim={len(dims)}. {received}")
    if spec.dtype is not None and value.dtype != spec.dtype:
        raise ValueError(f"{what}expected dtype={spec.dtype}, found dtype={value.dtype}")
    for axis, size in spec.axes.items():
        size = getattr(size, "value", size)
        if size is not None and dims[int(axis)] not in (size, None):
            raise ValueError(f"{what}expected axis {axis} of input shape to have value {size} but received input with "
                             f"shape {dims}")
    if spec.shape is not None and any(a is not None and b is not None and a != b for a, b in zip(spec.shape, dims)):
        raise ValueError(f"{what}expected shape={spec.shape}, found shape={dims}")
