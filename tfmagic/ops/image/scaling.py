"""ScaleAndTranslate: pictures scaled and moved, each pixel a weighted sum of those that a kernel function reaches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import static_ints
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import op
from tfmagic.ops.image.resize import constant_like

_F = np.float32


def _lanczos(radius: int) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        x = np.abs(x)
        pi = _F(3.14159265359)
        with np.errstate(divide="ignore", invalid="ignore"):
            wave = _F(radius) * np.sin(pi * x) * np.sin(pi * x / _F(radius)) / (pi * pi * x * x)
        return np.where(x > radius, _F(0), np.where(x <= _F(1e-3), _F(1), wave))

    return function


def _gaussian(x: Any) -> Any:
    x = np.abs(x)
    sigma = _F(1.5) / _F(3)
    return np.where(x >= _F(1.5), _F(0), np.exp(-x * x / (_F(2) * sigma * sigma)))


def _box(x: Any) -> Any:
    x = np.abs(x)
    return np.where(x < _F(0.5), _F(1), np.where(x == _F(0.5), _F(0.5), _F(0)))


def _triangle(x: Any) -> Any:
    x = np.abs(x)
    return np.where(x < 1, _F(1) - x, _F(0))


def _keys(x: Any) -> Any:
    x = np.abs(x)
    near = ((_F(1.5) * x - _F(2.5)) * x) * x + _F(1)
    far = ((_F(-0.5) * x + _F(2.5)) * x - _F(4)) * x + _F(2)
    return np.where(x >= 2, _F(0), np.where(x >= 1, far, near))


def _mitchell(x: Any) -> Any:
    x = np.abs(x)
    near = ((_F(7) / _F(6) * x - _F(2)) * x) * x + _F(16) / _F(18)
    far = ((_F(-7) / _F(18) * x + _F(2)) * x - _F(10) / _F(3)) * x + _F(16) / _F(9)
    return np.where(x >= 2, _F(0), np.where(x >= 1, far, near))


# The kernel functions, each with how far it reaches.
_KERNELS: dict[str, tuple[float, Callable[[Any], Any]]] = {
    "lanczos1": (1.0, _lanczos(1)), "lanczos3": (3.0, _lanczos(3)), "lanczos5": (5.0, _lanczos(5)),
    "gaussian": (1.5, _gaussian), "box": (0.5, _box), "triangle": (1.0, _triangle), "keyscubic": (2.0, _keys),
    "mitchellcubic": (2.0, _mitchell)}


def _weights(op: Any, given: int, wanted: int, scale: float, shift: float) -> np.ndarray:
    """How much each given pixel counts for each wanted one: [wanted, given]."""
    radius, function = _KERNELS[op.kernel_type]
    inverse = _F(1) / _F(scale)
    stretch = max(inverse, _F(1)) if op.antialias else _F(1)
    reach = _F(radius) * stretch
    table = np.zeros((wanted, given), np.float32)
    for place in range(wanted):
        centre = (_F(place) + _F(0.5)) * inverse - inverse * _F(shift)
        if centre < 0 or centre > given:
            continue
        first = min(max(math.ceil(centre - reach - _F(0.5)), 0), given - 1)
        last = min(max(math.floor(centre + reach - _F(0.5)), 0), given - 1)
        distances = (np.arange(first, last + 1, dtype=np.float32) + _F(0.5) - centre) / stretch
        weights = function(distances).astype(np.float32)
        total = weights.sum(dtype=np.float32)
        if abs(total) >= 1000 * np.finfo(np.float32).tiny:
            table[place, first:last + 1] = weights / total
    return table


def _sides(op: Any, like: Any, given: Any, wanted: Any, scale: Any, shift: Any) -> list[Any]:
    """The weights of rows and of columns."""
    if op.kernel_type not in _KERNELS:
        raise errors.InvalidArgumentError(None, None, f"Unrecognized kernel type: {op.kernel_type}")
    scale, shift = ([float(number) for number in pair] for pair in (scale, shift))
    if min(scale) <= 0:
        raise errors.InvalidArgumentError(None, None, "Scale must be greater than zero.")
    return [constant_like(_weights(op, int(size), int(other), one, move), like)
            for size, other, one, move in zip(given, wanted, scale, shift)]


def _shape(op: Any, images: Dims, size: Dims, scale: Dims, shift: Dims) -> Dims:
    images = shape_rules.with_rank(images, 4)
    (count,) = shape_rules.with_rank(size, 1)
    if count not in (None, 2):
        raise ValueError(f"Dimension must be 2 but is {count}")
    known = static_ints(op.size) or (None, None)
    return images[0], known[0], known[1], images[3]


def _refused(op: Any, images: Any, size: Any, *pairs: Any) -> str:
    if len(images) != 4:
        return f"input must be 4-dimensional{shapes.brackets(images)}"
    if len(size) != 1:
        return f"output_shape_t must be 1-dimensional{shapes.brackets(size)}"
    if size[0] != 2:
        return f"output_shape_t must have two elements{shapes.brackets(size)}"
    return _refused_pairs(pairs) or ("" if images[3] else "image must have at least one channel")


def _refused_pairs(pairs: Any) -> str:
    for pair in pairs:
        if len(pair) != 1:
            return f"t must be 1-dimensional{shapes.brackets(pair)}"
        if pair[0] != 2:
            return f"t must have two elements{shapes.brackets(pair)}"
    return ""


@op("ScaleAndTranslate", host=("size", "scale", "translation"), traced="shapes", check=_refused)
class ScaleAndTranslate:
    """Pictures scaled about their upper left corner, then moved, cut to a size."""

    shape = _shape

    def kernel(op, images, size, scale, shift):
        if min(size) <= 0:
            raise errors.InvalidArgumentError(None, None, "output dimensions must be positive")
        rows, columns = _sides(op, images, images.shape[1:3], size, scale, shift)
        return torch.einsum("pr,brcn,qc->bpqn", rows, images.to(torch.float32), columns)

    def gradient(op, dy):
        return raw.scale_and_translate_grad(dy, op.images, op.scale, op.translation, kernel_type=op.kernel_type,
                                            antialias=op.antialias), None, None, None


def _refused_gradient(op: Any, grads: Any, original: Any, *pairs: Any) -> str:
    for what, dims in (("input_grad", grads), ("original_image", original)):
        if len(dims) != 4:
            return f"{what} must be 4-dimensional{shapes.brackets(dims)}"
    return _refused_pairs(pairs)


@op("ScaleAndTranslateGrad", host=("scale", "translation"), traced="shapes", check=_refused_gradient)
class ScaleAndTranslateGrad:
    """Every gradient shared among the pixels that it came from."""

    def shape(op, grads, original, scale, shift):
        return original

    def kernel(op, grads, original, scale, shift):
        rows, columns = _sides(op, grads, original.shape[1:3], grads.shape[1:3], scale, shift)
        return torch.einsum("pr,bpqn,qc->brcn", rows, grads.to(torch.float32), columns)
