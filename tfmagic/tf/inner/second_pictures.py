"""TensorFlow 2's forms of functions on pictures, as TensorFlow 1.15's own modules and their tests call them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.random.seeds import get_seed
from tfmagic.tf.image.moves import fitted, resized

# By the kernel that `scale_and_translate` has for the method.
_SCALED = {"lanczos3": "lanczos3", "lanczos5": "lanczos5", "gaussian": "gaussian", "mitchellcubic": "mitchellcubic"}
_SMOOTH = {"bilinear": "triangle", "bicubic": "keyscubic"}


def _scaled(kernel_type: str, antialias: bool) -> Callable[[Tensor, Tensor], Tensor]:
    def kernel(images: Tensor, size: Tensor) -> Tensor:
        scale = api.cast(size, dtypes.float32) / api.cast(api.shape(images)[1:3], dtypes.float32)
        return raw.scale_and_translate(images, size, scale, api.zeros([2]), kernel_type=kernel_type,
                                       antialias=antialias)

    return kernel


def _kernel(method: Any, antialias: bool) -> Callable[[Tensor, Tensor], Tensor] | None:
    """What resizes by a method of TensorFlow 2, whose pixels lie in their middles; None for no such method."""
    if method in _SCALED or (antialias and method in _SMOOTH):
        return _scaled(_SCALED.get(method) or _SMOOTH[method], antialias)
    if method == "area":
        return raw.resize_area
    kernels = {"bilinear": raw.resize_bilinear, "bicubic": raw.resize_bicubic, "nearest": raw.resize_nearest_neighbor}
    if method not in kernels:
        return None
    return lambda images, size: kernels[method](images, size, half_pixel_centers=True)


def resize_images_v2(images: Any, size: Any, method: str = "bilinear", preserve_aspect_ratio: bool = False,
                     antialias: bool = False, name: str | None = None) -> Tensor:
    """Pictures resized; the middles of their pixels say where these lie.

    Args:
      images: [height, width, channels] or a batch.
      size: the new height and width.
      method: "bilinear", "bicubic", "nearest", "area", "lanczos3", "lanczos5", "gaussian" or "mitchellcubic".
      preserve_aspect_ratio: whether the size is only what they fit into.
      antialias: whether a pixel of a smaller picture is mixed of all those that it stands for.
      name: of the scope.

    Returns:
      float32, but of the pictures' type where it is to the nearest pixel.

    Raises:
      ValueError: the rank, the size or the method is another.
    """
    return resized(images, size, _kernel(method, antialias), preserve_aspect_ratio, name, skip_if_same=False)


def resize_image_with_pad_v2(image: Any, target_height: Any, target_width: Any, method: str = "bilinear",
                             antialias: bool = False) -> Tensor:
    """Pictures resized so that they fit into a size, with zeros around them (see `resize_images_v2`)."""
    return fitted(image, target_height, target_width,
                  lambda images, size: resize_images_v2(images, size, method, antialias=antialias))


def crop_and_resize_v2(image: Any, boxes: Any, box_indices: Any, crop_size: Any, method: str = "bilinear",
                       extrapolation_value: float = 0, name: str | None = None) -> Tensor:
    """Parts of pictures, each resized to one size (see `tf.image.crop_and_resize`)."""
    return raw.crop_and_resize(image, boxes, box_indices, crop_size, method, extrapolation_value, name)


def draw_bounding_boxes_v2(images: Any, boxes: Any, colors: Any, name: str | None = None) -> Tensor:
    """Pictures with boxes drawn in colours of their own, or in given ones (see `tf.image.draw_bounding_boxes`)."""
    if colors is None:
        return raw.draw_bounding_boxes(images, boxes, name)
    return raw.draw_bounding_boxes_v2(images, boxes, colors, name)


def extract_glimpse_v2(input: Any, size: Any, offsets: Any, centered: bool = True, normalized: bool = True,
                       noise: str = "uniform", name: str | None = None) -> Tensor:
    """A window of each picture; what lies outside of the picture is noise: "uniform", "gaussian" or "zero"."""
    return raw.extract_glimpse(input, size, offsets, centered=centered, normalized=normalized, noise=noise,
                               uniform_noise=False, name=name)


def sample_distorted_bounding_box_v2(image_size: Any, bounding_boxes: Any, seed: int = 0,
                                     min_object_covered: Any = 0.1, aspect_ratio_range: Sequence[float] | None = None,
                                     area_range: Sequence[float] | None = None, max_attempts: int | None = None,
                                     use_image_if_no_bounding_boxes: bool | None = None,
                                     name: str | None = None) -> Any:
    """A random part of a picture that holds enough of one of its objects (see `tf.image`'s function)."""
    seed1, seed2 = get_seed(seed) if seed else (0, 0)
    with name_scope(name, "sample_distorted_bounding_box"):
        return raw.sample_distorted_bounding_box_v2(
            image_size, bounding_boxes, seed=seed1, seed2=seed2, min_object_covered=min_object_covered,
            aspect_ratio_range=aspect_ratio_range, area_range=area_range, max_attempts=max_attempts,
            use_image_if_no_bounding_boxes=use_image_if_no_bounding_boxes, name=name)
