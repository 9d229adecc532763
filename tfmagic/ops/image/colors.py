"""Colours of pictures changed: contrast, hue, saturation, and RGB as hue, saturation and value."""

from __future__ import annotations

import functools
import operator
from typing import Any

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import op


def _at_least_3(op: Any, images: Dims, *others: Dims) -> Dims:
    return shape_rules.with_rank_at_least(images, 3)


def _refused_picture(name: str) -> Any:
    def refused(op: Any, images: Any, amount: Any) -> str | None:
        if len(images) < 3:
            return f"input must be at least 3-D, got shape{shapes.brackets(images)}"
        if amount != ():
            return f"{name} must be scalar: {shapes.brackets(amount)}"
        if images[-1] != 3:
            return f"input must have 3 channels but instead has {images[-1]} channels."
        return None

    return refused


@op("AdjustContrastv2", check=lambda op, images, factor: "input must be at least 3-D, got shape"
    + shapes.brackets(images) if len(images) < 3 else
    f"contrast_factor must be scalar: {shapes.brackets(factor)}" if factor else None)
class AdjustContrastv2:
    """Each channel of each picture farther from its mean, or nearer."""

    def shape(op, images, factor):
        shape_rules.with_rank(factor, 0)
        return shape_rules.with_rank_at_least(images, 3)

    def kernel(op, images, factor):
        values = images.float()
        mean = values.mean((-3, -2), keepdim=True)
        return ((values - mean) * factor + mean).to(images.dtype)


@op("AdjustContrast", check=lambda op, images, *scalars: "input must be at least 3-D, got shape"
    + shapes.brackets(images) if len(images) < 3 else next(
        (f"{name} must be scalar: {shapes.brackets(dims)}" for name, dims in zip(
            ("contrast_factor", "min_value", "max_value"), scalars) if dims), None))
class AdjustContrast:
    """The older form of AdjustContrastv2, which cuts off what leaves two bounds."""

    def shape(op, images, *scalars):
        dims = shape_rules.with_rank_at_least(images, 3)
        for scalar in scalars:
            shape_rules.with_rank(scalar, 0)
        return dims

    def kernel(op, images, factor, low, high):
        values = images.float()
        mean = values.mean((-3, -2), keepdim=True)
        return torch.maximum(torch.minimum((values - mean) * factor + mean, high), low)


def _hsv(rgb: Any) -> tuple[Any, Any, Any]:
    """Hue from 0 to 1, saturation and value of colours [..., 3]."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value = torch.maximum(torch.maximum(red, green), blue)
    spread = value - torch.minimum(torch.minimum(red, green), blue)
    saturation = torch.where(value > 0, spread / torch.where(value > 0, value, 1), 0)
    norm = 1.0 / 6.0 / torch.where(spread > 0, spread, 1)
    hue = torch.where(red == value, norm * (green - blue),
                      torch.where(green == value, norm * (blue - red) + 2.0 / 6.0, norm * (red - green) + 4.0 / 6.0))
    hue = torch.where(spread > 0, hue, 0)
    return torch.where(hue < 0, hue + 1, hue), saturation, value


def _rgb(hue: Any, saturation: Any, value: Any) -> Any:
    """Colours [..., 3] from hue, saturation and value."""
    sixth = hue * 6
    parts = (torch.clamp(torch.abs(sixth - 3) - 1, 0, 1), torch.clamp(2 - torch.abs(sixth - 2), 0, 1),
             torch.clamp(2 - torch.abs(sixth - 4), 0, 1))
    return torch.stack([((part - 1) * saturation + 1) * value for part in parts], -1)


def _three_channels(op: Any, images: Dims) -> Dims:
    dims = shape_rules.with_rank_at_least(images, 1)
    if dims is not None and dims[-1] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {dims[-1]}")
    return None if dims is None else (*dims[:-1], 3)


def _refused_hsv(op: Any, images: Any) -> Any:
    if len(images) < 1:
        return f"input must be at least 1D{shapes.brackets(images)}"
    return None if images[-1] == 3 else errors.FailedPreconditionError(
        None, None, f"input must have 3 channels but input only has {images[-1]} channels.")


@op("RGBToHSV", check=_refused_hsv)
class RGBToHSV:
    """Red, green and blue as hue, saturation and value, all from 0 to 1."""

    shape = _three_channels

    def kernel(op, images):
        return torch.stack(_hsv(images), -1)

    def gradient(op, dy):
        colours = [op.images[..., i] for i in range(3)]
        saturation, value = op.output[..., 1], op.output[..., 2]
        largest, smallest = _largest(*colours), _smallest(*colours)
        by_saturation = [_saturation_by(i, colours, largest, smallest) for i in range(3)]
        by_hue = [_hue_by(i, colours, largest, smallest, saturation, value) for i in range(3)]
        parts = [raw.pack([dy[..., place] * slope for slope in slopes], axis=-1, name="stack")
                 for place, slopes in ((2, largest), (1, by_saturation), (0, by_hue))]
        return raw.add(raw.add(parts[0], parts[1]), parts[2])


def _as_number(condition: Tensor) -> Tensor:
    return raw.cast(condition, dtypes.float32)


def _inverse(x: Tensor) -> Tensor:
    """1 / x, and 0 for 0."""
    return raw.div_no_nan(1.0, x, name="div_no_nan")


def _largest(red: Tensor, green: Tensor, blue: Tensor) -> list[Tensor]:
    """For each colour 1.0 where it is the largest; of equal ones the first one is."""
    return [_as_number((red >= blue) & (red >= green)), _as_number((green > red) & (green >= blue)),
            _as_number((blue > red) & (blue > green))]


def _smallest(red: Tensor, green: Tensor, blue: Tensor) -> list[Tensor]:
    """For each colour 1.0 where it is the smallest; of equal ones the last one is."""
    return [_as_number((red < blue) & (red < green)), _as_number((green <= red) & (green < blue)),
            _as_number((blue <= red) & (blue <= green))]


# In which order TensorFlow sums over the two other colours.
_OTHERS = ((1, 2), (0, 2), (1, 0))


def _saturation_by(i: int, colours: list[Tensor], largest: list[Tensor], smallest: list[Tensor]) -> Tensor:
    """How the saturation grows with colour `i`: nothing flows to one that is not above 0."""
    a, b = _OTHERS[i]
    positive = _as_number(colours[i] > 0)
    as_largest = largest[i] * raw.add(smallest[a] * colours[a], smallest[b] * colours[b]) * _inverse(
        raw.square(colours[i]))
    as_smallest = smallest[i] * -1.0 * _inverse(largest[a] * colours[a] + largest[b] * colours[b])
    return positive * raw.add(as_largest, as_smallest)


def _hue_by(i: int, colours: list[Tensor], largest: list[Tensor], smallest: list[Tensor], saturation: Tensor,
            value: Tensor) -> Tensor:
    """How the hue, in sixths of degrees, grows with colour `i`: once for each order that the three may stand in."""
    following, before = (i + 1) % 3, (i + 2) % 3

    def is_largest(k: int) -> Tensor:
        return _as_number(colours[k] > 0) * largest[k]

    own = is_largest(i) * -1.0 * (colours[following] - colours[before]) * _inverse(raw.square(saturation))
    terms = [60.0 * (own * _inverse(raw.square(value)))]
    for other in sorted({0, 1, 2} - {i}):
        third = 3 - i - other
        distance = (i, other) if (i, other) == (0, 1) else (other, i)
        between = is_largest(other) * smallest[i] * (colours[before] - colours[following])
        between *= _inverse(raw.square(colours[distance[0]] - colours[distance[1]]))
        terms.append(60.0 * between)
        beside = is_largest(other) * smallest[third]
        if other == following:
            beside *= -1.0
        terms.append(60.0 * (beside * _inverse(colours[other] - colours[third])))
    return functools.reduce(operator.add, terms) / 360.0


@op("HSVToRGB", check=_refused_hsv)
class HSVToRGB:
    """Hue, saturation and value as red, green and blue."""

    shape = _three_channels

    def kernel(op, images):
        return _rgb(images[..., 0], images[..., 1], images[..., 2])


@op("AdjustHue", check=_refused_picture("delta"))
class AdjustHue:
    """Pictures with another hue: `delta` turns the colour circle, 1 is a full turn."""

    shape = _at_least_3

    def kernel(op, images, delta):
        hue, saturation, value = _hsv(images.float())
        turned = hue + delta
        return _rgb(turned - torch.floor(turned), saturation, value).to(images.dtype)


@op("AdjustSaturation", check=_refused_picture("scale"))
class AdjustSaturation:
    """Pictures with stronger or weaker colours."""

    shape = _at_least_3

    def kernel(op, images, scale):
        hue, saturation, value = _hsv(images.float())
        return _rgb(hue, torch.clamp(saturation * scale, 0, 1), value).to(images.dtype)


# Luma and the two axes of chroma of red, green and blue.
_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


@op("AdjustHsvInYiq", check=lambda op, images, *scalars: "input must be at least 3-D, got shape"
    + shapes.brackets(images) if len(images) < 3 else
    f"input must have 3 channels but instead has {images[-1]} channels." if images[-1] != 3 else next(
        (f"{name} must be scalar: {shapes.brackets(dims)}" for name, dims in zip(
            ("delta_h", "scale_s", "scale_v"), scalars) if dims), None))
class AdjustHsvInYiq:
    """Pictures whose chroma is turned and scaled, and which are brighter or darker."""

    shape = _at_least_3

    def kernel(op, images, delta_h, scale_s, scale_v):
        to_yiq = torch.tensor(_YIQ, device=images.device)
        along, across = scale_s * torch.cos(delta_h), scale_s * torch.sin(delta_h)
        one, none = torch.ones_like(along), torch.zeros_like(along)
        turned = torch.stack([one, none, none, none, along, -across, none, across, along]).reshape(3, 3)
        change = scale_v * torch.linalg.inv(to_yiq.double()).to(images.dtype) @ turned @ to_yiq
        return images @ change.mT
