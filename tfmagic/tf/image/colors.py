"""Pictures made lighter, stronger, of other colours, of another type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.tf.image.checks import checked

_TO_YIQ = [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
_FROM_YIQ = [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
_TO_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]]
_FROM_YUV = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


# --- types ----------------------------------------------------------------------------------------------------------


@export("image.convert_image_dtype")
def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: str | None = None) -> Tensor:
    """Pictures of another type: floats go from 0 to 1, integers to the type's largest number.

    Args:
      image: of any real type.
      dtype: the new type.
      saturate: whether what is too large becomes the largest number, instead of whatever its bits say.
      name: of the scope.

    Raises:
      AttributeError: one of the two types is neither of integers nor of floats.
    """
    image = convert_to_tensor(image, name="image")
    dtype = dtypes.as_dtype(dtype)
    if dtype == image.dtype:
        return api.identity(image, name=name)
    if not all(kind.is_integer or kind.is_floating for kind in (image.dtype, dtype)):
        raise AttributeError("dtype must be either floating point or integer")
    to_type: Callable[..., Tensor] = api.saturate_cast if saturate else api.cast
    with name_scope(name, "convert_image", [image]) as scope:
        if image.dtype.is_integer and dtype.is_integer:
            given, wanted = image.dtype.max, dtype.max
            if given > wanted:
                return to_type(api.div(image, (given + 1) // (wanted + 1)), dtype, name=scope)
            scale = (wanted + 1) // (given + 1)
            if saturate:
                return api.multiply(api.saturate_cast(image, dtype), scale, name=scope)
            return api.multiply(api.cast(image, dtype), scale, name=scope)
        if image.dtype.is_floating and dtype.is_floating:
            return api.cast(image, dtype, name=scope)
        if image.dtype.is_integer:
            return api.multiply(api.cast(image, dtype), 1.0 / image.dtype.max, name=scope)
        return to_type(api.multiply(image, dtype.max + 0.5), dtype, name=scope)


def _as_float(image: Tensor) -> Tensor:
    """Pictures as float32 (float16 stays)."""
    return image if image.dtype in (dtypes.float16, dtypes.float32) else convert_image_dtype(image, dtypes.float32)


# --- light and contrast ---------------------------------------------------------------------------------------------


@export("image.adjust_brightness")
def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """Pictures with a number added to each pixel.

    Args:
      image: of any real type.
      delta: a scalar; 1 is from black to white.
    """
    with name_scope(None, "adjust_brightness", [image, delta]) as scope:
        image = convert_to_tensor(image, name="image")
        values = _as_float(image)
        lighter = api.add(values, api.cast(delta, values.dtype), name=scope)
        return convert_image_dtype(lighter, image.dtype, saturate=True)


@export("image.random_brightness")
def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """Pictures lighter or darker by a random number up to `max_delta`.

    Raises:
      ValueError: `max_delta` is negative.
    """
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_brightness(image, api.random_uniform([], -max_delta, max_delta, seed=seed))


@export("image.adjust_contrast")
def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """Pictures with each channel farther from its mean (a factor above 1), or nearer."""
    with name_scope(None, "adjust_contrast", [images, contrast_factor]) as scope:
        images = convert_to_tensor(images, name="images")
        adjusted = raw.adjust_contrastv2(_as_float(images), contrast_factor=contrast_factor, name=scope)
        return convert_image_dtype(adjusted, images.dtype, saturate=True)


@export("image.random_contrast")
def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """Pictures with a random contrast between two factors.

    Raises:
      ValueError: the bounds are negative or not in order.
    """
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")
    return adjust_contrast(image, api.random_uniform([], lower, upper, seed=seed))


@export("image.adjust_gamma")
def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """Each pixel to the power of `gamma`, times `gain`.

    Raises:
      ValueError: gamma is negative.
    """
    with name_scope(None, "adjust_gamma", [image, gamma, gain]):
        image = convert_to_tensor(image, name="image")
        values = _as_float(image)
        if isinstance(gamma, Tensor):
            check = api.Assert(gamma >= 0, ["Gamma should be a non-negative real number."])
            gamma = with_dependencies([check], gamma)
        elif gamma < 0:
            raise ValueError("Gamma should be a non-negative real number.")
        return convert_image_dtype(gain * values**gamma, image.dtype, saturate=True)


@export("image.per_image_standardization")
def per_image_standardization(image: Any) -> Tensor:
    """Pictures with a mean of 0 and a variance of 1 each."""
    with name_scope(None, "per_image_standardization", [image]) as scope:
        image = checked(convert_to_tensor(image, name="image"))
        values = _as_float(image)
        count = api.reduce_prod(api.shape(values)[-3:])
        mean = api.reduce_mean(values, axis=[-1, -2, -3], keepdims=True)
        spread = api.math.reduce_std(values, axis=[-1, -2, -3], keepdims=True)
        least = api.rsqrt(api.cast(count, values.dtype))
        spread = api.maximum(spread, least)
        adjusted = api.div(values - mean, spread, name=scope)
        return convert_image_dtype(adjusted, image.dtype, saturate=True)


# --- colours --------------------------------------------------------------------------------------------------------


@export("image.adjust_hue")
def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Tensor:
    """RGB pictures with another hue: `delta` turns the colour circle, 1 is a full turn."""
    with name_scope(name, "adjust_hue", [image]):
        image = convert_to_tensor(image, name="image")
        return convert_image_dtype(raw.adjust_hue(_as_float(image), delta), image.dtype)


@export("image.random_hue")
def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """RGB pictures with a random hue, at most `max_delta` away.

    Raises:
      ValueError: `max_delta` is not between 0 and 0.5.
    """
    if max_delta > 0.5:
        raise ValueError("max_delta must be <= 0.5.")
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_hue(image, api.random_uniform([], -max_delta, max_delta, seed=seed))


@export("image.adjust_saturation")
def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Tensor:
    """RGB pictures with stronger colours (a factor above 1), or weaker ones."""
    with name_scope(name, "adjust_saturation", [image]):
        image = convert_to_tensor(image, name="image")
        return convert_image_dtype(raw.adjust_saturation(_as_float(image), saturation_factor), image.dtype)


@export("image.random_saturation")
def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """RGB pictures with a random saturation between two factors.

    Raises:
      ValueError: the bounds are negative or not in order.
    """
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")
    return adjust_saturation(image, api.random_uniform([], lower, upper, seed=seed))


@export("image.rgb_to_grayscale")
def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """RGB pictures in grey: [..., 3] -> [..., 1]."""
    with name_scope(name, "rgb_to_grayscale", [images]) as scope:
        images = convert_to_tensor(images, name="images")
        values = convert_image_dtype(images, dtypes.float32)
        grey = api.expand_dims(api.tensordot(values, [0.2989, 0.5870, 0.1140], [-1, -1]), -1)
        return convert_image_dtype(grey, images.dtype, name=scope)


@export("image.grayscale_to_rgb")
def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Grey pictures with three equal channels: [..., 1] -> [..., 3].

    Raises:
      ValueError: the last dimension is not 1.
    """
    with name_scope(name, "grayscale_to_rgb", [images]) as scope:
        images = convert_to_tensor(images, name="images")
        images = with_dependencies(_grey_checks(images), images)
        ones = api.expand_dims(api.rank(images) - 1, 0)
        multiples = api.concat([api.ones(ones, dtypes.int32), api.expand_dims(3, 0)], 0)
        colours = api.tile(images, multiples, name=scope)
        colours.set_shape(images.get_shape()[:-1].concatenate([3]))
        return colours


def _grey_checks(image: Tensor) -> list[Any]:
    try:
        shape = image.get_shape().with_rank_at_least(2)
    except ValueError:
        raise ValueError("A grayscale image must be at least two-dimensional.") from None
    if shape.is_fully_defined():
        if shape.as_list()[-1] != 1:
            raise ValueError("Last dimension of a grayscale image should be size 1.")
        return []
    return [api.assert_equal(api.shape(image)[-1], 1, message="Last dimension of a grayscale image should be size 1."),
            api.assert_greater_equal(api.rank(image), 3, message="A grayscale image must be at least two-dimensional.")]


def _turned(name: str, matrix: Any, doc: str) -> None:
    """Declare a function that makes other colours of three channels by a matrix."""

    def function(images: Any) -> Tensor:
        images = convert_to_tensor(images, name="images")
        kernel = convert_to_tensor(matrix, dtype=images.dtype, name="kernel")
        return api.tensordot(images, kernel, axes=[[images.get_shape().ndims - 1], [0]])

    function.__doc__ = doc
    function.__name__ = function.__qualname__ = name
    export(f"image.{name}")(function)


_turned("rgb_to_yiq", _TO_YIQ, "Pictures [..., 3] from RGB to YIQ.")
_turned("yiq_to_rgb", _FROM_YIQ, "Pictures [..., 3] from YIQ to RGB.")
_turned("rgb_to_yuv", _TO_YUV, "Pictures [..., 3] from RGB to YUV.")
_turned("yuv_to_rgb", _FROM_YUV, "Pictures [..., 3] from YUV to RGB.")
