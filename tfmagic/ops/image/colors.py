"""Colours of pictures changed: contrast, hue, saturation, and RGB as hue, saturation and value."""

from __future__ import annotations

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
        dims = shape_rules.with_rank_at_least(images, 3)
        shape_rules.with_rank(factor, 0)
        return dims

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
        if op.images.dtype != dtypes.float32:
            raise TypeError(f"The gradient of RGBToHSV is for float32, not for {op.images.dtype.name}.")
        return _hsv_gradient(raw.unpack(op.images, num=3, axis=-1), raw.unpack(dy, num=3, axis=-1))


def _hsv_gradient(colours: list[Tensor], grads: list[Tensor]) -> Tensor:
    """The gradient of red, green and blue; of equal ones the first counts as the largest, the last as the smallest.

    As in TensorFlow, nothing flows through hue and saturation where no colour is above 0, nor from saturation to one
    that is not.
    """
    red, green, blue = colours
    of_hue, of_saturation, of_value = grads
    one = lambda condition: raw.cast(condition, dtypes.float32)  # noqa: E731
    both = raw.logical_and
    largest = [one(both(red >= green, red >= blue)), one(both(green > red, green >= blue)),
               one(both(blue > red, blue > green))]
    smallest = [one(both(red < green, red < blue)), one(both(green <= red, green < blue)),
                one(both(blue <= red, blue <= green))]
    value = raw.maximum(raw.maximum(red, green), blue)
    least = raw.minimum(raw.minimum(red, green), blue)
    spread = value - least
    differences = [green - blue, blue - red, red - green]
    # The hue is a sixth of the difference of the two others, as a part of the spread, behind the largest.
    difference = raw.add_n([mask * part for mask, part in zip(largest, differences)])
    per_spread = raw.div_no_nan(one(value > 0.0), 6.0 * spread)
    result = []
    for i in range(3):
        is_next, is_last = largest[(i + 2) % 3], largest[(i + 1) % 3]
        hue = (is_next - is_last) * per_spread - raw.div_no_nan(
            difference * per_spread * (largest[i] - smallest[i]), spread)
        saturation = raw.div_no_nan(largest[i] * least * one(value > 0.0), value * value)
        saturation -= raw.div_no_nan(smallest[i] * one(least > 0.0), value)
        result.append(of_hue * hue + of_saturation * saturation + of_value * largest[i])
    return raw.pack(result, axis=-1)


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
